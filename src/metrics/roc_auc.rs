//! The area under the ROC curve.

use std::borrow::Cow;

use super::ranking::{self, Tied};
use super::{Direction, Measure, Meter};
use crate::data::Task;
use crate::error::Result;

/// The area under the receiver operating characteristic (ROC) curve: the probability that a positive sample has a
/// larger output than a negative one, ties counting half; in [0, 1], recorded as `"ROC AUC"`.
///
/// ```text
/// AUC = Σ w_p w_n [a_p > a_n] / Σ w_p w_n          [a_p = a_n] counts ½
/// ```
///
/// over all pairs of a positive p and a negative n, with w the weights of the samples. It depends only on the order
/// of the outputs, not on a threshold; 0.5 is chance. With one output the positives are class 1. For classes and for
/// labels it is the mean over the outputs, each against the rest. Outputs that have only positives or only negatives
/// are left out; the value is NaN if all are. An output of NaN ranks as the worst. It keeps all outputs of the data
/// set in memory and sorts them. Not defined for regression.
///
/// Source: `roc_auc_score` of scikit-learn, with its options `multi_class="ovr"` and `average="macro"`; Hanley and
/// McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve", 1982.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = RocAuc.meter(Task::Binary { threshold: 0.5 }, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[0.1, 0.4, 0.35, 0.8]);
/// let targets = DMatrix::from_row_slice(1, 4, &[0.0, 0.0, 1.0, 1.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert_eq!(meter.value(), 0.75);
/// gradus::check::measure(&RocAuc).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RocAuc;

impl Measure for RocAuc {
    fn name(&self) -> Cow<'static, str> {
        "ROC AUC".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn is_fraction(&self) -> bool {
        true
    }

    fn meter(&self, task: Task, _n_outputs: usize) -> Result<Box<dyn Meter>> {
        ranking::meter(self, task, area)
    }
}

/// Adds up, for each negative of the ranking, the positives above it.
fn area(ranking: &[Tied]) -> Option<f64> {
    let (mut positives, mut negatives, mut pairs) = (0.0, 0.0, 0.0);
    for tied in ranking {
        pairs += tied.negatives * (positives + 0.5 * tied.positives);
        positives += tied.positives;
        negatives += tied.negatives;
    }
    (positives > 0.0 && negatives > 0.0).then(|| pairs / (positives * negatives))
}
