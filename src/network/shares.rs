//! A batch forward and back, its examples divided among threads.
//!
//! If every product and every activation were divided for itself, the threads would wait for each other several times
//! in each layer. Here each thread takes its share of the examples through all layers and back. Every element is the
//! same sum as without shares, on any number of threads.

use std::mem;
use std::ops::Range;

use nalgebra::DMatrix;

use super::gradient::Piece;
use super::outputs::reshape;
use super::workspace::{compute_deltas, forward_some};
use super::{Model, Workspace};
use crate::data::Batch;
use crate::error::Result;
use crate::linalg;
use crate::memory;
use crate::real::Real;
use crate::threads;

/// Networks with more layers have no shares.
const MOST_LAYERS: usize = 32;

/// The maximum number of bytes of the weights if each share sums its pieces of the gradient.
const MOST_SUMMED: usize = 1 << 16;

/// The minimum number of examples of a share.
const FEWEST_EACH: usize = 8;

/// Bytes of the buffers of a block of examples, which stay in the cache.
const BLOCK: usize = 1 << 18;

/// The minimum number of examples of a block, if there are so many: with fewer, products are slower.
const FEWEST: usize = 128;

/// The shares of a batch.
#[derive(Debug, Clone)]
pub(super) struct Shares<T> {
    each: Vec<Share<T>>,
    /// The gradient of each piece of the batch, if the shares compute them: for many examples and few weights. Else
    /// the activations and errors of all examples are put together, and the gradient is computed from them.
    pieces: Vec<Piece<T>>,
    /// Whether the pieces are those of the workspace's batch.
    are_current: bool,
}

/// One thread's buffers.
#[derive(Debug, Clone)]
struct Share<T> {
    y: DMatrix<T>,
    /// Activations, errors and costs of a block of examples.
    workspace: Workspace<T>,
    /// The maximum number of examples of a block.
    most: usize,
    /// Whether all weighted inputs, costs and errors were finite.
    is_finite: bool,
}

