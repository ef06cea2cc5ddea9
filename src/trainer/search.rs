//! The step of an optimizer that evaluates the cost itself.

use super::Parts;
use crate::data::{Batch, Samples};
use crate::error::{Error, Result};
use crate::network::{self, Layer, ModelMut, Workspace};
use crate::optimizer::{Objective, Scope};
use crate::real::Real;
use crate::regularizer::{LayerInfo, Regularizer};

/// The cost of a batch, penalty included, as a function of the parameters.
pub(super) struct BatchObjective<'a, T: Real> {
    pub model: &'a mut dyn ModelMut<T>,
    pub batch: &'a Batch<T>,
    pub workspace: &'a mut Workspace<T>,
    pub regularizer: &'a dyn Regularizer<T>,
    /// 1/n, n the size of the training set.
    pub scale: T,
    /// Σ weight · C_x at the first and at the last evaluation.
    pub sums: Option<(f64, f64)>,
    /// Whether the workspace holds weighted inputs, a cost or errors that are not finite: those of the last evaluation.
    pub has_diverged: bool,
}

impl<T: Real> Objective<T> for BatchObjective<'_, T> {
    fn read(&self, mut parameters: &mut [T]) {
        let network = self.model.network();
        for index in 0..network.n_layers() {
            let Layer { weights, biases, .. } = network.layer(index);
            for array in [weights.as_slice(), biases.as_slice()] {
                let (copy, rest) = parameters.split_at_mut(array.len());
                copy.copy_from_slice(array);
                parameters = rest;
            }
        }
    }

    fn evaluate(&mut self, mut parameters: &[T], mut gradient: &mut [T]) -> f64 {
        let Self { model, batch, workspace, regularizer, scale, sums, has_diverged } = self;
        for index in 0..model.network().n_layers() {
            let (weights, biases) = model.layer_mut(index);
            for array in [weights, biases] {
                let (copy, rest) = parameters.split_at(array.len());
                array.copy_from_slice(copy);
                parameters = rest;
            }
        }
        let network::Passed { sum, is_finite } = network::pass(&**model, batch, workspace);
        *has_diverged = !is_finite;
        *sums = Some((sums.map_or(sum, |sums| sums.0), sum));
        let mut penalty = 0.0;
        for index in 0..model.network().n_layers() {
            let Layer { weights, biases, .. } = model.network().layer(index);
            let (of_weights, rest) = gradient.split_at_mut(weights.len());
            let (of_biases, rest) = rest.split_at_mut(biases.len());
            gradient = rest;
            workspace.begin_gradient(index);
            workspace.weight_gradient(&batch.x, index, 0..weights.ncols(), of_weights, &mut []);
            workspace.bias_gradient(index, of_biases, &mut []);
            let at = LayerInfo { layer: index, rows: weights.nrows() };
            regularizer.add_gradient(&at, weights.as_slice(), *scale, of_weights);
            penalty += regularizer.penalty(&at, weights.as_slice());
        }
        sum / batch.examples() as f64 + penalty * scale.to_f64()
    }
}

impl<T: Real> Parts<T> {
    /// Whether the optimizer evaluates the cost itself, on all samples.
    pub(super) fn searches(&self) -> bool {
        self.optimizer.scope() == Scope::Objective
    }

    /// Returns the number of samples in a mini-batch, of `n` in all.
    pub(super) fn batch_size(&self, n: usize) -> usize {
        if self.searches() { n } else { self.mini_batch.min(n) }
    }

    /// Returns an error if the optimizer evaluates the cost itself, and the cost is not the same each time.
    pub(super) fn check_search(&self, training: &dyn Samples<T>) -> Result<()> {
        let why = match (&self.dropout, training.unaugmented()) {
            _ if !self.searches() => return Ok(()),
            _ if self.leaves > 1 => "it takes the whole batch at once; leave `leaves` at 1",
            (None, None) => return Ok(()),
            (Some(_), _) => "with dropout the cost changes in every step; remove the dropout",
            (None, Some(_)) => {
                "augmented data change in every epoch; augment them before, with `Augmented::expand`"
            }
        };
        Err(Error::Search { optimizer: format!("{:?}", self.optimizer), why })
    }
}
