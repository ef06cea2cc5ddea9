//! What can be wrong with a file of samples.

use std::io;
use std::path::PathBuf;

use super::text;

/// Where a file of samples is wrong, and how.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::{Error, StreamProblem};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("digits.samples");
/// std::fs::write(&path, "no samples").unwrap();
/// match Streamed::open([&path]).unwrap_err() {
///     Error::Stream(error) => {
///         assert_eq!((&error.path, error.offset), (&path, 0));
///         assert!(matches!(error.problem, StreamProblem::Foreign));
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}, byte {offset}: {problem}", path.display())]
pub struct StreamError {
    /// The file.
    pub path: PathBuf,
    /// The offset in the file, in bytes.
    pub offset: u64,
    /// What is wrong there.
    pub problem: StreamProblem,
}

/// Why a file of samples could not be read or written; see [`Streamed`](crate::data::Streamed).
///
/// # Examples
///
/// A file whose last byte is missing:
///
/// ```
/// use gradus::prelude::*;
/// use gradus::{Error, StreamProblem};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("digits.samples");
/// Streamed::write(&Dataset::<f32>::synthetic_digits(10, 1)?, &path)?;
/// let bytes = std::fs::read(&path).unwrap();
/// std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
/// let Err(Error::Stream(error)) = Streamed::open([&path]) else { panic!("expected an error") };
/// match error.problem {
///     StreamProblem::Length { found, expected } => assert_eq!(found + 1, expected),
///     other => panic!("{other}"),
/// }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamProblem {
    /// There is no such file.
    #[error("there is no such file; check the path")]
    NotFound,

    /// The path leads to a directory, a pipe or a device.
    #[error("this is not a regular file; give the path of one")]
    NotAFile,

    /// The operating system failed to read.
    #[error("cannot be read: {source}; check the disk, and that you may read the file")]
    Unreadable {
        /// What the system says.
        source: io::Error,
    },

    /// Another program is writing the same file.
    #[error("another program or thread is writing this file now; wait for it, or let only one rank write")]
    Busy,

    /// The operating system failed to write.
    #[error("cannot be written: {source}; {}", text::unwritable(source))]
    Unwritable {
        /// What the system says.
        source: io::Error,
    },

    /// The file is of another format.
    #[error("this is not a file of samples; write one with `Streamed::write`, or from IDX files or a table")]
    Foreign,

    /// The header is missing: it is written last.
    #[error("the file was not written to its end; write it again")]
    Unfinished,

    /// The file has an unknown version of the format.
    #[error(
        "the file has version {found} of the format, this release reads version {supported}; use a newer release"
    )]
    Version {
        /// The version in the file.
        found: u32,
        /// The version that is read.
        supported: u32,
    },

    /// A field of the header has a value that no writer gives it.
    #[error("the header is damaged ({reason}); copy or write the file again")]
    Header {
        /// What is wrong.
        reason: &'static str,
    },

    /// The file is shorter or longer than its header says.
    #[error("the file has {found} bytes, but by its header it should have {expected}; copy it again")]
    Length {
        /// How many bytes there are.
        found: u64,
        /// How many there have to be.
        expected: u64,
    },

    /// The checksum of a block does not agree with its bytes.
    #[error(
        "the block of samples {first} to {last} is damaged: its checksum is {found:08x}, that of its bytes {computed:08x}; copy the file again"
    )]
    Checksum {
        /// The first sample of the block, counted from 0 in this file.
        first: usize,
        /// The last one.
        last: usize,
        /// The checksum in the file.
        found: u32,
        /// The CRC-32 of the bytes.
        computed: u32,
    },

    /// A label does not belong to any class.
    #[error(
        "the label of sample {sample} is {found}, but with {n_classes} classes it must be below {n_classes}; is it the right file?"
    )]
    Label {
        /// The sample, counted from 0 in this file.
        sample: usize,
        /// Its label.
        found: u32,
        /// The number of classes.
        n_classes: usize,
    },

    /// A value is NaN or infinite, or becomes infinite in the precision of the network.
    #[error(
        "{what} {number} of sample {sample} is {value} in {precision}: a network learns from finite numbers only; repair the source and write the file again"
    )]
    NonFinite {
        /// `input` or `target`.
        what: &'static str,
        /// The sample, counted from 0 in this file.
        sample: usize,
        /// The place of the value among the inputs or targets, counted from 0.
        number: usize,
        /// The value, rounded to that precision.
        value: f64,
        /// The scalar type of the network.
        precision: &'static str,
    },

    /// Several files were to be read as one, and do not fit each other.
    #[error(
        "the samples have {found} {what}, those of the first file {expected}; do the files belong together?"
    )]
    Differs {
        /// What differs.
        what: &'static str,
        /// The value of this file.
        found: String,
        /// The value of the first file.
        expected: String,
    },
}
