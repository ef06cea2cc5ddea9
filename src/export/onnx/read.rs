//! Networks from ONNX files.

use std::path::Path;
use std::str::FromStr;

use nalgebra::{DMatrix, DVector};
use serde::de::DeserializeOwned;

use super::array::{Array, element_type};
use super::chain::{Found, Matrix, layers, other_type};
use super::proto::Graph;
use super::scaling::Scaling;
use super::{MAX_BYTES, Outcome, problem};
use crate::activation::Activation;
use crate::error::{Error, FileProblem, OnnxProblem, Result};
use crate::memory;
use crate::network::{Dense, Network};
use crate::persist::{IN_MEMORY, Model, activation, read_file, refuse, transpose};
use crate::predict::{Meaning, Predictor};
use crate::real::{LittleEndian, Real};

/// Networks from ONNX files, those of this crate and those of other programs; see [`export::onnx`](crate::export::onnx)
/// for what is read.
impl<T, H, O> Network<T, H, O>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    /// Reads the network in the ONNX file at `path`, which has at most 2 GiB.
    ///
    /// A network of [`AnyActivation`](crate::activation::AnyActivation) takes every activation of the crate; any other
    /// takes its own only, and can go on training with the costs that belong to it.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_onnx_bytes`](Self::from_onnx_bytes), and [`Error::File`] with
    /// [`FileProblem::NotFound`], [`IsADirectory`](crate::FileProblem::IsADirectory),
    /// [`NotAFile`](crate::FileProblem::NotAFile), [`Unreadable`](crate::FileProblem::Unreadable),
    /// [`Changed`](crate::FileProblem::Changed), [`TooLarge`](crate::FileProblem::TooLarge) or
    /// [`OutOfMemory`](crate::FileProblem::OutOfMemory).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("digits.onnx");
    /// let network = Network::<f32, _, _>::new(&[784, 30, 10], Gelu, Softmax::default(), &ByActivation, 1)?;
    /// network.to_onnx(&path)?;
    /// assert_eq!(Network::<f32, Gelu, Softmax>::from_onnx(&path)?, network);
    ///
    /// let any = Network::<f32, AnyActivation, AnyActivation>::from_onnx(&path)?;
    /// assert_eq!(any.hidden()[0].activation, Gelu.into());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_onnx(path: impl AsRef<Path>) -> Result<Self> {
        of_file(path.as_ref(), network)
    }

    /// Reads the network in the bytes of an ONNX file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] with
    ///
    /// - [`FileProblem::Onnx`] if the bytes are no ONNX file, or the graph in it is no chain of
    ///   dense layers and activations of the crate; the message names the node;
    /// - [`FileProblem::Dtype`] if its numbers are not of type `T`;
    /// - [`FileProblem::OtherActivation`] or
    ///   [`FileProblem::Activation`] if an activation is not `H` or `O`;
    /// - [`FileProblem::Network`] if a parameter is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f64, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
    /// let bytes = network.to_onnx_bytes()?;
    /// assert_eq!(Network::<f64, Tanh, Sigmoid>::from_onnx_bytes(&bytes)?, network);
    ///
    /// let error = Network::<f64, Relu, Sigmoid>::from_onnx_bytes(&bytes).unwrap_err();
    /// assert!(error.to_string().contains("tanh"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_onnx_bytes(bytes: &[u8]) -> Result<Self> {
        in_memory(network(bytes))
    }
}

/// Models from ONNX files that [`to_onnx`](Self::to_onnx) has written.
impl<T, H, O, D> Model<Network<T, H, O>, D>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: DeserializeOwned,
{
    /// Reads the model in the ONNX file at `path`, which has at most 2 GiB.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::from_onnx`] and of [`from_onnx_bytes`](Self::from_onnx_bytes).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::persist::Model;
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("model.onnx");
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
    /// let model = Model { network, description: "trained on Monday".to_owned() };
    /// model.to_onnx(&path)?;
    /// let again = Model::<Network<f32, Tanh, Sigmoid>, String>::from_onnx(&path)?;
    /// assert_eq!(again, model);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_onnx(path: impl AsRef<Path>) -> Result<Self> {
        of_file(path.as_ref(), model)
    }

    /// Reads the model in the bytes of an ONNX file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::from_onnx_bytes`], and [`Error::File`] with
    /// [`FileProblem::Undescribed`](crate::FileProblem::Undescribed) if the file has no description, or with
    /// [`FileProblem::Json`](crate::FileProblem::Json) if it is no `D`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::persist::Model;
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
    /// let model = Model { network, description: vec!["of a Monday".to_owned()] };
    /// let again = Model::<Network<f32, Tanh, Sigmoid>, Vec<String>>::from_onnx_bytes(&model.to_onnx_bytes()?)?;
    /// assert_eq!(again, model);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_onnx_bytes(bytes: &[u8]) -> Result<Self> {
        in_memory(model(bytes))
    }
}

