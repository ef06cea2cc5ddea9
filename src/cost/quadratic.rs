//! The quadratic cost.

use nalgebra::DMatrix;

use super::Cost;
use crate::activation::Activation;
use crate::real::{Real, zip_map, zip_sums};

/// C_x = ½ ‖a − y‖², with δ = Jᵀ (a − y): for any output activation.
///
/// With linear outputs δ = a − y. With sigmoid outputs δ = (a − y) σ′(z), which is nearly 0 where a neuron is
/// saturated, even if its output is wrong: the learning slowdown with which chapter 3 begins.
///
/// Source: chapter 1 of the book, equation (6); chapter 3, equations (54) to (56).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (a, y) = (DMatrix::from_element(1, 1, 3.0), DMatrix::from_element(1, 1, 1.0));
/// assert_eq!(Quadratic.value(&Linear, &a, &a, &y), 2.0);
/// gradus::check::cost(&Quadratic, &Sigmoid).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quadratic;

impl<T: Real, A: Activation<T>> Cost<T, A> for Quadratic {
    fn values(&self, _output: &A, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        zip_sums(
            a,
            y,
            costs,
            #[inline(always)]
            move |a, y| T::cast(0.5) * (a - y) * (a - y),
        );
    }

    fn delta(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>) {
        delta.copy_from(a);
        zip_map(
            y,
            delta,
            #[inline(always)]
            move |y, a| a - y,
        );
        output.pull_back(z, a, delta);
    }
}
