//! The step of an optimizer that evaluates the cost itself.

use super::Trainer;
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, Samples};
use crate::error::{Error, Result};
use crate::network::{Network, Workspace};
use crate::optimizer::{Objective, Scope};
use crate::real::Real;
use crate::regularizer::Regularizer;

/// The cost of a batch, penalty included, as a function of the parameters.
pub(super) struct BatchObjective<'a, T: Real, H, A, C> {
    pub network: &'a mut Network<T, H, A>,
    pub batch: &'a Batch<T>,
    pub workspace: &'a mut Workspace<T>,
    pub cost: &'a C,
    pub regularizer: &'a dyn Regularizer<T>,
    /// 1/n, n the size of the training set.
    pub scale: T,
    /// Σ weight · C_x at the first and at the last evaluation.
    pub sums: Option<(f64, f64)>,
}

impl<T, H, A, C> Objective<T> for BatchObjective<'_, T, H, A, C>
where
    T: Real,
    H: Activation<T>,
    A: Activation<T>,
    C: Cost<T, A>,
{
    fn read(&self, mut parameters: &mut [T]) {
        for array in self.network.parameters() {
            let (copy, rest) = parameters.split_at_mut(array.len());
            copy.copy_from_slice(array);
            parameters = rest;
        }
    }

    fn evaluate(&mut self, mut parameters: &[T], mut gradient: &mut [T]) -> f64 {
        let Self { network, batch, workspace, cost, regularizer, scale, sums } = self;
        for array in network.parameters_mut() {
            let (copy, rest) = parameters.split_at(array.len());
            array.copy_from_slice(copy);
            parameters = rest;
        }
        network.forward(&batch.x, workspace);
        let sum = network.cost(*cost, batch, workspace);
        *sums = Some((sums.map_or(sum, |sums| sums.0), sum));
        network.compute_deltas(*cost, batch, workspace);
        let mut penalty = 0.0;
        for (index, layer) in network.layers().enumerate() {
            let weights = layer.weights.as_slice();
            let (of_weights, rest) = gradient.split_at_mut(weights.len());
            let (of_biases, rest) = rest.split_at_mut(layer.biases.len());
            gradient = rest;
            workspace.begin_gradient(index);
            workspace.weight_gradient(&batch.x, index, 0..layer.weights.ncols(), of_weights);
            workspace.bias_gradient(index, of_biases);
            regularizer.add_gradient(weights, *scale, of_weights);
            penalty += regularizer.penalty(weights);
        }
        sum / batch.examples() as f64 + penalty * scale.to_f64()
    }
}

impl<T: Real, C> Trainer<T, C> {
    /// Whether the optimizer evaluates the cost itself, on all samples.
    pub(super) fn searches(&self) -> bool {
        self.optimizer.scope() == Scope::Objective
    }

    /// The samples of a mini-batch, of `n` in all.
    pub(super) fn batch_size(&self, n: usize) -> usize {
        if self.searches() { n } else { self.mini_batch.min(n) }
    }

    /// Returns an error if the optimizer evaluates the cost itself, and the cost is not the same each time.
    pub(super) fn check_search(&self, training: &dyn Samples<T>) -> Result<()> {
        let why = match (&self.dropout, training.unaugmented()) {
            _ if !self.searches() => return Ok(()),
            (None, None) => return Ok(()),
            (Some(_), _) => "with dropout the cost is another one in every step; remove the dropout",
            (None, Some(_)) => {
                "augmented data are others in every epoch; augment them before, with `Augmented::expand`"
            }
        };
        Err(Error::Search { optimizer: format!("{:?}", self.optimizer), why })
    }
}
