//! Prechelt's GL: the validation cost lies too far above its minimum.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_setting};
use crate::history::{History, Metric};

/// Stops after the first epoch whose generalization loss exceeds α:
///
/// ```text
/// GL(e) = 100 (E(e) / E_opt(e) − 1)  >  α          E_opt(e) = min E(1 … e)
/// ```
///
/// in per cent, with E(e) the validation cost after epoch e and α the `alpha`, for which Prechelt tries 1 to 5.
///
/// The rule reacts to how far the network is beyond its best, and not to how long ago that was. It is quick, and
/// mistakes a bump for the end more often than [`NoImprovement`](super::NoImprovement) does.
///
/// For a [metric](Self::monitor) of any sign and direction GL is the loss 100 |E(e) − E_opt(e)| / |E_opt(e)|, so that
/// an accuracy of 0.95 after one of 1 has lost 5 %. If E_opt is 0, every other value is an infinite loss; so is NaN.
///
/// Source: Prechelt, *Early stopping – but when?*, 1998, section 2.2, the class GL_α.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // Costs are one minus these accuracies: 0.5, 0.4, 0.41, 0.43.
/// let history = History::from_validation_accuracies(&[0.5, 0.6, 0.59, 0.57]);
/// assert_eq!(GeneralizationLoss::new(5.0)?.replay(&history).unwrap().0, 4);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GeneralizationLoss {
    alpha: f64,
    metric: Metric,
}

impl GeneralizationLoss {
    /// Stops when the validation cost is more than `alpha` per cent above its minimum.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `alpha` is negative, NaN or infinite.
    pub fn new(alpha: f64) -> Result<Self> {
        let why = "it is the largest generalization loss in per cent that a run may go on with; try 5";
        check_setting(
            "alpha of GeneralizationLoss",
            alpha,
            alpha >= 0.0 && alpha.is_finite(),
            "[0, ∞)",
            why,
        )?;
        Ok(Self { alpha, metric: Metric::validation_cost() })
    }

    /// Monitors `metric` instead of the validation cost.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let rule = GeneralizationLoss::new(5.0)?.monitor(Metric::validation(Accuracy));
    /// let history = History::from_validation_accuracies(&[1.0, 0.98, 0.9]); // 2 % and 10 % lost
    /// assert_eq!(rule.replay(&history).unwrap().0, 3);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn monitor(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }
}

/// Returns GL of the last epoch, and the best epoch with its value; `None` if the metric was not measured in the last
/// epoch.
pub(super) fn loss(history: &History, metric: &Metric) -> Option<(f64, (usize, f64))> {
    let now = metric.value_in(history.last()?)?;
    let (epoch, best) = history.best(metric)?;
    let loss = match 100.0 * (now - best).abs() / best.abs() {
        _ if now == best => 0.0, // also where 0 / 0 would be NaN
        loss if loss.is_nan() => f64::INFINITY,
        loss => loss,
    };
    Some((loss, (epoch, best)))
}

impl StoppingRule for GeneralizationLoss {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        match loss(history, &self.metric) {
            Some((loss, (best_epoch, best))) if loss > self.alpha => {
                let metric = history.name_of(&self.metric);
                ControlFlow::Break(StopReason::GeneralizationLoss { metric, loss, best_epoch, best })
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![self.metric.clone()]
    }
}
