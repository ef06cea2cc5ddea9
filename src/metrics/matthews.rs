//! The correlation of predicted and true classes.

use std::borrow::Cow;

use super::agreement::Agreement;
use super::{Direction, Measure, Meter};
use crate::data::Task;
use crate::error::Result;

/// Matthews' correlation coefficient of predicted and true classes: 1 is perfect, 0 is chance; in [−1, 1], recorded as
/// `"Matthews correlation"`.
///
/// ```text
/// MCC = (c s − Σ_k p_k t_k) / √((s² − Σ_k p_k²) (s² − Σ_k t_k²))
/// ```
///
/// with c the weight of the correct predictions, s the weight of all samples, p_k the weight of the samples predicted
/// as class k and t_k the weight of the samples of class k. For two classes it is (TP TN − FP FN) / √((TP + FP)(TP +
/// FN)(TN + FP)(TN + FN)). The value is 0 if all predictions or all targets are of one class, such as the more
/// frequent one, and NaN if a prediction is NaN. Defined for classes only.
///
/// Source: Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004;
/// `matthews_corrcoef` of scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = Matthews.meter(Task::Binary { threshold: 0.5 }, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[1.0, 0.0, 1.0, 1.0]);
/// let targets = DMatrix::from_row_slice(1, 4, &[1.0, 1.0, 1.0, 0.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert!((meter.value() + 1.0 / 3.0).abs() < 1e-15);
/// gradus::check::measure(&Matthews).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matthews;

impl Measure for Matthews {
    fn name(&self) -> Cow<'static, str> {
        "Matthews correlation".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        Agreement::meter(self, (task, n_outputs), |counts| {
            let [predicted, truth] = counts.spreads();
            if predicted <= 0.0 || truth <= 0.0 {
                return 0.0;
            }
            (counts.correct * counts.total - counts.expected()) / (predicted.sqrt() * truth.sqrt())
        })
    }
}
