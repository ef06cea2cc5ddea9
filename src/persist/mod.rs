//! Networks in files: safetensors, and the JSON of the book's `network2.py`.
//!
//! | for | see |
//! |---|---|
//! | a trained network | [`Network::save`](crate::network::Network::save), [`Network::load`](crate::network::Network::load) |
//! | without a file system | [`Network::to_bytes`](crate::network::Network::to_bytes), [`Network::from_bytes`](crate::network::Network::from_bytes) |
//! | a network with the scaling or the class names of its data | [`Predictor`](crate::predict::Predictor), [`Model`] |
//! | JSON and other formats of serde | `Network` is `Serialize` and `Deserialize` |
//! | a network of the book's program | [`Network2`] |
//! | tensors and settings of one's own | [`Container`] |
//!
//! Every number comes back to the bit. A file may come from a stranger: whatever is in it, reading it gives a valid
//! network or an [`Error`], takes memory in proportion to the length of the file, and ends. What the
//! reader rejects, the writer rejects too. Files are replaced so that the previous one is there, whole, until the new
//! one is; see [`replace()`].

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

/// The name that stands for a file in the errors of bytes that are in memory.
pub(crate) const IN_MEMORY: &str = "<bytes>";

/// What the functions return that do not know the name of the file.
pub(crate) type Outcome<V> = std::result::Result<V, FileProblem>;

/// The error for a file.
pub(crate) fn refuse(path: impl AsRef<Path>, problem: FileProblem) -> Error {
    Error::File { path: path.as_ref().to_path_buf(), problem }
}
