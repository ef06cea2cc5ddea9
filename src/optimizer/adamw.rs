//! Adam with decoupled weight decay.

use super::{Adam, Optimizer, ParameterKind, Scope, StepInfo, check_weight_decay};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// w → (1 − η λ) w for weights, and then a step of [`Adam`]: weight decay that Adam does not scale with the gradient.
///
/// Biases do not decay. λ is a rate per unit of η and is not divided by n, unlike that of
/// [`L2`](crate::regularizer::L2).
///
/// The slots are those of Adam. The learning rate, unless a schedule gives one, is Adam's.
///
/// Source: Loshchilov and Hutter, *Decoupled weight decay regularization*, 2019, algorithm 2.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let adamw = AdamW::new(Adam::default(), 0.1)?;
/// let (mut w, mut m, mut v) = ([1.0], [0.0], [0.0]);
/// adamw.step(&at, &mut [&mut m, &mut v], &mut w, &mut [0.0], 0.5);
/// assert_eq!(w, [0.95]);
/// gradus::check::optimizer(&adamw).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    adam: Adam,
    lambda: f64,
}

impl Default for AdamW {
    /// The default Adam with λ = 0.01.
    fn default() -> Self {
        Self { adam: Adam::default(), lambda: 0.01 }
    }
}

impl AdamW {
    /// Creates `adam` with the decay rate λ = `lambda` of the weights.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if λ is negative, NaN or infinite.
    pub fn new(adam: Adam, lambda: f64) -> Result<Self> {
        check_weight_decay(lambda)?;
        Ok(Self { adam, lambda })
    }

    /// The decay rate β₁ of m.
    pub fn beta1(&self) -> f64 {
        self.adam.beta1()
    }

    /// The decay rate β₂ of v.
    pub fn beta2(&self) -> f64 {
        self.adam.beta2()
    }

    /// ε.
    pub fn epsilon(&self) -> f64 {
        self.adam.epsilon()
    }

    /// The decay rate λ of the weights.
    pub fn lambda(&self) -> f64 {
        self.lambda
    }
}

impl<T: Real> Optimizer<T> for AdamW {
    fn slots(&self) -> usize {
        Optimizer::<T>::slots(&self.adam)
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        Optimizer::<T>::default_rate(&self.adam)
    }

    fn default_rate_for(&self, steps: usize) -> f64 {
        Optimizer::<T>::default_rate_for(&self.adam, steps)
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        if at.kind == ParameterKind::Weights {
            let kept = T::cast(1.0 - eta.to_f64() * self.lambda);
            let weights = parameters.iter_mut();
            vectorized(
                #[inline(always)]
                move || weights.for_each(|w| *w *= kept),
            );
        }
        self.adam.step(at, slots, parameters, gradient, eta);
    }
}
