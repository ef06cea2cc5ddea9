//! The record of an epoch.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::metrics::{Score, Scores};
use crate::real::exact;
use crate::wrap::{COLUMNS, number, width, wrap};

/// The record of one epoch.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.5, 0.75]);
/// let record = history.last().unwrap();
/// assert_eq!((record.epoch, record.validation.as_ref().unwrap().accuracy()), (2, 0.75));
/// assert!(record.to_string().ends_with("validation cost 0.25000, accuracy 75.00 %"));
/// ```
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

    /// The learning rate and the scores, as a text that begins in column `start`: in one line if they fit, otherwise
    /// those of the validation data below those of the training data.
    pub(crate) fn measured(&self, start: usize) -> String {
        let rate = match self.learning_rate {
            extreme if !(1e-3..1e7).contains(&extreme) => format!("η {extreme:<7.2e}  "),
            usual => format!("η {usual:<7.4}  "),
        };
        let start = start + rate.chars().count();
        let mut cost = format!("cost {}", number(self.training_cost(), 5));
        if self.penalty > 0.0 {
            cost += &format!(" + penalty {}", number(self.penalty, 5));
        }
        let others = self.training.iter().flatten().filter(|score| score.name != "cost");
        let training = separated(std::iter::once(cost).chain(others.map(Score::to_string)));
        let scores = self.validation.iter().flatten().map(Score::to_string);
        let mut validation = separated(scores);
        if let Some(first) = validation.first_mut() {
            first.insert_str(0, "validation ");
        }
        let all = |pieces: &[String]| pieces.iter().map(|piece| width(piece) + 1).sum::<usize>();
        let [above, below] =
            [&training, &validation].map(|pieces| wrap(pieces.iter().map(String::as_str), start));
        match start + all(&training) + all(&validation) {
            _ if below.is_empty() => rate + &above,
            // A space after the last score, which is not written.
            end if end <= COLUMNS => format!("{rate}{above}  {below}"),
            _ => format!("{rate}{above}\n{:start$}{below}", ""),
        }
    }
}

/// A comma after each piece but the last.
fn separated(pieces: impl Iterator<Item = String>) -> Vec<String> {
    let mut pieces: Vec<String> = pieces.collect();
    let last = pieces.len().saturating_sub(1);
    pieces.iter_mut().take(last).for_each(|piece| piece.push(','));
    pieces
}

impl fmt::Display for EpochRecord {
    /// The epoch, η, the scores on the training data, and those on the validation data: one line, or more of at most 80
    /// columns. A score with a longer name stands in a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = format!("epoch {:>3}  ", self.epoch);
        write!(f, "{epoch}{}", self.measured(epoch.chars().count()))
    }
}
