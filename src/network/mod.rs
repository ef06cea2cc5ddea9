//! Networks of dense layers.

mod dense;
mod gradient;
mod model;
mod outputs;
mod parameters;
mod shares;
mod silent;
mod workspace;

use std::fmt;

use nalgebra::DMatrix;

pub use dense::{Dense, Layer};
pub(crate) use model::{Bound, BoundMut, Model, ModelMut};
pub(crate) use outputs::Outputs;
pub use parameters::ParameterArrays;
pub(crate) use silent::Silence;
pub use workspace::Workspace;
pub(crate) use workspace::{Passed, compute_costs, forward, pass};

use crate::activation::Activation;
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::init::Initializer;
use crate::memory;
use crate::random::{Purpose, generator};
use crate::real::Real;

/// A feed-forward network: hidden layers of activation `H` and an output layer of activation `O`.
///
/// The activation of the output layer is a separate type, so that the compiler can check a
/// [`Cost`](crate::cost::Cost) against it. For hidden layers of different activations `H` is an enum, such as
/// [`AnyActivation`](crate::activation::AnyActivation).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 42)?;
/// let outputs = network.predict(&DMatrix::from_column_slice(2, 2, &[0.0, 1.0, 1.0, 1.0]))?;
/// assert_eq!(outputs.shape(), (1, 2));
/// assert_eq!(network.n_parameters(), (2 + 1) * 3 + (3 + 1) * 1);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Network<T, H, O> {
    hidden: Vec<Dense<T, H>>,
    output: Dense<T, O>,
}

