//! The scaled exponential linear unit.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, Fan, elu};
use crate::real::Real;

/// The scaled exponential linear unit: λ z for z > 0 and λα (e^z − 1) for z ≤ 0, with derivative λ and
/// λα e^z = a + λα.
///
/// λ = 1.0507… and α = 1.6733… are the numbers for which weighted inputs from N(0, 1) give activations of
/// mean 0 and variance 1, from layer to layer. This needs initial weights of variance 1/n_in, as
/// [`LeCunNormal`](crate::init::LeCunNormal) draws them. The derivative at z = 0 is set to λα.
///
/// Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017, equations
/// (2) and (14).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(3, 1, &[-1e308, 0.0, 1.0]);
/// let mut a = DMatrix::zeros(3, 1);
/// Selu.activate(&z, &mut a);
/// assert_eq!(a.as_slice(), [-1.7580993408473768, 0.0, 1.0507009873554805]);
/// gradus::check::activation(&Selu).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selu;

impl Selu {
    /// λ.
    pub(crate) const SCALE: f64 = 1.050_700_987_355_480_5;

    /// λα, with α = 1.6732632423543772….
    pub(crate) const LIMIT: f64 = 1.758_099_340_847_376_8;
}

impl<T: Real> Activation<T> for Selu {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        elu::activate(T::cast(Self::SCALE), T::cast(Self::LIMIT), z, a);
    }

    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        elu::pull_back(T::cast(Self::SCALE), T::cast(Self::LIMIT), z, a, grad);
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    fn gain(&self) -> f64 {
        1.0
    }

    fn fan(&self) -> Fan {
        Fan::In
    }
}
