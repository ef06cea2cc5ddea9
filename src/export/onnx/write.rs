//! Networks as ONNX files.

use std::path::Path;

use serde::Serialize;

use super::array::{DOUBLE, element_type};
use super::graph::Writer;
use super::scaling::Scaling;
use super::{DESCRIPTION, MAX_BYTES, Outcome, operators, problem};
use crate::activation::{Activation, AnyActivation, Elu, LeakyRelu, Linear};
use crate::data::Scaler;
use crate::error::{FileProblem, OnnxProblem, Result};
use crate::network::{self, AnyNetwork, Layer, Network};
use crate::persist::{FileSystem, IN_MEMORY, Model, refuse, replace};
use crate::predict::{Meaning, Predictor};
use crate::real::Real;

/// Networks as ONNX files; see [`export::onnx`](crate::export::onnx) for the format.
impl<T: Real, H: Activation<T>, O: Activation<T>> Network<T, H, O> {
    /// Writes the network to the ONNX file at `path`, in place of the one that is there; see
    /// [`persist::replace()`](crate::persist::replace()).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`to_onnx_bytes`](Self::to_onnx_bytes) and of [`replace()`](crate::persist::replace()).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let network = Network::<f32, _, _>::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 42)?;
    /// let path = folder.path().join("digits.onnx");
    /// network.to_onnx(&path)?;
    /// assert_eq!(Network::<f32, Sigmoid, Softmax>::from_onnx(&path)?, network);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn to_onnx(&self, path: impl AsRef<Path>) -> Result<()> {
        save(path, self, &Surroundings::default())
    }

    /// Returns the bytes of an ONNX file.
    ///
    /// The graph takes `input`, samples × inputs, and gives `output`, samples × outputs, for any number of samples.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) with [`OnnxProblem::Activation`] if an activation is not one of the
    /// crate's own, with [`OnnxProblem::Parameter`] if the network is in single precision, which cannot hold a
    /// parameter of an activation, with [`OnnxProblem::TooLarge`] if the file would have more than 2 GiB, and with
    /// [`FileProblem::Network`] if the layers were changed so that they do not fit each other or if a parameter is
    /// not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
    /// let bytes = network.to_onnx_bytes()?;
    /// assert_eq!(Network::<f32, Tanh, Sigmoid>::from_onnx_bytes(&bytes)?, network);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn to_onnx_bytes(&self) -> Result<Vec<u8>> {
        bytes(self, &Surroundings::default()).map_err(|problem| refuse(IN_MEMORY, problem))
    }
}

/// Models as ONNX files. The description is an entry of the metadata, `gradus.description`, as JSON.
impl<T: Real, H: Activation<T>, O: Activation<T>, D: Serialize> Model<Network<T, H, O>, D> {
    /// Writes the model to the ONNX file at `path`, in place of the one that is there.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`to_onnx_bytes`](Self::to_onnx_bytes) and of [`replace()`](crate::persist::replace()).
    pub fn to_onnx(&self, path: impl AsRef<Path>) -> Result<()> {
        let described =
            Surroundings::described(&self.description).map_err(|problem| refuse(&path, problem))?;
        save(path, &self.network, &described)
    }

    /// Returns the bytes of an ONNX file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::to_onnx_bytes`], and [`FileProblem::Json`] if the description cannot be
    /// written.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::persist::Model;
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
    /// let bytes = Model { network, description: ["of a Monday"] }.to_onnx_bytes()?;
    /// assert!(bytes.windows(15).any(|text| text == br#"["of a Monday"]"#));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn to_onnx_bytes(&self) -> Result<Vec<u8>> {
        let described = Surroundings::described(&self.description);
        described
            .and_then(|described| bytes(&self.network, &described))
            .map_err(|problem| refuse(IN_MEMORY, problem))
    }
}

/// Predictors as ONNX files. The graph scales the inputs, so that it takes them as they are in the data, and gives the
/// outputs in the units of the data. The metadata have the entries `class_names`, a list of texts as JSON, if the
/// classes have names, and `gradus.description`, the [`Meaning`] as JSON.
impl<T: Real, H: Activation<T>, O: Activation<T>> Predictor<T, H, O> {
    /// Writes the predictor to the ONNX file at `path`, in place of the one that is there.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`to_onnx_bytes`](Self::to_onnx_bytes) and of [`replace()`](crate::persist::replace()).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let x = DMatrix::from_column_slice(1, 4, &[170.0f32, 180.0, 30.0, 40.0]);
    /// let data = Dataset::from_class_names(x, &["human", "human", "cat", "cat"])?;
    /// let meaning = Meaning::of(&data).with_input_scaler(Standardize.fit(&data)?);
    /// let network = Network::<f32, _, _>::new(&[1, 3, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    /// let predictor = Predictor::new(network, meaning)?;
    /// predictor.to_onnx(folder.path().join("cats.onnx"))?;
    /// assert_eq!(std::fs::read(folder.path().join("cats.onnx")).unwrap(), predictor.to_onnx_bytes()?);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn to_onnx(&self, path: impl AsRef<Path>) -> Result<()> {
        let meaning = Surroundings::of(self.meaning()).map_err(|problem| refuse(&path, problem))?;
        save(path, self.network(), &meaning)
    }

    /// Returns the bytes of an ONNX file, whose output is [`Prediction::values`](crate::predict::Prediction::values).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::to_onnx_bytes`], and [`Error::File`](crate::Error::File) with
    /// [`OnnxProblem::Scale`] if the network is in single precision, which cannot hold a center or a width of a scaler.
    pub fn to_onnx_bytes(&self) -> Result<Vec<u8>> {
        let meaning = Surroundings::of(self.meaning());
        meaning
            .and_then(|meaning| bytes(self.network(), &meaning))
            .map_err(|problem| refuse(IN_MEMORY, problem))
    }
}

