//! The beginning of a run: defaults, and the checks that come before its first step.

use std::fmt;
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::epochs::{Fit, Job};
use super::scoring::Plan;
use super::snapshot::Keep;
use super::together::{self, TellOfPanic};
use super::validate::Checked;
use super::{Parts, Report, Run, Trainer, validate};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Samples;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::history::Metric;
use crate::memory;
use crate::network::{BoundMut, ModelMut, Network, ParameterArrays};
use crate::ranks::Team;
use crate::real::Real;
use crate::schedule::{Constant, LrSchedule};
use crate::stopping::{MaxEpochs, StoppingRule};
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
    /// - [`Error::Setting`] for a mini-batch of 0, a number of threads of 0 or above 1024, or a softmax of one output;
    /// - [`Error::EmptyLayer`], [`Error::LayerMismatch`] and [`Error::NonFiniteParameter`] for a network whose layers
    ///   were changed so that they do not fit each other or hold a NaN or an infinity;
    /// - [`Error::Empty`], [`Error::SizeMismatch`], [`Error::NonFiniteSample`] and [`Error::Target`] for data that do
    ///   not fit the network or the cost;
    /// - [`Error::NeedsValidation`] for a rule that reads validation scores where there are no validation data;
    /// - [`Error::Search`] for dropout or augmentation with an optimizer that evaluates the cost several times per
    ///   step;
    /// - [`Error::File`] if the folder of the checkpoint does not exist;
    /// - [`Error::Measure`] for a measure that is not defined for the task, and [`Error::SameName`] for two that share
    ///   a name;
    /// - [`Error::Threads`] or [`Error::Memory`] if the machine lacks threads or memory, and [`Error::Rank`] if another
    ///   rank has an error.
    ///
    /// After that every error is an [`Error::Interrupted`], which holds the history and its cause: the network is left
    /// with the parameters that are kept so far, and observers are notified of the end. The causes are
    ///
    /// - [`Error::Setting`] for a learning rate that is not positive and finite in the precision of the network;
    /// - [`Error::Diverged`] if a cost, an error δ or a parameter becomes NaN or infinite;
    /// - [`Error::Samples`] and the like, as the data report them.
    ///
    /// # Panics
    ///
    /// A panic in a custom component reaches the caller, on whichever thread it happens; `network` is left as it was
    /// before the step in which it happened. Observers are notified of the end with [`Error::Panicked`].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let (training, validation) = Dataset::<f32>::synthetic_digits(600, 1)?.split_at(500)?;
    /// let softmax = Softmax::default();
    /// let mut network = Network::new(&[784, 15, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(5)?);
    /// let report = trainer.fit(&mut network, &training, Some(&validation))?;
    /// println!("{report}");
    ///
    /// // The network has the parameters of the epoch with the best validation accuracy.
    /// let accuracy = evaluate(&network, &LogLikelihood, &validation)?.scores.accuracy();
    /// assert_eq!(report.history.best(&Metric::validation(Accuracy)).unwrap().1, accuracy);
    /// # Ok::<(), gradus::Error>(())
    /// ```
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

    /// Resumes `run`; the result is bitwise identical to that of an uninterrupted run. `network` gives the activations;
    /// its parameters are replaced by those of the run.
    ///
    /// # Errors
    ///
    /// Returns [`Error::OtherSettings`] if a setting that determines the steps differs from that of the run,
    /// [`Error::SizeMismatch`] if the run does not fit `network` or is inconsistent, [`Error::Setting`] if it counts more
    /// than 2⁵³ steps, and the errors of [`fit`](Self::fit).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let softmax = Softmax::default();
    /// let begin = || Network::new(&[784, 10, 10], Sigmoid, softmax, &ScaledGaussian, 1);
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
        let mut model = BoundMut { network, cost: &self.cost };
        train(&self.parts, &self.cost, run, &mut model, (training, validation))
    }
}

/// Checks everything, and then begins or resumes a run, alone or with other ranks.
fn train<T: Real>(
    parts: &Parts<T>,
    cost: &dyn fmt::Debug,
    run: Option<Run<T>>,
    model: &mut dyn ModelMut<T>,
    data: (&dyn Samples<T>, Option<&dyn Samples<T>>),
) -> Result<Report<T>> {
    let team = parts.team()?;
    let team = team.as_ref();
    let _others_would_wait = TellOfPanic(team);
    let result = train_with(team, &parts.of_rank(team), cost, run, model, data);
    if let (Some(team), Err(error)) = (team, &result) {
        team.fail(error);
    }
    result
}

fn train_with<T: Real>(
    team: Option<&Team<'_>>,
    parts: &Parts<T>,
    cost: &dyn fmt::Debug,
    run: Option<Run<T>>,
    model: &mut dyn ModelMut<T>,
    (training, validation): (&dyn Samples<T>, Option<&dyn Samples<T>>),
) -> Result<Report<T>> {
    // Read once: a source that loses samples later is asked for a missing one and returns its error.
    let n = training.len();
    let blocks = training.blocks();
    match &blocks {
        Some(blocks) => blocks.check(n)?,
        None => memory::check::<usize>("the order of the samples", [(n, 1)])?,
    }
    let schedule: Arc<dyn LrSchedule> = match &parts.schedule {
        Some(schedule) => schedule.clone(),
        None => {
            let steps = n.div_ceil(parts.batch_size(n).max(1));
            Arc::new(Constant::new(parts.optimizer.default_rate_for(steps))?)
        }
    };
    let stop: Arc<dyn StoppingRule> = match &parts.stop {
        Some(stop) => stop.clone(),
        None => Arc::new(MaxEpochs::new(30)?),
    };
    let usual = if validation.is_some() { Keep::Best(Metric::default()) } else { Keep::Last };
    let keep = parts.keep.clone().unwrap_or(usual);
    let metrics = parts.check_settings(&*schedule, &*stop, &keep, validation.is_some())?;
    parts.check_search(training)?;
    parts.checkpoint.iter().try_for_each(Checkpoint::check)?;
    let Checked { task, fingerprint, warnings } = validate::check_data(&*model, training, validation)?;
    let plan = Plan::new((task, training.n_outputs()), &metrics, &parts.measures, parts.monitor_training)?;

    let sizes = model.network().sizes();
    let mut settings = parts.settings(cost, &schedule, &keep, model.network(), n, fingerprint);
    if let Some(blocks) = &blocks {
        settings.add_blocks(blocks);
    }
    let slots = parts.optimizer.slots();
    let run = match run {
        Some(run) => {
            run.check(&settings, &sizes, slots, n.div_ceil(parts.batch_size(n)))?;
            run
        }
        None => Run::begin(settings, ParameterArrays::from_network(model.network()), slots),
    };
    if let Some(team) = team {
        let validation = validation.map(Samples::len);
        let others: [(&str, &dyn fmt::Debug); 3] = [
            ("measures", &plan.names()),
            ("stopping rule", &stop),
            ("number of validation samples", &validation),
        ];
        together::greet(team, &run, &others)?;
    }
    let products =
        sizes.windows(2).fold(0, |sum: usize, pair| sum.saturating_add(pair[0].saturating_mul(pair[1])));
    let keep_awake = threads::is_large(products.saturating_mul(parts.batch_size(n)));
    threads::run(parts.threads, keep_awake, || {
        let job = Job { schedule: &*schedule, stop: &*stop, keep, training, n, validation, warnings };
        Fit::new(parts, run, model, job, plan, team)?.run()
    })?
}
