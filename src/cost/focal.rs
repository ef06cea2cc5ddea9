//! The focal cost, in which examples that are already right count little.

use nalgebra::DMatrix;

use super::log_likelihood::check_distributions;
use super::{Cost, check_range};
use crate::activation::{Sigmoid, Softmax, Softplus};
use crate::error::{Result, check_setting};
use crate::real::{Real, zip_map, zip_sums};

/// C_x = −Σ_j y_j (1 − p_j)^γ ln p_j, for softmax outputs p = a, and the same over each output and its complement,
/// −Σ_j [y_j (1 − a_j)^γ ln a_j + (1 − y_j) a_j^γ ln(1 − a_j)], for sigmoid outputs.
///
/// The factor (1 − p)^γ fades out the examples that the network already gets right, so that many easy ones do not outweigh a
/// few hard ones. γ is `gamma`, 0 or more; by default 2. At γ = 0 it is [`LogLikelihood`](super::LogLikelihood) or
/// [`CrossEntropy`](super::CrossEntropy). There is no factor for rare classes: give them weights.
///
/// With L = −ln p, one term has the derivative
///
/// ```text
/// ∂/∂ln p [(1 − p)^γ L] = −(1 − p)^γ [1 + γ p L / (1 − p)]
/// ```
///
/// and ∂ln p_j/∂z_k = c (δ_jk − p_k) for a softmax of sharpness c, 1 − p for a sigmoid. All of it is computed from z, so that
/// no ln 0 occurs.
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
            "below 0 the examples that are already right would count most",
        )?;
        Ok(Self { gamma })
    }

    /// Returns γ.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// Returns γ, or the largest number of type T if that is less.
    fn gamma_in<T: Real>(&self) -> T {
        T::max_value().map_or(T::cast(self.gamma), |most| T::cast(self.gamma.min(most.to_f64())))
    }
}

impl Default for Focal {
    fn default() -> Self {
        Self { gamma: 2.0 }
    }
}

/// (1 − p)^γ L and −∂/∂z of it for p = σ(`z`). L = ln(1 + e^(−z)), and (1 − p)^γ = e^(−γ ln(1 + e^z)).
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
            |z, y| y * term(z, gamma).0 + (T::one() - y) * term(-z, gamma).0,
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
            |y, z| (T::one() - y) * term(-z, gamma).1 - y * term(z, gamma).1,
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

impl<T: Real> Cost<T, Softmax> for Focal {
    fn values(&self, output: &Softmax, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let (gamma, neurons) = (self.gamma_in::<T>(), z.nrows().max(1));
        let columns = z.as_slice().chunks_exact(neurons).zip(a.as_slice().chunks_exact(neurons));
        for ((cost, (z, a)), y) in costs.iter_mut().zip(columns).zip(y.as_slice().chunks_exact(neurons)) {
            let (log_sum, below) = output.log_sum_exp(z);
            let expected = (0..neurons).filter(|&j| y[j] != T::zero());
            *cost = expected
                .map(|j| (y[j] * complement(a, j).powf(gamma) * (log_sum + below(z[j]))).to_f64())
                .sum();
        }
    }

    fn delta(
        &self,
        output: &Softmax,
        z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        let (gamma, c, neurons) = (self.gamma_in::<T>(), output.sharpness_in::<T>(), z.nrows().max(1));
        let columns = z.as_slice().chunks_exact(neurons).zip(a.as_slice().chunks_exact(neurons));
        let targets = y.as_slice().chunks_exact(neurons);
        for (((z, a), y), delta) in columns.zip(targets).zip(delta.as_mut_slice().chunks_exact_mut(neurons)) {
            let (log_sum, below) = output.log_sum_exp(z);
            // δ_k = c Σ_j h_j (δ_jk − p_k) with h_j = ∂C/∂ln p_j, added up term by term because h_k (1 − p_k) must not cancel.
            delta.fill(T::zero());
            for j in (0..neurons).filter(|&j| y[j] != T::zero()) {
                let (rest, loss) = (complement(a, j), log_sum + below(z[j]));
                // p L / (1 − p) tends to 1 as p tends to 1, and to 0 as p tends to 0, where L may be infinite.
                let ratio = if rest > T::zero() { a[j] * (loss / rest) } else { T::one() };
                let ratio = if a[j] == T::zero() { T::zero() } else { ratio };
                let h = -y[j] * rest.powf(gamma) * (T::one() + gamma * ratio);
                for (k, delta) in delta.iter_mut().enumerate() {
                    *delta += c * h * if k == j { rest } else { -a[k] };
                }
            }
        }
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        check_distributions(y, first)
    }
}

/// 1 − p_j, as the sum of the other outputs where p_j may have rounded to 1.
fn complement<T: Real>(p: &[T], j: usize) -> T {
    if p[j] > T::cast(0.5) {
        return p.iter().enumerate().filter(|(k, _)| *k != j).map(|(_, &p)| p).sum();
    }
    T::one() - p[j]
}
