//! Averages of the parameters over the steps of another optimizer.

use super::{Optimizer, Scope, StepInfo, check_decay};
use crate::error::Result;
use crate::network::ParameterArrays;
use crate::real::{Real, vectorized};

/// Steps with the optimizer `O`, and averages the parameters over all steps.
///
/// ```text
/// w̄_t = 1/(t − s) Σ_{s < i ≤ t} w_i          and w̄_t = w_t for t ≤ s
/// ```
///
/// w_i are the parameters after step i, and s is the number of steps that are left out, by default 0. The mean is
/// closer to the minimum than the w_i, which the noise of small batches keeps moving around the minimum. So η may
/// stay large.
///
/// The trainer evaluates, keeps and returns the averaged parameters; see [`Optimizer::average_slot`]. The slots are
/// those of `O` and w̄.
///
/// Source: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging*, 1992.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let average = PolyakAverage::new(Sgd);
/// let (mut w, mut mean) = ([0.0], [0.0]);
/// for (t, gradient) in [(1, -1.0), (2, -1.0), (3, 1.0)] {
///     let at = StepInfo { t, ..StepInfo::first(1) };
///     average.step(&at, &mut [&mut mean], &mut w, &mut [gradient], 3.0);
/// }
/// assert_eq!((w, mean), ([3.0], [4.0])); // of 3, 6 and 3
/// gradus::check::optimizer(&average).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolyakAverage<O> {
    optimizer: O,
    after: u64,
}

impl<O> PolyakAverage<O> {
    /// Creates an average of the parameters of `optimizer`, from the first step on.
    pub fn new(optimizer: O) -> Self {
        Self { optimizer, after: 0 }
    }

    /// Leaves out the first `steps` steps.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let average = PolyakAverage::new(Sgd).skip(1);
    /// let (mut w, mut mean) = ([0.0], [0.0]);
    /// for (t, gradient) in [(1, -1.0), (2, -1.0), (3, 1.0)] {
    ///     let at = StepInfo { t, ..StepInfo::first(1) };
    ///     average.step(&at, &mut [&mut mean], &mut w, &mut [gradient], 3.0);
    /// }
    /// assert_eq!(mean, [4.5]); // of 6 and 3, without the first 3
    /// ```
    pub fn skip(mut self, steps: u64) -> Self {
        self.after = steps;
        self
    }

    /// The number of steps that are left out.
    pub fn skipped(&self) -> u64 {
        self.after
    }

    /// The optimizer that moves the parameters.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// The fraction of the mean of step t that is new.
    fn new_fraction(&self, t: u64) -> f64 {
        1.0 / t.saturating_sub(self.after).max(1) as f64
    }
}

/// Steps with the optimizer `O`, and keeps an exponential moving average of the parameters.
///
/// ```text
/// w̄_1 = w_1,   w̄_t = β w̄_{t−1} + (1 − β) w_t
/// ```
///
/// w_t are the parameters after step t. The mean covers about the last 1/(1 − β) steps.
///
/// The trainer evaluates, keeps and returns the averaged parameters; see [`Optimizer::average_slot`]. The slots are
/// those of `O` and w̄.
///
/// Source: Tarvainen and Valpola, *Mean teachers are better role models*, 2017, equation (2).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let average = ExponentialAverage::new(Sgd, 0.75)?;
/// let (mut w, mut mean) = ([0.0], [0.0]);
/// for t in [1, 2] {
///     let at = StepInfo { t, ..StepInfo::first(1) };
///     average.step(&at, &mut [&mut mean], &mut w, &mut [-1.0], 4.0);
/// }
/// assert_eq!((w, mean), ([8.0], [5.0])); // 0.75 · 4 + 0.25 · 8
/// gradus::check::optimizer(&average).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExponentialAverage<O> {
    optimizer: O,
    beta: f64,
}

impl<O> ExponentialAverage<O> {
    /// Creates an average of the parameters of `optimizer` with the decay rate β = `beta`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if β is outside [0, 1).
    pub fn new(optimizer: O, beta: f64) -> Result<Self> {
        check_decay("decay rate β of the average", beta)?;
        Ok(Self { optimizer, beta })
    }

    /// The decay rate β.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The optimizer that moves the parameters.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// The fraction of the mean of step t that is new.
    fn new_fraction(&self, t: u64) -> f64 {
        if t <= 1 { 1.0 } else { 1.0 - self.beta }
    }
}

/// mean → mean + fraction · (w − mean).
fn add_to_mean<T: Real>(mean: &mut [T], parameters: &[T], fraction: f64) {
    if fraction == 1.0 {
        // A copy, because the formula would round.
        return mean.copy_from_slice(parameters);
    }
    let fraction = T::cast(fraction);
    vectorized(
        #[inline(always)]
        move || {
            for (mean, &w) in mean.iter_mut().zip(parameters) {
                *mean += fraction * (w - *mean);
            }
        },
    );
}

/// Steps with the wrapped optimizer, and then adds the parameters to the mean.
macro_rules! wrapper {
    ($($name:ident)*) => { $(
        impl<T: Real, O: Optimizer<T>> Optimizer<T> for $name<O> {
            fn slots(&self) -> usize {
                self.optimizer.slots() + 1
            }

            fn average_slot(&self) -> Option<usize> {
                Some(self.optimizer.slots())
            }

            fn scope(&self) -> Scope {
                self.optimizer.scope()
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

            fn step(
                &self,
                at: &StepInfo,
                slots: &mut [&mut [T]],
                parameters: &mut [T],
                gradient: &mut [T],
                eta: T,
            ) {
                let Some((mean, slots)) = slots.split_last_mut() else { return };
                self.optimizer.step(at, slots, parameters, gradient, eta);
                add_to_mean(mean, parameters, self.new_fraction(at.t));
            }
        }
    )* };
}
wrapper!(PolyakAverage ExponentialAverage);
