//! The exponential function, for outputs that are rates or counts.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::Activation;
use crate::real::{Real, map, zip_map};

/// e^z, with derivative e^z = a: a positive output on which the inputs act as factors, such as the mean of a
/// Poisson distribution.
///
/// It is the output activation of [`Poisson`](crate::cost::Poisson). In hidden layers it overflows soon.
/// It is ∞ above z = 709.78 (88.72 for `f32`), and 0 where e^z is below twice the smallest normal number.
///
/// Source: McCullagh and Nelder, *Generalized Linear Models*, 1989, section 2.2.4: the log link.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(3, 1, &[-1e308, 0.0, 1.0]);
/// let mut a = DMatrix::zeros(3, 1);
/// Exponential.activate(&z, &mut a);
/// assert!(a[0] == 0.0 && a[1] == 1.0 && (a[2] / std::f64::consts::E - 1.0).abs() < 1e-15);
/// gradus::check::activation(&Exponential).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exponential;

impl<T: Real> Activation<T> for Exponential {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        map(
            z,
            a,
            #[inline(always)]
            move |z| z.fast_exp(),
        );
    }

    fn pull_back(&self, _z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        zip_map(
            a,
            grad,
            #[inline(always)]
            move |a, grad| grad * a,
        );
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
