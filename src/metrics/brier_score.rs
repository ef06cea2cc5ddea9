//! The squared error of probabilities.

use std::borrow::Cow;

use super::{Direction, Mean, Measure, Meter, probability};
use crate::data::Task;
use crate::error::Result;

/// The mean squared error of outputs that are probabilities; recorded as `"Brier score"`.
///
/// | task | value of a sample |
/// |---|---|
/// | `Classes`, three or more | Σ_k (a_k − y_k)² |
/// | `Classes`, two | half of that, which is the value of `Binary` |
/// | `Binary` | (a − y)² |
/// | `Labels` | the mean of the same over the outputs |
///
/// Like that of [`LogLoss`](super::LogLoss), its expectation is minimal for the true probabilities. Unlike the log
/// loss it is bounded: by 2 for three or more classes, otherwise by 1. Targets of −1 and 1 are mapped to 0 and 1, and
/// their outputs with them. NaN if an output is NaN. Not defined for regression.
///
/// Source: Brier, "Verification of forecasts expressed in terms of probability", 1950; `brier_score_loss` of
/// scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = BrierScore.meter(Task::Binary { threshold: 0.5 }, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 2, &[0.75, 0.5]);
/// let targets = DMatrix::from_row_slice(1, 2, &[1.0, 0.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 2], costs: &[0.0; 2] })?;
/// assert_eq!(meter.value(), (0.0625 + 0.25) / 2.0);
/// gradus::check::measure(&BrierScore).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BrierScore;

impl Measure for BrierScore {
    fn name(&self) -> Cow<'static, str> {
        "Brier score".into()
    }

    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        probability::check_task(self, task)?;
        let divisor = match task {
            Task::Classes if n_outputs > 2 => 1.0,
            _ => n_outputs as f64,
        };
        Ok(Box::new(Mean::new(move |a, y| {
            let p = probability::of(task, y);
            let square = |(&a, &y): (&f64, &f64)| (p(a) - p(y)) * (p(a) - p(y));
            a.iter().zip(y).map(square).sum::<f64>() / divisor
        })))
    }
}
