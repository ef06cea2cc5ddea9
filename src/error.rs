//! Every way in which the crate refuses its input: one enum whose variants carry the values.

mod idx;

use std::fmt;
use std::path::PathBuf;

pub use idx::{IdxField, IdxProblem};

use crate::history::History;

/// What the crate's fallible functions return.
pub type Result<V> = std::result::Result<V, Error>;

/// Why the crate refused its input, or had to end a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A hyper-parameter lies outside its range.
    #[error("{name} {} is outside {allowed}: {why}", plain(*value))]
    Setting {
        /// The hyper-parameter, in the field's term.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The range that works.
        allowed: &'static str,
        /// What would go wrong outside it.
        why: &'static str,
    },

    /// A network needs an input and an output layer.
    #[error(
        "{found} layer size(s) given, at least 2 needed: the inputs and the outputs, such as 784, 30, 10"
    )]
    TooFewLayers {
        /// How many sizes were given.
        found: usize,
    },

    /// A layer without neurons passes nothing on.
    #[error("layer {layer} (the inputs are layer 0) has 0 neurons, at least 1 needed")]
    EmptyLayer {
        /// Which layer, counted from 0 for the inputs.
        layer: usize,
    },

    /// A layer that is larger than the machine has memory for.
    #[error(
        "layer {layer} (the inputs are layer 0) would have {n_outputs} × {n_inputs} weights, and there is no memory for them: choose smaller sizes"
    )]
    LayerTooLarge {
        /// Which layer, counted from 0 for the inputs.
        layer: usize,
        /// The neurons of the layer before.
        n_inputs: usize,
        /// Its own neurons.
        n_outputs: usize,
    },

    /// A data set without samples.
    #[error("{what} holds no samples, at least 1 needed")]
    Empty {
        /// Which data set.
        what: &'static str,
    },

    /// Two sizes that have to agree do not.
    #[error("{what}: {found} given, {expected} needed")]
    SizeMismatch {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there have to be.
        expected: usize,
    },

    /// A NaN or an infinity in the data.
    #[error(
        "{what} {index} of sample {sample} is {value}: only finite numbers can be learned from; repair or drop the sample"
    )]
    NonFiniteSample {
        /// `"input"` or `"target"`.
        what: &'static str,
        /// The sample, counted from 0.
        sample: usize,
        /// The row within the sample, counted from 0.
        index: usize,
        /// What was found there.
        value: f64,
    },

    /// A weight or a bias that is NaN or infinite.
    #[error(
        "{what} {index} of layer {layer} (the inputs are layer 0) is {value}: nothing can be computed with it; set it to a finite number"
    )]
    NonFiniteParameter {
        /// `"weight"` or `"bias"`.
        what: &'static str,
        /// Which layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// The element, counted from 0; weights in column order.
        index: usize,
        /// What was found there.
        value: f64,
    },

    /// A label that stands for no class.
    #[error(
        "the label of sample {sample} is {label}, but with {n_classes} classes it must be below {n_classes}"
    )]
    Label {
        /// The sample, counted from 0.
        sample: usize,
        /// Its label.
        label: u8,
        /// The number of classes.
        n_classes: usize,
    },

    /// A target that the cost function is not defined for.
    #[error("target {index} of sample {sample} is {value}, outside {allowed}: {why}")]
    Target {
        /// The sample, counted from 0.
        sample: usize,
        /// The output, counted from 0.
        index: usize,
        /// What was found there.
        value: f64,
        /// What the cost is defined for.
        allowed: &'static str,
        /// Why it is so.
        why: &'static str,
    },

    /// A rule reads the validation scores, and there are none.
    #[error(
        "{rule} reads the validation scores: pass validation data to `fit`, or choose a rule that needs none"
    )]
    NeedsValidation {
        /// The rule, as it prints itself.
        rule: String,
    },

    /// A rule reads the accuracy on the training data, and it is not measured.
    #[error("{rule} reads the training accuracy: ask for it with `monitor_training(true)`")]
    NeedsTrainingScores {
        /// The rule, as it prints itself.
        rule: String,
    },

    /// The cost is no longer a finite number. The network holds the best parameters that were kept.
    #[error(
        "the training cost became {cost} in epoch {epoch} at learning rate {}: the run diverged; lower the learning rate or scale the data (the network is left at the parameters of epoch {kept}, 0 being the initial ones)",
        plain(*learning_rate)
    )]
    Diverged {
        /// The epoch, counted from 1, in which it happened.
        epoch: usize,
        /// η in that epoch.
        learning_rate: f64,
        /// The cost: NaN or an infinity.
        cost: f64,
        /// The epoch whose parameters the network holds; 0 for the initial ones.
        kept: usize,
        /// What was recorded before.
        history: Box<History>,
    },

    /// A file or stream could not be read as the IDX data that was asked for.
    #[error("{}: {field}, byte {offset}: {problem}", path.display())]
    Idx {
        /// The file, or the name that the caller gave to the stream.
        path: PathBuf,
        /// The first byte that is wrong or missing, counted from 0 in the **decompressed** stream.
        offset: u64,
        /// The part of the format to which that byte belongs.
        field: IdxField,
        /// What is wrong with it.
        problem: IdxProblem,
    },

    /// A source of samples of the user's own failed to deliver.
    #[error("the samples of epoch {epoch} could not be gathered: {source}")]
    Samples {
        /// The epoch, counted from 1.
        epoch: u64,
        /// What the source reports.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The machine gave no threads.
    #[error("{threads} threads could not be started: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system says.
        reason: String,
    },

    /// A component was asked for by a name that does not exist.
    #[error("{kind} = `{found}`: there is none of this name; choose one of: {known}")]
    UnknownName {
        /// The kind of component, such as `"activation"`.
        kind: &'static str,
        /// The name that was given.
        found: String,
        /// The names that exist.
        known: String,
    },

    /// A component was asked for by a name whose parameters cannot be read.
    #[error("{kind} = `{text}`: {problem}; write it as name or as name(parameter=value, …)")]
    MalformedName {
        /// The kind of component, such as `"activation"`.
        kind: &'static str,
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A plug-in breaks a law of its trait; see [`check`](crate::check).
    #[error("{subject} breaks a law: {law}; not so for {at}{}", deviation.map(|d| d.to_string()).unwrap_or_default())]
    Law {
        /// The plug-in, as it prints itself.
        subject: String,
        /// The law.
        law: &'static str,
        /// Where it was broken.
        at: String,
        /// By how much, if the law is about a number.
        deviation: Option<Deviation>,
    },
}

