//! What the trainer refuses before the first step.

use super::Trainer;
use super::snapshot::Keep;
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, Samples, check_finite};
use crate::error::{Error, Result, check_nonzero, check_setting};
use crate::history::Metric;
use crate::metrics::Evaluator;
use crate::network::{Network, Workspace};
use crate::real::{Real, vectorized};
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

/// Returns an error for the first cost or error δ of the step that is NaN or infinite. `sum` is that of the costs.
pub(super) fn check_finite_step<T: Real>(
    workspace: &Workspace<T>,
    batch: &Batch<T>,
    sizes: &[usize],
    sum: f64,
    learning_rate: f64,
) -> Result<()> {
    let diverged = |quantity, layer, column: usize, value| Error::Diverged {
        quantity,
        layer,
        sample: batch.samples.get(column).copied(),
        value,
        learning_rate,
        penalty: false,
    };
    if !sum.is_finite() {
        let column = workspace.costs().iter().position(|cost| !cost.is_finite());
        let value = column.map_or(sum, |column| workspace.costs()[column]);
        return Err(diverged("cost", None, column.unwrap_or(usize::MAX), value));
    }
    for layer in (1..sizes.len()).rev() {
        let delta = workspace.deltas(layer - 1);
        if !all_finite(delta.as_slice())
            && let Some(at) = delta.iter().position(|delta| !delta.is_finite())
        {
            return Err(diverged("error δ", Some(layer), at / delta.nrows(), delta[at].to_f64()));
        }
    }
    Ok(())
}

/// Whether no value is NaN or infinite, as a loop that vectorizes.
fn all_finite<T: Real>(values: &[T]) -> bool {
    vectorized(
        #[inline(always)]
        || {
            // 0 · x is 0 for finite x and NaN otherwise.
            let mut sums = [T::zero(); 16];
            for chunk in values.chunks(16) {
                for (sum, &value) in sums.iter_mut().zip(chunk) {
                    *sum += value * T::zero();
                }
            }
            sums.iter().all(|sum| *sum == T::zero())
        },
    )
}

/// Returns an error for the first parameter that is NaN or infinite.
pub(super) fn check_finite_parameters<T: Real, H: Activation<T>, A: Activation<T>>(
    network: &Network<T, H, A>,
    learning_rate: f64,
) -> Result<()> {
    for (index, array) in network.parameters().enumerate() {
        if !all_finite(array)
            && let Some(value) = array.iter().find(|value| !value.is_finite())
        {
            let (quantity, layer, value) = ("parameter", Some(index / 2 + 1), value.to_f64());
            return Err(Error::Diverged {
                quantity,
                layer,
                sample: None,
                value,
                learning_rate,
                penalty: false,
            });
        }
    }
    Ok(())
}

impl<T: Real, C> Trainer<T, C> {
    /// Refuses settings that cannot work with each other.
    pub(super) fn check_settings(
        &self,
        schedule: &dyn LrSchedule,
        stop: &dyn StoppingRule,
        keep: Keep,
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
        match keep {
            Keep::Best(metric) => measured(format!("keep_best({metric})"), metric),
            Keep::Last => Ok(()),
        }
    }

    /// Refuses a network whose layers do not fit each other or hold no numbers, and data that do not fit the network,
    /// hold no numbers, or have targets that the cost is not defined for.
    pub(super) fn check_data<H, A>(
        &self,
        network: &Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<()>
    where
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        network.check()?;
        for samples in [Some(training), validation].into_iter().flatten() {
            crate::metrics::check_fits(network, samples)?;
            let samples = samples.unaugmented().unwrap_or(samples);
            Evaluator::new(network, samples)?.for_each_block(samples, |first, batch, _| {
                check_finite("input", &batch.x, first)?;
                check_finite("target", &batch.y, first)?;
                self.cost.check_targets(&batch.y, first)
            })?;
        }
        Ok(())
    }
}
