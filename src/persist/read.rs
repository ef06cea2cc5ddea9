//! Opens regular files up to a maximum length.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::Outcome;
use super::stream::reserve;
use crate::error::FileProblem;

/// The longest file that is read unless another limit is given, in bytes: 4 GiB.
pub const MAX_BYTES: u64 = 4 << 30;

/// Opens the file at `path`. Returns it and its length.
pub(super) fn open(path: &Path, max_bytes: u64) -> Outcome<(File, u64)> {
    // Checked before opening, because opening a pipe without a writer does not return.
    check_regular(&fs::metadata(path).map_err(unopened)?)?;
    let file = File::open(path).map_err(unopened)?;
    let metadata = file.metadata().map_err(unopened)?;
    check_regular(&metadata)?;
    match metadata.len() {
        length if length > max_bytes => Err(FileProblem::TooLarge { length, allowed: max_bytes }),
        length => Ok((file, length)),
    }
}

/// Reads the file at `path` whole.
pub(crate) fn read(path: &Path, max_bytes: u64) -> Outcome<Vec<u8>> {
    let (file, expected) = open(path, max_bytes)?;
    let mut contents = Vec::new();
    reserve(&mut contents, usize::try_from(expected).unwrap_or(usize::MAX))?;
    file.take(expected).read_to_end(&mut contents).map_err(unopened)?;
    let found = contents.len() as u64;
    if found < expected { Err(FileProblem::Changed { found, expected }) } else { Ok(contents) }
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
