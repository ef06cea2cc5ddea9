//! Gradient descent with momentum.

use super::{Optimizer, Scope, StepInfo, below_one, check_mu};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// v → μ v − η ∂C/∂w, w → w + v: the gradient changes a velocity, and the velocity the position.
///
/// 1 − μ is the friction. With μ = 0 it is bitwise identical to [`Sgd`](super::Sgd). Under a constant gradient the
/// velocity tends to 1/(1 − μ) times the step of plain gradient descent.
///
/// The one slot is the velocity v. It holds steps, not gradients: when the schedule lowers η, the velocity from steps
/// with the old η remains and decays by the factor μ per step. (The buffer of PyTorch holds gradients, so that there
/// a new η scales the old velocity at once.)
///
/// The learning rate, unless a schedule gives one, is 0.5 (1 − μ), so that the velocity tends to the steps of plain
/// gradient descent with 0.5.
///
/// Source: chapter 3 of the book, "Momentum-based gradient descent", equations (107) and (108).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let momentum = Momentum::new(0.5)?;
/// let at = StepInfo::first(1);
/// let (mut w, mut v) = ([0.0], [0.0]);
/// momentum.step(&at, &mut [&mut v], &mut w, &mut [1.0], 1.0);
/// momentum.step(&at, &mut [&mut v], &mut w, &mut [1.0], 1.0);
/// assert_eq!((w, v), ([-2.5], [-1.5]));
/// assert!(Momentum::new(1.2).unwrap_err().to_string().contains("outside [0, 1)"));
/// gradus::check::optimizer(&momentum).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum {
    mu: f64,
}

impl Momentum {
    /// Creates momentum with the coefficient μ = `mu`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if μ is outside [0, 1): from 1 on the velocity grows without
    /// bound, and below 0 each step works against the next.
    pub fn new(mu: f64) -> Result<Self> {
        check_mu(mu)?;
        Ok(Self { mu })
    }

    /// The momentum coefficient μ.
    pub fn mu(&self) -> f64 {
        self.mu
    }
}

impl<T: Real> Optimizer<T> for Momentum {
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
        let forgetful = mu == T::zero();
        vectorized(
            #[inline(always)]
            move || {
                for ((w, v), &mut g) in parameters.iter_mut().zip(velocity.iter_mut()).zip(gradient) {
                    // −0 and not 0 · v, so that v is exactly −η g, also in the sign of a zero, as in plain descent.
                    let carried = if forgetful { -T::zero() } else { mu * *v };
                    *v = carried - eta * g;
                    *w += *v;
                }
            },
        );
    }
}