impl<T: Real, H: Activation<T>, O: Activation<T>> Network<T, H, O> {
    /// Creates a network with layers of `sizes` neurons, the inputs first, the outputs last, and initial parameters.
    ///
    /// `initializer` draws the parameters of each layer with a random number generator seeded by (`seed`, layer).
    ///
    /// # Errors
    ///
    /// - Returns [`Error::TooFewLayers`] if there are fewer than two sizes.
    /// - Returns [`Error::EmptyLayer`] if a size is 0.
    /// - Returns [`Error::Memory`] if the weights do not fit in memory.
    /// - Returns [`Error::SizeMismatch`] if the initializer changes the shape of a layer.
    /// - Returns [`Error::NonFiniteParameter`] if the initializer leaves a NaN or an infinity.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let (sizes, softmax) = ([784, 30, 10], Softmax::default());
    /// let network = Network::<f32, _, _>::new(&sizes, Relu, softmax, &ByActivation, 42)?;
    /// assert_eq!(network.to_string(), "784-30-10");
    /// // Equal seeds give equal parameters.
    /// assert_eq!(network, Network::new(&sizes, Relu, softmax, &ByActivation, 42)?);
    /// assert!(Network::<f32, _, _>::new(&[784], Relu, softmax, &ByActivation, 42).is_err());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn new(
        sizes: &[usize],
        hidden: H,
        output: O,
        initializer: &dyn Initializer<T>,
        seed: u64,
    ) -> Result<Self>
    where
        H: Clone,
    {
        let (Some((&n_outputs, before)), true) = (sizes.split_last(), sizes.len() >= 2) else {
            return Err(Error::TooFewLayers { found: sizes.len() });
        };
        if let Some(layer) = sizes.iter().position(|&size| size == 0) {
            return Err(Error::EmptyLayer { layer });
        }
        for (layer, size) in (1..).zip(sizes.windows(2)) {
            dense::check_allocatable::<T>(layer, size[0], size[1])?;
        }
        memory::check::<T>("the weights of a network", sizes.windows(2).map(|size| (size[1], size[0])))?;
        let rng = |layer: usize| generator(seed, Purpose::Initialize, 0, layer as u64);
        let hidden = (1..)
            .zip(before.windows(2))
            .map(|(layer, size)| {
                Dense::new(size[0], size[1], hidden.clone(), initializer, (layer, &mut rng(layer)))
            })
            .collect::<Result<_>>()?;
        let (layer, n_inputs) = (before.len(), before[before.len() - 1]);
        let output = Dense::new(n_inputs, n_outputs, output, initializer, (layer, &mut rng(layer)))?;
        Ok(Self { hidden, output })
    }

    /// Creates a network from its layers, the first hidden layer first.
    ///
    /// # Errors
    ///
    /// - Returns [`Error::EmptyLayer`] if a layer has no neurons, or the first layer no inputs.
    /// - Returns [`Error::LayerMismatch`] if the inputs of a layer are not as many as the outputs of the layer before.
    /// - Returns [`Error::SizeMismatch`] if the biases of a layer are not as many as its outputs.
    /// - Returns [`Error::NonFiniteParameter`] if a parameter is NaN or infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // Hidden layers with different activations.
    /// let layer = |rows, columns, activation: AnyActivation| Dense {
    ///     weights: DMatrix::from_element(rows, columns, 0.5),
    ///     biases: DVector::zeros(rows),
    ///     activation,
    /// };
    /// let hidden = vec![layer(3, 2, Relu.into()), layer(4, 3, "elu(alpha=0.5)".parse()?)];
    /// let network = Network::<f64, _, _>::from_layers(hidden, layer(1, 4, Linear.into()))?;
    /// assert_eq!(network.to_string(), "2-3-4-1");
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_layers(hidden: Vec<Dense<T, H>>, output: Dense<T, O>) -> Result<Self> {
        let network = Self { hidden, output };
        network.check()?;
        Ok(network)
    }

    /// Returns an error if layers do not fit each other or a parameter is not finite. Callers can introduce either
    /// through [`hidden_mut`](Self::hidden_mut) and [`output_mut`](Self::output_mut).
    pub(crate) fn check(&self) -> Result<()> {
        check(self)
    }

    /// The layers from the first hidden one to the output.
    pub fn layers(&self) -> impl Iterator<Item = Layer<'_, T>> {
        self.hidden.iter().map(Dense::layer).chain([self.output.layer()])
    }

    /// The hidden layers.
    pub fn hidden(&self) -> &[Dense<T, H>] {
        &self.hidden
    }

    /// The hidden layers. Do not change their shapes: `fit` and `predict` then return an error.
    pub fn hidden_mut(&mut self) -> &mut [Dense<T, H>] {
        &mut self.hidden
    }

    /// The output layer.
    pub fn output(&self) -> &Dense<T, O> {
        &self.output
    }

    /// The output layer. Do not change its shapes: `fit` and `predict` then return an error.
    pub fn output_mut(&mut self) -> &mut Dense<T, O> {
        &mut self.output
    }

    /// The number of inputs.
    pub fn n_inputs(&self) -> usize {
        self.hidden.first().map_or(self.output.weights.ncols(), |layer| layer.weights.ncols())
    }

    /// The number of outputs.
    pub fn n_outputs(&self) -> usize {
        self.output.weights.nrows()
    }

    /// The number of neurons of each layer, the inputs first.
    pub fn sizes(&self) -> Vec<usize> {
        [self.n_inputs()].into_iter().chain(self.layers().map(|layer| layer.weights.nrows())).collect()
    }

    /// The number of weights and biases.
    pub fn n_parameters(&self) -> usize {
        self.layers().map(|layer| layer.weights.len() + layer.biases.len()).sum()
    }

    /// Visits each weight matrix and bias vector, layer by layer, weights first, as mutable slices in column order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        let hidden = self.hidden.iter_mut().map(|layer| (&mut layer.weights, &mut layer.biases));
        hidden
            .chain([(&mut self.output.weights, &mut self.output.biases)])
            .flat_map(|(weights, biases)| [weights.as_mut_slice(), biases.as_mut_slice()])
    }

    /// Visits each weight matrix and bias vector, layer by layer, weights first, as slices in column order.
    pub fn parameters(&self) -> impl Iterator<Item = &[T]> {
        self.layers().flat_map(|layer| [layer.weights.as_slice(), layer.biases.as_slice()])
    }

    /// Computes the outputs for the inputs `x`. For the scores on a data set use
    /// [`evaluate`](crate::metrics::evaluate), which reads the data block by block.
    ///
    /// # Shapes
    ///
    /// `x` inputs × examples, the result outputs × examples.
    ///
    /// # Errors
    ///
    /// - Returns [`Error::SizeMismatch`] if the rows of `x` are not as many as the inputs of the network.
    /// - Returns [`Error::EmptyLayer`], [`Error::LayerMismatch`] or [`Error::SizeMismatch`] if the layers were
    ///   changed so that they do not fit each other.
    /// - Returns [`Error::Memory`] if the outputs do not fit in memory.
    /// - If an output is NaN or infinite, returns [`Error::NonFiniteParameter`] if a parameter is, and
    ///   [`Error::NonFiniteSample`] otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // The logical and of two inputs.
    /// let output = Dense {
    ///     weights: DMatrix::from_row_slice(1, 2, &[1.0, 1.0]),
    ///     biases: DVector::from_element(1, -1.5),
    ///     activation: Sigmoid,
    /// };
    /// let network = Network::<f64, Sigmoid, _>::from_layers(vec![], output)?;
    /// // A column for each example.
    /// let x = DMatrix::from_column_slice(2, 2, &[1.0, 1.0, 1.0, 0.0]);
    /// let a = network.predict(&x)?;
    /// assert!(a[(0, 0)] > 0.5 && a[(0, 1)] < 0.5);
    /// assert!(network.predict(&DMatrix::zeros(3, 1)).is_err()); // three inputs instead of two
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn predict(&self, x: &DMatrix<T>) -> Result<DMatrix<T>> {
        AnyNetwork::predict(self, x)
    }
}

