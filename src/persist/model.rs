//! Trained networks in safetensors files.

use std::path::Path;
use std::str::FromStr;

use nalgebra::DVector;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::Container;
use super::tensor::Tensor;
use super::{FileSystem, IN_MEMORY, MAX_BYTES, Outcome, refuse, replace};
use crate::activation::{Activation, AnyActivation};
use crate::error::{Error, FileProblem, Result};
use crate::network::{Dense, Network};
use crate::real::Real;

const KIND: &str = "model";

/// Everything about a network except its tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<D> {
    dtype: String,
    sizes: Vec<usize>,
    activations: Vec<String>,
    description: Option<D>,
}

/// A network and a description that is saved with it, such as the scaling of its inputs or the names of its classes.
///
/// The description is any value that serde can write; it is part of the file's metadata and is checked by its own
/// `Deserialize`. Its numbers must be finite: JSON writes NaN and ∞ as `null`.
///
/// # Examples
///
/// ```
/// use gradus::persist::Model;
/// use gradus::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Species {
///     names: Vec<String>,
/// }
///
/// let softmax = Softmax::default();
/// let network = Network::<f64, _, _>::new(&[4, 5, 2], Tanh, softmax, &ScaledGaussian, 1)?;
/// let description = Species { names: vec!["setosa".into(), "virginica".into()] };
/// let bytes = Model { network, description }.to_bytes()?;
///
/// let model = Model::<Network<f64, Tanh, Softmax>, Species>::from_bytes(&bytes)?;
/// assert_eq!(model.description.names[1], "virginica");
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Model<N, D> {
    /// The network.
    pub network: N,
    /// The description that is saved with it.
    pub description: D,
}

/// Models in files; the format and the errors are those of [`Network::save`] and [`Network::load`].
impl<T, H, O, D> Model<Network<T, H, O>, D>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: DeserializeOwned,
{
    /// Returns the bytes of a file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::to_bytes`], [`FileProblem::Json`] if the description cannot be written or read
    /// back, and [`FileProblem::Undescribed`] if it is `null` in JSON, as `()` and `None` are.
    pub fn to_bytes(&self) -> Result<Vec<u8>>
    where
        D: Serialize,
    {
        self.try_to_bytes().map_err(|problem| refuse(IN_MEMORY, problem))
    }

    /// Reads the model from the bytes of a file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::from_bytes`], [`FileProblem::Json`] if the description cannot be read as a `D`,
    /// and [`FileProblem::Undescribed`] if there is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Container::read(bytes, KIND).and_then(Self::try_from).map_err(|problem| refuse(IN_MEMORY, problem))
    }

    /// Writes the model to the file at `path`, in place of the one that is there; see [`replace()`](super::replace()).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`to_bytes`](Self::to_bytes) and of [`replace()`](super::replace()).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()>
    where
        D: Serialize,
    {
        let bytes = self.try_to_bytes().map_err(|problem| refuse(&path, problem))?;
        replace(&FileSystem, path, &bytes)
    }

    /// Reads the file at `path` of at most [`MAX_BYTES`] bytes.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_bytes`](Self::from_bytes) and of [`Network::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_within(path, MAX_BYTES)
    }

    /// Reads the file at `path` of at most `max_bytes` bytes.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`load`](Self::load).
    pub fn load_within(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self> {
        let container = Container::open(&path, max_bytes, KIND)?;
        Self::try_from(container).map_err(|problem| refuse(path, problem))
    }

    fn try_to_bytes(&self) -> Outcome<Vec<u8>>
    where
        D: Serialize,
    {
        describe(&self.network, &self.description)
    }

    fn try_from(container: Container) -> Outcome<Self> {
        let (network, description) = read(container)?;
        Ok(Self { network, description: description.ok_or(FileProblem::Undescribed)? })
    }
}

