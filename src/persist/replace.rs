//! Replaces a file so that at every moment either the previous or the new one is there, complete.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Entry};
use super::{Outcome, refuse};
use crate::error::{FileProblem, Result};

/// The maximum number of symbolic links in a row, as in Linux; more are taken for a loop.
const MAX_LINKS: usize = 40;

/// Writes `contents` to the file at `path`, atomically replacing the one that is there, if any.
///
/// The contents go to a temporary file in the same folder, which is flushed and synced to the disk and then renamed;
/// after that the folder is synced too. Whenever this fails or the machine stops, `path` leads to the previous file or
/// to the new one, complete. Permissions are kept, and a symbolic link stays a link: the file that it leads to is
/// replaced. Other hard links to that file keep the previous contents.
///
/// A temporary file that an interrupted program left behind is removed the next time; it never has the name of a
/// file that is read.
///
/// Source: T. S. Pillai et al., *All file systems are not created equal*, OSDI 2014, on what must be synced and in
/// which order.
///
/// # Errors
///
/// Returns [`Error::File`](crate::Error::File) with [`FileProblem::Unwritable`] and the step that failed,
/// [`FileProblem::IsADirectory`] or [`FileProblem::NotAFile`] if `path` leads to something that is not a regular file,
/// [`FileProblem::ReadOnly`] if the file that is there is read-only, and [`FileProblem::NoName`] if `path` ends in `..`
/// or is a loop of symbolic links.
///
/// # Examples
///
/// ```
/// use gradus::persist::{FileSystem, replace};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("notes");
/// replace(&FileSystem, &path, b"first")?;
/// replace(&FileSystem, &path, b"second")?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"second");
/// assert_eq!(folder.path().read_dir().unwrap().count(), 1);
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn replace(disk: &dyn Disk, path: impl AsRef<Path>, contents: &[u8]) -> Result<()> {
    let path = path.as_ref();
    try_replace(disk, path, contents).map_err(|problem| refuse(path, problem))
}

fn try_replace(disk: &dyn Disk, path: &Path, contents: &[u8]) -> Outcome<()> {
    let (path, exists) = follow(disk, path)?;
    let (folder, names) = (folder(&path), TemporaryNames::new(&path)?);
    // Leftover files do not prevent saving.
    let _ = disk.remove_abandoned(folder, &|file| names.accept(file));

    let temporary = folder.join(names.next());
    let like = exists.then_some(path.as_path());
    if let Err(problem) = write(disk, &temporary, like, contents)
        .and_then(|()| disk.rename(&temporary, &path).map_err(during("rename the temporary file")))
    {
        // The next call tries again if this fails too.
        let _ = disk.remove(&temporary);
        return Err(problem);
    }
    disk.sync_folder(folder).map_err(during("sync the folder"))
}

/// Writes a file and waits until every byte is on the disk.
fn write(disk: &dyn Disk, path: &Path, like: Option<&Path>, contents: &[u8]) -> Outcome<()> {
    let mut file = disk.create(path, like).map_err(during("create the temporary file"))?;
    file.write_all(contents).and_then(|()| file.flush()).map_err(during("write the temporary file"))?;
    file.sync().map_err(during("sync the temporary file"))
}

fn during(step: &'static str) -> impl FnOnce(io::Error) -> FileProblem {
    move |source| FileProblem::Unwritable { step, source }
}

/// Follows the symbolic links from `path`. Returns where they end, and whether a file is there.
fn follow(disk: &dyn Disk, path: &Path) -> Outcome<(PathBuf, bool)> {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match disk.entry(&path).map_err(during("look up the path"))? {
            Entry::Missing => return Ok((path, false)),
            Entry::File { read_only: false } => return Ok((path, true)),
            Entry::File { read_only: true } => return Err(FileProblem::ReadOnly),
            Entry::Folder => return Err(FileProblem::IsADirectory),
            Entry::Other => return Err(FileProblem::NotAFile),
            Entry::Link(to) => path = folder(&path).join(to),
        }
    }
    Err(FileProblem::NoName)
}

/// The folder of a file, `.` for a mere name.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The names of the temporary files for one file: a checksum of its name, which is never too long for the file
/// system, and then random digits, which no other thread or program has.
struct TemporaryNames {
    start: String,
}

impl TemporaryNames {
    const END: &str = ".tmp";

    fn new(path: &Path) -> Outcome<Self> {
        let name = path.file_name().ok_or(FileProblem::NoName)?;
        Ok(Self { start: format!(".gradus-{:08x}-", crc32fast::hash(name.as_encoded_bytes())) })
    }

    fn next(&self) -> String {
        // The keys of the standard library's hash maps are its only source of random numbers.
        format!("{}{:016x}{}", self.start, RandomState::new().hash_one(0), Self::END)
    }

    fn accept(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(&self.start) && name.ends_with(Self::END))
    }
}
