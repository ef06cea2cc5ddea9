//! The run: epochs of training steps, each followed by its evaluation.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use rand::seq::SliceRandom;

use super::checkpoint::Saved;
use super::observer::Outcome;
use super::run::State;
use super::scoring::{EpochEvaluator, Plan};
use super::snapshot::Keep;
use super::validate::Checked;
use super::{Learner, Report, Run, Running, Trainer, Warning, validate};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, Samples};
use crate::error::{Error, Result};
use crate::history::{EpochRecord, Metric, Split};
use crate::network::{Network, ParameterArrays};
use crate::random::{Purpose, generator};
use crate::real::Real;
use crate::schedule::{Constant, LrSchedule, Progress};
use crate::stopping::{MaxEpochs, StopReason, StoppingRule};
use crate::threads;

impl<T: Real, C> Trainer<T, C> {
    /// Trains `network` on `training`, and evaluates it on `validation` after each epoch.
    ///
    /// Everything is checked before the first step: if a check fails, `network` is unchanged.
    ///
    /// # Errors
    ///
    /// Before the first step, returns
    ///
    /// - [`Error::Setting`] for a mini-batch of 0, or a number of threads of 0 or above 1024;
    /// - [`Error::EmptyLayer`], [`Error::SizeMismatch`] and [`Error::NonFiniteParameter`] for a network whose layers were
    ///   changed so that they do not fit each other or hold a NaN or an infinity;
    /// - [`Error::Empty`], [`Error::SizeMismatch`], [`Error::NonFiniteSample`] and [`Error::Target`] for data that do not
    ///   fit the network or the cost;
    /// - [`Error::NeedsValidation`] for a rule that reads validation scores where there are no validation data;
    /// - [`Error::Measure`] for a measure that is not defined for what the targets mean, and [`Error::SameName`] for two
    ///   that share a name.
    ///
    /// After that every error is an [`Error::Interrupted`], which holds the history and its cause: the network is left
    /// with the parameters that are kept so far, and observers are told of the end. The causes are
    ///
    /// - [`Error::Setting`] for a learning rate that is not positive and finite in the precision of the network;
    /// - [`Error::Diverged`] if a cost, an error δ or a parameter becomes NaN or infinite;
    /// - [`Error::Samples`] and the like, as the data report them.
    pub fn fit<H, A>(
        &self,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<Report<T>>
    where
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        self.start(None, network, training, validation)
    }

    /// Goes on with `run` to the bits that an uninterrupted run would have reached. `network` gives the activations; its
    /// parameters are replaced by those of the run.
    ///
    /// # Errors
    ///
    /// Returns [`Error::OtherSettings`] if a setting that determines the steps differs from that of the run,
    /// [`Error::SizeMismatch`] if the run does not fit `network` or itself, and what [`fit`](Self::fit) returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let begin = || Network::new(&[784, 10, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1);
    /// let trainer = Trainer::new(LogLikelihood).optimizer(Adam::default());
    ///
    /// let mut whole = begin()?;
    /// trainer.clone().stop(MaxEpochs::new(4)?).fit(&mut whole, &data, None)?;
    ///
    /// let mut parts = begin()?;
    /// let first = trainer.clone().stop(MaxEpochs::new(3)?).fit(&mut parts, &data, None)?;
    /// trainer.stop(MaxEpochs::new(4)?).resume(first.run, &mut parts, &data, None)?;
    /// assert_eq!(parts, whole);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn resume<H, A>(
        &self,
        run: Run<T>,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<Report<T>>
    where
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        self.start(Some(run), network, training, validation)
    }

    fn start<H, A>(
        &self,
        run: Option<Run<T>>,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<Report<T>>
    where
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        let schedule: Arc<dyn LrSchedule> = match &self.schedule {
            Some(schedule) => schedule.clone(),
            None => Arc::new(Constant::new(self.optimizer.default_rate())?),
        };
        let stop: Arc<dyn StoppingRule> = match &self.stop {
            Some(stop) => stop.clone(),
            None => Arc::new(MaxEpochs::new(30)?),
        };
        let usual = if validation.is_some() { Keep::Best(Metric::default()) } else { Keep::Last };
        let keep = self.keep.clone().unwrap_or(usual);
        let metrics = self.check_settings(&*schedule, &*stop, &keep, validation.is_some())?;
        let Checked { task, fingerprint, warnings } = self.check_data(network, training, validation)?;
        let plan = Plan::new((task, network.n_outputs()), &metrics, &self.measures, self.monitor_training)?;

        let (n, sizes) = (training.len(), network.sizes());
        let settings = self.settings(&schedule, &keep, n, fingerprint);
        let slots = self.optimizer.slots();
        let run = match run {
            Some(run) => {
                run.check(&settings, &sizes, slots, n.div_ceil(self.mini_batch.min(n)))?;
                run
            }
            None => Run::begin(settings, ParameterArrays::from_network(network), slots),
        };
        let largest = network.layers().map(|layer| layer.weights.len()).max().unwrap_or(0);
        let keep_awake = threads::is_large(largest.saturating_mul(self.mini_batch.min(n)));
        threads::run(self.threads, keep_awake, || {
            let parts = Parts { schedule: &*schedule, stop: &*stop, keep, training, validation, warnings };
            Fit::new(self, run, network, parts, plan)?.run()
        })?
    }

    /// Ω(w), summed over the weight matrices.
    fn penalty<H: Activation<T>, A: Activation<T>>(&self, network: &Network<T, H, A>) -> f64 {
        network.layers().map(|layer| self.regularizer.penalty(layer.weights.as_slice())).sum()
    }
}

