//! The gradient: sums over the examples of a batch.

use std::ops::Range;

use nalgebra::DMatrix;

use super::Workspace;
use crate::linalg::{self, Panels};
use crate::real::Real;

/// How the examples of a batch are summed: each leaf by itself, then pairs of leaves, then pairs of pairs, and so on.
///
/// A batch is usually one leaf. With several leaves, the sum of a subtree is bitwise the same on every rank that
/// holds the whole subtree.
#[derive(Debug, Clone)]
pub(super) struct Sums<T> {
    /// The examples of each leaf. The number of leaves is a power of two.
    pub(super) leaves: Vec<Range<usize>>,
    /// The divisor of the sums: the number of examples of the batch, those of other ranks included.
    pub(super) m: usize,
    /// For each leaf, the δ of the layer whose gradient is being computed, packed once for all column blocks of its
    /// weights.
    delta: Vec<Panels<T>>,
}

/// The gradient of a piece of a batch, the examples of one chain of sums: of each layer ∂C/∂w, n_out × n_in, and ∂C/∂b
/// before it is rounded.
#[derive(Debug, Clone)]
pub(super) struct Piece<T> {
    weights: Vec<Vec<T>>,
    biases: Vec<Vec<f64>>,
}

impl<T: Real> Piece<T> {
    /// Allocates for a network with layers of `sizes` neurons.
    pub(super) fn new(sizes: &[usize]) -> Self {
        let weights = sizes.windows(2).map(|size| vec![T::zero(); size[0] * size[1]]).collect();
        Self { weights, biases: sizes.iter().skip(1).map(|&size| vec![0.0; size]).collect() }
    }
}

impl<T: Real> Sums<T> {
    /// Allocates buffers for `examples` examples in `leaves` leaves, and layers of at most `highest` neurons.
    pub(super) fn new(highest: usize, examples: usize, leaves: usize) -> Self {
        let largest = if leaves == 1 { examples } else { examples / leaves + 1 };
        let delta = (0..leaves).map(|_| Panels::new(highest, largest)).collect();
        let leaves = (0..leaves).map(|leaf| examples * leaf / leaves..examples * (leaf + 1) / leaves);
        Self { leaves: leaves.collect(), m: examples, delta }
    }

    /// Σ weight_x C_x.
    pub(super) fn cost(&self, costs: &[f64], weights: &[T]) -> f64 {
        fn sum(leaves: &[Range<usize>], of: &impl Fn(Range<usize>) -> f64) -> f64 {
            match leaves {
                [leaf] => of(leaf.clone()),
                _ => {
                    let (some, others) = leaves.split_at(leaves.len() / 2);
                    sum(some, of) + sum(others, of)
                }
            }
        }
        sum(&self.leaves, &|leaf| {
            let examples = costs[leaf.clone()].iter().zip(&weights[leaf]);
            examples.map(|(cost, weight)| weight.to_f64() * cost).sum()
        })
    }
}

/// Writes to `sum` the sum over `leaves`, the first of which has the index `first`, of the values that `of` computes
/// for each. `spare` holds one more sum per level of the tree.
///
/// If its last argument is true, `of` adds to the values that are there, without a detour through `spare`. It can do
/// so for leaves of at most `most` examples.
fn tree<T: Real>(
    (leaves, first): (&[Range<usize>], usize),
    sum: &mut [T],
    spare: &mut [T],
    most: usize,
    of: &impl Fn(usize, &mut [T], bool),
) {
    let (some, others) = leaves.split_at(leaves.len() / 2);
    let middle = first + some.len();
    match others {
        [_] if some.is_empty() => of(first, sum, false),
        [leaf] if leaf.len() <= most => {
            of(first, sum, false);
            of(middle, sum, true);
        }
        _ => {
            tree((some, first), sum, spare, most, of);
            let (other, spare) = spare.split_at_mut(sum.len());
            tree((others, middle), other, spare, most, of);
            sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += *other);
        }
    }
}

impl<T: Real> Workspace<T> {
    /// The gradient of each piece, if the threads that share the batch have computed them.
    pub(super) fn pieces(&self) -> Option<&[Piece<T>]> {
        self.shares.as_ref()?.pieces()
    }

    /// Divides the examples into `leaves` leaves, a power of two, for all sums from now on.
    pub(crate) fn with_leaves(mut self, leaves: usize) -> Self {
        let highest = self.layers.iter().map(|layer| layer.delta.nrows()).max().unwrap_or(0);
        self.sums = Sums::new(highest, self.examples(), leaves);
        self
    }

