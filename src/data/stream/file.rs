//! Reads a file of samples, block by block.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::format::{CHECKSUM_BYTES, Element, HEADER_BYTES, Header, error};
use crate::data::dataset::to_floats;
use crate::error::{Result, StreamProblem};
use crate::real::Real;

/// An open file whose length matches its header.
#[derive(Debug)]
pub(super) struct SampleFile {
    pub path: PathBuf,
    pub header: Header,
    file: Mutex<File>,
}

impl SampleFile {
    pub fn open(path: &Path) -> Result<Self> {
        let refuse = |problem| error(path, 0, problem);
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => refuse(StreamProblem::NotFound),
            _ => refuse(StreamProblem::Unreadable { source }),
        };
        // Checked before opening: opening a pipe blocks until a program writes to it.
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(refuse(StreamProblem::NotAFile));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let mut bytes = [0; HEADER_BYTES];
        if metadata.len() < HEADER_BYTES as u64 {
            return Err(refuse(StreamProblem::Foreign));
        }
        file.read_exact(&mut bytes).map_err(unreadable)?;
        let header = Header::read(&bytes, path, metadata.len())?;
        Ok(Self { path: path.to_path_buf(), header, file: Mutex::new(file) })
    }

    /// Reads block `index` into `bytes`, and verifies its checksum.
    pub fn read(&self, index: usize, mut bytes: Vec<u8>) -> Result<Block> {
        let (header, offset) = (self.header, self.header.block_offset(index));
        let samples = header.block_len(index);
        bytes.resize(header.block_bytes(samples), 0);
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes));
            read.map_err(|source| error(&self.path, offset, StreamProblem::Unreadable { source }))?;
        }
        let (data, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
        let found = checksum.first_chunk().map_or(0, |&bytes| u32::from_le_bytes(bytes));
        let computed = crc32fast::hash(data);
        if found != computed {
            let first = index * header.block;
            let problem = StreamProblem::Checksum { first, last: first + samples - 1, found, computed };
            return Err(error(&self.path, offset, problem));
        }
        Ok(Block { bytes, samples })
    }

    /// Touches one byte of each cache line of the inputs of sample `at` of a block.
    pub fn touch(&self, block: &Block, at: usize) {
        let (input_bytes, _) = self.header.sample_bytes();
        let lines = block.bytes[at * input_bytes..][..input_bytes].iter().step_by(64);
        std::hint::black_box(lines.fold(0, |all, byte| all ^ byte));
    }

    /// Fills `x` and `y` with sample `at` of block `index`.
    pub fn decode<T: Real>(
        &self,
        block: &Block,
        index: usize,
        at: usize,
        x: &mut [T],
        y: &mut [T],
    ) -> Result<()> {
        let (input_bytes, target_bytes) = self.header.sample_bytes();
        let inputs = &block.bytes[at * input_bytes..][..input_bytes];
        let sample = index * self.header.block + at;
        let offset = |byte: usize| self.header.block_offset(index) + byte as u64;
        match self.header.inputs {
            Element::Compact => to_floats(inputs, x),
            element => {
                decode(element, inputs, x);
                self.check_finite("input", sample, (offset(at * input_bytes), element), x)?;
            }
        }
        let from = block.samples * input_bytes + at * target_bytes;
        let targets = &block.bytes[from..][..target_bytes];
        if self.header.targets != Element::Compact {
            decode(self.header.targets, targets, y);
            return self.check_finite("target", sample, (offset(from), self.header.targets), y);
        }
        let found = targets.first_chunk().map_or(0, |&label| u32::from_le_bytes(label));
        y.fill(T::zero());
        match y.get_mut(found as usize) {
            Some(one) => *one = T::one(),
            None => {
                let n_classes = y.len();
                let problem = StreamProblem::Label { sample, found, n_classes };
                return Err(error(&self.path, offset(from), problem));
            }
        }
        Ok(())
    }

    /// Returns an error for the first NaN or infinity in the `values` of a sample, which begin at `offset` of the file.
    fn check_finite<T: Real>(
        &self,
        what: &'static str,
        sample: usize,
        (offset, element): (u64, Element),
        values: &[T],
    ) -> Result<()> {
        // Without an early exit, so that the loop vectorizes.
        if values.iter().fold(true, |finite, value| finite & value.is_finite()) {
            return Ok(());
        }
        let number = values.iter().position(|value| !value.is_finite()).unwrap_or(0);
        let value = values.get(number).map_or(f64::NAN, |value| value.to_f64());
        let width = if element == Element::F32 { 4 } else { 8 };
        let precision = std::any::type_name::<T>();
        let problem = StreamProblem::NonFinite { what, sample, number, value, precision };
        Err(error(&self.path, offset + width * number as u64, problem))
    }
}

/// Decodes `f32` or `f64` values of a file, each rounded to `T`.
fn decode<T: Real>(element: Element, bytes: &[u8], values: &mut [T]) {
    let cast = |number: f64| T::cast(number);
    if element == Element::F32 {
        let numbers = bytes.as_chunks().0.iter().map(|&bytes| cast(f32::from_le_bytes(bytes).into()));
        values.iter_mut().zip(numbers).for_each(|(value, number)| *value = number);
    } else {
        let numbers = bytes.as_chunks().0.iter().map(|&bytes| cast(f64::from_le_bytes(bytes)));
        values.iter_mut().zip(numbers).for_each(|(value, number)| *value = number);
    }
}

/// The samples of a block, encoded as in the file.
#[derive(Debug)]
pub(super) struct Block {
    bytes: Vec<u8>,
    samples: usize,
}

impl Block {
    /// Returns the memory of the block for reuse.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
