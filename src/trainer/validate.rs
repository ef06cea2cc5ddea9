//! The checks of settings, network and data before the first step, and of each step.

use super::Parts;
use super::fingerprint::Fingerprint;
use super::leaves::Leaves;
use super::seen_classes::SeenClasses;
use super::snapshot::Keep;
use super::survey::Survey;
use super::warning::Warning;
use super::weights::{add_weights, check_weight_sum};
use crate::data::{Batch, Samples, Task, TaskFinder, Unaugmented, check_finite};
use crate::error::{Error, Result, check_nonzero, check_setting};
use crate::history::Metric;
use crate::metrics::Evaluator;
use crate::network::{self, AnyNetwork, Layer, Model, Workspace};
use crate::real::{Real, all_finite};
use crate::regularizer::{LayerInfo, Regularizer};
use crate::schedule::LrSchedule;
use crate::stopping::StoppingRule;

/// More threads than any machine has cores for: starting them would take longer than most runs.
const MAX_THREADS: usize = 1024;

/// The number of augmented samples by which their augmentation is recognized.
const RECOGNIZED: usize = 8;

/// Returns an error unless η is positive and finite after rounding to `T`.
pub(super) fn check_rate<T: Real>(eta: f64) -> Result<()> {
    let rounded = T::cast(eta);
    let ok = rounded > T::zero() && rounded.is_finite();
    let (allowed, why) = if eta > 0.0 && eta.is_finite() {
        // Only f32 rounds a positive number to 0 or ∞.
        let why = if rounded > T::zero() {
            "it rounds to ∞ in f32; use a smaller rate or f64"
        } else {
            "it rounds to 0 in f32, with which nothing is learned; use a larger rate or f64"
        };
        ("the numbers of f32, [1.4e-45, 3.4e38]", why)
    } else {
        ("(0, ∞)", "with 0 nothing is learned, with less the cost rises, and no step is infinitely long")
    };
    check_setting("learning rate η", eta, ok, allowed, why)
}

/// Returns an error for the first weighted input, cost or error δ of the step that is NaN or infinite. `sum` is the sum
/// of the costs. A parameter that is not finite makes every weighted input of its neuron so.
pub(super) fn check_finite_step<T: Real>(
    network: &dyn AnyNetwork<T>,
    workspace: &Workspace<T>,
    batch: &Batch<T>,
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
    let n_layers = network.n_layers();
    for layer in 1..=n_layers {
        let z = workspace.weighted_inputs(layer - 1);
        if let Some((at, value)) = first_not_finite(z.as_slice()) {
            check_finite_parameters(network, learning_rate)?;
            return Err(diverged("weighted input z", Some(layer), at / z.nrows(), value));
        }
    }
    if !sum.is_finite() {
        let column = workspace.costs().iter().position(|cost| !cost.is_finite());
        let value = column.map_or(sum, |column| workspace.costs()[column]);
        return Err(diverged("cost", None, column.unwrap_or(usize::MAX), value));
    }
    for layer in (1..=n_layers).rev() {
        let delta = workspace.deltas(layer - 1);
        if let Some((at, value)) = first_not_finite(delta.as_slice()) {
            return Err(diverged("error δ", Some(layer), at / delta.nrows(), value));
        }
    }
    Ok(())
}

/// The error of a search that begins with a cost, penalty included, or a gradient that is not finite.
pub(super) fn diverged_search(value: f64, learning_rate: f64) -> Error {
    let quantity = "cost with its penalty, or a gradient,";
    Error::Diverged { quantity, layer: None, sample: None, value, learning_rate, penalty: false }
}

/// Returns the index of the first of `values` that is NaN or infinite, and the value.
fn first_not_finite<T: Real>(values: &[T]) -> Option<(usize, f64)> {
    if all_finite(values) {
        return None;
    }
    values.iter().position(|value| !value.is_finite()).map(|at| (at, values[at].to_f64()))
}

/// Whether a step along the gradient of the penalty alone is longer than the weights: then it moves them beyond 0, each
/// time further. Of weights that have diverged already, those that are finite are compared; if none is, weights of ±1.
pub(super) fn overshoots<T: Real>(
    regularizer: &dyn Regularizer<T>,
    at: &LayerInfo,
    weights: &[T],
    scale: T,
    eta: f64,
) -> bool {
    let mut weights = weights.to_vec();
    if weights.iter().all(|w| !w.is_finite()) {
        let one = |w: T| if w < T::zero() { -T::one() } else { T::one() };
        weights.iter_mut().for_each(|w| *w = one(*w));
    }
    let mut gradient = vec![T::zero(); weights.len()];
    regularizer.add_gradient(at, &weights, scale, &mut gradient);
    let pairs = || {
        let pairs = weights.iter().zip(&gradient).map(|(w, g)| (w.to_f64(), eta * g.to_f64()));
        pairs.filter(|(w, _)| w.is_finite())
    };
    // In the precision of the network: an infinite step, or one of ∞ · 0, makes a finite weight NaN or infinite.
    if pairs().any(|(_, step)| !T::cast(step).is_finite()) {
        return true;
    }
    // Divided by the largest, so that no square overflows.
    let largest = pairs().fold(0.0f64, |largest, (w, step)| largest.max(w.abs()).max(step.abs()));
    let square = |x: f64| (x / largest) * (x / largest);
    let (w, step) = pairs().fold((0.0, 0.0), |(w2, step2), (w, step)| (w2 + square(w), step2 + square(step)));
    step > w
}

