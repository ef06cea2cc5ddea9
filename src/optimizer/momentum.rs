//! Gradient descent with momentum.

use super::{Optimizer, check_mu};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// v → μ v − η ∂C/∂w, w → w + v: the gradient changes a velocity, and the velocity the position.
///
/// 1 − μ is the friction. With μ = 0 it is [`Sgd`](super::Sgd), to the bit. Under a constant gradient the velocity
/// tends to 1/(1 − μ) times that of plain descent.
///
/// The state is the velocity v.
///
/// Source: chapter 3 of the book, "Momentum-based gradient descent", equations (107) and (108).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let momentum = Momentum::new(0.5)?;
/// let (mut w, mut v) = ([0.0], momentum.init(1));
/// momentum.step(&mut v, &mut w, &[1.0], 1.0);
/// momentum.step(&mut v, &mut w, &[1.0], 1.0);
/// assert_eq!((w, v), ([-2.5], vec![-1.5]));
/// assert!(Momentum::new(1.2).unwrap_err().to_string().contains("outside [0, 1)"));
/// gradus::check::optimizer(&momentum).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum {
    mu: f64,
}

impl Momentum {
    /// Momentum with coefficient μ = `mu`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::Error::Setting) if μ is outside [0, 1): from 1 on the velocity grows without bound,
    /// below 0 what is carried over from each step turns the next one back.
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
    type State = Vec<T>;

    fn init(&self, len: usize) -> Vec<T> {
        vec![T::zero(); len]
    }

    fn step(&self, velocity: &mut Vec<T>, parameters: &mut [T], gradient: &[T], eta: T) {
        let mu = T::cast(self.mu);
        let forgetful = mu == T::zero();
        vectorized(
            #[inline(always)]
            || {
                for ((w, v), &g) in parameters.iter_mut().zip(velocity).zip(gradient) {
                    // −0 and not 0 · v, so that v is −η g with the sign of a zero: what plain descent subtracts.
                    let carried = if forgetful { -T::zero() } else { mu * *v };
                    *v = carried - eta * g;
                    *w += *v;
                }
            },
        );
    }

    fn elementwise(&self) -> bool {
        true
    }
}
