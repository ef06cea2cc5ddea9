//! Data: samples, data sets in memory and in files, and their sources.

pub mod augment;
mod batch;
mod blocks;
mod columns;
#[cfg(feature = "csv")]
mod csv;
mod dataset;
pub mod digits;
#[cfg(feature = "download")]
pub mod download;
mod gather;
mod idx;
mod image_set;
pub mod mnist;
#[cfg(feature = "png")]
pub mod png;
mod scale;
mod split;
mod stream;
mod task;
mod visit;
mod weighted;

use std::fmt::Debug;
use std::ops::Range;

use nalgebra::DMatrix;

pub use batch::Batch;
pub use blocks::Blocks;
pub use columns::{Column, ColumnKind, Columns, TargetColumns, Unseen};
#[cfg(feature = "csv")]
pub use csv::{Csv, Missing, Table, TableSummary};
pub use dataset::Dataset;
pub(crate) use dataset::check_finite;
pub(crate) use gather::{Unaugmented, gather_checked, weights_checked};
pub use idx::IdxTensor;
pub use image_set::ImageSet;
pub use mnist::Mnist;
pub use scale::{MinMax, Robust, Scale, Scaler, Standardize};
pub use split::{Fold, Split};
pub use stream::Streamed;
pub use task::{Task, TaskFinder};
pub(crate) use visit::{block_size, for_each_block, task_of};
pub use weighted::Weighted;

use crate::error::Result;
use crate::real::Real;

/// A set of samples, each with inputs x and targets y, from which mini-batches are gathered.
///
/// [`Dataset`] holds samples in memory. A custom source may compute or read them on demand. A sample may depend on the
/// epoch, as augmented images do, but on nothing else, so that a run can be repeated;
/// [`check::samples`](crate::check::samples) verifies this.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// /// x on a grid in [0, 1), y = x².
/// #[derive(Debug)]
/// struct Parabola;
///
/// impl<T: Real> Samples<T> for Parabola {
///     fn len(&self) -> usize {
///         100
///     }
///     fn n_inputs(&self) -> usize {
///         1
///     }
///     fn n_outputs(&self) -> usize {
///         1
///     }
///     fn gather(
///         &self,
///         _epoch: u64,
///         indices: &[usize],
///         x: &mut DMatrix<T>,
///         y: &mut DMatrix<T>,
///     ) -> gradus::Result<()> {
///         for (column, &index) in indices.iter().enumerate() {
///             x[column] = T::cast(index as f64 / 100.0);
///             y[column] = x[column] * x[column];
///         }
///         Ok(())
///     }
/// }
/// let mut network = Network::<f64, _, _>::new(&[1, 4, 1], Tanh, Linear, &ScaledGaussian, 1)?;
/// let report = Trainer::new(Quadratic).fit(&mut network, &Parabola, None)?;
/// assert!(report.history.last().unwrap().training_cost() < 0.01);
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Samples<T: Real>: Debug + Send + Sync {
    /// Returns the number of samples.
    fn len(&self) -> usize;

    /// Returns whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of inputs of a sample.
    fn n_inputs(&self) -> usize;

    /// Returns the number of targets of a sample.
    fn n_outputs(&self) -> usize;

    /// Fills column j of `x` and of `y` with the sample `indices[j]` as it is in `epoch` (counted from 1).
    ///
    /// # Shapes
    ///
    /// `x` is inputs × `indices.len()`, `y` outputs × `indices.len()`.
    ///
    /// # Errors
    ///
    /// Returns any error of the source; custom sources wrap theirs in [`Error::Samples`](crate::Error::Samples).
    fn gather(&self, epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()>;

    /// Sets `weights[j]` to the weight of sample `indices[j]` in the cost, 1 by default. Weights lie in [0, ∞). Their
    /// mean over all samples should be 1, so that they do not change the magnitude of a step; see [`Weighted`].
    fn weights(&self, _indices: &[usize], weights: &mut [T]) {
        weights.fill(T::one());
    }

    /// Returns the samples before augmentation, or `None` if the source does not augment. Before the first step, the
    /// trainer checks these samples for NaN, infinities and invalid targets.
    fn unaugmented(&self) -> Option<&dyn Samples<T>> {
        None
    }

    /// Returns what the targets mean, if the source knows. With `None`, the default, the task is found by reading all
    /// targets once.
    fn task(&self) -> Option<Task> {
        None
    }

    /// Returns the blocks in which the source is read, if reading single samples in random order would be slow. The
    /// trainer then shuffles the blocks, and the samples within a window of blocks. With `None`, the default, it
    /// shuffles all samples.
    fn blocks(&self) -> Option<Blocks> {
        None
    }

    /// Tells the source which samples will be gathered soon, in any order. It may prefetch them on a thread of its own;
    /// the default does nothing.
    fn read_ahead(&self, _ranges: &[Range<usize>]) {}

    /// Returns a hash that identifies the samples, if the source detects damaged data while it reads. The trainer then
    /// validates each batch of the first epoch. With `None`, the default, it reads and validates all samples before the
    /// first step.
    fn fingerprint(&self) -> Option<u64> {
        None
    }
}

crate::forward! { impl<T: Real> Samples<T> {
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool;
    fn n_inputs(&self) -> usize;
    fn n_outputs(&self) -> usize;
    fn gather(&self, epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()>;
    fn weights(&self, indices: &[usize], weights: &mut [T]);
    fn unaugmented(&self) -> Option<&dyn Samples<T>>;
    fn task(&self) -> Option<Task>;
    fn blocks(&self) -> Option<Blocks>;
    fn read_ahead(&self, ranges: &[Range<usize>]);
    fn fingerprint(&self) -> Option<u64>;
} }
