//! What the trainer refuses before the first step.

use super::{Keep, Trainer};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Samples, check_finite};
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
    /// Refuses settings that cannot work with each other.
    pub(super) fn check_settings(
        &self,
        schedule: &dyn LrSchedule,
        stop: &dyn StoppingRule,
        has_validation: bool,
    ) -> Result<()> {
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
        let measured = |rule: String, metric: Metric| {
            if metric.needs_validation() && !has_validation {
                return Err(Error::NeedsValidation { rule });
            }
            if metric.needs_training_scores() && !self.monitor_training {
                return Err(Error::NeedsTrainingScores { rule });
            }
            Ok(())
        };
        for metric in stop.metrics() {
            measured(format!("the stopping rule {stop:?}"), metric)?;
        }
        if let Some(metric) = schedule.metric() {
            measured(format!("the schedule {schedule:?}"), metric)?;
        }
        match self.keep {
            Some(Keep::Best(metric)) => measured(format!("keep_best({metric})"), metric),
            Some(Keep::Last) | None => Ok(()),
        }
    }

    /// Refuses a network whose layers do not fit each other or hold no numbers, and data that do not fit the network,
    /// hold no numbers, or have targets that the cost is not defined for.
    pub(super) fn check_data<T, H, A>(
        &self,
        network: &Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<()>
    where
        T: Real,
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        network.check()?;
        for samples in [Some(training), validation].into_iter().flatten() {
            crate::metrics::check_fits(network, samples)?;
            let samples = samples.unaugmented().unwrap_or(samples);
            Evaluator::new(network, samples)?.for_each_block(samples, |first, pass| {
                check_finite("input", &pass.x, first)?;
                check_finite("target", &pass.y, first)?;
                self.cost.check_targets(&pass.y, first)
            })?;
        }
        Ok(())
    }
}
