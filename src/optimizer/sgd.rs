//! Stochastic gradient descent.

use super::{Optimizer, Scope, StepInfo};
use crate::real::{Real, vectorized};

/// w → w − η ∂C/∂w: plain gradient descent, a step downhill whose length is proportional to the slope.
///
/// Source: chapter 1 of the book, equations (16) to (21).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let mut w = [1.0, 2.0];
/// Sgd.step(&at, &mut [], &mut w, &mut [0.5, -1.0], 0.5);
/// assert_eq!(w, [0.75, 2.5]);
/// gradus::check::optimizer(&Sgd).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sgd;

impl<T: Real> Optimizer<T> for Sgd {
    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn step(&self, _: &StepInfo, _: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        vectorized(
            #[inline(always)]
            move || {
                for (w, &mut g) in parameters.iter_mut().zip(gradient) {
                    *w -= eta * g;
                }
            },
        );
    }
}
