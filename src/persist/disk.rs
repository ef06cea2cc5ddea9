//! The operations by which files are replaced, as a small trait, so that tests can simulate a disk that fails.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a path leads to, symbolic links not followed.
///
/// # Examples
///
/// ```
/// use gradus::persist::{Disk, Entry, FileSystem};
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// assert_eq!(FileSystem.entry(folder)?, Entry::Folder);
/// let path = folder.join("network");
/// assert_eq!(FileSystem.entry(&path)?, Entry::Missing);
/// std::fs::write(&path, "contents")?;
/// assert_eq!(FileSystem.entry(&path)?, Entry::File { read_only: false });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// A regular file.
    File {
        /// Whether its permissions forbid writing.
        read_only: bool,
    },
    /// A symbolic link to this path, which may be relative to the folder of the link.
    Link(PathBuf),
    /// A directory.
    Folder,
    /// A pipe, a device or a socket.
    Other,
}

/// A file that is being written.
///
/// # Examples
///
/// A file in memory for a test, whose `sync` always fails:
///
/// ```
/// use std::io::{self, Write};
///
/// use gradus::persist::Output;
///
/// struct InMemory(Vec<u8>);
///
/// impl Write for InMemory {
///     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
///         self.0.write(bytes)
///     }
///     fn flush(&mut self) -> io::Result<()> {
///         Ok(())
///     }
/// }
/// impl Output for InMemory {
///     fn sync(&mut self) -> io::Result<()> {
///         Err(io::ErrorKind::Unsupported.into())
///     }
/// }
/// let mut file = InMemory(Vec::new());
/// file.write_all(b"contents")?;
/// assert_eq!(file.sync().unwrap_err().kind(), io::ErrorKind::Unsupported);
/// # Ok::<(), io::Error>(())
/// ```
pub trait Output: Write {
    /// Waits until the contents are on the disk (`fsync`).
    ///
    /// # Errors
    ///
    /// Returns the system's error if the contents may be lost.
    fn sync(&mut self) -> io::Result<()>;
}

/// The six operations by which [`replace`](super::replace) writes a file.
///
/// [`FileSystem`] is the real one. A program's test can implement the trait to simulate, for example, a full disk. Each
/// method may return any error; the file that is being replaced stays complete.
///
/// Dyn-compatible (object-safe).
///
/// # Examples
///
/// A disk without space:
///
/// ```
/// use std::io;
/// use std::path::Path;
///
/// use gradus::persist::{Disk, Entry, FileSystem, Output, replace};
///
/// #[derive(Debug)]
/// struct Full(FileSystem);
///
/// impl Disk for Full {
///     fn entry(&self, path: &Path) -> io::Result<Entry> {
///         self.0.entry(path)
///     }
///     fn create(&self, _path: &Path, _like: Option<&Path>) -> io::Result<Box<dyn Output>> {
///         Err(io::ErrorKind::StorageFull.into())
///     }
///     fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
///         self.0.rename(from, to)
///     }
///     fn sync_folder(&self, folder: &Path) -> io::Result<()> {
///         self.0.sync_folder(folder)
///     }
///     fn remove(&self, path: &Path) -> io::Result<()> {
///         self.0.remove(path)
///     }
///     fn remove_abandoned(
///         &self,
///         folder: &Path,
///         is_ours: &dyn Fn(&Path) -> bool,
///     ) -> io::Result<()> {
///         self.0.remove_abandoned(folder, is_ours)
///     }
/// }
///
/// let path = std::env::temp_dir().join("gradus-full");
/// let error = replace(&Full(FileSystem), &path, b"contents").unwrap_err();
/// assert!(error.to_string().contains("create the temporary file"));
/// assert!(!path.exists());
/// ```
pub trait Disk: Debug + Send + Sync {
    /// Returns what `path` leads to, symbolic links not followed.
    ///
    /// # Errors
    /// Returns the system's error if the path cannot be looked up.
    fn entry(&self, path: &Path) -> io::Result<Entry>;

    /// Creates a file at `path`, where there must be nothing, with the permissions and, where the system allows it, the
    /// owner of the file `like`.
    ///
    /// # Errors
    ///
    /// Returns the system's error, or `AlreadyExists` if there is something.
    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn Output>>;

    /// Renames the file `from` to `to` in the same folder, atomically replacing the file that is there.
    ///
    /// # Errors
    ///
    /// Returns the system's error; then both files are as they were.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until the names of the files in `folder` are on the disk, where the system has a way to do so.
    ///
    /// # Errors
    ///
    /// Returns the system's error if the names may be lost.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Removes the file `path`.
    ///
    /// # Errors
    ///
    /// Returns the system's error if the file is still there.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes the files of `folder` that `is_ours` accepts and that no program is writing.
    ///
    /// # Errors
    ///
    /// Returns the system's error if some may still be there.
    fn remove_abandoned(&self, folder: &Path, is_ours: &dyn Fn(&Path) -> bool) -> io::Result<()>;
}

/// The file system of the machine.
///
/// # Examples
///
/// ```
/// use gradus::persist::{Disk, Entry, FileSystem, replace};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("notes");
/// replace(&FileSystem, &path, b"first")?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"first");
/// FileSystem.remove(&path).unwrap();
/// assert_eq!(FileSystem.entry(&path).unwrap(), Entry::Missing);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileSystem;

impl Output for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Disk for FileSystem {
    fn entry(&self, path: &Path) -> io::Result<Entry> {
        let metadata = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Entry::Missing),
            metadata => metadata?,
        };
        Ok(match metadata.file_type() {
            kind if kind.is_symlink() => Entry::Link(fs::read_link(path)?),
            kind if kind.is_dir() => Entry::Folder,
            kind if kind.is_file() => Entry::File { read_only: metadata.permissions().readonly() },
            _ => Entry::Other,
        })
    }

    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn Output>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        // The lock tells other programs that the file is not abandoned. Not every file system has locks.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        if let Some(like) = like {
            let metadata = fs::metadata(like)?;
            keep_owner(&file, &metadata);
            file.set_permissions(metadata.permissions())?;
        }
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Other systems cannot open a folder as a file, and have no such operation.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_abandoned(&self, folder: &Path, is_ours: &dyn Fn(&Path) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if is_ours(&path) && fs::symlink_metadata(&path)?.is_file() {
                let file = OpenOptions::new().write(true).open(&path)?;
                if file.try_lock().is_ok() {
                    fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }
}

/// Gives `file` the owner of another file, if the process is permitted to.
#[cfg(unix)]
fn keep_owner(file: &File, like: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(file, Some(like.uid()), Some(like.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _like: &fs::Metadata) {}
