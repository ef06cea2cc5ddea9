//! Networks as Rust source: one file without dependencies, for firmware.

mod eight_bits;
mod functions;
mod meaning;
mod write;

use std::path::{Path, PathBuf};

use nalgebra::DMatrix;

pub use eight_bits::EightBits;

use crate::activation::{Activation, AnyActivation};
use crate::data::Samples;
use crate::error::{Error, FileProblem, Result, check_setting};
use crate::network::{Dense, Layer, Network};
use crate::persist::{FileSystem, replace};
use crate::predict::{Meaning, Predictor};
use eight_bits::Codes;

/// The maximum number of weights and biases: the compiler takes some 600 bytes of memory for each.
const MAX_PARAMETERS: usize = 4_000_000;

/// A network as the source of a Rust module, which computes its outputs without allocator, standard library or
/// dependencies.
///
/// ```text
/// pub fn predict(x: &[f32; N_INPUTS]) -> [f32; N_OUTPUTS]
/// pub fn predict_with(fused: impl Fn(f32, f32, f32) -> f32 + Copy, x: &[f32; N_INPUTS]) -> [f32; N_OUTPUTS]
/// ```
///
/// The outputs are bitwise identical to those of [`Network::predict`] on every machine whose arithmetic is that of
/// IEEE 754, subnormal numbers included. An optimized build has no panic and no unsafe code; memory is a fixed number
/// of bytes on the stack.
///
/// `predict` computes the fused multiply-add a b + c, rounded once, in integer arithmetic, because `core` has no
/// function for it. `predict_with` takes such a function: `f32::mul_add` where there is a standard library, or one
/// instruction of the processor.
///
/// The module of a [`Predictor`] scales inputs and outputs as the predictor does, and has its classes: `CLASS_NAMES`,
/// `class` and `class_name`, or `labels`. It does not check whether inputs are finite: a NaN among them may give any
/// output.
///
/// # Examples
///
/// ```
/// use gradus::export::RustSource;
/// use gradus::prelude::*;
///
/// let network = Network::<f32, _, _>::new(&[4, 16, 3], Tanh, Softmax::default(), &ScaledGaussian, 1)?;
/// let source = RustSource::of(&network)?;
/// assert!(source.text().contains("pub fn predict(x: &[f32; 4]) -> [f32; 3]"));
/// assert_eq!((source.multiply_adds(), source.constant_bytes()), (4 * 16 + 16 * 3, 4 * (64 + 16 + 48 + 3)));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RustSource {
    network: Network<f32, AnyActivation, AnyActivation>,
    meaning: Option<Meaning>,
    /// The weights of each layer, if they have 8 bits.
    codes: Option<Vec<Codes>>,
    loss: Option<EightBits>,
}

