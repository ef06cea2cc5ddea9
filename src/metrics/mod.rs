//! Measures: how good a network is on a data set.

mod accuracy;
mod agreement;
mod any;
mod average_precision;
mod balanced_accuracy;
mod brier_score;
mod calibration_error;
mod cohen_kappa;
mod confusion;
mod evaluate;
mod explained_variance;
mod f1;
mod importance;
mod log_loss;
mod matthews;
mod mean_absolute_error;
mod mean_cost;
mod median_absolute_error;
mod meters;
mod precision;
mod probability;
mod r2;
mod ranking;
mod recall;
mod reliability;
mod roc_auc;
mod roc_curve;
mod score;
mod spread;
mod tally;
mod top_k;

use std::borrow::Cow;
use std::fmt::Debug;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

pub use accuracy::Accuracy;
pub use any::AnyMeasure;
pub use average_precision::AveragePrecision;
pub use balanced_accuracy::BalancedAccuracy;
pub use brier_score::BrierScore;
pub use calibration_error::CalibrationError;
pub use cohen_kappa::CohenKappa;
pub use confusion::ConfusionMatrix;
pub use evaluate::{Evaluation, evaluate, evaluate_with};
pub(crate) use evaluate::{Evaluator, check_fits};
pub use explained_variance::ExplainedVariance;
pub use f1::F1;
pub use importance::{Importance, Importances, PermutationImportance};
pub use log_loss::LogLoss;
pub use matthews::Matthews;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_cost::MeanCost;
pub use median_absolute_error::MedianAbsoluteError;
pub use meters::{Mean, Whole};
pub use precision::Precision;
pub use r2::R2;
pub use recall::Recall;
pub use reliability::{ReliabilityBin, ReliabilityTable};
pub use roc_auc::RocAuc;
pub use roc_curve::{RocCurve, RocPoint};
pub(crate) use score::default_measures;
pub use score::{Score, Scores};
pub use spread::Spread;
pub use top_k::TopK;

use crate::data::Task;
use crate::error::{Error, Result};

/// Whether higher or lower values of a measure are better.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!((Accuracy.direction(), MeanCost.direction()), (Direction::HigherIsBetter, Direction::LowerIsBetter));
/// assert!(Direction::LowerIsBetter.improves(0.1, 0.2) && Direction::LowerIsBetter.improves(0.1, f64::NAN));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Higher is better, as for an accuracy.
    HigherIsBetter,
    /// Lower is better, as for a cost.
    LowerIsBetter,
}

impl Direction {
    /// Returns `value` on a scale on which higher is better: its negative if lower is better.
    pub fn goodness(self, value: f64) -> f64 {
        match self {
            Self::HigherIsBetter => value,
            Self::LowerIsBetter => -value,
        }
    }

    /// Returns the value that is better than `value` by `delta`: above `value` if higher is better, otherwise below.
    pub(crate) fn better_by(self, delta: f64, value: f64) -> f64 {
        self.goodness(self.goodness(value) + delta)
    }

    /// Whether `value` is strictly better than `best`. NaN is worse than any other value.
    pub fn improves(self, value: f64, best: f64) -> bool {
        self.goodness(value) > self.goodness(best) || (best.is_nan() && !value.is_nan())
    }
}

/// One number for the quality of a network's outputs.
///
/// A measure is stateless. For each pass over a data set it creates a [`Meter`], which sees the samples batch by
/// batch and then gives the value. The trainer evaluates every measure that a rule, a schedule or
/// [`keep_best`](crate::trainer::Trainer::keep_best) names, and those of
/// [`Trainer::measure`](crate::trainer::Trainer::measure); values are recorded under the measure's name.
///
/// Outputs of NaN must not count as good: return NaN, which is worse than any other value, or count them as incorrect if
/// that cannot raise the value. [`Metric::validation`](crate::history::Metric::validation) turns a measure into a metric
/// for the `monitor` methods of rules and schedules and for `keep_best`. Dyn-compatible (object-safe), and implemented
/// for `&`, `Box` and `Arc`.
///
/// | measure | formula | tasks |
/// |---|---|---|
/// | [`MeanCost`] | mean C_x | all |
/// | [`Accuracy`] | correct / all | classes, labels |
/// | [`BalancedAccuracy`] | mean recall of the classes | classes |
/// | [`Precision`], [`Recall`], [`F1`] | TP / (TP + FP), TP / (TP + FN), their harmonic mean | classes, labels |
/// | [`TopK`] | target among the k largest outputs / all | several classes |
/// | [`Matthews`], [`CohenKappa`] | agreement beyond chance | classes |
/// | [`RocAuc`], [`AveragePrecision`] | area under the ROC curve, and under precision over recall | classes, labels |
/// | [`LogLoss`], [`BrierScore`] | mean −ln p, and mean squared error, of probabilities | classes, labels |
/// | [`CalibrationError`] | mean \|confidence − frequency\| of a [`ReliabilityTable`] | classes, labels |
/// | [`R2`] | 1 − Σ (y − a)² / Σ (y − ȳ)² | all |
/// | [`ExplainedVariance`] | 1 − Var(y − a) / Var(y) | all |
/// | [`MeanAbsoluteError`], [`MedianAbsoluteError`] | mean and median of \|y − a\| | all |
///
/// # Examples
///
/// A custom measure, and the line that tests it:
///
/// ```
/// use std::borrow::Cow;
/// use gradus::prelude::*;
///
/// /// The fraction of samples of which all outputs are close to their targets.
/// #[derive(Debug)]
/// struct Within(f64);
///
/// impl Measure for Within {
///     fn name(&self) -> Cow<'static, str> {
///         format!("within {}", self.0).into()
///     }
///     fn direction(&self) -> Direction {
///         Direction::HigherIsBetter
///     }
///     fn meter(&self, _: Task, _: usize) -> gradus::Result<Box<dyn Meter>> {
///         let tolerance = self.0;
///         Ok(Box::new(Mean::new(move |a, y| {
///             f64::from(u8::from(a.iter().zip(y).all(|(a, y)| (a - y).abs() <= tolerance)))
///         })))
///     }
/// }
/// gradus::check::measure(&Within(0.1)).unwrap();
/// ```
pub trait Measure: Debug + Send + Sync {
    /// Returns the name under which values are recorded, such as `"accuracy"`. Two measures of a run must not share a
    /// name.
    fn name(&self) -> Cow<'static, str>;

