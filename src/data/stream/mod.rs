//! Samples in files, which are read during training.

mod cache;
mod convert;
mod file;
mod format;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;

use super::{Blocks, Samples, Task};
use crate::error::{Error, Result, StreamProblem};
use crate::real::Real;
use cache::Cache;
use file::SampleFile;
use format::error;

pub(super) use writer::Writer;
#[cfg(feature = "csv")]
pub(super) use writer::encode;

/// The default size in bytes of the window of blocks that are shuffled together; see [`Streamed::window`].
const WINDOW_BYTES: usize = 32 << 20;

/// Number of samples whose bytes are touched before the first of them is decoded.
const TOGETHER: usize = 16;

/// Samples in files that need not fit in memory.
///
/// The files have a format of the crate. [`write`](Self::write) converts any [`Samples`] to it,
/// [`write_idx`](Self::write_idx) IDX files, and `Csv::write` a table, all with bounded memory. A file is a header
/// and blocks of about one megabyte. Each block has a checksum that is verified when the block is read, so the files
/// need not be read before the first step: a run on many gigabytes begins at once. An error names the file and the
/// offset.
///
/// In each epoch the trainer shuffles the blocks, and then the samples within each [`window`](Self::window) of blocks;
/// see [`Blocks`]. A thread of the source prefetches blocks. Memory holds two windows and a few blocks.
///
/// # Format
///
/// All numbers are little-endian.
///
/// | byte | field |
/// |---|---|
/// | 0 to 7 | `gradus`, 0, `s` |
/// | 8 | version, 1; four bytes, like the next three fields |
/// | 12 | type of the inputs: 0 a byte v for v · (1/255), 1 `f32`, 2 `f64` |
/// | 16 | type of the targets: 0 one label of four bytes for each sample, 1 `f32`, 2 `f64` |
/// | 20 | b, the number of samples of a block |
/// | 24 | n, the number of samples; eight bytes, like the next five fields |
/// | 32, 40 | the numbers of inputs and targets of a sample |
/// | 48, 56 | task (0 classes, 1 labels, 2 binary, 3 regression) and its threshold |
/// | 64 | a hash of the checksums of all blocks |
/// | 72, 76 | 0, and the CRC-32 of bytes 0 to 75 |
/// | from 80 | blocks: the inputs of b samples (the last block may have fewer), their targets, and the CRC-32 of both |
///
/// # Examples
///
/// ```
/// use gradus::data::Streamed;
/// use gradus::prelude::*;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("digits.samples");
/// let digits = Dataset::<f32>::synthetic_digits(500, 1)?;
/// Streamed::write(&digits, &path)?; // as bytes and labels, 394 kB
///
/// let streamed = Streamed::open([&path])?;
/// let (sizes, softmax) = ([784, 10, 10], Softmax::default());
/// let mut network = Network::<f32, _, _>::new(&sizes, Sigmoid, softmax, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(2)?);
/// let report = trainer.fit(&mut network, &streamed, None)?;
/// assert_eq!(report.history.len(), 2);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug)]
pub struct Streamed {
    paths: Vec<PathBuf>,
    cache: Cache,
    /// The first sample of each block, and then the number of all samples.
    starts: Vec<usize>,
    window: usize,
    n_inputs: usize,
    n_outputs: usize,
    task: Task,
    fingerprint: u64,
}

