//! Networks to and from [ONNX](https://onnx.ai) files, which ONNX Runtime, tract, rten and many other runtimes read.
//!
//! | for | see |
//! |---|---|
//! | a network | [`Network::to_onnx`](crate::network::Network::to_onnx), [`Network::from_onnx`](crate::network::Network::from_onnx) |
//! | a network with the scaling and the class names of its data | [`Predictor::to_onnx`](crate::predict::Predictor::to_onnx), [`Predictor::from_onnx`](crate::predict::Predictor::from_onnx) |
//! | a network with a description of another kind | [`Model::to_onnx`](crate::persist::Model::to_onnx), [`Model::from_onnx`](crate::persist::Model::from_onnx) |
//! | without a file system | `to_onnx_bytes`, `from_onnx_bytes` |
//!
//! # What is written
//!
//! The graph takes `input`, samples × inputs, and gives `output`, samples × outputs. The number of samples is free, and
//! the elements are of the network's type, `f32` or `f64`. Layer i, counted from 0, is a `Gemm` with the tensors
//! `layers.i.weight` (w, outputs × inputs) and `layers.i.bias` (b), as in the crate's own files; in double precision
//! it is a `MatMul` with `layers.i.weight.transposed` and an `Add`. Then come the operators of its activation:
//!
//! | activation | operators | in double precision |
//! |---|---|---|
//! | tanh, ReLU, exponential | `Tanh`, `Relu`, `Exp` | the same |
//! | sigmoid | `Sigmoid` | 1/(1 + e^(−z)) |
//! | leaky ReLU | `LeakyRelu` | max(z, s z) |
//! | ELU, SELU | `Elu`, and a multiple of it | s max(z, 0) + l (e^min(z, 0) − 1) |
//! | softplus | `Softplus` | max(z, 0) + ln(1 + e^(−\|z\|)) |
//! | GELU | ½ z (1 + erf(z/√2)) | the same |
//! | SiLU | z σ(z) | z/(1 + e^(−z)) |
//! | softmax | `Softmax` of c z; without c if it is 1 | the same |
//! | linear | none | none |
//!
//! In double precision these are formulas because runtimes have the operators in single precision only, and because an
//! attribute, such as the α of `Elu`, is a number in single precision. ONNX Runtime has `Erf` in single precision only,
//! and rejects a GELU in double precision.
//!
//! A [`Predictor`](crate::predict::Predictor) has nodes for its scaling too, before and after the layers. Entries of
//! the metadata: `class_names`, a list of texts as JSON, and `gradus.description`, the
//! [`Meaning`](crate::predict::Meaning) or the description of a [`Model`](crate::persist::Model) as JSON.
//!
//! # What is read
//!
//! A chain from one input to one output, as the exporters of PyTorch and scikit-learn (skl2onnx) write it:
//!
//! - dense layers: `Gemm`, or `MatMul` and `Add`, whose weights and biases are in the file;
//! - activations: the operators and formulas above, in any order of their arguments;
//! - before a layer, nodes that leave each sample a vector: `Flatten`, `Reshape`, a `Cast` of the inputs, `Identity`,
//!   `Dropout`;
//! - after the last layer, labels: `ArgMax`, `ZipMap` and similar nodes, and the two columns 1 − p and p of a
//!   classifier of two classes. They are left out; the network gives the probabilities, and of two classes p alone.
//!
//! A `Predictor` is read from a file that `Predictor::to_onnx` has written: the scaling is that of
//! `gradus.description`, and the nodes that scale must agree with it.
//!
//! Any other node gives an error with its name and operator. An attribute in single precision is read as the shortest
//! decimal number that rounds to it, 0.1 as 0.1. Files need not be trusted: from any bytes, reading gives a valid
//! network or an [`Error`](crate::Error) that says where, and takes memory in proportion to their length. ONNX files
//! have no checksum: damage to a weight is not noticed.
//!
//! # Examples
//!
//! ```
//! use gradus::prelude::*;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("xor.onnx");
//! let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
//! let y = DMatrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0]);
//! let mut network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ByActivation, 1)?;
//! Trainer::new(CrossEntropy).stop(MaxEpochs::new(5)?).fit(&mut network, &Dataset::new(x, y)?, None)?;
//! network.to_onnx(&path)?;
//! assert_eq!(Network::<f32, Tanh, Sigmoid>::from_onnx(&path)?, network);
//! # Ok::<(), gradus::Error>(())
//! ```
//!
//! Source: the specification of ONNX, "Open Neural Network Exchange", and its list of operators.

mod array;
mod attribute;
mod attributes;
mod chain;
mod field;
mod formula;
mod functions;
mod graph;
mod nodes;
mod operators;
mod proto;
mod read;
mod scaling;
mod wire;
mod write;

use crate::error::{FileProblem, OnnxProblem};
use crate::persist::Outcome;

/// The version of the operators that is written, of November 2020: the first in which softmax runs along one axis, as
/// it does today.
pub const OPSET: i64 = 13;

/// The version of the format that is written: the one that came with these operators.
pub const IR_VERSION: i64 = 7;

/// The maximum length of a file, in bytes: 2 GiB, the limit of protocol buffers.
const MAX_BYTES: u64 = i32::MAX as u64;

/// The maximum number of inputs, outputs or attributes of a node, sizes of a shape, or integers of a list.
const MAX_PARTS: usize = 32;

/// The metadata entry that holds the description of the network as JSON.
const DESCRIPTION: &str = "gradus.description";

fn problem(problem: OnnxProblem) -> FileProblem {
    FileProblem::Onnx(problem)
}