/// A network with the types of its activations erased, as an observer sees it. Every [`Network`] implements it.
///
/// # Examples
///
/// ```
/// use gradus::network::AnyNetwork;
/// use gradus::prelude::*;
///
/// /// The largest magnitude of a weight.
/// fn largest(network: &dyn AnyNetwork<f64>) -> f64 {
///     network.layers().iter().map(|layer| layer.weights.amax()).fold(0.0, f64::max)
/// }
///
/// let relu = Network::new(&[2, 3, 1], Relu, Sigmoid, &ByActivation, 1)?;
/// let tanh = Network::new(&[2, 1], Tanh, Linear, &ByActivation, 1)?;
/// let networks: [&dyn AnyNetwork<f64>; 2] = [&relu, &tanh];
/// assert!(networks.iter().all(|network| largest(*network) > 0.0));
/// assert_eq!(networks[0].sizes(), [2, 3, 1]);
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait AnyNetwork<T: Real>: fmt::Debug + Send + Sync {
    /// The number of layers after the inputs.
    fn n_layers(&self) -> usize;

    /// Layer `index`, 0 for the first after the inputs; the output layer for every index after the hidden ones.
    fn layer(&self, index: usize) -> Layer<'_, T>;

    /// The layers from the first hidden one to the output.
    fn layers(&self) -> Vec<Layer<'_, T>> {
        (0..self.n_layers()).map(|index| self.layer(index)).collect()
    }

    /// The number of neurons of each layer, the inputs first.
    fn sizes(&self) -> Vec<usize> {
        let after = (0..self.n_layers()).map(|index| self.layer(index).weights.nrows());
        [self.layer(0).weights.ncols()].into_iter().chain(after).collect()
    }

    /// Computes the outputs for the inputs `x`; see [`Network::predict`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Network::predict`].
    fn predict(&self, x: &DMatrix<T>) -> Result<DMatrix<T>>;
}

impl<T: Real, H: Activation<T>, O: Activation<T>> AnyNetwork<T> for Network<T, H, O> {
    fn n_layers(&self) -> usize {
        self.hidden.len() + 1
    }

