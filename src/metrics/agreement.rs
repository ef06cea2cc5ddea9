//! The agreement of predicted and true classes beyond chance, for two measures.

use super::{Measure, Meter, Scored, undefined};
use crate::data::Task;
use crate::error::Result;

/// A meter of the weights of the correct predictions and of each class.
#[derive(Debug)]
pub(super) struct Agreement {
    task: Task,
    formula: fn(&Agreement) -> f64,
    /// c, the weight of all correct predictions.
    pub correct: f64,
    /// s, the weight of all samples.
    pub total: f64,
    /// t_k, the weight of the samples of each class.
    truth: Vec<f64>,
    /// p_k, the weight of the samples that were predicted as each class.
    predicted: Vec<f64>,
    /// Whether a prediction was NaN.
    is_invalid: bool,
}

impl Agreement {
    /// Creates a meter for `measure`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Measure`](crate::Error::Measure) for labels and for regression.
    pub(super) fn meter(
        measure: &dyn Measure,
        (task, n_outputs): (Task, usize),
        formula: fn(&Agreement) -> f64,
    ) -> Result<Box<dyn Meter>> {
        let Some(classes) = task.n_classes(n_outputs) else {
            return Err(undefined(measure, task, "each sample must have one class; use F1, R2 or MeanCost"));
        };
        let (truth, predicted) = (vec![0.0; classes], vec![0.0; classes]);
        Ok(Box::new(Self { task, formula, correct: 0.0, total: 0.0, truth, predicted, is_invalid: false }))
    }

    /// Σ_k p_k t_k.
    pub(super) fn expected(&self) -> f64 {
        self.predicted.iter().zip(&self.truth).map(|(p, t)| p * t).sum()
    }

    /// s² − Σ_k p_k² and s² − Σ_k t_k².
    pub(super) fn spreads(&self) -> [f64; 2] {
        [&self.predicted, &self.truth]
            .map(|weights| self.total * self.total - weights.iter().map(|w| w * w).sum::<f64>())
    }
}

impl Meter for Agreement {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        for (a, y, weight) in batch.samples() {
            let (Some(truth), predicted) = (self.task.class(y), self.task.class(a)) else { continue };
            self.total += weight;
            self.correct += if predicted == Some(truth) { weight } else { 0.0 };
            self.is_invalid |= predicted.is_none();
            for (weights, class) in [(&mut self.truth, Some(truth)), (&mut self.predicted, predicted)] {
                if let Some(sum) = class.and_then(|class| weights.get_mut(class)) {
                    *sum += weight;
                }
            }
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        if self.is_invalid || self.total == 0.0 { f64::NAN } else { (self.formula)(self) }
    }
}
