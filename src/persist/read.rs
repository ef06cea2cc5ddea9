//! Reads a regular file whole, within a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::Outcome;
use crate::error::FileProblem;

/// The longest file that is read unless another limit is given, in bytes: 4 GiB.
pub const MAX_BYTES: u64 = 4 << 30;

/// The contents of the file at `path`. `check` sees the first bytes, at most `n_first`, before the others are read.
pub(super) fn read(
    path: &Path,
    max_bytes: u64,
    n_first: u64,
    check: impl FnOnce(&[u8]) -> Outcome<()>,
) -> Outcome<Vec<u8>> {
    // Before it is opened: to open a pipe without a writer does not return.
    check_regular(&fs::metadata(path).map_err(unopened)?)?;
    let mut file = File::open(path).map_err(unopened)?;
    let metadata = file.metadata().map_err(unopened)?;
    check_regular(&metadata)?;
    let length = metadata.len();
    if length > max_bytes {
        return Err(FileProblem::TooLarge { length, allowed: max_bytes });
    }
    let mut first = Vec::new();
    file.by_ref().take(n_first.min(length)).read_to_end(&mut first).map_err(unopened)?;
    check(&first)?;
    let mut contents = with_capacity(length)?;
    contents.append(&mut first);
    file.take(length - contents.len() as u64).read_to_end(&mut contents).map_err(unopened)?;
    let found = contents.len() as u64;
    if found < length { Err(FileProblem::Changed { found, expected: length }) } else { Ok(contents) }
}

/// An empty vector of bytes with memory for `length` of them.
fn with_capacity(length: u64) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    match usize::try_from(length).map(|length| bytes.try_reserve_exact(length)) {
        Ok(Ok(())) => Ok(bytes),
        _ => Err(FileProblem::OutOfMemory { bytes: length }),
    }
}

fn check_regular(metadata: &fs::Metadata) -> Outcome<()> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(FileProblem::IsADirectory),
        _ => Err(FileProblem::NotAFile),
    }
}

fn unopened(source: io::Error) -> FileProblem {
    match source.kind() {
        io::ErrorKind::NotFound => FileProblem::NotFound,
        _ => FileProblem::Unreadable { source },
    }
}
