//! The crate's error: one enum whose variants carry the values.

mod download;
mod idx;
mod image;
mod interruption;
mod law;
mod memory;
mod onnx;
mod persist;
mod rank;
mod setting;
mod split;
mod stream;
mod table;
mod text;

use std::path::PathBuf;

pub use download::DownloadProblem;
pub use idx::{IdxField, IdxProblem};
pub use image::ImageProblem;
pub use interruption::Interruption;
pub use law::Deviation;
pub use memory::MemoryProblem;
pub use onnx::OnnxProblem;
pub use persist::FileProblem;
pub use rank::{RankError, RankProblem};
pub use split::SplitProblem;
pub use stream::{StreamError, StreamProblem};
pub use table::{TableError, TableProblem};

pub(crate) use setting::{PATIENCE, check_nonzero, check_setting};
pub(crate) use text::plain;

use crate::data::Task;

/// The result of the crate's fallible functions.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// fn train(data: &Dataset<f32>) -> gradus::Result<f64> {
///     let sizes = [data.n_inputs(), data.n_outputs()];
///     let mut network = Network::new(&sizes, Tanh, Softmax::default(), &ByActivation, 1)?;
///     Trainer::new(LogLikelihood).stop(MaxEpochs::new(3)?).fit(&mut network, data, None)?;
///     Ok(evaluate(&network, &LogLikelihood, data)?.scores.accuracy())
/// }
/// assert!(train(&Dataset::synthetic_digits(200, 1)?)? > 0.5);
/// # Ok::<(), gradus::Error>(())
/// ```
pub type Result<V> = std::result::Result<V, Error>;

