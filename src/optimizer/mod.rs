//! Optimizers: how a gradient becomes a step.

mod ada_delta;
mod ada_grad;
mod adam;
mod adamw;
mod any;
mod average;
mod clip;
mod lbfgs;
mod lion;
mod max_norm;
mod momentum;
mod nesterov;
mod norm;
mod rms_prop;
mod sgd;

use std::fmt::Debug;

pub use ada_delta::AdaDelta;
pub use ada_grad::AdaGrad;
pub use adam::Adam;
pub use adamw::AdamW;
pub use any::AnyOptimizer;
pub use average::{ExponentialAverage, PolyakAverage};
pub use clip::{ClipByGlobalNorm, ClipByNorm, ClipByValue};
pub use lbfgs::{Lbfgs, Minimum};
pub use lion::Lion;
pub use max_norm::MaxNorm;
pub use momentum::Momentum;
pub use nesterov::Nesterov;
pub use rms_prop::RmsProp;
pub use sgd::Sgd;

use crate::error::{Result, check_setting};
use crate::network::ParameterArrays;
use crate::real::Real;

/// Moves parameters against their gradient.
///
/// An optimizer consists of its hyper-parameters only. The trainer holds its state, such as a velocity, in *slots*:
/// each slot has one value for each parameter, 0 at first. So a checkpoint is a list of arrays, and the state does
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
/// Optimizers can wrap others: [`ClipByGlobalNorm`] changes the gradient and passes it on. Dyn-compatible
/// (object-safe), and implemented for `&`, `Box` and `Arc`.
///
/// Source: chapter 1 of the book, equations (20) and (21), for plain gradient descent; chapter 3, "Variations on
/// stochastic gradient descent", for the others.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// /// Steps of magnitude η, whatever the magnitude of the gradient.
/// #[derive(Debug)]
/// struct SignDescent;
///
/// impl<T: Real> Optimizer<T> for SignDescent {
///     fn step(&self, _: &StepInfo, _: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
///         for (w, &mut g) in parameters.iter_mut().zip(gradient) {
///             // In Rust, `signum` of 0 is 1.
///             *w -= if g == T::zero() { T::zero() } else { eta * g.signum() };
///         }
///     }
/// }
/// gradus::check::optimizer(&SignDescent).unwrap();
/// ```
pub trait Optimizer<T: Real>: Debug + Send + Sync {
    /// The number of slots, at most [`MAX_SLOTS`]; by default 0.
    fn slots(&self) -> usize {
        0
    }

    /// The slot that holds an average of the parameters, if the optimizer keeps one, as [`PolyakAverage`] does. The
    /// trainer evaluates, keeps and returns the averaged parameters, but continues the steps from the parameters
    /// themselves. A wrapper forwards this method.
    fn average_slot(&self) -> Option<usize> {
        None
    }

    /// What the step of a parameter depends on. With [`Scope::Elementwise`] the trainer moves a block of the weights
    /// while its gradient is still in the cache. The default, [`Scope::PerArray`], suits every optimizer that does
    /// not use the gradient of the whole network.
    fn scope(&self) -> Scope {
        Scope::PerArray
    }

    /// The learning rate η that suits most networks; by default 0.5, as for plain gradient descent.
    fn default_rate(&self) -> f64 {
        0.5
    }

    /// The learning rate η of a trainer without a schedule whose epochs have `steps` steps; by default
    /// [`default_rate`](Self::default_rate).
    fn default_rate_for(&self, _steps: usize) -> f64 {
        self.default_rate()
    }

    /// Changes the gradient of all parameters in place, penalty included, before any parameter moves. Called once per
    /// step if the [`scope`](Self::scope) is [`Scope::Global`].
    fn prepare(&self, _gradient: &mut ParameterArrays<T>) {}

    /// Moves all parameters together, with as many evaluations of the cost as needed. Called instead of
    /// [`step`](Self::step) if the [`scope`](Self::scope) is [`Scope::Objective`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::Search`](crate::Error::Search) for an optimizer that does not search.
    fn search(
        &self,
        _at: &SearchInfo,
        _slots: &mut [ParameterArrays<T>],
        _objective: &mut dyn Objective<T>,
    ) -> Result<Searched> {
        let why = "it wraps an optimizer that evaluates the cost itself, which a wrapper cannot change; use that optimizer directly";
        Err(crate::error::Error::Search { optimizer: format!("{self:?}"), why })
    }

    /// Moves `parameters` by one step. `gradient` may be used as a buffer.
    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T);
}

/// The largest number of slots that an optimizer can have, unless its scope is [`Scope::Objective`].
pub const MAX_SLOTS: usize = 8;

