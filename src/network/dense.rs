//! One dense layer.

use nalgebra::{DMatrix, DVector};
use rand::Rng;

use crate::activation::Activation;
use crate::error::{Error, MemoryProblem, Result};
use crate::init::Initializer;
use crate::real::{Real, first_non_finite};

/// A dense (fully connected) layer: a = f(w x + b).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // An exclusive or, with weights by hand.
/// let layer = |rows, weights: &[f64], biases: &[f64], activation| Dense {
///     weights: DMatrix::from_row_slice(rows, 2, weights),
///     biases: DVector::from_column_slice(biases),
///     activation,
/// };
/// let hidden = layer(2, &[1.0, 1.0, 1.0, 1.0], &[0.0, -1.0], Relu);
/// let output = layer(1, &[1.0, -2.0], &[0.0], Relu);
/// let network = Network::from_layers(vec![hidden], output)?;
/// let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
/// assert_eq!(network.predict(&x)?.as_slice(), [0.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dense<T, A> {
    /// w, outputs × inputs: w_jk leads from input k to neuron j.
    pub weights: DMatrix<T>,
    /// b, one for each output.
    pub biases: DVector<T>,
    /// The activation function f.
    pub activation: A,
}

impl<T: Real, A: Activation<T>> Dense<T, A> {
    pub(super) fn new(
        n_inputs: usize,
        n_outputs: usize,
        activation: A,
        initializer: &dyn Initializer<T>,
        (index, rng): (usize, &mut dyn Rng),
    ) -> Result<Self> {
        let mut weights = DMatrix::zeros(n_outputs, n_inputs);
        let mut biases = DVector::zeros(n_outputs);
        initializer.initialize(rng, &activation, &mut weights, &mut biases);
        let what =
            "rows or columns of a layer's parameters after its initializer, which has to fill them in place";
        let found = [weights.nrows(), weights.ncols(), biases.len()];
        for (found, expected) in found.into_iter().zip([n_outputs, n_inputs, n_outputs]) {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        let layer = Self { weights, biases, activation };
        layer.layer().check_finite(index)?;
        Ok(layer)
    }

    /// Borrows the layer, with the type of its activation erased.
    pub fn layer(&self) -> Layer<'_, T> {
        Layer { weights: &self.weights, biases: &self.biases, activation: &self.activation }
    }
}

/// Returns an error if the weights cannot be allocated, which would otherwise abort the process.
pub(super) fn check_allocatable<T>(layer: usize, n_inputs: usize, n_outputs: usize) -> Result<()> {
    let room = |weights| Vec::<T>::new().try_reserve_exact(weights).is_ok();
    if n_inputs.checked_mul(n_outputs).is_some_and(room) {
        return Ok(());
    }
    Err(Error::Memory(MemoryProblem::Layer { layer, n_inputs, n_outputs }))
}

/// A borrowed layer, with the type of its activation erased.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ByActivation, 1)?;
/// let shapes: Vec<_> = network.layers().map(|layer| layer.weights.shape()).collect();
/// assert_eq!(shapes, [(3, 2), (1, 3)]);
/// let names: Vec<_> = network.layers().map(|layer| layer.activation.name()).collect();
/// assert_eq!(names, ["tanh", "sigmoid"]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a, T: Real> {
    /// w, outputs × inputs.
    pub weights: &'a DMatrix<T>,
    /// b, one for each output.
    pub biases: &'a DVector<T>,
    /// The activation function f.
    pub activation: &'a dyn Activation<T>,
}

impl<T: Real> Layer<'_, T> {
    /// Returns an error if the layer has no neurons, does not fit a layer before it with `expected` neurons, or has
    /// not one bias per neuron.
    pub(super) fn check_shape(&self, layer: usize, expected: usize) -> Result<()> {
        let (n_outputs, found) = self.weights.shape();
        if n_outputs == 0 {
            return Err(Error::EmptyLayer { layer });
        }
        if found != expected {
            return Err(Error::LayerMismatch { layer, found, expected });
        }
        if self.biases.len() != n_outputs {
            return Err(Error::SizeMismatch {
                what: "biases of a layer",
                found: self.biases.len(),
                expected: n_outputs,
            });
        }
        Ok(())
    }

    /// Returns an error if a parameter is NaN or infinite.
    pub(super) fn check_finite(&self, layer: usize) -> Result<()> {
        let parameters = [("weight", self.weights.as_slice()), ("bias", self.biases.as_slice())];
        for (what, values) in parameters {
            if let Some(index) = first_non_finite(values) {
                return Err(Error::NonFiniteParameter { what, layer, index, value: values[index].to_f64() });
            }
        }
        Ok(())
    }
}
