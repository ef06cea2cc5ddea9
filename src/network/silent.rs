//! Silent (dead) neurons, which no longer learn.

use nalgebra::DMatrix;

use super::{AnyNetwork, Network, Workspace};
use crate::activation::Activation;
use crate::error::Result;
use crate::real::Real;

/// The number of examples in a block.
const BLOCK: usize = 100;

impl<T: Real, H: Activation<T>, O: Activation<T>> Network<T, H, O> {
    /// Counts the silent neurons (*dead* ones, such as a dead ReLU) of each layer, the first hidden layer first. A
    /// neuron is silent if it has the same output for every column of `x` and its derivative is 0. Its gradient is
    /// then 0, so that no step changes it.
    ///
    /// A ReLU becomes silent if a step is so long that its weighted input is negative for all examples from then on:
    /// the learning rate is too high, or its initial weights are too large.
    ///
    /// # Shapes
    ///
    /// `x` n_in × examples.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`](crate::Error::SizeMismatch) if the rows of `x` are not as many as the inputs
    /// of the network, and the errors of [`predict`](Self::predict) for layers that do not fit each other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let mut network = Network::<f64, _, _>::new(&[2, 3, 1], Relu, Sigmoid, &ByActivation, 1)?;
    /// for layer in network.hidden_mut() {
    ///     layer.biases.fill(-100.0);
    /// }
    /// let x = DMatrix::from_column_slice(2, 2, &[0.0, 1.0, 1.0, 1.0]);
    /// assert_eq!(network.silent_neurons(&x)?, [3, 0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn silent_neurons(&self, x: &DMatrix<T>) -> Result<Vec<usize>> {
        super::check_inputs(self, x)?;
        let mut silence = Silence::new(self);
        for first in (0..x.ncols()).step_by(BLOCK) {
            let block = x.columns(first, BLOCK.min(x.ncols() - first)).into_owned();
            silence.add(self, &block)?;
        }
        Ok(silence.count())
    }
}

/// The state of each neuron: for a silent one, the output that it has had for all examples so far.
pub(crate) struct Silence<T>(Vec<Vec<Neuron<T>>>);

#[derive(Clone, Copy, PartialEq)]
enum Neuron<T> {
    Unseen,
    Silent(T),
    Active,
}

impl<T: Real> Silence<T> {
    pub(crate) fn new(network: &dyn AnyNetwork<T>) -> Self {
        Self(network.layers().iter().map(|layer| vec![Neuron::Unseen; layer.biases.len()]).collect())
    }

    /// Updates the state of each neuron with the examples in the columns of `x`.
    pub(crate) fn add(&mut self, network: &dyn AnyNetwork<T>, x: &DMatrix<T>) -> Result<()> {
        let mut workspace = Workspace::new(&network.sizes(), x.ncols())?;
        super::forward(network, x, &mut workspace);
        for (index, (layer, neurons)) in network.layers().into_iter().zip(&mut self.0).enumerate() {
            let (z, a) = (workspace.weighted_inputs(index), workspace.activations(index));
            // A different value for each neuron: softmax pulls equal values back to 0, whatever its derivative.
            let mut derivative = a.clone();
            for mut column in derivative.column_iter_mut() {
                for (j, value) in column.iter_mut().enumerate() {
                    *value = T::cast(1.0 + j as f64 / 8.0);
                }
            }
            layer.activation.pull_back(z, a, &mut derivative);
            for (a, derivative) in a.column_iter().zip(derivative.column_iter()) {
                for ((neuron, &a), &derivative) in neurons.iter_mut().zip(&a).zip(&derivative) {
                    let is_same = *neuron == Neuron::Unseen || *neuron == Neuron::Silent(a);
                    let is_silent = is_same && derivative == T::zero();
                    *neuron = if is_silent { Neuron::Silent(a) } else { Neuron::Active };
                }
            }
        }
        Ok(())
    }

    /// The number of silent neurons of each layer.
    pub(crate) fn count(&self) -> Vec<usize> {
        let silent = |neuron: &&Neuron<T>| matches!(neuron, Neuron::Silent(_));
        self.0.iter().map(|neurons| neurons.iter().filter(silent).count()).collect()
    }
}