    /// Returns whether higher or lower values are better.
    fn direction(&self) -> Direction;

    /// Returns whether all values lie in [0, 1] and are printed as percentages; by default `false`.
    fn is_fraction(&self) -> bool {
        false
    }

    /// Creates a meter for one pass over data with this `task`, for a network of `n_outputs` outputs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Measure`] if the measure is not defined for the task.
    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>>;
}

/// Accumulates one value over the samples of a data set. [`Mean`] and [`Whole`] serve most measures.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// /// The largest error of an output.
/// struct Largest(f64);
///
/// impl Meter for Largest {
///     fn add(&mut self, batch: &Scored<'_>) -> gradus::Result<()> {
///         let errors = (batch.outputs - batch.targets).map(f64::abs);
///         self.0 = errors.iter().fold(self.0, |largest, &error| largest.max(error));
///         Ok(())
///     }
///     fn value(&self) -> f64 {
///         self.0
///     }
/// }
///
/// let mut meter = Largest(0.0);
/// let (outputs, targets) = (DMatrix::from_row_slice(1, 2, &[0.5, 2.0]), DMatrix::zeros(1, 2));
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 2], costs: &[0.0; 2] })?;
/// assert_eq!(meter.value(), 2.0);
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Meter {
    /// Takes a batch of samples into account.
    ///
    /// # Errors
    ///
    /// Returns any error of the meter, which ends the run.
    fn add(&mut self, batch: &Scored<'_>) -> Result<()>;

    /// Returns the value for all samples so far; NaN if it is not defined, as without samples.
    fn value(&self) -> f64;
}

/// The outputs of a network for a batch of samples, with their targets, weights and costs.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let outputs = DMatrix::from_column_slice(2, 2, &[0.9, 0.1, 0.4, 0.6]);
/// let targets = DMatrix::from_column_slice(2, 2, &[1.0, 0.0, 1.0, 0.0]);
/// let batch = Scored { outputs: &outputs, targets: &targets, weights: &[1.0, 3.0], costs: &[0.0; 2] };
/// let (a, y, weight) = batch.samples().nth(1).unwrap();
/// assert_eq!((a, y, weight), (&[0.4, 0.6][..], &[1.0, 0.0][..], 3.0));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// The outputs a, outputs × samples.
    pub outputs: &'a DMatrix<f64>,
    /// The targets y, outputs × samples.
    pub targets: &'a DMatrix<f64>,
    /// The weight of each sample, 1 by default.
    pub weights: &'a [f64],
    /// The cost C_x of each sample.
    pub costs: &'a [f64],
}

impl<'a> Scored<'a> {
    /// Visits each sample: its outputs, its targets and its weight.
    pub fn samples(self) -> impl Iterator<Item = (&'a [f64], &'a [f64], f64)> {
        let columns = |matrix: &'a DMatrix<f64>| matrix.as_slice().chunks_exact(matrix.nrows().max(1));
        let pairs = columns(self.outputs).zip(columns(self.targets));
        pairs.zip(self.weights).map(|((a, y), &weight)| (a, y, weight))
    }
}

crate::forward! { impl Measure {
    fn name(&self) -> Cow<'static, str>;
    fn direction(&self) -> Direction;
    fn is_fraction(&self) -> bool;
    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>>;
} }

/// The error of a measure that is not defined for a task.
fn undefined(measure: &dyn Measure, task: Task, why: impl Into<String>) -> Error {
    Error::Measure { measure: measure.name().into_owned(), task, why: why.into() }
}
