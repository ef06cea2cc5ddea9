//! The step downhill: each layer's gradient, the penalty's part of it, and the optimizer's move.
//!
//! Parameters are worked on in blocks of columns. If the rules allow it, a block's gradient is computed, and used at once
//! while it is in the cache: it is never written to memory as a whole. Rules that look at a whole array or at the
//! whole network get the complete gradient first. Both paths are the same loop over blocks.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::activation::Activation;
use crate::error::{Error, Result};
use crate::network::{Network, ParameterArrays, Workspace};
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
        if slots > MAX_SLOTS {
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
            gradient: (!fused).then(zeros),
            scratch: vec![T::zero(); if fused { widest * threads::available() } else { 0 }],
        })
    }

    /// Moves every parameter by one step along the gradient of the batch with inputs `x`, whose errors are in
    /// `workspace`.
    pub(super) fn step<H: Activation<T>, A: Activation<T>>(
        &mut self,
        network: &mut Network<T, H, A>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
    ) {
        self.t += 1;
        match self.gradient.take() {
            None => self.step_by_blocks(network, x, workspace, rules),
            Some(mut gradient) => {
                self.step_by_phases(network, x, workspace, rules, &mut gradient);
                self.gradient = Some(gradient);
            }
        }
    }

    /// Computes the gradient of a block and moves its parameters at once.
    fn step_by_blocks<H: Activation<T>, A: Activation<T>>(
        &mut self,
        network: &mut Network<T, H, A>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
    ) {
        let Self { slots, scratch, t, .. } = self;
        let mut blocks = Blocks::new(network.parameters_mut(), slots, None);
        while let Some((layer, weights, biases)) = blocks.next_layer(*t) {
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
    fn step_by_phases<H: Activation<T>, A: Activation<T>>(
        &mut self,
        network: &mut Network<T, H, A>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
        gradient: &mut ParameterArrays<T>,
    ) {
        let Self { slots, t, .. } = self;
        let mut blocks = Blocks::new(network.parameters_mut(), &mut [], Some(gradient));
        while let Some((layer, mut weights, biases)) = blocks.next_layer(*t) {
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
        drop(blocks);
        if rules.optimizer.scope() == Scope::Global {
            rules.optimizer.prepare(gradient);
        }
        let mut blocks = Blocks::new(network.parameters_mut(), slots, Some(gradient));
        while let Some((_, mut weights, mut biases)) = blocks.next_layer(*t) {
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

/// The arrays of a network, their slots and their gradients, layer by layer.
struct Blocks<'a, T, P> {
    parameters: P,
    slots: [&'a mut [T]; MAX_SLOTS],
    n_slots: usize,
    gradient: &'a mut [T],
    layer: usize,
}

impl<'a, T: Real, P: Iterator<Item = &'a mut [T]>> Blocks<'a, T, P> {
    fn new(
        parameters: P,
        slots: &'a mut [ParameterArrays<T>],
        gradient: Option<&'a mut ParameterArrays<T>>,
    ) -> Self {
        let n_slots = slots.len();
        let mut arrays: [&mut [T]; MAX_SLOTS] = Default::default();
        for (array, slot) in arrays.iter_mut().zip(slots) {
            *array = slot.values_mut();
        }
        let gradient = gradient.map_or(&mut [][..], ParameterArrays::values_mut);
        Self { parameters, slots: arrays, n_slots, gradient, layer: 0 }
    }

    /// The next layer's number, weights and biases, of step `t`.
    fn next_layer(&mut self, t: u64) -> Option<(usize, Block<'a, T>, Block<'a, T>)> {
        let (weights, biases) = (self.parameters.next()?, self.parameters.next()?);
        let (layer, rows) = (self.layer, biases.len());
        self.layer += 1;
        let at = |kind| StepInfo { t, layer, kind, rows };
        Some((
            layer,
            self.block(at(ParameterKind::Weights), weights),
            self.block(at(ParameterKind::Biases), biases),
        ))
    }

    fn block(&mut self, at: StepInfo, parameters: &'a mut [T]) -> Block<'a, T> {
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
