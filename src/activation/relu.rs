//! The rectified linear unit.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, Fan};
use crate::real::{Real, map, zip_map};

/// The rectified linear unit max(0, z), with derivative 1 for z > 0 and 0 for z ≤ 0.
///
/// The function has no derivative at z = 0; the 0 there passes no gradient back through an inactive neuron.
///
/// Source: chapter 3 of the book, "Other models of artificial neuron", equation (112).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(3, 1, &[-2.0, 0.0, 3.0]);
/// let mut a = DMatrix::zeros(3, 1);
/// Relu.activate(&z, &mut a);
/// assert_eq!(a.as_slice(), [0.0, 0.0, 3.0]);
/// let mut grad = DMatrix::from_element(3, 1, 1.0);
/// Relu.pull_back(&z, &a, &mut grad);
/// assert_eq!(grad.as_slice(), [0.0, 0.0, 1.0]);
/// gradus::check::activation(&Relu).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relu;

impl<T: Real> Activation<T> for Relu {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        // NaN is not below 0, so it is passed on and reported instead of turned into 0.
        map(
            z,
            a,
            #[inline(always)]
            move |z| if z < T::zero() { T::zero() } else { z },
        );
    }

    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        zip_map(
            z,
            grad,
            #[inline(always)]
            move |z, grad| if z > T::zero() { grad } else { T::zero() },
        );
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    fn gain(&self) -> f64 {
        std::f64::consts::SQRT_2
    }

    fn fan(&self) -> Fan {
        Fan::In
    }
}
