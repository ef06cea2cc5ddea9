//! The Poisson cost, for outputs that are expected counts.

use nalgebra::DMatrix;

use super::{Cost, check_range};
use crate::activation::Exponential;
use crate::error::Result;
use crate::real::{Real, zip_map, zip_sums};

/// C_x = Σ_j (a_j − y_j ln a_j) = Σ_j (e^(z_j) − y_j z_j), with δ = a − y: for exponential outputs and
/// targets that are counts or rates, 0 or more.
///
/// It is −ln of the probability of y under a Poisson distribution of mean a, without ln y!, which does not
/// depend on the weights. So it can be negative; its minimum is at a = y. As for the cross-entropy, the
/// derivative of the output activation has cancelled from δ.
///
/// The cost is ∞ where e^z is: above z = 709.78 (88.72 for `f32`).
///
/// Source: McCullagh and Nelder, *Generalized Linear Models*, 1989, section 6.2.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(2, 1, &[0.0, -1e308]);
/// let (mut a, y) = (z.clone(), DMatrix::from_column_slice(2, 1, &[3.0, 0.0]));
/// Exponential.activate(&z, &mut a);
/// assert_eq!(Poisson.value(&Exponential, &z, &a, &y), 1.0);
/// gradus::check::cost(&Poisson, &Exponential).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Poisson;

impl<T: Real> Cost<T, Exponential> for Poisson {
    fn values(&self, _: &Exponential, z: &DMatrix<T>, _a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let most = T::max_value().unwrap_or(T::one());
        zip_sums(
            z,
            y,
            costs,
            #[inline(always)]
            move |z, y| {
                let rate = z.fast_exp();
                // ∞ − ∞ would be NaN where both overflow.
                if rate > most { rate } else { rate - y * z }
            },
        );
    }

    fn delta(
        &self,
        _: &Exponential,
        _z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        delta.copy_from(a);
        zip_map(
            y,
            delta,
            #[inline(always)]
            move |y, a| a - y,
        );
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        let largest = T::max_value().unwrap_or(T::one());
        check_range(
            y,
            first,
            T::zero()..=largest,
            "[0, ∞)",
            "the Poisson cost reads a target as a count or a rate",
        )
    }
}
