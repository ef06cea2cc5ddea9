//! No penalty.

use super::{LayerInfo, Regularizer};
use crate::real::Real;

/// Ω = 0: the unregularized cost.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!(NoRegularizer.penalty(&LayerInfo::first(1), &[3.0, -4.0]), 0.0);
/// gradus::check::regularizer(&NoRegularizer).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoRegularizer;

impl<T: Real> Regularizer<T> for NoRegularizer {
    fn penalty(&self, _at: &LayerInfo, _w: &[T]) -> f64 {
        0.0
    }

    fn add_gradient(&self, _at: &LayerInfo, _w: &[T], _scale: T, _grad: &mut [T]) {}

    fn elementwise(&self) -> bool {
        true
    }
}
