//! The logistic function.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, SATURATED};
use crate::real::{Real, map, zip_map_except};

/// The sigmoid σ(z) = 1 / (1 + e^(−z)), with σ′(z) = σ(z) (1 − σ(z)).
///
/// It is computed from e^(−|z|), which never overflows. σ has a relative error of a few ε in both tails:
/// σ(−40) is 4.2 · 10⁻¹⁸ and not 0. The relative error of σ′ is below 40 ε. Where e^(−|z|) is below twice the
/// smallest normal number it counts as 0.
///
/// Source: chapter 1 of the book, equation (3); for σ′ the exercise after equation (60) in chapter 3.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!(Sigmoid::eval(0.0f64), 0.5);
/// assert_eq!((Sigmoid::eval(1e308f64), Sigmoid::eval(-1e308f64)), (1.0, 0.0));
/// gradus::check::activation(&Sigmoid).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sigmoid;

impl Sigmoid {
    /// Returns σ(`z`).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Sigmoid;
    ///
    /// assert_eq!(Sigmoid::eval(0.0), 0.5);
    /// assert_eq!((Sigmoid::eval(-1e308), Sigmoid::eval(1e308)), (0.0, 1.0));
    /// ```
    #[inline(always)]
    pub fn eval<T: Real>(z: T) -> T {
        let e = (-z.abs()).fast_exp();
        let numerator = if z < T::zero() { e } else { T::one() };
        numerator / (T::one() + e)
    }

    /// Returns σ′(`z`) = σ(z) (1 − σ(z)), computed as e^(−|z|) / (1 + e^(−|z|))², which does not cancel where σ
    /// is near 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Sigmoid;
    ///
    /// assert_eq!(Sigmoid::derivative(0.0), 0.25);
    /// assert!(Sigmoid::derivative(50.0) > 0.0); // where σ rounds to 1
    /// ```
    #[inline(always)]
    pub fn derivative<T: Real>(z: T) -> T {
        let e = (-z.abs()).fast_exp();
        let factor = T::one() / (T::one() + e);
        e * factor * factor
    }
}

impl<T: Real> Activation<T> for Sigmoid {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        map(
            z,
            a,
            #[inline(always)]
            move |z| Self::eval(z),
        );
    }

    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        zip_map_except(
            (a, z),
            grad,
            #[inline(always)]
            move |a, _| a > T::cast(SATURATED),
            #[inline(always)]
            move |a, grad| grad * (a * (T::one() - a)),
            #[inline(always)]
            move |_, z, grad| grad * Self::derivative(z),
        );
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
