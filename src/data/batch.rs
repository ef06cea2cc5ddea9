//! A mini-batch: the examples of one training step.

use nalgebra::DMatrix;

use super::dataset::check_columns;
use super::{Samples, gather_checked, weights_checked};
use crate::error::{Error, Result};
use crate::memory;
use crate::real::Real;

/// Some samples as matrices whose columns are examples, each with a weight.
///
/// The cost of a batch of m examples is C = 1/m Σ_j weight_j C_j, so that weights of mean 1 do not change the magnitude
/// of a step. Class weights, sample weights and the advantages of a policy gradient are all set here.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (x, y) = (DMatrix::from_element(2, 3, 0.5), DMatrix::from_element(1, 3, 1.0));
/// let mut batch = Batch::new(x, y)?;
/// assert_eq!((batch.examples(), &batch.weights[..]), (3, &[1.0; 3][..]));
/// batch.weights[2] = 4.0; // the third example counts four times
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Batch<T> {
    /// The inputs, n_in × examples.
    pub x: DMatrix<T>,
    /// The targets, n_out × examples.
    pub y: DMatrix<T>,
    /// The weight of each example, 1 by default.
    pub weights: Vec<T>,
    /// The epoch, counted from 1; 0, as in a new batch, for a batch that belongs to no epoch. A dropout mask is
    /// determined by the epoch and the index of the sample; with epoch 0 it changes in each step.
    pub epoch: u64,
    /// The index of each sample in its source.
    pub samples: Vec<usize>,
}

impl<T: Real> Batch<T> {
    /// Creates a batch of the inputs `x` and the targets `y`, each example with weight 1.
    ///
    /// # Shapes
    ///
    /// `x` is n_in × examples, `y` n_out × examples.
    ///
    /// # Errors
    ///
    /// If `x` and `y` differ in their number of columns, returns [`Error::Transposed`] if they would agree with one of
    /// them or both transposed, and [`Error::SizeMismatch`] otherwise.
    pub fn new(x: DMatrix<T>, y: DMatrix<T>) -> Result<Self> {
        check_columns(x.shape(), y.shape())?;
        let m = x.ncols();
        Ok(Self { x, y, weights: vec![T::one(); m], epoch: 0, samples: (0..m).collect() })
    }

    /// Creates a batch of zeros for `examples` examples, to be filled by [`gather`](Self::gather).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Memory`] if the batch does not fit in memory.
    pub fn zeros(n_inputs: usize, n_outputs: usize, examples: usize) -> Result<Self> {
        memory::check::<T>("a batch", [(n_inputs, examples), (n_outputs, examples), (examples, 1)])?;
        let mut weights = memory::reserve("the weights of a batch", examples, 1)?;
        let mut samples = memory::reserve("the samples of a batch", examples, 1)?;
        weights.resize(examples, T::one());
        samples.resize(examples, 0);
        let x = memory::zeros("the inputs of a batch", n_inputs, examples)?;
        let y = memory::zeros("the targets of a batch", n_outputs, examples)?;
        Ok(Self { x, y, weights, epoch: 0, samples })
    }

    /// Returns the number of examples m.
    pub fn examples(&self) -> usize {
        self.x.ncols()
    }

    /// Fills the batch with the samples `indices` of `source`, as they are in `epoch`, and their weights. Does not
    /// allocate.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Samples::gather`]; [`Error::SizeMismatch`] if there are not as many `indices` as the
    /// batch has examples, or the source has changed the shape of `x` or `y`; and [`Error::Setting`] for a weight that
    /// is negative, NaN or infinite.
    pub fn gather(&mut self, source: &dyn Samples<T>, epoch: u64, indices: &[usize]) -> Result<()> {
        if indices.len() != self.examples() {
            return Err(Error::SizeMismatch {
                what: "samples to gather, one for each column of the batch",
                found: indices.len(),
                expected: self.examples(),
            });
        }
        gather_checked(source, epoch, indices, &mut self.x, &mut self.y)?;
        weights_checked(source, indices, &mut self.weights)?;
        self.epoch = epoch;
        self.samples.copy_from_slice(indices);
        Ok(())
    }
}
