//! What can be wrong with an image, or with a directory of images.

use std::io;
use std::path::PathBuf;

/// What is wrong with an image, or with a directory of images.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "png")] {
/// use gradus::data::png;
/// use gradus::{Error, ImageProblem};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("scan.png");
/// std::fs::write(&path, "text").unwrap();
/// match png::open(&path).unwrap_err() {
///     Error::Image { path: found, problem: ImageProblem::Damaged { reason } } => {
///         assert_eq!(found, path);
///         println!("{reason}");
///     }
///     other => panic!("{other}"),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageProblem {
    /// The operating system failed, or there is no such file.
    #[error("cannot be read: {source}; check the path")]
    Unreadable {
        /// The failure.
        source: io::Error,
    },

    /// The path leads to something that holds no image.
    #[error("this is {found}; give the path of {wanted}")]
    WrongKind {
        /// What it is.
        found: &'static str,
        /// What is needed.
        wanted: &'static str,
    },

    /// The file is not a PNG, or damaged.
    #[error("this is not a PNG, or a damaged one ({reason}); save the image again as PNG")]
    Damaged {
        /// What the decoder met.
        reason: String,
    },

    /// The image has more pixels than the limit.
    #[error("the image has {width} × {height} pixels, at most {allowed} are read; make it smaller")]
    TooLarge {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The largest number of pixels.
        allowed: u64,
    },

    /// The image has another size than the first one.
    #[error(
        "the image has {} × {} pixels, but {} has {} × {}; bring all images to one size",
        found.0, found.1, first.display(), expected.0, expected.1
    )]
    SizesDiffer {
        /// Width and height of this image.
        found: (usize, usize),
        /// Width and height of the first image.
        expected: (usize, usize),
        /// The first image.
        first: PathBuf,
    },

    /// A directory does not hold what it should.
    #[error(
        "the directory holds {found} {what}; give the path of one with a folder for each class, two at least, and in it the PNG files of the class"
    )]
    Folders {
        /// How many there are.
        found: usize,
        /// `"folders"` or `"PNG files"`.
        what: &'static str,
    },
}
