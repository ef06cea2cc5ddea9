//! Softplus, a smooth rectifier.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, Fan, Sigmoid};
use crate::real::{Real, map, zip_map};

/// Softplus ln(1 + e^z), with derivative σ(z): a smooth [`Relu`](super::Relu), positive everywhere.
///
/// It is computed as max(z, 0) + ln(1 + e^(−|z|)), which neither overflows nor loses the lower tail. Its
/// relative error is below 6 ε.
///
/// Source: Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge for
/// better option pricing", 2001.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert!((Softplus::eval(0.0f64) - f64::ln(2.0)).abs() < 1e-15);
/// assert_eq!((Softplus::eval(1e308f64), Softplus::eval(-1e308f64)), (1e308, 0.0));
/// gradus::check::activation(&Softplus).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softplus;

impl Softplus {
    /// Returns ln(1 + e^`z`).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Softplus;
    ///
    /// assert!((Softplus::eval(0.0) - f64::ln(2.0)).abs() < 1e-15);
    /// assert_eq!(Softplus::eval(1e308), 1e308);
    /// ```
    #[inline(always)]
    pub fn eval<T: Real>(z: T) -> T {
        let above = if z < T::zero() { T::zero() } else { z };
        above + (-z.abs()).fast_exp().fast_ln_1p()
    }
}

impl<T: Real> Activation<T> for Softplus {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        map(
            z,
            a,
            #[inline(always)]
            move |z| Self::eval(z),
        );
    }

    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        zip_map(
            z,
            grad,
            #[inline(always)]
            move |z, grad| grad * Sigmoid::eval(z),
        );
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    fn gain(&self) -> f64 {
        1.041_866_835_535_301_7
    }

    fn fan(&self) -> Fan {
        Fan::In
    }
}
