//! What can be wrong with an IDX file, and in which of its fields.

use std::{fmt, io, path::PathBuf};

/// The part of an IDX file at which reading stopped.
///
/// # Examples
///
/// ```
/// use gradus::data::IdxTensor;
/// use gradus::{Error, IdxField};
///
/// let no_columns = [0, 0, 8, 2, 0, 0, 0, 5, 0, 0, 0, 0];
/// match IdxTensor::read(no_columns.as_slice(), "5 × 0").unwrap_err() {
///     Error::Idx { field, offset, .. } => {
///         assert_eq!((field, offset), (IdxField::Dimension(1), 8));
///         assert_eq!(field.to_string(), "dimension 1");
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdxField {
    /// The file itself: it could not be opened, or its first two bytes could not be read.
    File,
    /// The gzip stream around the data, wherever it is damaged; the offset is the number of bytes decompressed so far.
    Gzip,
    /// Bytes 0 and 1, always zero.
    Magic,
    /// Byte 2, the type of the elements.
    ElementType,
    /// Byte 3, the number of dimensions.
    Rank,
    /// The size of a dimension, counted from 0: the four bytes from byte `4 + 4 i`.
    Dimension(usize),
    /// The elements.
    Body,
    /// What follows the last element, where there must be nothing.
    End,
    /// A label, counted from 0: byte `8 + i` of a file of labels.
    Label(usize),
}

impl fmt::Display for IdxField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Gzip => f.write_str("gzip stream"),
            Self::Magic => f.write_str("magic number"),
            Self::ElementType => f.write_str("element type"),
            Self::Rank => f.write_str("number of dimensions"),
            Self::Dimension(i) => write!(f, "dimension {i}"),
            Self::Body => f.write_str("body"),
            Self::End => f.write_str("end of the data"),
            Self::Label(i) => write!(f, "label {i}"),
        }
    }
}

/// The place for a message; nothing if it is the file as a whole.
pub(super) fn place(field: IdxField, offset: u64) -> String {
    match field {
        IdxField::File => String::new(),
        IdxField::Gzip => format!(": {field}, after {offset} bytes of data"),
        _ => format!(": {field}, byte {offset}"),
    }
}

