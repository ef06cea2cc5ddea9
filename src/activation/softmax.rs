//! The softmax function, a probability distribution over the neurons of a layer.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::Activation;
use crate::error::{Result, check_setting};
use crate::real::{Real, portable, vectorized};

/// a_j = e^(c z_j) / Σ_k e^(c z_k): positive outputs that sum to 1.
///
/// The sharpness c > 0 is 1 by default. As c grows, the output of the largest z_j tends to 1 (of tied ones, to
/// equal fractions of 1); hence the name, a *soft* maximum. The derivative is ∂a_j/∂z_k = c a_j (δ_jk − a_k):
/// every output depends on every weighted input.
///
/// The largest z is subtracted first, so that no exponential overflows and the sum is at least 1.
///
/// Source: chapter 3 of the book, "Softmax", equation (78), and the exercise "Where does the 'softmax' name come
/// from?" for c.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(3, 1, &[1000.0, 1000.0, -1000.0]);
/// let mut a = DMatrix::zeros(3, 1);
/// Softmax::default().activate(&z, &mut a);
/// assert_eq!(a.as_slice(), [0.5, 0.5, 0.0]);
/// assert!(Softmax::with_sharpness(0.0).is_err());
/// gradus::check::activation(&Softmax::with_sharpness(2.5)?).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softmax {
    sharpness: f64,
}

impl Default for Softmax {
    fn default() -> Self {
        Self { sharpness: 1.0 }
    }
}

impl Softmax {
    /// Creates a softmax of sharpness `c`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `c` is not a positive finite number.
    pub fn with_sharpness(c: f64) -> Result<Self> {
        check_setting(
            "softmax sharpness c",
            c,
            c > 0.0 && c.is_finite(),
            "(0, ∞)",
            "at 0 all outputs are equal, below 0 the smallest input gives the largest output",
        )?;
        Ok(Self { sharpness: c })
    }

    /// Returns the sharpness c.
    pub fn sharpness(&self) -> f64 {
        self.sharpness
    }

    /// Returns c in the type `T`, clamped to `T::MAX`, with which the softmax is an argmax anyway.
    pub(crate) fn sharpness_in<T: Real>(&self) -> T {
        T::max_value().map_or(T::cast(self.sharpness), |most| T::cast(self.sharpness.min(most.to_f64())))
    }

    /// Returns c (z − `largest`). The numbers are halved first, so that their difference does not overflow where
    /// a small c brings the product back into range.
    #[inline(always)]
    fn exponent<T: Real>(c: T, z: T, largest: T) -> T {
        let half = T::cast(0.5);
        let exponent = c * (half * z - half * largest);
        exponent + exponent
    }

    /// Returns ln Σ_j e^(c (z_j − z_max)) of one column `z`, and a function that maps a z_j to c (z_max − z_j).
    pub(crate) fn log_sum_exp<T: Real>(&self, z: &[T]) -> (T, impl Fn(T) -> T + use<T>) {
        let (c, largest) = (self.sharpness_in::<T>(), largest(z));
        // The term of the largest z is 1 and is left to `ln_1p`: small terms would be lost beside it.
        let first = z.iter().position(|&z| z == largest);
        let others = z.iter().enumerate().filter(|(j, _)| Some(*j) != first);
        let sum: T = others.map(|(_, &z)| Self::exponent(c, z, largest).fast_exp()).sum();
        (T::cast(portable::ln_1p(sum.to_f64())), move |z| -Self::exponent(c, z, largest))
    }
}

/// Returns the largest element, or NaN if there is a NaN, so that it is passed on.
#[inline(always)]
fn largest<T: Real>(z: &[T]) -> T {
    z.iter().copied().reduce(|m, z| if z > m || z.is_nan() { z } else { m }).unwrap_or(T::zero())
}

impl<T: Real> Activation<T> for Softmax {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        let c = self.sharpness_in::<T>();
        let neurons = z.nrows().max(1);
        let columns = z.as_slice().chunks_exact(neurons).zip(a.as_mut_slice().chunks_exact_mut(neurons));
        vectorized(
            #[inline(always)]
            move || {
                for (z, a) in columns {
                    let largest = largest(z);
                    for (a, &z) in a.iter_mut().zip(z) {
                        *a = Self::exponent(c, z, largest).fast_exp();
                    }
                    let sum: T = a.iter().copied().sum();
                    for a in a {
                        *a /= sum;
                    }
                }
            },
        );
    }

    fn pull_back(&self, _z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        let c = self.sharpness_in::<T>();
        for (a, mut grad) in a.column_iter().zip(grad.column_iter_mut()) {
            // Jᵀ g = c a ∘ (g − ⟨a, g⟩), which a common shift of g does not change. With g shifted by its value
            // at the largest a, the mean ⟨a, g⟩ is a sum over the other neurons, and g − ⟨a, g⟩ does not cancel
            // where the largest a rounds to 1.
            let (_, shift) =
                a.iter().zip(&grad).fold((T::zero(), T::zero()), |(most, shift), (&a, &grad)| {
                    if a > most { (a, grad) } else { (most, shift) }
                });
            grad.apply(|grad| *grad -= shift);
            let mean = a.dot(&grad);
            grad.zip_apply(&a, |grad, a| *grad = c * a * (*grad - mean));
        }
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
