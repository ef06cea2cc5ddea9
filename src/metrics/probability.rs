//! Outputs as probabilities.

use super::{Measure, undefined};
use crate::data::Task;
use crate::error::Result;

/// Returns an error for regression, whose outputs are not probabilities.
pub(super) fn check_task(measure: &dyn Measure, task: Task) -> Result<()> {
    match task {
        Task::Regression => {
            Err(undefined(measure, task, "its outputs are not probabilities; use R2 or MeanAbsoluteError"))
        }
        _ => Ok(()),
    }
}

/// Returns the map from outputs and targets of a sample with targets `y` to probabilities: targets of −1 and 1, as
/// for tanh neurons, are mapped to 0 and 1, and outputs with them.
pub(super) fn of(task: Task, y: &[f64]) -> impl Fn(f64) -> f64 + Copy {
    let is_plus_minus = match task {
        Task::Binary { threshold } | Task::Labels { threshold } => threshold == 0.0,
        Task::Classes => y.iter().any(|&y| y < 0.0),
        Task::Regression => false,
    };
    move |v| if is_plus_minus { 0.5 * v + 0.5 } else { v }
}
