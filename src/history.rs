//! What a run has recorded, epoch by epoch: everything that schedules and stopping rules may look at.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

/// The cost and the accuracy of a network on a data set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The mean data cost 1/n Σ C_x, without the penalty.
    pub cost: f64,
    /// The share of samples that are classified correctly, in [0, 1]; see [`accuracy`](crate::metrics) for what that
    /// means.
    pub accuracy: f64,
}

/// What one epoch has left behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The learning rate η of this epoch.
    pub learning_rate: f64,
    /// Wall-clock seconds of the training steps alone, without evaluation.
    pub seconds: f64,
    /// The mean data cost of the epoch's samples, each taken just before the step that learned from it.
    pub running_cost: f64,
    /// The penalty 1/n Ω(w) after the epoch.
    pub penalty: f64,
    /// The score on the training data after the epoch, if it was asked for.
    pub training: Option<Score>,
    /// The score on the validation data after the epoch, if there are any.
    pub validation: Option<Score>,
}

impl EpochRecord {
    /// The data cost on the training set: as measured after the epoch if it was, the running mean otherwise.
    pub fn training_cost(&self) -> f64 {
        self.training.map_or(self.running_cost, |score| score.cost)
    }
}

/// The records of a run, in order.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.90, 0.95, 0.94]);
/// assert_eq!(history.best(Metric::ValidationAccuracy), Some((2, 0.95)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    epochs: Vec<EpochRecord>,
}

impl History {
    /// A run that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// A made-up run with these validation accuracies (and costs of one minus them): for trying out rules.
    pub fn from_validation_accuracies(accuracies: &[f64]) -> Self {
        let record = |(i, &accuracy)| {
            let score = Score { cost: 1.0 - accuracy, accuracy };
            EpochRecord {
                epoch: i + 1,
                learning_rate: 1.0,
                seconds: 0.0,
                running_cost: score.cost,
                penalty: 0.0,
                training: Some(score),
                validation: Some(score),
            }
        };
        Self { epochs: accuracies.iter().enumerate().map(record).collect() }
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
        self.epochs.push(record);
    }

    /// The values of `metric`, one for each epoch in which it was measured, with the epoch counted from 1.
    pub fn values(&self, metric: Metric) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.epochs.iter().filter_map(move |record| Some((record.epoch, metric.value_in(record)?)))
    }

    /// The first epoch that no later one is better than, and its value. NaN is worse than anything.
    pub fn best(&self, metric: Metric) -> Option<(usize, f64)> {
        let mut best = None;
        for (epoch, value) in self.values(metric) {
            if best.is_none_or(|(_, best)| metric.improves(value, best)) {
                best = Some((epoch, value));
            }
        }
        best
    }

    /// The history as it was after each epoch, oldest first, until `visit` breaks.
    pub(crate) fn replay<B>(&self, mut visit: impl FnMut(&History) -> ControlFlow<B>) -> Option<B> {
        let mut prefix = History { epochs: Vec::with_capacity(self.epochs.len()) };
        for record in &self.epochs {
            prefix.push(record.clone());
            if let ControlFlow::Break(found) = visit(&prefix) {
                return Some(found);
            }
        }
        None
    }
}

/// A number that is recorded every epoch and by which epochs can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Metric {
    /// Accuracy on the validation data, the more the better. The book's choice.
    #[default]
    ValidationAccuracy,
    /// Data cost on the validation data, the less the better. The choice for regression.
    ValidationCost,
    /// Accuracy on the training data, the more the better.
    TrainingAccuracy,
    /// Data cost on the training data, the less the better.
    TrainingCost,
}

impl Metric {
    /// The value in `record`, if it was measured.
    pub fn value_in(self, record: &EpochRecord) -> Option<f64> {
        match self {
            Self::ValidationAccuracy => record.validation.map(|score| score.accuracy),
            Self::ValidationCost => record.validation.map(|score| score.cost),
            Self::TrainingAccuracy => record.training.map(|score| score.accuracy),
            Self::TrainingCost => Some(record.training_cost()),
        }
    }

    /// The value on a scale where more is better.
    pub fn goodness(self, value: f64) -> f64 {
        match self {
            Self::ValidationAccuracy | Self::TrainingAccuracy => value,
            Self::ValidationCost | Self::TrainingCost => -value,
        }
    }

    /// Whether `value` is strictly better than `best`; ties are not, and neither is NaN.
    pub fn improves(self, value: f64, best: f64) -> bool {
        self.goodness(value) > self.goodness(best) || (best.is_nan() && !value.is_nan())
    }

    /// Whether the metric is measured on validation data.
    pub fn needs_validation(self) -> bool {
        matches!(self, Self::ValidationAccuracy | Self::ValidationCost)
    }

    /// Whether the metric needs the training data evaluated after each epoch.
    pub fn needs_training_scores(self) -> bool {
        self == Self::TrainingAccuracy
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ValidationAccuracy => "validation accuracy",
            Self::ValidationCost => "validation cost",
            Self::TrainingAccuracy => "training accuracy",
            Self::TrainingCost => "training cost",
        })
    }
}