/// The reason why the crate rejected its input or ended a run.
///
/// `Debug` writes the same message as `Display`, so that a `main` that returns an error shows the message, not the
/// fields.
///
/// # Examples
///
/// ```
/// use gradus::Error;
/// use gradus::prelude::*;
///
/// match Momentum::new(1.2) {
///     Err(Error::Setting { name, value, allowed, .. }) => {
///         assert_eq!((value, allowed), (1.2, "[0, 1)"));
///         println!("{name}");
///     }
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A hyper-parameter lies outside its range.
    #[error("{name} = {} is outside {allowed}: {why}", plain(*value))]
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

    /// A layer has no neurons.
    #[error("layer {layer} (the inputs are layer 0) has 0 neurons, at least 1 needed")]
    EmptyLayer {
        /// Which layer, counted from 0 for the inputs.
        layer: usize,
    },

    /// The requested memory is not available.
    #[error(transparent)]
    Memory(MemoryProblem),

    /// A data set without samples.
    #[error("{what} is empty; give it at least 1 sample")]
    Empty {
        /// Which data set.
        what: &'static str,
    },

    /// Samples without inputs or targets.
    #[error("{what} has 0 rows: each sample needs at least one {value}")]
    NoRows {
        /// `"x"` or `"y"`.
        what: &'static str,
        /// `"input"` or `"target"`.
        value: &'static str,
    },

    /// A layer that does not fit the one before it.
    #[error(
        "layer {layer} has {found} inputs, but the layer before has {expected} outputs: its weights have to be n_out × {expected}"
    )]
    LayerMismatch {
        /// Which layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// How many inputs it has.
        found: usize,
        /// How many outputs the layer before has.
        expected: usize,
    },

    /// Two sizes differ that have to be equal.
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
    #[error("{what} {index} of sample {sample} is {value}: {}", text::non_finite(what))]
    NonFiniteSample {
        /// `"input"` or `"target"`, or `"output"` of a network.
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

    /// Matrices whose rows, not columns, seem to be the examples.
    #[error(fmt = text::transposed)]
    Transposed {
        /// `"x"`, `"y"` or `"x and y"`.
        what: &'static str,
        /// Rows and columns of the inputs.
        x: (usize, usize),
        /// Rows and columns of the targets; labels are a single row.
        y: (usize, usize),
    },

    /// A label that belongs to no class.
    #[error(fmt = text::label)]
    Label {
        /// The sample, counted from 0.
        sample: usize,
        /// Its label, or the nearest that an `i64` can hold.
        label: i64,
        /// The smallest label in the data.
        smallest: i64,
        /// The number of classes.
        n_classes: usize,
    },

    /// A table, or a row of one, could not be read as described.
    #[error(transparent)]
    Table(Box<TableError>),

    /// A model without the columns of a table was asked for the prediction of a row of text.
    #[error(
        "the model does not know the columns of its table, so that it cannot read rows of text: add them by `Meaning::with_columns(table.columns)` before it is saved, or pass numbers to `predict`"
    )]
    NoColumns,

    /// An image, or a directory of images, could not be read.
    #[error("{}: {problem}", path.display())]
    Image {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        problem: ImageProblem,
    },

    /// A file could not be downloaded.
    #[error(fmt = text::download)]
    Download {
        /// Where the file was to be written.
        path: PathBuf,
        /// The addresses that were tried, each with its problem.
        attempts: Vec<(String, DownloadProblem)>,
    },

    /// Class labels cannot be scaled.
    #[error("the targets are class labels, which are not scaled: scale the inputs only")]
    ScaledClasses,

    /// A column has no usable center or width for scaling.
    #[error(fmt = text::no_scale)]
    NoScale {
        /// `"input"`, `"target"`, or `"row"` of a scaler from a file.
        what: &'static str,
        /// Which of them, counted from 0.
        index: usize,
        /// The center c.
        center: f64,
        /// The width s.
        width: f64,
    },

    /// A data set cannot be split as requested.
    #[error(transparent)]
    Split(SplitProblem),

    /// All samples are of one class, so that there is nothing to learn.
    #[error(
        "all {samples} samples are of the class `{class}`: with one class there is nothing to learn; give samples of two classes at least"
    )]
    OneClass {
        /// The name of the class.
        class: String,
        /// The number of samples.
        samples: usize,
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
        /// The targets for which the cost is defined.
        allowed: &'static str,
        /// Why the cost is not defined for others.
        why: &'static str,
    },

    /// A rule reads the validation scores, and there are none.
    #[error(
        "{rule} reads the {metric}, but there are no validation data: pass some to `fit`, or monitor Metric::training_cost()"
    )]
    NeedsValidation {
        /// The rule, as it prints itself.
        rule: String,
        /// The metric that it reads.
        metric: String,
    },

    /// A measure that is not defined for the task.
    #[error("{measure} is not defined for {task}: {why}")]
    Measure {
        /// The name of the measure.
        measure: String,
        /// The task: what the targets mean.
        task: Task,
        /// Why it is not defined, and what to use instead.
        why: String,
    },

    /// Two measures of a run have the same name.
    #[error("two measures are called {name}: values are recorded by name; give one of them another name")]
    SameName {
        /// The name.
        name: String,
    },

    /// An optimizer that evaluates the cost several times per step was combined with an incompatible setting.
    #[error("{optimizer} cannot be used in this way: {why}")]
    Search {
        /// The optimizer, as it prints itself.
        optimizer: String,
        /// The incompatible setting, and what to do.
        why: &'static str,
    },

    /// A range test has found no learning rate.
    #[error("no learning rate from {} to {} was found: {why}", plain(*from), plain(*to))]
    NoRate {
        /// The first rate of the range.
        from: f64,
        /// The last one.
        to: f64,
        /// How the costs behaved.
        why: &'static str,
    },

    /// A quantity of a training step is NaN or infinite.
    #[error(fmt = text::diverged)]
    Diverged {
        /// `"weighted input z"`, `"cost"`, `"error δ"` or `"parameter"`.
        quantity: &'static str,
        /// The layer, counted from 1 for the first after the inputs, if the quantity belongs to one.
        layer: Option<usize>,
        /// The first sample of the mini-batch with such a value, if the quantity belongs to a sample.
        sample: Option<usize>,
        /// NaN or an infinity.
        value: f64,
        /// η of the step.
        learning_rate: f64,
        /// Whether the penalty alone moves the weights beyond 0: its step is longer than the weights themselves.
        penalty: bool,
    },

    /// A run that had begun could not continue. The network holds the parameters that were kept so far.
    #[error(transparent)]
    Interrupted(Box<Interruption>),

    /// A custom component panicked. Only observers receive this error; the panic itself reaches the caller.
    #[error("a component panicked after {epochs} whole epoch(s): {message}")]
    Panicked {
        /// The epochs that have ended.
        epochs: usize,
        /// The text of the panic.
        message: String,
    },

    /// A run is to be resumed with a setting that determines its steps and differs from the one it was begun with.
    #[error(
        "the run was begun with {name} = {before}, and cannot go on with {name} = {now}: use the same settings, or begin a new run"
    )]
    OtherSettings {
        /// The setting.
        name: String,
        /// Its value now.
        now: String,
        /// Its value when the run was begun.
        before: String,
    },

    /// A file or stream could not be read as the requested IDX data.
    #[error("{}{}: {problem}", path.display(), idx::place(*field, *offset))]
    Idx {
        /// The file, or the name that the caller gave to the stream.
        path: PathBuf,
        /// The first byte that is wrong or missing, counted from 0 in the **decompressed** data.
        offset: u64,
        /// The part of the format to which that byte belongs.
        field: IdxField,
        /// What is wrong with it.
        problem: IdxProblem,
    },

    /// A file of samples could not be read or written.
    #[error(transparent)]
    Stream(Box<StreamError>),

    /// A model, a checkpoint or a file of `network2.py` could not be read or written.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file, or `<bytes>` if the data are in memory.
        path: PathBuf,
        /// What is wrong.
        problem: FileProblem,
    },

    /// A custom source of samples failed.
    #[error("the samples of epoch {epoch} could not be gathered: {source}")]
    Samples {
        /// The epoch, counted from 1.
        epoch: u64,
        /// What the source reports.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// Ranks cannot continue to train together.
    #[error(transparent)]
    Rank(RankError),

    /// MPI is not available, or lacks a needed capability.
    #[error("MPI cannot be used: {reason}")]
    Mpi {
        /// What is missing.
        reason: &'static str,
    },

    /// Threads could not be started.
    #[error("{threads} threads could not be started: {reason}; lower `Trainer::threads`")]
    Threads {
        /// How many were requested.
        threads: usize,
        /// What the system says.
        reason: String,
    },

    /// No component has the given name.
    #[error("{kind} = `{found}`: there is none of this name; choose one of: {known}")]
    UnknownName {
        /// The kind of component, such as `"activation"`.
        kind: &'static str,
        /// The name that was given.
        found: String,
        /// The names that exist.
        known: String,
    },

    /// The parameters after the name of a component cannot be parsed.
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
    #[error("{subject} breaks a law: {law}; at {at}{}", deviation.map(|d| d.to_string()).unwrap_or_default())]
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
