//! The cross-entropy cost of independent sigmoid outputs.

use nalgebra::DMatrix;

use super::{Cost, check_range};
use crate::activation::{SATURATED, Sigmoid};
use crate::error::Result;
use crate::real::{Real, zip_map_except, zip_sums};

/// C_x = −Σ_j [y_j ln a_j + (1 − y_j) ln(1 − a_j)], with δ = a − y: for sigmoid outputs and targets in [0, 1].
///
/// σ′ has cancelled from δ, so that a neuron learns faster the larger its error is. With a = σ(z) the value is
///
/// ```text
/// C_x = Σ_j [max(z_j, 0) − y_j z_j + ln(1 + e^(−|z_j|))]
/// ```
///
/// which is finite for every finite z, while the first form takes ln 0 as soon as an output rounds to 0 or 1. For y in
/// (0, 1) the minimum is at a = y, and is the binary entropy of y.
///
/// Source: chapter 3 of the book, "The cross-entropy cost function", equations (57) to (63), and the problem on
/// what makes δ = a − y.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(2, 1, &[0.0, 1000.0]);
/// let (mut a, y) = (z.clone(), DMatrix::from_column_slice(2, 1, &[1.0, 0.0]));
/// Sigmoid.activate(&z, &mut a);
/// assert_eq!(CrossEntropy.value(&Sigmoid, &z, &a, &y), f64::ln(2.0) + 1000.0);
/// gradus::check::cost(&CrossEntropy, &Sigmoid).unwrap();
/// ```
///
/// No other output activation compiles:
///
/// ```compile_fail
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_element(1, 1, 0.5);
/// CrossEntropy.value(&Linear, &z, &z, &z);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CrossEntropy;

impl<T: Real> Cost<T, Sigmoid> for CrossEntropy {
    fn values(&self, _output: &Sigmoid, z: &DMatrix<T>, _a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        values(z, y, |y| y, costs);
    }

    fn delta(
        &self,
        _output: &Sigmoid,
        z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        self::delta(z, a, y, |y| y, delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        check_range(
            y,
            first,
            T::zero()..=T::one(),
            "[0, 1]",
            "the cross-entropy reads a target as a probability; labels from 2 on need an output for each class: see `Dataset::from_labels`",
        )
    }
}

/// Sets `costs` to C_x of each example, for the targets `target(y)`.
#[inline(always)]
pub(super) fn values<T: Real>(
    z: &DMatrix<T>,
    y: &DMatrix<T>,
    target: impl Fn(T) -> T + Copy + Sync,
    costs: &mut [f64],
) {
    zip_sums(
        z,
        y,
        costs,
        #[inline(always)]
        move |z, y| {
            // max(z, 0) − y z, without the difference of two large numbers.
            let factor = if z > T::zero() { T::one() - target(y) } else { -target(y) };
            factor * z + (-z.abs()).fast_exp().fast_ln_1p()
        },
    );
}

/// Sets `delta` to a − `target(y)`. Near a = 1, where a has lost digits, it is computed as (1 − `target(y)`) − σ(−z).
#[inline(always)]
pub(super) fn delta<T: Real>(
    z: &DMatrix<T>,
    a: &DMatrix<T>,
    y: &DMatrix<T>,
    target: impl Fn(T) -> T + Copy + Sync,
    delta: &mut DMatrix<T>,
) {
    delta.copy_from(a);
    zip_map_except(
        (y, z),
        delta,
        #[inline(always)]
        move |_, a| a > T::cast(SATURATED),
        #[inline(always)]
        move |y, a| a - target(y),
        #[inline(always)]
        move |y, z, _| (T::one() - target(y)) - Sigmoid::eval(-z),
    );
}