/// Predictors from ONNX files that [`to_onnx`](Self::to_onnx) has written.
impl<T, H, O> Predictor<T, H, O>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    /// Reads the predictor in the ONNX file at `path`, which has at most 2 GiB. It predicts the same bits as the one that was written.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::from_onnx`] and of [`from_onnx_bytes`](Self::from_onnx_bytes).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("cats.onnx");
    /// let x = DMatrix::from_column_slice(1, 4, &[170.0f32, 180.0, 30.0, 40.0]);
    /// let data = Dataset::from_class_names(x, &["human", "human", "cat", "cat"])?;
    /// let meaning = Meaning::of(&data).with_input_scaler(Standardize.fit(&data)?);
    /// let network = Network::<f32, _, _>::new(&[1, 3, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    /// let mut predictor = Predictor::new(network, meaning)?;
    /// predictor.to_onnx(&path)?;
    ///
    /// let mut again = Predictor::<f32, Tanh, Softmax>::from_onnx(&path)?;
    /// assert_eq!((again.network(), again.meaning()), (predictor.network(), predictor.meaning()));
    /// assert_eq!(again.predict(&[36.0])?.values(), predictor.predict(&[36.0])?.values());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_onnx(path: impl AsRef<Path>) -> Result<Self> {
        let (network, meaning) = of_file(path.as_ref(), predictor)?;
        Self::new(network, meaning)
    }

    /// Reads the predictor in the bytes of an ONNX file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::from_onnx_bytes`] and of [`Predictor::new`], and [`Error::File`] with
    ///
    /// - [`FileProblem::Undescribed`](crate::FileProblem::Undescribed) if the file has no description, such as one of another
    ///   program, and [`FileProblem::Json`](crate::FileProblem::Json) if it is no [`Meaning`];
    /// - [`FileProblem::Onnx`] if the nodes before or after the layers do not scale as it says.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_column_slice(1, 4, &[170.0f32, 180.0, 30.0, 40.0]);
    /// let data = Dataset::from_class_names(x, &["human", "human", "cat", "cat"])?;
    /// let network = Network::<f32, _, _>::new(&[1, 3, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    /// let predictor = Predictor::new(network, Meaning::of(&data))?;
    ///
    /// let again = Predictor::<f32, Tanh, Softmax>::from_onnx_bytes(&predictor.to_onnx_bytes()?)?;
    /// assert_eq!(again.meaning().class_names(), ["cat", "human"]);
    /// assert_eq!(again.network(), predictor.network());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_onnx_bytes(bytes: &[u8]) -> Result<Self> {
        let (network, meaning) = in_memory(predictor(bytes))?;
        Self::new(network, meaning)
    }
}

/// Reads the file at `path`, and what it holds by `read`.
fn of_file<V>(path: &Path, read: impl FnOnce(&[u8]) -> Outcome<V>) -> Result<V> {
    let bytes = read_file(path, MAX_BYTES);
    bytes.and_then(|bytes| read(&bytes)).map_err(|problem| refuse(path, problem))
}

/// Gives a problem of bytes in memory the name of no file.
fn in_memory<V>(read: Outcome<V>) -> Result<V> {
    read.map_err(|problem| refuse(IN_MEMORY, problem))
}

fn model<T, H, O, D>(bytes: &[u8]) -> Outcome<Model<Network<T, H, O>, D>>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: DeserializeOwned,
{
    let graph = Graph::of_file(bytes)?;
    let description = description(&graph)?;
    Ok(Model { network: of_graph(&graph)?, description })
}

