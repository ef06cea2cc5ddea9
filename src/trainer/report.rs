//! The result of a training run.

use std::fmt;

use super::snapshot::Keep;
use super::{Run, Warning};
use crate::history::{EpochRecord, History, Metric};
use crate::real::Real;
use crate::stopping::StopReason;
use crate::wrap::wrap;

/// The columns before the texts of a printed report.
const MARGIN: usize = 12;

/// How a run went: its history, why it stopped, and which parameters the network was left with.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (training, validation) = Dataset::<f32>::synthetic_digits(120, 1)?.split_at(100)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(3)?);
/// let report = trainer.fit(&mut network, &training, Some(&validation))?;
/// assert_eq!(report.stop_reason, StopReason::MaxEpochs { epochs: 3 });
/// let best = report.history.best(&Metric::validation(Accuracy)).unwrap().1;
/// assert_eq!(report.kept().unwrap().validation.as_ref().unwrap().accuracy(), best);
/// assert!(report.to_string().starts_with("stopped     after epoch 3: all 3 epochs done"));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report<T> {
    /// The records of all epochs.
    pub history: History,
    /// Why the run ended.
    pub stop_reason: StopReason,
    /// The epoch whose parameters the network holds; 0 for the initial ones.
    pub kept_epoch: usize,
    /// The run as it ended, with the parameters of its last step, to [resume](super::Trainer::resume).
    pub run: Run<T>,
    /// Likely mistakes, such as inputs that are not scaled.
    pub warnings: Vec<Warning>,
    kept_for: String,
}

impl<T: Real> Report<T> {
    pub(super) fn new(run: Run<T>, stop_reason: StopReason, keep: &Keep, warnings: Vec<Warning>) -> Self {
        let kept_for = match keep {
            Keep::Best(metric) => best(&run.history, metric, run.kept_epoch),
            Keep::Last => "the last".to_owned(),
        };
        let (history, kept_epoch) = (run.history.clone(), run.kept_epoch);
        Self { history, stop_reason, kept_epoch, run, warnings, kept_for }
    }

    /// The record of the epoch whose parameters the network holds; `None` for the initial ones.
    pub fn kept(&self) -> Option<&EpochRecord> {
        self.kept_epoch.checked_sub(1).and_then(|index| self.history.epochs().get(index))
    }

    /// Wall-clock seconds of all training steps, without evaluation.
    pub fn seconds(&self) -> f64 {
        self.history.epochs().iter().map(|record| record.seconds).sum()
    }
}

impl<T: Real> fmt::Display for Report<T> {
    /// Why the run stopped, the kept epoch with its scores, the time, and the warnings, in lines of at most 80 columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epochs = self.history.len();
        let wrapped = |text: String| wrap(text.split_whitespace(), MARGIN);
        writeln!(f, "stopped     {}", wrapped(format!("after epoch {epochs}: {}", self.stop_reason)))?;
        writeln!(f, "parameters  {}", wrapped(format!("of epoch {} ({})", self.kept_epoch, self.kept_for)))?;
        if let Some(record) = self.kept() {
            writeln!(f, "{:MARGIN$}{}", "", record.measured(MARGIN))?;
        }
        let (all, mean) = (time(self.seconds()), time(self.seconds() / epochs.max(1) as f64));
        write!(f, "time        {all} of training steps, {mean} per epoch")?;
        self.warnings
            .iter()
            .try_for_each(|warning| write!(f, "\nwarning     {}", wrapped(warning.to_string())))
    }
}

/// Describes why epoch `kept` is the best by `metric`, of those that are equally good.
fn best(history: &History, metric: &Metric, kept: usize) -> String {
    let name = history.name_of(metric);
    let value = history.values(metric).find(|(epoch, _)| *epoch == kept).map(|(_, value)| value);
    let ties = history.values(metric).filter(|(_, other)| Some(*other) == value).count();
    match ties {
        0 | 1 => format!("best {name}"),
        _ if name.ends_with(" cost") => format!("best {name}, the first of {ties} epochs with it"),
        _ => format!("best {name}, the lowest cost of {ties} epochs with it"),
    }
}

/// Writes a time in seconds, or in milliseconds or microseconds if it is short.
fn time(seconds: f64) -> String {
    match seconds {
        long if long >= 1.0 => format!("{long:.2} s"),
        short if short >= 1e-3 => format!("{:.2} ms", 1e3 * short),
        _ => format!("{:.2} µs", 1e6 * seconds),
    }
}
