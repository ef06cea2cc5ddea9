//! Evaluation of a network on a data set, block by block.

mod divided;

use nalgebra::DMatrix;

use super::{ConfusionMatrix, Measure, Meter, Score, Scored, Scores, default_measures};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, Samples, Task, block_size, check_finite, for_each_block, task_of};
use crate::error::{Error, Result};
use crate::memory;
use crate::network::{self, AnyNetwork, Bound, Model, Network, Workspace};
use crate::real::Real;

/// The maximum number of classes for which [`evaluate`] returns a confusion matrix, which then takes 8 MB.
const MAX_CLASSES: usize = 1000;

/// The scores of a network on a data set, and its confusion matrix.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, Sigmoid, _>::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
/// let Evaluation { scores, confusion } = evaluate(&network, &LogLikelihood, &Dataset::synthetic_digits(100, 1)?)?;
/// assert_eq!(scores.accuracy(), confusion.unwrap().accuracy());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The cost and the other measures.
    pub scores: Scores,
    /// The confusion matrix, if the targets are classes, at most 1000 of them.
    pub confusion: Option<ConfusionMatrix>,
}

/// Evaluates `network` on `samples`, block by block, in the order of the samples.
///
/// It measures the mean data cost, without penalty, and one more measure for the [task](Task): the accuracy for
/// classes and labels, R² for regression. See [`evaluate_with`] for more measures.
///
/// # Errors
///
/// - Returns [`Error::Empty`] if there are no samples.
/// - Returns [`Error::SizeMismatch`] if the samples do not fit the network.
/// - Returns [`Error::EmptyLayer`], [`Error::LayerMismatch`] or [`Error::SizeMismatch`] if the layers were changed so
///   that they do not fit each other.
/// - If an output is NaN or infinite, returns [`Error::NonFiniteParameter`] if a parameter is, and
///   [`Error::NonFiniteSample`] otherwise.
/// - Returns any error of `samples`.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, Sigmoid, _>::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
/// let evaluation = evaluate(&network, &LogLikelihood, &Dataset::synthetic_digits(100, 1)?)?;
/// assert!(evaluation.scores.accuracy() < 0.5, "it has learned nothing yet");
/// assert_eq!(evaluation.confusion.unwrap().total(), 100);
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn evaluate<T, H, O, C>(
    network: &Network<T, H, O>,
    cost: &C,
    samples: &dyn Samples<T>,
) -> Result<Evaluation>
where
    T: Real,
    H: Activation<T>,
    O: Activation<T>,
    C: Cost<T, O>,
{
    evaluate_with(network, cost, samples, &[])
}

/// Evaluates `network` as [`evaluate`] does, and with `measures` in addition.
///
/// # Errors
///
/// Returns the errors of [`evaluate`], and [`Error::Measure`] if a measure is not defined for the task of the samples.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::metrics::evaluate_with;
///
/// let network = Network::<f64, Sigmoid, _>::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
/// let data = Dataset::synthetic_digits(100, 1)?;
/// let scores = evaluate_with(&network, &LogLikelihood, &data, &[&F1::macro_average(), &TopK::new(3)?])?.scores;
/// assert!(scores.get("top-3 accuracy") >= scores.get("accuracy"));
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn evaluate_with<T, H, O, C>(
    network: &Network<T, H, O>,
    cost: &C,
    samples: &dyn Samples<T>,
    measures: &[&dyn Measure],
) -> Result<Evaluation>
where
    T: Real,
    H: Activation<T>,
    O: Activation<T>,
    C: Cost<T, O>,
{
    evaluate_model(&Bound { network, cost }, samples, measures)
}

fn evaluate_model<T: Real>(
    model: &dyn Model<T>,
    samples: &dyn Samples<T>,
    measures: &[&dyn Measure],
) -> Result<Evaluation> {
    let network = model.network();
    check_fits(network, samples, "the data set")?;
    let task = task_of(samples)?;
    let measures: Vec<&dyn Measure> =
        default_measures(task).into_iter().chain(measures.iter().copied()).collect();
    let table = |classes: &usize| (2..=MAX_CLASSES).contains(classes);
    let n_classes = task.n_classes(samples.n_outputs()).filter(table);
    let mut confusion = n_classes.map(ConfusionMatrix::new).transpose()?;
    let mut evaluator = Evaluator::new(network, samples)?;
    let (mut first, mut finite) = (0, Ok(()));
    let scores = evaluator.scores(model, samples, task, &measures, &mut |batch| {
        if finite.is_ok() {
            finite = check_finite("output", batch.outputs, first);
            first += batch.outputs.ncols();
        }
        if let Some(confusion) = &mut confusion {
            batch.samples().for_each(|(a, y, _)| confusion.add_sample(task.class(y), task.class(a)));
        }
    })?;
    if finite.is_err() {
        // A non-finite parameter is the cause, and is reported instead.
        network::check(network)?;
    }
    finite?;
    Ok(Evaluation { scores, confusion })
}

/// Reusable buffers for evaluating one data set.
#[derive(Debug)]
pub(crate) struct Evaluator<T> {
    block: Buffers<T>,
    /// The buffers for the last block, if it is smaller.
    partial: Option<Buffers<T>>,
    n: usize,
}

