//! Named values, measured on a data set.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Direction, Measure};
use crate::data::Task;
use crate::real::exact;
use crate::wrap::{number, printable, wrap};

/// A measured value, with its name and the direction in which it improves.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (now, before) = (Score::new(&Accuracy, 0.98), Score::new(&Accuracy, 0.97));
/// assert!(now.is_better_than(&before));
/// assert_eq!(now.to_string(), "accuracy 98.00 %");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The name of the measure.
    pub name: Cow<'static, str>,
    /// The value.
    #[serde(with = "exact")]
    pub value: f64,
    /// Whether higher or lower values are better.
    pub direction: Direction,
    /// Whether the value lies in [0, 1] and is printed as a percentage.
    #[serde(default)]
    pub is_fraction: bool,
}

impl Score {
    /// Creates the score of `measure` with this `value`.
    pub fn new(measure: &dyn Measure, value: f64) -> Self {
        let (name, direction, is_fraction) = (measure.name(), measure.direction(), measure.is_fraction());
        // Always the same NaN: the sign of 0/0 differs between processors, and would be stored.
        let value = if value.is_nan() { f64::NAN } else { value };
        Self { name, value, direction, is_fraction }
    }

    /// Whether this score is strictly better than `other`, a score of the same measure. NaN is worse than any other
    /// value.
    pub fn is_better_than(&self, other: &Score) -> bool {
        self.direction.improves(self.value, other.value)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, value) = (printable(&self.name), self.value);
        match value.abs() {
            _ if self.is_fraction => write!(f, "{name} {} %", number(100.0 * value, 2)),
            size if size > 0.0 && size.is_finite() && !(1e-4..1e7).contains(&size) => {
                write!(f, "{name} {value:.3e}")
            }
            _ => write!(f, "{name} {value:.5}"),
        }
    }
}

/// The scores of one network on one data set, in the order of the measures, the cost first.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let scores = Scores::new(Task::Regression, vec![Score::new(&MeanCost, 0.25), Score::new(&R2, 0.9)]);
/// assert_eq!((scores.cost(), scores.get("R²"), scores.get("accuracy")), (0.25, Some(0.9), None));
/// assert_eq!(scores.main().unwrap().name, "cost");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The task, which determines the main score.
    task: Task,
    scores: Vec<Score>,
}

impl Scores {
    /// Collects the scores of a network on data with this `task`.
    pub fn new(task: Task, scores: Vec<Score>) -> Self {
        Self { task, scores }
    }

    /// Returns the mean data cost 1/n Σ C_x, without the penalty; NaN if it was not measured.
    pub fn cost(&self) -> f64 {
        self.get(super::mean_cost::NAME).unwrap_or(f64::NAN)
    }

    /// Returns the [accuracy](super::Accuracy); NaN if it was not measured, as it is not for regression.
    pub fn accuracy(&self) -> f64 {
        self.get("accuracy").unwrap_or(f64::NAN)
    }

    /// Returns the value of the measure called `name`, if it was measured.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.score(name).map(|score| score.value)
    }

    /// Returns the score of the measure called `name`, if it was measured.
    pub fn score(&self, name: &str) -> Option<&Score> {
        self.scores.iter().find(|score| score.name == name)
    }

    /// Returns the score by which epochs are compared by default: the accuracy for classes and labels, the cost for
    /// regression.
    pub fn main(&self) -> Option<&Score> {
        self.score(main_measure(self.task).name().as_ref())
    }

    /// Returns the task: what the targets mean.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Visits the scores in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Score> {
        self.scores.iter()
    }
}

impl<'a> IntoIterator for &'a Scores {
    type Item = &'a Score;
    type IntoIter = std::slice::Iter<'a, Score>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Scores {
    /// The scores as `cost 0.12345, accuracy 98.00 %`, in lines of at most 80 columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.scores.len().saturating_sub(1);
        let comma = |i| if i < last { "," } else { "" };
        let pieces: Vec<_> =
            self.iter().enumerate().map(|(i, score)| format!("{score}{}", comma(i))).collect();
        f.write_str(&wrap(pieces.iter().map(String::as_str), 0))
    }
}

/// The measure by which networks are compared by default.
pub(crate) fn main_measure(task: Task) -> &'static dyn Measure {
    match task {
        Task::Classes | Task::Binary { .. } | Task::Labels { .. } => &super::Accuracy,
        Task::Regression => &super::MeanCost,
    }
}

/// The measures that are reported by default: the cost, and one without a unit.
pub(crate) fn default_measures(task: Task) -> [&'static dyn Measure; 2] {
    match task {
        Task::Classes | Task::Binary { .. } | Task::Labels { .. } => [&super::MeanCost, &super::Accuracy],
        Task::Regression => [&super::MeanCost, &super::R2],
    }
}