/// The results of some examples: neurons × examples of each layer, or the pieces of their gradient.
struct Results<'a, T> {
    a: [&'a mut [T]; MOST_LAYERS],
    delta: [&'a mut [T]; MOST_LAYERS],
    costs: &'a mut [f64],
    pieces: &'a mut [Piece<T>],
}

impl<T: Real> Shares<T> {
    /// Allocates the shares of a batch of `examples` examples; `None` if they would not be faster.
    pub(super) fn new(sizes: &[usize], examples: usize) -> Result<Option<Self>> {
        let products = || sizes.windows(2).map(|size| size[0] * size[1]);
        let bytes = |values: usize| values.saturating_mul(size_of::<T>());
        let widest = products().max().unwrap_or(0);
        let useful = threads::useful_threads(products().sum::<usize>().saturating_mul(examples));
        let threads = useful.min(examples / FEWEST_EACH);
        if threads < 2 || sizes.len() > 1 + MOST_LAYERS || bytes(widest) > linalg::CACHED {
            // Each thread would read all weights, and not from its own cache.
            return Ok(None);
        }
        let pieces = examples.div_ceil(linalg::MOST_ADDED);
        let longest = pieces.div_ceil(threads) * linalg::MOST_ADDED;
        let is_balanced = pieces >= threads && 4 * longest <= 5 * examples.div_ceil(threads);
        let is_summed = is_balanced && bytes(products().sum()) <= MOST_SUMMED;
        Self::of(threads, sizes, examples, is_summed).map(Some)
    }

    /// Allocates `threads` shares, which sum pieces of the gradient if `is_summed`: at least one each.
    fn of(threads: usize, sizes: &[usize], examples: usize, is_summed: bool) -> Result<Self> {
        let neurons: usize = sizes.iter().skip(1).sum();
        let most = match is_summed {
            true => linalg::MOST_ADDED,
            false => (BLOCK / (3 * neurons * size_of::<T>())).max(FEWEST).min(examples.div_ceil(threads)),
        };
        let share = || {
            let y = memory::zeros("the targets of a share", sizes[sizes.len() - 1], most)?;
            Ok(Share { y, workspace: Workspace::new(sizes, most)?, most, is_finite: true })
        };
        let each = (0..threads).map(|_| share()).collect::<Result<_>>()?;
        let pieces = if is_summed { examples.div_ceil(linalg::MOST_ADDED) } else { 0 };
        let layers = sizes.windows(2).map(|size| (size[0] * size[1], pieces));
        memory::check::<T>("the gradients of the pieces of a batch", layers)?;
        Ok(Self { each, pieces: vec![Piece::new(sizes); pieces], are_current: false })
    }

    /// The pieces of the gradient, if the shares have computed them.
    pub(super) fn pieces(&self) -> Option<&[Piece<T>]> {
        (self.are_current && !self.pieces.is_empty()).then_some(&self.pieces)
    }
}

impl<T: Real> Share<T> {
    /// Takes some `examples` of `batch`, which has `m` on all ranks together, forward and back.
    fn compute(
        &mut self,
        model: &dyn Model<T>,
        (batch, m): (&Batch<T>, usize),
        examples: Range<usize>,
        results: &mut Results<'_, T>,
    ) {
        let Self { y, workspace, most, is_finite } = self;
        *is_finite = true;
        let blocks = examples.len().div_ceil(*most);
        for block in 0..blocks {
            // Pieces are whole but for the last; other blocks are as equal as possible.
            let bound = |block: usize| match results.pieces.is_empty() {
                true => examples.len() * block / blocks,
                false => examples.len().min(block * *most),
            };
            let (from, to) = (bound(block), bound(block + 1));
            let columns = examples.start + from..examples.start + to;
            workspace.resize(columns.len(), m);
            reshape(y, batch.y.nrows(), columns.len());
            y.copy_from(&batch.y.columns(columns.start, columns.len()));
            forward_some(model.network(), &batch.x, columns.clone(), workspace);
            workspace.compute_costs(model, y);
            compute_deltas(model, (y, &batch.weights[columns.clone()]), workspace);
            *is_finite &= workspace.is_finite();

            results.costs[from..to].copy_from_slice(&workspace.costs);
            if let Some(piece) = results.pieces.get_mut(block) {
                workspace.sum_piece(&batch.x, columns, piece);
                continue;
            }
            let whole = results.a.iter_mut().zip(&mut results.delta);
            for (layer, (a, delta)) in workspace.layers.iter().zip(whole) {
                let rows = layer.delta.nrows();
                a[from * rows..to * rows].copy_from_slice(layer.outputs().as_slice());
                delta[from * rows..to * rows].copy_from_slice(layer.delta.as_slice());
            }
        }
    }
}

impl<'a, T> Results<'a, T> {
    /// The results of the first `at` examples, of `examples` in all, which are the first `pieces`; and the others.
    fn split(self, at: usize, examples: usize, pieces: usize) -> (Self, Self) {
        let halves = |mut arrays: [&'a mut [T]; MOST_LAYERS]| {
            let mut others: [&mut [T]; MOST_LAYERS] = Default::default();
            for (array, other) in arrays.iter_mut().zip(&mut others) {
                let rows = array.len() / examples.max(1);
                (*array, *other) = mem::take(array).split_at_mut(rows * at);
            }
            (arrays, others)
        };
        let ((a, other_a), (delta, other_delta)) = (halves(self.a), halves(self.delta));
        let (costs, other_costs) = self.costs.split_at_mut(at);
        let (pieces, other_pieces) = self.pieces.split_at_mut(pieces);
        let others = Self { a: other_a, delta: other_delta, costs: other_costs, pieces: other_pieces };
        (Self { a, delta, costs, pieces }, others)
    }
}

/// Computes what the gradient of a batch needs in the shares of `workspace`. Returns Σ weight_x C_x, or `None` if there are
/// no shares, or if the sum, a weighted input or an error δ is not finite.
pub(super) fn compute<T: Real>(
    model: &dyn Model<T>,
    batch: &Batch<T>,
    workspace: &mut Workspace<T>,
) -> Option<f64> {
    let examples = 0..workspace.examples();
    let Workspace { layers, costs, sums, shares: Some(shares), .. } = workspace else { return None };
    let (mut a, mut delta): ([&mut [T]; MOST_LAYERS], [&mut [T]; MOST_LAYERS]) = Default::default();
    for ((layer, a), delta) in layers.iter_mut().zip(&mut a).zip(&mut delta) {
        (*a, *delta) = layer.results_mut();
    }
    let (m, pieces) = (sums.m, &mut shares.pieces[..]);
    divide(
        &mut shares.each,
        examples,
        Results { a, delta, costs, pieces },
        &|share, examples, mut results| {
            share.compute(model, (batch, m), examples, &mut results);
        },
    );
    let sum = sums.cost(costs, &batch.weights);
    shares.are_current = sum.is_finite() && shares.each.iter().all(|share| share.is_finite);
    shares.are_current.then_some(sum)
}

/// Divides `examples` and their results among the shares, each on a thread of its own.
fn divide<T: Real>(
    shares: &mut [Share<T>],
    examples: Range<usize>,
    results: Results<'_, T>,
    work: &(impl Fn(&mut Share<T>, Range<usize>, Results<'_, T>) + Sync),
) {
    if let [share] = shares {
        return threads::alone(|| work(share, examples, results));
    }
    let count = shares.len();
    let (some, others) = shares.split_at_mut(count / 2);
    let part = |of: usize| of * some.len() / count;
    let pieces = part(results.pieces.len());
    let at = if pieces > 0 { pieces * linalg::MOST_ADDED } else { part(examples.len()) };
    let middle = examples.start + at;
    let (left, right) = results.split(at, examples.len(), pieces);
    threads::join(
        || divide(some, examples.start..middle, left, work),
        || divide(others, middle..examples.end, right, work),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Sigmoid, Tanh};
    use crate::cost::CrossEntropy;
    use crate::init::ScaledGaussian;
    use crate::network::{Bound, Network, pass};

    const SIZES: [usize; 4] = [3, 37, 18, 2];

    /// What a step takes from a workspace: the costs, and the gradient of each layer.
    fn bits<T: Real>(batch: &Batch<T>, workspace: &mut Workspace<T>) -> Vec<u64> {
        let network = Network::<T, _, _>::new(&SIZES, Tanh, Sigmoid, &ScaledGaussian, 1).unwrap();
        let passed = pass(&Bound { network: &network, cost: &CrossEntropy }, batch, workspace);
        assert!(passed.is_finite);
        let mut numbers = vec![passed.sum];
        numbers.extend(&workspace.costs);
        for (index, size) in SIZES.windows(2).enumerate() {
            let (mut weights, mut biases) = (vec![T::zero(); size[0] * size[1]], vec![T::zero(); size[1]]);
            workspace.begin_gradient(index);
            workspace.weight_gradient(&batch.x, index, 0..size[0], &mut weights, &mut []);
            workspace.bias_gradient(index, &mut biases, &mut []);
            numbers.extend(weights.iter().chain(&biases).map(|value| value.to_f64()));
        }
        numbers.into_iter().map(f64::to_bits).collect()
    }

    fn assert_same_bits<T: Real>() {
        for examples in [1, 7, 40, 300, 1024, 1025, 2500, 5120] {
            let number = |i: usize, j: usize| T::cast(((i * 31 + j * 17) % 101) as f64 / 37.0 - 1.3);
            let x = DMatrix::from_fn(SIZES[0], examples, number);
            let y = DMatrix::from_fn(SIZES[3], examples, |i, j| T::cast(((i + j) % 3 == 0) as u8 as f64));
            let mut batch = Batch::new(x, y).unwrap();
            batch.weights = (0..examples).map(|j| T::cast((j % 4) as f64 / 2.0)).collect();
            let mut whole = Workspace::new(&SIZES, examples).unwrap();
            let expected = bits(&batch, &mut whole);
            let pieces = examples.div_ceil(linalg::MOST_ADDED);
            let all = (1..6).flat_map(|threads| [(threads, false), (threads, true)]);
            for (threads, is_summed) in all.filter(|&(threads, is_summed)| !is_summed || pieces >= threads) {
                let mut shared = Workspace::new(&SIZES, examples).unwrap();
                let shares = Shares::of(threads, &SIZES, examples, is_summed).unwrap();
                shared.shares = Some(Box::new(shares));
                for _ in 0..2 {
                    let found = bits(&batch, &mut shared);
                    assert!(found == expected, "{examples} examples, {threads} threads, pieces: {is_summed}");
                    assert_eq!(shared.pieces().is_some(), is_summed);
                }
            }
        }
    }

    #[test]
    fn any_number_of_shares_gives_the_same_bits() {
        assert_same_bits::<f32>();
        assert_same_bits::<f64>();
    }

    /// The buffers then hold what the search for the value needs.
    #[test]
    fn a_value_that_is_not_finite_is_found_in_any_share() {
        let network = Network::<f32, _, _>::new(&SIZES, Tanh, Sigmoid, &ScaledGaussian, 1).unwrap();
        let model = Bound { network: &network, cost: &CrossEntropy };
        let examples = 2100;
        for (is_summed, bad) in [(false, 3), (false, 2099), (true, 1500), (true, 2099)] {
            let mut workspace = Workspace::new(&SIZES, examples).unwrap();
            workspace.shares = Some(Box::new(Shares::of(2, &SIZES, examples, is_summed).unwrap()));
            let mut batch =
                Batch::new(DMatrix::zeros(SIZES[0], examples), DMatrix::zeros(SIZES[3], examples)).unwrap();
            assert!(pass(&model, &batch, &mut workspace).is_finite);
            batch.x[(1, bad)] = f32::NAN;
            assert!(!pass(&model, &batch, &mut workspace).is_finite);
            assert!(workspace.weighted_inputs(0)[(0, bad)].is_nan() && workspace.pieces().is_none());
        }
    }
}
