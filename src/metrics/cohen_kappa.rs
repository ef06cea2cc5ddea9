//! The agreement of predicted and true classes beyond chance.

use std::borrow::Cow;

use super::agreement::Agreement;
use super::{Direction, Measure, Meter};
use crate::data::Task;
use crate::error::Result;

/// Cohen's κ: how much better than chance predictions agree with the truth; at most 1, recorded as `"Cohen's kappa"`.
///
/// ```text
/// κ = (p_o − p_e) / (1 − p_e)          p_o = c / s          p_e = Σ_k p_k t_k / s²
/// ```
///
/// with c the weight of the correct predictions, s the weight of all samples, p_k the weight of the samples predicted
/// as class k and t_k the weight of the samples of class k. p_o is the [`Accuracy`](super::Accuracy), and p_e the
/// accuracy of random predictions with the same class frequencies: κ = 1 is perfect, κ = 0 is chance. NaN if all
/// predictions and all targets are of one class, or if a prediction is NaN. Defined for classes only.
///
/// Source: Cohen, "A coefficient of agreement for nominal scales", 1960; `cohen_kappa_score` of scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = CohenKappa.meter(Task::Binary { threshold: 0.5 }, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[1.0, 0.0, 1.0, 0.0]);
/// let targets = DMatrix::from_row_slice(1, 4, &[1.0, 1.0, 1.0, 0.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert_eq!(meter.value(), 0.5);
/// gradus::check::measure(&CohenKappa).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CohenKappa;

impl Measure for CohenKappa {
    fn name(&self) -> Cow<'static, str> {
        "Cohen's kappa".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        Agreement::meter(self, (task, n_outputs), |counts| {
            let (total, expected) = (counts.total, counts.expected());
            (counts.correct * total - expected) / (total * total - expected)
        })
    }
}
