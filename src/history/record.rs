//! The record of an epoch.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::metrics::Scores;
use crate::real::exact;

/// The record of one epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The learning rate η of this epoch.
    #[serde(with = "exact")]
    pub learning_rate: f64,
    /// Wall-clock seconds of the training steps alone, without evaluation.
    #[serde(with = "exact")]
    pub seconds: f64,
    /// The mean data cost of the epoch's samples, each measured just before the step that learned from it.
    #[serde(with = "exact")]
    pub running_cost: f64,
    /// The penalty 1/n Ω(w) after the epoch.
    #[serde(with = "exact")]
    pub penalty: f64,
    /// The scores on the training data after the epoch, if they were measured.
    pub training: Option<Scores>,
    /// The scores on the validation data after the epoch, if there are validation data.
    pub validation: Option<Scores>,
}

impl EpochRecord {
    /// Returns the data cost on the training set: as measured after the epoch if it was, the running mean otherwise.
    pub fn training_cost(&self) -> f64 {
        self.training.as_ref().map_or(self.running_cost, Scores::cost)
    }
}

impl fmt::Display for EpochRecord {
    /// One line: epoch, η, and the scores on the training and the validation data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, learning_rate, .. } = self;
        write!(f, "epoch {epoch:>3}  η ")?;
        match *learning_rate {
            small if small < 1e-3 => write!(f, "{small:<8.2e}")?,
            usual => write!(f, "{usual:<8.4}")?,
        }
        write!(f, "  training cost {:.5}", self.training_cost())?;
        if self.penalty > 0.0 {
            write!(f, " + penalty {:.5}", self.penalty)?;
        }
        for score in self.training.iter().flatten().filter(|score| score.name != "cost") {
            write!(f, ", {score}")?;
        }
        match &self.validation {
            Some(scores) => write!(f, "  validation {scores}"),
            None => Ok(()),
        }
    }
}
