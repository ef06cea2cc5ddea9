//! The mean recall of the classes.

use std::borrow::Cow;

use super::tally::{Average, Counts, Tally, ratio};
use super::{Direction, Measure, Meter, undefined};
use crate::data::Task;
use crate::error::Result;

/// The mean over the classes of the fraction of their samples that are classified correctly; in [0, 1], recorded as
/// `"balanced accuracy"`.
///
/// ```text
/// 1/K Σ_k correct_k / samples_k
/// ```
///
/// with K the number of classes that have samples. If 99 of 100 samples are of one of two classes, a network that
/// always predicts this class has an accuracy of 0.99, but a balanced accuracy of 0.5. An invalid (NaN) prediction is
/// incorrect. Defined for classes only.
///
/// Source: `balanced_accuracy_score` of scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = BalancedAccuracy.meter(Task::Binary { threshold: 0.5 }, 1)?;
/// let (outputs, targets) = (DMatrix::zeros(1, 4), DMatrix::from_row_slice(1, 4, &[0.0, 0.0, 0.0, 1.0]));
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert_eq!(meter.value(), 0.5);
/// gradus::check::measure(&BalancedAccuracy).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BalancedAccuracy;

impl Measure for BalancedAccuracy {
    fn name(&self) -> Cow<'static, str> {
        "balanced accuracy".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn is_fraction(&self) -> bool {
        true
    }

    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        if let Task::Labels { .. } = task {
            return Err(undefined(
                self,
                task,
                "each sample must have one class; use Recall::macro_average()",
            ));
        }
        let recall = |counts: &Counts| ratio(counts.correct, counts.support);
        Tally::meter(self, (task, n_outputs), Average::OfPresent, recall)
    }
}
