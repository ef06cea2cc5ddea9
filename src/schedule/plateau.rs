//! A learning rate that is halved when a metric no longer improves.

use super::{LrSchedule, Progress, check_eta};
use crate::error::{PATIENCE, Result, check_nonzero, check_setting};
use crate::history::Metric;
use crate::real::power;

/// Halves η each time a metric has not improved in `patience` epochs, and ends the training once η has reached `floor`
/// times its initial value, by default 1/128.
///
/// The metric is by default the main one of the run, see [`Metric`]: the validation accuracy, for regression the
/// validation cost. An epoch improves if it is strictly better than every epoch before it; a tie does not count. After
/// each halving the count begins anew. If the best epoch is e and none improves on it, then with n = `patience` the
/// epochs from e + n + 1 on run at η/2, those from e + 2n + 1 on at η/4, and so on. With the default floor the seventh
/// halving ends the training: no epoch runs at η/128, and the last is e + 7n.
///
/// Source: chapter 3 of the book, "How to choose a neural network's hyper-parameters?", the exercise on a learning
/// schedule that halves the rate and stops at 1/128.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = HalveOnPlateau::new(0.8, 2)?;
/// let rate = |accuracies: &[f64]| {
///     let history = History::from_validation_accuracies(accuracies);
///     schedule.rate(&Progress { epoch: accuracies.len() + 1, history: &history })
/// };
/// assert_eq!(rate(&[0.90, 0.92, 0.91]), Some(0.8));
/// assert_eq!(rate(&[0.90, 0.92, 0.91, 0.92]), Some(0.4));
/// assert_eq!(rate(&[0.90; 14]), Some(0.8 / 64.0));
/// assert_eq!(rate(&[0.90; 15]), None);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HalveOnPlateau {
    eta: f64,
    patience: usize,
    floor: f64,
    metric: Metric,
}

impl HalveOnPlateau {
    /// Begins with η = `eta` and halves it when the main metric has not improved in `patience` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, or if `patience` is 0.
    pub fn new(eta: f64, patience: usize) -> Result<Self> {
        check_eta(eta)?;
        check_nonzero("patience of HalveOnPlateau", patience, PATIENCE)?;
        Ok(Self { eta, patience, floor: 1.0 / 128.0, metric: Metric::default() })
    }

    /// Ends the training when η has reached `floor` times its initial value.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `floor` is not in (0, 1).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = HalveOnPlateau::new(0.8, 1)?.floor(0.25)?;
    /// let rate = |accuracies: &[f64]| {
    ///     let history = History::from_validation_accuracies(accuracies);
    ///     schedule.rate(&Progress { epoch: accuracies.len() + 1, history: &history })
    /// };
    /// assert_eq!(rate(&[0.9]), Some(0.8));
    /// assert_eq!(rate(&[0.9, 0.9]), Some(0.4));
    /// assert_eq!(rate(&[0.9, 0.9, 0.9]), None); // a quarter of 0.8 is reached
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn floor(mut self, floor: f64) -> Result<Self> {
        check_setting(
            "learning-rate floor",
            floor,
            floor > 0.0 && floor < 1.0,
            "(0, 1)",
            "the floor is a fraction of the initial learning rate; the default is 1/128",
        )?;
        self.floor = floor;
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
    /// let schedule = HalveOnPlateau::new(0.5, 5)?.monitor(Metric::training_cost());
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

    /// The epochs without improvement after which the rate is halved.
    pub fn patience(&self) -> usize {
        self.patience
    }

    /// The fraction of the initial rate at which the training ends.
    pub fn lowest(&self) -> f64 {
        self.floor
    }

    /// The metric that is monitored.
    pub fn monitored(&self) -> Metric {
        self.metric.clone()
    }
}

impl LrSchedule for HalveOnPlateau {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        let halvings = progress.history.plateaus(&self.metric, self.patience);
        let fraction = power(0.5, halvings as u64);
        (fraction > self.floor).then_some(self.eta * fraction)
    }

    fn metric(&self) -> Option<Metric> {
        Some(self.metric.clone())
    }
}
