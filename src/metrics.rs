//! How good a network is on a data set.

use std::fmt;

use nalgebra::DMatrix;

use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, Samples};
use crate::error::{Error, Result};
use crate::history::Score;
use crate::network::{Network, Workspace};
use crate::real::Real;

/// Samples that go through the network at once when it is evaluated.
const BLOCK: usize = 500;

/// The score of a network on a data set, and which classes it took for which.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Cost and accuracy.
    pub score: Score,
    /// Which classes were taken for which.
    pub confusion: ConfusionMatrix,
}

/// Evaluates `network` on `samples`, block by block, in the order of the samples.
///
/// The cost is the mean data cost, without penalty. With two or more outputs a sample is correct if the largest output
/// stands where the largest target stands (the first of several equal ones); with one output, if output and
/// target lie on the same side of 1/2 (1/2 itself counting as above). An output of NaN is never correct.
///
/// # Errors
///
/// [`Error::Empty`] and [`Error::SizeMismatch`] if the samples do not fit the network, or its layers do not fit each other, and
/// what `samples` reports.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, Sigmoid, _>::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
/// let evaluation = gradus::metrics::evaluate(&network, &LogLikelihood, &Dataset::synthetic_digits(100, 1)?)?;
/// assert!(evaluation.score.accuracy < 0.5, "it has learned nothing yet");
/// assert_eq!(evaluation.confusion.total(), 100);
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
    Evaluator::new(network, samples)?.evaluate(network, cost, samples)
}

/// The room that the evaluation of one data set needs, made once.
#[derive(Debug)]
pub(crate) struct Evaluator<T> {
    block: (Batch<T>, Workspace<T>),
    rest: Option<(Batch<T>, Workspace<T>)>,
    order: Vec<usize>,
}

impl<T: Real> Evaluator<T> {
    /// Room for `samples`, after a check that they fit the network.
    pub(crate) fn new<H, O>(network: &Network<T, H, O>, samples: &dyn Samples<T>) -> Result<Self>
    where
        H: Activation<T>,
        O: Activation<T>,
    {
        check_fits(network, samples)?;
        let (sizes, n) = (network.sizes(), samples.len());
        let size = BLOCK.min(n);
        let (n_inputs, n_outputs) = (network.n_inputs(), network.n_outputs());
        let buffers = |m| (Batch::zeros(n_inputs, n_outputs, m), Workspace::new(&sizes, m));
        let rest = n.checked_rem(size).filter(|&rest| rest > 0).map(buffers);
        Ok(Self { block: buffers(size), rest, order: (0..n).collect() })
    }

    /// Gathers `samples` block by block, as they are in the first epoch, and hands each block with the number of its
    /// first sample to `visit`.
    pub(crate) fn for_each_block(
        &mut self,
        samples: &dyn Samples<T>,
        mut visit: impl FnMut(usize, &Batch<T>, &mut Workspace<T>) -> Result<()>,
    ) -> Result<()> {
        let size = self.block.0.examples().max(1);
        for (number, indices) in self.order.chunks(size).enumerate() {
            let (batch, workspace) = match &mut self.rest {
                Some(rest) if indices.len() < size => rest,
                _ => &mut self.block,
            };
            batch.gather(samples, 1, indices)?;
            visit(number * size, batch, workspace)?;
        }
        Ok(())
    }

    pub(crate) fn evaluate<H, O, C>(
        &mut self,
        network: &Network<T, H, O>,
        cost: &C,
        samples: &dyn Samples<T>,
    ) -> Result<Evaluation>
    where
        H: Activation<T>,
        O: Activation<T>,
        C: Cost<T, O>,
    {
        let mut confusion = ConfusionMatrix::new(network.n_outputs().max(2));
        let mut total = 0.0;
        self.for_each_block(samples, |_, batch, workspace| {
            network.forward(&batch.x, workspace);
            total += network.cost(cost, batch, workspace);
            confusion.add_batch(workspace.outputs(), &batch.y)
        })?;
        let score = Score { cost: total / samples.len() as f64, accuracy: confusion.accuracy() };
        Ok(Evaluation { score, confusion })
    }
}

/// Refuses samples that have no room in the network, or none to offer.
pub(crate) fn check_fits<T: Real, H: Activation<T>, O: Activation<T>>(
    network: &Network<T, H, O>,
    samples: &dyn Samples<T>,
) -> Result<()> {
    network.check_shapes()?;
    if samples.is_empty() {
        return Err(Error::Empty { what: "the data set" });
    }
    let (found, expected) = (samples.n_inputs(), network.n_inputs());
    if found != expected {
        return Err(Error::SizeMismatch {
            what: "inputs of a sample, which the first size of the network has to equal",
            found,
            expected,
        });
    }
    let (found, expected) = (samples.n_outputs(), network.n_outputs());
    if found != expected {
        return Err(Error::SizeMismatch {
            what: "targets of a sample, which the last size of the network has to equal",
            found,
            expected,
        });
    }
    Ok(())
}

