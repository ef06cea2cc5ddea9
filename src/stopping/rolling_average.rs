//! A rolling average that no longer rises.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_nonzero};
use crate::history::{History, Metric};

/// Stops when the mean validation accuracy of the last `n` epochs is not above the mean of the `n` before.
///
/// It says nothing before epoch 2n, and acts at the first epoch e ≥ 2n for which
///
/// ```text
/// 1/n Σ acc(e − n + 1 … e)  ≤  1/n Σ acc(e − 2n + 1 … e − n)
/// ```
///
/// with acc(a … b) the accuracies of the epochs a to b. For a cost, where less is better, it is ≥.
///
/// Averages forgive a single bad epoch, and a single lucky one, which would keep
/// [`NoImprovement`](super::NoImprovement) waiting. Means that differ by no more than rounding, a relative 2nε, count as
/// equal.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollingAverage {
    window: usize,
    metric: Metric,
}

impl RollingAverage {
    /// Compares means over `window` epochs.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::Error::Setting) if `window` is 0.
    pub fn new(window: usize) -> Result<Self> {
        check_nonzero("window", window, "there is no mean of 0 epochs")?;
        Ok(Self { window, metric: Metric::default() })
    }

    /// Watches `metric` instead of the validation accuracy.
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }
}

impl StoppingRule for RollingAverage {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let (metric, window) = (self.metric, self.window);
        let values: Vec<f64> = history.values(metric).map(|(_, value)| value).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / window as f64;
        if let Some((rest, last)) = values.len().checked_sub(window).map(|at| values.split_at(at))
            && let Some(at) = rest.len().checked_sub(window)
        {
            let (before, last) = (mean(&rest[at..]), mean(last));
            // Accuracies are counts over one number, so means are often equal, but for how their sums were rounded.
            let rounding = 2.0 * window as f64 * f64::EPSILON * last.abs();
            if (last - before).abs() <= rounding || !metric.improves(last, before) {
                return ControlFlow::Break(StopReason::RollingAverage { metric, window, last, before });
            }
        }
        ControlFlow::Continue(())
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric]
    }
}
