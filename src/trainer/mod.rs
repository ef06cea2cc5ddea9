//! The trainer, which puts a cost, an optimizer, a regularizer, a schedule and a stopping rule together.

mod descent;
mod epoch;
mod observer;
#[cfg(feature = "progress")]
mod progress_bar;
mod report;
mod validate;

use std::ops::ControlFlow;

use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Samples;
use crate::error::{Error, Result};
use crate::history::{EpochRecord, History, Metric};
use crate::metrics::Evaluator;
use crate::network::Network;
use crate::optimizer::{Optimizer, Sgd};
use crate::real::Real;
use crate::regularizer::{NoRegularizer, Regularizer};
use crate::schedule::{Constant, LrSchedule, Progress};
use crate::stopping::{MaxEpochs, StopReason, StoppingRule};
use crate::threads;
use epoch::Epochs;

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
/// assert!(report.kept().unwrap().validation.unwrap().accuracy > 0.6);
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
    /// Nothing if the user has no wish.
    keep: Option<Keep>,
}

/// Which parameters a network is left with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Keep {
    /// Those of the best epoch by a metric.
    Best(Metric),
    /// Those of the last epoch.
    Last,
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
        let Self { mini_batch, seed, threads, monitor_training, keep, .. } = self;
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

    /// Evaluates the training data too after each epoch, which takes about a third of the time of learning from them.
    pub fn monitor_training(mut self, yes: bool) -> Self {
        self.monitor_training = yes;
        self
    }

    /// Leaves the network with the parameters of the best epoch by `metric`; by default by the validation accuracy if
    /// there are validation data, of the last epoch otherwise.
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
    /// - [`Error::NeedsValidation`] and [`Error::NeedsTrainingScores`] for a rule that reads scores that are not
    ///   measured;
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
        self.check_settings(&*schedule, &*stop, validation.is_some())?;
        self.check_data(network, training, validation)?;
        let largest = network.layers().map(|layer| layer.weights.len()).max().unwrap_or(0);
        let shares = threads::is_large(largest * self.mini_batch.min(training.len()));
        threads::run(self.threads, shares, || self.run(network, training, validation, &*schedule, &*stop))?
    }

    /// The loop over the epochs.
    fn run<T, H, A>(
        &mut self,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
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
        let mut scorers = EpochEvaluator::new(network, training, validation, self.monitor_training)?;
        let keep = self.keep.unwrap_or(Keep::Last);
        let mut kept = Snapshot::new(keep, network);
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
                training: scorers.training(network, &self.cost)?,
                validation: scorers.validation(network, &self.cost)?,
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
        let report = Report::new(history, stop_reason, kept_epoch, keep);
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

/// The data sets that are evaluated after each epoch, each with the room that this needs.
struct EpochEvaluator<'a, T> {
    training: Option<(&'a dyn Samples<T>, Evaluator<T>)>,
    validation: Option<(&'a dyn Samples<T>, Evaluator<T>)>,
}

impl<'a, T: Real> EpochEvaluator<'a, T> {
    fn new<H: Activation<T>, A: Activation<T>>(
        network: &Network<T, H, A>,
        training: &'a dyn Samples<T>,
        validation: Option<&'a dyn Samples<T>>,
        monitor_training: bool,
    ) -> Result<Self> {
        let scorer = |samples: &'a dyn Samples<T>| Ok((samples, Evaluator::new(network, samples)?));
        let training = training.unaugmented().unwrap_or(training);
        Ok(Self {
            training: monitor_training.then_some(training).map(scorer).transpose()?,
            validation: validation.map(scorer).transpose()?,
        })
    }
}

macro_rules! score {
    ($($set:ident)*) => { $(
        fn $set<H, A, C>(&mut self, network: &Network<T, H, A>, cost: &C) -> Result<Option<crate::history::Score>>
        where
            H: Activation<T>,
            A: Activation<T>,
            C: Cost<T, A>,
        {
            match &mut self.$set {
                Some((samples, evaluator)) => Ok(Some(evaluator.evaluate(network, cost, *samples)?.score)),
                None => Ok(None),
            }
        }
    )* };
}

impl<T: Real> EpochEvaluator<'_, T> {
    score!(training validation);
}

/// The parameters that the network will be left with, and their epoch.
struct Snapshot<T> {
    keep: Keep,
    epoch: usize,
    parameters: Vec<Vec<T>>,
}

impl<T: Real> Snapshot<T> {
    fn new<H: Activation<T>, A: Activation<T>>(keep: Keep, network: &Network<T, H, A>) -> Self {
        Self { keep, epoch: 0, parameters: network.parameters().map(<[T]>::to_vec).collect() }
    }

    /// Copies the parameters of the newest epoch if it is the one to keep.
    fn update<H: Activation<T>, A: Activation<T>>(&mut self, network: &Network<T, H, A>, history: &History) {
        let newest = history.len();
        let better = match self.keep {
            Keep::Last => true,
            Keep::Best(metric) => history.best(metric).is_none_or(|(epoch, _)| epoch == newest),
        };
        if better {
            self.epoch = newest;
            for (kept, now) in self.parameters.iter_mut().zip(network.parameters()) {
                kept.copy_from_slice(now);
            }
        }
    }

    /// Gives the parameters back to the network and says of which epoch they are.
    fn restore<H: Activation<T>, A: Activation<T>>(&self, network: &mut Network<T, H, A>) -> usize {
        for (now, kept) in network.parameters_mut().zip(&self.parameters) {
            now.copy_from_slice(kept);
        }
        self.epoch
    }
}
