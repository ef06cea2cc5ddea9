//! The arrays of a network in blocks of columns, each with its optimizer state and its gradient.

use std::ops::Range;

use crate::network::ParameterArrays;
use crate::optimizer::{MAX_SLOTS, Optimizer, ParameterKind, StepInfo};
use crate::real::Real;
use crate::regularizer::LayerInfo;
use crate::threads;

/// Bytes of a block of the weights: few enough for an L1 cache of 48 kB to hold them and their gradient.
const BLOCK_BYTES: usize = 20 << 10;

/// Block widths are multiples of this, so that the widest tiles (12, 8, 6 … columns) fit without a remainder.
const WIDTH_MULTIPLE: usize = 24;

/// Returns the number of columns of a block, for weights with `rows` rows.
pub(super) fn block_columns<T>(rows: usize) -> usize {
    (BLOCK_BYTES / size_of::<T>() / rows.max(1) / WIDTH_MULTIPLE * WIDTH_MULTIPLE).max(WIDTH_MULTIPLE)
}

/// The slots and the gradients of a network's arrays, handed out layer by layer.
pub(super) struct Blocks<'a, T> {
    slots: [&'a mut [T]; MAX_SLOTS],
    n_slots: usize,
    gradient: &'a mut [T],
}

impl<'a, T: Real> Blocks<'a, T> {
    pub(super) fn new(
        slots: &'a mut [ParameterArrays<T>],
        gradient: Option<&'a mut ParameterArrays<T>>,
    ) -> Self {
        let n_slots = slots.len();
        let mut arrays: [&mut [T]; MAX_SLOTS] = Default::default();
        for (array, slot) in arrays.iter_mut().zip(slots) {
            *array = slot.values_mut();
        }
        let gradient = gradient.map_or(&mut [][..], ParameterArrays::values_mut);
        Self { slots: arrays, n_slots, gradient }
    }

    /// Returns the weights and the biases of the next layer, number `layer`, in step `t`.
    pub(super) fn of_layer<'b>(
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

/// Neighbouring columns of an array, their optimizer state, and their gradient if it is kept.
pub(super) struct Block<'a, T> {
    at: StepInfo,
    pub(super) columns: Range<usize>,
    pub(super) parameters: &'a mut [T],
    slots: [&'a mut [T]; MAX_SLOTS],
    n_slots: usize,
    pub(super) gradient: &'a mut [T],
}

impl<T: Real> Block<'_, T> {
    pub(super) fn layer(&self) -> LayerInfo {
        LayerInfo { layer: self.at.layer, rows: self.at.rows }
    }

    pub(super) fn reborrow(&mut self) -> Block<'_, T> {
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

    /// Moves the parameters by one step along `gradient`.
    pub(super) fn step(&mut self, optimizer: &dyn Optimizer<T>, gradient: &mut [T], eta: T) {
        optimizer.step(&self.at, &mut self.slots[..self.n_slots], self.parameters, gradient, eta);
    }

    /// Moves the parameters by one step along the gradient that the block holds.
    pub(super) fn step_itself(&mut self, optimizer: &dyn Optimizer<T>, eta: T) {
        let gradient = std::mem::take(&mut self.gradient);
        self.step(optimizer, gradient, eta);
    }
}

/// Cuts `weights` into blocks that stay in the cache and hands each to `work`, with a chunk of `scratch` that holds
/// `rooms` blocks, on as many threads as are useful for batches of `m` examples.
pub(super) fn for_each_block<T: Real>(
    weights: Block<'_, T>,
    m: usize,
    (scratch, rooms): (&mut [T], usize),
    work: &(impl Fn(Block<'_, T>, &mut [T]) + Sync),
) {
    let width = block_columns::<T>(weights.at.rows);
    let threads = threads::useful_threads(weights.parameters.len() * m).min(weights.columns.len() / width);
    let threads = match rooms {
        0 => threads,
        _ => threads.min(scratch.len() / (rooms * width * weights.at.rows).max(1)),
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
