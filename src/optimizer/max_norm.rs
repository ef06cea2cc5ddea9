//! A limit on the norm of each neuron's weights, after the step of another optimizer.

use super::norm::Norm;
use super::{Optimizer, ParameterKind, Scope, StepInfo};
use crate::error::{Result, check_setting};
use crate::network::ParameterArrays;
use crate::real::Real;

/// Steps with the optimizer `O` and then scales the incoming weights of each neuron to a Euclidean norm of at most c:
/// w_j → w_j · min(1, c/‖w_j‖), with w_j the row of neuron j.
///
/// It keeps weights small however large η is, and is often used with dropout. Biases do not change. To average the
/// weights too, wrap it in the average, as in `PolyakAverage::new(MaxNorm::new(Sgd, 2.0)?)`: the mean of weights within
/// the limit is within it. The other way round the average is taken before the limit.
///
/// Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, *Dropout: a simple way to prevent neural
/// networks from overfitting*, 2014, section 5.1.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // Two neurons with two inputs each: rows (3, 4) and (0.3, 0.4), in column order.
/// let at = StepInfo::first(2);
/// let mut w = [3.0, 0.3, 4.0, 0.4];
/// MaxNorm::new(Sgd, 2.5)?.step(&at, &mut [], &mut w, &mut [0.0; 4], 0.1);
/// assert_eq!(w, [1.5, 0.3, 2.0, 0.4]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxNorm<O> {
    optimizer: O,
    limit: f64,
}

impl<O> MaxNorm<O> {
    /// Creates a wrapper of `optimizer` that limits the norm of each neuron's incoming weights to c = `limit`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `limit` is not positive and finite.
    pub fn new(optimizer: O, limit: f64) -> Result<Self> {
        let why = "with 0 every weight would be 0, and no norm exceeds infinity; try 2 to 4";
        check_setting("largest norm c", limit, limit > 0.0 && limit.is_finite(), "(0, ∞)", why)?;
        Ok(Self { optimizer, limit })
    }

    /// The largest norm c.
    pub fn limit(&self) -> f64 {
        self.limit
    }

    /// The optimizer that moves the weights.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }
}

impl<T: Real, O: Optimizer<T>> Optimizer<T> for MaxNorm<O> {
    fn slots(&self) -> usize {
        self.optimizer.slots()
    }

    fn average_slot(&self) -> Option<usize> {
        self.optimizer.average_slot()
    }

    fn scope(&self) -> Scope {
        self.optimizer.scope().max(Scope::PerArray)
    }

    fn default_rate(&self) -> f64 {
        self.optimizer.default_rate()
    }

    fn default_rate_for(&self, steps: usize) -> f64 {
        self.optimizer.default_rate_for(steps)
    }

    fn prepare(&self, gradient: &mut ParameterArrays<T>) {
        self.optimizer.prepare(gradient);
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        self.optimizer.step(at, slots, parameters, gradient, eta);
        if at.kind == ParameterKind::Biases {
            return;
        }
        for neuron in 0..at.rows {
            let norm = Norm::of_each(parameters.iter().skip(neuron).step_by(at.rows).copied());
            if norm.exceeds(self.limit) {
                norm.scale(parameters.iter_mut().skip(neuron).step_by(at.rows), self.limit);
            }
        }
    }
}
