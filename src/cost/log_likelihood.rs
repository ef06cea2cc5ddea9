//! The log-likelihood cost of a softmax layer.

use nalgebra::DMatrix;

use super::Cost;
use crate::activation::Softmax;
use crate::error::{Error, Result};
use crate::real::Real;

/// C_x = −Σ_j y_j ln a_j, with δ = c (a − y): for softmax outputs of sharpness c and targets that are probability
/// distributions.
///
/// For the usual target, 1 at the right class and 0 elsewhere, it is the book's −ln a_y. The value is
/// computed as Σ_j y_j (ln Σ_k e^(c (z_k − z_max)) + c (z_max − z_j)), which stays finite where a_j rounds to 0, and does
/// not cancel where all z are large.
///
/// Source: chapter 3 of the book, "Softmax", equations (80) to (82); for soft targets the same derivation with
/// Σ_j y_j = 1.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(2, 1, &[0.0, 2000.0]);
/// let (mut a, y) = (z.clone(), DMatrix::from_column_slice(2, 1, &[1.0, 0.0]));
/// Softmax::default().activate(&z, &mut a);
/// assert_eq!(a[0], 0.0);
/// assert_eq!(LogLikelihood.value(&Softmax::default(), &z, &a, &y), 2000.0);
/// gradus::check::cost(&LogLikelihood, &Softmax::default()).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogLikelihood;

impl<T: Real> Cost<T, Softmax> for LogLikelihood {
    fn values(&self, output: &Softmax, z: &DMatrix<T>, _a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let (c, neurons) = (output.sharpness_in::<T>(), z.nrows().max(1));
        let columns = z.as_slice().chunks_exact(neurons).zip(y.as_slice().chunks_exact(neurons));
        for (cost, (z, y)) in costs.iter_mut().zip(columns) {
            let (largest, log_sum) = output.log_sum_exp(z);
            // Where y is 0 nothing counts, not even an overflow.
            let expected = z.iter().zip(y).filter(|(_, y)| **y != T::zero());
            *cost = expected.map(|(&z, &y)| (y * (log_sum + c * (largest - z))).to_f64()).sum();
        }
    }

    fn delta(
        &self,
        output: &Softmax,
        _z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        let c = output.sharpness_in::<T>();
        delta.copy_from(a);
        delta.zip_apply(y, |delta, y| *delta = c * (*delta - y));
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        let why = "the log-likelihood reads the targets of a sample as a probability distribution";
        for (sample, column) in y.column_iter().enumerate() {
            let sample = first + sample;
            if let Some(index) = column.iter().position(|&y| !(y >= T::zero() && y <= T::one())) {
                let value = column[index].to_f64();
                return Err(Error::Target { sample, index, value, allowed: "[0, 1]", why });
            }
            let sum: f64 = column.iter().map(|y| y.to_f64()).sum();
            if (sum - 1.0).abs() > 1e-5 {
                let allowed = "a sum of 1 over the outputs (the value given is the sum)";
                return Err(Error::Target { sample, index: 0, value: sum, allowed, why });
            }
        }
        Ok(())
    }
}

/// A network may borrow its output activation; see the same of [`CrossEntropy`](super::CrossEntropy) for more.
impl<T: Real> Cost<T, &Softmax> for LogLikelihood {
    fn values(&self, output: &&Softmax, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        Cost::<T, Softmax>::values(self, output, z, a, y, costs);
    }

    fn delta(
        &self,
        output: &&Softmax,
        z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        Cost::<T, Softmax>::delta(self, output, z, a, y, delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        Cost::<T, Softmax>::check_targets(self, y, first)
    }
}
