//! Prechelt's PQ: the validation cost rises while training hardly makes progress any more.

use std::ops::ControlFlow;

use super::generalization_loss::loss;
use super::{StopReason, StoppingRule};
use crate::error::{Result, check_nonzero, check_setting};
use crate::history::{History, Metric};

/// Stops at the end of the first strip of k epochs after which the quotient of generalization loss and training
/// progress exceeds α:
///
/// ```text
/// PQ(e) = GL(e) / P(e)  >  α
/// P(e) = 1000 (mean T(e − k + 1 … e) / min T(e − k + 1 … e) − 1)
/// ```
///
/// with GL as for [`GeneralizationLoss`](super::GeneralizationLoss), T(e) the [running training
/// cost](crate::history::EpochRecord::running_cost) of epoch e, P the training progress in per mille, k the `strip` and
/// α the `alpha`. The rule is checked after the epochs k, 2k, 3k and so on. Prechelt takes k = 5 and tries α from 0.5
/// to 3.
///
/// While the training cost still falls quickly, a rise of the validation cost may be temporary: P is large, and the
/// rule waits. P is large as well where the training cost is unsteady. The denominator is |min T|, so that costs may be
/// negative. Without progress, P = 0, any loss stops the run.
///
/// Source: Prechelt, *Early stopping – but when?*, 1998, section 2.2, the class PQ_α.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // Costs are one minus these accuracies.
/// // The second strip ends with a loss of 25 %, and P = 125.
/// let history = History::from_validation_accuracies(&[0.4, 0.6, 0.6, 0.5]);
/// assert_eq!(ProgressQuotient::new(0.19)?.strip(2)?.replay(&history).unwrap().0, 4);
/// assert_eq!(ProgressQuotient::new(0.21)?.strip(2)?.replay(&history), None);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressQuotient {
    alpha: f64,
    strip: usize,
    metric: Metric,
}

impl ProgressQuotient {
    /// Stops when the quotient exceeds `alpha` at the end of a strip of 5 epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `alpha` is negative, NaN or infinite.
    pub fn new(alpha: f64) -> Result<Self> {
        let why = "it is the largest generalization loss in per cent for each per mille of training progress; try 1";
        check_setting("alpha of ProgressQuotient", alpha, alpha >= 0.0 && alpha.is_finite(), "[0, ∞)", why)?;
        Ok(Self { alpha, strip: 5, metric: Metric::validation_cost() })
    }

    /// Measures progress over strips of `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `epochs` is 0.
    pub fn strip(mut self, epochs: usize) -> Result<Self> {
        check_nonzero("strip of ProgressQuotient", epochs, super::STRIP)?;
        self.strip = epochs;
        Ok(self)
    }

    /// Takes the generalization loss of `metric` instead of the validation cost.
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Returns P of the last strip, in per mille.
    fn progress(&self, history: &History) -> f64 {
        let strip = history.epochs().iter().rev().take(self.strip).map(|record| record.running_cost);
        let (sum, min) = strip.fold((0.0, f64::INFINITY), |(sum, min), cost| (sum + cost, min.min(cost)));
        1000.0 * (sum / self.strip as f64 - min) / min.abs()
    }
}

impl StoppingRule for ProgressQuotient {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        if !history.len().is_multiple_of(self.strip) {
            return ControlFlow::Continue(());
        }
        match loss(history, &self.metric) {
            Some((loss, _)) if loss / self.progress(history) > self.alpha => {
                let (metric, progress) = (history.name_of(&self.metric), self.progress(history));
                ControlFlow::Break(StopReason::ProgressQuotient { metric, loss, progress })
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric.clone()]
    }
}
