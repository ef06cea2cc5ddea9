//! Dropout: neurons that are left out of a training step at random.

use rand::Rng;

use crate::data::Batch;
use crate::error::{Result, check_setting};
use crate::network::Workspace;
use crate::random::{Purpose, generator};
use crate::real::Real;

/// Leaves out each input with probability p₀ and each hidden neuron with probability p₁, afresh for every sample and
/// epoch.
///
/// An activation a becomes r a/(1 − p) on its way to the next layer, with r = 0 for a neuron that is left out (with
/// probability p) and 1 otherwise. So its mean stays a, and the trained network needs no change: dropout belongs to the
/// trainer, not to the network.
///
/// The choice is determined by (seed, epoch, sample, layer), so that it depends neither on the number of threads nor on
/// interruptions of the run. In a custom loop over batches that belong to no [epoch](Batch::epoch) it is determined by
/// (seed, step, sample, layer).
///
/// Source: chapter 3 of the book, "Other techniques for regularization", "Dropout"; Srivastava, Hinton, Krizhevsky,
/// Sutskever and Salakhutdinov, *Dropout: a simple way to prevent neural networks from overfitting*, 2014, in the
/// "inverted" form of section 10.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(200, 1)?;
/// let softmax = Softmax::default();
/// let mut network = Network::new(&[784, 30, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(LogLikelihood)
///     .dropout(Dropout::new(0.2, 0.5)?)
///     .stop(MaxEpochs::new(2)?);
/// assert_eq!(trainer.fit(&mut network, &data, None)?.history.len(), 2);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    inputs: f64,
    hidden: f64,
}

impl Dropout {
    /// Leaves out inputs with probability `inputs` and hidden neurons with probability `hidden`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if a probability is outside [0, 1).
    pub fn new(inputs: f64, hidden: f64) -> Result<Self> {
        let why =
            "it is the fraction of neurons that is left out, and with 1 none would be left; try 0.2 and 0.5";
        for (name, p) in [("dropout of inputs", inputs), ("dropout of hidden neurons", hidden)] {
            check_setting(name, p, (0.0..1.0).contains(&p), "[0, 1)", why)?;
        }
        Ok(Self { inputs, hidden })
    }

    /// The probability with which a neuron of `layer` is left out, the inputs being layer 0.
    fn probability(&self, layer: usize) -> f64 {
        if layer == 0 { self.inputs } else { self.hidden }
    }

    /// A workspace with masks for the layers that lose neurons.
    pub(super) fn masked<T: Real>(&self, workspace: Workspace<T>, n_inputs: usize) -> Workspace<T> {
        workspace.with_masks(n_inputs, |layer| self.probability(layer) > 0.0)
    }

    /// Draws the masks for `batch` in the step that follows `t` steps.
    pub(super) fn draw<T: Real>(&self, seed: u64, t: u64, batch: &Batch<T>, workspace: &mut Workspace<T>) {
        // A batch of no epoch gets the masks of the step, which differ from those of every epoch.
        let epoch = if batch.epoch == 0 { u64::MAX - t } else { batch.epoch };
        for (layer, mask) in workspace.masks_mut() {
            let p = self.probability(layer);
            let kept = T::cast(1.0 / (1.0 - p));
            // A draw below this, of 2³² equally likely ones, leaves a neuron out.
            let threshold = (p * 4_294_967_296.0) as u32;
            for (mut column, &sample) in mask.factors.column_iter_mut().zip(&batch.samples) {
                let mut rng = generator(seed, Purpose::Dropout, epoch, sample as u64);
                rng.set_stream(layer as u64);
                column.apply(|factor| *factor = if rng.next_u32() < threshold { T::zero() } else { kept });
            }
        }
    }
}
