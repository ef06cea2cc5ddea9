//! The sum of two penalties.

use super::{LayerInfo, Regularizer};
use crate::real::Real;

/// Ω = Ω₁ + Ω₂. L1 and L2 together are known as the elastic net.
///
/// Source: Zou and Hastie, *Regularization and variable selection via the elastic net*, 2005.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let elastic_net = Plus(L1::new(0.5)?, L2::new(2.0)?);
/// assert_eq!(elastic_net.penalty(&LayerInfo::first(1), &[3.0, -4.0]), 0.5 * 7.0 + 25.0);
/// gradus::check::regularizer(&elastic_net).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plus<A, B>(pub A, pub B);

impl<T: Real, A: Regularizer<T>, B: Regularizer<T>> Regularizer<T> for Plus<A, B> {
    fn penalty(&self, at: &LayerInfo, w: &[T]) -> f64 {
        self.0.penalty(at, w) + self.1.penalty(at, w)
    }

    fn add_gradient(&self, at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
        self.0.add_gradient(at, w, scale, grad);
        self.1.add_gradient(at, w, scale, grad);
    }

    fn elementwise(&self) -> bool {
        self.0.elementwise() && self.1.elementwise()
    }
}
