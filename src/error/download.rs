//! Why a file could not be downloaded.

use std::io;

/// Why a file could not be had, from one mirror or at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadProblem {
    /// The mirror could not be reached, or answered with an error.
    #[error("no answer that helps ({reason})")]
    Refused {
        /// What the connection or the server says.
        reason: String,
    },

    /// The connection ended, or the time, before all bytes had come.
    #[error("{received} of {expected} bytes came ({reason}); what has come is kept")]
    CutShort {
        /// How many bytes are there now.
        received: u64,
        /// How many there have to be.
        expected: u64,
        /// What ended it.
        reason: String,
    },

    /// The bytes are others than those of the file.
    #[error("the bytes are not those of the file: {found}")]
    WrongContent {
        /// In what they differ.
        found: String,
    },

    /// The directory or a file in it could not be written.
    #[error("cannot be written: {source}; check the path and the free space")]
    Unwritable {
        /// The failure.
        source: io::Error,
    },
}
