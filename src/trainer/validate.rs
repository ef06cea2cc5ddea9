//! What the trainer refuses before the first step.

use super::{Keep, Trainer};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Samples, Task, TaskFinder, check_finite};
use crate::error::{Error, Result, check_nonzero, check_setting};
use crate::history::Metric;
use crate::metrics::Evaluator;
use crate::network::Network;
use crate::real::Real;
use crate::schedule::LrSchedule;
use crate::stopping::StoppingRule;

/// More threads than any machine has cores for: starting them would take longer than most runs.
const MAX_THREADS: usize = 1024;

/// Refuses a learning rate that a schedule should not have given, or that is 0 or infinite in the network's precision.
pub(super) fn check_rate<T: Real>(eta: f64) -> Result<()> {
    let why = "in the network's precision it may be neither infinite nor 0, which learns nothing; with less the cost rises";
    let rounded = T::cast(eta);
    check_setting("learning rate η", eta, rounded > T::zero() && rounded.is_finite(), "(0, ∞)", why)
}

impl<C, O, R> Trainer<C, O, R> {
    /// Returns an error for settings that cannot work with each other, and otherwise the metrics that the rules read.
    pub(super) fn check_settings(
        &self,
        schedule: &dyn LrSchedule,
        stop: &dyn StoppingRule,
        has_validation: bool,
    ) -> Result<Vec<Metric>> {
        check_nonzero("mini-batch size m", self.mini_batch, "a step learns from at least one example")?;
        if let Some(threads) = self.threads {
            let why = "the caller's own thread counts as one, and thousands only wait for each other";
            check_setting(
                "number of threads",
                threads as f64,
                (1..=MAX_THREADS).contains(&threads),
                "[1, 1024]",
                why,
            )?;
        }
        let mut read: Vec<(String, Metric)> = Vec::new();
        read.extend(stop.metrics().into_iter().map(|metric| (format!("the stopping rule {stop:?}"), metric)));
        read.extend(schedule.metric().map(|metric| (format!("the schedule {schedule:?}"), metric)));
        if let Some(Keep::Best(metric)) = &self.keep {
            read.push((format!("keep_best({metric})"), metric.clone()));
        }
        match read.iter().find(|(_, metric)| metric.needs_validation() && !has_validation) {
            Some((rule, metric)) => {
                Err(Error::NeedsValidation { rule: rule.clone(), metric: metric.to_string() })
            }
            None => Ok(read.into_iter().map(|(_, metric)| metric).collect()),
        }
    }

    /// Checks the network (shapes, finite parameters) and the data (sizes, finite values, valid targets), and returns
    /// what the targets mean: as all sources say, if they agree, or else as the targets of all are.
    pub(super) fn check_data<T, H, A>(
        &self,
        network: &Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<Task>
    where
        T: Real,
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        network.check()?;
        let (mut finder, declared) = (TaskFinder::new(), training.task());
        let mut agreed = declared.filter(|task| task.fits(network.n_outputs()));
        let sets = [(Some(training), "the training set"), (validation, "the validation set")];
        for (samples, what) in sets.into_iter().filter_map(|(samples, what)| Some((samples?, what))) {
            crate::metrics::check_fits(network, samples, what)?;
            agreed = agreed.filter(|&task| samples.task() == Some(task));
            let samples = samples.unaugmented().unwrap_or(samples);
            Evaluator::new(network, samples).for_each_block(samples, |first, pass| {
                check_finite("input", &pass.x, first)?;
                check_finite("target", &pass.y, first)?;
                finder.add(&pass.y);
                self.cost.check_targets(&pass.y, first)
            })?;
        }
        Ok(agreed.unwrap_or_else(|| finder.finish()))
    }
}
