//! The fraction of the samples of a class that are found.

use std::borrow::Cow;

use super::tally::{Average, Counts, Tally, ratio};
use super::{Direction, Measure, Meter};
use crate::data::Task;
use crate::error::Result;

/// The fraction of the samples of a class that are predicted as this class, averaged over the classes; in [0, 1].
///
/// ```text
/// recall = TP / (TP + FN)
/// ```
///
/// where TP is the weight of the samples of the class that were predicted as this class, and FN the weight of those
/// that were not.
///
/// For independent labels each output is a class, which is predicted if the output is not below the threshold. With two
/// classes and one output, `of_class(1)` is the usual recall of the positive class. A value of 0/0 counts as 0, and an
/// invalid (NaN) prediction as an incorrect one for every class. Not defined for regression.
///
/// Source: `recall_score` of scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let task = Task::Binary { threshold: 0.5 };
/// let mut meter = Recall::of_class(1).meter(task, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 5, &[0.9, 0.8, 0.7, 0.1, 0.2]);
/// let targets = DMatrix::from_row_slice(1, 5, &[1.0, 1.0, 0.0, 1.0, 1.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 5], costs: &[0.0; 5] })?;
/// assert_eq!(meter.value(), 0.5);
/// gradus::check::measure(&Recall::macro_average()).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recall {
    average: Average,
}

impl Recall {
    /// Creates the recall of one class, counted from 0.
    pub fn of_class(class: usize) -> Self {
        Self { average: Average::Class(class) }
    }

    /// Creates the mean recall of the classes, each with equal weight. Classes that were neither target nor
    /// prediction are left out.
    pub fn macro_average() -> Self {
        Self { average: Average::Macro }
    }

    /// Creates the recall of all decisions together. For classes it is the accuracy.
    pub fn micro_average() -> Self {
        Self { average: Average::Micro }
    }

    /// Creates the mean recall of the classes, each weighted by its samples.
    pub fn weighted_average() -> Self {
        Self { average: Average::Weighted }
    }
}

impl Measure for Recall {
    fn name(&self) -> Cow<'static, str> {
        self.average.name("recall").into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn is_fraction(&self) -> bool {
        true
    }

    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        let recall = |counts: &Counts| ratio(counts.correct, counts.support);
        Tally::meter(self, (task, n_outputs), self.average, recall)
    }
}
