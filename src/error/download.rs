//! Why a file could not be downloaded.

use std::io;

/// Why a file could not be downloaded from one address.
///
/// # Examples
///
/// A server that cannot be reached:
///
/// ```
/// # #[cfg(feature = "download")] {
/// use gradus::data::download::{Downloader, RemoteFile};
/// use gradus::{DownloadProblem, Error};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// let file = RemoteFile { name: "labels.gz", bytes: 4542, sha256: &"0".repeat(64) };
/// match Downloader::new(&["http://127.0.0.1:1/"]).fetch(&file, folder).unwrap_err() {
///     Error::Download { path, attempts } => {
///         assert_eq!(path, folder.join("labels.gz"));
///         let (url, problem) = &attempts[0]; // one for each address
///         assert_eq!(url, "http://127.0.0.1:1/labels.gz");
///         assert!(matches!(problem, DownloadProblem::Refused { .. }));
///     }
///     other => panic!("{other}"),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadProblem {
    /// The mirror could not be reached, or answered with an error.
    #[error("the server could not be reached or answered with an error ({reason})")]
    Refused {
        /// What the connection or the server says.
        reason: String,
    },

    /// The connection ended, or the time was over, before all bytes had arrived.
    #[error("{received} of {expected} bytes arrived ({reason}) and are kept")]
    CutShort {
        /// How many bytes have arrived so far.
        received: u64,
        /// How many there have to be.
        expected: u64,
        /// Why it ended.
        reason: String,
    },

    /// The bytes are not those of the file.
    #[error("the bytes are not those of the file: {found}")]
    WrongContent {
        /// How they differ.
        found: String,
    },

    /// The directory or a file in it could not be written.
    #[error("cannot be written: {source}; check the path and the free space")]
    Unwritable {
        /// The failure.
        source: io::Error,
    },
}
