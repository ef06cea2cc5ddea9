//! The identity.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::Activation;
use crate::real::Real;

/// The identity a = z, with derivative 1: linear neurons, for regression.
///
/// Source: chapter 3 of the book, the exercise "Using the quadratic cost when we have linear neurons in the output
/// layer".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(2, 1, &[-2.0, 3.0]);
/// let mut a = DMatrix::zeros(2, 1);
/// Linear.activate(&z, &mut a);
/// assert_eq!(a, z);
/// gradus::check::activation(&Linear).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Linear;

impl<T: Real> Activation<T> for Linear {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        a.copy_from(z);
    }

    fn pull_back(&self, _z: &DMatrix<T>, _a: &DMatrix<T>, _grad: &mut DMatrix<T>) {}

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
