//! The mini-batches of an epoch: the order of the samples, and the buffers into which they are gathered.

use rand::seq::SliceRandom;

use super::Parts;
use crate::data::{Batch, Samples};
use crate::error::Result;
use crate::random::{Purpose, generator};
use crate::real::Real;

/// The samples of an epoch in their order, cut into mini-batches of m samples and a smaller one of the rest.
pub(super) struct MiniBatches<T> {
    order: Vec<usize>,
    batch: Batch<T>,
    /// For the last mini-batch of an epoch, if it is smaller.
    partial: Option<Batch<T>>,
}

impl<T: Real> MiniBatches<T> {
    /// Allocates mini-batches of the size that `parts` say, for `n` samples.
    pub(super) fn new(parts: &Parts<T>, training: &dyn Samples<T>, n: usize) -> Result<Self> {
        let m = parts.batch_size(n);
        let batch = |m| Batch::zeros(training.n_inputs(), training.n_outputs(), m);
        let partial = n.checked_rem(m).filter(|&rest| rest > 0).map(batch).transpose()?;
        Ok(Self { order: (0..n).collect(), batch: batch(m)?, partial })
    }

    /// The different numbers of examples that a mini-batch can have.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> {
        [Some(&self.batch), self.partial.as_ref()].into_iter().flatten().map(Batch::examples)
    }

    /// m, the number of examples of all but the last mini-batch.
    pub(super) fn m(&self) -> usize {
        self.batch.examples()
    }

    /// The number of mini-batches per epoch.
    pub(super) fn len(&self) -> usize {
        self.order.len().div_ceil(self.m())
    }

    /// Puts the samples in the order of `epoch`, counted from 1.
    pub(super) fn shuffle(&mut self, parts: &Parts<T>, epoch: usize) {
        // From the same order each time: the shuffle depends on the epoch only, not on those before it.
        self.order.iter_mut().enumerate().for_each(|(index, sample)| *sample = index);
        // A search that goes on from the last one needs the same batch, in the same order.
        if !parts.searches() {
            self.order.shuffle(&mut generator(parts.seed, Purpose::Shuffle, epoch as u64, 0));
        }
    }

    /// Gathers mini-batch number `index` of the epoch, counted from 0.
    pub(super) fn gather(
        &mut self,
        training: &dyn Samples<T>,
        epoch: usize,
        index: usize,
    ) -> Result<&Batch<T>> {
        let m = self.m();
        let samples = &self.order[index * m..self.order.len().min((index + 1) * m)];
        let batch = match &mut self.partial {
            Some(partial) if samples.len() < m => partial,
            _ => &mut self.batch,
        };
        batch.gather(training, epoch as u64, samples)?;
        Ok(batch)
    }
}