fn predictor<T, H, O>(bytes: &[u8]) -> Outcome<(Network<T, H, O>, Meaning)>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    let mut graph = Graph::of_file(bytes)?;
    let meaning: Meaning = description(&graph)?;
    Scaling::<T>::of_inputs(meaning.input_scaler())?.remove_first(&mut graph)?;
    Scaling::<T>::of_outputs(meaning.target_scaler())?.remove_last(&mut graph)?;
    Ok((of_graph(&graph)?, meaning))
}

fn description<D: DeserializeOwned>(graph: &Graph<'_>) -> Outcome<D> {
    let text = graph.description.ok_or(FileProblem::Undescribed)?;
    serde_json::from_str(text)
        .map_err(|error| FileProblem::Json { what: "description", reason: error.to_string() })
}

fn network<T, H, O>(bytes: &[u8]) -> Outcome<Network<T, H, O>>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    of_graph(&Graph::of_file(bytes)?)
}

fn of_graph<T, H, O>(graph: &Graph<'_>) -> Outcome<Network<T, H, O>>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    let layers = layers(graph, element_type::<T>())?;
    let Some((output, hidden)) = layers.split_last() else {
        return Err(problem(OnnxProblem::Missing { what: "dense layer" }));
    };
    let hidden = (1..).zip(hidden).map(|(layer, found)| dense(layer, found)).collect::<Outcome<_>>()?;
    let output = dense(layers.len(), output)?;
    Ok(Network::from_layers(hidden, output)?)
}

fn dense<T, A>(layer: usize, found: &Found<'_, '_>) -> Outcome<Dense<T, A>>
where
    T: Real,
    A: FromStr<Err = Error>,
{
    let Found { weights, alpha, biases, activation: name } = found;
    let mut weights = matrix::<T>(weights)?;
    if *alpha != 1.0 {
        weights *= T::cast((*alpha).into());
    }
    let n_outputs = weights.nrows();
    let biases = match biases {
        None => DVector::zeros(n_outputs),
        Some((array, beta)) => {
            let values = values::<T>(array)?.iter().map(|&bytes| T::from_bytes(bytes));
            // A single number is that of all outputs.
            let mut biases = DVector::from_iterator(n_outputs, values.cycle().take(n_outputs));
            if *beta != 1.0 {
                biases *= T::cast((*beta).into());
            }
            biases
        }
    };
    Ok(Dense { weights, biases, activation: activation(layer, &name.to_string())? })
}

/// The weights of a layer, outputs × inputs.
fn matrix<T: Real>(found: &Matrix<'_, '_>) -> Outcome<DMatrix<T>> {
    let stored = values::<T>(found.array)?;
    // Their product is the number of values, and neither is 0.
    let (n_outputs, n_inputs) = (found.n_outputs as usize, found.n_inputs as usize);
    let mut weights = memory::zeros("the weights of a layer", n_outputs, n_inputs)?;
    if found.rows_are_outputs {
        let to = (weights.as_mut_slice(), n_outputs);
        transpose((stored, n_inputs), to, (n_outputs, n_inputs), T::from_bytes);
    } else {
        // Row by row in the file, w transposed is w column by column.
        weights.iter_mut().zip(stored).for_each(|(value, &bytes)| *value = T::from_bytes(bytes));
    }
    Ok(weights)
}

/// The elements of a tensor, as many as its sizes say, and at least one.
fn values<'b, T: Real>(array: &'b Array<'_>) -> Outcome<&'b [T::Bytes]> {
    let expected = element_type::<T>();
    if array.element != expected {
        return Err(other_type(format!("tensor {}", array.name), array.element, expected));
    }
    let refused = |why: String| {
        let (name, offset) = (array.name.to_owned(), array.offset);
        problem(OnnxProblem::Tensor { name, offset, why })
    };
    if array.external {
        let why = "its values are in another file; export it into one file (PyTorch: external_data=False)";
        return Err(refused(why.to_owned()));
    }
    let size = size_of::<T>();
    let elements =
        array.dims.iter().try_fold(1_usize, |product, &dim| product.checked_mul(usize::try_from(dim).ok()?));
    let values = <T as LittleEndian>::groups(&array.data);
    match elements {
        Some(n) if n > 0 && n == values.len() && n * size == array.data.len() => Ok(values),
        _ => {
            let (bytes, dims) = (array.data.len(), &array.dims);
            Err(refused(format!("it has {bytes} bytes of values, which its shape {dims:?} does not take")))
        }
    }
}
