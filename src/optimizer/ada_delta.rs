//! AdaDelta.

use super::{Optimizer, Scope, StepInfo, below_one, check_decay, check_epsilon};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// Scales the gradient of each parameter by the ratio of two root mean squares: that of its recent steps over that of
/// its recent gradients.
///
/// ```text
/// v → ρ v + (1 − ρ) g²
/// d = √(u + ε)/√(v + ε) · g
/// u → ρ u + (1 − ρ) d²
/// w → w − η d
/// ```
///
/// g is the gradient, penalty included. d has the unit of w, so that the learning rate has none: it is 1 unless a
/// schedule gives another. The first step is about √(ε/(1 − ρ)); with a larger ε training is faster at first.
///
/// The slots are v and u.
///
/// Source: Zeiler, *ADADELTA: an adaptive learning rate method*, 2012, algorithm 1.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let ada_delta = AdaDelta::new(0.75, 1e-8)?;
/// let (mut w, mut v, mut u) = ([1.0], [0.0], [0.0]);
/// ada_delta.step(&at, &mut [&mut v, &mut u], &mut w, &mut [-3.0], 1.0);
/// assert!((w[0] - 1.0002f64).abs() < 1e-9 && v == [2.25]); // √v is half of |g|, and √ε is 0.0001
/// gradus::check::optimizer(&ada_delta).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaDelta {
    rho: f64,
    epsilon: f64,
}

impl Default for AdaDelta {
    /// ρ = 0.9, ε = 10⁻⁶.
    fn default() -> Self {
        Self { rho: 0.9, epsilon: 1e-6 }
    }
}

impl AdaDelta {
    /// Creates AdaDelta with the decay rate ρ = `rho` and ε = `epsilon`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if ρ is outside [0, 1), or if ε is not positive and finite.
    pub fn new(rho: f64, epsilon: f64) -> Result<Self> {
        check_decay("decay rate ρ", rho)?;
        check_epsilon(epsilon)?;
        Ok(Self { rho, epsilon })
    }

    /// The decay rate ρ.
    pub fn rho(&self) -> f64 {
        self.rho
    }

    /// ε.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }
}

impl<T: Real> Optimizer<T> for AdaDelta {
    fn slots(&self) -> usize {
        2
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        1.0
    }

    fn step(&self, _: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let [v, u] = slots else { return };
        let (rho, epsilon) = (below_one::<T>(self.rho), T::cast(self.epsilon));
        let new = T::one() - rho;
        vectorized(
            #[inline(always)]
            move || {
                let squares = v.iter_mut().zip(u.iter_mut());
                for ((w, &mut g), (v, u)) in parameters.iter_mut().zip(gradient).zip(squares) {
                    *v = rho * *v + new * g * g;
                    let d = (*u + epsilon).sqrt() / (*v + epsilon).sqrt() * g;
                    *u = rho * *u + new * d * d;
                    *w -= eta * d;
                }
            },
        );
    }
}
