//! Why a file could not be downloaded.

use std::io;

/// Why a file could not be downloaded from one address.
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
