//! The exponential linear unit.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, Fan, SATURATED};
use crate::error::{Result, check_setting};
use crate::real::{Real, map, zip_map_except};

/// The exponential linear unit: z for z > 0 and α (e^z − 1) for z ≤ 0, with derivative 1 and α e^z = a + α.
///
/// It saturates at −α, so that the mean of its activations is near 0. α is `alpha`, positive; by default 1,
/// the only α for which the derivative is continuous at z = 0. The derivative at z = 0 is set to α.
///
/// Where a is close to −α, a + α would lose the digits of α e^z, which is computed from z instead. The
/// relative error of the derivative is below 40 ε everywhere.
///
/// Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
/// linear units", 2016, equation (15).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(3, 1, &[-1e308, 0.0, 3.0]);
/// let mut a = DMatrix::zeros(3, 1);
/// Elu::new(2.0)?.activate(&z, &mut a);
/// assert_eq!(a.as_slice(), [-2.0, 0.0, 3.0]);
/// assert!(Elu::new(0.0).is_err());
/// gradus::check::activation(&Elu::default()).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elu {
    alpha: f64,
}

impl Elu {
    /// Creates an exponential linear unit that saturates at −`alpha`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `alpha` is not a positive finite number.
    pub fn new(alpha: f64) -> Result<Self> {
        check_setting(
            "α of an exponential linear unit",
            alpha,
            alpha > 0.0 && alpha.is_finite(),
            "(0, ∞)",
            "at 0 the function is a ReLU, below 0 it is not monotonic",
        )?;
        Ok(Self { alpha })
    }

    /// Returns α.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }
}

impl Default for Elu {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl<T: Real> Activation<T> for Elu {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        activate(T::one(), T::cast(self.alpha), z, a);
    }

    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        pull_back(T::one(), T::cast(self.alpha), z, a, grad);
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    /// E[f(Z)²] = ½ + α² (e² Φ(−2) − 2 √e Φ(−1) + ½), the bracket being 0.1449….
    fn gain(&self) -> f64 {
        (0.5 + self.alpha * self.alpha * 0.144_945_417_492_923_86).sqrt().recip()
    }

    fn fan(&self) -> Fan {
        Fan::In
    }
}

/// Sets `a` to λ z for z > 0 and λα (e^z − 1) for z ≤ 0; `limit` is λα.
pub(super) fn activate<T: Real>(scale: T, limit: T, z: &DMatrix<T>, a: &mut DMatrix<T>) {
    map(
        z,
        a,
        #[inline(always)]
        move |z| {
            let below = limit * z.fast_exp_m1();
            if z < T::zero() { below } else { scale * z }
        },
    );
}

/// Multiplies `grad` by λ for z > 0 and by λα e^z for z ≤ 0; `limit` is λα.
pub(super) fn pull_back<T: Real>(scale: T, limit: T, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
    let saturated = -limit * T::cast(SATURATED);
    zip_map_except(
        (a, z),
        grad,
        #[inline(always)]
        move |a, _| a < saturated,
        #[inline(always)]
        move |a, grad| grad * if a > T::zero() { scale } else { a + limit },
        #[inline(always)]
        move |_, z, grad| grad * (limit * z.fast_exp()),
    );
}
