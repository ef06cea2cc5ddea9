//! The trainer, which puts a cost, an optimizer, a regularizer, a schedule and a stopping rule together.

mod aftermath;
mod blocks;
mod checkpoint;
mod descent;
mod dropout;
mod epochs;
mod find_rate;
mod fingerprint;
mod fit;
mod learner;
mod leaves;
mod mini_batches;
mod observer;
mod order;
#[cfg(feature = "progress")]
mod progress_bar;
mod report;
mod run;
mod scoring;
mod search;
mod seen_classes;
mod snapshot;
mod survey;
mod telling;
mod together;
mod undo;
mod validate;
mod warning;
mod weights;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::history::Metric;
use crate::metrics::Measure;
use crate::optimizer::{Optimizer, Sgd};
use crate::ranks::{Communicator, PATIENCE};
use crate::real::Real;
use crate::regularizer::{NoRegularizer, Regularizer};
use crate::schedule::LrSchedule;
use crate::stopping::StoppingRule;
use snapshot::Keep;

pub use checkpoint::{Checkpoint, Every};
pub use dropout::Dropout;
pub use find_rate::{RatePoint, RateRange, RateTest};
pub use learner::Learner;
pub use observer::{Observer, Outcome};
#[cfg(feature = "progress")]
pub use progress_bar::ProgressBar;
pub use report::Report;
pub use run::{Run, Running, Settings};
pub use warning::Warning;

/// Trains a network: a builder that holds the parts, [`fit`](Self::fit), which runs them over epochs, and
/// [`learner`](Self::learner), which makes single steps.
///
/// | part | default |
/// |---|---|
/// | [`optimizer`](Self::optimizer) | [`Sgd`] |
/// | [`regularizer`](Self::regularizer) | [`NoRegularizer`] |
/// | [`dropout`](Self::dropout) | none |
/// | [`schedule`](Self::schedule) | [`Constant`](crate::schedule::Constant) with the optimizer's [own rate](Optimizer::default_rate_for): 0.5 for `Sgd` |
/// | [`stop`](Self::stop) | [`MaxEpochs`](crate::stopping::MaxEpochs) of 30 |
/// | [`time_budget`](Self::time_budget) | none |
/// | [`mini_batch`](Self::mini_batch) | 10 |
/// | [`leaves`](Self::leaves) | 1 |
/// | [`seed`](Self::seed) | 0 |
/// | [`threads`](Self::threads) | one for each core, in a rayon pool the caller's own |
///
/// Equal seeds give bitwise identical results, for any number of threads. A trainer is not changed by `fit`: a second
/// `fit` begins with fresh optimizer state and shuffles in the same order as the first.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (training, validation) = Dataset::<f32>::synthetic_digits(1200, 1)?.split_at(1000)?;
/// let mut network = Network::new(&[784, 20, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 42)?;
/// let report = Trainer::new(LogLikelihood)
///     .optimizer(Momentum::new(0.5)?)
///     .regularizer(L2::new(0.1)?)
///     .schedule(HalveOnPlateau::new(0.1, 5)?)
///     .stop(NoImprovement::new(10)?.or(MaxEpochs::new(10)?))
///     .mini_batch(10)
///     .seed(42)
///     .fit(&mut network, &training, Some(&validation))?;
/// assert!(report.kept().unwrap().validation.as_ref().unwrap().accuracy() > 0.6);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Trainer<T: Real, C> {
    cost: C,
    parts: Parts<T>,
}

/// All of a trainer but the cost, which depends on the type of the output layer.
#[derive(Debug, Clone)]
struct Parts<T: Real> {
    optimizer: Arc<dyn Optimizer<T>>,
    regularizer: Arc<dyn Regularizer<T>>,
    dropout: Option<Dropout>,
    schedule: Option<Arc<dyn LrSchedule>>,
    stop: Option<Arc<dyn StoppingRule>>,
    time_budget: Option<Duration>,
    observers: Vec<Arc<dyn Observer<T>>>,
    checkpoint: Option<Checkpoint>,
    mini_batch: usize,
    leaves: usize,
    ranks: Option<Arc<dyn Communicator>>,
    patience: Duration,
    seed: u64,
    threads: Option<usize>,
    monitor_training: bool,
    measures: Vec<Arc<dyn Measure>>,
    /// `None` if the user has not chosen; `fit` then takes the default.
    keep: Option<Keep>,
}

