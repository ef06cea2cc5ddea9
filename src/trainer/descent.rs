//! The step downhill: each layer's gradient, the penalty's part of it, and the optimizer's move.
//!
//! A large weight matrix is worked on in parts, some columns at a time: a part's gradient is computed, and used at once
//! while it is in the cache. It is never written to memory as a whole. Threads share the parts.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};

use crate::activation::Activation;
use crate::linalg;
use crate::network::{Network, Pass};
use crate::optimizer::Optimizer;
use crate::real::Real;
use crate::regularizer::Regularizer;
use crate::threads;

/// Weights of a part: few enough for the first-level cache to hold them and their gradient.
const PART: usize = 4096;

/// Columns of a part at least, for a product that is worth its while.
const COLUMNS: usize = 24;

/// How a network's parameters move: the optimizer's memory, and room for gradients, both made once.
#[derive(Debug)]
pub(super) struct Descent<T: Real, O: Optimizer<T>> {
    layers: Vec<LayerDescent<T, O::State>>,
}

#[derive(Debug)]
struct LayerDescent<T, S> {
    parts: Vec<Part<S>>,
    /// Room for the gradient of a part, for each thread that works on this layer.
    rooms: Vec<Vec<T>>,
    bias_gradient: DVector<T>,
    bias_state: S,
}

/// Some columns of a weight matrix, and what the optimizer remembers about them.
#[derive(Debug)]
struct Part<S> {
    inputs: Range<usize>,
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
    /// For `network` and mini-batches of `m` examples.
    pub(super) fn new<H, A, R>(network: &Network<T, H, A>, optimizer: &O, regularizer: &R, m: usize) -> Self
    where
        H: Activation<T>,
        A: Activation<T>,
        R: Regularizer<T>,
    {
        let in_parts = optimizer.elementwise() && regularizer.elementwise();
        let layer = |(rows, columns): (usize, usize)| {
            let width = if in_parts { (PART / rows).clamp(COLUMNS, columns.max(COLUMNS)) } else { columns };
            let inputs = (0..columns).step_by(width).map(|from| from..columns.min(from + width));
            let parts: Vec<_> =
                inputs.map(|inputs| Part { state: optimizer.init(rows * inputs.len()), inputs }).collect();
            let threads = threads::worth(rows * columns * m).min(parts.len());
            LayerDescent {
                parts,
                rooms: vec![vec![T::zero(); rows * width.min(columns)]; threads],
                bias_gradient: DVector::zeros(rows),
                bias_state: optimizer.init(rows),
            }
        };
        Self { layers: network.layers().map(|l| layer(l.weights.shape())).collect() }
    }

    /// Moves every parameter by one step, along the gradient of the pass whose errors have just been found.
    pub(super) fn step<H, A, R>(
        &mut self,
        network: &mut Network<T, H, A>,
        pass: &Pass<T>,
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
            share(&mut layer.parts, &mut layer.rooms, weights, delta, a, rules);
            linalg::bias_gradient(delta, &mut layer.bias_gradient);
            let gradient = layer.bias_gradient.as_slice();
            rules.optimizer.step(&mut layer.bias_state, biases, gradient, rules.eta);
        }
    }
}

/// Divides the parts among as many threads as there are rooms, and moves the weights of each part.
fn share<T, O, R>(
    parts: &mut [Part<O::State>],
    rooms: &mut [Vec<T>],
    weights: &mut [T],
    delta: &DMatrix<T>,
    a: &DMatrix<T>,
    rules: &Rules<'_, T, O, R>,
) where
    T: Real,
    O: Optimizer<T>,
    R: Regularizer<T>,
{
    let rows = delta.nrows();
    if let [room] = rooms {
        let mut rest = weights;
        for Part { inputs, state } in parts {
            let (weights, after) = std::mem::take(&mut rest).split_at_mut(rows * inputs.len());
            rest = after;
            let gradient = &mut room[..weights.len()];
            linalg::weight_gradient_of(delta, a, inputs.clone(), gradient);
            rules.regularizer.add_gradient(weights, rules.scale, gradient);
            rules.optimizer.step(state, weights, gradient, rules.eta);
        }
        return;
    }
    let (some_rooms, other_rooms) = rooms.split_at_mut(rooms.len() / 2);
    let here = parts.len() * some_rooms.len() / (some_rooms.len() + other_rooms.len());
    let (some, others) = parts.split_at_mut(here);
    let columns: usize = some.iter().map(|part| part.inputs.len()).sum();
    let (some_weights, other_weights) = weights.split_at_mut(rows * columns);
    threads::both(
        || share(some, some_rooms, some_weights, delta, a, rules),
        || share(others, other_rooms, other_weights, delta, a, rules),
    );
}
