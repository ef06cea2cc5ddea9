//! L1 regularization.

use super::{LayerInfo, Regularizer, check_lambda, scaled};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// Ω(w) = λ Σ |w|, with ∂Ω/∂w = λ sgn(w) and sgn(0) = 0.
///
/// Every weight shrinks by the same amount towards 0, so that small ones vanish and few large ones remain. At w = 0,
/// where |w| has no derivative, 0 is used: a weight that is not needed stays at 0.
///
/// Source: chapter 3 of the book, "Other techniques for regularization", equations (95) to (97).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let l1 = L1::new(0.5)?;
/// let at = LayerInfo::first(1);
/// assert_eq!(l1.penalty(&at, &[3.0, -4.0]), 3.5);
/// let mut grad = [0.0; 3];
/// l1.add_gradient(&at, &[3.0, -4.0, 0.0], 1.0, &mut grad);
/// assert_eq!(grad, [0.5, -0.5, 0.0]);
/// gradus::check::regularizer(&l1).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L1 {
    lambda: f64,
}

impl L1 {
    /// Creates L1 regularization with parameter λ = `lambda`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if λ is negative, NaN or infinite.
    pub fn new(lambda: f64) -> Result<Self> {
        check_lambda(lambda)?;
        Ok(Self { lambda })
    }

    /// The regularization parameter λ.
    pub fn lambda(&self) -> f64 {
        self.lambda
    }
}

impl<T: Real> Regularizer<T> for L1 {
    fn penalty(&self, _at: &LayerInfo, w: &[T]) -> f64 {
        if self.lambda == 0.0 {
            return 0.0; // and not 0 · ∞, where the sum overflows
        }
        self.lambda * w.iter().map(|w| w.to_f64().abs()).sum::<f64>()
    }

    fn add_gradient(&self, _at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
        if self.lambda == 0.0 {
            return;
        }
        let lambda = scaled(self.lambda, scale);
        vectorized(
            #[inline(always)]
            move || {
                for (grad, &w) in grad.iter_mut().zip(w) {
                    let towards_zero = if w > T::zero() { lambda } else { -lambda };
                    *grad += if w == T::zero() { T::zero() } else { towards_zero };
                }
            },
        );
    }

    fn elementwise(&self) -> bool {
        true
    }
}