impl<T: Real, C> Trainer<T, C> {
    /// Creates a trainer that minimizes `cost`, with the defaults of the table above.
    pub fn new(cost: C) -> Self {
        let parts = Parts {
            optimizer: Arc::new(Sgd),
            regularizer: Arc::new(NoRegularizer),
            dropout: None,
            schedule: None,
            stop: None,
            time_budget: None,
            observers: Vec::new(),
            checkpoint: None,
            mini_batch: 10,
            leaves: 1,
            ranks: None,
            patience: PATIENCE,
            seed: 0,
            threads: None,
            monitor_training: false,
            measures: Vec::new(),
            keep: None,
        };
        Self { cost, parts }
    }

    /// Turns gradients into steps with `optimizer`. If it keeps an [average](Optimizer::average_slot) of the parameters, the
    /// network is evaluated and left with that.
    pub fn optimizer(mut self, optimizer: impl Optimizer<T> + 'static) -> Self {
        self.parts.optimizer = Arc::new(optimizer);
        self
    }

    /// Adds the penalty of `regularizer` to the cost.
    pub fn regularizer(mut self, regularizer: impl Regularizer<T> + 'static) -> Self {
        self.parts.regularizer = Arc::new(regularizer);
        self
    }

    /// Leaves out neurons at random in each training step.
    pub fn dropout(mut self, dropout: Dropout) -> Self {
        self.parts.dropout = Some(dropout);
        self
    }

    /// Takes the learning rate of each epoch from `schedule`.
    pub fn schedule(mut self, schedule: impl LrSchedule + 'static) -> Self {
        self.parts.schedule = Some(Arc::new(schedule));
        self
    }

    /// Stops when `rule` says so.
    pub fn stop(mut self, rule: impl StoppingRule + 'static) -> Self {
        self.parts.stop = Some(Arc::new(rule));
        self
    }

