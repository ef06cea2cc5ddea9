//! What the trainer refuses before the first step.

use super::Trainer;
use super::fingerprint::Fingerprint;
use super::snapshot::Keep;
use super::warning::{Warning, Widths};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, Samples, Task, TaskFinder, check_finite};
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

/// What is known of network and data after they have been checked.
pub(super) struct Checked {
    pub task: Task,
    pub fingerprint: u64,
    pub warnings: Vec<Warning>,
}

impl<T: Real, C> Trainer<T, C> {
    /// Returns an error for settings that cannot work with each other, and otherwise the metrics that the rules read.
    pub(super) fn check_settings(
        &self,
        schedule: &dyn LrSchedule,
        stop: &dyn StoppingRule,
        keep: &Keep,
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
        if let Keep::Best(metric) = keep {
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
    /// what the targets mean (as all sources say, if they agree, or else as the targets of all are), and what is
    /// noticed in the training data.
    pub(super) fn check_data<H, A>(
        &self,
        network: &Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> Result<Checked>
    where
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        network.check()?;
        let (mut finder, declared) = (TaskFinder::new(), training.task());
        let mut fingerprint = Fingerprint::default();
        let mut widths = Some(Widths::new(training.n_inputs(), training.len()));
        let mut warnings = Vec::new();
        let mut agreed = declared.filter(|task| task.fits(network.n_outputs()));
        let sets = [(Some(training), "the training set"), (validation, "the validation set")];
        for (samples, what) in sets.into_iter().filter_map(|(samples, what)| Some((samples?, what))) {
            crate::metrics::check_fits(network, samples, what)?;
            agreed = agreed.filter(|&task| samples.task() == Some(task));
            let samples = samples.unaugmented().unwrap_or(samples);
            Evaluator::new(network, samples)?.for_each_block(samples, |first, batch| {
                check_finite("input", &batch.x, first)?;
                check_finite("target", &batch.y, first)?;
                finder.add(&batch.y);
                fingerprint.add(batch.x.as_slice());
                fingerprint.add(batch.y.as_slice());
                widths.iter_mut().for_each(|widths| widths.add(first, batch));
                self.cost.check_targets(&batch.y, first)
            })?;
            // Those of the training data, which come first.
            warnings.extend(widths.take().and_then(|widths| widths.warning()));
        }
        let task = agreed.unwrap_or_else(|| finder.finish());
        Ok(Checked { task, fingerprint: fingerprint.finish(), warnings })
    }
}