impl Streamed {
    /// Opens files of samples as one source: the samples of the second file follow those of the first. Only headers
    /// are read.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if there is no path or a file has no samples. Returns [`Error::Stream`] if a file
    /// cannot be read, is not a file of samples, is unfinished, does not have the length that its header gives, or
    /// differs from the first one in its numbers of inputs and targets or its task.
    pub fn open(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<Self> {
        let paths: Vec<PathBuf> = paths.into_iter().map(|path| path.as_ref().to_path_buf()).collect();
        let files = paths.iter().map(|path| SampleFile::open(path)).collect::<Result<Vec<_>>>()?;
        let Some(first) = files.first().map(|file| file.header) else {
            return Err(Error::Empty { what: "the list of files" });
        };
        for SampleFile { path, header, .. } in &files {
            for (what, found, expected) in [
                ("inputs", header.n_inputs.to_string(), first.n_inputs.to_string()),
                ("targets", header.n_outputs.to_string(), first.n_outputs.to_string()),
                ("as their task", header.task.to_string(), first.task.to_string()),
            ] {
                if found != expected {
                    return Err(error(path, 32, StreamProblem::Differs { what, found, expected }));
                }
            }
        }
        let mut starts = vec![0];
        for header in files.iter().map(|file| file.header) {
            let before = starts.last().copied().unwrap_or(0);
            starts.extend(
                (0..header.blocks()).map(|block| before + block * header.block + header.block_len(block)),
            );
        }
        let fingerprint = files.iter().fold(files.len() as u64, |hash, file| {
            (hash ^ file.header.fingerprint).rotate_left(23).wrapping_mul(0x0000_0100_0000_01b3)
                ^ file.header.n as u64
        });
        let (n_inputs, n_outputs, task) = (first.n_inputs, first.n_outputs, first.task);
        let window = window(&files, WINDOW_BYTES);
        Ok(Self {
            paths,
            cache: Cache::new(files, 2 * window + 2),
            starts,
            window,
            n_inputs,
            n_outputs,
            task,
            fingerprint,
        })
    }

    /// Sets the size of the window of blocks whose samples are shuffled together, 32 MiB by default and at least one
    /// block. A larger window shuffles better; memory holds two windows.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Stream`] if a file can no longer be opened.
    pub fn window(mut self, bytes: usize) -> Result<Self> {
        self.window = window(self.cache.files(), bytes);
        let files = self.paths.iter().map(|path| SampleFile::open(path)).collect::<Result<Vec<_>>>()?;
        self.cache = Cache::new(files, 2 * self.window + 2);
        Ok(self)
    }

    /// Writes all samples of `source`, as they are in epoch 1, to the file at `path`, one block at a time.
    ///
    /// Samples are stored exactly. Inputs take one byte each if all are v · (1/255) for integers v from 0 to 255,
    /// computed in `T`; one-hot targets of classes are stored as labels; other values are stored as `T`.
    ///
    /// Until the file is complete, `.partial` is appended to its name. An existing file is replaced only then, so
    /// `source` may be read from it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if there are no samples; [`Error::NonFiniteSample`] for the first NaN or infinity;
    /// [`Error::Setting`] for a weight other than 1, which the file cannot store (write the samples without their
    /// weights, and open the file with [`Weighted`](super::Weighted)); [`Error::Stream`] if the file cannot be written;
    /// and any error of the source.
    pub fn write<T: Real>(source: &dyn Samples<T>, path: impl AsRef<Path>) -> Result<()> {
        writer::write(source, path.as_ref())
    }

    /// Writes the images and labels of two IDX files, plain or gzip, to the file at `path`. Labels are below
    /// `n_classes`. One block at a time is in memory, so that the files may be of any size.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] for fewer than two classes, [`Error::Idx`] with the file and the offset if a file
    /// cannot be read or is not what it should be, and [`Error::Stream`] if the file of samples cannot be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::Streamed;
    /// use gradus::prelude::*;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let [images, labels, path] = ["images", "labels", "samples"].map(|name| dir.path().join(name));
    /// std::fs::write(&images, [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11, 20, 21])?;
    /// std::fs::write(&labels, [0, 0, 8, 1, 0, 0, 0, 2, 3, 0])?;
    /// Streamed::write_idx(&images, &labels, 4, &path)?;
    /// assert_eq!(Samples::<f32>::len(&Streamed::open([path])?), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_idx(
        images: impl AsRef<Path>,
        labels: impl AsRef<Path>,
        n_classes: usize,
        path: impl AsRef<Path>,
    ) -> Result<()> {
        convert::idx(images.as_ref(), labels.as_ref(), n_classes, path.as_ref())
    }

    /// Returns the number of samples.
    fn n(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Returns the block that contains sample `index`.
    fn block_of(&self, index: usize) -> usize {
        self.starts.partition_point(|&start| start <= index) - 1
    }
}

/// Returns how many blocks, of any of the files, have at most `bytes` bytes together; at least 1.
fn window(files: &[SampleFile], bytes: usize) -> usize {
    let largest = files.iter().map(|SampleFile { header, .. }| header.block_bytes(header.block)).max();
    (bytes / largest.unwrap_or(1)).max(1)
}

impl<T: Real> Samples<T> for Streamed {
    fn len(&self) -> usize {
        self.n()
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn gather(&self, _epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()> {
        for (what, found, expected) in [
            ("rows of x, the inputs of a sample", x.nrows(), self.n_inputs),
            ("rows of y, the targets of a sample", y.nrows(), self.n_outputs),
            ("columns of x, one for each sample", x.ncols(), indices.len()),
            ("columns of y, one for each sample", y.ncols(), indices.len()),
        ] {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        if let Some(&index) = indices.iter().find(|&&index| index >= self.n()) {
            let (found, expected) = (self.n(), index.saturating_add(1));
            return Err(Error::SizeMismatch { what: "samples of the files", found, expected });
        }
        let (mut x, mut y) = (x.column_iter_mut(), y.column_iter_mut());
        let mut held = Vec::with_capacity(TOGETHER);
        for indices in indices.chunks(TOGETHER) {
            // Touched together, so that the cache misses overlap.
            held.clear();
            for &index in indices {
                let number = self.block_of(index);
                let (block, sample) = (self.cache.get(number)?, index - self.starts[number]);
                self.cache.place(number).0.touch(&block, sample);
                held.push((number, sample, block));
            }
            for ((number, sample, block), (mut x, mut y)) in held.iter().zip(x.by_ref().zip(y.by_ref())) {
                let (file, at) = self.cache.place(*number);
                file.decode(block, at, *sample, x.as_mut_slice(), y.as_mut_slice())?;
            }
        }
        Ok(())
    }

    fn task(&self) -> Option<Task> {
        Some(self.task)
    }

    fn blocks(&self) -> Option<Blocks> {
        Some(Blocks { starts: self.starts.clone(), window: self.window })
    }

    fn read_ahead(&self, ranges: &[Range<usize>]) {
        let of = |range: &Range<usize>| match range.is_empty() || range.end > self.n() {
            true => 0..0,
            false => self.block_of(range.start)..self.block_of(range.end - 1) + 1,
        };
        self.cache.want(ranges.iter().flat_map(of));
    }

    fn fingerprint(&self) -> Option<u64> {
        Some(self.fingerprint)
    }
}
