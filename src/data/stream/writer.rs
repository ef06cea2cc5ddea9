//! Writes a file of samples, block by block.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;

use super::format::{Element, HEADER_BYTES, Header, error};
use crate::data::{Samples, Task, check_finite, gather_checked, task_of, weights_checked};
use crate::error::{Error, Result, StreamProblem, check_setting};
use crate::memory;
use crate::real::Real;

/// Approximate size of a block in bytes: large enough to be read at the full speed of a disk, small enough for windows
/// of many blocks.
const BLOCK_BYTES: usize = 1 << 20;

/// Maximum number of samples of a block.
const MAX_BLOCK: usize = 1 << 16;

/// A file of samples that is being written.
///
/// Until it is complete, `.partial` is appended to its name, so that an existing file, from which the samples may be
/// read, is replaced only then. The header is written last, so that an unfinished file is recognized under any name.
#[derive(Debug)]
pub(in crate::data) struct Writer {
    file: File,
    path: PathBuf,
    /// The path of the unfinished file; `None` once it is renamed.
    partial: Option<PathBuf>,
    header: Header,
    inputs: Vec<u8>,
    targets: Vec<u8>,
    in_block: usize,
}

impl Writer {
    /// Creates the file at `path` for samples of `n_inputs` inputs and `n_outputs` targets, stored as `inputs` and
    /// `targets`.
    pub(super) fn create(
        path: &Path,
        (inputs, targets): (Element, Element),
        (n_inputs, n_outputs): (usize, usize),
        task: Task,
    ) -> Result<Self> {
        let mut header =
            Header { inputs, targets, block: 1, n: 0, n_inputs, n_outputs, task, fingerprint: 0 };
        header.block = (BLOCK_BYTES / header.block_bytes(1)).clamp(1, MAX_BLOCK);
        // The target of a symbolic link is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let (file, partial) = create_partial(&path)?;
        let mut writer = Self {
            file,
            path,
            partial: Some(partial),
            header,
            inputs: Vec::new(),
            targets: Vec::new(),
            in_block: 0,
        };
        writer.write(&[0; HEADER_BYTES])?;
        Ok(writer)
    }

    /// Creates a file at `path` with inputs of type `T`, and with class labels or values of type `T` as targets.
    #[cfg(feature = "csv")]
    pub(in crate::data) fn of_numbers<T: Real>(
        path: &Path,
        labels: bool,
        sizes: (usize, usize),
    ) -> Result<Self> {
        let number = Element::of::<T>();
        let (targets, task) =
            if labels { (Element::Compact, Task::Classes) } else { (number, Task::Regression) };
        Self::create(path, (number, targets), sizes, task)
    }

    /// Sets the task, if it is known only after the targets have been written.
    #[cfg(feature = "csv")]
    pub(in crate::data) fn set_task(&mut self, task: Task) {
        self.header.task = task;
    }

    /// Adds a sample, whose inputs and targets are already encoded.
    pub(in crate::data) fn push(&mut self, inputs: &[u8], targets: &[u8]) -> Result<()> {
        self.inputs.extend_from_slice(inputs);
        self.targets.extend_from_slice(targets);
        self.in_block += 1;
        if self.in_block == self.header.block { self.end_block() } else { Ok(()) }
    }

    /// Returns the number of samples so far.
    pub(super) fn len(&self) -> usize {
        self.header.n + self.in_block
    }

    fn end_block(&mut self) -> Result<()> {
        if self.in_block == 0 {
            return Ok(());
        }
        let mut block = std::mem::take(&mut self.inputs);
        block.append(&mut self.targets);
        let checksum = crc32fast::hash(&block);
        block.extend(checksum.to_le_bytes());
        self.write(&block)?;
        block.clear();
        self.inputs = block;
        self.header.n += self.in_block;
        self.in_block = 0;
        // FNV-1a over the checksums.
        let hash = self.header.fingerprint ^ u64::from(checksum);
        self.header.fingerprint =
            hash.wrapping_add(0xcbf2_9ce4_8422_2325).wrapping_mul(0x0000_0100_0000_01b3);
        Ok(())
    }

    /// Writes the last block and the header, and renames the file.
    pub(in crate::data) fn finish(mut self) -> Result<()> {
        self.end_block()?;
        if self.header.n == 0 {
            return Err(Error::Empty { what: "the file of samples" });
        }
        let header = self.header.to_bytes();
        let begin = self.file.seek(SeekFrom::Start(0)).map(drop);
        let written = begin.and_then(|()| self.file.write_all(&header)).and_then(|()| self.file.sync_all());
        let partial = self.partial.clone().unwrap_or_default();
        let renamed = written.and_then(|()| fs::rename(partial, &self.path));
        renamed.map_err(|source| unwritable(&self.path, 0, source))?;
        self.partial = None;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|source| {
            unwritable(&self.path, self.header.block_offset(self.header.n / self.header.block), source)
        })
    }
}

