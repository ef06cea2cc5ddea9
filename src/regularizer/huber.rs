//! The Huber penalty: L1 with a rounded corner.

use super::{LayerInfo, Regularizer, check_lambda, scaled};
use crate::error::{Result, check_setting};
use crate::real::{Real, vectorized};

/// Ω(w) = λ Σ h(w), with h(w) = w²/(2d) for |w| ≤ d and |w| − d/2 beyond, and ∂Ω/∂w = λ w/d, clamped to [−λ, λ].
///
/// Large weights shrink by equal amounts, as with [`L1`](super::L1), and small ones in proportion to their magnitude,
/// as with [`L2`](super::L2) with parameter λ/d: weights that are not needed come to rest near 0 instead of oscillating
/// around it. λ is `lambda` and d, a magnitude of weights, is `width`; as d → 0 the penalty becomes L1's.
///
/// Source: Huber, "Robust estimation of a location parameter", 1964, whose function of residuals is applied to weights.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let penalty = HuberPenalty::new(0.5, 2.0)?;
/// let at = LayerInfo::first(1);
/// assert_eq!(penalty.penalty(&at, &[1.0, -4.0]), 0.5 * (0.25 + 3.0));
/// let mut grad = [0.0; 2];
/// penalty.add_gradient(&at, &[1.0, -4.0], 1.0, &mut grad);
/// assert_eq!(grad, [0.25, -0.5]);
/// gradus::check::regularizer(&penalty).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HuberPenalty {
    lambda: f64,
    width: f64,
}

impl HuberPenalty {
    /// Creates a Huber penalty with parameter λ = `lambda` that is quadratic up to weights of magnitude `width`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if λ is negative, NaN or infinite, or if `width` is not a
    /// positive finite number.
    pub fn new(lambda: f64, width: f64) -> Result<Self> {
        check_lambda(lambda)?;
        let allowed = width > 0.0 && width.is_finite();
        let why = "it is the magnitude up to which the penalty of a weight is quadratic; use L1 for 0";
        check_setting("width of the Huber penalty", width, allowed, "(0, ∞)", why)?;
        Ok(Self { lambda, width })
    }

    /// Returns the regularization parameter λ.
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Returns the width d.
    pub fn width(&self) -> f64 {
        self.width
    }
}

impl<T: Real> Regularizer<T> for HuberPenalty {
    fn penalty(&self, _at: &LayerInfo, w: &[T]) -> f64 {
        if self.lambda == 0.0 {
            return 0.0; // and not 0 · ∞, where the sum overflows
        }
        let h = |w: f64| match w.abs() {
            w if w <= self.width => 0.5 * w * (w / self.width),
            w => w - 0.5 * self.width,
        };
        self.lambda * w.iter().map(|w| h(w.to_f64())).sum::<f64>()
    }

    fn add_gradient(&self, _at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
        let (lambda, width) = (scaled(self.lambda, scale), T::cast(self.width));
        vectorized(
            #[inline(always)]
            move || {
                for (grad, &w) in grad.iter_mut().zip(w) {
                    // Not w/d clamped to [−1, 1], which would be 0/0 where d rounds to 0.
                    let sign = if w > T::zero() { T::one() } else { -T::one() };
                    let slope = if w.abs() < width { w / width } else { sign };
                    *grad += if w == T::zero() { T::zero() } else { lambda * slope };
                }
            },
        );
    }

    fn elementwise(&self) -> bool {
        true
    }
}