    /// Stops after the first epoch that ends later than `budget` after the beginning of the run, or of its resumption.
    ///
    /// The run lasts longer than the budget by one epoch at most, and has one epoch at least. It is no
    /// [`StoppingRule`], which acts at the same epoch on every machine: how many epochs fit in a budget is chance, though
    /// their steps are not, and a run that goes on is bitwise the one that was never stopped. On `wasm32-unknown-unknown`, which has
    /// no clock, no budget is ever used up.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    /// use std::time::Duration;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(LogLikelihood).time_budget(Duration::from_nanos(1));
    /// let report = trainer.fit(&mut network, &data, None)?;
    /// assert_eq!((report.history.len(), report.stop_reason), (1, StopReason::TimeBudget { seconds: 1e-9 }));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn time_budget(mut self, budget: Duration) -> Self {
        self.parts.time_budget = Some(budget);
        self
    }

    /// Notifies `observer` of the progress of each run. Several may observe.
    pub fn observe(mut self, observer: impl Observer<T> + 'static) -> Self {
        self.parts.observers.push(Arc::new(observer));
        self
    }

    /// Saves the run to the file at `path`, to [resume](Self::resume) it from there after an interruption.
    ///
    /// The file is written `every` so many epochs, steps or seconds, and at the end of the run unless an error ended it. It
    /// is replaced so that the previous checkpoint is there, whole, until the new one is; see [`Run::save`].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.safetensors");
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(LogLikelihood).checkpoint(&path, Every::Epochs(1));
    /// trainer.clone().stop(MaxEpochs::new(2)?).fit(&mut network, &data, None)?;
    ///
    /// let run = Run::load(&path)?;
    /// let report = trainer.stop(MaxEpochs::new(3)?).resume(run, &mut network, &data, None)?;
    /// assert_eq!(report.history.len(), 3);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn checkpoint(self, path: impl Into<PathBuf>, every: Every) -> Self {
        self.checkpoint_with(Checkpoint::new(path, every))
    }

    /// Saves the run as `checkpoint` says.
    pub fn checkpoint_with(mut self, checkpoint: Checkpoint) -> Self {
        self.parts.checkpoint = Some(checkpoint);
        self
    }

    /// Learns from `m` examples at a time. A partial last mini-batch divides by its own size. An optimizer that searches, such as
    /// [`Lbfgs`](crate::optimizer::Lbfgs), learns from all of them at a time.
    pub fn mini_batch(mut self, m: usize) -> Self {
        self.parts.mini_batch = m;
        self
    }

    /// Sums each mini-batch in `leaves` parts, a power of two, cut at fixed places: 1 by default. The sums of the parts are then
    /// added in pairs, those of the pairs in pairs, and so on.
    ///
    /// The bits of a run depend on it, and it is what they need not to depend on how many processes share the work: the
    /// same number of leaves gives the same bits on any number of ranks up to that number.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f64>::synthetic_digits(100, 1)?;
    /// let train = |leaves| {
    ///     let mut network = Network::new(&[784, 10, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    ///     Trainer::new(LogLikelihood).leaves(leaves).stop(MaxEpochs::new(1)?).fit(&mut network, &data, None)?;
    ///     gradus::Result::Ok(network.output().weights[0])
    /// };
    /// assert!((train(1)? - train(4)?).abs() < 1e-12); // rounded in other places
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn leaves(mut self, leaves: usize) -> Self {
        self.parts.leaves = leaves;
        self
    }

    /// Trains together with other ranks: processes, of which each computes some of the [leaves](Self::leaves). See
    /// [`ranks`](crate::ranks).
    ///
    /// All ranks make the same calls with the same settings and data, which is checked before the first step. All end with the
    /// same network, report and error. Rank 0 alone calls observers, writes checkpoints and looks at the clock. A run that was
    /// saved by any number of ranks goes on with any other. The number of ranks is a power of two, and at most that of the
    /// leaves.
    ///
    /// If a rank fails, every rank returns an error within seconds: the failed one its own, and the others
    /// [`Error::Rank`](crate::Error::Rank) with its number and its reason.
    pub fn ranks(mut self, communicator: impl Communicator + 'static) -> Self {
        self.parts.ranks = Some(Arc::new(communicator));
        self
    }

    /// Takes a rank for lost that does not answer for so long, 30 seconds by default: more than a checkpoint takes, or what else
    /// one rank does while the others wait.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.parts.patience = patience;
        self
    }

    /// Shuffles the samples of each epoch with a generator that belongs to (`seed`, epoch).
    pub fn seed(mut self, seed: u64) -> Self {
        self.parts.seed = seed;
        self
    }

    /// Lets at most `threads` threads work on large products, and never more than the machine has cores. With one, the
    /// run starts no thread. The result does not depend on it.
    ///
    /// By default there is one for each core, but in a rayon pool, whose threads use the cores already, only the caller's
    /// own.
    pub fn threads(mut self, threads: usize) -> Self {
        self.parts.threads = Some(threads);
        self
    }

    /// Measures and records `measure` too after each epoch, on the validation data, and on the training data where they
    /// are evaluated. The cost is always measured, and what fits the [task](crate::data::Task): the accuracy for classes
    /// and labels, R² for regression; so is what a rule, the schedule or [`keep_best`](Self::keep_best) names. May be
    /// called for several measures.
    pub fn measure(mut self, measure: impl Measure + 'static) -> Self {
        self.parts.measures.push(Arc::new(measure));
        self
    }

    /// Evaluates the training data too after each epoch, which takes about a third of the time of learning from them.
    /// They are also evaluated if a rule, the schedule or [`keep_best`](Self::keep_best) names a metric of theirs.
    pub fn monitor_training(mut self, yes: bool) -> Self {
        self.parts.monitor_training = yes;
        self
    }

    /// Leaves the network with the parameters of the best epoch by `metric`; of equally good epochs, that of the lowest
    /// cost on the same data.
    ///
    /// The default with validation data is [`Metric::default()`]: by the validation accuracy for classes and labels, by
    /// the validation cost for regression. Without validation data the last epoch is kept.
    pub fn keep_best(mut self, metric: Metric) -> Self {
        self.parts.keep = Some(Keep::Best(metric));
        self
    }

    /// Leaves the network with the parameters of the last epoch.
    pub fn keep_last(mut self) -> Self {
        self.parts.keep = Some(Keep::Last);
        self
    }
}