/// Networks in files.
///
/// A file is in the [safetensors](https://github.com/huggingface/safetensors) format. Layer i, counted from 0 for the
/// first after the inputs, has the tensors `layers.i.weight` (w, outputs × inputs) and `layers.i.bias` (b), as in
/// PyTorch's `nn.Linear`. The metadata have one entry, `gradus`; see [`Container`] for it and for the checksum in it.
/// Its document has the fields `dtype` (`"f32"` or `"f64"`), `sizes` (neurons of each layer, the inputs first),
/// `activations` (their names, with parameters), and `description` (`null` without a [`Model`]).
///
/// An activation is restored from its name by `FromStr`. For a custom activation, return a name with its parameters
/// from [`Activation::name`], and implement `FromStr` so that it restores the same activation from that name.
impl<T, H, O> Network<T, H, O>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    /// Returns the bytes of a file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] with [`FileProblem::Network`] if the layers were changed so that they do not fit each
    /// other or if a parameter is not finite, and with [`FileProblem::Activation`] or [`FileProblem::ActivationName`]
    /// if an activation cannot be restored from its name.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
    /// let bytes = network.to_bytes()?;
    /// assert_eq!(Network::<f32, Tanh, Sigmoid>::from_bytes(&bytes)?, network);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        write::<_, _, _, ()>(self, None).map_err(|problem| refuse(IN_MEMORY, problem))
    }

    /// Reads the network from the bytes of a file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] with
    ///
    /// - [`FileProblem::NotSafetensors`], [`FileProblem::Foreign`], [`FileProblem::Kind`] or [`FileProblem::Version`]
    ///   if this is another kind of file;
    /// - [`FileProblem::Checksum`] if it is damaged or cut short;
    /// - [`FileProblem::Dtype`], [`FileProblem::OtherActivation`] or [`FileProblem::Activation`] if it holds a network
    ///   of another type;
    /// - [`FileProblem::Described`] if it holds a [`Model`] with a description;
    /// - [`FileProblem::MissingTensor`], [`FileProblem::UnknownTensor`], [`FileProblem::Shape`], [`FileProblem::Json`]
    ///   or [`FileProblem::Network`] if it does not describe a valid network;
    /// - [`FileProblem::OutOfMemory`] if its tensors do not fit in memory.
    ///
    /// # Examples
    ///
    /// A network of [`AnyActivation`] accepts every activation of the crate; a network of any other type accepts only
    /// its own.
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
    /// let bytes = network.to_bytes()?;
    /// let any = Network::<f32, AnyActivation, AnyActivation>::from_bytes(&bytes)?;
    /// assert_eq!(any.hidden()[0].activation, Tanh.into());
    ///
    /// let error = Network::<f32, Relu, Sigmoid>::from_bytes(&bytes).unwrap_err();
    /// assert!(error.to_string().contains("tanh"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Container::read(bytes, KIND).and_then(undescribed).map_err(|problem| refuse(IN_MEMORY, problem))
    }

    /// Writes the network to the file at `path`, in place of the one that is there, which stays until the new one is on
    /// the disk; see [`replace()`](crate::persist::replace()).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`to_bytes`](Self::to_bytes) and of [`replace()`](crate::persist::replace()).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("digits.safetensors");
    /// let (sizes, softmax) = ([784, 30, 10], Softmax::default());
    /// let network = Network::<f32, _, _>::new(&sizes, Sigmoid, softmax, &ScaledGaussian, 42)?;
    /// network.save(&path)?;
    /// assert_eq!(Network::<f32, Sigmoid, Softmax>::load(&path)?, network);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = write::<_, _, _, ()>(self, None).map_err(|problem| refuse(&path, problem))?;
        replace(&FileSystem, path, &bytes)
    }

    /// Reads the file at `path` of at most [`MAX_BYTES`] bytes.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_bytes`](Self::from_bytes), and [`Error::File`] with [`FileProblem::NotFound`],
    /// [`FileProblem::IsADirectory`], [`FileProblem::NotAFile`], [`FileProblem::Unreadable`], [`FileProblem::Changed`]
    /// or [`FileProblem::TooLarge`].
    ///
    /// # Examples
    ///
    /// To go on training, name the activations: a cost is paired with the type of the output layer, and of the costs
    /// only [`Quadratic`](crate::cost::Quadratic) goes with [`AnyActivation`].
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("digits.safetensors");
    /// let data = Dataset::<f32>::synthetic_digits(200, 1)?;
    /// let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(2)?);
    /// let softmax = Softmax::default();
    /// let mut network = Network::new(&[784, 10, 10], Tanh, softmax, &ByActivation, 1)?;
    /// let first = trainer.fit(&mut network, &data, None)?;
    /// network.save(&path)?;
    ///
    /// let mut loaded = Network::<f32, Tanh, Softmax>::load(&path)?;
    /// let second = trainer.fit(&mut loaded, &data, None)?;
    /// let cost = |report: &Report<f32>| report.history.last().map(EpochRecord::training_cost);
    /// assert!(cost(&second) < cost(&first));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_within(path, MAX_BYTES)
    }

    /// Reads the file at `path` of at most `max_bytes` bytes. It takes at most the memory of the file and of the
    /// network, plus some twenty times the length of the header.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`load`](Self::load).
    pub fn load_within(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self> {
        let container = Container::open(&path, max_bytes, KIND)?;
        undescribed(container).map_err(|problem| refuse(path, problem))
    }
}

/// Returns the bytes of a [`Model`] file, from borrowed fields.
pub(crate) fn described_bytes<T, H, O, D>(network: &Network<T, H, O>, description: &D) -> Result<Vec<u8>>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: Serialize + DeserializeOwned,
{
    describe(network, description).map_err(|problem| refuse(IN_MEMORY, problem))
}

/// Writes a [`Model`] file, from borrowed fields.
pub(crate) fn save_described<T, H, O, D>(
    path: impl AsRef<Path>,
    network: &Network<T, H, O>,
    description: &D,
) -> Result<()>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: Serialize + DeserializeOwned,
{
    let bytes = describe(network, description).map_err(|problem| refuse(&path, problem))?;
    replace(&FileSystem, path, &bytes)
}

