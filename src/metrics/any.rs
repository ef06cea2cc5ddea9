//! A measure that is chosen at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::*;
use crate::named::{Call, Named, serde_by_name, whole};

/// Any measure of the crate, for a choice that a user makes at run time.
///
/// It parses from a name with parameters and prints it back. Parameters that are not given have their defaults. Values
/// are recorded under the name of the measure itself: `top_k(k=3)` is recorded as `"top-3 accuracy"`.
///
/// # Errors
///
/// Parsing returns [`Error::UnknownName`] if there is no measure of that name, [`Error::MalformedName`] if the parameters
/// cannot be read, and [`Error::Setting`] if a parameter is outside its range.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let measure: AnyMeasure = "top_k".parse()?;
/// assert_eq!(measure.to_string(), "top_k(k=5)");
/// assert_eq!(measure.name(), "top-5 accuracy");
/// let error = "auc".parse::<AnyMeasure>().unwrap_err().to_string();
/// assert!(error.contains("roc_auc, average_precision"));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Clone)]
pub struct AnyMeasure {
    /// The name with all parameters.
    text: String,
    measure: Arc<dyn Measure>,
}

impl AnyMeasure {
    /// The names of all measures, without their parameters.
    pub const NAMES: &[&str] = &[
        "cost",
        "accuracy",
        "balanced_accuracy",
        "precision",
        "macro_precision",
        "micro_precision",
        "weighted_precision",
        "recall",
        "macro_recall",
        "micro_recall",
        "weighted_recall",
        "f1",
        "macro_f1",
        "micro_f1",
        "weighted_f1",
        "top_k",
        "matthews",
        "cohen_kappa",
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier_score",
        "calibration_error",
        "r2",
        "explained_variance",
        "mean_absolute_error",
        "median_absolute_error",
    ];
}

impl FromStr for AnyMeasure {
    type Err = Error;

    /// Parses a name; parameters that are not given have their defaults. `precision`, `recall` and `f1` are of one class,
    /// by default class 1.
    fn from_str(text: &str) -> Result<Self> {
        let call = Call::parse("measure", text)?;
        let of_class = |new: fn(usize) -> Arc<dyn Measure>| {
            let [class] = call.parameters([("class", 1.0)])?;
            Result::Ok((new(whole("class", class)?), vec![("class", class)]))
        };
        let plain = |measure: Arc<dyn Measure>| {
            let [] = call.parameters([])?;
            Result::Ok((measure, vec![]))
        };
        let (measure, parameters) = match call.name {
            "cost" => plain(Arc::new(MeanCost))?,
            "accuracy" => plain(Arc::new(Accuracy))?,
            "balanced_accuracy" => plain(Arc::new(BalancedAccuracy))?,
            "precision" => of_class(|class| Arc::new(Precision::of_class(class)))?,
            "macro_precision" => plain(Arc::new(Precision::macro_average()))?,
            "micro_precision" => plain(Arc::new(Precision::micro_average()))?,
            "weighted_precision" => plain(Arc::new(Precision::weighted_average()))?,
            "recall" => of_class(|class| Arc::new(Recall::of_class(class)))?,
            "macro_recall" => plain(Arc::new(Recall::macro_average()))?,
            "micro_recall" => plain(Arc::new(Recall::micro_average()))?,
            "weighted_recall" => plain(Arc::new(Recall::weighted_average()))?,
            "f1" => of_class(|class| Arc::new(F1::of_class(class)))?,
            "macro_f1" => plain(Arc::new(F1::macro_average()))?,
            "micro_f1" => plain(Arc::new(F1::micro_average()))?,
            "weighted_f1" => plain(Arc::new(F1::weighted_average()))?,
            "top_k" => {
                let [k] = call.parameters([("k", 5.0)])?;
                (Arc::new(TopK::new(whole("k", k)?)?) as Arc<dyn Measure>, vec![("k", k)])
            }
            "matthews" => plain(Arc::new(Matthews))?,
            "cohen_kappa" => plain(Arc::new(CohenKappa))?,
            "roc_auc" => plain(Arc::new(RocAuc))?,
            "average_precision" => plain(Arc::new(AveragePrecision))?,
            "log_loss" => plain(Arc::new(LogLoss))?,
            "brier_score" => plain(Arc::new(BrierScore))?,
            "calibration_error" => {
                let [bins] = call.parameters([("bins", 10.0)])?;
                (
                    Arc::new(CalibrationError::new(whole("bins", bins)?)?) as Arc<dyn Measure>,
                    vec![("bins", bins)],
                )
            }
            "r2" => plain(Arc::new(R2))?,
            "explained_variance" => plain(Arc::new(ExplainedVariance))?,
            "mean_absolute_error" => plain(Arc::new(MeanAbsoluteError))?,
            "median_absolute_error" => plain(Arc::new(MedianAbsoluteError))?,
            _ => return Err(call.unknown(Self::NAMES)),
        };
        Ok(Self { text: Named(call.name, &parameters).to_string(), measure })
    }
}

impl Measure for AnyMeasure {
    fn name(&self) -> Cow<'static, str> {
        self.measure.name()
    }

    fn direction(&self) -> Direction {
        self.measure.direction()
    }

    fn is_fraction(&self) -> bool {
        self.measure.is_fraction()
    }

    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        self.measure.meter(task, n_outputs)
    }
}

impl fmt::Display for AnyMeasure {
    /// Writes the name with its parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As the measure itself, so that a measure named here and there is recognized as the same.
impl fmt::Debug for AnyMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.measure.fmt(f)
    }
}

/// Equal if they print the same.
impl PartialEq for AnyMeasure {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

serde_by_name!(AnyMeasure);