/// The cost of a batch as a function of all parameters, w₁, b₁, w₂, b₂, … in one slice.
///
/// # Examples
///
/// A custom optimizer that halves η until the cost falls, and the line that tests it:
///
/// ```
/// use gradus::optimizer::{Objective, SearchInfo, Searched};
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct Halving;
///
/// impl<T: Real> Optimizer<T> for Halving {
///     fn slots(&self) -> usize {
///         1
///     }
///     fn scope(&self) -> Scope {
///         Scope::Objective
///     }
///     fn search(
///         &self,
///         at: &SearchInfo,
///         slots: &mut [ParameterArrays<T>],
///         objective: &mut dyn Objective<T>,
///     ) -> gradus::Result<Searched> {
///         let w = slots[0].values_mut();
///         objective.read(w);
///         let mut gradient = vec![T::zero(); w.len()];
///         let before = objective.evaluate(w, &mut gradient);
///         let mut unused = gradient.clone();
///         for halvings in 0..30 {
///             let eta = T::cast(at.eta * 0.5f64.powi(halvings));
///             let moved = w.iter().zip(&gradient).map(|(&w, &g)| w - eta * g);
///             let after = objective.evaluate(&moved.collect::<Vec<T>>(), &mut unused);
///             if after < before {
///                 return Ok(Searched { before, after, converged: None });
///             }
///         }
///         let after = objective.evaluate(w, &mut unused);
///         Ok(Searched { before, after, converged: Some("no step lowers the cost") })
///     }
///     fn step(
///         &self,
///         at: &StepInfo,
///         slots: &mut [&mut [T]],
///         w: &mut [T],
///         gradient: &mut [T],
///         eta: T,
///     ) {
///         Sgd.step(at, slots, w, gradient, eta); // for training loops that do not search
///     }
/// }
/// gradus::check::optimizer(&Halving).unwrap();
/// ```
pub trait Objective<T: Real> {
    /// Copies the network's parameters to `parameters`.
    fn read(&self, parameters: &mut [T]);

    /// Sets the network's parameters to `parameters`, writes the gradient of the cost, penalty included, to
    /// `gradient`, and returns the cost.
    fn evaluate(&mut self, parameters: &[T], gradient: &mut [T]) -> f64;
}

/// Which step a [`search`](Optimizer::search) is for.
///
/// # Examples
///
/// Two searches of an optimizer outside of a training run:
///
/// ```
/// use gradus::optimizer::{Objective, SearchInfo};
/// use gradus::prelude::*;
///
/// /// ½ (w² + b²)
/// struct Parabola([f64; 2]);
///
/// impl Objective<f64> for Parabola {
///     fn read(&self, parameters: &mut [f64]) {
///         parameters.copy_from_slice(&self.0);
///     }
///     fn evaluate(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
///         self.0.copy_from_slice(parameters);
///         gradient.copy_from_slice(parameters);
///         0.5 * (parameters[0] * parameters[0] + parameters[1] * parameters[1])
///     }
/// }
/// let (lbfgs, mut parabola) = (Lbfgs::default(), Parabola([1.0, -1.0]));
/// let slots = Optimizer::<f64>::slots(&lbfgs);
/// let mut slots = vec![ParameterArrays::<f64>::zeros(&[1, 1]); slots];
/// let first = SearchInfo { t: 1, eta: 1.0, known: None };
/// let found = lbfgs.search(&first, &mut slots, &mut parabola)?;
/// assert!(found.after < found.before);
///
/// // The second search begins where the first has ended, where the cost is known.
/// let second = SearchInfo { t: 2, known: Some(found.after), ..first };
/// assert_eq!(lbfgs.search(&second, &mut slots, &mut parabola)?.before, found.after);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchInfo {
    /// t, the number of this step, counted from 1.
    pub t: u64,
    /// η, the length of a step that is tried first.
    pub eta: f64,
    /// The cost at the end of the last search, if this one begins there on the same batch. The slots then still hold
    /// the state of that point.
    pub known: Option<f64>,
}

/// The result of a [`search`](Optimizer::search). The network has the parameters of the last evaluation.
///
/// # Examples
///
/// ```
/// use gradus::optimizer::{Objective, SearchInfo};
/// use gradus::prelude::*;
///
/// /// A cost of 7 for all parameters.
/// struct Flat;
///
/// impl Objective<f64> for Flat {
///     fn read(&self, parameters: &mut [f64]) {
///         parameters.fill(1.0);
///     }
///     fn evaluate(&mut self, _parameters: &[f64], gradient: &mut [f64]) -> f64 {
///         gradient.fill(0.0);
///         7.0
///     }
/// }
/// let lbfgs = Lbfgs::default();
/// let slots = Optimizer::<f64>::slots(&lbfgs);
/// let mut slots = vec![ParameterArrays::<f64>::zeros(&[1, 1]); slots];
/// let at = SearchInfo { t: 1, eta: 1.0, known: None };
/// let found = lbfgs.search(&at, &mut slots, &mut Flat)?;
/// assert_eq!((found.before, found.after), (7.0, 7.0));
/// assert_eq!(found.converged, Some("no element of the gradient is above the tolerance"));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Searched {
    /// The cost at the beginning.
    pub before: f64,
    /// The cost at the end.
    pub after: f64,
    /// Why another search on the same batch would find nothing better; `None` if it might.
    pub converged: Option<&'static str>,
}

