//! Warnings about the network at the end of a run.

use nalgebra::DMatrix;

use super::warning::Warning;
use crate::data::{Batch, Samples};
use crate::error::Result;
use crate::network::{self, AnyNetwork, Model, Silence, Workspace};
use crate::real::Real;

/// The number of training samples that are examined.
const SAMPLES: usize = 1000;

/// The number of samples per block.
const BLOCK: usize = 100;

/// Weights count as shrunk if their norm has fallen below this fraction of the initial norm: no data draw them so near
/// to 0.
const SHRUNK: f64 = 0.1;

/// The fraction by which the cost has to be below that of a constant prediction.
const GAIN: f64 = 0.01;

/// The norms of the weights of each layer when a run begins.
pub(super) struct Norms(Vec<f64>);

impl Norms {
    pub(super) fn of<T: Real>(network: &dyn AnyNetwork<T>) -> Self {
        let norm = |weights: &[T]| weights.iter().map(|w| w.to_f64() * w.to_f64()).sum::<f64>().sqrt();
        Self(network.layers().iter().map(|layer| norm(layer.weights.as_slice())).collect())
    }

    /// Returns the warnings about the network after a run on `training`. `unscaled` says whether the inputs have a
    /// warning.
    pub(super) fn warnings<T: Real>(
        &self,
        model: &dyn Model<T>,
        training: &dyn Samples<T>,
        unscaled: bool,
    ) -> Result<Vec<Warning>> {
        let training = training.unaugmented().unwrap_or(training);
        let shrunk = self.shrunk_weights(model, training)?;
        let mut warnings = silent_neurons(model.network(), training, unscaled)?;
        warnings.extend(shrunk);
        Ok(warnings)
    }

    /// Returns a warning about the layer whose weights have shrunk the most, if the network has become constant as
    /// well.
    fn shrunk_weights<T: Real>(
        &self,
        model: &dyn Model<T>,
        training: &dyn Samples<T>,
    ) -> Result<Option<Warning>> {
        let after = Self::of(model.network());
        let layers = (1..).zip(self.0.iter().zip(&after.0)).filter(|(_, (before, _))| **before > 0.0);
        let smallest = layers.min_by(|(_, (a0, a)), (_, (b0, b))| (*a / *a0).total_cmp(&(*b / *b0)));
        let Some((layer, (&before, &after))) = smallest else { return Ok(None) };
        let shrunk = after < SHRUNK * before && is_constant(model, training)?;
        Ok(shrunk.then_some(Warning::ShrunkWeights { layer, before, after }))
    }
}

/// Whether the cost is hardly better than that of a constant prediction: the mean weighted inputs of the output layer.
fn is_constant<T: Real>(model: &dyn Model<T>, training: &dyn Samples<T>) -> Result<bool> {
    let (network, last) = (model.network(), model.network().n_layers() - 1);
    let (mut cost, mut mean) = (0.0, vec![0.0; training.n_outputs()]);
    for_each_block(training, |batch| {
        let mut workspace = Workspace::new(&network.sizes(), batch.examples())?;
        network::forward(network, &batch.x, &mut workspace);
        cost += network::compute_costs(model, batch, &mut workspace);
        for column in workspace.weighted_inputs(last).column_iter() {
            mean.iter_mut().zip(column.iter()).for_each(|(mean, z)| *mean += z.to_f64());
        }
        Ok(())
    })?;
    let n = training.len().min(SAMPLES) as f64;
    let mut constant = 0.0;
    for_each_block(training, |batch| {
        let z = DMatrix::from_fn(mean.len(), batch.examples(), |output, _| T::cast(mean[output] / n));
        let (mut a, mut costs) = (z.clone(), vec![0.0; batch.examples()]);
        network.layer(last).activation.activate(&z, &mut a);
        model.costs(&z, &a, &batch.y, &mut costs);
        constant +=
            costs.iter().zip(&batch.weights).map(|(cost, weight)| cost * weight.to_f64()).sum::<f64>();
        Ok(())
    })?;
    Ok(constant - cost < GAIN * constant.abs())
}

/// Returns a warning for each layer that has silent neurons.
fn silent_neurons<T: Real>(
    network: &dyn AnyNetwork<T>,
    training: &dyn Samples<T>,
    unscaled: bool,
) -> Result<Vec<Warning>> {
    let mut silence = Silence::new(network);
    for_each_block(training, |batch| silence.add(network, &batch.x))?;
    let samples = training.len().min(SAMPLES);
    let layers = (1..).zip(silence.count()).zip(network.sizes().into_iter().skip(1));
    Ok(layers
        .filter(|((_, silent), _)| *silent > 0)
        .map(|((layer, silent), neurons)| Warning::SilentNeurons {
            layer,
            silent,
            neurons,
            samples,
            unscaled,
        })
        .collect())
}

/// Visits samples spread evenly over the data, which may be sorted by class.
fn for_each_block<T: Real>(
    training: &dyn Samples<T>,
    mut visit: impl FnMut(&Batch<T>) -> Result<()>,
) -> Result<()> {
    let (n, samples) = (training.len(), training.len().min(SAMPLES));
    let indices: Vec<usize> =
        (0..samples).map(|i| (i as u128 * n as u128 / samples as u128) as usize).collect();
    for indices in indices.chunks(BLOCK) {
        let mut batch = Batch::zeros(training.n_inputs(), training.n_outputs(), indices.len())?;
        batch.gather(training, 1, indices)?;
        visit(&batch)?;
    }
    Ok(())
}
