//! The sigmoid linear unit.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, Fan, Sigmoid};
use crate::real::{Real, map, zip_map};

/// The sigmoid linear unit z σ(z), also called swish, with derivative σ(z) + z σ′(z).
///
/// Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation
/// in reinforcement learning", 2018, equations (1) and (2).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!(Silu::eval(0.0f64), 0.0);
/// assert_eq!((Silu::eval(1e308f64), Silu::eval(-1e308f64)), (1e308, 0.0));
/// gradus::check::activation(&Silu).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Silu;

impl Silu {
    /// Returns `z` σ(`z`).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Silu;
    ///
    /// assert_eq!((Silu::eval(0.0), Silu::eval(100.0)), (0.0, 100.0));
    /// ```
    #[inline(always)]
    pub fn eval<T: Real>(z: T) -> T {
        z * Sigmoid::eval(z)
    }

    /// Returns the derivative σ(`z`) + `z` σ′(`z`).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Silu;
    ///
    /// assert_eq!(Silu::derivative(0.0), 0.5);
    /// ```
    #[inline(always)]
    pub fn derivative<T: Real>(z: T) -> T {
        let e = (-z.abs()).fast_exp();
        let above = T::one() / (T::one() + e);
        let sigma = if z < T::zero() { e * above } else { above };
        sigma + z * (e * above * above)
    }
}

impl<T: Real> Activation<T> for Silu {
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
        1.676_532_470_331_059_2
    }

    fn fan(&self) -> Fan {
        Fan::In
    }
}