/// What a run is made of, beside the trainer and the network.
struct Parts<'a, T> {
    schedule: &'a dyn LrSchedule,
    stop: &'a dyn StoppingRule,
    keep: Keep,
    training: &'a dyn Samples<T>,
    validation: Option<&'a dyn Samples<T>>,
    warnings: Vec<Warning>,
}

/// A run that is under way.
struct Fit<'a, T: Real, C, H, A> {
    trainer: &'a Trainer<T, C>,
    network: &'a mut Network<T, H, A>,
    parts: Parts<'a, T>,
    learner: Learner<'a, T, C>,
    evaluator: EpochEvaluator<'a, T>,
    state: State<T>,
    /// The samples in the order of the epoch.
    order: Vec<usize>,
    batch: Batch<T>,
    /// For the last mini-batch of an epoch, if it is smaller.
    partial: Option<Batch<T>>,
    saved: Saved,
}

impl<'a, T, C, H, A> Fit<'a, T, C, H, A>
where
    T: Real,
    C: Cost<T, A>,
    H: Activation<T>,
    A: Activation<T>,
{
    /// Allocates everything that the steps need.
    fn new(
        trainer: &'a Trainer<T, C>,
        run: Run<T>,
        network: &'a mut Network<T, H, A>,
        parts: Parts<'a, T>,
        plan: Plan,
    ) -> Result<Self> {
        let Parts { training, validation, .. } = parts;
        let n = training.len();
        let m = trainer.mini_batch.min(n);
        let batch = |m| Batch::zeros(network.n_inputs(), network.n_outputs(), m);
        let partial = n.checked_rem(m).filter(|&rest| rest > 0).map(batch).transpose()?;
        let (batch, evaluator) = (batch(m)?, EpochEvaluator::new(network, training, validation, plan)?);
        let mut learner = trainer.learner(network)?.training_samples(n);
        [Some(&batch), partial.as_ref()].into_iter().flatten().for_each(|batch| {
            learner.workspace(batch.examples());
        });
        run.parameters.copy_to(network);
        (learner.descent.slots, learner.descent.t) = (run.slots, run.t);
        let state = State {
            settings: run.settings,
            step: run.step,
            cost: run.cost,
            seconds: run.seconds,
            kept_epoch: run.kept_epoch,
            kept: run.kept,
            history: run.history,
        };
        let order = Vec::with_capacity(n);
        let saved = Saved::now();
        Ok(Self { trainer, network, parts, learner, evaluator, state, order, batch, partial, saved })
    }

    /// Runs to the end, whatever it is, and leaves the network with the parameters that are kept.
    fn run(mut self) -> Result<Report<T>> {
        let ended = self.epochs();
        let Self { trainer, network, parts, learner, state, .. } = self;
        let run = state.to_run(network, &learner.descent.slots, learner.descent.t);
        state.kept.copy_to(network);
        let kept = state.kept_epoch;
        let ended = match (ended, &trainer.checkpoint) {
            (Ok(reason), Some(checkpoint)) => checkpoint.save(&run).map(|()| reason),
            (ended, _) => ended,
        };
        let result = match ended {
            Ok(reason) => Ok(Report::new(run.clone(), reason, &parts.keep, parts.warnings)),
            Err(cause) => Err(Error::Interrupted {
                epoch: state.history.len() + 1,
                step: state.step + 1,
                kept,
                history: Box::new(state.history),
                cause: Box::new(cause),
            }),
        };
        let outcome = Outcome { result: result.as_ref(), run: &run };
        trainer.observers.iter().for_each(|observer| observer.on_end(&outcome));
        result
    }

    /// Trains epoch by epoch until something ends the run.
    fn epochs(&mut self) -> Result<StopReason> {
        if self.state.step == 0
            && !self.state.history.is_empty()
            && let ControlFlow::Break(reason) = self.parts.stop.check(&self.state.history)
        {
            return Ok(reason);
        }
        loop {
            let epoch = self.state.history.len() + 1;
            let progress = Progress { epoch, history: &self.state.history };
            let Some(learning_rate) = self.parts.schedule.rate(&progress) else {
                return Ok(StopReason::ScheduleEnded);
            };
            validate::check_rate::<T>(learning_rate)?;
            if self.steps(epoch, learning_rate)?.is_break() {
                return Ok(StopReason::Observer);
            }
            self.record(epoch, learning_rate)?;
            self.save_epoch(epoch)?;
            if self.notify_epoch(epoch, learning_rate).is_break() {
                return Ok(StopReason::Observer);
            }
            if let ControlFlow::Break(reason) = self.parts.stop.check(&self.state.history) {
                return Ok(reason);
            }
        }
    }

    /// Shuffles the samples and learns from them, mini-batch by mini-batch.
    fn steps(&mut self, epoch: usize, learning_rate: f64) -> Result<ControlFlow<()>> {
        let Self { trainer, network, parts, learner, state, order, batch, partial, saved, .. } = self;
        // From the same order each time: the shuffle depends on the epoch only, not on those before it.
        order.clear();
        order.extend(0..parts.training.len());
        order.shuffle(&mut generator(trainer.seed, Purpose::Shuffle, epoch as u64, 0));

        let m = batch.examples();
        let steps = order.len().div_ceil(m);
        let (seconds, start) = (state.seconds, Instant::now());
        for indices in order.chunks(m).skip(state.step) {
            let batch = match partial {
                Some(partial) if indices.len() < m => partial,
                _ => &mut *batch,
            };
            batch.gather(parts.training, epoch as u64, indices)?;
            let progress = Progress { epoch, history: &state.history };
            let done = state.step as f64 / steps as f64;
            let learning_rate = parts.schedule.rate_within(learning_rate, &progress, done);
            validate::check_rate::<T>(learning_rate)?;
            let cost = learner.step_sum(network, batch, learning_rate)?;
            state.cost += cost;
            state.step += 1;
            if let Some(checkpoint) = &trainer.checkpoint
                && checkpoint.is_due_after_step(learner.descent.t, saved)
            {
                state.seconds = seconds + start.elapsed().as_secs_f64();
                checkpoint.save(&state.to_run(&**network, &learner.descent.slots, learner.descent.t))?;
                *saved = Saved::now();
            }
            if trainer.observers.is_empty() {
                continue;
            }
            state.seconds = seconds + start.elapsed().as_secs_f64();
            let running = Running {
                epoch,
                step: state.step,
                steps,
                learning_rate,
                cost: cost / indices.len() as f64,
                history: &state.history,
                network: &**network,
                state,
                slots: &learner.descent.slots,
                t: learner.descent.t,
            };
            if tell(trainer, |observer| observer.on_step(&running)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        state.seconds = seconds + start.elapsed().as_secs_f64();
        validate::check_finite_parameters(network, learning_rate)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Evaluates the epoch, records it, and keeps its parameters if they are to be kept.
    fn record(&mut self, epoch: usize, learning_rate: f64) -> Result<()> {
        let Self { trainer, network, parts, evaluator, state, .. } = self;
        let n = parts.training.len() as f64;
        let record = EpochRecord {
            epoch,
            learning_rate,
            seconds: state.seconds,
            running_cost: state.cost / n,
            penalty: trainer.penalty(network) / n,
            training: evaluator.scores(Split::Training, network, &trainer.cost)?,
            validation: evaluator.scores(Split::Validation, network, &trainer.cost)?,
        };
        state.history.push(record);
        (state.step, state.cost, state.seconds) = (0, 0.0, 0.0);
        if parts.keep.prefers_newest(&state.history, state.kept_epoch) {
            state.kept_epoch = epoch;
            state.kept.copy_from(network);
        }
        Ok(())
    }

    /// Saves a checkpoint if one is due after this epoch.
    fn save_epoch(&mut self, epoch: usize) -> Result<()> {
        let Self { trainer, network, learner, state, saved, .. } = self;
        match &trainer.checkpoint {
            Some(checkpoint) if checkpoint.is_due_after_epoch(epoch) => {
                checkpoint.save(&state.to_run(&**network, &learner.descent.slots, learner.descent.t))?;
                *saved = Saved::now();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Tells all observers of the epoch.
    fn notify_epoch(&self, epoch: usize, learning_rate: f64) -> ControlFlow<()> {
        let Self { trainer, network, learner, state, batch, order, .. } = self;
        let steps = order.len().div_ceil(batch.examples());
        let running = Running {
            epoch,
            step: steps,
            steps,
            learning_rate,
            cost: state.history.last().map_or(f64::NAN, |record| record.running_cost),
            history: &state.history,
            network: &**network,
            state,
            slots: &learner.descent.slots,
            t: learner.descent.t,
        };
        tell(trainer, |observer| observer.on_epoch(&running))
    }
}

/// Tells all observers, even if the first of them ends the run.
fn tell<T: Real, C>(
    trainer: &Trainer<T, C>,
    event: impl Fn(&dyn super::Observer<T>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let leaving = trainer.observers.iter().filter(|observer| event(&***observer).is_break()).count();
    if leaving > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
