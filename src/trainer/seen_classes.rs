//! The classes that occur among the training samples.

use nalgebra::DMatrix;

use super::warning::Warning;
use crate::data::Task;
use crate::real::Real;

/// Whether each class has a training sample. One output has the classes 0 and 1.
#[derive(Debug)]
pub(super) struct SeenClasses {
    outputs: usize,
    seen: Vec<bool>,
}

impl SeenClasses {
    pub(super) fn new(outputs: usize) -> Self {
        Self { outputs, seen: vec![false; outputs.max(2)] }
    }

    /// Adds the targets of some samples, in columns.
    pub(super) fn add<T: Real>(&mut self, y: &DMatrix<T>) {
        let high = |y: &T| y.to_f64() >= 0.5;
        for (at, y) in y.iter().enumerate() {
            let class = if self.outputs == 1 { usize::from(high(y)) } else { at % self.outputs };
            self.seen[class] |= self.outputs == 1 || high(y);
        }
    }

    /// Returns a warning about the classes without a sample, if the targets are classes and any were added.
    pub(super) fn warning(&self, task: Task) -> Option<Warning> {
        let unseen = || (0..).zip(&self.seen).filter(|(_, seen)| !**seen).map(|(class, _)| class);
        let (some, all) = (self.seen.contains(&true), unseen().next().is_none());
        let are_classes = matches!(task, Task::Classes | Task::Binary { .. });
        (are_classes && some && !all).then(|| Warning::UnseenClasses { classes: unseen().collect() })
    }
}
