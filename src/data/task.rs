//! What the targets of a data set mean: classes, independent labels, or values of any kind.

use std::fmt;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::real::Real;

/// The largest distance from 1 at which the targets of a sample still count as a probability distribution.
const SUM_TOLERANCE: f64 = 1e-5;

/// What the targets mean. The task decides which measures are defined, and which one compares epochs by default.
///
/// | task | outputs | targets y of every sample | decision |
/// |---|---|---|---|
/// | `Classes` | ≥ 2 | one 1 and otherwise 0 (or −1), or a distribution: y ≥ 0, Σ y = 1 | the largest output |
/// | `Binary` | 1 | 0 or 1, threshold ½; or −1 or 1, threshold 0 | output ≥ threshold |
/// | `Labels` | ≥ 2 | as for `Binary`, any number of ones | each output ≥ threshold |
/// | `Regression` | any | anything else | none |
///
/// The task is [found](Self::of) from the targets alone. A source overrides it with
/// [`Samples::task`](super::Samples::task), and a data set with [`Dataset::with_task`](super::Dataset::with_task).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let task = |rows, targets: &[f64]| Task::of(&DMatrix::from_column_slice(rows, 2, targets));
/// assert_eq!(task(2, &[1.0, 0.0, 0.0, 1.0]), Task::Classes);
/// assert_eq!(task(2, &[1.0, 1.0, 0.0, 1.0]), Task::Labels { threshold: 0.5 });
/// assert_eq!(task(1, &[-1.0, 1.0]), Task::Binary { threshold: 0.0 });
/// assert_eq!(task(1, &[0.3, 1.7]), Task::Regression);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Each sample belongs to one of several classes, one for each output.
    Classes,
    /// Each sample belongs to one of two classes, on either side of a threshold.
    Binary {
        /// An output at or above the threshold means class 1.
        threshold: f64,
    },
    /// Each output is an independent yes-or-no label.
    Labels {
        /// An output at or above the threshold means yes.
        threshold: f64,
    },
    /// The targets are numbers of any kind.
    Regression,
}

impl Task {
    /// Finds the task of `targets`, in which each column is a sample.
    pub fn of<T: Real>(targets: &DMatrix<T>) -> Self {
        let mut finder = TaskFinder::new();
        finder.add(targets);
        finder.finish()
    }

    /// Returns the class of a column of outputs or targets: the row of the largest value (the first of equal ones) for
    /// `Classes`, and the side of the threshold for `Binary`. Returns `None` if the column contains a NaN or is empty,
    /// and for the other tasks.
    pub fn class<T: Real>(self, column: &[T]) -> Option<usize> {
        if column.iter().any(|value| value.is_nan()) {
            return None;
        }
        match (self, column) {
            (Self::Binary { threshold }, [only]) => Some(usize::from(*only >= T::cast(threshold))),
            (Self::Classes, [first, ..]) => {
                let mut best = (0, first);
                for (i, value) in column.iter().enumerate() {
                    if value > best.1 {
                        best = (i, value);
                    }
                }
                Some(best.0)
            }
            _ => None,
        }
    }

    /// Returns the number of classes of `n_outputs` outputs, if the task has classes.
    pub fn n_classes(self, n_outputs: usize) -> Option<usize> {
        match self {
            Self::Classes => Some(n_outputs),
            Self::Binary { .. } => Some(2),
            Self::Labels { .. } | Self::Regression => None,
        }
    }

    /// Returns whether the task can have `n_outputs` outputs: one for `Binary`, two or more for `Classes` and `Labels`,
    /// one or more for `Regression`.
    pub fn fits(self, n_outputs: usize) -> bool {
        match self {
            Self::Classes | Self::Labels { .. } => n_outputs >= 2,
            Self::Binary { .. } => n_outputs == 1,
            Self::Regression => n_outputs >= 1,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classes => "classes",
            Self::Binary { .. } => "two classes",
            Self::Labels { .. } => "independent labels",
            Self::Regression => "regression",
        })
    }
}

/// Finds the task of targets that are added block by block. See [`Task`] for the rules.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::data::TaskFinder;
///
/// let mut finder = TaskFinder::new();
/// finder.add(&DMatrix::from_element(1, 3, 1.0));
/// assert_eq!(finder.finish(), Task::Binary { threshold: 0.5 });
/// finder.add(&DMatrix::from_element(1, 3, -1.0));
/// assert_eq!(finder.finish(), Task::Binary { threshold: 0.0 });
/// ```
#[derive(Debug, Clone)]
pub struct TaskFinder {
    n_outputs: usize,
    /// Every value is 0 or 1.
    zero_one: bool,
    /// Every value is −1 or 1.
    plus_minus: bool,
    /// Every sample has one 1.
    single: bool,
    /// Every sample is a probability distribution.
    distribution: bool,
}

impl Default for TaskFinder {
    fn default() -> Self {
        Self::new()
    }
}

impl TaskFinder {
    /// Creates a finder that has seen no targets.
    pub fn new() -> Self {
        Self { n_outputs: 0, zero_one: true, plus_minus: true, single: true, distribution: true }
    }

    /// Adds targets; each column is a sample.
    pub fn add<T: Real>(&mut self, targets: &DMatrix<T>) {
        targets.column_iter().for_each(|column| self.add_sample(column.as_slice()));
    }

    pub(super) fn add_sample<T: Real>(&mut self, y: &[T]) {
        self.n_outputs = self.n_outputs.max(y.len());
        let (zero, one) = (T::zero(), T::one());
        let ones = y.iter().filter(|&&y| y == one).count();
        let all = |other: T| y.iter().all(|&y| y == one || y == other);
        self.zero_one = self.zero_one && all(zero);
        self.plus_minus = self.plus_minus && all(-one);
        self.single &= ones == 1;
        if self.distribution {
            let sum: f64 = y.iter().map(|y| y.to_f64()).sum();
            self.distribution = y.iter().all(|&y| y >= zero) && (sum - 1.0).abs() <= SUM_TOLERANCE;
        }
    }

    /// Returns the task of all targets so far; regression if there were none.
    pub fn finish(&self) -> Task {
        let threshold = match (self.zero_one, self.plus_minus) {
            (true, _) => Some(0.5),
            (false, true) => Some(0.0),
            (false, false) => None,
        };
        match (self.n_outputs, threshold) {
            (0, _) => Task::Regression,
            (1, Some(threshold)) => Task::Binary { threshold },
            (1, None) => Task::Regression,
            _ if self.distribution || (self.plus_minus && self.single) => Task::Classes,
            (_, Some(threshold)) => Task::Labels { threshold },
            (_, None) => Task::Regression,
        }
    }
}
