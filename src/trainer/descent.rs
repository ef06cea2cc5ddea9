//! The step downhill: each layer's gradient, the penalty's part of it, and the optimizer's move.
//!
//! Parameters are worked on in blocks of columns. If the rules allow it, a block's gradient is computed, and used at once
//! while it is in the cache: it is never written to memory as a whole. Rules that look at a whole array or at the
//! whole network get the complete gradient first. Both paths are the same loop over blocks.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::error::{Error, Result};
use crate::network::{ModelMut, ParameterArrays, Workspace};
use crate::optimizer::{MAX_SLOTS, Optimizer, ParameterKind, Scope, StepInfo};
use crate::real::Real;
use crate::regularizer::{LayerInfo, Regularizer};
use crate::threads;

/// Bytes of a block of the weights: few enough for the L1 cache to hold them and their gradient.
const BLOCK_BYTES: usize = 12 << 10;

/// Block widths are multiples of this, so that the widest tiles (12, 8, 6 … columns) fit without a remainder.
const WIDTH_MULTIPLE: usize = 24;

/// The rules of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a, T: Real> {
    pub optimizer: &'a dyn Optimizer<T>,
    pub regularizer: &'a dyn Regularizer<T>,
    /// 1/n, n the size of the training set.
    pub scale: T,
    /// η.
    pub eta: T,
}

/// Optimizer state and gradient buffers, allocated once.
#[derive(Debug)]
pub(super) struct Descent<T> {
    pub(super) slots: Vec<ParameterArrays<T>>,
    /// t, the number of steps so far.
    pub(super) t: u64,
    /// Where the last search has ended, if the next one begins there on the same batch: the cost with the penalty, and the sum
    /// of the costs without it.
    pub(super) known: Option<(f64, f64)>,
    /// The whole gradient, for rules that need it before anything moves.
    gradient: Option<ParameterArrays<T>>,
    /// For each thread the gradient of the block that it works on.
    scratch: Vec<T>,
}

impl<T: Real> Descent<T> {
    /// Allocates for a network with layers of `sizes` neurons.
    pub(super) fn new(
        sizes: &[usize],
        optimizer: &dyn Optimizer<T>,
        regularizer: &dyn Regularizer<T>,
    ) -> Result<Self> {
        let slots = optimizer.slots();
        let searches = optimizer.scope() == Scope::Objective;
        if slots > MAX_SLOTS && !searches {
            let (what, expected) = ("slots of the optimizer, at most", MAX_SLOTS);
            return Err(Error::SizeMismatch { what, found: slots, expected });
        }
        let fused = optimizer.scope() == Scope::Elementwise && regularizer.elementwise();
        let zeros = || ParameterArrays::zeros(sizes);
        // The widest block of any layer: a bias vector, or some columns of weights.
        let block = |size: &[usize]| (size[1] * block_columns::<T>(size[1]).min(size[0])).max(size[1]);
        let widest = sizes.windows(2).map(block).max().unwrap_or(0);
        Ok(Self {
            slots: (0..slots).map(|_| zeros()).collect(),
            t: 0,
            known: None,
            gradient: (!fused && !searches).then(zeros),
            scratch: vec![T::zero(); if fused { widest * threads::available() } else { 0 }],
        })
    }

    /// Moves every parameter by one step along the gradient of the batch with inputs `x`, whose errors are in
    /// `workspace`.
    pub(super) fn step(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
    ) {
        self.t += 1;
        match self.gradient.take() {
            None => self.step_by_blocks(model, x, workspace, rules),
            Some(mut gradient) => {
                self.step_by_phases(model, x, workspace, rules, &mut gradient);
                self.gradient = Some(gradient);
            }
        }
    }

    /// Computes the gradient of a block and moves its parameters at once.
    fn step_by_blocks(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
    ) {
        let Self { slots, scratch, t, .. } = self;
        let mut blocks = Blocks::new(slots, None);
        for layer in 0..model.network().n_layers() {
            let (weights, biases) = blocks.of_layer(layer, *t, model.layer_mut(layer));
            workspace.begin_gradient(layer);
            let (workspace, m) = (&*workspace, workspace.examples());
            for_each_block(weights, m, scratch, &|mut block, scratch| {
                let gradient = &mut scratch[..block.parameters.len()];
                workspace.weight_gradient(x, layer, block.columns.clone(), gradient);
                rules.regularizer.add_gradient(&block.layer(), block.parameters, rules.scale, gradient);
                block.step(gradient, rules);
            });
            let mut biases = biases;
            let gradient = &mut scratch[..biases.parameters.len()];
            workspace.bias_gradient(layer, gradient);
            biases.step(gradient, rules);
        }
    }

