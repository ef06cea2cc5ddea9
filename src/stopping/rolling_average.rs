//! A rolling average that no longer rises.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_nonzero};
use crate::history::{History, Metric};

/// Stops when the mean of a metric over the last n epochs is no better than its mean over the n epochs before.
///
/// It stops after the first epoch e ≥ 2n for which
///
/// ```text
/// 1/n Σ v(e − n + 1 … e)  ≤  1/n Σ v(e − 2n + 1 … e − n)
/// ```
///
/// with n the `window` and v(a … b) the values of the epochs a to b, higher being better. For a cost it is ≥. The
/// metric is by default the main one of the run; see [`Metric`].
///
/// Averages forgive a single bad epoch, and a single lucky one, which would keep
/// [`NoImprovement`](super::NoImprovement) waiting. Means that differ by no more than rounding, a relative 2nε, count
/// as equal.
///
/// Source: chapter 3 of the book, the exercise "Can you think of a rule for early stopping other than
/// no-improvement-in-n?".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.90, 0.92, 0.93, 0.91, 0.92, 0.91]);
/// assert_eq!(RollingAverage::new(2)?.replay(&history).unwrap().0, 5);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollingAverage {
    window: usize,
    metric: Metric,
}

impl RollingAverage {
    /// Compares means over `window` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `window` is 0.
    pub fn new(window: usize) -> Result<Self> {
        check_nonzero("window of RollingAverage", window, "it counts the epochs of a mean; try 5")?;
        Ok(Self { window, metric: Metric::default() })
    }

    /// Monitors `metric` instead of the main one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // Costs are one minus these accuracies.
    /// let rule = RollingAverage::new(1)?.monitor(Metric::validation_cost());
    /// let history = History::from_validation_accuracies(&[0.5, 0.6, 0.6]);
    /// assert_eq!(rule.replay(&history).unwrap().0, 3);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }
}

impl StoppingRule for RollingAverage {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let window = self.window;
        let Some(direction) = history.direction(&self.metric) else { return ControlFlow::Continue(()) };
        // The newest value comes first.
        let newest: Vec<f64> = history
            .values(&self.metric)
            .rev()
            .take(window.saturating_mul(2))
            .map(|(_, value)| value)
            .collect();
        let mean = |values: &[f64]| values.iter().rev().sum::<f64>() / window as f64;
        if newest.len() / 2 >= window {
            let (last, before) = newest.split_at(window);
            let (last, before) = (mean(last), mean(before));
            // Accuracies are fractions of one number, so that means are often equal except for rounding.
            let rounding = 2.0 * window as f64 * f64::EPSILON * last.abs();
            if (last - before).abs() <= rounding || !direction.improves(last, before) {
                let metric = history.name_of(&self.metric);
                return ControlFlow::Break(StopReason::RollingAverage { metric, window, last, before });
            }
        }
        ControlFlow::Continue(())
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric.clone()]
    }
}
