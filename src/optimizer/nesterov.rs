//! Nesterov's accelerated gradient.

use super::{Optimizer, Scope, StepInfo, below_one, check_mu};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// v → μ v − η ∇C(w + μ v), w → w + v: momentum with the gradient at the lookahead point w + μ v.
///
/// The stored parameters are the lookahead point u = w + μ v, because the network's gradient is taken there. In terms
/// of u the step is
///
/// ```text
/// v → μ v − η ∇C(u)
/// u → u + μ v − η ∇C(u)        with the new v
/// ```
///
/// The one slot is the velocity v, in which earlier steps keep their own η, as with [`Momentum`](super::Momentum). The
/// learning rate, unless a schedule gives one, is 0.5 (1 − μ).
///
/// Source: Sutskever, Martens, Dahl and Hinton, *On the importance of initialization and momentum in deep learning*,
/// 2013, equations (3) and (4).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let nesterov = Nesterov::new(0.5)?;
/// let at = StepInfo::first(1);
/// let (mut u, mut v) = ([0.0], [0.0]);
/// nesterov.step(&at, &mut [&mut v], &mut u, &mut [1.0], 1.0);
/// assert_eq!((u, v), ([-1.5], [-1.0]));
/// gradus::check::optimizer(&nesterov).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nesterov {
    mu: f64,
}

impl Nesterov {
    /// Creates Nesterov momentum with the coefficient μ = `mu`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if μ is outside [0, 1).
    pub fn new(mu: f64) -> Result<Self> {
        check_mu(mu)?;
        Ok(Self { mu })
    }

    /// The momentum coefficient μ.
    pub fn mu(&self) -> f64 {
        self.mu
    }
}

impl<T: Real> Optimizer<T> for Nesterov {
    fn slots(&self) -> usize {
        1
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        0.5 * (1.0 - self.mu)
    }

    fn step(&self, _: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let [velocity] = slots else { return };
        let mu = below_one::<T>(self.mu);
        vectorized(
            #[inline(always)]
            move || {
                for ((u, v), &mut g) in parameters.iter_mut().zip(velocity.iter_mut()).zip(gradient) {
                    *v = mu * *v - eta * g;
                    *u += mu * *v - eta * g;
                }
            },
        );
    }
}
