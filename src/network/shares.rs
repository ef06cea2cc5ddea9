//! A batch forward and back, its examples divided among threads.
//!
//! If every product and every activation were divided for itself, the threads would wait for each other a few times in
//! each layer. Here each thread takes its share of the examples through all layers and back. The share is cut into
//! blocks whose activations stay in the cache. Every element is the same sum as without shares.

use std::array;
use std::ops::Range;

use nalgebra::DMatrix;

use super::outputs::reshape;
use super::workspace::{compute_deltas, forward_some};
use super::{Model, Workspace};
use crate::data::Batch;
use crate::error::Result;
use crate::real::Real;
use crate::threads;

/// Networks with more layers have no shares.
const MOST_LAYERS: usize = 32;

/// The maximum number of bytes of a layer's weights: each thread reads them all, from its own cache.
const MOST_WEIGHTS: usize = 1 << 19;

/// Bytes of the buffers of a block.
const BLOCK: usize = 1 << 18;

/// The minimum number of examples of a block, if there are so many: with fewer, products are slower.
const FEWEST: usize = 128;

/// One thread's buffers.
#[derive(Debug, Clone)]
pub(super) struct Share<T> {
    y: DMatrix<T>,
    /// Activations, errors and costs of a block.
    workspace: Workspace<T>,
    /// The maximum number of examples of a block.
    most: usize,
    /// Whether all weighted inputs, costs and errors were finite.
    is_finite: bool,
}

/// The results of some examples, each layer's neurons × examples.
struct Columns<'a, T> {
    a: [&'a mut [T]; MOST_LAYERS],
    delta: [&'a mut [T]; MOST_LAYERS],
    costs: &'a mut [f64],
}

impl<T: Real> Share<T> {
    /// Allocates the shares of a batch of `examples` examples: none if they would not be faster.
    pub(super) fn all(sizes: &[usize], examples: usize) -> Result<Vec<Self>> {
        let products = || sizes.windows(2).map(|size| size[0] * size[1]);
        let widest = products().max().unwrap_or(0) * size_of::<T>();
        if sizes.len() > MOST_LAYERS || widest > MOST_WEIGHTS {
            return Ok(Vec::new());
        }
        let threads = threads::useful_threads(products().sum::<usize>().saturating_mul(examples));
        let values: usize = sizes.iter().skip(1).sum();
        let most = (BLOCK / (3 * values * size_of::<T>()).max(1)).max(FEWEST);
        if threads == 1 {
            return Ok(Vec::new());
        }
        let most = most.min(examples.div_ceil(threads));
        let share = || {
            let y = DMatrix::zeros(sizes[sizes.len() - 1], most);
            Ok(Self { y, workspace: Workspace::new(sizes, most)?, most, is_finite: true })
        };
        (0..threads).map(|_| share()).collect()
    }

    /// Takes some `examples` of `batch`, which has `m` on all ranks together, forward and back.
    fn compute(
        &mut self,
        model: &dyn Model<T>,
        (batch, m): (&Batch<T>, usize),
        examples: Range<usize>,
        columns: &mut Columns<'_, T>,
    ) {
        let Self { y, workspace, most, is_finite } = self;
        *is_finite = true;
        workspace.sums.m = m;
        let blocks = examples.len().div_ceil(*most);
        for block in 0..blocks {
            let [from, to] = [block, block + 1].map(|block| examples.len() * block / blocks);
            let block = examples.start + from..examples.start + to;
            workspace.resize(block.len());
            reshape(y, batch.y.nrows(), block.len());
            y.copy_from(&batch.y.columns(block.start, block.len()));
            forward_some(model.network(), &batch.x, block.clone(), workspace);
            workspace.compute_costs(model, y);
            compute_deltas(model, (y, &batch.weights[block]), workspace);
            *is_finite &= workspace.is_finite();

            columns.costs[from..to].copy_from_slice(&workspace.costs);
            let whole = columns.a.iter_mut().zip(&mut columns.delta);
            for (layer, (a, delta)) in workspace.layers.iter().zip(whole) {
                let rows = layer.delta.nrows();
                a[from * rows..to * rows].copy_from_slice(layer.outputs().as_slice());
                delta[from * rows..to * rows].copy_from_slice(layer.delta.as_slice());
            }
        }
    }
}

impl<'a, T> Columns<'a, T> {
    /// The columns of the first `at` examples, of `examples` in all, and the others.
    fn split(self, at: usize, examples: usize) -> (Self, Self) {
        let halves = |arrays: [&'a mut [T]; MOST_LAYERS]| {
            let mut halves = arrays.map(|array| {
                let rows = array.len() / examples.max(1);
                Some(array.split_at_mut(rows * at))
            });
            let mut others: [&mut [T]; MOST_LAYERS] = Default::default();
            let some = array::from_fn(|layer| {
                let (some, other) = halves[layer].take().unwrap_or_default();
                others[layer] = other;
                some
            });
            (some, others)
        };
        let ((a, other_a), (delta, other_delta)) = (halves(self.a), halves(self.delta));
        let (costs, other_costs) = self.costs.split_at_mut(at);
        (Self { a, delta, costs }, Self { a: other_a, delta: other_delta, costs: other_costs })
    }
}

/// Computes the activations, costs and errors δ of a batch in its shares. Returns whether all of them are finite.
pub(super) fn compute<T: Real>(
    model: &dyn Model<T>,
    batch: &Batch<T>,
    workspace: &mut Workspace<T>,
) -> bool {
    let examples = 0..workspace.examples();
    let Workspace { layers, costs, sums, shares, .. } = workspace;
    let (mut a, mut delta): ([&mut [T]; MOST_LAYERS], [&mut [T]; MOST_LAYERS]) = Default::default();
    for ((layer, a), delta) in layers.iter_mut().zip(&mut a).zip(&mut delta) {
        (*a, *delta) = layer.results_mut();
    }
    let m = sums.m;
    divide(shares, examples, Columns { a, delta, costs }, &|share, examples, mut columns| {
        share.compute(model, (batch, m), examples, &mut columns);
    });
    shares.iter().all(|share| share.is_finite)
}

/// Divides `examples` and their columns among the shares, each on a thread of its own.
fn divide<T: Real>(
    shares: &mut [Share<T>],
    examples: Range<usize>,
    columns: Columns<'_, T>,
    work: &(impl Fn(&mut Share<T>, Range<usize>, Columns<'_, T>) + Sync),
) {
    if let [share] = shares {
        threads::alone(|| work(share, examples, columns));
        return;
    }
    let count = shares.len();
    let (some, others) = shares.split_at_mut(count / 2);
    let at = examples.len() * some.len() / count;
    let middle = examples.start + at;
    let (left, right) = columns.split(at, examples.len());
    threads::join(
        || divide(some, examples.start..middle, left, work),
        || divide(others, middle..examples.end, right, work),
    );
}
