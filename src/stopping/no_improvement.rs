//! No improvement in n epochs.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{PATIENCE, Result, check_nonzero};
use crate::history::{History, Metric};

/// Stops when a metric has not improved in `patience` epochs: if the best epoch is e, after epoch e + `patience`.
///
/// The metric is by default the main one of the run, see [`Metric`]: the validation accuracy, for regression the
/// validation cost.
///
/// An epoch improves if it is strictly better than every epoch before it; a tie does not count.
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
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoImprovement {
    patience: usize,
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
        Ok(Self { patience, metric: Metric::default() })
    }

    /// Monitors `metric` instead of the main one.
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }
}

impl StoppingRule for NoImprovement {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        match history.best(&self.metric) {
            // A sum of epoch and patience could overflow.
            Some((best_epoch, best)) if history.len().saturating_sub(best_epoch) >= self.patience => {
                let (metric, patience) = (history.name_of(&self.metric), self.patience);
                ControlFlow::Break(StopReason::NoImprovement { metric, patience, best_epoch, best })
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric.clone()]
    }
}