/// The buffers for one block of samples.
#[derive(Debug)]
struct Buffers<T> {
    batch: Batch<T>,
    workspace: Workspace<T>,
    outputs: DMatrix<f64>,
    targets: DMatrix<f64>,
    weights: Vec<f64>,
}

impl<T: Real> Buffers<T> {
    fn new(sizes: &[usize], examples: usize) -> Result<Self> {
        let (n_inputs, n_outputs) = (sizes.first().copied().unwrap_or(0), sizes.last().copied().unwrap_or(0));
        Ok(Self {
            batch: Batch::zeros(n_inputs, n_outputs, examples)?,
            workspace: Workspace::new(sizes, examples)?,
            outputs: memory::zeros("the outputs of a block", n_outputs, examples)?,
            targets: memory::zeros("the targets of a block", n_outputs, examples)?,
            weights: vec![1.0; examples],
        })
    }

    /// Computes the outputs and costs of the samples in the buffers.
    fn score(&mut self, model: &dyn Model<T>) -> Scored<'_> {
        let Self { batch, workspace, outputs, targets, weights } = self;
        network::forward(model.network(), &batch.x, workspace);
        network::compute_costs(model, batch, workspace);
        outputs.zip_apply(workspace.outputs(), |to, from| *to = from.to_f64());
        targets.zip_apply(&batch.y, |to, from| *to = from.to_f64());
        weights.iter_mut().zip(&batch.weights).for_each(|(to, from)| *to = from.to_f64());
        Scored { outputs, targets, weights, costs: workspace.costs() }
    }
}

impl<T: Real> Evaluator<T> {
    /// Allocates buffers for `samples`, which fit the network.
    pub(crate) fn new(network: &dyn AnyNetwork<T>, samples: &dyn Samples<T>) -> Result<Self> {
        let (sizes, n) = (network.sizes(), samples.len());
        let size = block_size(sizes.iter().copied().max().unwrap_or(0), n);
        let partial = n.checked_rem(size).filter(|&partial| partial > 0);
        let partial = partial.map(|partial| Buffers::new(&sizes, partial)).transpose()?;
        Ok(Self { block: Buffers::new(&sizes, size)?, partial, n })
    }

    /// Gathers `samples` block by block, as they are in the first epoch, and passes the index of each block's first
    /// sample and the block to `visit`.
    pub(crate) fn for_each_block(
        &mut self,
        samples: &dyn Samples<T>,
        visit: &mut dyn FnMut(usize, &Batch<T>) -> Result<()>,
    ) -> Result<()> {
        self.visit(samples, &mut |first, buffers| visit(first, &buffers.batch))
    }

    fn visit(
        &mut self,
        samples: &dyn Samples<T>,
        visit: &mut dyn FnMut(usize, &mut Buffers<T>) -> Result<()>,
    ) -> Result<()> {
        let Self { block, partial, n } = self;
        let size = block.weights.len();
        for_each_block(*n, size, |indices| {
            let buffers = match partial {
                Some(partial) if indices.len() < size => partial,
                _ => &mut *block,
            };
            let next = indices.last().map_or(0, |last| last + 1);
            let soon = next..next.saturating_add(size).min(*n);
            samples.read_ahead(std::slice::from_ref(&soon));
            buffers.batch.gather(samples, 1, indices)?;
            visit(indices.first().copied().unwrap_or(0), buffers)
        })
    }

    /// Evaluates `measures` on `samples`, and passes each block to `also`.
    pub(crate) fn scores(
        &mut self,
        model: &dyn Model<T>,
        samples: &dyn Samples<T>,
        task: Task,
        measures: &[&dyn Measure],
        also: &mut dyn FnMut(&Scored<'_>),
    ) -> Result<Scores> {
        let meter = |measure: &&dyn Measure| measure.meter(task, samples.n_outputs());
        let mut meters = measures.iter().map(meter).collect::<Result<Vec<Box<dyn Meter>>>>()?;
        self.visit(samples, &mut |_, buffers| {
            let batch = buffers.score(model);
            also(&batch);
            meters.iter_mut().try_for_each(|meter| meter.add(&batch))
        })?;
        let scores = measures.iter().zip(meters).map(|(measure, meter)| Score::new(measure, meter.value()));
        Ok(Scores::new(task, scores.collect()))
    }
}

/// Returns an error if `samples`, called `what` in the message, is empty or does not match the network's input and
/// output sizes.
pub(crate) fn check_fits<T: Real>(
    network: &dyn AnyNetwork<T>,
    samples: &dyn Samples<T>,
    what: &'static str,
) -> Result<()> {
    network::check_shapes(network)?;
    let n = samples.len();
    if samples.is_empty() || n == 0 {
        return Err(Error::Empty { what });
    }
    let (found, expected) = (samples.n_inputs(), network.layer(0).weights.ncols());
    if found != expected {
        let what = "inputs of a sample, which the first size of the network has to equal (a column of x is a sample: \
                    transpose x if its rows are)";
        return Err(Error::SizeMismatch { what, found, expected });
    }
    let (found, expected) = (samples.n_outputs(), network.layer(network.n_layers() - 1).weights.nrows());
    if found != expected {
        let what = "targets of a sample, which the last size of the network has to equal (a class label becomes a \
                    one-hot column of y)";
        return Err(Error::SizeMismatch { what, found, expected });
    }
    Ok(())
}
