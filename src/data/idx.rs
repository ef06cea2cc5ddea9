//! Tensors of unsigned bytes in the IDX format, the format of the MNIST files, plain or gzip.

mod stream;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, IdxField, IdxProblem, Result};

/// A tensor of unsigned bytes, read from an IDX file.
///
/// The format is a header in big-endian order and then the elements, the last index running fastest:
///
/// | byte | field |
/// |---|---|
/// | 0, 1 | zero |
/// | 2 | element type, 0x08 for unsigned bytes |
/// | 3 | `r`, the number of dimensions |
/// | 4 to 4 + 4 `r` | `d₀` … `dᵣ₋₁`, the sizes of the dimensions, four bytes each |
/// | from 4 + 4 `r` | the elements, `d₀ · … · dᵣ₋₁` bytes |
///
/// A gzip stream is recognised by its first two bytes, whatever the name of the file, and may consist of several
/// members. The elements are streamed into the one vector in which they stay. Memory is taken for bytes that a file's
/// real size makes credible or that have arrived, never because a header claims them.
///
/// Source: Y. LeCun, C. Cortes and C. Burges, *The MNIST database of handwritten digits*, "File formats".
///
/// # Examples
///
/// ```
/// use gradus::data::IdxTensor;
///
/// let file = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
/// let tensor = IdxTensor::read(file.as_slice(), "in memory")?;
/// assert_eq!(tensor.dims(), [2, 3]);
/// assert_eq!(tensor.data(), [1, 2, 3, 4, 5, 6]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxTensor {
    dims: Vec<usize>,
    data: Vec<u8>,
}

impl IdxTensor {
    /// The largest body that is read, in bytes: 4 GiB.
    pub const MAX_BYTES: u64 = 4 << 30;

    /// Reads the file at `path`, plain or gzip.
    ///
    /// # Errors
    ///
    /// [`Error::Idx`] with the path, the offset in the decompressed data, the field and an [`IdxProblem`]: the file
    /// is missing, a directory or unreadable; empty, truncated or followed by more bytes; not IDX, or not of unsigned
    /// bytes; without dimensions, or with one that is zero or raises the size above [`Self::MAX_BYTES`]; or its gzip
    /// stream is damaged or a bomb: more than 64 MiB and more than 128 times as large as the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::IdxTensor;
    /// use gradus::{Error, IdxProblem};
    ///
    /// let error = IdxTensor::open("no/such/file").unwrap_err();
    /// assert!(matches!(error, Error::Idx { problem: IdxProblem::NotFound, .. }));
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        open_with_rank(path.as_ref(), None)
    }

    /// Reads a stream, plain or gzip, to its end; `name` stands in for the path in an error.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), except that a gzip stream shows itself to be a bomb only as it is read: when
    /// it has given more than 64 MiB and more than 128 times what was read from it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::IdxTensor;
    /// use gradus::{Error, IdxField, IdxProblem};
    ///
    /// let cut = [0, 0, 8, 1, 0, 0, 0, 3, 7, 8];
    /// match IdxTensor::read(cut.as_slice(), "cut").unwrap_err() {
    ///     Error::Idx { offset, field, problem: IdxProblem::Truncated { until }, .. } => {
    ///         assert_eq!((offset, field, until), (10, IdxField::Body, 11));
    ///     }
    ///     other => panic!("{other}"),
    /// }
    /// ```
    pub fn read(reader: impl Read, name: impl AsRef<Path>) -> Result<Self> {
        stream::read(reader, name.as_ref(), None, None)
    }

    /// The sizes of the dimensions, the slowest first; each is at least 1.
    ///
    /// ```
    /// # use gradus::data::IdxTensor;
    /// let tensor = IdxTensor::read([0, 0, 8, 1, 0, 0, 0, 2, 5, 6].as_slice(), "in memory")?;
    /// assert_eq!(tensor.dims(), [2]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The elements, the last index running fastest.
    ///
    /// ```
    /// # use gradus::data::IdxTensor;
    /// let tensor = IdxTensor::read([0, 0, 8, 1, 0, 0, 0, 2, 5, 6].as_slice(), "in memory")?;
    /// assert_eq!(tensor.data(), [5, 6]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The elements, taken out without a copy.
    ///
    /// ```
    /// # use gradus::data::IdxTensor;
    /// let tensor = IdxTensor::read([0, 0, 8, 1, 0, 0, 0, 2, 5, 6].as_slice(), "in memory")?;
    /// assert_eq!(tensor.into_data(), vec![5, 6]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }
}

/// The error of `field`, whose first wrong or missing byte is at `offset`.
pub(super) fn error(path: &Path, offset: u64, field: IdxField, problem: IdxProblem) -> Error {
    Error::Idx { path: path.to_path_buf(), offset, field, problem }
}

/// Reads the file at `path`; another number of dimensions than `rank` is refused before the body is read.
pub(super) fn open_with_rank(path: &Path, rank: Option<usize>) -> Result<IdxTensor> {
    let refuse = |problem| error(path, 0, IdxField::File, problem);
    let unopened = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => refuse(IdxProblem::NotFound),
        _ => refuse(IdxProblem::Unreadable { source }),
    };
    let metadata = fs::metadata(path).map_err(unopened)?;
    if metadata.is_dir() {
        return Err(refuse(IdxProblem::IsADirectory));
    }
    // Only a regular file knows its length: a pipe says 0.
    let length = metadata.is_file().then_some(metadata.len());
    stream::read(File::open(path).map_err(unopened)?, path, rank, length)
}
