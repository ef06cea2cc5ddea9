//! No improvement in n epochs.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{PATIENCE, Result, check_nonzero, check_setting};
use crate::history::{History, Metric};

/// Stops when a metric has not improved in `patience` epochs: if the best epoch is e, after epoch e + `patience`.
///
/// The metric is by default the main one of the run, see [`Metric`]: the validation accuracy, for regression the
/// validation cost.
///
/// An epoch improves if it is strictly better than every epoch before it; a tie does not count. With a
/// [`min_delta`](Self::min_delta) δ small gains do not count either: the rule stops after the first epoch e for which
///
/// ```text
/// best(1 … e)  ≤  best(1 … e − patience) + δ
/// ```
///
/// higher being better. If the best value rises slowly, the gains of `patience` epochs are added up. Keras compares
/// with the last value that was better by δ than the one before it, and so stops in the same epoch or later.
///
/// Source: chapter 3 of the book, "Use early stopping to determine the number of training epochs", and the exercise
/// "Modify `network2.py` so that it implements early stopping using a no-improvement-in-n-epochs strategy".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.90, 0.93, 0.93, 0.92, 0.91]);
/// assert_eq!(NoImprovement::new(2)?.replay(&history).unwrap().0, 4);
/// assert_eq!(NoImprovement::new(4)?.replay(&history), None);
/// assert_eq!(NoImprovement::new(1)?.min_delta(0.05)?.replay(&history).unwrap().0, 2);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NoImprovement {
    patience: usize,
    min_delta: f64,
    metric: Metric,
}

impl NoImprovement {
    /// Stops when the main metric has not improved in `patience` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `patience` is 0.
    pub fn new(patience: usize) -> Result<Self> {
        check_nonzero("patience of NoImprovement", patience, PATIENCE)?;
        Ok(Self { patience, min_delta: 0.0, metric: Metric::default() })
    }

    /// Counts only gains of more than `min_delta` in `patience` epochs, in the unit of the metric: 0.001 is 0.1
    /// percentage points of accuracy.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `min_delta` is negative, NaN or infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let history = History::from_validation_accuracies(&[0.50, 0.51, 0.52, 0.53]);
    /// let rule = NoImprovement::new(2)?;
    /// assert_eq!(rule.replay(&history), None);
    /// assert_eq!(rule.min_delta(0.05)?.replay(&history).unwrap().0, 3);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn min_delta(mut self, min_delta: f64) -> Result<Self> {
        let why = "it is the largest gain that does not count as an improvement; use 0 to count every gain";
        check_setting(
            "min_delta of NoImprovement",
            min_delta,
            min_delta >= 0.0 && min_delta.is_finite(),
            "[0, ∞)",
            why,
        )?;
        self.min_delta = min_delta;
        Ok(self)
    }

    /// Monitors `metric` instead of the main one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // For a run without validation data. Costs are one minus these accuracies.
    /// let rule = NoImprovement::new(2)?.monitor(Metric::training_cost());
    /// let history = History::from_validation_accuracies(&[0.5, 0.6, 0.6, 0.6]);
    /// assert_eq!(rule.replay(&history).unwrap().0, 4);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }
}

impl StoppingRule for NoImprovement {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let Self { patience, min_delta, metric } = self;
        let before = history.len().checked_sub(*patience).and_then(|epoch| history.best_until(metric, epoch));
        let now = history.direction(metric).zip(history.best(metric));
        match (before, now) {
            (Some((best_epoch, best)), Some((direction, (_, now))))
                if !direction.improves(now, direction.better_by(*min_delta, best)) =>
            {
                let (metric, patience, min_delta) = (history.name_of(metric), *patience, *min_delta);
                let reason = StopReason::NoImprovement { metric, patience, min_delta, best_epoch, best };
                ControlFlow::Break(reason)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric.clone()]
    }
}