    /// Computes the whole gradient, and then moves all parameters.
    fn step_by_phases(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
        gradient: &mut ParameterArrays<T>,
    ) {
        let Self { slots, t, .. } = self;
        let mut blocks = Blocks::new(&mut [], Some(gradient));
        for layer in 0..model.network().n_layers() {
            let (mut weights, biases) = blocks.of_layer(layer, *t, model.layer_mut(layer));
            workspace.begin_gradient(layer);
            let (workspace, m) = (&*workspace, workspace.examples());
            for_each_block(weights.reborrow(), m, &mut [], &|block, _| {
                workspace.weight_gradient(x, layer, block.columns.clone(), block.gradient);
                if rules.regularizer.elementwise() {
                    rules.regularizer.add_gradient(
                        &block.layer(),
                        block.parameters,
                        rules.scale,
                        block.gradient,
                    );
                }
            });
            if !rules.regularizer.elementwise() {
                rules.regularizer.add_gradient(
                    &weights.layer(),
                    weights.parameters,
                    rules.scale,
                    weights.gradient,
                );
            }
            workspace.bias_gradient(layer, biases.gradient);
        }
        if rules.optimizer.scope() == Scope::Global {
            rules.optimizer.prepare(gradient);
        }
        let mut blocks = Blocks::new(slots, Some(gradient));
        for layer in 0..model.network().n_layers() {
            let (mut weights, mut biases) = blocks.of_layer(layer, *t, model.layer_mut(layer));
            // A global rule may wrap one that looks at arrays, and does not say so.
            if rules.optimizer.scope() >= Scope::PerArray {
                weights.step_itself(rules);
            } else {
                for_each_block(weights, workspace.examples(), &mut [], &|mut block, _| {
                    block.step_itself(rules)
                });
            }
            biases.step_itself(rules);
        }
    }
}

/// The columns of a block, for weights with `rows` rows.
fn block_columns<T>(rows: usize) -> usize {
    (BLOCK_BYTES / size_of::<T>() / rows.max(1) / WIDTH_MULTIPLE * WIDTH_MULTIPLE).max(WIDTH_MULTIPLE)
}

/// What belongs to the arrays of a network, handed out layer by layer: their slots and their gradients.
struct Blocks<'a, T> {
    slots: [&'a mut [T]; MAX_SLOTS],
    n_slots: usize,
    gradient: &'a mut [T],
}

impl<'a, T: Real> Blocks<'a, T> {
    fn new(slots: &'a mut [ParameterArrays<T>], gradient: Option<&'a mut ParameterArrays<T>>) -> Self {
        let n_slots = slots.len();
        let mut arrays: [&mut [T]; MAX_SLOTS] = Default::default();
        for (array, slot) in arrays.iter_mut().zip(slots) {
            *array = slot.values_mut();
        }
        let gradient = gradient.map_or(&mut [][..], ParameterArrays::values_mut);
        Self { slots: arrays, n_slots, gradient }
    }

    /// The weights and the biases of the next layer, number `layer`, in step `t`.
    fn of_layer<'b>(
        &mut self,
        layer: usize,
        t: u64,
        (weights, biases): (&'b mut [T], &'b mut [T]),
    ) -> (Block<'b, T>, Block<'b, T>)
    where
        'a: 'b,
    {
        let rows = biases.len();
        let at = |kind| StepInfo { t, layer, kind, rows };
        (self.block(at(ParameterKind::Weights), weights), self.block(at(ParameterKind::Biases), biases))
    }

    fn block<'b>(&mut self, at: StepInfo, parameters: &'b mut [T]) -> Block<'b, T>
    where
        'a: 'b,
    {
        let len = parameters.len();
        let mut slots: [&mut [T]; MAX_SLOTS] = Default::default();
        for (slot, all) in slots.iter_mut().zip(&mut self.slots[..self.n_slots]) {
            (*slot, *all) = std::mem::take(all).split_at_mut(len);
        }
        let gradient = std::mem::take(&mut self.gradient);
        let (gradient, rest) = gradient.split_at_mut(len.min(gradient.len()));
        self.gradient = rest;
        Block { at, columns: 0..len / at.rows.max(1), parameters, slots, n_slots: self.n_slots, gradient }
    }
}

