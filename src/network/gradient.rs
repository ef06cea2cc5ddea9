//! The gradient: sums over the examples of a batch.

use std::ops::Range;

use nalgebra::DMatrix;

use super::Workspace;
use crate::linalg::{self, Panels};
use crate::real::Real;

/// How the examples of a batch are summed: leaf by leaf, the sums of leaves then in pairs, those of pairs in pairs, and so on.
///
/// A batch is usually one leaf. With several, whoever holds whole subtrees of that tree gets the same bits for them.
#[derive(Debug, Clone)]
pub(super) struct Sums<T> {
    /// The examples of each leaf, a power of two of them.
    leaves: Vec<Range<usize>>,
    /// By what the sums are divided: the examples of the batch, also of what other ranks hold of it.
    pub(super) m: usize,
    /// The errors of the layer whose gradient is being computed, copied for all column blocks of its weights, of each leaf.
    delta: Vec<Panels<T>>,
}

impl<T: Real> Sums<T> {
    /// Allocates for `examples` examples in so many leaves, and layers of at most `highest` neurons.
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

/// The sum over some leaves of what `of` computes for each, in `sum`. `spare` has room for as many sums as the tree is deep.
///
/// `of` adds to what is there if its last argument says so, which saves the way through `spare`. `most` is the largest leaf for
/// which it can.
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
    /// Sums the examples in `leaves`, a power of two of them, from now on.
    pub(crate) fn with_leaves(mut self, leaves: usize) -> Self {
        let highest = self.layers.iter().map(|layer| layer.delta.nrows()).max().unwrap_or(0);
        self.sums = Sums::new(highest, self.examples(), leaves);
        self
    }

    /// Says which examples each leaf has, and of how many examples the whole batch is.
    pub(crate) fn set_leaves(&mut self, leaves: impl Iterator<Item = Range<usize>>, m: usize) {
        self.sums.leaves.iter_mut().zip(leaves).for_each(|(leaf, range)| *leaf = range);
        self.sums.m = m;
    }

    /// Makes the gradient of layer `index` ready to be computed, column block by column block.
    pub(crate) fn begin_gradient(&mut self, index: usize) {
        let Sums { leaves, delta, .. } = &mut self.sums;
        for (panels, leaf) in delta.iter_mut().zip(leaves) {
            panels.copy_from(&self.layers[index].delta, leaf.clone());
        }
    }

    /// Computes the gradient for the weights of layer `index` that lead from the neurons `inputs`, a column each, one
    /// after the other in `gradient`, after [`begin_gradient`](Self::begin_gradient) of that layer:
    ///
    /// ```text
    /// ∂C/∂w = δ a'ᵀ
    /// ```
    ///
    /// with a' the activations of the layer before. This and [`bias_gradient`](Self::bias_gradient) are the only places
    /// where a gradient is computed. With 2^d leaves, `spare` has room for d of such gradients.
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
        let leaves = &self.sums.leaves;
        tree((leaves, 0), gradient, spare, usize::MAX, &|leaf, gradient, add| {
            linalg::bias_gradient_of(&self.layers[index].delta, leaves[leaf].clone(), gradient, add);
        });
    }
}
