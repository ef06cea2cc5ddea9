//! The log-likelihood cost of a softmax layer.

use nalgebra::DMatrix;

use super::{Cost, check_range};
use crate::activation::Softmax;
use crate::error::{Error, Result, check_setting};
use crate::real::Real;

/// C_x = −Σ_j y_j ln a_j, with δ = c (a − y): for softmax outputs of sharpness c and targets that are probability
/// distributions.
///
/// For a one-hot target, 1 at the correct class y and 0 elsewhere, it is the book's −ln a_y. The value is computed as
/// Σ_j y_j (ln Σ_k e^(c (z_k − z_max)) + c (z_max − z_j)), which stays finite where a_j rounds to 0, and does not
/// cancel where all z are large.
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
        values(output, z, y, |y| y, costs);
    }

    fn delta(
        &self,
        output: &Softmax,
        _z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        self::delta(output, a, y, |y| y, delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        check_distributions(y, first)
    }
}

/// Sets `costs` to C_x of each example, for the targets `target(y)`.
pub(super) fn values<T: Real>(
    output: &Softmax,
    z: &DMatrix<T>,
    y: &DMatrix<T>,
    target: impl Fn(T) -> T,
    costs: &mut [f64],
) {
    let neurons = z.nrows().max(1);
    let columns = z.as_slice().chunks_exact(neurons).zip(y.as_slice().chunks_exact(neurons));
    for (cost, (z, y)) in costs.iter_mut().zip(columns) {
        let (log_sum, below) = output.log_sum_exp(z);
        // Outputs with a target of 0 are left out: 0 · ∞ would be NaN.
        let expected = z.iter().zip(y).map(|(&z, &y)| (z, target(y))).filter(|(_, y)| *y != T::zero());
        *cost = expected.map(|(z, y)| (y * (log_sum + below(z))).to_f64()).sum();
    }
}

/// Sets `delta` to c (a − `target(y)`). For an output above ½, which may have rounded to 1, a is replaced by 1 − Σ of
/// the other outputs: with a target of 1, minus this sum remains.
pub(super) fn delta<T: Real>(
    output: &Softmax,
    a: &DMatrix<T>,
    y: &DMatrix<T>,
    target: impl Fn(T) -> T,
    delta: &mut DMatrix<T>,
) {
    let (c, neurons) = (output.sharpness_in::<T>(), a.nrows().max(1));
    let columns = a.as_slice().chunks_exact(neurons).zip(y.as_slice().chunks_exact(neurons));
    for ((a, y), delta) in columns.zip(delta.as_mut_slice().chunks_exact_mut(neurons)) {
        let mut others = T::zero();
        for ((delta, &a), &y) in delta.iter_mut().zip(a).zip(y) {
            *delta = c * (a - target(y));
            others += if a > T::cast(0.5) { T::zero() } else { a };
        }
        if let Some(most) = a.iter().position(|&a| a > T::cast(0.5)) {
            delta[most] = c * ((T::one() - target(y[most])) - others);
        }
    }
}

/// Returns an error for a single output, and for the first sample whose targets are not a probability distribution.
pub(super) fn check_distributions<T: Real>(y: &DMatrix<T>, first: usize) -> Result<()> {
    let why = "a softmax of one output is always 1; use one-hot targets and an output for each class, or one `Sigmoid` output \
               with `CrossEntropy`";
    check_setting("number of softmax outputs", y.nrows() as f64, y.nrows() != 1, "[2, ∞)", why)?;
    let why = "the targets of a sample are the probabilities of its classes; use one-hot targets, or divide by the sum";
    check_range(y, first, T::zero()..=T::one(), "[0, 1]", why)?;
    for (sample, column) in (first..).zip(y.column_iter()) {
        let sum: f64 = column.iter().map(|y| y.to_f64()).sum();
        if (sum - 1.0).abs() > 1e-5 {
            let allowed = "a sum of 1 over the outputs (the value given is the sum)";
            return Err(Error::Target { sample, index: 0, value: sum, allowed, why });
        }
    }
    Ok(())
}
