//! The distance between confidence and the frequency of correct predictions.

use std::borrow::Cow;

use super::{Direction, Measure, Meter, ReliabilityTable, Scored, probability};
use crate::data::Task;
use crate::error::Result;

/// The expected calibration error: the mean distance between the confidence of a network and the frequency with which
/// its predictions come true; in [0, 1], recorded as `"calibration error"`, or with the number of bins if it is not
/// 10, as in `"20-bin calibration error"`.
///
/// ```text
/// ECE = Σ_b W_b |f_b − c_b| / Σ_b W_b
/// ```
///
/// over the bins b of a [`ReliabilityTable`], which defines what a prediction is for each task, with W_b the weight
/// of the predictions in the bin, c_b their mean confidence and f_b the fraction of them that came true. 0 is
/// perfect. A network whose predictions come true less often than its confidence says is overconfident, for example
/// because it has memorized its training set. The value depends on the number of bins, by default 10. NaN if an
/// output is NaN. Not defined for regression.
///
/// Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015; Guo
/// and others, "On calibration of modern neural networks", 2017, equation (3).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = CalibrationError::default().meter(Task::Classes, 2)?;
/// // Three predictions with a confidence of 0.9, of which two come true.
/// let outputs = DMatrix::from_column_slice(2, 3, &[0.9, 0.1, 0.1, 0.9, 0.9, 0.1]);
/// let targets = DMatrix::from_column_slice(2, 3, &[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 3], costs: &[0.0; 3] })?;
/// assert!((meter.value() - (0.9 - 2.0 / 3.0)).abs() < 1e-15);
/// gradus::check::measure(&CalibrationError::default()).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalibrationError {
    bins: usize,
}

/// The usual number of bins.
const USUAL: usize = 10;

impl CalibrationError {
    /// Creates the measure with `bins` bins of equal width.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `bins` is 0 or above 1000.
    pub fn new(bins: usize) -> Result<Self> {
        ReliabilityTable::new(bins)?;
        Ok(Self { bins })
    }
}

impl Default for CalibrationError {
    fn default() -> Self {
        Self { bins: USUAL }
    }
}

impl Measure for CalibrationError {
    fn name(&self) -> Cow<'static, str> {
        match self.bins {
            USUAL => "calibration error".into(),
            bins => format!("{bins}-bin calibration error").into(),
        }
    }

    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn is_fraction(&self) -> bool {
        true
    }

    fn meter(&self, task: Task, _n_outputs: usize) -> Result<Box<dyn Meter>> {
        probability::check_task(self, task)?;
        Ok(Box::new(Calibration { task, table: ReliabilityTable::new(self.bins)? }))
    }
}

struct Calibration {
    task: Task,
    table: ReliabilityTable,
}

impl Meter for Calibration {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        self.table.add(self.task, batch);
        Ok(())
    }

    fn value(&self) -> f64 {
        self.table.error()
    }
}
