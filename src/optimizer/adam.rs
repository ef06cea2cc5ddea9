//! Adam.

use super::{Optimizer, Scope, StepInfo, below_one, check_decay, check_epsilon};
use crate::error::Result;
use crate::real::{Real, power, vectorized};

/// A step of about η for each parameter, whatever the magnitude of its gradient: the mean of its recent gradients over
/// their root mean square.
///
/// ```text
/// m → β₁ m + (1 − β₁) g            m̂ = m/(1 − β₁ᵗ)
/// v → β₂ v + (1 − β₂) g²           v̂ = v/(1 − β₂ᵗ)
/// w → w − η m̂/(√v̂ + ε)
/// ```
///
/// g is the gradient, penalty included; t is the number of the step, counted from 1. The divisions by 1 − βᵗ correct
/// the bias of m and v, which begin with 0.
///
/// The slots are m and v. The learning rate, unless a schedule gives one, is 0.001 for epochs of 1,000 and more
/// steps. For shorter epochs it is one over the number of steps, at most 0.01: a run on a small table has few steps,
/// and the weights move by at most about η per step.
///
/// Source: Kingma and Ba, *Adam: a method for stochastic optimization*, 2015, algorithm 1.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let adam = Adam::default();
/// let (mut w, mut m, mut v) = ([1.0], [0.0], [0.0]);
/// adam.step(&at, &mut [&mut m, &mut v], &mut w, &mut [1234.0], 0.001);
/// assert!((w[0] - 0.999f64).abs() < 1e-12); // η, however large the gradient
/// gradus::check::optimizer(&adam).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Default for Adam {
    /// β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }
    }
}

impl Adam {
    /// Creates Adam with the decay rates β₁ = `beta_1` and β₂ = `beta_2` and ε = `epsilon`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if β₁ or β₂ is outside [0, 1), or if ε is not positive and
    /// finite.
    pub fn new(beta_1: f64, beta_2: f64, epsilon: f64) -> Result<Self> {
        check_decay("decay rate β₁", beta_1)?;
        check_decay("decay rate β₂", beta_2)?;
        check_epsilon(epsilon)?;
        Ok(Self { beta_1, beta_2, epsilon })
    }

    /// The decay rate β₁ of m.
    pub fn beta1(&self) -> f64 {
        self.beta_1
    }

    /// The decay rate β₂ of v.
    pub fn beta2(&self) -> f64 {
        self.beta_2
    }

    /// ε.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }
}

impl<T: Real> Optimizer<T> for Adam {
    fn slots(&self) -> usize {
        2
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        0.001
    }

    fn default_rate_for(&self, steps: usize) -> f64 {
        (1.0 / steps.max(1) as f64).clamp(0.001, 0.01)
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let [m, v] = slots else { return };
        let (beta_1, beta_2) = (below_one::<T>(self.beta_1), below_one::<T>(self.beta_2));
        let (new_1, new_2, epsilon) = (T::one() - beta_1, T::one() - beta_2, T::cast(self.epsilon));
        // η m̂/(√v̂ + ε): the factors that are the same for all parameters are computed outside of the loop.
        let eta = T::cast(eta.to_f64() / (1.0 - power(self.beta_1, at.t)));
        let root = T::cast(1.0 / (1.0 - power(self.beta_2, at.t)).sqrt());
        vectorized(
            #[inline(always)]
            move || {
                let moments = m.iter_mut().zip(v.iter_mut());
                for ((w, &mut g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
                    *m = beta_1 * *m + new_1 * g;
                    *v = beta_2 * *v + new_2 * g * g;
                    *w -= eta * *m / (v.sqrt() * root + epsilon);
                }
            },
        );
    }
}
