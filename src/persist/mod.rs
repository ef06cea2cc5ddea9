//! Networks in files: safetensors, and the JSON of the book's `network2.py`.
//!
//! | for | see |
//! |---|---|
//! | a trained network | [`Network::save`](crate::network::Network::save), [`Network::load`](crate::network::Network::load) |
//! | without a file system | [`Network::to_bytes`](crate::network::Network::to_bytes), [`Network::from_bytes`](crate::network::Network::from_bytes) |
//! | a network with the scaling or the class names of its data | [`Predictor`](crate::predict::Predictor), [`Model`] |
//! | JSON and other formats of serde | `Network` is `Serialize` and `Deserialize` |
//! | a network of the book's program | [`Network2`] |
//! | your own tensors and settings | [`Container`] |
//!
//! Every value is read back bitwise identical. Files need not be trusted: reading one gives a valid network or an
//! [`Error`], takes memory in proportion to the length of the file, and ends. What the reader rejects, the writer
//! rejects too. A file is replaced atomically: the previous one stays complete until the new one is on the disk; see
//! [`replace()`].

mod container;
mod disk;
mod header;
mod model;
mod network2;
mod read;
mod replace;
mod rows;
mod serial;
mod stream;
mod tensor;
mod transpose;

use std::path::Path;

pub use container::Container;
pub use disk::{Disk, Entry, FileSystem, Output};
pub use model::Model;
#[cfg(feature = "onnx")]
pub(crate) use model::activation;
pub(crate) use model::{described_bytes, save_described};
pub use network2::{Network2, Network2Cost};
pub use read::MAX_BYTES;
#[cfg(feature = "onnx")]
pub(crate) use read::read as read_file;
pub use replace::replace;
pub use tensor::Tensor;
#[cfg(feature = "onnx")]
pub(crate) use transpose::transpose;

use crate::error::{Error, FileProblem};

/// The name in place of a path in errors about bytes in memory.
pub(crate) const IN_MEMORY: &str = "<bytes>";

/// The result of functions that do not know the path of the file.
pub(crate) type Outcome<V> = std::result::Result<V, FileProblem>;

/// Returns the error for a file.
pub(crate) fn refuse(path: impl AsRef<Path>, problem: FileProblem) -> Error {
    Error::File { path: path.as_ref().to_path_buf(), problem }
}
