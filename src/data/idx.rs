//! Tensors in the IDX format, the format of the MNIST files, plain or gzip.

mod element;
mod source;
mod stream;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, IdxField, IdxProblem, Result};

use crate::real::Real;

pub(super) use stream::{Accepts, Opened};

/// A tensor that was read from an IDX file: of unsigned bytes, or of any element type converted to floats.
///
/// The format is a header and then the elements in row-major order (the last index varies fastest), all big-endian:
///
/// | byte | field |
/// |---|---|
/// | 0, 1 | zero |
/// | 2 | element type: 0x08 `u8`, 0x09 `i8`, 0x0b `i16`, 0x0c `i32`, 0x0d `f32`, 0x0e `f64` |
/// | 3 | `r`, the number of dimensions |
/// | 4 to 4 + 4 `r` | `d₀` … `dᵣ₋₁`, the sizes of the dimensions, four bytes each |
/// | from 4 + 4 `r` | the elements, `d₀ · … · dᵣ₋₁` of them |
///
/// A gzip stream is detected from its first two bytes, whatever the name of the file, and may consist of several
/// members. The elements are streamed into the one vector in which they stay. Memory is reserved from the real file
/// size or the bytes read so far, never from the header alone.
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
pub struct IdxTensor<E = u8> {
    dims: Vec<usize>,
    data: Vec<E>,
}

impl IdxTensor {
    /// The largest body that is read, in bytes: 4 GiB.
    pub const MAX_BYTES: u64 = 4 << 30;

    /// Reads the file at `path`, plain or gzip.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Idx`] with the path, the offset in the decompressed data, the field and an [`IdxProblem`] if
    ///
    /// - the file is missing, unreadable, or not a regular file but a directory, pipe or device;
    /// - it is empty or truncated, or more bytes follow the last element;
    /// - it is not IDX, or its elements are not unsigned bytes;
    /// - it has no dimensions, or one that is zero or raises the size above [`Self::MAX_BYTES`];
    /// - its gzip stream is damaged, or a bomb: more than 64 MiB and more than 128 times as large as the file;
    /// - the elements do not fit in memory.
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
        open(path.as_ref(), Accepts::Bytes, None)?.read()
    }

    /// Reads a stream, plain or gzip, to its end; `name` stands in for the path in an error.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open) that concern the content. A gzip stream is recognized as a bomb while
    /// it is read: when it has given more than 64 MiB and more than 128 times the bytes that were read from it. A
    /// reader that blocks forever is not recognized.
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
        Opened::new(reader, name.as_ref().to_path_buf(), Accepts::Bytes, None, None)?.read()
    }
}

impl<T: Real> IdxTensor<T> {
    /// Reads the file at `path`, plain or gzip, whose elements may be integers of 8, 16 or 32 bits or floats of 32 or
    /// 64 bits. Each is rounded to `T`; bytes are not scaled. While elements are converted, memory holds them twice.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`IdxTensor::open`](IdxTensor::<u8>::open), where an element type is unsupported if the
    /// format does not have it, and [`Error::Memory`] if there is no memory for the floats.
    pub fn open_numbers(path: impl AsRef<Path>) -> Result<Self> {
        open(path.as_ref(), Accepts::Numbers, None)?.read_numbers()
    }

    /// Reads a stream, plain or gzip, to its end like [`open_numbers`](Self::open_numbers); `name` stands in for the
    /// path in an error.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`IdxTensor::read`](IdxTensor::<u8>::read), with the differences of
    /// [`open_numbers`](Self::open_numbers).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::IdxTensor;
    ///
    /// let file = [0, 0, 0x0b, 1, 0, 0, 0, 2, 0xff, 0xff, 0x01, 0x00];
    /// let tensor = IdxTensor::<f64>::read_numbers(file.as_slice(), "in memory")?;
    /// assert_eq!(tensor.data(), [-1.0, 256.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn read_numbers(reader: impl Read, name: impl AsRef<Path>) -> Result<Self> {
        Opened::new(reader, name.as_ref().to_path_buf(), Accepts::Numbers, None, None)?.read_numbers()
    }
}

impl<E> IdxTensor<E> {
    /// Returns the sizes of the dimensions, the slowest varying first; each is at least 1.
    ///
    /// # Examples
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

    /// Returns the elements in row-major order: the last index varies fastest.
    ///
    /// # Examples
    ///
    /// ```
    /// # use gradus::data::IdxTensor;
    /// let tensor = IdxTensor::read([0, 0, 8, 1, 0, 0, 0, 2, 5, 6].as_slice(), "in memory")?;
    /// assert_eq!(tensor.data(), [5, 6]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn data(&self) -> &[E] {
        &self.data
    }

    /// Returns the elements without a copy.
    ///
    /// # Examples
    ///
    /// ```
    /// # use gradus::data::IdxTensor;
    /// let tensor = IdxTensor::read([0, 0, 8, 1, 0, 0, 0, 2, 5, 6].as_slice(), "in memory")?;
    /// assert_eq!(tensor.into_data(), vec![5, 6]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn into_data(self) -> Vec<E> {
        self.data
    }

    pub(super) fn dims_mut(&mut self) -> &mut [usize] {
        &mut self.dims
    }

    pub(super) fn data_mut(&mut self) -> &mut [E] {
        &mut self.data
    }
}

/// Creates the error of `field`, whose first wrong or missing byte is at `offset`.
pub(super) fn error(path: &Path, offset: u64, field: IdxField, problem: IdxProblem) -> Error {
    Error::Idx { path: path.to_path_buf(), offset, field, problem }
}

/// Opens the file at `path` and reads its header; another number of dimensions than `rank` is an error.
pub(super) fn open(path: &Path, accepts: Accepts, rank: Option<usize>) -> Result<Opened<'static>> {
    let refuse = |problem| error(path, 0, IdxField::File, problem);
    let unopened = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => refuse(IdxProblem::NotFound),
        _ => refuse(IdxProblem::Unreadable { source }),
    };
    // Checked before opening: opening a pipe blocks until a program writes to it.
    let metadata = fs::metadata(path).map_err(unopened)?;
    if metadata.is_dir() {
        return Err(refuse(IdxProblem::IsADirectory));
    }
    if !metadata.is_file() {
        return Err(refuse(IdxProblem::NotRegular));
    }
    let file = File::open(path).map_err(unopened)?;
    Opened::new(file, path.to_path_buf(), accepts, rank, Some(metadata.len()))
}
