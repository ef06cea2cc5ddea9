//! The focal cost, in which examples that are already classified correctly count little.

use nalgebra::DMatrix;

use super::{Cost, check_range};
use crate::activation::{Sigmoid, Softplus};
use crate::error::{Result, check_setting};
use crate::real::{Real, zip_map, zip_sums};

/// C_x = −Σ_j y_j (1 − p_j)^γ ln p_j with p = a for softmax outputs, and
/// C_x = −Σ_j [y_j (1 − a_j)^γ ln a_j + (1 − y_j) a_j^γ ln(1 − a_j)] for sigmoid outputs.
///
/// The factor (1 − p)^γ reduces the cost of examples that the network already classifies correctly, so that many easy
/// ones do not outweigh a few hard ones. γ is `gamma`, 0 or more; by default 2. At γ = 0 the cost is
/// [`LogLikelihood`](super::LogLikelihood) or [`CrossEntropy`](super::CrossEntropy). There is no factor α for rare
/// classes: use class weights.
///
/// With L = −ln p, one term has the derivative
///
/// ```text
/// ∂/∂ln p [(1 − p)^γ L] = −(1 − p)^γ [1 + γ p L / (1 − p)]
/// ```
///
/// and ∂ln p_j/∂z_k = c (δ_jk − p_k) for a softmax of sharpness c, 1 − p for a sigmoid. All of it is computed
/// from z, so that no ln 0 occurs.
///
/// Source: Lin, Goyal, Girshick, He and Dollár, "Focal loss for dense object detection", 2017, equation (4).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(2, 1, &[0.0, 2000.0]);
/// let (mut a, y) = (z.clone(), DMatrix::from_column_slice(2, 1, &[1.0, 0.0]));
/// Softmax::default().activate(&z, &mut a);
/// assert_eq!(Focal::default().value(&Softmax::default(), &z, &a, &y), 2000.0);
/// gradus::check::cost(&Focal::default(), &Softmax::default()).unwrap();
/// gradus::check::cost(&Focal::new(0.5)?, &Sigmoid).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focal {
    gamma: f64,
}

impl Focal {
    /// Creates a focal cost with the exponent `gamma`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `gamma` is negative or not finite.
    pub fn new(gamma: f64) -> Result<Self> {
        check_setting(
            "γ of the focal cost",
            gamma,
            gamma >= 0.0 && gamma.is_finite(),
            "[0, ∞)",
            "below 0 the examples that are already classified correctly would count most",
        )?;
        Ok(Self { gamma })
    }

    /// Returns γ.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// Returns γ in the type `T`, clamped to `T::MAX`.
    pub(super) fn gamma_in<T: Real>(&self) -> T {
        T::max_value().map_or(T::cast(self.gamma), |most| T::cast(self.gamma.min(most.to_f64())))
    }
}

impl Default for Focal {
    fn default() -> Self {
        Self { gamma: 2.0 }
    }
}

/// Returns (1 − p)^γ L and −∂/∂z of it for p = σ(`z`), with L = ln(1 + e^(−z)) and (1 − p)^γ = e^(−γ ln(1 + e^z)).
#[inline(always)]
fn term<T: Real>(z: T, gamma: T) -> (T, T) {
    let (loss, power) = (Softplus::eval(-z), (-gamma * Softplus::eval(z)).fast_exp());
    (power * loss, power * (Sigmoid::eval(-z) + gamma * (Sigmoid::eval(z) * loss)))
}

impl<T: Real> Cost<T, Sigmoid> for Focal {
    fn values(&self, _output: &Sigmoid, z: &DMatrix<T>, _a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let gamma = self.gamma_in::<T>();
        zip_sums(
            z,
            y,
            costs,
            #[inline(always)]
            move |z, y| y * term(z, gamma).0 + (T::one() - y) * term(-z, gamma).0,
        );
    }

    fn delta(
        &self,
        _output: &Sigmoid,
        z: &DMatrix<T>,
        _a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        let gamma = self.gamma_in::<T>();
        delta.copy_from(z);
        zip_map(
            y,
            delta,
            #[inline(always)]
            move |y, z| (T::one() - y) * term(-z, gamma).1 - y * term(z, gamma).1,
        );
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        check_range(
            y,
            first,
            T::zero()..=T::one(),
            "[0, 1]",
            "the focal cost reads a target as a probability",
        )
    }
}