/// Neighbouring columns of an array, what the optimizer remembers about them, and their gradient if it is kept.
struct Block<'a, T> {
    at: StepInfo,
    columns: Range<usize>,
    parameters: &'a mut [T],
    slots: [&'a mut [T]; MAX_SLOTS],
    n_slots: usize,
    gradient: &'a mut [T],
}

impl<T: Real> Block<'_, T> {
    fn layer(&self) -> LayerInfo {
        LayerInfo { layer: self.at.layer, rows: self.at.rows }
    }

    fn reborrow(&mut self) -> Block<'_, T> {
        let Self { at, columns, n_slots, .. } = self;
        Block {
            at: *at,
            columns: columns.clone(),
            parameters: self.parameters,
            slots: self.slots.each_mut().map(|slot| &mut **slot),
            n_slots: *n_slots,
            gradient: self.gradient,
        }
    }

    /// Cuts after `columns` columns.
    fn split(self, columns: usize) -> (Self, Self) {
        let at = columns * self.at.rows;
        let (parameters, other_parameters) = self.parameters.split_at_mut(at);
        let (gradient, other_gradient) = self.gradient.split_at_mut(at.min(self.gradient.len()));
        let mut other_slots: [&mut [T]; MAX_SLOTS] = Default::default();
        let mut slots = self.slots;
        for (slot, other) in slots.iter_mut().zip(&mut other_slots).take(self.n_slots) {
            (*slot, *other) = std::mem::take(slot).split_at_mut(at);
        }
        let middle = self.columns.start + columns;
        let Self { at, n_slots, .. } = self;
        let one = Block { at, columns: self.columns.start..middle, parameters, slots, n_slots, gradient };
        let other = Block {
            at,
            columns: middle..self.columns.end,
            parameters: other_parameters,
            slots: other_slots,
            n_slots,
            gradient: other_gradient,
        };
        (one, other)
    }

    fn step(&mut self, gradient: &mut [T], rules: &Rules<'_, T>) {
        rules.optimizer.step(&self.at, &mut self.slots[..self.n_slots], self.parameters, gradient, rules.eta);
    }

    fn step_itself(&mut self, rules: &Rules<'_, T>) {
        let gradient = std::mem::take(&mut self.gradient);
        self.step(gradient, rules);
    }
}

/// Cuts `weights` into blocks that stay in the cache and hands each to `work`, with a part of `scratch`, on as many
/// threads as are useful for batches of `m` examples.
fn for_each_block<T: Real>(
    weights: Block<'_, T>,
    m: usize,
    scratch: &mut [T],
    work: &(impl Fn(Block<'_, T>, &mut [T]) + Sync),
) {
    let width = block_columns::<T>(weights.at.rows);
    let threads = threads::useful_threads(weights.parameters.len() * m).min(weights.columns.len() / width);
    let threads = if scratch.is_empty() {
        threads
    } else {
        threads.min(scratch.len() / (width * weights.at.rows).max(1))
    };
    on_threads(weights, threads, width, scratch, work);
}

fn on_threads<T: Real>(
    mut weights: Block<'_, T>,
    threads: usize,
    width: usize,
    scratch: &mut [T],
    work: &(impl Fn(Block<'_, T>, &mut [T]) + Sync),
) {
    if threads > 1 {
        let half = threads / 2;
        let (some, others) = {
            let columns = weights.columns.len() * half / threads;
            weights.split(columns)
        };
        let at = scratch.len() * half / threads;
        let (scratch, other_scratch) = scratch.split_at_mut(at);
        threads::join(
            || on_threads(some, half, width, scratch, work),
            || on_threads(others, threads - half, width, other_scratch, work),
        );
        return;
    }
    while weights.columns.len() > width {
        let (block, rest) = weights.split(width);
        work(block, scratch);
        weights = rest;
    }
    work(weights, scratch);
}
