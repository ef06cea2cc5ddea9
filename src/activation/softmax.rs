//! The softmax function, a probability distribution over the neurons of a layer.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::Activation;
use crate::error::{Result, check_setting};
use crate::real::{Real, portable, vectorized};

/// a_j = e^(c z_j) / Σ_k e^(c z_k): positive outputs that sum to 1.
///
/// The sharpness c > 0 is 1 by default. As c grows the largest z_j takes all, ties sharing equally; hence the
/// name, a *soft* maximum. ∂a_j/∂z_k = c a_j (δ_jk − a_k): every output moves with every weighted input.
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
    /// The softmax with sharpness `c`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::Error::Setting) if `c` is not a positive finite number.
    pub fn with_sharpness(c: f64) -> Result<Self> {
        check_setting(
            "softmax sharpness c",
            c,
            c > 0.0 && c.is_finite(),
            "(0, ∞)",
            "at 0 every output is the same, below it the smallest input wins",
        )?;
        Ok(Self { sharpness: c })
    }

    /// The sharpness c.
    pub fn sharpness(&self) -> f64 {
        self.sharpness
    }

    /// The sharpness c, or the largest number of type T if that is less: its limit is the argmax all the same.
    pub(crate) fn sharpness_in<T: Real>(&self) -> T {
        T::max_value().map_or(T::cast(self.sharpness), |most| T::cast(self.sharpness.min(most.to_f64())))
    }

    /// c (z − `largest`), without an overflow that c would undo: a small c brings even the difference of the
    /// largest and the smallest number back into range.
    #[inline(always)]
    fn exponent<T: Real>(c: T, z: T, largest: T) -> T {
        let half = T::cast(0.5);
        let exponent = c * (half * z - half * largest);
        exponent + exponent
    }

    /// Returns ln Σ_j e^(c (z_j − z_max)) of one column, and a function that gives c (z_max − z) for a z of
    /// it.
    pub(crate) fn log_sum_exp<T: Real>(&self, z: &[T]) -> (T, impl Fn(T) -> T + use<T>) {
        let (c, largest) = (self.sharpness_in::<T>(), largest(z));
        // Without the largest, whose power is 1 and beside which small ones would be lost.
        let first = z.iter().position(|&z| z == largest);
        let others = z.iter().enumerate().filter(|(j, _)| Some(*j) != first);
        let sum: T = others.map(|(_, &z)| Self::exponent(c, z, largest).fast_exp()).sum();
        (T::cast(portable::ln_1p(sum.to_f64())), move |z| -Self::exponent(c, z, largest))
    }
}

/// The largest element; NaN if there is one, so that it is passed on.
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
            // Jᵀ g = c a ∘ (g − ⟨a, g⟩), in which a common shift of g has no part. Shifted by the g of the
            // largest a, the mean is a sum over the other neurons, and does not cancel where that a rounds to
            // 1.
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
