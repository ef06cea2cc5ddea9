//! What can be wrong with a model file, a checkpoint or a file of `network2.py`.

use std::io;

use super::{Error, OnnxProblem, text};

/// Why a file could not be read or written.
///
/// # Examples
///
/// A network that is loaded as a type with another activation:
///
/// ```
/// use gradus::prelude::*;
/// use gradus::{Error, FileProblem};
///
/// let network = Network::<f32, _, _>::new(&[2, 3, 1], Relu, Sigmoid, &ByActivation, 1)?;
/// let bytes = network.to_bytes()?;
/// let Err(Error::File { problem, .. }) = Network::<f32, Tanh, Sigmoid>::from_bytes(&bytes)
/// else {
///     panic!("expected an error");
/// };
/// match problem {
///     FileProblem::OtherActivation { layer, found, expected } => {
///         assert_eq!((layer, &found[..], &expected[..]), (1, "relu", "tanh"));
///     }
///     other => panic!("{other}"),
/// }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// There is no such file.
    #[error("there is no such file; check the path")]
    NotFound,

    /// The path leads to a directory.
    #[error("this is a directory; give the path of a file in it")]
    IsADirectory,

    /// The path leads to a pipe, a device or a socket.
    #[error(
        "this is a pipe, a device or a socket, and only regular files are read and replaced; copy the data to a file"
    )]
    NotAFile,

    /// The path is empty or ends in `..`, or its symbolic links lead in a circle.
    #[error(
        "the path names no file: it is empty or ends in `..`, or its symbolic links lead in a circle; give another path"
    )]
    NoName,

    /// The file that would be replaced is marked as read-only.
    #[error("the file is read-only and would be replaced; make it writable or choose another path")]
    ReadOnly,

    /// The operating system failed to read the file.
    #[error("cannot be read: {source}; check its permissions and the disk")]
    Unreadable {
        /// What the system says.
        source: io::Error,
    },

    /// The length of the file has changed since it was opened.
    #[error(
        "{found} bytes were read of {expected}: the file is being changed; read it again when it is complete"
    )]
    Changed {
        /// How many bytes were read.
        found: u64,
        /// How many there were when the file was opened.
        expected: u64,
    },

    /// The file is longer than the limit.
    #[error(
        "the file has {length} bytes, at most {allowed} are read; if you trust it, raise the limit with `load_within`"
    )]
    TooLarge {
        /// The length of the file.
        length: u64,
        /// The limit.
        allowed: u64,
    },

    /// There is no memory for the contents.
    #[error("there is no memory for {bytes} more bytes; end other programs")]
    OutOfMemory {
        /// How many more bytes were needed.
        bytes: u64,
    },

    /// The extension of a picture's name is of no format that can be written.
    #[error("the name ends neither in .svg nor in .png; give one that does")]
    NoPicture,

    /// A picture would have more pixels than are drawn.
    #[error(
        "{width} × {height} pixels are too large a picture, it may have {allowed} in all; draw fewer things in it"
    )]
    LargePicture {
        /// The width in pixels.
        width: u64,
        /// The height in pixels.
        height: u64,
        /// The most pixels, width times height.
        allowed: u64,
    },

    /// A picture could not be drawn.
    #[error("cannot be drawn: {problem}")]
    Undrawable {
        /// What the drawing library says.
        problem: String,
    },

    /// A step of writing the file failed.
    #[error("cannot be written: failed to {step} ({source}); {}", text::unwritable(source))]
    Unwritable {
        /// The step that failed. If it is `"sync the folder"`, the last one, the new file is in place but may not
        /// survive a loss of power. After a failure of any other step, the previous file is untouched.
        step: &'static str,
        /// What the system says.
        source: io::Error,
    },

    /// The file is not in the safetensors format.
    #[error("this is not a safetensors file ({reason}); is it the right file?")]
    NotSafetensors {
        /// What is wrong with its header.
        reason: String,
    },

    /// A safetensors file that holds no model or checkpoint of this crate.
    #[error(
        "this is a safetensors file of another program: its metadata do not begin with the entry `gradus`, which names \
         the activation functions; save the network with `Network::save`"
    )]
    Foreign,

    /// The checksum does not agree with the bytes.
    #[error(
        "the checksum in the file is {found}, that of its bytes {computed}: the file is damaged or cut short; get it again"
    )]
    Checksum {
        /// The eight digits in the file.
        found: String,
        /// The CRC-32 of the bytes, in the same form.
        computed: String,
    },

    /// The file has an unknown version of the format.
    #[error(
        "the file has version {found} of the format, this release reads version {supported}; use a newer release"
    )]
    Version {
        /// The version in the file.
        found: u64,
        /// The version that is read and written.
        supported: u64,
    },

    /// The file holds something else, such as a checkpoint in place of a model.
    #[error("the file is a {found}, not a {expected}; is it the right file?")]
    Kind {
        /// What the file holds.
        found: String,
        /// What was expected.
        expected: &'static str,
    },

    /// The JSON in the file, or the JSON to be written, is invalid or has an unexpected content.
    #[error("the {what} cannot be read ({reason}); the file is damaged or of another program")]
    Json {
        /// Which JSON, such as the description of a model or the whole file of `network2.py`.
        what: &'static str,
        /// What is wrong with it, and where.
        reason: String,
    },

    /// A tensor is missing.
    #[error("there is no tensor {name}; the file is incomplete: save the network again")]
    MissingTensor {
        /// Its name.
        name: String,
    },

    /// A tensor that does not belong there.
    #[error("tensor {name} belongs to no layer; remove it or save the network again")]
    UnknownTensor {
        /// Its name.
        name: String,
    },

    /// Two tensors of the same name, or one with the name that the format reserves.
    #[error("tensor {name} is there twice, or has a reserved name; give each tensor a name of its own")]
    DuplicateTensor {
        /// Its name.
        name: String,
    },

    /// The shape of a tensor does not match the sizes of the layers.
    #[error("tensor {name} has shape {found:?}, but the layers need {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },

    /// The numbers have another type than those of the network.
    #[error("the numbers of {name} are of type {found}, not {expected}: {}", text::other_numbers(found))]
    Dtype {
        /// The tensor, or `"the model"`.
        name: String,
        /// Their type in the file.
        found: String,
        /// The type of the network.
        expected: &'static str,
    },

    /// A layer has another activation function than the type of the network says.
    #[error(
        "layer {layer} (the inputs are layer 0) has the activation {found}, not {expected} as the type of the network says: \
         name the activations of the file, or load a network of `AnyActivation`"
    )]
    OtherActivation {
        /// Which layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// The name in the file.
        found: String,
        /// The name of the type's activation.
        expected: String,
    },

    /// A layer has an activation function that the type of the network cannot take.
    #[error("layer {layer} (the inputs are layer 0) has the activation {found}: {source}")]
    Activation {
        /// Which layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// The name in the file.
        found: String,
        /// Why the type of the network cannot take it.
        source: Box<Error>,
    },

    /// The name of a layer's activation function is parsed as another one.
    #[error(
        "the activation of layer {layer} (the inputs are layer 0) calls itself {name}, but that name gives {again}: make \
         `name` and `FromStr` agree"
    )]
    ActivationName {
        /// Which layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// The name that the activation gives.
        name: String,
        /// The activation that the name was parsed as.
        again: String,
    },

    /// The layers do not fit each other, or a parameter is not finite.
    #[error("{source}")]
    Network {
        /// What is wrong with the network.
        source: Box<Error>,
    },

    /// The ONNX file cannot be read, or the network cannot be written as one.
    #[error(transparent)]
    Onnx(OnnxProblem),

    /// The model has a description, which would be lost.
    #[error(
        "the model has a description (such as scaling or class names), without which its outputs may mean nothing; load a `Predictor`, whose `into_parts` gives the network, or a `Model`"
    )]
    Described,

    /// The model has no description.
    #[error("the model has no description; load a `Network`")]
    Undescribed,
}

impl From<Error> for FileProblem {
    fn from(source: Error) -> Self {
        Self::Network { source: Box::new(source) }
    }
}