/// What is wrong with a field of an IDX file.
///
/// # Examples
///
/// A web page that was saved instead of the data:
///
/// ```
/// use gradus::data::IdxTensor;
/// use gradus::{Error, IdxProblem};
///
/// let page = "<!doctype html>";
/// match IdxTensor::read(page.as_bytes(), "train-images").unwrap_err() {
///     Error::Idx { problem: IdxProblem::BadMagic { found }, path, .. } => {
///         assert_eq!(found.to_be_bytes(), *b"<!"); // and not two zero bytes
///         assert_eq!(path.to_str(), Some("train-images"));
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdxProblem {
    /// There is no such file or directory.
    #[error("there is no such file or directory; check the path")]
    NotFound,

    /// The path leads to a file, not to the directory of the four files of MNIST.
    #[error("this is a file; give the path of the directory that holds the four files of MNIST")]
    NotADirectory,

    /// None of the names under which a file of MNIST is known is in the directory.
    #[error(
        "the directory has none of {}; the four files of the set can be downloaded from {from} and need not be unpacked",
        names.join(", ")
    )]
    FileNotFound {
        /// The names that were looked for.
        names: Vec<String>,
        /// Where the set can be downloaded.
        from: &'static str,
    },

    /// The path leads to a directory.
    #[error("this is a directory; give the path of a file in it")]
    IsADirectory,

    /// The path leads to a pipe, a socket or a device, which may never give any data.
    #[error(
        "this is no regular file but a pipe, socket or device; save its data to a file first, or read it with \
         `IdxTensor::read`"
    )]
    NotRegular,

    /// The operating system, or the caller's reader, failed.
    #[error("cannot be read: {source}; {}", remedy(source))]
    Unreadable {
        /// The failure.
        source: io::Error,
    },

    /// The gzip stream around the data is damaged: a bad block, length or checksum, an end too early, empty members
    /// without end, or bytes after the last member that are not gzip.
    #[error("damaged: {source}; download or compress the file again")]
    Gzip {
        /// What the decompressor met.
        source: io::Error,
    },

    /// The data end before the field does.
    #[error("the data end here, but the field runs to byte {until}; the file is cut short: get it again")]
    Truncated {
        /// The offset of the first byte after the field.
        until: u64,
    },

    /// The first two bytes are not zero.
    #[error(
        "this is not an IDX file, which begins with two zero bytes and not with {found:#06x}; it may be a saved HTML page: \
         open it in a text editor, then download the file again"
    )]
    BadMagic {
        /// The two bytes, the first one the higher.
        found: u16,
    },

    /// The elements are not unsigned bytes.
    #[error(
        "the elements are {} (code {found:#04x}), not unsigned bytes (0x08); {}",
        element(*found),
        if matches!(found, 0x09 | 0x0b..=0x0e) { "read them by `IdxTensor::open_numbers`" } else { "the file is damaged or of another format: get it again" }
    )]
    UnsupportedType {
        /// The code in the file.
        found: u8,
    },

    /// The tensor has no dimension at all.
    #[error("the tensor has no dimensions, but needs 1 to 255; the header is damaged: get the file again")]
    NoDimensions,

    /// A dimension is 0, so that there would be no data.
    #[error("the dimension is 0, but must be at least 1: the file holds no data; get it again")]
    ZeroDimension,

    /// The sizes of the dimensions multiply to more than can be read.
    #[error(
        "the dimensions up to this one multiply to {claimed} bytes, but at most {allowed} are read; if the header is \
         damaged get the file again, else split it"
    )]
    TooLarge {
        /// The product of the dimensions up to this one.
        claimed: u64,
        /// The largest product that is read.
        allowed: u64,
    },

    /// The data are far larger than the gzip stream that holds them.
    #[error(
        "{inflated} bytes from {compressed} bytes of gzip look like a gzip bomb, at most {allowed} are inflated; \
         if you trust the file, unpack it and read the plain file"
    )]
    GzipBomb {
        /// The size after decompression: claimed by the header of a file, reached so far in a stream.
        inflated: u64,
        /// The size before decompression: of the whole file, or of as much of a stream as was read.
        compressed: u64,
        /// The largest size after decompression that is accepted for it.
        allowed: u64,
    },

    /// There is no memory for the data that arrive.
    #[error("there is no memory for {bytes} more bytes; end other programs or split the file")]
    OutOfMemory {
        /// How many more bytes were needed.
        bytes: u64,
    },

    /// More bytes follow the last element.
    #[error(
        "{until} bytes complete the tensor, but more follow: the header or the file is damaged; get it again"
    )]
    TrailingBytes {
        /// The size of header and body together.
        until: u64,
    },

    /// Labels were found in place of images, or images in place of labels.
    #[error(
        "found {found} dimension(s) in place of {expected}: images have 3 and labels 1; are the two files swapped?"
    )]
    Swapped {
        /// The number of dimensions in the file.
        found: usize,
        /// The expected number.
        expected: usize,
    },

    /// The tensor has another number of dimensions than expected.
    #[error(
        "found {found} dimensions in place of {expected}: images have 3 and labels 1; is it the right file?"
    )]
    WrongRank {
        /// The number of dimensions in the file.
        found: usize,
        /// The expected number.
        expected: usize,
    },

    /// There are not as many labels as images.
    #[error(
        "found {labels} labels for the {images} images of {}; do the files belong together?",
        images_path.display()
    )]
    CountsDiffer {
        /// How many labels there are.
        labels: usize,
        /// How many images there are.
        images: usize,
        /// The file of the images.
        images_path: PathBuf,
    },

    /// The images have another size than those of the training set.
    #[error("found {found}, but the training images have {expected}; do the files belong together?")]
    ShapesDiffer {
        /// The number of rows or columns in the file.
        found: usize,
        /// The number in the file of the training images.
        expected: usize,
    },

    /// A label does not belong to any class.
    #[error(
        "the label is {found}, but with {n_classes} classes it must be from {first} to below {}; is it the right file?",
        first + n_classes
    )]
    LabelOutOfRange {
        /// The label in the file.
        found: i64,
        /// The smallest valid label, 0 or 1.
        first: usize,
        /// The number of classes.
        n_classes: usize,
    },
}

/// What to do when the system cannot read a file.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "check its permissions",
        _ => "check the path and its permissions, or copy the file elsewhere",
    }
}

/// The name that the format gives to the code of an element type.
fn element(code: u8) -> &'static str {
    match code {
        0x09 => "signed bytes",
        0x0b => "16-bit integers",
        0x0c => "32-bit integers",
        0x0d => "32-bit floats",
        0x0e => "64-bit floats",
        _ => "of an unknown type",
    }
}
