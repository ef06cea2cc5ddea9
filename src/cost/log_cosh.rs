//! The log-cosh cost, a smooth mean absolute error.

use nalgebra::DMatrix;

use super::Cost;
use crate::activation::{Linear, Tanh};
use crate::real::{Real, zip_map, zip_sums};

/// C_x = Σ_j ln cosh(a_j − y_j), with δ = tanh(a − y): for linear outputs.
///
/// It is near ½ r² for small residuals r and near |r| − ln 2 for large ones, like [`Huber`](super::Huber),
/// but has derivatives of every order. For |r| below 0.88 it is computed as ½ ln(1 + sinh² r), which keeps
/// the digits of a small cost, and beyond as |r| + ln(1 + e^(−2|r|)) − ln 2, which does not overflow.
///
/// Source: Green, "Bayesian reconstructions from emission tomography data using a modified EM algorithm",
/// 1990, where it is the logarithm of a prior.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (a, y) = (DMatrix::from_column_slice(2, 1, &[1e-8, 1e308]), DMatrix::zeros(2, 1));
/// assert_eq!(LogCosh.value(&Linear, &a, &a, &y), 1e308);
/// gradus::check::cost(&LogCosh, &Linear).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogCosh;

/// Returns ln cosh `r`.
#[inline(always)]
fn log_cosh<T: Real>(r: T) -> T {
    let r = r.abs();
    let doubled = -(r + r);
    let e = doubled.fast_exp();
    let far = r + (e.fast_ln_1p() - T::cast(std::f64::consts::LN_2));
    // sinh² r = (1 − e^(−2r))² / (4 e^(−2r)), which may divide by 0 where `far` is used.
    let difference = doubled.fast_exp_m1();
    let near = T::cast(0.5) * (difference * difference / (T::cast(4.0) * e)).fast_ln_1p();
    if r < T::cast(0.88) { near } else { far }
}

impl<T: Real> Cost<T, Linear> for LogCosh {
    fn values(&self, _output: &Linear, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        zip_sums(
            a,
            y,
            costs,
            #[inline(always)]
            move |a, y| log_cosh(a - y),
        );
    }

    fn delta(
        &self,
        _output: &Linear,
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
            move |y, a| Tanh::eval(a - y),
        );
    }
}
