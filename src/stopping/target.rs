//! A target value.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_setting};
use crate::history::{History, Metric};
use crate::metrics::Score;

/// Stops after the first epoch in which a metric reaches a target: accuracy ≥ target, or cost ≤ target.
///
/// Source: the crate's own.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.90, 0.97, 0.98]);
/// let target = Target::new(Metric::validation(Accuracy), 0.97)?;
/// assert_eq!(target.replay(&history).unwrap().0, 2);
/// assert!(Target::new(Metric::validation(Accuracy), 97.0).is_err());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    metric: Metric,
    target: f64,
}

impl Target {
    /// Stops when `metric` is as good as `target` or better.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if the target is NaN or infinite, or if it is outside [0, 1]
    /// for a metric that is a fraction.
    pub fn new(metric: Metric, target: f64) -> Result<Self> {
        if metric.measure().is_some_and(|measure| measure.is_fraction()) {
            let why = "the metric is a fraction; write 0.97 for 97 %";
            check_setting("target", target, (0.0..=1.0).contains(&target), "[0, 1]", why)?;
        }
        let why = "other values are never reached; give a finite number";
        check_setting("target", target, target.is_finite(), "(−∞, ∞)", why)?;
        Ok(Self { metric, target })
    }
}

impl StoppingRule for Target {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let target = self.target;
        match history.last().and_then(|record| self.metric.score_in(record)) {
            Some(&Score { value: reached, direction, .. })
                if direction.goodness(reached) >= direction.goodness(target) =>
            {
                let metric = history.name_of(&self.metric);
                ControlFlow::Break(StopReason::Target { metric, target, reached })
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric.clone()]
    }
}
