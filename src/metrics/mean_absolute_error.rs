//! The mean absolute error.

use std::borrow::Cow;

use super::{Direction, Mean, Measure, Meter};
use crate::data::Task;
use crate::error::Result;

/// The mean of |y − a| over the outputs and, by weight, over the samples; recorded as `"mean absolute error"`. It is in
/// the unit of the targets, and less sensitive to outliers than a squared error.
///
/// Source: `mean_absolute_error` of scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = MeanAbsoluteError.meter(Task::Regression, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 2, &[1.0, 5.0]);
/// let targets = DMatrix::from_row_slice(1, 2, &[2.0, 3.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 2], costs: &[0.0; 2] })?;
/// assert_eq!(meter.value(), 1.5);
/// gradus::check::measure(&MeanAbsoluteError).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MeanAbsoluteError;

impl Measure for MeanAbsoluteError {
    fn name(&self) -> Cow<'static, str> {
        "mean absolute error".into()
    }

    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn meter(&self, _task: Task, _n_outputs: usize) -> Result<Box<dyn Meter>> {
        Ok(Box::new(Mean::new(|a: &[f64], y: &[f64]| {
            a.iter().zip(y).map(|(a, y)| (y - a).abs()).sum::<f64>() / a.len() as f64
        })))
    }
}
