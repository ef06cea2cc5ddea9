//! Inference: the outputs of a network, without the errors δ that training needs.

use std::mem;
use std::ops::Range;

use nalgebra::DMatrix;

use super::AnyNetwork;
use crate::error::Result;
use crate::linalg;
use crate::memory;
use crate::real::Real;
use crate::threads;

/// The maximum number of samples in a block, whose activations stay in the cache.
const BLOCK: usize = 256;

/// The maximum number of samples in a block if the weights of each layer stay in the cache: products of few columns
/// read them in place.
const SMALL_BLOCK: usize = 96;

/// The maximum number of values of a layer in a block, if it has more than 32 samples.
const BLOCK_VALUES: usize = 1 << 18;

/// The buffers of inference: the weighted inputs and the activations of one layer at a time.
#[derive(Debug, Clone)]
pub(crate) struct Outputs<T> {
    z: DMatrix<T>,
    a: DMatrix<T>,
}

impl<T: Real> Outputs<T> {
    /// Allocates buffers for a network of these `sizes` and at most `examples` examples at once.
    pub(crate) fn new(sizes: &[usize], examples: usize) -> Result<Self> {
        let widest = widest(sizes);
        memory::check::<T>("the buffers of a prediction", [(widest, examples); 2])?;
        Ok(Self { z: DMatrix::zeros(widest, examples), a: DMatrix::zeros(widest, examples) })
    }

    /// Computes the outputs for `examples`, which are columns of `x`: outputs × examples. Does not allocate for at
    /// most as many examples as were given to [`new`](Self::new).
    pub(crate) fn compute(
        &mut self,
        network: &dyn AnyNetwork<T>,
        x: &DMatrix<T>,
        examples: Range<usize>,
    ) -> &DMatrix<T> {
        let Self { z, a } = self;
        for index in 0..network.n_layers() {
            let layer = network.layer(index);
            reshape(z, layer.biases.len(), examples.len());
            match index {
                0 => linalg::weighted_inputs_of(layer.weights, layer.biases, x, examples.clone(), z),
                _ => linalg::weighted_inputs(layer.weights, layer.biases, a, z),
            }
            reshape(a, z.nrows(), z.ncols());
            layer.activation.activate(z, a);
        }
        a
    }
}

impl<T> Outputs<T> {
    /// Returns the outputs of the last call of [`compute`](Self::compute).
    pub(crate) fn last(&self) -> &DMatrix<T> {
        &self.a
    }
}

/// The number of neurons of the largest layer after the inputs.
fn widest(sizes: &[usize]) -> usize {
    sizes.iter().skip(1).copied().max().unwrap_or(0)
}

/// Gives a matrix another shape and reuses its memory; the values of the elements are unspecified afterwards.
pub(super) fn reshape<T: Real>(matrix: &mut DMatrix<T>, rows: usize, columns: usize) {
    if matrix.shape() != (rows, columns) {
        let mut elements: Vec<T> = mem::replace(matrix, DMatrix::zeros(0, 0)).data.into();
        elements.resize(rows * columns, T::zero());
        *matrix = DMatrix::from_vec(rows, columns, elements);
    }
}

/// Computes the outputs for the columns of `x`, which fit the network, in blocks of samples that are divided among
/// threads.
pub(super) fn outputs<T: Real>(network: &dyn AnyNetwork<T>, x: &DMatrix<T>) -> Result<DMatrix<T>> {
    let sizes = network.sizes();
    let n_outputs = sizes.last().copied().unwrap_or(0);
    let mut outputs = memory::zeros("the outputs of a prediction", n_outputs, x.ncols())?;
    let weights = || sizes.windows(2).map(|size| size[0] * size[1]);
    let products: usize = weights().sum();
    let is_small = weights().all(|weights| weights * size_of::<T>() <= linalg::CACHED);
    let largest = if is_small { SMALL_BLOCK } else { BLOCK };
    let most = (BLOCK_VALUES / widest(&sizes).max(1)).clamp(32, largest);
    // A few samples are divided among threads neuron by neuron, by the products themselves.
    let threads =
        if x.ncols() < BLOCK { 1 } else { threads::useful_threads(products.saturating_mul(x.ncols())) };
    let all = 0..x.ncols();
    divide(threads, outputs.as_mut_slice(), all, n_outputs, &|examples, outputs| {
        let blocks = examples.len().div_ceil(most);
        let size = examples.len().div_ceil(blocks.max(1));
        let mut block = Outputs::new(&sizes, size)?;
        let mut compute = || {
            for first in examples.clone().step_by(size.max(1)) {
                // The last block overlaps the one before it, so that all blocks have the same size.
                let first = first.min(examples.end - size);
                let at = (first - examples.start) * n_outputs;
                let computed = block.compute(network, x, first..first + size);
                outputs[at..at + size * n_outputs].copy_from_slice(computed.as_slice());
            }
        };
        match threads {
            1 => compute(),
            _ => threads::run(Some(1), false, compute)?,
        }
        Ok(())
    })?;
    Ok(outputs)
}

/// Divides `examples` and the slice of their outputs among threads.
fn divide<T: Real>(
    threads: usize,
    outputs: &mut [T],
    examples: Range<usize>,
    n_outputs: usize,
    work: &(impl Fn(Range<usize>, &mut [T]) -> Result<()> + Sync),
) -> Result<()> {
    if threads <= 1 {
        return work(examples, outputs);
    }
    let (one, other) = (threads.div_ceil(2), threads / 2);
    let count = examples.len() * one / threads;
    let at = examples.start + count;
    let (left, right) = outputs.split_at_mut(count * n_outputs);
    let (left, right) = threads::join(
        || divide(one, left, examples.start..at, n_outputs, work),
        || divide(other, right, at..examples.end, n_outputs, work),
    );
    left.and(right)
}