    fn layer(&self, index: usize) -> Layer<'_, T> {
        self.hidden.get(index).map_or_else(|| self.output.layer(), Dense::layer)
    }

    fn predict(&self, x: &DMatrix<T>) -> Result<DMatrix<T>> {
        predict(self, x)
    }
}

/// Returns an error if layers do not fit each other or a parameter is not finite.
pub(crate) fn check<T: Real>(network: &dyn AnyNetwork<T>) -> Result<()> {
    check_shapes(network)?;
    (0..network.n_layers()).try_for_each(|index| network.layer(index).check_finite(index + 1))
}

/// Returns an error if layers do not fit each other.
pub(crate) fn check_shapes<T: Real>(network: &dyn AnyNetwork<T>) -> Result<()> {
    let mut expected = network.layer(0).weights.ncols();
    if expected == 0 {
        return Err(Error::EmptyLayer { layer: 0 });
    }
    for index in 0..network.n_layers() {
        let layer = network.layer(index);
        layer.check_shape(index + 1, expected)?;
        expected = layer.weights.nrows();
    }
    Ok(())
}

/// Returns an error if layers do not fit each other or `x` does not fit the first.
pub(crate) fn check_inputs<T: Real>(network: &dyn AnyNetwork<T>, x: &DMatrix<T>) -> Result<()> {
    check_shapes(network)?;
    check_rows_of_x(x.shape(), network.layer(0).weights.ncols())
}

/// Returns an error unless `x` of the shape `rows` × `columns` has a row for each of the inputs.
pub(crate) fn check_rows_of_x((rows, columns): (usize, usize), inputs: usize) -> Result<()> {
    let what = match columns == inputs {
        true => "rows of x, one for each input of the network (a column is an example: transpose x)",
        false => "rows of x, one for each input of the network (a column is an example)",
    };
    if rows == inputs { Ok(()) } else { Err(Error::SizeMismatch { what, found: rows, expected: inputs }) }
}

/// Returns an error unless inputs of the shape `x` and targets of the shape `y` are a batch for a network of these
/// sizes.
pub(crate) fn check_batch_shapes(
    x: (usize, usize),
    y: (usize, usize),
    (inputs, outputs): (usize, usize),
) -> Result<()> {
    check_rows_of_x(x, inputs)?;
    check_rows_of_y(y, outputs)?;
    let what = "columns of y, one for each of x (a column is an example)";
    if y.1 == x.1 { Ok(()) } else { Err(Error::SizeMismatch { what, found: y.1, expected: x.1 }) }
}

/// Returns an error unless `y` of the shape `rows` × `columns` has a row for each of the outputs.
fn check_rows_of_y((rows, columns): (usize, usize), outputs: usize) -> Result<()> {
    let what = match (rows, columns == outputs) {
        (1, _) => {
            "rows of y, one for each output of the network (a class label becomes a one-hot column of y)"
        }
        (_, true) => "rows of y, one for each output of the network (a column is an example: transpose y)",
        (_, false) => "rows of y, one for each output of the network (a column is an example)",
    };
    if rows == outputs { Ok(()) } else { Err(Error::SizeMismatch { what, found: rows, expected: outputs }) }
}

fn predict<T: Real>(network: &dyn AnyNetwork<T>, x: &DMatrix<T>) -> Result<DMatrix<T>> {
    check_inputs(network, x)?;
    let outputs = outputs::outputs(network, x)?;
    if let Err(error) = check_finite("output", &outputs, 0) {
        // A non-finite parameter or input is the cause, and is reported instead.
        check(network)?;
        check_finite("input", x, 0)?;
        return Err(error);
    }
    Ok(outputs)
}

impl<T: Real, H: Activation<T>, O: Activation<T>> fmt::Display for Network<T, H, O> {
    /// The sizes, as `784-30-10`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.sizes().iter().map(ToString::to_string).collect();
        f.write_str(&sizes.join("-"))
    }
}
