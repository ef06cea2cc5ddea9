//! The run: epochs of training steps, each followed by its evaluation.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::aftermath::Norms;
use super::checkpoint::Saved;
use super::learner::Stepper;
use super::mini_batches::MiniBatches;
use super::observer::Outcome;
use super::run::State;
use super::scoring::{EpochEvaluator, Plan};
use super::snapshot::Keep;
use super::undo::Undo;
use super::warning::Warning;
use super::{Parts, Report, Run, telling, together, validate};
use crate::clock::Moment;
use crate::data::Samples;
use crate::error::Result;
use crate::history::{EpochRecord, Split};
use crate::network::ModelMut;
use crate::ranks::Team;
use crate::real::Real;
use crate::regularizer::LayerInfo;
use crate::schedule::{LrSchedule, Progress};
use crate::stopping::{StopReason, StoppingRule};

/// The ingredients of a run, besides the trainer's components and the model.
pub(super) struct Job<'a, T> {
    pub schedule: &'a dyn LrSchedule,
    pub stop: &'a dyn StoppingRule,
    pub keep: Keep,
    pub training: &'a dyn Samples<T>,
    /// The number of training samples.
    pub n: usize,
    pub validation: Option<&'a dyn Samples<T>>,
    /// The warnings about the training data.
    pub warnings: Vec<Warning>,
}

/// A run in progress.
pub(super) struct Fit<'a, T: Real> {
    pub(super) parts: &'a Parts<T>,
    pub(super) model: &'a mut dyn ModelMut<T>,
    pub(super) job: Job<'a, T>,
    pub(super) stepper: Stepper<'a, T>,
    evaluator: EpochEvaluator<'a, T>,
    pub(super) state: State<T>,
    pub(super) mini_batches: MiniBatches<T>,
    pub(super) saved: Saved,
    pub(super) undo: Undo<T>,
    /// Whether the network holds the averaged parameters while it is evaluated.
    pub(super) holds_average: bool,
    /// The norms of the initial weights.
    norms: Norms,
    started: Moment,
}

impl<'a, T: Real> Fit<'a, T> {
    /// Allocates everything that the steps need.
    pub(super) fn new(
        parts: &'a Parts<T>,
        run: Run<T>,
        model: &'a mut dyn ModelMut<T>,
        job: Job<'a, T>,
        plan: Plan,
        team: Option<&'a Team<'a>>,
    ) -> Result<Self> {
        let Job { training, n, validation, .. } = job;
        let leaves = parts.leaves(team)?;
        let mini_batches = MiniBatches::new(parts, training, n, leaves)?;
        let evaluator = EpochEvaluator::new(model.network(), training, validation, plan)?;
        let mut stepper = Stepper::new(parts, model.network(), leaves)?;
        (stepper.n, stepper.team) = (Some(n), team);
        if let Some(team) = team {
            let gradient = run.parameters.len() * size_of::<T>();
            team.expect(gradient.max((evaluator.message_bytes() + 16) * team.size()));
        }
        mini_batches.sizes().try_for_each(|examples| stepper.workspace(examples).map(drop))?;
        run.parameters.copy_to(model);
        // An optimizer that searches makes one step per epoch: no earlier step has to be repeated.
        let undo = Undo::new(&run.parameters, if parts.searches() { &[] } else { &run.slots });
        let state;
        (state, stepper.descent.slots, stepper.descent.t) = run.into_state();
        let norms = Norms::of(model.network());
        let (saved, started) = (Saved::now(), Moment::now());
        Ok(Self {
            parts,
            model,
            job,
            stepper,
            evaluator,
            state,
            mini_batches,
            saved,
            undo,
            norms,
            started,
            holds_average: false,
        })
    }

    /// Runs until the run ends for any reason, and leaves the network with the kept parameters.
    pub(super) fn run(mut self) -> Result<Report<T>> {
        let ended = catch_unwind(AssertUnwindSafe(|| self.epochs())).unwrap_or_else(|panic| {
            self.undo_step();
            let Self { parts, model, stepper, state, .. } = &self;
            let run = state.to_run(model.network(), &stepper.descent.slots, stepper.descent.t);
            telling::tell_panic(parts, &run, panic)
        });
        let Self { parts, model, job, stepper, state, norms, .. } = self;
        let run = state.to_run(model.network(), &stepper.descent.slots, stepper.descent.t);
        state.kept.copy_to(model);
        let completed = catch_unwind(AssertUnwindSafe(|| {
            let saved = ended.and_then(|reason| {
                parts.checkpoint.iter().try_for_each(|checkpoint| checkpoint.save(&run))?;
                Ok(reason)
            });
            let reason = together::end(stepper.team, saved)?;
            let unscaled = job.warnings.iter().any(Warning::is_of_inputs);
            Ok((reason, norms.warnings(&*model, job.training, unscaled)?))
        }));
        let observed = telling::warnings(parts);
        let result = match completed.unwrap_or_else(|panic| telling::tell_panic(parts, &run, panic)) {
            Ok((reason, after)) => {
                let warnings = job.warnings.into_iter().chain(after).chain(observed).collect();
                Ok(Report::new(run.clone(), reason, &job.keep, warnings))
            }
            Err(cause) => Err(state.interrupted(cause, job.warnings.iter().chain(&observed))),
        };
        match telling::tell_end(parts, &Outcome { result: result.as_ref(), run: &run }) {
            Some(panic) => resume_unwind(panic),
            None => result,
        }
    }

