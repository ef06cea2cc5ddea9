//! Gathering from a source that may be user-defined, with checks.

use nalgebra::DMatrix;

use super::{Samples, Task};
use crate::error::{Error, Result, check_setting};
use crate::real::Real;

/// Gathers like [`Samples::gather`], and verifies that the source has not changed the shapes of `x` and `y`: every loop
/// over a batch relies on them.
///
/// # Errors
///
/// Returns any error of the source, and [`Error::SizeMismatch`] if it has changed the shape of `x` or `y`.
pub(crate) fn gather_checked<T: Real>(
    samples: &dyn Samples<T>,
    epoch: u64,
    indices: &[usize],
    x: &mut DMatrix<T>,
    y: &mut DMatrix<T>,
) -> Result<()> {
    let before = [x.shape(), y.shape()];
    samples.gather(epoch, indices, x, y)?;
    let (x, y) = (x.shape(), y.shape());
    for (what, found, expected) in [
        ("rows of x after `gather`, which must not change them", x.0, before[0].0),
        ("columns of x after `gather`, which must not change them", x.1, before[0].1),
        ("rows of y after `gather`, which must not change them", y.0, before[1].0),
        ("columns of y after `gather`, which must not change them", y.1, before[1].1),
    ] {
        if found != expected {
            return Err(Error::SizeMismatch { what, found, expected });
        }
    }
    Ok(())
}

/// Fills `weights` like [`Samples::weights`], and verifies them.
///
/// # Errors
///
/// Returns [`Error::Setting`] for the first weight that is negative, NaN or infinite.
pub(crate) fn weights_checked<T: Real>(
    samples: &dyn Samples<T>,
    indices: &[usize],
    weights: &mut [T],
) -> Result<()> {
    samples.weights(indices, weights);
    match weights.iter().find(|weight| !(**weight >= T::zero() && weight.is_finite())) {
        Some(weight) => check_weight(weight.to_f64()),
        None => Ok(()),
    }
}

/// Returns an error for a weight that is negative, NaN or infinite.
pub(super) fn check_weight(weight: f64) -> Result<()> {
    let why = "a sample that should not count has weight 0, and none can count infinitely much";
    check_setting("weight of a sample", weight, weight >= 0.0 && weight.is_finite(), "[0, ∞)", why)
}

/// The samples before augmentation, with the weights and the task of the augmented source.
#[derive(Debug)]
pub(crate) struct Unaugmented<'a, T>(pub &'a dyn Samples<T>);

impl<T: Real> Samples<T> for Unaugmented<'_, T> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn n_inputs(&self) -> usize {
        self.0.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.0.n_outputs()
    }

    fn gather(&self, epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()> {
        self.0.unaugmented().unwrap_or(self.0).gather(epoch, indices, x, y)
    }

    fn weights(&self, indices: &[usize], weights: &mut [T]) {
        self.0.weights(indices, weights);
    }

    fn task(&self) -> Option<Task> {
        self.0.task()
    }
}