/// What the step of a parameter depends on.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// fn scope(optimizer: impl Optimizer<f32>) -> Scope {
///     optimizer.scope()
/// }
/// assert_eq!(scope(Sgd), Scope::Elementwise);
/// assert_eq!(scope(ClipByNorm::new(Sgd, 1.0)?), Scope::PerArray);
/// assert_eq!(scope(ClipByGlobalNorm::new(Sgd, 1.0)?), Scope::Global);
/// assert_eq!(scope(Lbfgs::default()), Scope::Objective);
/// // The scope of a wrapper is the wider of its own and that of the wrapped optimizer.
/// assert_eq!(scope(ClipByValue::new(MaxNorm::new(Sgd, 2.0)?, 1.0)?), Scope::PerArray);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The value, gradient and slots of this parameter only. The trainer may split arrays anywhere.
    Elementwise,
    /// The whole array (a weight matrix or a bias vector), such as the norm of its gradient.
    PerArray,
    /// The gradient of the whole network, and then the whole array.
    Global,
    /// The cost as a function of all parameters, which is evaluated several times per step. A batch consists of all
    /// samples.
    Objective,
}

/// Which parameters a step is for, and which step it is.
///
/// # Examples
///
/// An optimizer that leaves the first layer as it is, for fine-tuning:
///
/// ```
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct FreezeFirstLayer;
///
/// impl<T: Real> Optimizer<T> for FreezeFirstLayer {
///     fn step(
///         &self,
///         at: &StepInfo,
///         slots: &mut [&mut [T]],
///         w: &mut [T],
///         gradient: &mut [T],
///         eta: T,
///     ) {
///         if at.layer > 0 {
///             Sgd.step(at, slots, w, gradient, eta);
///         }
///     }
/// }
/// let (first, mut w) = (StepInfo::first(1), [1.0]);
/// FreezeFirstLayer.step(&first, &mut [], &mut w, &mut [0.5], 1.0);
/// assert_eq!(w, [1.0]);
/// FreezeFirstLayer.step(&StepInfo { layer: 1, ..first }, &mut [], &mut w, &mut [0.5], 1.0);
/// assert_eq!(w, [0.5]);
/// ```
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
    /// Returns the first step for the weights of the first layer, with `rows` neurons, for trying out an optimizer.
    pub fn first(rows: usize) -> Self {
        Self { t: 1, layer: 0, kind: ParameterKind::Weights, rows }
    }
}

/// Weights or biases.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // One neuron with two inputs.
/// let weights = StepInfo::first(1);
/// let biases = StepInfo { kind: ParameterKind::Biases, ..weights };
/// let rule = MaxNorm::new(Sgd, 2.5)?;
/// let (mut w, mut b) = ([3.0, 4.0], [5.0]);
/// rule.step(&weights, &mut [], &mut w, &mut [0.0, 0.0], 0.1);
/// rule.step(&biases, &mut [], &mut b, &mut [0.0], 0.1);
/// assert_eq!((w, b), ([1.5, 2.0], [5.0])); // the norm of biases has no limit
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// w, outputs × inputs in column order.
    Weights,
    /// b, one for each output.
    Biases,
}

crate::forward! { impl<T: Real> Optimizer<T> {
    fn slots(&self) -> usize;
    fn average_slot(&self) -> Option<usize>;
    fn scope(&self) -> Scope;
    fn default_rate(&self) -> f64;
    fn default_rate_for(&self, steps: usize) -> f64;
    fn prepare(&self, gradient: &mut ParameterArrays<T>);
    fn search(&self, at: &SearchInfo, slots: &mut [ParameterArrays<T>], objective: &mut dyn Objective<T>) -> Result<Searched>;
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

/// Returns an error for a decay rate of weights that is negative or not finite.
fn check_weight_decay(lambda: f64) -> Result<()> {
    let why = "below 0 the weights would grow without bound; try 0.01";
    check_setting("weight decay λ", lambda, lambda >= 0.0 && lambda.is_finite(), "[0, ∞)", why)
}

/// Casts `x` < 1 to `T`, rounded so that it stays below 1.
fn below_one<T: Real>(x: f64) -> T {
    let x = T::cast(x);
    if x < T::one() { x } else { T::one() - T::default_epsilon() / T::cast(2.0) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_below_1_stay_below_1_in_f32() {
        assert_eq!(super::below_one::<f32>(1.0 - 1e-9), 1.0 - f32::EPSILON / 2.0);
    }
}
