//! The area under the precision-recall curve.

use std::borrow::Cow;

use super::ranking::{self, Tied};
use super::{Direction, Measure, Meter};
use crate::data::Task;
use crate::error::Result;

/// The area under the precision-recall curve, as a sum over its steps; in [0, 1], recorded as `"average precision"`.
///
/// ```text
/// AP = Σ_k (R_k − R_{k−1}) P_k
/// ```
///
/// with P_k and R_k the precision and the recall if the samples with the k largest different outputs are predicted as
/// positive. Unlike [`RocAuc`](super::RocAuc) it does not reward a network for many negatives that are easily
/// distinguished from the rare positives. A random ranking has the fraction of positives as its value. With one output
/// the positives are class 1. For classes and for labels it is the mean over the outputs, each against the rest.
/// Outputs without positives are left out; the value is NaN if all are. An output of NaN ranks as the worst. It keeps
/// all outputs of the data set in memory and sorts them. Not defined for regression.
///
/// Source: `average_precision_score` of scikit-learn, with its option `average="macro"`.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = AveragePrecision.meter(Task::Binary { threshold: 0.5 }, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[0.1, 0.4, 0.35, 0.8]);
/// let targets = DMatrix::from_row_slice(1, 4, &[0.0, 0.0, 1.0, 1.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert_eq!(meter.value(), 0.5 * 1.0 + 0.5 * (2.0 / 3.0));
/// gradus::check::measure(&AveragePrecision).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AveragePrecision;

impl Measure for AveragePrecision {
    fn name(&self) -> Cow<'static, str> {
        "average precision".into()
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

fn area(ranking: &[Tied]) -> Option<f64> {
    let (mut positives, mut negatives, mut sum) = (0.0, 0.0, 0.0);
    for tied in ranking {
        positives += tied.positives;
        negatives += tied.negatives;
        if tied.positives > 0.0 {
            sum += tied.positives * positives / (positives + negatives);
        }
    }
    (positives > 0.0).then(|| sum / positives)
}