/// Returns an error for the first parameter that is NaN or infinite.
pub(super) fn check_finite_parameters<T: Real>(
    network: &dyn AnyNetwork<T>,
    learning_rate: f64,
) -> Result<()> {
    for index in 0..network.n_layers() {
        let Layer { weights, biases, .. } = network.layer(index);
        let found = first_not_finite(weights.as_slice()).or_else(|| first_not_finite(biases.as_slice()));
        if let Some((_, value)) = found {
            let (quantity, layer) = ("parameter", Some(index + 1));
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

/// The name of the training set in messages.
const TRAINING: &str = "the training set";

/// The result of checking the network and the data.
pub(super) struct Checked {
    pub task: Task,
    pub fingerprint: u64,
    pub warnings: Vec<Warning>,
}

impl<T: Real> Parts<T> {
    /// Returns an error for settings that cannot work together, and otherwise the metrics that the rules read.
    pub(super) fn check_settings(
        &self,
        schedule: &dyn LrSchedule,
        stop: &dyn StoppingRule,
        keep: &Keep,
        has_validation: bool,
    ) -> Result<Vec<Metric>> {
        check_nonzero("mini-batch size m", self.mini_batch, "a step learns from at least one example")?;
        Leaves::all(self.leaves)?;
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
}

/// Checks the network (shapes, finite parameters) and the data (sizes, finite values, valid targets), and returns the
/// task (the declared one if all sources agree, otherwise the one that the targets suggest), the fingerprint of the
/// data, and warnings.
pub(super) fn check_data<T: Real>(
    model: &dyn Model<T>,
    training: &dyn Samples<T>,
    validation: Option<&dyn Samples<T>>,
) -> Result<Checked> {
    let network = model.network();
    network::check(network)?;
    let (mut finder, declared) = (TaskFinder::new(), training.task());
    let mut fingerprint = Fingerprint::default();
    let mut survey = Some(Survey::new(training.n_inputs(), training.n_outputs(), training.len()));
    let mut classes = SeenClasses::new(training.n_outputs());
    let mut surveyed = None;
    let mut agreed = declared.filter(|task| task.fits(training.n_outputs()));
    let sets = [(Some(training), TRAINING), (validation, "the validation set")];
    for (samples, what) in sets.into_iter().filter_map(|(samples, what)| Some((samples?, what))) {
        crate::metrics::check_fits(network, samples, what)?;
        agreed = agreed.filter(|&task| samples.task() == Some(task));
        let mut weight = 0.0;
        let task = samples.task().filter(|task| task.fits(samples.n_outputs()));
        if let (Some(number), true, Some(_)) = (samples.fingerprint(), what == TRAINING, task) {
            // Each batch is checked when it has been gathered; the warnings need a look at all samples.
            fingerprint.add_number(number);
            add_weights(samples, &mut fingerprint)?;
            survey = None;
            continue;
        }
        let samples = Unaugmented(samples);
        Evaluator::new(network, &samples)?.for_each_block(&samples, &mut |first, batch| {
            check_finite("input", &batch.x, first)?;
            check_finite("target", &batch.y, first)?;
            finder.add(&batch.y);
            fingerprint.add(batch.x.as_slice());
            fingerprint.add(batch.y.as_slice());
            fingerprint.add(&batch.weights);
            weight += batch.weights.iter().map(|weight| weight.to_f64()).sum::<f64>();
            if let Some(survey) = &mut survey {
                survey.add(first, batch);
                classes.add(&batch.y);
            }
            model.check_targets(&batch.y, first)
        })?;
        check_weight_sum(weight)?;
        // Those of the training data, which come first.
        surveyed = surveyed.or(survey.take());
    }
    if training.unaugmented().is_some() {
        // Samples of the first epoch, to recognize the augmentation.
        let indices: Vec<usize> = (0..training.len().min(RECOGNIZED)).collect();
        let mut batch = Batch::zeros(training.n_inputs(), training.n_outputs(), indices.len())?;
        batch.gather(training, 1, &indices)?;
        fingerprint.add(batch.x.as_slice());
        fingerprint.add(batch.y.as_slice());
    }
    let task = agreed.unwrap_or_else(|| finder.finish());
    let mut warnings = surveyed.map_or_else(Vec::new, |survey| survey.warnings(task, network));
    warnings.extend(classes.warning(task));
    Ok(Checked { task, fingerprint: fingerprint.finish(), warnings })
}

/// Checks a batch of a source whose samples were not checked before: finite values, valid targets.
pub(super) fn check_batch<T: Real>(model: &dyn Model<T>, batch: &Batch<T>) -> Result<()> {
    let checked = check_finite("input", &batch.x, 0)
        .and_then(|()| check_finite("target", &batch.y, 0))
        .and_then(|()| model.check_targets(&batch.y, 0));
    checked.map_err(|mut error| {
        if let Error::NonFiniteSample { sample, .. } | Error::Target { sample, .. } = &mut error {
            *sample = batch.samples.get(*sample).copied().unwrap_or(*sample);
        }
        error
    })
}
