//! The median absolute error.

use std::borrow::Cow;

use super::{Direction, Measure, Meter, Whole};
use crate::data::Task;
use crate::error::Result;

/// The median of |y − a| over the samples, as the mean over the outputs; recorded as `"median absolute error"`.
///
/// Half of the samples, by weight, have at most this error. If half of the weight lies on either side of two errors,
/// it is their mean. It is in the unit of the targets, and insensitive to outliers. An error of NaN counts as the
/// largest. It keeps all outputs of the data set in memory and sorts them.
///
/// Source: `median_absolute_error` of scikit-learn, with its default "uniform average".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = MedianAbsoluteError.meter(Task::Regression, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[1.0, 5.0, 0.0, 1e9]);
/// let targets = DMatrix::from_row_slice(1, 4, &[2.0, 3.0, 0.0, 0.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert_eq!(meter.value(), 1.5);
/// gradus::check::measure(&MedianAbsoluteError).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MedianAbsoluteError;

impl Measure for MedianAbsoluteError {
    fn name(&self) -> Cow<'static, str> {
        "median absolute error".into()
    }

    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn meter(&self, _task: Task, _n_outputs: usize) -> Result<Box<dyn Meter>> {
        Ok(Box::new(Whole::new(|all| {
            let of_output = |output: usize| {
                let error = |(a, y, weight): (&[f64], &[f64], f64)| {
                    Some(((y.get(output)? - a.get(output)?).abs(), weight))
                };
                median(all.samples().filter_map(error).filter(|&(_, weight)| weight > 0.0).collect())
            };
            let outputs = all.outputs.nrows();
            (0..outputs).map(of_output).sum::<f64>() / outputs as f64
        })))
    }
}

/// The weighted median of `values`, pairs of a value and its positive weight; NaN without any.
fn median(mut values: Vec<(f64, f64)>) -> f64 {
    // The absolute value of NaN has a positive sign, and so it comes last.
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for pair in values.windows(2) {
        if let [(value, weight), (next, _)] = *pair {
            below += weight;
            if below >= half {
                return if below > half { value } else { 0.5 * (value + next) };
            }
        }
    }
    values.last().map_or(f64::NAN, |&(value, _)| value)
}
