//! What can be wrong with an ONNX file, and with a network that is to be written to one.

/// Why a file could not be read as ONNX, or a network not be written.
///
/// # Examples
///
/// A web page that was saved instead of the file:
///
/// ```
/// # #[cfg(feature = "onnx")] {
/// use gradus::prelude::*;
/// use gradus::{Error, FileProblem, OnnxProblem};
///
/// match Network::<f32, Tanh, Softmax>::from_onnx_bytes(b"<html>").unwrap_err() {
///     Error::File { problem: FileProblem::Onnx(problem), .. } => {
///         assert!(matches!(problem, OnnxProblem::Malformed { offset: 0, .. }));
///         assert!(problem.to_string().starts_with("this is not an ONNX file"));
///     }
///     other => panic!("{other}"),
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxProblem {
    /// The bytes do not follow the encoding of ONNX files.
    #[error("this is not an ONNX file, or a damaged one: at byte {offset}, {reason}; get it again")]
    Malformed {
        /// The first byte of the field that is wrong, counted from 0.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },

    /// Something that every ONNX file has is missing.
    #[error("this is not an ONNX file, or it was cut short: it has no {what}; get it again")]
    Missing {
        /// What is missing.
        what: &'static str,
    },

    /// The operators are of a version whose meaning differs.
    #[error(
        "the file uses version {found} of the operators, and versions from {least} on are read; export it with a higher opset version"
    )]
    Opset {
        /// The version in the file.
        found: i64,
        /// The lowest version that is read.
        least: i64,
    },

    /// There are more items of a kind than a chain of layers has.
    #[error("at byte {offset}, the file has more than {allowed} {what}; a chain of dense layers has fewer")]
    TooMany {
        /// Where the first item above the limit begins, in bytes from the start of the file.
        offset: u64,
        /// What is counted.
        what: &'static str,
        /// The limit.
        allowed: usize,
    },

    /// The graph is not a chain from one input to one output.
    #[error("the graph {why}; only a chain of dense layers from one input to one output is read")]
    Graph {
        /// What it is instead.
        why: String,
    },

    /// A node that does not belong to a chain of dense layers and known activations.
    #[error("node `{name}` of type {operator}, at byte {offset}, cannot be read: {why}")]
    Node {
        /// Its name, or that of its first output if it has none.
        name: String,
        /// Its operator, with the domain if that is not ONNX's own.
        operator: String,
        /// Where it begins in the file, counted from 0.
        offset: u64,
        /// What is wrong with it.
        why: String,
    },

    /// A tensor whose values cannot be read.
    #[error("tensor `{name}`, at byte {offset}, cannot be read: {why}")]
    Tensor {
        /// Its name.
        name: String,
        /// Where it begins in the file, counted from 0.
        offset: u64,
        /// What is wrong with it.
        why: String,
    },

    /// A layer has an activation for which there are no operators.
    #[error(
        "layer {layer} (the inputs are layer 0) has the activation {name}, and only the crate's own are written: {known}"
    )]
    Activation {
        /// Which layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// The name that the activation gives.
        name: String,
        /// The names of those that are written.
        known: String,
    },

    /// A parameter of an activation is outside the range of single precision.
    #[error(
        "layer {layer} (the inputs are layer 0) has the activation {name}, whose parameter single precision cannot hold; choose another one, or train in double precision"
    )]
    Parameter {
        /// Which layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// The activation with its parameter.
        name: String,
    },

    /// A center or width of a scaler is outside the range of single precision.
    #[error(
        "the {what} of {of} {index} is {value:e}, which single precision cannot hold; choose other units, or train in double precision"
    )]
    Scale {
        /// `"center"` or `"width"`.
        what: &'static str,
        /// `"input"` or `"output"`.
        of: &'static str,
        /// Which of them, counted from 0.
        index: usize,
        /// The number.
        value: f64,
    },

    /// The network is larger than an ONNX file can be.
    #[error(
        "the parameters take {bytes} bytes, and an ONNX file has at most 2 GiB; save the network as safetensors"
    )]
    TooLarge {
        /// The bytes of all parameters.
        bytes: u64,
    },
}
