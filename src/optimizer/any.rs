//! An optimizer that is chosen at run time.

use super::{Momentum, Nesterov, Optimizer, Sgd};
use crate::real::Real;

/// Any optimizer of the crate, for a choice that a user makes at run time.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let choice: AnyOptimizer = Momentum::new(0.9)?.into();
/// gradus::check::optimizer(&choice).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum AnyOptimizer {
    /// [`Sgd`]
    Sgd(Sgd),
    /// [`Momentum`]
    Momentum(Momentum),
    /// [`Nesterov`]
    Nesterov(Nesterov),
}

impl<T: Real> Optimizer<T> for AnyOptimizer {
    /// The velocity; empty where there is none.
    type State = Vec<T>;

    fn init(&self, len: usize) -> Vec<T> {
        match self {
            Self::Sgd(_) => Vec::new(),
            Self::Momentum(rule) => rule.init(len),
            Self::Nesterov(rule) => rule.init(len),
        }
    }

    fn step(&self, state: &mut Vec<T>, parameters: &mut [T], gradient: &[T], eta: T) {
        match self {
            Self::Sgd(rule) => rule.step(&mut (), parameters, gradient, eta),
            Self::Momentum(rule) => rule.step(state, parameters, gradient, eta),
            Self::Nesterov(rule) => rule.step(state, parameters, gradient, eta),
        }
    }

    fn elementwise(&self) -> bool {
        true
    }
}

impl From<Sgd> for AnyOptimizer {
    fn from(rule: Sgd) -> Self {
        Self::Sgd(rule)
    }
}

impl From<Momentum> for AnyOptimizer {
    fn from(rule: Momentum) -> Self {
        Self::Momentum(rule)
    }
}

impl From<Nesterov> for AnyOptimizer {
    fn from(rule: Nesterov) -> Self {
        Self::Nesterov(rule)
    }
}
