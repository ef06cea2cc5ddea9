//! The Gaussian error linear unit.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, Fan};
use crate::real::{Real, map, zip_map};

/// The Gaussian error linear unit z Φ(z), with derivative Φ(z) + z φ(z).
///
/// Φ is the distribution function and φ the density of N(0, 1): z is multiplied by the probability that a
/// standard normal variable is below it.
///
/// This is the exact function, not its approximation by tanh. The lower tail is φ(z) times the Mills ratio at
/// |z|, which keeps a relative error below (8 + z²) ε where 1 + erf(z/√2) would cancel.
///
/// Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!(Gelu::eval(0.0f64), 0.0);
/// assert_eq!((Gelu::eval(1e308f64), Gelu::eval(-1e308f64)), (1e308, 0.0));
/// assert!((Gelu::eval(1.0f64) - 0.8413447460685429).abs() < 1e-15);
/// gradus::check::activation(&Gelu).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gelu;

impl Gelu {
    /// Returns `z` Φ(`z`).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Gelu;
    ///
    /// assert_eq!(Gelu::eval(0.0), 0.0);
    /// assert!((Gelu::eval(1.0) - 0.8413447460685429f64).abs() < 1e-12);
    /// ```
    #[inline(always)]
    pub fn eval<T: Real>(z: T) -> T {
        let (distribution, _) = normal(z);
        z * distribution
    }

    /// Returns the derivative Φ(`z`) + `z` φ(`z`).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Gelu;
    ///
    /// assert!((Gelu::derivative(0.0) - 0.5f64).abs() < 1e-15);
    /// assert!((Gelu::derivative(1.0) - 1.0833154705876864f64).abs() < 1e-12);
    /// ```
    #[inline(always)]
    pub fn derivative<T: Real>(z: T) -> T {
        let (distribution, density) = normal(z);
        distribution + z * density
    }
}

/// Φ(`z`) and φ(`z`).
#[inline(always)]
fn normal<T: Real>(z: T) -> (T, T) {
    let magnitude = z.abs();
    let density = (T::cast(-0.5) * z * z).fast_exp() * T::cast(0.398_942_280_401_432_7);
    let tail = density * magnitude.fast_mills_ratio();
    (if z < T::zero() { tail } else { T::one() - tail }, density)
}

impl<T: Real> Activation<T> for Gelu {
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

    fn gain(&self) -> f64 {
        1.533_530_441_195_535_2
    }

    fn fan(&self) -> Fan {
        Fan::In
    }
}
