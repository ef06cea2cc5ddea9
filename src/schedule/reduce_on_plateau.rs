//! A learning rate that is reduced when a metric no longer improves.

use super::{LOWEST, LrSchedule, Progress, check_eta, check_factor, check_last};
use crate::error::{PATIENCE, Result, check_nonzero, check_setting};
use crate::history::Metric;
use crate::real::power;

/// Multiplies η by a factor each time a metric has not improved in `patience` epochs.
///
/// ```text
/// η_e = max(η γᵏ, η_min),   k the number of reductions before epoch e
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η, the initial rate | `eta` of [`new`](Self::new) |
/// | γ, the factor | `factor` of `new` |
/// | η_min, the final rate | `eta` of [`down_to`](Self::down_to), by default 10⁻⁹ η |
///
/// An epoch improves if it is better than the best before it by more than [`min_delta`](Self::min_delta) (default 0).
/// After each reduction the count begins anew, once [`cooldown`](Self::cooldown) epochs have passed, by default
/// none. The metric is by default the main one of the run, see [`Metric`].
///
/// The schedule does not end. [`HalveOnPlateau`](super::HalveOnPlateau) counts in the same way with γ = ½, and ends the
/// training. `ReduceOnPlateau` is PyTorch's `ReduceLROnPlateau` with a `patience` smaller by 1 and
/// `threshold_mode="abs"`.
///
/// Source: chapter 3 of the book, "How to choose a neural network's hyper-parameters?", "Learning rate schedule".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = ReduceOnPlateau::new(0.8, 0.1, 2)?.down_to(0.01)?;
/// let rate = |accuracies: &[f64]| {
///     let history = History::from_validation_accuracies(accuracies);
///     schedule.rate(&Progress { epoch: accuracies.len() + 1, history: &history }).unwrap()
/// };
/// assert_eq!(rate(&[0.90, 0.92, 0.91]), 0.8);
/// assert!((rate(&[0.90, 0.92, 0.91, 0.92]) - 0.08).abs() < 1e-16);
/// assert_eq!(rate(&[0.90; 15]), 0.01);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReduceOnPlateau {
    eta: f64,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_delta: f64,
    last: f64,
    metric: Metric,
}

impl ReduceOnPlateau {
    /// Begins with η = `eta` and multiplies it by `factor` when the main metric has not improved in `patience` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, if `factor` is not in (0, 1),
    /// or if `patience` is 0.
    pub fn new(eta: f64, factor: f64, patience: usize) -> Result<Self> {
        check_eta(eta)?;
        check_factor(factor)?;
        check_nonzero("patience of ReduceOnPlateau", patience, PATIENCE)?;
        let (last, metric) = (eta / LOWEST, Metric::default());
        Ok(Self { eta, factor, patience, cooldown: 0, min_delta: 0.0, last, metric })
    }

    /// Counts no epochs in the first `epochs` after a reduction.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = ReduceOnPlateau::new(0.8, 0.5, 1)?.cooldown(2);
    /// let rate = |accuracies: &[f64]| {
    ///     let history = History::from_validation_accuracies(accuracies);
    ///     schedule.rate(&Progress { epoch: accuracies.len() + 1, history: &history })
    /// };
    /// assert_eq!(rate(&[0.9, 0.9]), Some(0.4));
    /// assert_eq!(rate(&[0.9, 0.9, 0.9, 0.9]), Some(0.4)); // two epochs are not counted
    /// assert_eq!(rate(&[0.9, 0.9, 0.9, 0.9, 0.9]), Some(0.2));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// Counts an epoch as an improvement only if it is better by more than `delta`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `delta` is negative, NaN or infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = ReduceOnPlateau::new(0.8, 0.5, 1)?.min_delta(0.1)?;
    /// let rate = |accuracies: &[f64]| {
    ///     let history = History::from_validation_accuracies(accuracies);
    ///     schedule.rate(&Progress { epoch: accuracies.len() + 1, history: &history })
    /// };
    /// assert_eq!(rate(&[0.5, 0.75]), Some(0.8));
    /// assert_eq!(rate(&[0.5, 0.55]), Some(0.4));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn min_delta(mut self, delta: f64) -> Result<Self> {
        let why = "it is the smallest difference that counts, in the unit of the metric; try 0.0001";
        check_setting("smallest improvement", delta, delta >= 0.0 && delta.is_finite(), "[0, ∞)", why)?;
        self.min_delta = delta;
        Ok(self)
    }

    /// Does not lower η below `eta`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `eta` is not positive, or above the initial rate.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = ReduceOnPlateau::new(0.8, 0.5, 1)?.down_to(0.3)?;
    /// let rate = |accuracies: &[f64]| {
    ///     let history = History::from_validation_accuracies(accuracies);
    ///     schedule.rate(&Progress { epoch: accuracies.len() + 1, history: &history })
    /// };
    /// assert_eq!(rate(&[0.9, 0.9]), Some(0.4));
    /// assert_eq!(rate(&[0.9; 10]), Some(0.3));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn down_to(mut self, eta: f64) -> Result<Self> {
        check_last(eta, self.eta)?;
        self.last = eta;
        Ok(self)
    }

    /// Monitors `metric` instead of the main one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // For a run without validation data.
    /// let schedule = ReduceOnPlateau::new(0.5, 0.1, 5)?.monitor(Metric::training_cost());
    /// assert_eq!(schedule.metric(), Some(Metric::training_cost()));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// The initial rate η.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// The factor γ.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// The epochs without improvement after which the rate is reduced.
    pub fn patience(&self) -> usize {
        self.patience
    }

    /// The epochs after a reduction that are not counted.
    pub fn cooling(&self) -> usize {
        self.cooldown
    }

    /// The smallest improvement that counts.
    pub fn smallest(&self) -> f64 {
        self.min_delta
    }

    /// The final rate η_min.
    pub fn last(&self) -> f64 {
        self.last
    }

    /// The metric that is monitored.
    pub fn monitored(&self) -> Metric {
        self.metric.clone()
    }

    /// The reductions before the epoch that is about to begin.
    fn reductions(&self, progress: &Progress<'_>) -> usize {
        let Some(direction) = progress.history.direction(&self.metric) else { return 0 };
        let (mut best, mut waited, mut cooling, mut reductions) = (f64::NAN, 0, 0usize, 0);
        for (_, value) in progress.history.values(&self.metric) {
            let goodness = direction.goodness(value);
            let improves = goodness > best + self.min_delta || (best.is_nan() && !goodness.is_nan());
            if improves {
                best = goodness;
            }
            waited = if improves || cooling > 0 { 0 } else { waited + 1 };
            cooling = cooling.saturating_sub(1);
            if waited == self.patience {
                (waited, cooling, reductions) = (0, self.cooldown, reductions + 1);
            }
        }
        reductions
    }
}

impl LrSchedule for ReduceOnPlateau {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some((self.eta * power(self.factor, self.reductions(progress) as u64)).max(self.last))
    }

    fn metric(&self) -> Option<Metric> {
        Some(self.metric.clone())
    }
}
