//! The format of a file of samples: a header, and blocks of equally many samples, each with a checksum.

use std::path::Path;

use crate::data::Task;
use crate::error::{Error, Result, StreamError, StreamProblem};
use crate::real::Real;

/// The first bytes of every file of samples.
const MAGIC: [u8; 8] = *b"gradus\0s";

/// The version that is written and read.
const VERSION: u32 = 1;

/// Size of the header in bytes.
pub(super) const HEADER_BYTES: usize = 80;

/// Size of the checksum at the end of a block in bytes.
pub(super) const CHECKSUM_BYTES: usize = 4;

/// A header with at least this many values in a sample, samples in a block or samples in total is damaged.
const MAX_SIZE: u64 = 1 << 32;

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Inputs: a byte v, which stands for v · (1/255). Targets: a label of four bytes for all of them.
    Compact,
    F32,
    F64,
}

impl Element {
    /// Returns the type that stores values of `T` exactly.
    pub fn of<T: Real>() -> Self {
        if size_of::<T>() == 4 { Self::F32 } else { Self::F64 }
    }

    fn from_code(code: u32) -> Option<Self> {
        [Self::Compact, Self::F32, Self::F64].get(code as usize).copied()
    }

    /// Returns the size in bytes of `n` inputs of a sample.
    fn input_bytes(self, n: usize) -> usize {
        match self {
            Self::Compact => n,
            Self::F32 => 4 * n,
            Self::F64 => 8 * n,
        }
    }

    /// Returns the size in bytes of `n` targets of a sample.
    fn target_bytes(self, n: usize) -> usize {
        if self == Self::Compact { 4 } else { self.input_bytes(n) }
    }
}

/// The header of a file of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Header {
    pub inputs: Element,
    pub targets: Element,
    /// The number of samples of each block but the last.
    pub block: usize,
    pub n: usize,
    pub n_inputs: usize,
    pub n_outputs: usize,
    pub task: Task,
    /// A hash of the checksums of all blocks.
    pub fingerprint: u64,
}

impl Header {
    /// Returns the sizes in bytes of a sample's inputs and targets.
    pub fn sample_bytes(&self) -> (usize, usize) {
        (self.inputs.input_bytes(self.n_inputs), self.targets.target_bytes(self.n_outputs))
    }

    /// Returns the size in bytes of a block of `samples` samples, including the checksum.
    pub fn block_bytes(&self, samples: usize) -> usize {
        let (inputs, targets) = self.sample_bytes();
        // A header may claim any size, until it is compared with the length of the file.
        samples.saturating_mul(inputs + targets).saturating_add(CHECKSUM_BYTES)
    }

    /// Returns the number of blocks.
    pub fn blocks(&self) -> usize {
        self.n.div_ceil(self.block)
    }

    /// Returns the number of samples of block `index`.
    pub fn block_len(&self, index: usize) -> usize {
        self.block.min(self.n.saturating_sub(index * self.block))
    }

    /// Returns the offset of block `index` in the file.
    pub fn block_offset(&self, index: usize) -> u64 {
        HEADER_BYTES as u64 + index as u64 * self.block_bytes(self.block) as u64
    }

    /// Returns the length of the file in bytes.
    fn file_bytes(&self) -> u64 {
        let checksums = self.blocks() as u64 * CHECKSUM_BYTES as u64;
        let (inputs, targets) = self.sample_bytes();
        let samples = (self.n as u64).saturating_mul((inputs + targets) as u64);
        samples.saturating_add(HEADER_BYTES as u64 + checksums)
    }

    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let (task, threshold) = match self.task {
            Task::Classes => (0_u64, 0.0),
            Task::Labels { threshold } => (1, threshold),
            Task::Binary { threshold } => (2, threshold),
            Task::Regression => (3, 0.0),
        };
        let words = [VERSION, self.inputs as u32, self.targets as u32, self.block as u32];
        let longs = [self.n as u64, self.n_inputs as u64, self.n_outputs as u64, task];
        let longs = longs.into_iter().chain([threshold.to_bits(), self.fingerprint]);
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(words.into_iter().flat_map(u32::to_le_bytes));
        bytes.extend(longs.flat_map(u64::to_le_bytes));
        bytes.extend([0; 4]);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        let mut header = [0; HEADER_BYTES];
        header.copy_from_slice(&bytes);
        header
    }

    /// Reads a header, and returns an error unless it is valid and matches the `length` of the file.
    pub fn read(bytes: &[u8; HEADER_BYTES], path: &Path, length: u64) -> Result<Self> {
        let refuse = |offset, problem| Err(error(path, offset, problem));
        if bytes.iter().all(|&byte| byte == 0) {
            return refuse(0, StreamProblem::Unfinished);
        }
        if bytes[..8] != MAGIC {
            return refuse(0, StreamProblem::Foreign);
        }
        let word = |at: usize| bytes[at..].first_chunk().map_or(0, |&word| u32::from_le_bytes(word));
        let long = |at: usize| bytes[at..].first_chunk().map_or(0, |&long| u64::from_le_bytes(long));
        if word(8) != VERSION {
            return refuse(8, StreamProblem::Version { found: word(8), supported: VERSION });
        }
        let damaged = |reason| StreamProblem::Header { reason };
        if word(HEADER_BYTES - 4) != crc32fast::hash(&bytes[..HEADER_BYTES - 4]) {
            return refuse(HEADER_BYTES as u64 - 4, damaged("its checksum does not agree"));
        }
        let elements = Element::from_code(word(12)).zip(Element::from_code(word(16)));
        let Some((inputs, targets)) = elements else { return refuse(12, damaged("an unknown type")) };
        let threshold = f64::from_bits(long(56));
        let task = match long(48) {
            0 => Task::Classes,
            1 => Task::Labels { threshold },
            2 => Task::Binary { threshold },
            3 => Task::Regression,
            _ => return refuse(48, damaged("an unknown task")),
        };
        let sizes = [u64::from(word(20)), long(24), long(32), long(40)];
        let possible = sizes[0] > 0 && sizes.iter().all(|&size| size < MAX_SIZE);
        if !possible || sizes[2..].contains(&0) || sizes[2].saturating_mul(sizes[0]) > 8 * MAX_SIZE {
            return refuse(20, damaged("an impossible size"));
        }
        let [block, n, n_inputs, n_outputs] = sizes.map(|size| size as usize);
        if !threshold.is_finite() {
            return refuse(56, damaged("a threshold that is no number"));
        }
        let header = Self { inputs, targets, block, n, n_inputs, n_outputs, task, fingerprint: long(64) };
        let expected = header.file_bytes();
        if length != expected {
            return refuse(length.min(expected), StreamProblem::Length { found: length, expected });
        }
        if n == 0 {
            return Err(Error::Empty { what: "the file of samples" });
        }
        Ok(header)
    }
}

/// Creates the error at `offset` of the file at `path`.
pub(super) fn error(path: &Path, offset: u64, problem: StreamProblem) -> Error {
    Error::Stream(Box::new(StreamError { path: path.to_path_buf(), offset, problem }))
}
