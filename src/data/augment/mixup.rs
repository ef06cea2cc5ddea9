//! Mixup: samples that are blended in pairs.

use std::sync::{Mutex, PoisonError};

use nalgebra::DMatrix;
use rand::RngExt;

use super::beta;
use crate::data::{Samples, Task};
use crate::error::{Result, check_setting};
use crate::memory;
use crate::random::{Purpose, generator};
use crate::real::Real;

/// Mixup: inputs and targets of each sample are blended with those of a random sample, afresh in each epoch.
///
/// ```text
/// x = μ x_i + (1 − μ) x_j          y = μ y_i + (1 − μ) y_j          μ ~ Beta(α, α)
/// ```
///
/// Here j is drawn uniformly from all samples, including i. A network learns to change its outputs linearly between the
/// samples, and is less certain of samples that are far from all others. α is `alpha`: near 0, μ is nearly always close
/// to 0 or 1; at 1, every μ is equally likely; above 1, μ is near ½. Zhang and others use 0.1 to 0.4. The j and μ of
/// sample i in epoch e depend on (`seed`, e, i) only. Both samples are taken from epoch e, so that
/// [`Augmented`](super::Augmented) samples can be mixed. The blend has the weight of sample i.
///
/// One-hot targets become probability distributions, for which `CrossEntropy` and `LogLikelihood` are defined. For
/// training data only.
///
/// Source: Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: Beyond empirical risk minimization", 2018, equation (2).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (training, validation) = Dataset::<f32>::synthetic_digits(600, 1)?.split_at(500)?;
/// let training = Mixup::new(training, 0.2, 1)?;
/// gradus::check::samples(&training)?;
///
/// let softmax = Softmax::default();
/// let mut network = Network::new(&[784, 15, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(2)?);
/// assert_eq!(trainer.fit(&mut network, &training, Some(&validation))?.history.len(), 2);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug)]
pub struct Mixup<S, T> {
    samples: S,
    alpha: f64,
    seed: u64,
    /// Buffers for the x and y of a partner, as many as have been in use at once, so that a training step allocates
    /// nothing.
    partners: Mutex<Vec<(DMatrix<T>, DMatrix<T>)>>,
}

impl<T: Real, S: Samples<T>> Mixup<S, T> {
    /// Creates the blend of `samples`, with fractions drawn from Beta(`alpha`, `alpha`).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `alpha` is outside [0.001, 1000].
    pub fn new(samples: S, alpha: f64, seed: u64) -> Result<Self> {
        let why = "it says how evenly samples are blended: near 0 hardly, at 1000 half and half; try 0.2";
        check_setting("alpha of Mixup", alpha, (1e-3..=1e3).contains(&alpha), "[0.001, 1000]", why)?;
        Ok(Self { samples, alpha, seed, partners: Mutex::default() })
    }

    /// Returns the partner j of sample `index` in `epoch`, and the fraction μ of the sample itself.
    fn mix(&self, epoch: u64, index: usize) -> (usize, f64) {
        let mut rng = generator(self.seed, Purpose::Mix, epoch, index as u64);
        let partner = rng.random_range(0..self.samples.len().max(1));
        (partner, beta::symmetric(self.alpha, &mut rng))
    }
}

/// Sets each value of `own` to μ own + (1 − μ) partner, where `fraction` is μ.
fn blend<'a, T: Real>(own: impl Iterator<Item = &'a mut T>, partner: &DMatrix<T>, fraction: f64) {
    let (fraction, rest) = (T::cast(fraction), T::cast(1.0 - fraction));
    own.zip(partner.iter()).for_each(|(own, partner)| *own = fraction * *own + rest * *partner);
}

impl<T: Real, S: Samples<T>> Samples<T> for Mixup<S, T> {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn n_inputs(&self) -> usize {
        self.samples.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.samples.n_outputs()
    }

    fn gather(&self, epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()> {
        self.samples.gather(epoch, indices, x, y)?;
        // The lock is held only briefly. If a thread panicked with it, the buffers are still valid.
        let partners = || self.partners.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = partners().pop();
        let (mut partner_x, mut partner_y) = match spare {
            Some(buffers) => buffers,
            None => (memory::zeros("x", self.n_inputs(), 1)?, memory::zeros("y", self.n_outputs(), 1)?),
        };
        for ((&index, mut x), mut y) in indices.iter().zip(x.column_iter_mut()).zip(y.column_iter_mut()) {
            let (partner, fraction) = self.mix(epoch, index);
            self.samples.gather(epoch, &[partner], &mut partner_x, &mut partner_y)?;
            blend(x.iter_mut(), &partner_x, fraction);
            blend(y.iter_mut(), &partner_y, fraction);
        }
        partners().push((partner_x, partner_y));
        Ok(())
    }

    fn weights(&self, indices: &[usize], weights: &mut [T]) {
        self.samples.weights(indices, weights);
    }

    fn unaugmented(&self) -> Option<&dyn Samples<T>> {
        Some(self.samples.unaugmented().unwrap_or(&self.samples))
    }

    fn task(&self) -> Option<Task> {
        self.samples.task()
    }
}