    /// Trains epoch by epoch until something ends the run.
    fn epochs(&mut self) -> Result<StopReason> {
        if self.state.step == 0
            && !self.state.history.is_empty()
            && let ControlFlow::Break(reason) = self.job.stop.check(&self.state.history)
        {
            return Ok(reason);
        }
        loop {
            let epoch = self.state.history.len() + 1;
            let progress = Progress { epoch, history: &self.state.history };
            let Some(learning_rate) = self.job.schedule.rate(&progress) else {
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
            if let ControlFlow::Break(reason) = self.job.stop.check(&self.state.history) {
                return Ok(reason);
            }
            if let Some(reason) = self.stepper.converged {
                return Ok(StopReason::Other(reason.to_owned()));
            }
            if let Some(budget) = self.parts.time_budget.filter(|budget| self.started.elapsed() > *budget) {
                return Ok(StopReason::TimeBudget { seconds: budget.as_secs_f64() });
            }
        }
    }

    /// Shuffles the samples and learns from them, mini-batch by mini-batch.
    fn steps(&mut self, epoch: usize, learning_rate: f64) -> Result<ControlFlow<()>> {
        self.mini_batches.shuffle(self.parts, epoch);
        self.undo.copy_from(self.model.network(), &self.stepper.descent, self.state.step);
        let (seconds, start) = (self.state.seconds, Moment::now());
        while self.state.step < self.mini_batches.len() {
            let (eta, m, cost) = self.step(epoch, learning_rate, self.state.step)?;
            let Self { parts, state, stepper, saved, .. } = self;
            state.add_step(cost, m);
            if let Some(checkpoint) = &parts.checkpoint
                && checkpoint.is_due_after_step(stepper.descent.t, saved)
            {
                state.seconds = seconds + start.elapsed().as_secs_f64();
                self.check_parameters(eta)?;
                self.save()?;
            }
            if self.parts.observers.is_empty() {
                continue;
            }
            self.state.seconds = seconds + start.elapsed().as_secs_f64();
            let running = self.running(epoch, eta, cost / m as f64);
            if telling::tell(self.parts, |observer| observer.on_step(&running)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.state.seconds = seconds + start.elapsed().as_secs_f64();
        self.check_parameters(learning_rate)?;
        // So that all ranks end in the same epoch, if one ends here.
        self.stepper.team.map(|team| team.gather(&[])).transpose()?;
        Ok(ControlFlow::Continue(()))
    }

    /// Returns an error if a step has made a parameter NaN or infinite.
    fn check_parameters(&self, learning_rate: f64) -> Result<()> {
        let finite = validate::check_finite_parameters(self.model.network(), learning_rate);
        let scale = self.stepper.scale(self.mini_batches.m());
        finite.map_err(|error| self.stepper.with_cause(self.model.network(), scale, learning_rate, error))
    }

    /// Performs step number `step` of the epoch, counted from 0. Returns its learning rate, the size of its mini-batch
    /// and the sum of its costs.
    pub(super) fn step(
        &mut self,
        epoch: usize,
        learning_rate: f64,
        step: usize,
    ) -> Result<(f64, usize, f64)> {
        let done = step as f64 / self.mini_batches.len() as f64;
        let Self { model, job, stepper, state, mini_batches, .. } = self;
        let batch = mini_batches.gather(job.training, epoch, step)?;
        if epoch == 1 && job.training.fingerprint().is_some() {
            validate::check_batch(&**model, batch)?;
        }
        let progress = Progress { epoch, history: &state.history };
        let eta = job.schedule.rate_within(learning_rate, &progress, done);
        validate::check_rate::<T>(eta)?;
        mini_batches.learn(job.training, epoch, step, |batch, m| {
            Ok((eta, m, stepper.step(&mut **model, batch, m, eta)?))
        })
    }

    /// Evaluates the epoch, records it, and keeps its parameters if they are to be kept: the averaged ones, if the
    /// optimizer keeps an average.
    fn record(&mut self, epoch: usize, learning_rate: f64) -> Result<()> {
        self.exchange_average();
        let recorded = self.record_parameters(epoch, learning_rate);
        self.exchange_average();
        recorded
    }

    /// Exchanges the parameters of the network with their average.
    pub(super) fn exchange_average(&mut self) {
        if let Some(average) = self.stepper.average_mut() {
            average.exchange(self.model);
            self.holds_average = !self.holds_average;
        }
    }

    fn record_parameters(&mut self, epoch: usize, learning_rate: f64) -> Result<()> {
        let Self { parts, model, job, evaluator, state, stepper, .. } = self;
        let n = job.n as f64;
        let layers = model.network().layers();
        let penalties = layers.iter().enumerate().map(|(layer, values)| {
            let at = LayerInfo { layer, rows: values.weights.nrows() };
            parts.regularizer.penalty(&at, values.weights.as_slice())
        });
        let record = EpochRecord {
            epoch,
            learning_rate,
            seconds: state.seconds,
            running_cost: state.cost / n,
            penalty: penalties.sum::<f64>() / n,
            training: evaluator.scores(Split::Training, &**model, stepper.team)?,
            validation: evaluator.scores(Split::Validation, &**model, stepper.team)?,
        };
        state.history.push(record);
        (state.step, state.cost, state.seconds) = (0, 0.0, 0.0);
        if job.keep.prefers_newest(&state.history, state.kept_epoch) {
            state.kept_epoch = epoch;
            state.kept.copy_from(model.network());
        }
        Ok(())
    }
}
