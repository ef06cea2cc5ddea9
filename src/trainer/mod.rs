//! The trainer, which combines a cost, an optimizer, a regularizer, a schedule and a stopping rule.

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

/// Trains a network: a builder for the components, with [`fit`](Self::fit), which trains for many epochs, and
/// [`learner`](Self::learner), which makes single steps.
///
/// | setting | default |
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
/// | [`threads`](Self::threads) | one per core; on a rayon worker only the caller's |
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
/// let softmax = Softmax::default();
/// let mut network = Network::new(&[784, 20, 10], Sigmoid, softmax, &ScaledGaussian, 42)?;
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

/// All of a trainer except the cost, which depends on the type of the output layer.
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
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let report = Trainer::new(CrossEntropy).fit(&mut network, &data, None)?;
    /// assert_eq!(report.stop_reason, StopReason::MaxEpochs { epochs: 30 }); // the default
    /// # Ok::<(), gradus::Error>(())
    /// ```
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

    /// Sets the optimizer, which turns gradients into steps. If it keeps an [average](Optimizer::average_slot) of the
    /// parameters, the network is evaluated with the average and left with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).optimizer(Adam::default());
    /// let report = trainer.stop(MaxEpochs::new(1)?).fit(&mut network, &data, None)?;
    /// assert_eq!(report.history.last().unwrap().learning_rate, 0.01); // Adam's for 10 steps
    /// assert_eq!(report.run.slots.len(), 2); // its state: two means for each parameter
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn optimizer(mut self, optimizer: impl Optimizer<T> + 'static) -> Self {
        self.parts.optimizer = Arc::new(optimizer);
        self
    }

    /// Adds the penalty of `regularizer` to the cost.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).regularizer(L2::new(0.1)?);
    /// let report = trainer.stop(MaxEpochs::new(1)?).fit(&mut network, &data, None)?;
    /// let record = report.history.last().unwrap();
    /// assert!(record.penalty > 0.0); // 1/n Ω(w), which is not part of `running_cost`
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn regularizer(mut self, regularizer: impl Regularizer<T> + 'static) -> Self {
        self.parts.regularizer = Arc::new(regularizer);
        self
    }

    /// Leaves out neurons at random in each training step.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let sizes = [784, 20, 10];
    /// let mut network = Network::new(&sizes, Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// // Leaves out hidden neurons with probability ½, and no inputs.
    /// let trainer = Trainer::new(CrossEntropy).dropout(Dropout::new(0.0, 0.5)?);
    /// trainer.stop(MaxEpochs::new(2)?).fit(&mut network, &data, None)?;
    /// assert_eq!(network.sizes(), sizes); // predictions use all neurons
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn dropout(mut self, dropout: Dropout) -> Self {
        self.parts.dropout = Some(dropout);
        self
    }

    /// Takes the learning rate of each epoch from `schedule`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).schedule(StepDecay::new(0.5, 1, 0.5)?);
    /// let report = trainer.stop(MaxEpochs::new(3)?).fit(&mut network, &data, None)?;
    /// let rates = report.history.epochs().iter().map(|record| record.learning_rate);
    /// assert_eq!(rates.collect::<Vec<_>>(), [0.5, 0.25, 0.125]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn schedule(mut self, schedule: impl LrSchedule + 'static) -> Self {
        self.parts.schedule = Some(Arc::new(schedule));
        self
    }

    /// Stops when `rule` says so.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let (training, validation) = Dataset::<f32>::synthetic_digits(120, 1)?.split_at(100)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let rule = NoImprovement::new(10)?.or(MaxEpochs::new(3)?);
    /// let trainer = Trainer::new(CrossEntropy).stop(rule);
    /// let report = trainer.fit(&mut network, &training, Some(&validation))?;
    /// assert_eq!(report.stop_reason, StopReason::MaxEpochs { epochs: 3 });
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn stop(mut self, rule: impl StoppingRule + 'static) -> Self {
        self.parts.stop = Some(Arc::new(rule));
        self
    }

    /// Stops after the first epoch that ends later than `budget` after the beginning of the run, or of its resumption.
    ///
    /// The run exceeds the budget by one epoch at most, and has at least one epoch. The budget is not a
    /// [`StoppingRule`], which stops after the same epoch on every machine: the number of epochs in a budget is not
    /// reproducible, but their steps are, and a resumed run is bitwise identical to one that was never stopped. On
    /// `wasm32-unknown-unknown`, which has no clock, no budget is ever used up.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    /// use std::time::Duration;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let softmax = Softmax::default();
    /// let mut network = Network::new(&[784, 10, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(LogLikelihood).time_budget(Duration::from_nanos(1));
    /// let report = trainer.fit(&mut network, &data, None)?;
    /// assert_eq!(report.history.len(), 1);
    /// assert_eq!(report.stop_reason, StopReason::TimeBudget { seconds: 1e-9 });
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn time_budget(mut self, budget: Duration) -> Self {
        self.parts.time_budget = Some(budget);
        self
    }

    /// Notifies `observer` of the progress of each run. May be called for several observers.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use gradus::prelude::*;
    /// use gradus::watch::{CsvLog, each_epoch};
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.csv");
    /// let trainer = Trainer::new(CrossEntropy)
    ///     .stop(MaxEpochs::new(2)?)
    ///     .observe(CsvLog::new(&path)?)
    ///     .observe(each_epoch(|running| {
    ///         println!("epoch {} of the run has ended", running.epoch);
    ///         ControlFlow::Continue(())
    ///     }));
    /// trainer.fit(&mut network, &data, None)?;
    /// assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3); // with a header
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn observe(mut self, observer: impl Observer<T> + 'static) -> Self {
        self.parts.observers.push(Arc::new(observer));
        self
    }

    /// Saves the run to the file at `path`, to [resume](Self::resume) it from there after an interruption.
    ///
    /// The file is written as often as `every` says, and at the end of the run unless an error ended it. It is replaced
    /// atomically: the previous checkpoint stays complete until the new one is on the disk; see [`Run::save`].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.safetensors");
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let softmax = Softmax::default();
    /// let mut network = Network::new(&[784, 10, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
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
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    /// use gradus::trainer::Checkpoint;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let checkpoint = Checkpoint::new("no such folder/run.safetensors", Every::Epochs(5));
    /// let trainer = Trainer::new(CrossEntropy).checkpoint_with(checkpoint);
    /// let error = trainer.fit(&mut network, &data, None).unwrap_err(); // before the first step
    /// assert!(matches!(error, gradus::Error::File { .. }));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn checkpoint_with(mut self, checkpoint: Checkpoint) -> Self {
        self.parts.checkpoint = Some(checkpoint);
        self
    }

    /// Sets the number m of examples per step. A partial last mini-batch divides by its own size. An optimizer that
    /// searches, such as [`Lbfgs`](crate::optimizer::Lbfgs), uses all examples in each step.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).mini_batch(32).stop(MaxEpochs::new(1)?);
    /// let report = trainer.fit(&mut network, &data, None)?;
    /// assert_eq!(report.run.t, 4); // steps: of 32, 32, 32 and 4 examples
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn mini_batch(mut self, m: usize) -> Self {
        self.parts.mini_batch = m;
        self
    }

    /// Cuts each mini-batch at fixed places into `leaves` leaves, a power of two, 1 by default. The gradient of each
    /// leaf is summed by itself; the sums of the leaves are then added in pairs, those of the pairs in pairs, and so
    /// on.
    ///
    /// The number of leaves changes the rounding of a run. Runs with the same number of leaves are bitwise identical on
    /// any number of ranks up to that number.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f64>::synthetic_digits(100, 1)?;
    /// let train = |leaves| {
    ///     let softmax = Softmax::default();
    ///     let mut network = Network::new(&[784, 10, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
    ///     let trainer = Trainer::new(LogLikelihood).leaves(leaves).stop(MaxEpochs::new(1)?);
    ///     trainer.fit(&mut network, &data, None)?;
    ///     gradus::Result::Ok(network.output().weights[0])
    /// };
    /// assert!((train(1)? - train(4)?).abs() < 1e-12); // rounded in other places
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn leaves(mut self, leaves: usize) -> Self {
        self.parts.leaves = leaves;
        self
    }

    /// Trains together with other ranks: processes that each compute some of the [leaves](Self::leaves). See
    /// [`ranks`](crate::ranks).
    ///
    /// All ranks make the same calls with the same settings and data, which is checked before the first step. All end
    /// with the same network, report and error. Rank 0 alone calls observers, writes checkpoints and reads the clock. A
    /// run that was saved with one number of ranks can be resumed with another. The number of ranks has to be a power
    /// of two, and at most the number of leaves.
    ///
    /// If a rank fails, every rank returns an error within seconds: the failed one its own, and the others
    /// [`Error::Rank`](crate::Error::Rank) with its number and its reason.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    /// use gradus::ranks::Threads;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let mut same = network.clone();
    /// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(1)?);
    /// trainer.fit(&mut network, &data, None)?;
    ///
    /// // With the feature `mpi` a rank is a process, `Mpi::start()?`. This one is alone.
    /// let [rank] = Threads::group(1).try_into().unwrap();
    /// trainer.ranks(rank).fit(&mut same, &data, None)?;
    /// assert_eq!(network, same);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn ranks(mut self, communicator: impl Communicator + 'static) -> Self {
        self.parts.ranks = Some(Arc::new(communicator));
        self
    }

    /// Sets how long to wait for the answer of another rank before it counts as lost, 30 seconds by default. It has to
    /// exceed the time of a checkpoint, and of anything else that one rank does while the others wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use gradus::prelude::*;
    /// use gradus::ranks::Threads;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let [rank, _silent] = Threads::group(2).try_into().unwrap();
    /// let trainer = Trainer::new(CrossEntropy).leaves(2).ranks(rank);
    /// let trainer = trainer.patience(Duration::from_millis(100));
    /// let error = trainer.fit(&mut network, &data, None).unwrap_err();
    /// assert!(error.to_string().starts_with("rank 1"), "{error}");
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn patience(mut self, patience: Duration) -> Self {
        self.parts.patience = patience;
        self
    }

    /// Sets the seed, from which the order of the samples in each epoch and the masks of dropout are derived.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let train = |seed| {
    ///     let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    ///     let trainer = Trainer::new(CrossEntropy).seed(seed).stop(MaxEpochs::new(1)?);
    ///     trainer.fit(&mut network, &data, None)?;
    ///     gradus::Result::Ok(network)
    /// };
    /// assert_eq!(train(1)?, train(1)?);
    /// assert_ne!(train(1)?, train(2)?);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.parts.seed = seed;
        self
    }

    /// Sets the maximum number of threads for large products; the number of cores is a further limit. With 1, the run
    /// starts no thread. The result does not depend on the number of threads.
    ///
    /// The default is one thread per core; on a rayon worker, whose pool uses the cores already, it is the caller's
    /// thread alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let train = |threads| {
    ///     let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    ///     let trainer = Trainer::new(CrossEntropy).threads(threads).stop(MaxEpochs::new(1)?);
    ///     trainer.fit(&mut network, &data, None)?;
    ///     gradus::Result::Ok(network)
    /// };
    /// assert_eq!(train(1)?, train(2)?); // bitwise identical
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn threads(mut self, threads: usize) -> Self {
        self.parts.threads = Some(threads);
        self
    }

    /// Also records `measure` after each epoch, on the validation data, and on the training data if they are evaluated.
    /// Always recorded are the cost, the measure that fits the [task](crate::data::Task) (accuracy for classes and
    /// labels, R² for regression), and what a rule, the schedule or [`keep_best`](Self::keep_best) names. May be called
    /// for several measures.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let (training, validation) = Dataset::<f32>::synthetic_digits(120, 1)?.split_at(100)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).measure(TopK::new(3)?).stop(MaxEpochs::new(2)?);
    /// let report = trainer.fit(&mut network, &training, Some(&validation))?;
    /// let scores = report.kept().unwrap().validation.as_ref().unwrap();
    /// assert!(scores.get("top-3 accuracy").unwrap() >= scores.accuracy());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn measure(mut self, measure: impl Measure + 'static) -> Self {
        self.parts.measures.push(Arc::new(measure));
        self
    }

    /// Also evaluates the training data after each epoch, which takes about a third of the time of learning from them.
    /// They are also evaluated if a rule, the schedule or [`keep_best`](Self::keep_best) names a metric of theirs.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).monitor_training(true).stop(MaxEpochs::new(2)?);
    /// let report = trainer.fit(&mut network, &data, None)?;
    /// let scores = report.history.last().unwrap().training.as_ref().unwrap();
    /// assert!((0.0..=1.0).contains(&scores.accuracy()));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn monitor_training(mut self, yes: bool) -> Self {
        self.parts.monitor_training = yes;
        self
    }

    /// Leaves the network with the parameters of the best epoch by `metric`; of equally good epochs, that of the lowest
    /// cost on the same data.
    ///
    /// The default with validation data is [`Metric::default()`]: by the validation accuracy for classes and labels, by
    /// the validation cost for regression. Without validation data the last epoch is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let (training, validation) = Dataset::<f32>::synthetic_digits(120, 1)?.split_at(100)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let cost = Metric::validation_cost();
    /// let trainer = Trainer::new(CrossEntropy).keep_best(cost.clone()).stop(MaxEpochs::new(5)?);
    /// let report = trainer.fit(&mut network, &training, Some(&validation))?;
    /// assert_eq!(report.kept_epoch, report.history.best(&cost).unwrap().0);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn keep_best(mut self, metric: Metric) -> Self {
        self.parts.keep = Some(Keep::Best(metric));
        self
    }

    /// Leaves the network with the parameters of the last epoch.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let (training, validation) = Dataset::<f32>::synthetic_digits(120, 1)?.split_at(100)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).keep_last().stop(MaxEpochs::new(5)?);
    /// let report = trainer.fit(&mut network, &training, Some(&validation))?;
    /// assert_eq!(report.kept_epoch, 5);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn keep_last(mut self) -> Self {
        self.parts.keep = Some(Keep::Last);
        self
    }
}