impl Drop for Writer {
    /// Deletes a file that is unfinished because of an error or a panic.
    fn drop(&mut self) {
        self.partial.iter().for_each(|partial| drop(fs::remove_file(partial)));
    }
}

/// Creates the unfinished file for `path`, and overwrites one that a killed program has left.
fn create_partial(path: &Path) -> Result<(File, PathBuf)> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(error(path, 0, StreamProblem::NotAFile)),
        Ok(metadata) if metadata.permissions().readonly() => {
            return Err(unwritable(path, 0, ErrorKind::PermissionDenied.into()));
        }
        _ => {}
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let refuse = |source| unwritable(path, 0, source);
    let file = File::options().write(true).create(true).truncate(false).open(&partial).map_err(refuse)?;
    // On a file system without locks this check is skipped.
    if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || !partial.exists() {
        return Err(error(path, 0, StreamProblem::Busy));
    }
    file.set_len(0).map_err(refuse)?;
    Ok((file, partial))
}

fn unwritable(path: &Path, offset: u64, source: std::io::Error) -> Error {
    error(path, offset, StreamProblem::Unwritable { source })
}

/// Writes all samples of `source`, as they are in epoch 1, in the most compact form that stores them exactly.
pub(super) fn write<T: Real>(source: &dyn Samples<T>, path: &Path) -> Result<()> {
    if source.is_empty() {
        return Err(Error::Empty { what: "the source of samples" });
    }
    let task = task_of(source)?;
    let number = Element::of::<T>();
    let labels = if task == Task::Classes { Element::Compact } else { number };
    // If a sample cannot be stored in a compact form, writing begins again with the next form.
    for elements in
        [(Element::Compact, labels), (Element::Compact, number), (number, labels), (number, number)]
    {
        if write_as(source, path, elements, task)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns whether all samples could be stored as these elements.
fn write_as<T: Real>(
    source: &dyn Samples<T>,
    path: &Path,
    elements: (Element, Element),
    task: Task,
) -> Result<bool> {
    let sizes @ (n_inputs, n_outputs) = (source.n_inputs(), source.n_outputs());
    let mut writer = Writer::create(path, elements, sizes, task)?;
    let (mut inputs, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    let n = source.len();
    let block = writer.header.block.min(n);
    let (mut x, mut y) = (memory::zeros("x", n_inputs, block)?, memory::zeros("y", n_outputs, block)?);
    for first in (0..n).step_by(block) {
        let indices: Vec<usize> = (first..n.min(first + block)).collect();
        if indices.len() < block {
            (x, y) = (DMatrix::zeros(n_inputs, indices.len()), DMatrix::zeros(n_outputs, indices.len()));
        }
        gather_checked(source, 1, &indices, &mut x, &mut y)?;
        check_finite("input", &x, first)?;
        check_finite("target", &y, first)?;
        weights.resize(indices.len(), T::one());
        weights_checked(source, &indices, &mut weights)?;
        if let Some(weight) = weights.iter().find(|weight| **weight != T::one()) {
            let why = "a file of samples has no weights: write the samples without them, and open it with `Weighted`";
            check_setting("weight of a sample", weight.to_f64(), false, "1", why)?;
        }
        for (x, y) in x.column_iter().zip(y.column_iter()) {
            inputs.clear();
            targets.clear();
            if !encode_inputs(elements.0, x.as_slice(), &mut inputs)
                || !encode_targets(elements.1, y.as_slice(), &mut targets)
            {
                return Ok(false);
            }
            writer.push(&inputs, &targets)?;
        }
    }
    writer.finish()?;
    Ok(true)
}

/// Appends the bytes of `values`.
pub(in crate::data) fn encode<T: Real>(values: &[T], bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.resize(start + size_of_val(values), 0);
    for (group, value) in T::groups_mut(&mut bytes[start..]).iter_mut().zip(values) {
        *group = value.to_bytes();
    }
}

/// Appends `values` as `element`, and returns whether they can be stored exactly.
fn encode_inputs<T: Real>(element: Element, values: &[T], bytes: &mut Vec<u8>) -> bool {
    if element != Element::Compact {
        encode(values, bytes);
        return true;
    }
    let scale = T::one() / T::from_byte(255);
    values.iter().all(|&value| {
        let byte = (value.to_f64() * 255.0).round().clamp(0.0, 255.0) as u8;
        bytes.push(byte);
        T::from_byte(byte) * scale == value
    })
}

fn encode_targets<T: Real>(element: Element, values: &[T], bytes: &mut Vec<u8>) -> bool {
    if element != Element::Compact {
        encode(values, bytes);
        return true;
    }
    let label = values.iter().position(|&value| value == T::one());
    let one_hot = values.iter().enumerate().all(|(i, &value)| Some(i) == label || value == T::zero());
    bytes.extend((label.unwrap_or(0) as u32).to_le_bytes());
    label.is_some() && one_hot
}
