//! The hyperbolic tangent.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::Activation;
use crate::real::{Real, map, zip_map};

/// The hyperbolic tangent tanh(z) = (e^z − e^(−z)) / (e^z + e^(−z)), with tanh′(z) = 1 − tanh²(z).
///
/// It is a rescaled sigmoid: σ(z) = (1 + tanh(z/2)) / 2. In single precision it is computed as a ratio of two
/// polynomials, in double precision as (1 − e^(−2|z|)) / (1 + e^(−2|z|)) where that does not cancel
/// ([`Real::fast_tanh`]). The relative error is below 4 ε, and that of the derivative below 40 ε. The derivative is
/// 0 where e^(−2|z|) is below twice the smallest normal number.
///
/// Source: chapter 3 of the book, "Other models of artificial neuron", equations (109) to (111).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!(Tanh::eval(0.0f64), 0.0);
/// assert_eq!(Tanh::eval(1e-300f64), 1e-300);
/// assert_eq!((Tanh::eval(1e308f64), Tanh::eval(-1e308f64)), (1.0, -1.0));
/// gradus::check::activation(&Tanh).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tanh;

impl Tanh {
    /// Returns tanh(`z`).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Tanh;
    ///
    /// assert_eq!((Tanh::eval(0.0), Tanh::eval(1e308)), (0.0, 1.0));
    /// ```
    #[inline(always)]
    pub fn eval<T: Real>(z: T) -> T {
        z.fast_tanh()
    }

    /// Returns tanh′(`z`) = 1 − tanh²(z), computed as 4 e^(−2|z|) / (1 + e^(−2|z|))², which does not cancel
    /// where |tanh| is near 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Tanh;
    ///
    /// assert_eq!(Tanh::derivative(0.0), 1.0);
    /// assert!(Tanh::derivative(50.0) > 0.0); // where tanh rounds to 1
    /// ```
    #[inline(always)]
    pub fn derivative<T: Real>(z: T) -> T {
        let magnitude = z.abs();
        let e = (-(magnitude + magnitude)).fast_exp();
        let factor = T::cast(2.0) / (T::one() + e);
        e * factor * factor
    }
}

impl<T: Real> Activation<T> for Tanh {
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
            move |z, grad| grad * Self::derivative(z),
        );
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
