//! The history of a run: the values of each epoch, for schedules, stopping rules and reports.

mod metric;
mod record;
mod table;
mod trend;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

pub use metric::{Metric, Split};
pub use record::EpochRecord;
pub(crate) use table::{csv_header, csv_row};

use crate::data::Task;
use crate::metrics::{Accuracy, Direction, MeanCost, Score, Scores};
use trend::Trends;

/// The records of a run, in order.
///
/// The best epoch of every measured value is kept up to date, so that rules can read it after each epoch without a
/// search through all epochs.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.90, 0.95, 0.94]);
/// assert_eq!(history.best(&Metric::validation(Accuracy)), Some((2, 0.95)));
/// assert_eq!(history.best(&Metric::default()), Some((2, 0.95)));
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Recorded")]
pub struct History {
    epochs: Vec<EpochRecord>,
    /// Follows from the records.
    #[serde(skip)]
    trends: Trends,
}

/// The serialized form of a history.
#[derive(Deserialize)]
struct Recorded {
    epochs: Vec<EpochRecord>,
}

impl From<Recorded> for History {
    fn from(recorded: Recorded) -> Self {
        recorded.epochs.into_iter().collect()
    }
}

impl FromIterator<EpochRecord> for History {
    fn from_iter<I: IntoIterator<Item = EpochRecord>>(records: I) -> Self {
        let mut history = Self::new();
        records.into_iter().for_each(|record| history.push(record));
        history
    }
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.epochs == other.epochs
    }
}

impl History {
    /// Creates the history of a run that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a made-up history with these validation accuracies, and costs 1 − accuracy, for trying out rules.
    pub fn from_validation_accuracies(accuracies: &[f64]) -> Self {
        let record = |(i, &accuracy): (usize, &f64)| {
            let cost = 1.0 - accuracy;
            let scores = vec![Score::new(&MeanCost, cost), Score::new(&Accuracy, accuracy)];
            let scores = Scores::new(Task::Classes, scores);
            EpochRecord {
                epoch: i + 1,
                learning_rate: 1.0,
                seconds: 0.0,
                running_cost: cost,
                penalty: 0.0,
                training: Some(scores.clone()),
                validation: Some(scores),
            }
        };
        accuracies.iter().enumerate().map(record).collect()
    }

    /// The records so far.
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.epochs
    }

    /// The number of epochs so far.
    pub fn len(&self) -> usize {
        self.epochs.len()
    }

    /// Whether no epoch has ended yet.
    pub fn is_empty(&self) -> bool {
        self.epochs.is_empty()
    }

    /// The newest record.
    pub fn last(&self) -> Option<&EpochRecord> {
        self.epochs.last()
    }

    /// Appends the record of the epoch that has just ended.
    pub fn push(&mut self, record: EpochRecord) {
        self.trends.push(&record);
        self.epochs.push(record);
    }

    /// Visits the values of `metric`, one for each epoch in which it was measured, with the epoch counted from 1.
    pub fn values<'a>(&'a self, metric: &Metric) -> impl DoubleEndedIterator<Item = (usize, f64)> + use<'a> {
        let metric = metric.clone();
        self.epochs.iter().filter_map(move |record| Some((record.epoch, metric.value_in(record)?)))
    }

    /// Returns the best epoch by `metric` and its value; of equal epochs, the first. NaN is worse than any other value.
    /// `None` if the metric was never measured.
    pub fn best(&self, metric: &Metric) -> Option<(usize, f64)> {
        self.best_until(metric, usize::MAX)
    }

    /// Returns the best of the epochs up to `epoch`, which is counted from 1, by `metric` and its value; of equal
    /// epochs, the first. NaN is worse than any other value.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let history = History::from_validation_accuracies(&[0.90, 0.95, 0.94, 0.96]);
    /// assert_eq!(history.best_until(&Metric::default(), 3), Some((2, 0.95)));
    /// ```
    pub fn best_until(&self, metric: &Metric, epoch: usize) -> Option<(usize, f64)> {
        self.trends.of(metric, &self.epochs)?.best_until(epoch)
    }

    /// Returns how many times `patience` epochs in a row did not improve on the best epoch before them. After each
    /// time the count restarts at 0. Returns 0 if `patience` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let history = History::from_validation_accuracies(&[0.9, 0.8, 0.8, 0.95, 0.9, 0.9, 0.9, 0.9]);
    /// assert_eq!(history.plateaus(&Metric::default(), 2), 3);
    /// ```
    pub fn plateaus(&self, metric: &Metric, patience: usize) -> usize {
        self.trends.of(metric, &self.epochs).map_or(0, |trend| trend.plateaus(patience))
    }

    /// Returns whether higher or lower values of `metric` are better; `None` if it was never measured.
    pub fn direction(&self, metric: &Metric) -> Option<Direction> {
        self.trends.of(metric, &self.epochs).map(|trend| trend.direction)
    }

    /// Returns the name of `metric`, such as `validation accuracy`. For the main metric it names the measure of this
    /// run, if one was recorded.
    pub fn name_of(&self, metric: &Metric) -> String {
        match self.trends.of(metric, &self.epochs) {
            Some(trend) => format!("{} {}", trend.split, trend.name),
            None => metric.to_string(),
        }
    }

    /// Visits the history as it was after each epoch, oldest first, until `visit` breaks.
    pub(crate) fn replay<B>(&self, mut visit: impl FnMut(&History) -> ControlFlow<B>) -> Option<B> {
        let mut prefix = History::new();
        for record in &self.epochs {
            prefix.push(record.clone());
            if let ControlFlow::Break(found) = visit(&prefix) {
                return Some(found);
            }
        }
        None
    }
}
