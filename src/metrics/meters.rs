//! Ready-made meters: a mean over samples, and a function of all samples at once.

use std::fmt;

use nalgebra::DMatrix;

use super::{Meter, Scored};
use crate::error::{Error, Result};

/// A meter for the mean over the samples of a function f(a, y) of outputs and targets: Σ_x w_x f(a_x, y_x) / Σ_x w_x,
/// with w_x the weight of a sample.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut largest_error = Mean::new(|a: &[f64], y: &[f64]| {
///     a.iter().zip(y).map(|(a, y)| (a - y).abs()).fold(0.0, f64::max)
/// });
/// let (outputs, targets) = (DMatrix::from_row_slice(1, 2, &[1.0, 2.0]), DMatrix::zeros(1, 2));
/// largest_error.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0, 3.0], costs: &[0.0; 2] })?;
/// assert_eq!(largest_error.value(), 7.0 / 4.0);
/// # Ok::<(), gradus::Error>(())
/// ```
pub struct Mean<F> {
    f: F,
    sum: f64,
    weight: f64,
}

impl<F: FnMut(&[f64], &[f64]) -> f64> Mean<F> {
    /// Creates a meter for the mean of `f`.
    pub fn new(f: F) -> Self {
        Self { f, sum: 0.0, weight: 0.0 }
    }
}

impl<F: FnMut(&[f64], &[f64]) -> f64> Meter for Mean<F> {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        for (a, y, weight) in batch.samples() {
            self.sum += weight * (self.f)(a, y);
            self.weight += weight;
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        self.sum / self.weight
    }
}

impl<F> fmt::Debug for Mean<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mean").field("sum", &self.sum).field("weight", &self.weight).finish_non_exhaustive()
    }
}

/// A meter for a function of all samples at once, such as a median or the area under a curve, which no running sum
/// gives.
///
/// It keeps the outputs, targets, weights and costs of all samples in memory.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut median = Whole::new(|all| {
///     let mut errors: Vec<f64> = all.outputs.iter().zip(all.targets).map(|(a, y)| (a - y).abs()).collect();
///     errors.sort_by(f64::total_cmp);
///     errors[errors.len() / 2]
/// });
/// let (outputs, targets) = (DMatrix::from_row_slice(1, 3, &[1.0, 9.0, 2.0]), DMatrix::zeros(1, 3));
/// median.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 3], costs: &[0.0; 3] })?;
/// assert_eq!(median.value(), 2.0);
/// # Ok::<(), gradus::Error>(())
/// ```
pub struct Whole<F> {
    f: F,
    outputs: DMatrix<f64>,
    targets: DMatrix<f64>,
    weights: Vec<f64>,
    costs: Vec<f64>,
}

impl<F: Fn(&Scored<'_>) -> f64> Whole<F> {
    /// Creates a meter that applies `f` to all samples together.
    pub fn new(f: F) -> Self {
        let (outputs, targets) = (DMatrix::zeros(0, 0), DMatrix::zeros(0, 0));
        Self { f, outputs, targets, weights: Vec::new(), costs: Vec::new() }
    }
}

impl<F: Fn(&Scored<'_>) -> f64> Meter for Whole<F> {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        let Scored { outputs, targets, weights, costs } = *batch;
        if self.weights.is_empty() {
            (self.outputs, self.targets) =
                (DMatrix::zeros(outputs.nrows(), 0), DMatrix::zeros(targets.nrows(), 0));
        }
        for (kept, new) in [(&mut self.outputs, outputs), (&mut self.targets, targets)] {
            let (found, expected) = (new.nrows(), kept.nrows());
            if found != expected {
                return Err(Error::SizeMismatch {
                    what: "rows of a batch that is measured",
                    found,
                    expected,
                });
            }
            kept.extend(new.column_iter());
        }
        self.weights.extend(weights);
        self.costs.extend(costs);
        Ok(())
    }

    /// Returns `f` of all samples; NaN without samples.
    fn value(&self) -> f64 {
        let Self { f, outputs, targets, weights, costs } = self;
        if weights.is_empty() { f64::NAN } else { f(&Scored { outputs, targets, weights, costs }) }
    }
}

impl<F> fmt::Debug for Whole<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whole").field("samples", &self.weights.len()).finish_non_exhaustive()
    }
}
