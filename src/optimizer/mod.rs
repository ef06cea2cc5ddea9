//! Optimizers: how a gradient becomes a step.

mod any;
mod momentum;
mod nesterov;
mod sgd;

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

pub use any::AnyOptimizer;
pub use momentum::Momentum;
pub use nesterov::Nesterov;
pub use sgd::Sgd;

use crate::real::Real;

/// A rule that moves parameters along their gradient.
///
/// An optimizer is its hyper-parameters and nothing else. What it has to remember from step to step, such as a
/// velocity, is its `State`: one value for each weight matrix and each bias vector, or for each part of one (see
/// [`elementwise`](Self::elementwise)), held by the trainer.
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | the remembered quantities | `state` | one for each array |
/// | w or b | `parameters` | a slice |
/// | ∂C/∂w or ∂C/∂b | `gradient` | as `parameters` |
/// | η, the learning rate | `eta` | |
///
/// Object-safe for a given `State`, and implemented for `&` and `Box`.
///
/// Source: chapter 1 of the book, equations (20) and (21), for plain descent; chapter 3, "Variations on stochastic gradient
/// descent", for the others.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// /// Steps of one size, η, whatever the size of the gradient.
/// #[derive(Debug)]
/// struct SignDescent;
///
/// impl<T: Real> Optimizer<T> for SignDescent {
///     type State = ();
///     fn init(&self, _len: usize) -> Self::State {}
///     fn step(&self, _: &mut (), parameters: &mut [T], gradient: &[T], eta: T) {
///         for (w, &g) in parameters.iter_mut().zip(gradient) {
///             *w -= if g == T::zero() { T::zero() } else { eta * g.signum() };
///         }
///     }
/// }
/// gradus::check::optimizer(&SignDescent).unwrap();
/// ```
pub trait Optimizer<T: Real>: Debug + Send + Sync {
    /// What is remembered from step to step about one array of parameters.
    type State: Serialize + DeserializeOwned + Clone + Debug + Send;

    /// The state before the first step, for an array of `len` parameters.
    fn init(&self, len: usize) -> Self::State;

    /// Moves `parameters` by one step.
    fn step(&self, state: &mut Self::State, parameters: &mut [T], gradient: &[T], eta: T);

    /// Whether the step of a parameter depends on no other parameter's value, gradient or state.
    ///
    /// Then the trainer cuts large arrays into parts, each with a state of its own, and moves a part while its gradient is
    /// still in the cache. A rule that looks at a whole array, such as at the norm of its gradient, leaves this false.
    fn elementwise(&self) -> bool {
        false
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => { $(
        impl<T: Real, O: Optimizer<T> + ?Sized> Optimizer<T> for $pointer {
            type State = O::State;

            fn init(&self, len: usize) -> Self::State {
                (**self).init(len)
            }

            fn step(&self, state: &mut Self::State, parameters: &mut [T], gradient: &[T], eta: T) {
                (**self).step(state, parameters, gradient, eta);
            }

            fn elementwise(&self) -> bool {
                (**self).elementwise()
            }
        }
    )* };
}
forward!(&O, Box<O>);

/// Refuses a μ outside [0, 1).
fn check_mu(mu: f64) -> crate::Result<()> {
    let why = if mu < 0.0 {
        "with negative momentum each step is turned back by what is carried over from the last"
    } else {
        "from 1 on there is no friction, or a negative one, and the velocity grows without bound"
    };
    crate::error::check_setting("momentum μ", mu, (0.0..1.0).contains(&mu), "[0, 1)", why)
}
