//! The step downhill: each layer's gradient, the penalty's part of it, and the optimizer's move.
//!
//! A large weight matrix is worked on in parts, some columns at a time: a part's gradient is computed, and used at once
//! while it is in the cache. It is never written to memory as a whole. Threads share the parts.

use nalgebra::{DMatrix, DVector};

use crate::activation::Activation;
use crate::linalg::{self, Panels};
use crate::network::{Network, Workspace};
use crate::optimizer::Optimizer;
use crate::real::Real;
use crate::regularizer::Regularizer;
use crate::threads;

/// Bytes of a part of the weights: few enough for the first-level cache to hold them and their gradient.
const BLOCK_BYTES: usize = 12 << 10;

/// The columns of a part are a multiple of this, which the widths of the product's tiles divide.
const WIDTH_MULTIPLE: usize = 24;

/// How a network's parameters move: the optimizer's memory, and room for gradients, both made once.
#[derive(Debug)]
pub(super) struct Descent<T: Real, O: Optimizer<T>> {
    layers: Vec<LayerDescent<T, O::State>>,
    /// The errors of the layer that is being worked on, copied for all of its parts.
    delta: Panels<T>,
}

#[derive(Debug)]
struct LayerDescent<T, S> {
    /// Neighbouring columns of the weights, for each thread that works on this layer.
    shares: Vec<ThreadChunk<T, S>>,
    bias_gradient: DVector<T>,
    bias_state: S,
}

/// What one thread works on.
#[derive(Debug)]
struct ThreadChunk<T, S> {
    parts: Vec<ColumnBlock<S>>,
    /// Room for the gradient of a part.
    gradient: Vec<T>,
}

/// Some columns of a weight matrix, and what the optimizer remembers about them.
#[derive(Debug)]
struct ColumnBlock<S> {
    first: usize,
    columns: usize,
    state: S,
}

/// The rules of a step.
#[derive(Debug)]
pub(super) struct Rules<'a, T, O, R> {
    pub optimizer: &'a O,
    pub regularizer: &'a R,
    /// 1/n, n the size of the training set.
    pub scale: T,
    /// η.
    pub eta: T,
}

impl<T: Real, O: Optimizer<T>> Descent<T, O> {
    /// For `network` and mini-batches of up to `m` examples.
    pub(super) fn new<H, A, R>(network: &Network<T, H, A>, optimizer: &O, regularizer: &R, m: usize) -> Self
    where
        H: Activation<T>,
        A: Activation<T>,
        R: Regularizer<T>,
    {
        let in_parts = optimizer.elementwise() && regularizer.elementwise();
        let part =
            |first, columns, rows| ColumnBlock { first, columns, state: optimizer.init(rows * columns) };
        let layer = |(rows, columns): (usize, usize)| {
            let fitting =
                (BLOCK_BYTES / size_of::<T>() / rows / WIDTH_MULTIPLE * WIDTH_MULTIPLE).max(WIDTH_MULTIPLE);
            let width = if in_parts { fitting.min(columns) } else { columns };
            let threads = threads::useful_threads(rows * columns * m).min(columns / width);
            let ends = (0..=threads).map(|thread| columns * thread / threads);
            let shares = ends.clone().zip(ends.skip(1)).map(|(start, end)| ThreadChunk {
                parts: (start..end)
                    .step_by(width)
                    .map(|first| part(first, width.min(end - first), rows))
                    .collect(),
                gradient: vec![T::zero(); rows * width],
            });
            LayerDescent {
                shares: shares.collect(),
                bias_gradient: DVector::zeros(rows),
                bias_state: optimizer.init(rows),
            }
        };
        let highest = network.layers().map(|layer| layer.biases.len()).max().unwrap_or(0);
        let layers = network.layers().map(|l| layer(l.weights.shape())).collect();
        Self { layers, delta: Panels::new(highest, m) }
    }

    /// Moves every parameter by one step, along the gradient of the pass whose errors have just been found.
    pub(super) fn step<H, A, R>(
        &mut self,
        network: &mut Network<T, H, A>,
        pass: &Workspace<T>,
        rules: &Rules<'_, T, O, R>,
    ) where
        H: Activation<T>,
        A: Activation<T>,
        R: Regularizer<T>,
    {
        let mut arrays = network.parameters_mut();
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let (a, delta) = pass.layer(index);
            let (Some(weights), Some(biases)) = (arrays.next(), arrays.next()) else { return };
            self.delta.copy_from(delta);
            move_weights(&mut layer.shares, weights, &self.delta, a, rules);
            linalg::bias_gradient(delta, layer.bias_gradient.as_mut_slice());
            let gradient = layer.bias_gradient.as_slice();
            rules.optimizer.step(&mut layer.bias_state, biases, gradient, rules.eta);
        }
    }
}

/// Moves the weights of each share, on as many threads as there are shares.
fn move_weights<T, O, R>(
    shares: &mut [ThreadChunk<T, O::State>],
    weights: &mut [T],
    delta: &Panels<T>,
    a: &DMatrix<T>,
    rules: &Rules<'_, T, O, R>,
) where
    T: Real,
    O: Optimizer<T>,
    R: Regularizer<T>,
{
    if let [share] = shares {
        return share.move_weights(weights, delta, a, rules);
    }
    let (some, others) = shares.split_at_mut(shares.len() / 2);
    let columns: usize = some.iter().flat_map(|share| &share.parts).map(|part| part.columns).sum();
    let (some_weights, other_weights) = weights.split_at_mut(delta.rows() * columns);
    threads::join(
        || move_weights(some, some_weights, delta, a, rules),
        || move_weights(others, other_weights, delta, a, rules),
    );
}

impl<T: Real, S> ThreadChunk<T, S> {
    fn move_weights<O, R>(
        &mut self,
        mut weights: &mut [T],
        delta: &Panels<T>,
        a: &DMatrix<T>,
        rules: &Rules<'_, T, O, R>,
    ) where
        O: Optimizer<T, State = S>,
        R: Regularizer<T>,
    {
        for ColumnBlock { first, columns, state } in &mut self.parts {
            let (w, rest) = weights.split_at_mut(delta.rows() * *columns);
            weights = rest;
            let gradient = &mut self.gradient[..w.len()];
            linalg::weight_gradient_of(delta, a, *first..*first + *columns, gradient);
            rules.regularizer.add_gradient(w, rules.scale, gradient);
            rules.optimizer.step(state, w, gradient, rules.eta);
        }
    }
}
