//! The trainer, which puts a cost, an optimizer, a regularizer, a schedule and a stopping rule together.

mod descent;
mod epoch;
mod observer;
#[cfg(feature = "progress")]
mod progress_bar;
mod report;
mod scoring;
mod snapshot;
mod validate;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Samples;
use crate::error::{Error, Result};
use crate::history::{EpochRecord, History, Metric, Split};
use crate::metrics::Measure;
use crate::network::Network;
use crate::optimizer::{Optimizer, Sgd};
use crate::real::Real;
use crate::regularizer::{NoRegularizer, Regularizer};
use crate::schedule::{Constant, LrSchedule, Progress};
use crate::stopping::{MaxEpochs, StopReason, StoppingRule};
use crate::threads;
use epoch::Epochs;
use scoring::{EpochEvaluator, Plan};
use snapshot::{Keep, Snapshot};

pub use observer::{Observer, Step};
#[cfg(feature = "progress")]
pub use progress_bar::ProgressBar;
pub use report::Report;

/// Trains a network: a builder that holds the parts, and [`fit`](Self::fit), which runs them.
///
/// | part | default |
/// |---|---|
/// | [`optimizer`](Self::optimizer) | [`Sgd`] |
/// | [`regularizer`](Self::regularizer) | [`NoRegularizer`] |
/// | [`schedule`](Self::schedule) | [`Constant`] with η = 0.5 |
/// | [`stop`](Self::stop) | [`MaxEpochs`] of 30 |
/// | [`mini_batch`](Self::mini_batch) | 10 |
/// | [`seed`](Self::seed) | 0 |
/// | [`threads`](Self::threads) | as many as the machine has cores |
///
/// The same seed gives the same bits, for any number of threads.
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
#[derive(Debug)]
pub struct Trainer<C, O = Sgd, R = NoRegularizer> {
    cost: C,
    optimizer: O,
    regularizer: R,
    schedule: Option<Box<dyn LrSchedule>>,
    stop: Option<Box<dyn StoppingRule>>,
    observers: Vec<Box<dyn Observer>>,
    mini_batch: usize,
    seed: u64,
    threads: Option<usize>,
    monitor_training: bool,
    measures: Vec<Arc<dyn Measure>>,
    /// `None` if the user has not chosen; `fit` then takes the default.
    keep: Option<Keep>,
}

impl<C> Trainer<C> {
    /// A trainer that minimizes `cost`, its other parts as in the table above.
    pub fn new(cost: C) -> Self {
        Self {
            cost,
            optimizer: Sgd,
            regularizer: NoRegularizer,
            schedule: None,
            stop: None,
            observers: Vec::new(),
            mini_batch: 10,
            seed: 0,
            threads: None,
            monitor_training: false,
            measures: Vec::new(),
            keep: None,
        }
    }
}

impl<C, O, R> Trainer<C, O, R> {
    /// Turns gradients into steps with `optimizer`.
    pub fn optimizer<P>(self, optimizer: P) -> Trainer<C, P, R> {
        self.with(|_, regularizer| (optimizer, regularizer))
    }

    /// Adds the penalty of `regularizer` to the cost.
    pub fn regularizer<Q>(self, regularizer: Q) -> Trainer<C, O, Q> {
        self.with(|optimizer, _| (optimizer, regularizer))
    }

    /// The same trainer with other rules, which may be of other types.
    fn with<P, Q>(self, rules: impl FnOnce(O, R) -> (P, Q)) -> Trainer<C, P, Q> {
        let Self { cost, optimizer, regularizer, schedule, stop, observers, .. } = self;
        let Self { mini_batch, seed, threads, monitor_training, measures, keep, .. } = self;
        let (optimizer, regularizer) = rules(optimizer, regularizer);
        Trainer {
            cost,
            optimizer,
            regularizer,
            schedule,
            stop,
            observers,
            mini_batch,
            seed,
            threads,
            monitor_training,
            measures,
            keep,
        }
    }

    /// Takes the learning rate of each epoch from `schedule`.
    pub fn schedule(mut self, schedule: impl LrSchedule + 'static) -> Self {
        self.schedule = Some(Box::new(schedule));
        self
    }

    /// Stops when `rule` says so.
    pub fn stop(mut self, rule: impl StoppingRule + 'static) -> Self {
        self.stop = Some(Box::new(rule));
        self
    }

    /// Tells `observer` of the run's progress. Several may observe.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Learns from `m` examples at a time. A partial last mini-batch divides by its own size.
    pub fn mini_batch(mut self, m: usize) -> Self {
        self.mini_batch = m;
        self
    }

    /// Shuffles the samples of each epoch with a generator that belongs to (`seed`, epoch).
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Lets at most `threads` threads share the work of large products. The result does not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Measures and records `measure` too after each epoch, on the validation data, and on the training data where they
    /// are evaluated. The cost is always measured, and what fits the [task](crate::data::Task): the accuracy for classes
    /// and labels, R² for regression; so is what a rule, the schedule or [`keep_best`](Self::keep_best) names. May be
    /// called for several measures.
    pub fn measure(mut self, measure: impl Measure + 'static) -> Self {
        self.measures.push(Arc::new(measure));
        self
    }

    /// Evaluates the training data too after each epoch, which takes about a third of the time of learning from them.
    /// They are also evaluated if a rule, the schedule or [`keep_best`](Self::keep_best) names a metric of theirs.
    pub fn monitor_training(mut self, yes: bool) -> Self {
        self.monitor_training = yes;
        self
    }

