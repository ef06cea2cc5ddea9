//! Counts of correct and incorrect decisions for each class, and averages over the classes.

use super::{Measure, Meter, Scored, undefined};
use crate::data::Task;
use crate::error::Result;

/// How the values of several classes are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Average {
    /// The value of one class, counted from 0.
    Class(usize),
    /// The mean over the classes, each with equal weight. Classes that were neither target nor prediction are left out.
    Macro,
    /// The mean over the classes that have samples, each with equal weight.
    OfPresent,
    /// The value of all decisions together.
    Micro,
    /// The mean over the classes, each weighted by its samples.
    Weighted,
}

impl Average {
    /// The name of the average of a measure called `of`.
    pub(super) fn name(self, of: &str) -> String {
        match self {
            Self::Class(class) => format!("{of} of class {class}"),
            Self::Macro | Self::OfPresent => format!("macro {of}"),
            Self::Micro => format!("micro {of}"),
            Self::Weighted => format!("weighted {of}"),
        }
    }
}

/// The weights of the decisions about one class.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// The weight of the true positives, TP.
    pub correct: f64,
    /// The weight of the samples predicted as this class, TP + FP.
    pub predicted: f64,
    /// The weight of the samples of this class, TP + FN.
    pub support: f64,
    /// The weight of the samples of this class with an output of NaN.
    invalid: f64,
}

/// a / b, and 0 for 0 / 0: without decisions, none is correct.
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// Counts decisions, and averages `formula` over the classes. An invalid prediction counts as an incorrect one for
/// every class, so that NaN is never better than an incorrect prediction.
pub(super) struct Tally {
    task: Task,
    average: Average,
    formula: fn(&Counts) -> f64,
    classes: Vec<Counts>,
}

impl Tally {
    /// Creates a meter for `measure`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Measure`](crate::Error::Measure) for regression, and for a class that does not exist.
    pub(super) fn meter(
        measure: &dyn Measure,
        (task, n_outputs): (Task, usize),
        average: Average,
        formula: fn(&Counts) -> f64,
    ) -> Result<Box<dyn Meter>> {
        let n = match task {
            Task::Regression => {
                return Err(undefined(
                    measure,
                    task,
                    "there are no classes to predict; use R2 or MeanAbsoluteError",
                ));
            }
            Task::Labels { .. } => n_outputs,
            Task::Classes | Task::Binary { .. } => task.n_classes(n_outputs).unwrap_or(n_outputs),
        };
        if let Average::Class(class) = average
            && class >= n
        {
            return Err(undefined(
                measure,
                task,
                format!("there are {n} classes, counted from 0, and class {class} is not one of them"),
            ));
        }
        Ok(Box::new(Self { task, average, formula, classes: vec![Counts::default(); n] }))
    }

    /// The mean of `value` over the classes that are `included`.
    fn mean(&self, included: impl Fn(&Counts) -> bool, value: impl Fn(&Counts) -> f64) -> f64 {
        let values: Vec<f64> = self.classes.iter().filter(|counts| included(counts)).map(value).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn add_classes(&mut self, a: &[f64], y: &[f64], weight: f64) {
        let Some(truth) = self.task.class(y) else { return };
        let predicted = self.task.class(a);
        for (class, counts) in self.classes.iter_mut().enumerate() {
            let (is_truth, is_predicted) = (class == truth, predicted == Some(class));
            counts.support += if is_truth { weight } else { 0.0 };
            counts.predicted += if is_predicted { weight } else { 0.0 };
            counts.correct += if is_truth && is_predicted { weight } else { 0.0 };
            counts.invalid += if is_truth && predicted.is_none() { weight } else { 0.0 };
        }
    }

    fn add_labels(&mut self, a: &[f64], y: &[f64], weight: f64, threshold: f64) {
        for (counts, (&a, &y)) in self.classes.iter_mut().zip(a.iter().zip(y)) {
            let truth = y >= threshold;
            let predicted = if a.is_nan() { !truth } else { a >= threshold };
            counts.support += if truth { weight } else { 0.0 };
            counts.predicted += if predicted { weight } else { 0.0 };
            counts.correct += if truth && predicted { weight } else { 0.0 };
        }
    }
}

impl Meter for Tally {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        for (a, y, weight) in batch.samples() {
            match self.task {
                Task::Labels { threshold } => self.add_labels(a, y, weight, threshold),
                _ => self.add_classes(a, y, weight),
            }
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        let sum = |f: fn(&Counts) -> f64| self.classes.iter().map(f).sum::<f64>();
        let invalid = sum(|counts| counts.invalid);
        let value = |counts: &Counts| {
            (self.formula)(&Counts { predicted: counts.predicted + invalid - counts.invalid, ..*counts })
        };
        let is_label = matches!(self.task, Task::Labels { .. });
        match self.average {
            Average::Class(class) => self.classes.get(class).map_or(f64::NAN, value),
            Average::Macro => self.mean(|counts| is_label || counts.support + counts.predicted > 0.0, value),
            Average::OfPresent => self.mean(|counts| counts.support > 0.0, value),
            Average::Micro => (self.formula)(&Counts {
                correct: sum(|counts| counts.correct),
                predicted: sum(|counts| counts.predicted) + invalid,
                support: sum(|counts| counts.support),
                invalid,
            }),
            Average::Weighted => {
                let total: f64 = self.classes.iter().map(|counts| counts.support * value(counts)).sum();
                ratio(total, sum(|counts| counts.support))
            }
        }
    }
}
