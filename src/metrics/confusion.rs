//! The confusion matrix.

use std::cmp::Reverse;
use std::fmt;

use nalgebra::DMatrix;

use crate::data::Task;
use crate::error::{Error, Result, check_setting};
use crate::real::Real;
use crate::wrap::{COLUMNS, right, shortened, width};

/// The maximum number of classes: the matrix takes 8 bytes for each pair of classes, 512 MiB for this many.
const MAX_CLASSES: usize = 1 << 13;

/// A confusion matrix: rows are true classes, columns are predicted classes.
///
/// Class i is output i of the network. It is printed and drawn with the names of
/// [`with_class_names`](Self::with_class_names), or with the numbers of the classes.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut confusion = ConfusionMatrix::new(2)?;
/// let outputs = DMatrix::from_column_slice(2, 3, &[0.9, 0.1, 0.6, 0.4, 0.2, 0.8]);
/// let targets = DMatrix::from_column_slice(2, 3, &[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
/// confusion.add_batch(&outputs, &targets)?;
/// assert_eq!(confusion.get(1, 0), 1);
/// assert_eq!(confusion.accuracy(), 2.0 / 3.0);
/// assert_eq!(confusion.error_rate(1), Some(0.5));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    n_classes: usize,
    counts: Vec<u64>,
    /// The number of samples of each class with an output of NaN, and so without a predicted class.
    invalid: Vec<u64>,
    /// The names of all classes, or none.
    names: Vec<String>,
}

impl ConfusionMatrix {
    /// Creates an empty confusion matrix for `n_classes` classes.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if there are fewer than 2 classes or more than 8192: the table has n² entries.
    pub fn new(n_classes: usize) -> Result<Self> {
        check_setting(
            "number of classes",
            n_classes as f64,
            (2..=MAX_CLASSES).contains(&n_classes),
            "[2, 8192]",
            "the table has a row and a column for each, 512 MiB in all for 8192; use Accuracy or F1 for more classes",
        )?;
        let (counts, invalid) = (vec![0; n_classes * n_classes], vec![0; n_classes]);
        Ok(Self { n_classes, counts, invalid, names: Vec::new() })
    }

