//! Stopping rules: when a run ends.

mod any;
mod combine;
mod cost_explosion;
mod generalization_loss;
mod max_epochs;
mod no_improvement;
mod progress_quotient;
mod rolling_average;
mod successive_strips;
mod target;

use std::fmt::{self, Debug};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

pub use any::AnyStoppingRule;
pub use combine::{And, Or};
pub use cost_explosion::CostExplosion;
pub use generalization_loss::GeneralizationLoss;
pub use max_epochs::MaxEpochs;
pub use no_improvement::NoImprovement;
pub use progress_quotient::ProgressQuotient;
pub use rolling_average::RollingAverage;
pub use successive_strips::SuccessiveStrips;
pub use target::Target;

use crate::error::plain;
use crate::history::{History, Metric};
use crate::real::exact;

/// The meaning of a strip, for error messages.
const STRIP: &str = "it is the number of epochs between two comparisons; try 5";

/// Why a run ended.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.5, 0.9, 0.9, 0.8]);
/// let (epoch, reason) = NoImprovement::new(2)?.replay(&history).unwrap();
/// assert_eq!(epoch, 4);
/// assert!(matches!(reason, StopReason::NoImprovement { patience: 2, best_epoch: 2, .. }));
/// assert_eq!(reason.to_string(), "no better validation accuracy in 2 epochs than 0.9000 in epoch 2");
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StopReason {
    /// The planned number of epochs was reached.
    MaxEpochs {
        /// The planned number of epochs.
        epochs: usize,
    },
    /// No improvement for a number of epochs.
    NoImprovement {
        /// The name of the metric that did not improve.
        metric: String,
        /// The number of epochs without improvement.
        patience: usize,
        /// The largest gain that did not count as an improvement.
        #[serde(with = "exact", default)]
        min_delta: f64,
        /// The best epoch before these.
        best_epoch: usize,
        /// Its value.
        #[serde(with = "exact")]
        best: f64,
    },
    /// The mean of the last epochs is no better than the mean of those before.
    RollingAverage {
        /// The name of the metric that was averaged.
        metric: String,
        /// The number of epochs of each mean.
        window: usize,
        /// The mean of the last `window`.
        #[serde(with = "exact")]
        last: f64,
        /// The mean of the `window` before.
        #[serde(with = "exact")]
        before: f64,
    },
    /// A metric has reached its target.
    Target {
        /// The name of the metric that reached it.
        metric: String,
        /// The target.
        #[serde(with = "exact")]
        target: f64,
        /// The value reached.
        #[serde(with = "exact")]
        reached: f64,
    },
    /// The cost has exploded.
    CostExplosion {
        /// The mean cost of the first epoch.
        #[serde(with = "exact")]
        first: f64,
        /// The mean cost of the last epoch.
        #[serde(with = "exact")]
        last: f64,
    },
    /// The generalization loss GL has exceeded its threshold.
    GeneralizationLoss {
        /// The name of the metric that has become worse.
        metric: String,
        /// GL, in per cent of the best value.
        #[serde(with = "exact")]
        loss: f64,
        /// The best epoch.
        best_epoch: usize,
        /// Its value.
        #[serde(with = "exact")]
        best: f64,
    },
    /// The quotient PQ of generalization loss and training progress has exceeded its threshold.
    ProgressQuotient {
        /// The name of the metric that has become worse.
        metric: String,
        /// GL, in per cent of the best value.
        #[serde(with = "exact")]
        loss: f64,
        /// The training progress P, in per mille.
        #[serde(with = "exact")]
        progress: f64,
    },
    /// A metric has become worse from strip to strip.
    SuccessiveStrips {
        /// The name of the metric.
        metric: String,
        /// How many strips in a row.
        strips: usize,
        /// The epochs of a strip.
        strip: usize,
    },
    /// The time budget of the trainer is used up.
    TimeBudget {
        /// The budget in seconds.
        #[serde(with = "exact")]
        seconds: f64,
    },
    /// Both rules of an [`And`] hold.
    Both(Box<StopReason>, Box<StopReason>),
    /// The learning-rate schedule has ended.
    ScheduleEnded,
    /// An observer asked for the end.
    Observer,
    /// The reason of a custom rule.
    Other(String),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxEpochs { epochs } => write!(f, "all {epochs} epochs done"),
            Self::NoImprovement { metric, patience, min_delta, best_epoch, best } => {
                write!(f, "no better {metric} in {patience} epochs than {best:.4} in epoch {best_epoch}")?;
                if *min_delta > 0.0 {
                    write!(f, " by more than {}", plain(*min_delta))?;
                }
                Ok(())
            }
            Self::RollingAverage { metric, window, last, before } => {
                write!(
                    f,
                    "mean {metric} of the last {window} epochs {last:.4}, no better than {before:.4} before"
                )
            }
            Self::Target { metric, target, reached } => {
                write!(f, "{metric} {reached:.4} reached the target {target:.4}")
            }
            Self::CostExplosion { first, last } => {
                write!(f, "training cost {last:.4} after {first:.4} in epoch 1: lower the learning rate")
            }
            Self::GeneralizationLoss { metric, loss, best_epoch, best } => {
                write!(f, "{metric} {loss:.1} % worse than {best:.4} in epoch {best_epoch}")
            }
            Self::ProgressQuotient { metric, loss, progress } => {
                write!(
                    f,
                    "{metric} {loss:.1} % worse than its best, at a training progress of {progress:.1} ‰"
                )
            }
            Self::SuccessiveStrips { metric, strips, strip } => {
                write!(f, "{metric} worse after each of {strips} strips of {strip} epochs")
            }
            Self::TimeBudget { seconds } => write!(f, "the time budget of {seconds} s is used up"),
            Self::Both(a, b) => write!(f, "{a}, and {b}"),
            Self::ScheduleEnded => f.write_str("the learning-rate schedule has ended"),
            Self::Observer => f.write_str("an observer asked for the end"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// A rule that ends a run, checked after every epoch.
///
/// A rule is stateless: a pure function of the history. So an interrupted run loses nothing, and a rule can be
/// [replayed](Self::replay) over a finished run. Rules compose with [`or`](Self::or) and [`and`](Self::and).
/// Dyn-compatible, and implemented for `&`, `Box` and `Arc`.
///
/// Epochs are counted from 1. "Stops after epoch e" means: `check` breaks when the history holds e epochs, and epoch e
/// is the last of the run.
///
/// Source: chapter 3 of the book, "Use early stopping to determine the number of training epochs".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use std::ops::ControlFlow;
///
/// /// Ends a run that is hopeless: below 20 % after 5 epochs.
/// #[derive(Debug)]
/// struct Hopeless;
///
/// impl StoppingRule for Hopeless {
///     fn check(&self, history: &History) -> ControlFlow<StopReason> {
///         match history.best(&Metric::validation(Accuracy)) {
///             Some((_, best)) if history.len() >= 5 && best < 0.2 => {
///                 ControlFlow::Break(StopReason::Other(format!("hopeless: {best:.2}")))
///             }
///             _ => ControlFlow::Continue(()),
///         }
///     }
///     fn metrics(&self) -> Vec<Metric> {
///         vec![Metric::validation(Accuracy)]
///     }
/// }
/// gradus::check::stopping_rule(&Hopeless).unwrap();
///
/// let history = History::from_validation_accuracies(&[0.1; 8]);
/// assert_eq!(Hopeless.replay(&history).unwrap().0, 5);
/// ```
pub trait StoppingRule: Debug + Send + Sync {
    /// Decides whether to stop after the last epoch of `history`, and why.
    fn check(&self, history: &History) -> ControlFlow<StopReason>;

    /// The metrics that the rule reads. The trainer ensures that they are measured.
    fn metrics(&self) -> Vec<Metric> {
        Vec::new()
    }

    /// Returns the epoch after which the rule would have stopped the run that `history` records, and why; `None` if
    /// never.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // How long would this run have been with other rules?
    /// let history = History::from_validation_accuracies(&[0.90, 0.93, 0.93, 0.92, 0.95]);
    /// let after = |patience| NoImprovement::new(patience).map(|rule| rule.replay(&history));
    /// assert_eq!(after(1)?.unwrap().0, 3);
    /// assert_eq!(after(2)?.unwrap().0, 4);
    /// assert_eq!(after(3)?, None);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    fn replay(&self, history: &History) -> Option<(usize, StopReason)> {
        history.replay(|prefix| match self.check(prefix) {
            ControlFlow::Break(reason) => ControlFlow::Break((prefix.len(), reason)),
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
        })
    }

    /// Stops as soon as either rule does. If both do, the reason is that of `self`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let good = Target::new(Metric::validation(Accuracy), 0.95)?;
    /// let rule = good.or(NoImprovement::new(10)?).or(MaxEpochs::new(3)?);
    /// let history = History::from_validation_accuracies(&[0.90, 0.92, 0.93, 0.96]);
    /// assert_eq!(rule.replay(&history), Some((3, StopReason::MaxEpochs { epochs: 3 })));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    fn or<R: StoppingRule>(self, other: R) -> Or<Self, R>
    where
        Self: Sized,
    {
        Or(self, other)
    }

    /// Stops when both rules want to stop after the same epoch.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // Good enough, and not getting better.
    /// let rule = Target::new(Metric::validation(Accuracy), 0.9)?.and(NoImprovement::new(2)?);
    /// let history = History::from_validation_accuracies(&[0.5, 0.5, 0.5, 0.9, 0.9, 0.9]);
    /// let (epoch, reason) = rule.replay(&history).unwrap();
    /// assert_eq!(epoch, 6);
    /// assert!(matches!(reason, StopReason::Both(..)));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    fn and<R: StoppingRule>(self, other: R) -> And<Self, R>
    where
        Self: Sized,
    {
        And(self, other)
    }
}

crate::forward! { impl StoppingRule {
    fn check(&self, history: &History) -> ControlFlow<StopReason>;
    fn metrics(&self) -> Vec<Metric>;
    fn replay(&self, history: &History) -> Option<(usize, StopReason)>;
} }
