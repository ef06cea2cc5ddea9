//! Gradient clipping, before the step of another optimizer.

use super::norm::Norm;
use super::{Optimizer, Scope, StepInfo};
use crate::error::{Result, check_setting};
use crate::network::ParameterArrays;
use crate::real::{Real, vectorized};

/// Clamps every element of the gradient to [−c, c] before the step of the optimizer `O`.
///
/// Source: Mikolov, *Statistical language models based on neural networks*, 2012, section 3.2.2.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let mut w = [0.0, 0.0];
/// ClipByValue::new(Sgd, 1.0)?.step(&at, &mut [], &mut w, &mut [5.0, -0.5], 1.0);
/// assert_eq!(w, [-1.0, 0.5]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipByValue<O> {
    optimizer: O,
    limit: f64,
}

/// Scales the gradient of each array (a weight matrix, a bias vector) to a Euclidean norm of at most c before the
/// step of the optimizer `O`: g → g · min(1, c/‖g‖).
///
/// Source: Pascanu, Mikolov and Bengio, *On the difficulty of training recurrent neural networks*, 2013, algorithm 1,
/// for each array by itself.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let mut w = [0.0, 0.0];
/// ClipByNorm::new(Sgd, 2.5)?.step(&at, &mut [], &mut w, &mut [3.0, 4.0], 1.0);
/// assert_eq!(w, [-1.5, -2.0]); // half of a gradient of norm 5
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipByNorm<O> {
    optimizer: O,
    limit: f64,
}

/// Scales the gradient of all parameters together to a Euclidean norm of at most c before the step of the optimizer
/// `O`: g → g · min(1, c/‖g‖), which keeps its direction.
///
/// Source: Pascanu, Mikolov and Bengio, *On the difficulty of training recurrent neural networks*, 2013, algorithm 1.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let clip = ClipByGlobalNorm::new(Adam::default(), 2.5)?;
/// let mut gradient = ParameterArrays::from_values(vec![1, 1], vec![3.0, 4.0])?;
/// clip.prepare(&mut gradient);
/// assert_eq!(gradient.values(), [1.5, 2.0]); // half of a gradient of norm 5
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipByGlobalNorm<O> {
    optimizer: O,
    limit: f64,
}

macro_rules! constructor {
    ($($name:ident)*) => { $(
        impl<O> $name<O> {
            /// Creates a wrapper that clips the gradient of `optimizer` to c = `limit`.
            ///
            /// # Errors
            ///
            /// Returns [`Error::Setting`](crate::Error::Setting) if `limit` is not positive and finite.
            pub fn new(optimizer: O, limit: f64) -> Result<Self> {
                let why = "with 0 nothing would move, and no gradient exceeds infinity; try 1";
                check_setting("clipping limit c", limit, limit > 0.0 && limit.is_finite(), "(0, ∞)", why)?;
                Ok(Self { optimizer, limit })
            }

            /// The limit c.
            pub fn limit(&self) -> f64 {
                self.limit
            }

            /// The optimizer that steps with the clipped gradient.
            pub fn optimizer(&self) -> &O {
                &self.optimizer
            }
        }
    )* };
}
constructor!(ClipByValue ClipByNorm ClipByGlobalNorm);

/// Scales `gradient` so that its norm is at most `limit`.
fn scale_to_norm<T: Real>(gradient: &mut [T], limit: f64) {
    let norm = Norm::of(gradient);
    if norm.exceeds(limit) {
        vectorized(
            #[inline(always)]
            move || norm.scale(gradient.iter_mut(), limit),
        );
    }
}

impl<O> ClipByValue<O> {
    fn clip_array<T: Real>(&self, gradient: &mut [T]) {
        let limit = T::cast(self.limit);
        vectorized(
            #[inline(always)]
            move || {
                for g in gradient.iter_mut() {
                    // Comparisons that are false for NaN, so that it is passed on and reported.
                    let below = if *g > limit { limit } else { *g };
                    *g = if below < -limit { -limit } else { below };
                }
            },
        );
    }

    fn clip_all<T: Real>(&self, _gradient: &mut ParameterArrays<T>) {}
}

impl<O> ClipByNorm<O> {
    fn clip_array<T: Real>(&self, gradient: &mut [T]) {
        scale_to_norm(gradient, self.limit);
    }

    fn clip_all<T: Real>(&self, _gradient: &mut ParameterArrays<T>) {}
}

impl<O> ClipByGlobalNorm<O> {
    fn clip_array<T: Real>(&self, _gradient: &mut [T]) {}

    fn clip_all<T: Real>(&self, gradient: &mut ParameterArrays<T>) {
        scale_to_norm(gradient.values_mut(), self.limit);
    }
}

/// Clips the gradient, and forwards everything to the wrapped optimizer.
macro_rules! wrapper {
    ($($name:ident: $scope:expr;)*) => { $(
        impl<T: Real, O: Optimizer<T>> Optimizer<T> for $name<O> {
            fn slots(&self) -> usize {
                self.optimizer.slots()
            }

            fn average_slot(&self) -> Option<usize> {
                self.optimizer.average_slot()
            }

            fn scope(&self) -> Scope {
                self.optimizer.scope().max($scope)
            }

            fn default_rate(&self) -> f64 {
                self.optimizer.default_rate()
            }

            fn default_rate_for(&self, steps: usize) -> f64 {
                self.optimizer.default_rate_for(steps)
            }

            fn prepare(&self, gradient: &mut ParameterArrays<T>) {
                self.clip_all(gradient);
                self.optimizer.prepare(gradient);
            }

            fn step(
                &self,
                at: &StepInfo,
                slots: &mut [&mut [T]],
                parameters: &mut [T],
                gradient: &mut [T],
                eta: T,
            ) {
                self.clip_array(gradient);
                self.optimizer.step(at, slots, parameters, gradient, eta);
            }
        }
    )* };
}
wrapper! {
    ClipByValue: Scope::Elementwise;
    ClipByNorm: Scope::PerArray;
    ClipByGlobalNorm: Scope::Global;
}
