//! RMSProp.

use super::{Optimizer, Scope, StepInfo, below_one, check_decay, check_epsilon};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// v → ρ v + (1 − ρ) g², w → w − η g/(√v + ε): each gradient over the root of the mean of its recent squares.
///
/// g is the gradient, penalty included. The one slot is v. The learning rate, unless a schedule gives one, is 0.01.
///
/// Source: Tieleman and Hinton, *Neural networks for machine learning*, lecture 6.5, 2012.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let rms_prop = RmsProp::new(0.75, 1e-8)?;
/// let (mut w, mut v) = ([1.0], [0.0]);
/// rms_prop.step(&at, &mut [&mut v], &mut w, &mut [-3.0], 0.25);
/// assert!((w[0] - 1.5f64).abs() < 1e-8 && v == [2.25]); // √v is half of |g|
/// gradus::check::optimizer(&rms_prop).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    rho: f64,
    epsilon: f64,
}

impl Default for RmsProp {
    /// ρ = 0.99, ε = 10⁻⁸.
    fn default() -> Self {
        Self { rho: 0.99, epsilon: 1e-8 }
    }
}

impl RmsProp {
    /// Creates RMSProp with the decay rate ρ = `rho` and ε = `epsilon`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if ρ is outside [0, 1), or if ε is not positive and finite.
    pub fn new(rho: f64, epsilon: f64) -> Result<Self> {
        check_decay("decay rate ρ", rho)?;
        check_epsilon(epsilon)?;
        Ok(Self { rho, epsilon })
    }
}

impl<T: Real> Optimizer<T> for RmsProp {
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
        let [v] = slots else { return };
        let (rho, epsilon) = (below_one::<T>(self.rho), T::cast(self.epsilon));
        let new = T::one() - rho;
        vectorized(
            #[inline(always)]
            || {
                for ((w, &mut g), v) in parameters.iter_mut().zip(gradient).zip(v.iter_mut()) {
                    *v = rho * *v + new * g * g;
                    *w -= eta * g / (v.sqrt() + epsilon);
                }
            },
        );
    }
}