impl RustSource {
    /// Creates the source of a network.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] with [`FileProblem::Activation`] if an activation is not one of the crate's own, and
    /// with [`Error::Law`] as its source if it has the name of one but other outputs. Returns the errors of
    /// [`Network::from_layers`] if the layers were changed so that they do not fit each other, and [`Error::Setting`]
    /// if there are more than 4 million weights and biases.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::export::RustSource;
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Relu, Sigmoid, &ScaledGaussian, 1)?;
    /// let text = RustSource::of(&network)?.text();
    /// assert!(text.starts_with("// A 2-3-1 network (relu, sigmoid)"));
    /// assert!(text.contains("static WEIGHTS_1: [[f32; 2]; 3]") && text.contains("static BIASES_2: [f32; 1]"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn of<H: Activation<f32>, O: Activation<f32>>(network: &Network<f32, H, O>) -> Result<Self> {
        network.check()?;
        let n = network.n_parameters();
        let why = "the compiler takes some 600 bytes of memory for each of them: load such a network with `Network::load`";
        check_setting(
            "number of weights and biases in Rust source",
            n as f64,
            n <= MAX_PARAMETERS,
            "[1, 4000000]",
            why,
        )?;
        let mut layers = (1..).zip(network.layers()).map(|(number, layer)| dense(number, layer));
        let mut hidden = layers.by_ref().take(network.hidden().len()).collect::<Result<Vec<_>>>()?;
        let output = match layers.next() {
            Some(layer) => layer?,
            // There is always an output layer.
            None => hidden.pop().ok_or(Error::TooFewLayers { found: 1 })?,
        };
        Ok(Self { network: Network::from_layers(hidden, output)?, meaning: None, codes: None, loss: None })
    }

    /// Creates the source of a predictor: a network with the scaling of inputs and outputs and with the classes.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`of`](Self::of).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::export::RustSource;
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, _, _>::new(&[4, 1], Tanh, Sigmoid, &ScaledGaussian, 1)?;
    /// let meaning = Meaning::new(Task::Binary { threshold: 0.5 }).with_class_names(&["no", "yes"]);
    /// let text = RustSource::of_predictor(&Predictor::new(network, meaning)?)?.text();
    /// assert!(text.contains(r#"pub const CLASS_NAMES: [&str; 2] = ["no", "yes"];"#));
    /// assert!(text.contains("pub fn class(outputs: &[f32; 1]) -> Option<usize>"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn of_predictor<H: Activation<f32>, O: Activation<f32>>(
        predictor: &Predictor<f32, H, O>,
    ) -> Result<Self> {
        Ok(Self { meaning: Some(predictor.meaning().clone()), ..Self::of(predictor.network())? })
    }

    /// Rounds the weights to 8 bits, and measures the scores on `data` before and after.
    ///
    /// Neuron j has the scale s_j = max_k |w_jk| / 127, and its weights become s_j q_jk with integers q_jk from −127
    /// to 127; the biases do not change. The weights take a quarter of the memory; the arithmetic is that of `f32`,
    /// with one more multiplication per weight. The inputs of `data` must be scaled as those of the training data
    /// were.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`evaluate`](crate::metrics::evaluate) for the network and `data`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::export::RustSource;
    /// use gradus::prelude::*;
    ///
    /// let (training, test) = Dataset::<f32>::synthetic_digits(600, 1)?.split_at(500)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    /// Trainer::new(LogLikelihood).stop(MaxEpochs::new(5)?).fit(&mut network, &training, None)?;
    ///
    /// let source = RustSource::of(&network)?.in_eight_bits(&test)?;
    /// let loss = source.loss().unwrap();
    /// assert!((loss.before.accuracy() - loss.after.accuracy()).abs() < 0.05);
    /// assert_eq!(source.constant_bytes(), 7840 + 4 * 10 + 4 * 10);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn in_eight_bits(mut self, data: &dyn Samples<f32>) -> Result<Self> {
        let before = self.network.clone();
        let codes = self.network.layers().map(|layer| Codes::of(layer.weights)).collect::<Vec<_>>();
        for (layer, codes) in self.network.hidden_mut().iter_mut().zip(&codes) {
            layer.weights = codes.weights();
        }
        if let Some(codes) = codes.last() {
            self.network.output_mut().weights = codes.weights();
        }
        self.loss = Some(EightBits::measure(&before, &self.network, data)?);
        self.codes = Some(codes);
        Ok(self)
    }

    /// Returns the scores before and after the rounding to 8 bits; `None` if the weights were not rounded.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::export::RustSource;
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(50, 1)?;
    /// let network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    /// let source = RustSource::of(&network)?;
    /// assert!(source.loss().is_none());
    ///
    /// let source = source.in_eight_bits(&data)?;
    /// let loss = source.loss().unwrap();
    /// assert_eq!(loss.samples, 50);
    /// assert_eq!(loss.before, evaluate(&network, &Quadratic, &data)?.scores);
    /// assert_eq!(loss.after, evaluate(source.network(), &Quadratic, &data)?.scores);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn loss(&self) -> Option<&EightBits> {
        self.loss.as_ref()
    }

    /// Returns the network that the module computes: the original one, or the one with rounded weights.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::export::RustSource;
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_row_slice(2, 2, &[0.0f32, 1.0, 1.0, 0.0]);
    /// let network = Network::<f32, _, _>::new(&[2, 1], Tanh, Linear, &ScaledGaussian, 1)?;
    /// let source = RustSource::of(&network)?;
    /// assert_eq!(source.network().predict(&x)?, network.predict(&x)?);
    ///
    /// // Each weight is a multiple of a 127th of the neuron's largest one.
    /// let source = source.in_eight_bits(&Dataset::new(x.clone(), network.predict(&x)?)?)?;
    /// let (weights, largest) = (&source.network().output().weights, network.output().weights.amax());
    /// for (rounded, weight) in weights.iter().zip(&network.output().weights) {
    ///     assert!((rounded - weight).abs() < 0.51 * largest / 127.0);
    /// }
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn network(&self) -> &Network<f32, AnyActivation, AnyActivation> {
        &self.network
    }

    /// Returns the number of multiply-adds per prediction.
    pub fn multiply_adds(&self) -> usize {
        self.network.layers().map(|layer| layer.weights.len()).sum()
    }

    /// Returns the number of bytes of all weights and biases, and of all scales, centers and widths.
    pub fn constant_bytes(&self) -> usize {
        let bytes = |layer: Layer<'_, f32>| match self.codes {
            Some(_) => layer.weights.len() + 8 * layer.biases.len(),
            None => 4 * (layer.weights.len() + layer.biases.len()),
        };
        let scaled =
            self.meaning.iter().flat_map(|meaning| [meaning.input_scaler(), meaning.target_scaler()]);
        let scaling: usize = scaled.flatten().map(|scaler| 16 * scaler.centers().len()).sum();
        scaling + self.network.layers().map(bytes).sum::<usize>()
    }

    /// The activation of each layer.
    fn activations(&self) -> impl Iterator<Item = &AnyActivation> {
        let hidden = self.network.hidden().iter().map(|layer| &layer.activation);
        hidden.chain([&self.network.output().activation])
    }

    /// Returns the source.
    pub fn text(&self) -> String {
        write::text(self)
    }

    /// Writes the source to the file at `path`, in place of the one that is there; see
    /// [`replace()`](crate::persist::replace()).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`replace()`](crate::persist::replace()).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        replace(&FileSystem, path, self.text().as_bytes())
    }
}