    /// Sets the examples of each leaf, and the number of examples of the whole batch.
    pub(crate) fn set_leaves(&mut self, leaves: impl Iterator<Item = Range<usize>>, m: usize) {
        self.sums.leaves.iter_mut().zip(leaves).for_each(|(leaf, range)| *leaf = range);
        self.sums.m = m;
    }

    /// Computes the gradient of a piece, the batch of this workspace: the `examples` in the columns of `x`.
    pub(super) fn sum_piece(&mut self, x: &DMatrix<T>, examples: Range<usize>, piece: &mut Piece<T>) {
        let layers = piece.weights.iter_mut().zip(&mut piece.biases);
        for (index, (weights, biases)) in layers.enumerate() {
            self.begin_gradient(index);
            let (a, columns) = match index.checked_sub(1) {
                Some(before) => (self.layers[before].outputs(), 0..self.examples()),
                None => (x, examples.clone()),
            };
            linalg::weight_gradient_of(&self.sums.delta[0], a, columns, 0..a.nrows(), weights, false);
            linalg::bias_sums(&self.layers[index].delta, 0..self.examples(), biases);
        }
    }

    /// Prepares the gradient of layer `index`, which is then computed column block by column block.
    pub(crate) fn begin_gradient(&mut self, index: usize) {
        if self.pieces().is_some() {
            return;
        }
        let Sums { leaves, delta, .. } = &mut self.sums;
        for (panels, leaf) in delta.iter_mut().zip(leaves) {
            panels.copy_from(&self.layers[index].delta, leaf.clone());
        }
    }

    /// Computes the columns `inputs` of the weight gradient of layer `index`, one after the other in `gradient`, after
    /// [`begin_gradient`](Self::begin_gradient) of that layer:
    ///
    /// ```text
    /// ∂C/∂w = δ a'ᵀ
    /// ```
    ///
    /// with a' the activations of the layer before. This and [`bias_gradient`](Self::bias_gradient) are the only places
    /// where a gradient is computed. With 2^d leaves, `spare` holds d arrays as long as `gradient`.
    ///
    /// Source: chapter 2 of the book, equation (BP4), for a whole batch at once.
    pub(crate) fn weight_gradient(
        &self,
        x: &DMatrix<T>,
        index: usize,
        inputs: Range<usize>,
        gradient: &mut [T],
        spare: &mut [T],
    ) {
        if let Some(pieces) = self.pieces() {
            let rows = self.layers[index].delta.nrows();
            let columns = inputs.start * rows..inputs.end * rows;
            let mut pieces = pieces.iter().map(|piece| &piece.weights[index][columns.clone()]);
            pieces.next().into_iter().for_each(|first| gradient.copy_from_slice(first));
            for piece in pieces {
                gradient.iter_mut().zip(piece).for_each(|(sum, &piece)| *sum += piece);
            }
            return;
        }
        let a = match index.checked_sub(1) {
            Some(before) => self.layers[before].outputs(),
            None => self.inputs.as_ref().map_or(x, |mask| &mask.masked),
        };
        let Sums { leaves, delta, .. } = &self.sums;
        tree((leaves, 0), gradient, spare, linalg::MOST_ADDED, &|leaf, gradient, add| {
            let (delta, examples) = (&delta[leaf], leaves[leaf].clone());
            linalg::weight_gradient_of(delta, a, examples, inputs.clone(), gradient, add);
        });
    }

    /// Computes ∂C/∂b = Σ_x δ_x of layer `index`.
    ///
    /// Source: chapter 2 of the book, equation (BP3), for a whole batch at once.
    pub(crate) fn bias_gradient(&self, index: usize, gradient: &mut [T], spare: &mut [T]) {
        if let Some(pieces) = self.pieces() {
            for (i, gradient) in gradient.iter_mut().enumerate() {
                *gradient = T::cast(pieces.iter().fold(0.0, |sum, piece| sum + piece.biases[index][i]));
            }
            return;
        }
        let leaves = &self.sums.leaves;
        tree((leaves, 0), gradient, spare, usize::MAX, &|leaf, gradient, add| {
            linalg::bias_gradient_of(&self.layers[index].delta, leaves[leaf].clone(), gradient, add);
        });
    }
}
