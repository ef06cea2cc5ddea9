//! L2 regularization, or weight decay.

use super::{LayerInfo, Regularizer, check_lambda, scaled};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// Ω(w) = λ/2 Σ w², with ∂Ω/∂w = λ w.
///
/// A step of plain gradient descent then first multiplies every weight by 1 − ηλ/n, hence *weight decay*. Weights
/// shrink in proportion to their magnitude.
///
/// Source: chapter 3 of the book, "Regularization", equations (85) to (94).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let l2 = L2::new(0.5)?;
/// assert_eq!(l2.penalty(&LayerInfo::first(1), &[3.0, -4.0]), 6.25);
/// assert!(L2::new(-0.5).is_err());
/// gradus::check::regularizer(&l2).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L2 {
    lambda: f64,
}

impl L2 {
    /// Creates L2 regularization with parameter λ = `lambda`.
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

impl<T: Real> Regularizer<T> for L2 {
    fn penalty(&self, _at: &LayerInfo, w: &[T]) -> f64 {
        if self.lambda == 0.0 {
            return 0.0; // and not 0 · ∞, where a square overflows
        }
        self.lambda / 2.0 * w.iter().map(|w| w.to_f64() * w.to_f64()).sum::<f64>()
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
                    *grad += lambda * w;
                }
            },
        );
    }

    fn elementwise(&self) -> bool {
        true
    }
}