/// Networks as Rust source.
impl<H: Activation<f32>, O: Activation<f32>> Network<f32, H, O> {
    /// Writes the network to the file at `path` as a Rust module without dependencies, whose `predict` is bitwise
    /// identical to [`predict`](Self::predict); see [`RustSource`] for the module, and for weights in 8 bits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`RustSource::of`] and of [`replace()`](crate::persist::replace()).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("network.rs");
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 1)?;
    /// network.to_rust(&path)?;
    /// let text = std::fs::read_to_string(&path).unwrap();
    /// assert!(text.contains("pub fn predict(x: &[f32; 2])"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn to_rust(&self, path: impl AsRef<Path>) -> Result<()> {
        RustSource::of(self)?.save(path)
    }
}

/// Predictors as Rust source.
impl<H: Activation<f32>, O: Activation<f32>> Predictor<f32, H, O> {
    /// Writes the predictor to the file at `path` as a Rust module without dependencies, whose `predict` is bitwise
    /// identical to [`Prediction::values`](crate::predict::Prediction::values); see [`RustSource`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`RustSource::of`] and of [`replace()`](crate::persist::replace()).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::export::RustSource;
    /// use gradus::prelude::*;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("cats.rs");
    /// let x = DMatrix::from_column_slice(1, 4, &[170.0f32, 180.0, 30.0, 40.0]);
    /// let data = Dataset::from_class_names(x, &["human", "human", "cat", "cat"])?;
    /// let meaning = Meaning::of(&data).with_input_scaler(Standardize.fit(&data)?);
    /// let network = Network::<f32, _, _>::new(&[1, 3, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    /// let predictor = Predictor::new(network, meaning)?;
    /// predictor.to_rust(&path)?;
    /// assert_eq!(std::fs::read_to_string(&path).unwrap(), RustSource::of_predictor(&predictor)?.text());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn to_rust(&self, path: impl AsRef<Path>) -> Result<()> {
        RustSource::of_predictor(self)?.save(path)
    }
}

/// The layer with its activation as an [`AnyActivation`].
fn dense(number: usize, layer: Layer<'_, f32>) -> Result<Dense<f32, AnyActivation>> {
    let found = layer.activation.name().into_owned();
    let activation = match found.parse::<AnyActivation>() {
        Ok(activation) => same(layer.activation, activation),
        Err(source) => Err(source),
    };
    match activation {
        Ok(activation) => {
            Ok(Dense { weights: layer.weights.clone(), biases: layer.biases.clone(), activation })
        }
        Err(source) => Err(Error::File {
            path: PathBuf::from("<Rust source>"),
            problem: FileProblem::Activation { layer: number, found, source: Box::new(source) },
        }),
    }
}

/// Returns an error if a custom activation has the name of one of the crate's but other outputs.
fn same(custom: &dyn Activation<f32>, activation: AnyActivation) -> Result<AnyActivation> {
    let z = DMatrix::from_column_slice(8, 1, &[-50.0, -3.0, -0.7, -0.1, 0.1, 0.7, 3.0, 50.0]);
    let (mut found, mut expected) = (z.clone(), z.clone());
    custom.activate(&z, &mut found);
    Activation::<f32>::activate(&activation, &z, &mut expected);
    match found
        .iter()
        .zip(&expected)
        .zip(&z)
        .find(|((found, expected), _)| found.to_bits() != expected.to_bits())
    {
        None => Ok(activation),
        Some((_, z)) => Err(Error::Law {
            subject: format!("{custom:?}"),
            law: "an activation with the name of one of the crate's has the same outputs",
            at: format!("z = {z}"),
            deviation: None,
        }),
    }
}
