//! AdaGrad.

use super::{Optimizer, Scope, StepInfo, check_epsilon};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// Divides the gradient of each parameter by the square root of the sum of its squares so far.
///
/// ```text
/// s → s + g²
/// w → w − η g/(√s + ε)
/// ```
///
/// g is the gradient, penalty included. The steps of a parameter shrink as 1/√t, but the steps of a parameter whose
/// gradient is mostly 0 stay long. The one slot is s. The learning rate, unless a schedule gives one, is 0.01.
///
/// Source: Duchi, Hazan and Singer, *Adaptive subgradient methods for online learning and stochastic optimization*,
/// 2011, with the diagonal matrix.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let ada_grad = AdaGrad::default();
/// let (mut w, mut s) = ([1.0], [16.0]);
/// ada_grad.step(&at, &mut [&mut s], &mut w, &mut [3.0], 0.5);
/// assert!((w[0] - 0.7f64).abs() < 1e-9 && s == [25.0]); // 3/5 of η
/// gradus::check::optimizer(&ada_grad).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaGrad {
    epsilon: f64,
}

impl Default for AdaGrad {
    /// ε = 10⁻¹⁰.
    fn default() -> Self {
        Self { epsilon: 1e-10 }
    }
}

impl AdaGrad {
    /// Creates AdaGrad with ε = `epsilon`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if ε is not positive and finite.
    pub fn new(epsilon: f64) -> Result<Self> {
        check_epsilon(epsilon)?;
        Ok(Self { epsilon })
    }

    /// ε.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }
}

impl<T: Real> Optimizer<T> for AdaGrad {
    fn slots(&self) -> usize {
        1
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        0.01
    }

    fn step(&self, _: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let [s] = slots else { return };
        let epsilon = T::cast(self.epsilon);
        vectorized(
            #[inline(always)]
            move || {
                for ((w, &mut g), s) in parameters.iter_mut().zip(gradient).zip(s.iter_mut()) {
                    *s += g * g;
                    *w -= eta * g / (s.sqrt() + epsilon);
                }
            },
        );
    }
}
