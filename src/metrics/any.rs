//! A measure that is chosen at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::*;
use crate::named::{Call, serde_by_name};

/// Any measure of the crate, for a choice that a user makes at run time.
///
/// It parses from a name with parameters and prints it back. Parameters that are not given have their defaults. Values
/// are recorded under the name of the measure itself: `top_k(k=3)` is recorded as `"top-3 accuracy"`.
///
/// # Errors
///
/// Parsing returns [`Error::UnknownName`] if there is no measure of that name, [`Error::MalformedName`] if the
/// parameters cannot be read, and [`Error::Setting`] if a parameter is outside its range.
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

    /// The measure that is recorded as `name`, if it is one of the crate's.
    pub(crate) fn recorded_as(name: &str) -> Option<Self> {
        // Tries all measures with their defaults, and with each number in the name as a parameter: "top-3 accuracy".
        let numbers = name.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
        let parameters =
            numbers.flat_map(|n| ["class", "k", "bins"].map(|parameter| format!("({parameter}={n})")));
        let texts = std::iter::once(String::new())
            .chain(parameters)
            .flat_map(|parameters| Self::NAMES.iter().map(move |measure| format!("{measure}{parameters}")));
        texts.filter_map(|text| text.parse::<Self>().ok()).find(|measure| measure.name() == name)
    }
}

impl FromStr for AnyMeasure {
    type Err = Error;

    /// Parses a name; parameters that are not given have their defaults. `precision`, `recall` and `f1` are of one
    /// class, by default class 1.
    fn from_str(text: &str) -> Result<Self> {
        let mut call = Call::parse("measure", text)?;
        let measure: Arc<dyn Measure> = match call.name {
            "cost" => Arc::new(MeanCost),
            "accuracy" => Arc::new(Accuracy),
            "balanced_accuracy" => Arc::new(BalancedAccuracy),
            "precision" => Arc::new(Precision::of_class(call.get("class", 1)?)),
            "macro_precision" => Arc::new(Precision::macro_average()),
            "micro_precision" => Arc::new(Precision::micro_average()),
            "weighted_precision" => Arc::new(Precision::weighted_average()),
            "recall" => Arc::new(Recall::of_class(call.get("class", 1)?)),
            "macro_recall" => Arc::new(Recall::macro_average()),
            "micro_recall" => Arc::new(Recall::micro_average()),
            "weighted_recall" => Arc::new(Recall::weighted_average()),
            "f1" => Arc::new(F1::of_class(call.get("class", 1)?)),
            "macro_f1" => Arc::new(F1::macro_average()),
            "micro_f1" => Arc::new(F1::micro_average()),
            "weighted_f1" => Arc::new(F1::weighted_average()),
            "top_k" => Arc::new(TopK::new(call.get("k", 5)?)?),
            "matthews" => Arc::new(Matthews),
            "cohen_kappa" => Arc::new(CohenKappa),
            "roc_auc" => Arc::new(RocAuc),
            "average_precision" => Arc::new(AveragePrecision),
            "log_loss" => Arc::new(LogLoss),
            "brier_score" => Arc::new(BrierScore),
            "calibration_error" => Arc::new(CalibrationError::new(call.get("bins", 10)?)?),
            "r2" => Arc::new(R2),
            "explained_variance" => Arc::new(ExplainedVariance),
            "mean_absolute_error" => Arc::new(MeanAbsoluteError),
            "median_absolute_error" => Arc::new(MedianAbsoluteError),
            _ => return Err(call.unknown(Self::NAMES)),
        };
        call.check(false)?;
        Ok(Self { text: call.text(), measure })
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

/// Prints as the measure itself does, so that the two are recognized as the same measure.
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