    /// Sets the names of the classes, such as [`Columns::class_names`](crate::data::Columns::class_names) of a table; an
    /// empty list leaves their numbers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if there is not one name for each class.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let confusion = ConfusionMatrix::new(2)?.with_class_names(&["cat", "dog"])?;
    /// assert!(confusion.to_string().contains("cat"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn with_class_names(mut self, names: &[impl AsRef<str>]) -> Result<Self> {
        if !names.is_empty() && names.len() != self.n_classes {
            let (found, expected) = (names.len(), self.n_classes);
            return Err(Error::SizeMismatch { what: "names of classes", found, expected });
        }
        self.names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        Ok(self)
    }

    /// Counts a batch. The class of a column is the row of its largest value, the first of equal ones. With a single
    /// row there are two classes: 0 below 1/2, and 1 from 1/2 on.
    ///
    /// # Shapes
    ///
    /// `outputs` and `targets` classes × examples, or 1 × examples for two classes.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if a shape is another, and [`Error::NonFiniteSample`] if a target is NaN.
    pub fn add_batch<T: Real>(&mut self, outputs: &DMatrix<T>, targets: &DMatrix<T>) -> Result<()> {
        let (rows, expected) = (targets.nrows(), self.n_classes);
        if rows != expected && (rows, expected) != (1, 2) {
            return Err(Error::SizeMismatch {
                what: "rows of the targets, one for each class",
                found: rows,
                expected,
            });
        }
        for (what, found, expected) in [
            ("rows of the outputs, one for each target", outputs.nrows(), rows),
            ("columns of the outputs, one for each of the targets", outputs.ncols(), targets.ncols()),
        ] {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        if let Some(at) = targets.iter().position(|y| y.is_nan()) {
            let (sample, index) = (at / rows, at % rows);
            return Err(Error::NonFiniteSample { what: "target", sample, index, value: f64::NAN });
        }
        let task = if rows == 1 { Task::Binary { threshold: 0.5 } } else { Task::Classes };
        for (a, y) in outputs.column_iter().zip(targets.column_iter()) {
            self.add_sample(task.class(y.as_slice()), task.class(a.as_slice()));
        }
        Ok(())
    }

    /// Counts one sample of class `truth`, predicted as class `predicted`, which is `None` if an output was NaN.
    pub(super) fn add_sample(&mut self, truth: Option<usize>, predicted: Option<usize>) {
        let Some(truth) = truth.filter(|&truth| truth < self.n_classes) else { return };
        match predicted.filter(|&predicted| predicted < self.n_classes) {
            Some(predicted) => self.counts[truth * self.n_classes + predicted] += 1,
            None => self.invalid[truth] += 1,
        }
    }

    /// Returns how often class `truth` was predicted as `predicted`; 0 if either class is out of range.
    pub fn get(&self, truth: usize, predicted: usize) -> u64 {
        if predicted >= self.n_classes || truth >= self.n_classes {
            return 0;
        }
        self.counts.get(truth * self.n_classes + predicted).copied().unwrap_or(0)
    }

    /// Returns how many samples of class `truth` had an output of NaN, and so no predicted class.
    pub fn invalid(&self, truth: usize) -> u64 {
        self.invalid.get(truth).copied().unwrap_or(0)
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The number of samples.
    pub fn total(&self) -> u64 {
        self.counts.iter().chain(&self.invalid).sum()
    }

    /// Returns the fraction of samples that were classified correctly; NaN without samples.
    pub fn accuracy(&self) -> f64 {
        let correct: u64 = (0..self.n_classes).map(|class| self.get(class, class)).sum();
        correct as f64 / self.total() as f64
    }

    /// Returns the fraction of the samples of class `truth` that were not predicted as this class; `None` if there
    /// are no samples of it.
    pub fn error_rate(&self, truth: usize) -> Option<f64> {
        let invalid = self.invalid.get(truth)?;
        let row: u64 = (0..self.n_classes).map(|predicted| self.get(truth, predicted)).sum::<u64>() + invalid;
        (row > 0).then(|| 1.0 - self.get(truth, truth) as f64 / row as f64)
    }
}

impl ConfusionMatrix {
    /// Returns the name of a class, shortened to `most` columns, or its number if it has none or an empty one.
    pub(crate) fn label(&self, class: usize, most: usize) -> String {
        match self.names.get(class) {
            Some(name) if !name.trim().is_empty() => shortened(name, most),
            _ => class.to_string(),
        }
    }

    /// A row for each class, a column of the width `width` for each prediction, and the error rates. `heads` are the
    /// labels of the columns.
    fn write_table(
        &self,
        f: &mut fmt::Formatter<'_>,
        rows: &[String],
        heads: &[String],
        width: usize,
    ) -> fmt::Result {
        let label = longest(rows);
        writeln!(f, "{:label$}{:>width$}", "", "predicted as", width = (self.n_classes * width).max(13))?;
        write!(f, "{:>label$}", "true")?;
        heads.iter().try_for_each(|head| f.write_str(&right(head, width)))?;
        writeln!(f, "     error")?;
        for (truth, row) in rows.iter().enumerate() {
            f.write_str(&right(row, label))?;
            for predicted in 0..self.n_classes {
                match self.get(truth, predicted) {
                    0 => write!(f, "{:>width$}", "·")?,
                    count => write!(f, "{count:>width$}")?,
                }
            }
            writeln!(f, "{}", self.printed_rate(truth))?;
        }
        Ok(())
    }

    /// A line for each class, with the wrong predictions, the most frequent ones first, as far as there is space.
    fn write_list(&self, f: &mut fmt::Formatter<'_>, rows: &[String]) -> fmt::Result {
        let label = longest(rows);
        writeln!(f, "{:>label$}   correct     error  wrongly predicted as (times)", "true")?;
        for (truth, row) in rows.iter().enumerate() {
            let (correct, rate) = (self.get(truth, truth), self.printed_rate(truth));
            let mut line = format!("{}{correct:>10}{rate}", right(row, label));
            let others = (0..self.n_classes).filter(|&predicted| predicted != truth);
            let mut wrong: Vec<_> = others.map(|class| (self.get(truth, class), class)).collect();
            wrong.retain(|(count, _)| *count > 0);
            wrong.sort_by_key(|&(count, class)| (Reverse(count), class));
            for (index, &(count, class)) in wrong.iter().enumerate() {
                let next = format!("  {} ({count})", self.label(class, MAX_LABEL));
                // Two columns for the dots if others follow.
                let rest = if index + 1 < wrong.len() { 2 } else { 0 };
                if width(&line) + width(&next) + rest > COLUMNS {
                    line += " …";
                    break;
                }
                line += &next;
            }
            writeln!(f, "{line}")?;
        }
        Ok(())
    }

    /// The error rate of a class in 10 columns.
    fn printed_rate(&self, truth: usize) -> String {
        self.error_rate(truth).map_or(format!("{:>10}", "–"), |rate| format!("{:>8.2} %", 100.0 * rate))
    }
}

/// The most columns of a class's name in a table.
const MAX_LABEL: usize = 16;

/// The width of the column of `labels` and its head, "true".
fn longest(labels: &[String]) -> usize {
    labels.iter().map(|label| width(label)).max().unwrap_or(0).max(4)
}

impl fmt::Display for ConfusionMatrix {
    /// A table with the true classes down, the predicted classes across, and the error rate of each class. If the names
    /// of the classes are too wide for the heads of the columns, their numbers stand there and after the names. If
    /// the table is wider than 80 columns, it is a list of the most frequent wrong predictions of each class.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<String> = (0..self.n_classes).map(|class| self.label(class, MAX_LABEL)).collect();
        let numbers: Vec<String> = (0..self.n_classes).map(|class| class.to_string()).collect();
        let count = self.counts.iter().copied().max().unwrap_or(0).to_string().len();
        let widest = |heads: &[String]| heads.iter().map(|head| width(head)).max().unwrap_or(0);
        let column = |heads: &[String]| 1 + widest(heads).max(count).max(3);
        let fits = |rows: &[String], width| longest(rows) + self.n_classes * width + 10 <= COLUMNS;
        let numbered = match self.names.is_empty() {
            true => numbers.clone(),
            false => numbers.iter().zip(&labels).map(|(number, name)| format!("{name} {number}")).collect(),
        };
        if fits(&labels, column(&labels)) {
            self.write_table(f, &labels, &labels, column(&labels))
        } else if fits(&numbered, column(&numbers)) {
            self.write_table(f, &numbered, &numbers, column(&numbers))
        } else {
            self.write_list(f, &labels)
        }
    }
}
