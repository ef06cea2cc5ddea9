//! Optimizers: how a gradient becomes a step.

mod adam;
mod adamw;
mod clip;
mod max_norm;
mod momentum;
mod nesterov;
mod rms_prop;
mod sgd;

use std::fmt::Debug;

pub use adam::Adam;
pub use adamw::AdamW;
pub use clip::{ClipByGlobalNorm, ClipByNorm, ClipByValue};
pub use max_norm::MaxNorm;
pub use momentum::Momentum;
pub use nesterov::Nesterov;
pub use rms_prop::RmsProp;
pub use sgd::Sgd;

use crate::error::{Result, check_setting};
use crate::network::ParameterArrays;
use crate::real::Real;

/// A rule that moves parameters along their gradient.
///
/// An optimizer is its hyper-parameters and nothing else. Its state, such as a velocity, is held by the trainer in
/// *slots*: each slot has one value for each parameter, 0 at first. So a checkpoint is a list of arrays, and state does
/// not depend on the number of threads.
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | t, the number of this step, counted from 1 | `at.t` | |
/// | the state | `slots` | a slice per slot, each as long as `parameters` |
/// | w or b | `parameters` | a slice; weights in column order |
/// | ∂C/∂w or ∂C/∂b | `gradient` | as `parameters` |
/// | η, the learning rate | `eta` | |
///
/// Optimizers wrap optimizers: [`ClipByGlobalNorm`] changes the gradient and hands it on. Dyn-compatible, and
/// implemented for `&`, `Box` and `Arc`.
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
///     fn step(&self, _: &StepInfo, _: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
///         for (w, &mut g) in parameters.iter_mut().zip(gradient) {
///             *w -= if g == T::zero() { T::zero() } else { eta * g.signum() };
///         }
///     }
/// }
/// gradus::check::optimizer(&SignDescent).unwrap();
/// ```
pub trait Optimizer<T: Real>: Debug + Send + Sync {
    /// The number of slots, at most [`MAX_SLOTS`].
    fn slots(&self) -> usize {
        0
    }

    /// What the step of a parameter depends on. With [`Scope::Elementwise`] the trainer moves a block of the weights
    /// while its gradient is still in the cache.
    fn scope(&self) -> Scope {
        Scope::PerArray
    }

    /// The learning rate η that suits most networks.
    fn default_rate(&self) -> f64 {
        0.5
    }

    /// The learning rate η of a trainer without a schedule whose epochs have so many steps.
    fn default_rate_for(&self, _steps: usize) -> f64 {
        self.default_rate()
    }

    /// Changes the gradient of all parameters, penalty included, before any parameter moves. Called once per step if
    /// the [`scope`](Self::scope) is [`Scope::Global`].
    fn prepare(&self, _gradient: &mut ParameterArrays<T>) {}

    /// Moves `parameters` by one step. `gradient` may be used as a buffer.
    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T);
}

/// The largest number of slots that an optimizer can have.
pub const MAX_SLOTS: usize = 8;

/// What the step of a parameter depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// That parameter's own value, gradient and slots. The trainer cuts arrays where it likes.
    Elementwise,
    /// The whole array (a weight matrix or a bias vector), such as the norm of its gradient.
    PerArray,
    /// The gradient of the whole network, and then the whole array.
    Global,
}

/// Which parameters a step is for, and which step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepInfo {
    /// t, the number of this step, counted from 1.
    pub t: u64,
    /// The layer, 0 for the first after the inputs.
    pub layer: usize,
    /// Whether the parameters are weights.
    pub kind: ParameterKind,
    /// The neurons of the layer: parameter i belongs to neuron i mod `rows`.
    pub rows: usize,
}

impl StepInfo {
    /// The first step of the weights of the first layer, with `rows` neurons: for trying out a rule.
    pub fn first(rows: usize) -> Self {
        Self { t: 1, layer: 0, kind: ParameterKind::Weights, rows }
    }
}

/// Weights or biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// w, outputs × inputs in column order.
    Weights,
    /// b, one for each output.
    Biases,
}

crate::forward! { impl<T: Real> Optimizer<T> {
    fn slots(&self) -> usize;
    fn scope(&self) -> Scope;
    fn default_rate(&self) -> f64;
    fn default_rate_for(&self, steps: usize) -> f64;
    fn prepare(&self, gradient: &mut ParameterArrays<T>);
    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T);
} }

/// Returns an error for a μ outside [0, 1).
fn check_mu(mu: f64) -> Result<()> {
    let why = match mu {
        mu if mu < 0.0 => {
            "with negative momentum each step is turned back by what is carried over from the last"
        }
        mu if mu.is_nan() => "no step can be computed with NaN",
        _ => "from 1 on there is no friction, or a negative one, and the velocity grows without bound",
    };
    check_setting("momentum μ", mu, (0.0..1.0).contains(&mu), "[0, 1)", why)
}

/// Returns an error for a decay rate of a mean outside [0, 1).
fn check_decay(name: &'static str, beta: f64) -> Result<()> {
    let why = "it is the fraction of the old mean that is kept; with 1 nothing new would ever count; try 0.9 or 0.999";
    check_setting(name, beta, (0.0..1.0).contains(&beta), "[0, 1)", why)
}

/// Returns an error for an ε that is not positive and finite.
fn check_epsilon(epsilon: f64) -> Result<()> {
    let why = "it keeps the step finite where the gradient has been 0; try 1e-8";
    check_setting("ε", epsilon, epsilon > 0.0 && epsilon.is_finite(), "(0, ∞)", why)
}

/// `x` < 1 in the precision of `T`, where it stays below 1.
fn below_one<T: Real>(x: f64) -> T {
    let x = T::cast(x);
    if x < T::one() { x } else { T::one() - T::default_epsilon() / T::cast(2.0) }
}

/// xᵗ by repeated squaring, so that its bits are the same on every machine.
fn power(x: f64, t: u64) -> f64 {
    let (mut result, mut square, mut t) = (1.0, x, t);
    while t > 0 {
        if t % 2 == 1 {
            result *= square;
        }
        square *= square;
        t /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_power_is_a_product() {
        let mut product = 1.0f64;
        for t in 0..2000 {
            assert!((super::power(0.999, t) / product - 1.0).abs() < 1e-12, "{t}");
            product *= 0.999;
        }
        assert_eq!(super::power(0.0, 0), 1.0);
        assert_eq!(super::below_one::<f32>(1.0 - 1e-9), 1.0 - f32::EPSILON / 2.0);
    }
}