/// The scaling and the metadata that are written with a network.
#[derive(Debug, Default)]
struct Surroundings<'a> {
    inputs: Option<&'a Scaler>,
    outputs: Option<&'a Scaler>,
    metadata: Vec<(String, String)>,
}

impl<'a> Surroundings<'a> {
    fn described(description: &impl Serialize) -> Outcome<Self> {
        let text = json(description)?;
        Ok(Self { metadata: vec![(DESCRIPTION.to_owned(), text)], ..Self::default() })
    }

    fn of(meaning: &'a Meaning) -> Outcome<Self> {
        let mut surroundings = Self {
            inputs: meaning.input_scaler(),
            outputs: meaning.target_scaler(),
            ..Self::described(meaning)?
        };
        if !meaning.class_names().is_empty() {
            surroundings.metadata.push(("class_names".to_owned(), json(&meaning.class_names())?));
        }
        Ok(surroundings)
    }
}

fn json(value: &impl Serialize) -> Outcome<String> {
    let reason =
        |error: serde_json::Error| FileProblem::Json { what: "description", reason: error.to_string() };
    serde_json::to_string(value).map_err(reason)
}

fn save<T: Real>(
    path: impl AsRef<Path>,
    network: &dyn AnyNetwork<T>,
    surroundings: &Surroundings<'_>,
) -> Result<()> {
    let bytes = bytes(network, surroundings).map_err(|problem| refuse(&path, problem))?;
    replace(&FileSystem, path, &bytes)
}

fn bytes<T: Real>(network: &dyn AnyNetwork<T>, surroundings: &Surroundings<'_>) -> Outcome<Vec<u8>> {
    let layers = network.layers();
    check_size(&layers)?;
    network::check(network)?;
    let before = Scaling::<T>::of_inputs(surroundings.inputs)?;
    let after = Scaling::<T>::of_outputs(surroundings.outputs)?;
    let mut graph = Writer::new();
    let mut value = before.write(&mut graph, "input", "inputs.scaled");
    for (index, layer) in layers.iter().enumerate() {
        let name = |what: &str| format!("layers.{index}.{what}");
        let activation = activation(index + 1, layer)?;
        let is_result = index + 1 == layers.len() && after.is_empty();
        let a = if is_result { "output".to_owned() } else { name("a") };
        let z = if activation == Linear.into() { a.clone() } else { name("z") };
        graph.dense(&name(""), layer, &value, &z);
        operators::write::<T>(&mut graph, activation, &z, &a);
        value = a;
    }
    after.write(&mut graph, &value, "output");
    let sizes = network.sizes();
    let (n_inputs, n_outputs) = (sizes.first().copied().unwrap_or(0), sizes.last().copied().unwrap_or(0));
    Ok(graph.finish::<T>(("input", n_inputs), ("output", n_outputs), &surroundings.metadata))
}

/// The activation of a layer, if it is one of the crate's own: it has the name of one and the same outputs.
fn activation<T: Real>(index: usize, layer: &Layer<'_, T>) -> Outcome<AnyActivation> {
    let name = layer.activation.name();
    let Some(own) = name.parse::<AnyActivation>().ok().filter(|own| is_same(layer.activation, own)) else {
        let (name, known) = (name.into_owned(), AnyActivation::NAMES.join(", "));
        return Err(problem(OnnxProblem::Activation { layer: index, name, known }));
    };
    // An attribute is a number in single precision.
    let fits = match own {
        AnyActivation::Elu(elu) => Elu::new(f64::from(elu.alpha() as f32)).is_ok(),
        AnyActivation::LeakyRelu(leaky) => LeakyRelu::new(f64::from(leaky.slope() as f32)).is_ok(),
        _ => true,
    };
    match fits || element_type::<T>() == DOUBLE {
        true => Ok(own),
        false => Err(problem(OnnxProblem::Parameter { layer: index, name: name.into_owned() })),
    }
}

/// Whether two activations have the same outputs for some sample values.
fn is_same<T: Real>(a: &dyn Activation<T>, b: &dyn Activation<T>) -> bool {
    let z =
        nalgebra::DMatrix::from_column_slice(7, 1, &[-30.0, -2.5, -0.25, 0.0, 0.25, 2.5, 30.0].map(T::cast));
    let (mut of_a, mut of_b) = (z.clone(), z.clone());
    a.activate(&z, &mut of_a);
    b.activate(&z, &mut of_b);
    of_a == of_b
}

fn check_size<T: Real>(layers: &[Layer<'_, T>]) -> Outcome<()> {
    let parameters = layers.iter().map(|layer| layer.weights.len() + layer.biases.len()).sum::<usize>();
    let bytes = (parameters as u64).saturating_mul(size_of::<T>() as u64);
    // Leaves 16 MiB for the rest of the file.
    match bytes <= MAX_BYTES - (1 << 24) {
        true => Ok(()),
        false => Err(problem(OnnxProblem::TooLarge { bytes })),
    }
}