/// How often each class was taken for each: a row for each true class, a column for each predicted class.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut confusion = ConfusionMatrix::new(2);
/// let outputs = DMatrix::from_column_slice(2, 3, &[0.9, 0.1, 0.6, 0.4, 0.2, 0.8]);
/// let targets = DMatrix::from_column_slice(2, 3, &[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
/// confusion.add_batch(&outputs, &targets)?;
/// assert_eq!(confusion.get(1, 0), 1);
/// assert_eq!(confusion.accuracy(), 2.0 / 3.0);
/// assert_eq!(confusion.error_rate(1), Some(0.5));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    n_classes: usize,
    counts: Vec<u64>,
    /// Samples of each class whose outputs held a NaN, so that there was no predicted class.
    invalid: Vec<u64>,
}

impl ConfusionMatrix {
    /// No samples yet, of `n_classes` classes.
    pub fn new(n_classes: usize) -> Self {
        Self { n_classes, counts: vec![0; n_classes * n_classes], invalid: vec![0; n_classes] }
    }

    /// Counts a batch; with a single output there are two classes, on either side of 1/2.
    ///
    /// # Shapes
    ///
    /// `outputs` and `targets` classes × examples, or 1 × examples for two classes.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`] if the shapes are others.
    pub fn add_batch<T: Real>(&mut self, outputs: &DMatrix<T>, targets: &DMatrix<T>) -> Result<()> {
        let (rows, expected) = (targets.nrows(), self.n_classes);
        if rows != expected && (rows, expected) != (1, 2) {
            return Err(Error::SizeMismatch {
                what: "rows of the targets, one for each class",
                found: rows,
                expected,
            });
        }
        for (what, found, expected) in [
            ("rows of the outputs, one for each target", outputs.nrows(), rows),
            ("columns of the outputs, one for each of the targets", outputs.ncols(), targets.ncols()),
        ] {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        for (a, y) in outputs.column_iter().zip(targets.column_iter()) {
            let Some(truth) = class(y.as_slice()) else { continue };
            match class(a.as_slice()) {
                Some(predicted) => self.counts[truth * self.n_classes + predicted] += 1,
                None => self.invalid[truth] += 1,
            }
        }
        Ok(())
    }

    /// How often class `truth` was predicted as `predicted`; 0 for classes that there are not.
    pub fn get(&self, truth: usize, predicted: usize) -> u64 {
        if predicted >= self.n_classes {
            return 0;
        }
        self.counts.get(truth * self.n_classes + predicted).copied().unwrap_or(0)
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The number of samples.
    pub fn total(&self) -> u64 {
        self.counts.iter().chain(&self.invalid).sum()
    }

    /// The share of samples that were classified correctly; NaN without samples.
    pub fn accuracy(&self) -> f64 {
        let correct: u64 = (0..self.n_classes).map(|class| self.get(class, class)).sum();
        correct as f64 / self.total() as f64
    }

    /// The share of the samples of class `truth` that were taken for another; `None` if there are none.
    pub fn error_rate(&self, truth: usize) -> Option<f64> {
        let invalid = self.invalid.get(truth)?;
        let row: u64 = (0..self.n_classes).map(|predicted| self.get(truth, predicted)).sum::<u64>() + invalid;
        (row > 0).then(|| 1.0 - self.get(truth, truth) as f64 / row as f64)
    }
}

/// The class that a column of outputs or targets stands for; `None` if it holds a NaN.
fn class<T: Real>(column: &[T]) -> Option<usize> {
    if column.iter().any(|v| v.is_nan()) {
        return None;
    }
    if let [only] = column {
        return Some(usize::from(*only >= T::cast(0.5)));
    }
    let mut best = 0;
    for (i, v) in column.iter().enumerate() {
        if *v > column[best] {
            best = i;
        }
    }
    Some(best)
}

impl fmt::Display for ConfusionMatrix {
    /// A table with the true classes down, the answers across, and the error rate of each class.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "true \\ predicted")?;
        for predicted in 0..self.n_classes {
            write!(f, "{predicted:>6}")?;
        }
        writeln!(f, "     error")?;
        for truth in 0..self.n_classes {
            write!(f, "{truth:>13}")?;
            for predicted in 0..self.n_classes {
                match self.get(truth, predicted) {
                    0 => write!(f, "     ·")?,
                    count => write!(f, "{count:>6}")?,
                }
            }
            match self.error_rate(truth) {
                Some(rate) => writeln!(f, "{:>8.2} %", 100.0 * rate)?,
                None => writeln!(f, "         –")?,
            }
        }
        Ok(())
    }
}