/// A number that is not what a law wants; see [`check`](crate::check).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// What the plug-in gives.
    pub found: f64,
    /// What the law wants.
    pub wanted: f64,
    /// The difference that rounding explains.
    pub tolerance: f64,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, wanted, tolerance } = *self;
        let text = |v: f64| if v.abs() < 1e6 { format!("{v:.8}") } else { format!("{v:.8e}") };
        write!(f, ": it gives {}, the law wants {}", text(found), text(wanted))?;
        write!(f, ", off by {:.1e} where {tolerance:.1e} is allowed", (found - wanted).abs())
    }
}

/// A number without rows of zeros: 10, 0.5, 1e-300.
pub(crate) fn plain(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size.is_finite() && !(1e-4..1e7).contains(&size) {
        return format!("{value:e}");
    }
    value.to_string()
}

/// Refuses a hyper-parameter that is NaN or fails `ok`.
pub(crate) fn check_setting(
    name: &'static str,
    value: f64,
    ok: bool,
    allowed: &'static str,
    why: &'static str,
) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::Setting { name, value, allowed, why }) }
}

/// Refuses a count of 0.
pub(crate) fn check_nonzero(name: &'static str, count: usize, why: &'static str) -> Result<()> {
    check_setting(name, count as f64, count > 0, "[1, ∞)", why)
}