fn describe<T, H, O, D>(network: &Network<T, H, O>, description: &D) -> Outcome<Vec<u8>>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: Serialize + DeserializeOwned,
{
    let value = serde_json::to_value(description)
        .map_err(|error| FileProblem::Json { what: "description", reason: error.to_string() })?;
    if value.is_null() {
        return Err(FileProblem::Undescribed);
    }
    write::<_, _, _, D>(network, Some(description))
}

/// Reads a network without a description.
fn undescribed<T, H, O>(container: Container) -> Outcome<Network<T, H, O>>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    match read::<T, H, O, IgnoredAny>(container)? {
        (network, None) => Ok(network),
        (_, Some(IgnoredAny)) => Err(FileProblem::Described),
    }
}

fn write<T, H, O, D>(network: &Network<T, H, O>, description: Option<&D>) -> Outcome<Vec<u8>>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: Serialize + DeserializeOwned,
{
    network.check()?;
    let hidden = (1..).zip(network.hidden()).map(|(layer, dense)| name_of(layer, &dense.activation));
    let output = name_of(network.hidden().len() + 1, &network.output().activation);
    let document = Document {
        dtype: T::DTYPE.to_string(),
        sizes: network.sizes(),
        activations: hidden.chain([output]).collect::<Outcome<_>>()?,
        description,
    };
    let tensors = network.layers().enumerate().flat_map(|(index, layer)| {
        let weights = Tensor::matrix(weight(index), layer.weights);
        [weights, Tensor::vector(bias(index), layer.biases.as_slice())]
    });
    Container::write_for::<Document<D>>(KIND, &document, &tensors.collect::<Vec<_>>())
}

fn read<T, H, O, D>(mut container: Container) -> Outcome<(Network<T, H, O>, Option<D>)>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
    D: DeserializeOwned,
{
    let Document { dtype: found, sizes, activations, description } = container.document::<Document<D>>()?;
    let expected = T::DTYPE;
    if found != expected {
        return Err(FileProblem::Dtype { name: "the model".to_string(), found, expected });
    }
    let (Some((output, hidden)), true) = (activations.split_last(), sizes.len() >= 2) else {
        return Err(Error::TooFewLayers { found: sizes.len() }.into());
    };
    if activations.len() != sizes.len() - 1 {
        let (found, expected) = (activations.len(), sizes.len() - 1);
        return Err(Error::SizeMismatch { what: "names of activations", found, expected }.into());
    }
    if let Some(layer) = sizes.iter().position(|&size| size == 0) {
        return Err(Error::EmptyLayer { layer }.into());
    }
    let hidden: Vec<H> =
        (1..).zip(hidden).map(|(layer, name)| activation(layer, name)).collect::<Outcome<_>>()?;
    let output: O = activation(hidden.len() + 1, output)?;

    let last = hidden.len();
    let layers = hidden.into_iter().enumerate().map(|(index, f)| dense(&mut container, &sizes, index, f));
    let hidden = layers.collect::<Outcome<_>>()?;
    let output = dense(&mut container, &sizes, last, output)?;
    container.finish()?;
    Ok((Network::from_layers(hidden, output)?, description))
}

/// Takes layer `index`, 0 for the first after the inputs, out of `container`.
fn dense<T: Real, A>(
    container: &mut Container,
    sizes: &[usize],
    index: usize,
    activation: A,
) -> Outcome<Dense<T, A>> {
    let weights = container.matrix(&weight(index), sizes[index + 1], sizes[index])?;
    let biases = container.vector(&bias(index), sizes[index + 1])?;
    Ok(Dense { weights, biases: DVector::from_vec(biases), activation })
}

fn weight(index: usize) -> String {
    format!("layers.{index}.weight")
}

fn bias(index: usize) -> String {
    format!("layers.{index}.bias")
}

/// Parses the name of an activation.
pub(crate) fn activation<A: FromStr<Err = Error>>(layer: usize, name: &str) -> Outcome<A> {
    name.parse().map_err(|source| match source {
        // `A` is one activation of the crate, and the name belongs to another.
        Error::UnknownName { known: expected, .. } if name.parse::<AnyActivation>().is_ok() => {
            FileProblem::OtherActivation { layer, found: name.to_string(), expected }
        }
        source => FileProblem::Activation { layer, found: name.to_string(), source: Box::new(source) },
    })
}

/// Returns the name of an activation, or an error if the name does not restore it.
fn name_of<T: Real, A: Activation<T> + FromStr<Err = Error>>(layer: usize, f: &A) -> Outcome<String> {
    let name = f.name().into_owned();
    let again = activation::<A>(layer, &name)?.name().into_owned();
    if again == name { Ok(name) } else { Err(FileProblem::ActivationName { layer, name, again }) }
}
