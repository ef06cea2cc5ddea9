//! A value that is good enough.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_setting};
use crate::history::{History, Metric};

/// Stops when a metric has reached a target: acts at the first epoch whose value is at least as good: an accuracy ≥,
/// a cost ≤ the target.
///
/// Source: the crate's own.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.90, 0.97, 0.98]);
/// assert_eq!(Target::new(Metric::ValidationAccuracy, 0.97)?.replay(&history).unwrap().0, 2);
/// assert!(Target::new(Metric::ValidationAccuracy, 97.0).is_err());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    metric: Metric,
    target: f64,
}

impl Target {
    /// Stops when `metric` is as good as `target` or better.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::Error::Setting) if the target is NaN or infinite, or is for an accuracy and outside
    /// [0, 1].
    pub fn new(metric: Metric, target: f64) -> Result<Self> {
        if matches!(metric, Metric::ValidationAccuracy | Metric::TrainingAccuracy) {
            let why = "an accuracy is a share: 0.97 for 97 %";
            check_setting("target accuracy", target, (0.0..=1.0).contains(&target), "[0, 1]", why)?;
        }
        check_setting("target", target, target.is_finite(), "(−∞, ∞)", "anything else is never reached")?;
        Ok(Self { metric, target })
    }
}

impl StoppingRule for Target {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let (metric, target) = (self.metric, self.target);
        match history.last().and_then(|record| metric.value_in(record)) {
            Some(reached) if metric.goodness(reached) >= metric.goodness(target) => {
                ControlFlow::Break(StopReason::Target { metric, target, reached })
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric]
    }
}
