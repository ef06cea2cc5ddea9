//! Metrics: which measure, on which data.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::EpochRecord;
use crate::error::Result;
use crate::metrics::{AnyMeasure, MeanCost, Measure, Score};
use crate::named::Value;

/// The data on which a measure is computed.
///
/// # Examples
///
/// ```
/// use gradus::history::Split;
/// use gradus::prelude::{Accuracy, Metric};
///
/// assert_eq!(Metric::training_cost().split(), Split::Training);
/// assert_eq!(Metric::validation(Accuracy).split(), Split::Validation);
/// assert_eq!(Split::Validation.to_string(), "validation");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Split {
    /// The training data, without augmentation.
    Training,
    /// The validation data.
    Validation,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Training => "training",
            Self::Validation => "validation",
        })
    }
}

/// A measure on the training or the validation data, which rules monitor and by which the best epoch is chosen.
///
/// The default is the main metric of the run, on the validation data. Which one that is depends on the
/// [task](crate::data::Task) that the targets pose: the accuracy for classes and labels, the cost for regression.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!(Metric::validation(R2).to_string(), "validation R²");
/// assert_eq!(Metric::training_cost(), Metric::training(MeanCost));
/// assert!(Metric::default().needs_validation());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Metric(Option<(Split, Arc<dyn Measure>)>);

impl Metric {
    /// Creates the metric of `measure` on the training data, after the epoch.
    pub fn training(measure: impl Measure + 'static) -> Self {
        Self(Some((Split::Training, Arc::new(measure))))
    }

    /// Creates the metric of `measure` on the validation data, after the epoch.
    pub fn validation(measure: impl Measure + 'static) -> Self {
        Self(Some((Split::Validation, Arc::new(measure))))
    }

    /// Creates the metric of the data cost on the training data, after the epoch.
    pub fn training_cost() -> Self {
        Self::training(MeanCost)
    }

    /// Creates the metric of the data cost on the validation data, after the epoch.
    pub fn validation_cost() -> Self {
        Self::validation(MeanCost)
    }

    /// Returns the measure; `None` for the main metric, whose measure the targets determine.
    pub fn measure(&self) -> Option<&Arc<dyn Measure>> {
        self.0.as_ref().map(|(_, measure)| measure)
    }

    /// The data on which the metric is measured.
    pub fn split(&self) -> Split {
        self.0.as_ref().map_or(Split::Validation, |(split, _)| *split)
    }

    /// Returns the score in `record`, if it was measured.
    pub fn score_in<'a>(&self, record: &'a EpochRecord) -> Option<&'a Score> {
        let scores = match self.split() {
            Split::Training => record.training.as_ref(),
            Split::Validation => record.validation.as_ref(),
        }?;
        self.measure().map_or_else(|| scores.main(), |measure| scores.score(&measure.name()))
    }

    /// Returns the value in `record`, if it was measured.
    pub fn value_in(&self, record: &EpochRecord) -> Option<f64> {
        self.score_in(record).map(|score| score.value)
    }

    /// Whether the metric is measured on validation data.
    pub fn needs_validation(&self) -> bool {
        self.split() == Split::Validation
    }

    /// Whether `newer` is better than `older` by this metric, or equally good at a lower cost on the same data.
    pub(crate) fn prefers(&self, newer: &EpochRecord, older: &EpochRecord) -> bool {
        let cost = Self(Some((self.split(), Arc::new(MeanCost))));
        for metric in [self, &cost] {
            match (metric.score_in(newer), metric.score_in(older)) {
                (Some(newer), Some(older)) if newer.is_better_than(older) => return true,
                (Some(newer), Some(older)) if older.is_better_than(newer) => return false,
                (Some(_), None) => return true,
                (None, Some(_)) => return false,
                _ => {}
            }
        }
        false
    }
}

impl Value for Metric {
    const EXPECTED: &'static str =
        "`main`, or `training` or `validation` and a measure, such as `validation cost`";

    /// Reads a metric as a parameter of a name: `main`, or the data and an [`AnyMeasure`]; `None` if it begins with
    /// neither.
    fn read(text: &str) -> Result<Option<Self>> {
        let new: fn(AnyMeasure) -> Self = match text.split_once(' ') {
            Some(("training", _)) => Self::training,
            Some(("validation", _)) => Self::validation,
            _ => return Ok((text == "main").then(Self::default)),
        };
        let measure = text.split_once(' ').map_or("", |(_, measure)| measure);
        Ok(Some(new(measure.parse()?)))
    }

    /// The metric as [`read`](Self::read) reads it. A custom measure has the name under which it is recorded.
    fn text(&self) -> String {
        let Some(measure) = self.measure() else { return "main".to_owned() };
        let recorded = measure.name();
        let name = AnyMeasure::recorded_as(&recorded).map_or(recorded.into_owned(), |any| any.to_string());
        format!("{} {name}", self.split())
    }
}

/// Metrics are equal if they are recorded under the same name for the same data.
impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        let name = |metric: &Self| metric.measure().map(|measure| measure.name().into_owned());
        self.split() == other.split() && name(self) == name(other)
    }
}

impl Eq for Metric {}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((split, measure)) => write!(f, "{split} {}", measure.name()),
            None => write!(f, "main validation metric"),
        }
    }
}
