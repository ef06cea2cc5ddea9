//! The fraction of correct decisions.

use std::borrow::Cow;

use super::{Direction, Mean, Measure, Meter, undefined};
use crate::data::Task;
use crate::error::Result;

/// The fraction of samples that are classified correctly; for independent labels the fraction of correct labels. In
/// [0, 1], recorded as `"accuracy"`.
///
/// | task | correct if |
/// |---|---|
/// | `Classes` | the largest output stands where the largest target stands, the first of several equal ones |
/// | `Binary` | output and target lie on the same side of the threshold, which itself counts as above |
/// | `Labels` | the same, for each output by itself |
///
/// An output of NaN makes its sample (for `Labels`: its label) incorrect. Not defined for regression, which has no
/// classes.
///
/// Source: `evaluate` of the book's programs; for labels one minus the Hamming loss.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = Accuracy.meter(Task::Labels { threshold: 0.5 }, 2)?;
/// let outputs = DMatrix::from_column_slice(2, 2, &[0.9, 0.8, 0.1, 0.8]);
/// let targets = DMatrix::from_column_slice(2, 2, &[1.0, 1.0, 0.0, 0.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 2], costs: &[0.0; 2] })?;
/// assert_eq!(meter.value(), 0.75);
/// assert!(Accuracy.meter(Task::Regression, 1).is_err());
/// gradus::check::measure(&Accuracy).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accuracy;

impl Measure for Accuracy {
    fn name(&self) -> Cow<'static, str> {
        "accuracy".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn is_fraction(&self) -> bool {
        true
    }

    fn meter(&self, task: Task, _n_outputs: usize) -> Result<Box<dyn Meter>> {
        match task {
            Task::Classes | Task::Binary { .. } => Ok(Box::new(Mean::new(move |a, y| {
                f64::from(u8::from(task.class(a).is_some_and(|class| Some(class) == task.class(y))))
            }))),
            Task::Labels { threshold } => Ok(Box::new(Mean::new(move |a, y| {
                let correct = |(a, y): &(&f64, &f64)| !a.is_nan() && (**a >= threshold) == (**y >= threshold);
                a.iter().zip(y).filter(correct).count() as f64 / a.len() as f64
            }))),
            Task::Regression => Err(undefined(self, task, "the targets are not classes; use R2 or MeanCost")),
        }
    }
}
