//! Lion.

use super::{Optimizer, ParameterKind, Scope, StepInfo, below_one, check_decay, check_weight_decay};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// Moves each parameter by η, against the sign of a weighted mean of its gradient and its earlier gradients.
///
/// ```text
/// w → (1 − η λ) w                            weights only
/// w → w − η sgn(β₁ m + (1 − β₁) g)
/// m → β₂ m + (1 − β₂) g
/// ```
///
/// g is the gradient, penalty included; sgn 0 = 0. λ is a rate per unit of η and is not divided by n, unlike that of
/// [`L2`](crate::regularizer::L2). Every step has the magnitude η, so η should be 3 to 10 times smaller than for
/// [`Adam`](super::Adam), and λ larger by the same factor than for [`AdamW`](super::AdamW).
///
/// The one slot is m. The learning rate, unless a schedule gives one, is 0.0001.
///
/// Source: Chen et al., *Symbolic discovery of optimization algorithms*, 2023, algorithm 2.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(2);
/// let lion = Lion::new(0.75, 0.5)?;
/// let (mut w, mut m) = ([1.0, 1.0], [0.5, 0.5]);
/// lion.step(&at, &mut [&mut m], &mut w, &mut [-1.0, -2.0], 0.25);
/// assert_eq!((w, m), ([0.75, 1.25], [-0.25, -0.75])); // 0.375 − 0.25 is positive, 0.375 − 0.5 is not
/// gradus::check::optimizer(&lion).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    beta_1: f64,
    beta_2: f64,
    lambda: f64,
}

impl Default for Lion {
    /// β₁ = 0.9, β₂ = 0.99, λ = 0.
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.99, lambda: 0.0 }
    }
}

impl Lion {
    /// Creates Lion with the decay rates β₁ = `beta_1` and β₂ = `beta_2`, without weight decay.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if β₁ or β₂ is outside [0, 1).
    pub fn new(beta_1: f64, beta_2: f64) -> Result<Self> {
        check_decay("decay rate β₁", beta_1)?;
        check_decay("decay rate β₂", beta_2)?;
        Ok(Self { beta_1, beta_2, lambda: 0.0 })
    }

    /// Sets the decay rate λ = `lambda` of the weights. Biases do not decay.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if λ is negative, NaN or infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let lion = Lion::default().weight_decay(0.5)?;
    /// let (mut w, mut m) = ([1.0], [0.0]);
    /// lion.step(&StepInfo::first(1), &mut [&mut m], &mut w, &mut [0.0], 0.25);
    /// assert_eq!(w, [1.0 - 0.25 * 0.5]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn weight_decay(mut self, lambda: f64) -> Result<Self> {
        check_weight_decay(lambda)?;
        self.lambda = lambda;
        Ok(self)
    }

    /// The decay rate β₁ of the direction.
    pub fn beta1(&self) -> f64 {
        self.beta_1
    }

    /// The decay rate β₂ of m.
    pub fn beta2(&self) -> f64 {
        self.beta_2
    }

    /// The decay rate λ of the weights.
    pub fn lambda(&self) -> f64 {
        self.lambda
    }
}

impl<T: Real> Optimizer<T> for Lion {
    fn slots(&self) -> usize {
        1
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        0.0001
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let [m] = slots else { return };
        let (beta_1, beta_2) = (below_one::<T>(self.beta_1), below_one::<T>(self.beta_2));
        let (new_1, new_2) = (T::one() - beta_1, T::one() - beta_2);
        let decays = at.kind == ParameterKind::Weights;
        let kept = if decays { T::cast(1.0 - eta.to_f64() * self.lambda) } else { T::one() };
        vectorized(
            #[inline(always)]
            move || {
                for ((w, &mut g), m) in parameters.iter_mut().zip(gradient).zip(m.iter_mut()) {
                    let direction = beta_1 * *m + new_1 * g;
                    // 0 gives a step of 0, and NaN one of NaN.
                    let step = if direction < T::zero() { -eta } else { eta * direction };
                    let step = if direction > T::zero() { eta } else { step };
                    *w = kept * *w - step;
                    *m = beta_2 * *m + new_2 * g;
                }
            },
        );
    }
}
