//! Prechelt's UP: the validation cost has risen from strip to strip.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_nonzero};
use crate::history::{History, Metric};

/// Stops when the validation cost has risen in s successive strips of k epochs: after the first epoch e, a multiple of
/// k, for which
///
/// ```text
/// E(e) > E(e − k) > E(e − 2k) > … > E(e − s k)
/// ```
///
/// with E(e) the validation cost after epoch e, s the number of `strips` and k the [`strip`](Self::strip), 5 by
/// default. For a [metric](Self::monitor) that is better when higher, it is < in place of >.
///
/// How much the cost has risen does not matter, only that it keeps rising. Only the last epoch of each strip counts, so
/// that the noise within a strip does not matter.
///
/// Source: Prechelt, *Early stopping – but when?*, 1998, section 2.2, the class UP_s.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.8, 0.9, 0.9, 0.89, 0.99, 0.88]);
/// assert_eq!(SuccessiveStrips::new(2)?.strip(2)?.replay(&history).unwrap().0, 6);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessiveStrips {
    strips: usize,
    strip: usize,
    metric: Metric,
}

impl SuccessiveStrips {
    /// Stops when the validation cost has risen in `strips` successive strips of 5 epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `strips` is 0.
    pub fn new(strips: usize) -> Result<Self> {
        check_nonzero(
            "strips of SuccessiveStrips",
            strips,
            "it counts strips in which the cost rises; try 3",
        )?;
        Ok(Self { strips, strip: 5, metric: Metric::validation_cost() })
    }

    /// Compares the ends of strips of `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `epochs` is 0.
    pub fn strip(mut self, epochs: usize) -> Result<Self> {
        check_nonzero("strip of SuccessiveStrips", epochs, super::STRIP)?;
        self.strip = epochs;
        Ok(self)
    }

    /// Monitors `metric` instead of the validation cost.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let rule = SuccessiveStrips::new(2)?.strip(1)?.monitor(Metric::validation(Accuracy));
    /// let history = History::from_validation_accuracies(&[0.9, 0.89, 0.88]);
    /// assert_eq!(rule.replay(&history).unwrap().0, 3); // two strips in which it falls
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }
}

impl StoppingRule for SuccessiveStrips {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let Self { strips, strip, metric } = self;
        let Some(direction) = history.direction(metric) else { return ControlFlow::Continue(()) };
        if !history.len().is_multiple_of(*strip) || history.len() / strip <= *strips {
            return ControlFlow::Continue(());
        }
        // The newest epoch comes first.
        let ends: Vec<Option<f64>> = history
            .epochs()
            .iter()
            .rev()
            .step_by(*strip)
            .take(strips + 1)
            .map(|record| metric.value_in(record))
            .collect();
        let is_worse = |pair: &[Option<f64>]| match pair {
            [Some(newer), Some(older)] => direction.improves(*older, *newer),
            _ => false,
        };
        if ends.windows(2).all(is_worse) {
            let (metric, strips, strip) = (history.name_of(metric), *strips, *strip);
            return ControlFlow::Break(StopReason::SuccessiveStrips { metric, strips, strip });
        }
        ControlFlow::Continue(())
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric.clone()]
    }
}