    /// Leaves the network with the parameters of the best epoch by `metric`; of equally good epochs, that of the lowest
    /// cost on the same data.
    ///
    /// The default with validation data is [`Metric::default()`]: by the validation accuracy for classes and labels, by
    /// the validation cost for regression. Without validation data the last epoch is kept.
    pub fn keep_best(mut self, metric: Metric) -> Self {
        self.keep = Some(Keep::Best(metric));
        self
    }

    /// Leaves the network with the parameters of the last epoch.
    pub fn keep_last(mut self) -> Self {
        self.keep = Some(Keep::Last);
        self
    }

    /// Trains `network` on `training`, and scores it on `validation` after each epoch.
    ///
    /// Everything is checked before the first step; `network` is not touched if something cannot work.
    ///
    /// # Errors
    ///
    /// - [`Error::Setting`] for a mini-batch of 0, a number of threads of 0 or above 1024, or a learning rate that is not
    ///   positive and finite in the precision of the network;
    /// - [`Error::EmptyLayer`], [`Error::SizeMismatch`] and [`Error::NonFiniteParameter`] for a network whose layers were changed so that
    ///   they do not fit each other or hold a NaN or an infinity;
    /// - [`Error::Empty`], [`Error::SizeMismatch`], [`Error::NonFiniteSample`] and [`Error::Target`] for data that do not fit the
    ///   network or the cost;
    /// - [`Error::NeedsValidation`] for a rule that reads validation scores if there are no validation data;
    /// - [`Error::Measure`] for a measure that is not defined for what the targets mean, and [`Error::SameName`] for two
    ///   that share a name;
    /// - [`Error::Diverged`] if the cost or a parameter becomes NaN or infinite on the way: the network is then left with
    ///   the best parameters so far, and the error holds the history;
    /// - [`Error::Samples`] and the like, as the data report them.
    pub fn fit<T, H, A>(
        mut self,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<Report>
    where
        T: Real,
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
        O: Optimizer<T>,
        R: Regularizer<T>,
    {
        let schedule = match self.schedule.take() {
            Some(schedule) => schedule,
            None => Box::new(Constant::new(0.5)?),
        };
        let stop = match self.stop.take() {
            Some(stop) => stop,
            None => Box::new(MaxEpochs::new(30)?),
        };
        let usual = if validation.is_some() { Keep::Best(Metric::default()) } else { Keep::Last };
        self.keep.get_or_insert(usual);
        let metrics = self.check_settings(&*schedule, &*stop, validation.is_some())?;
        let task = self.check_data(network, training, validation)?;
        let plan = Plan::new((task, network.n_outputs()), &metrics, &self.measures, self.monitor_training)?;
        let largest = network.layers().map(|layer| layer.weights.len()).max().unwrap_or(0);
        let shares = threads::is_large(largest * self.mini_batch.min(training.len()));
        threads::run(self.threads, shares, || {
            self.run(network, training, validation, plan, &*schedule, &*stop)
        })?
    }

    /// The loop over the epochs.
    fn run<T, H, A>(
        &mut self,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
        plan: Plan,
        schedule: &dyn LrSchedule,
        stop: &dyn StoppingRule,
    ) -> Result<Report>
    where
        T: Real,
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
        O: Optimizer<T>,
        R: Regularizer<T>,
    {
        let mut epochs = Epochs::new(self, network, training.len());
        let mut evaluator = EpochEvaluator::new(network, training, validation, plan);
        let keep = self.keep.clone().unwrap_or(Keep::Last);
        let mut kept = Snapshot::new(keep.clone(), network);
        let mut history = History::new();

        let stop_reason = loop {
            let epoch = history.len() + 1;
            let Some(learning_rate) = schedule.rate(&Progress { epoch, history: &history }) else {
                break StopReason::ScheduleEnded;
            };
            validate::check_rate::<T>(learning_rate)?;

            let (running_cost, seconds) = epochs.run(self, network, training, epoch, learning_rate)?;
            let cost = cost_or_nan(running_cost, network);
            if !cost.is_finite() {
                let (kept, history) = (kept.restore(network), Box::new(history));
                return Err(Error::Diverged { epoch, learning_rate, cost, kept, history });
            }
            history.push(EpochRecord {
                epoch,
                learning_rate,
                seconds,
                running_cost,
                penalty: self.penalty(network) / training.len() as f64,
                training: evaluator.scores(Split::Training, network, &self.cost)?,
                validation: evaluator.scores(Split::Validation, network, &self.cost)?,
            });
            kept.update(network, &history);

            let record = &history.epochs()[epoch - 1];
            // All are told, even if the first of them ends the run.
            let leaving =
                self.observers.iter_mut().filter_map(|observer| observer.on_epoch(record).break_value());
            if leaving.count() > 0 {
                break StopReason::Observer;
            }
            if let ControlFlow::Break(reason) = stop.check(&history) {
                break reason;
            }
        };
        let kept_epoch = kept.restore(network);
        let report = Report::new(history, stop_reason, kept_epoch, &keep);
        self.observers.iter_mut().for_each(|observer| observer.on_end(&report));
        Ok(report)
    }

    /// Ω(w), summed over the weight matrices.
    fn penalty<T, H, A>(&self, network: &Network<T, H, A>) -> f64
    where
        T: Real,
        H: Activation<T>,
        A: Activation<T>,
        R: Regularizer<T>,
    {
        network.layers().map(|layer| self.regularizer.penalty(layer.weights.as_slice())).sum()
    }
}

/// The running cost of an epoch; NaN if its last step, after which no cost was taken, left parameters that are no numbers.
fn cost_or_nan<T: Real, H: Activation<T>, A: Activation<T>>(
    running_cost: f64,
    network: &Network<T, H, A>,
) -> f64 {
    let numbers = network.parameters().flatten().all(|parameter| parameter.is_finite());
    if numbers { running_cost } else { f64::NAN }
}
