//! The mini-batches of an epoch, each gathered during the step on the one before.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use super::Parts;
use super::leaves::Leaves;
use super::order::Order;
use crate::clock::Moment;
use crate::data::{Batch, Samples};
use crate::error::Result;
use crate::real::Real;
use crate::threads;

/// The minimum time of gathering a mini-batch that is worth another thread.
const WORTH_A_THREAD: Duration = Duration::from_micros(50);

/// The samples of an epoch in their order, cut into mini-batches of m samples and a partial last one.
///
/// If a run has several threads and gathering is slow, the next mini-batch is gathered during the step on the current
/// one. This changes neither the samples of a step nor the step at which an error or a panic of the source ends the
/// run.
pub(super) struct MiniBatches<T> {
    order: Order,
    now: Buffers<T>,
    /// `None` if nothing is gathered ahead, with one thread or one mini-batch per epoch.
    next: Option<Buffers<T>>,
    /// The mini-batch that is in `next`.
    ahead: Option<Ahead>,
    /// How long gathering the last three took. One alone may have been interrupted.
    took: [Duration; 3],
}

/// The outcome of gathering a mini-batch ahead.
struct Ahead {
    epoch: usize,
    index: usize,
    outcome: std::result::Result<Result<()>, Box<dyn Any + Send>>,
    took: Duration,
}

impl<T: Real> MiniBatches<T> {
    /// Allocates mini-batches of the size in `parts` for `n` samples, with the columns of the leaves that are computed
    /// here.
    pub(super) fn new(parts: &Parts<T>, training: &dyn Samples<T>, n: usize, leaves: Leaves) -> Result<Self> {
        let m = parts.batch_size(n);
        let blocks = training.blocks().filter(|_| !parts.searches());
        let order = Order::new(leaves, (n, m), blocks, parts.seed);
        let buffers = || Buffers::new(training, leaves, (n, m));
        let gathers_ahead = threads::count() > 1 && order.steps() > 1;
        let next = gathers_ahead.then(buffers).transpose()?;
        Ok(Self { now: buffers()?, next, order, ahead: None, took: [Duration::ZERO; 3] })
    }

    /// Returns the different numbers of examples that a mini-batch can have here.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> {
        [Some(&self.now.batch), self.now.partial.as_ref()].into_iter().flatten().map(Batch::examples)
    }

    /// m, the number of samples of all but the last mini-batch.
    pub(super) fn m(&self) -> usize {
        self.now.m
    }

    /// The number of mini-batches per epoch.
    pub(super) fn len(&self) -> usize {
        self.order.steps()
    }

    /// Puts the samples in the order of `epoch`, counted from 1.
    pub(super) fn shuffle(&mut self, parts: &Parts<T>, epoch: usize) {
        // A search that goes on from the last one needs the same batch, in the same order.
        self.order.begin(epoch as u64, !parts.searches());
        self.ahead = None;
    }

    /// Gathers mini-batch number `index` of the epoch, counted from 0, if that was not done before.
    pub(super) fn gather(
        &mut self,
        training: &dyn Samples<T>,
        epoch: usize,
        index: usize,
    ) -> Result<&Batch<T>> {
        let ahead = self.ahead.take().filter(|ahead| (ahead.epoch, ahead.index) == (epoch, index));
        match ahead.zip(self.next.as_mut()) {
            Some((ahead, next)) => {
                std::mem::swap(&mut self.now, next);
                self.note(ahead.took);
                ahead.outcome.unwrap_or_else(|panic| resume_unwind(panic))?;
            }
            None => {
                let start = Moment::now();
                self.now.gather(&mut self.order, training, epoch, index)?;
                self.note(start.elapsed());
            }
        }
        Ok(self.now.current())
    }

    fn note(&mut self, took: Duration) {
        self.took.rotate_left(1);
        self.took[2] = took;
    }

    /// Calls `learn` on mini-batch number `index`, which has been [gathered](Self::gather), with its number of samples
    /// in all leaves. Meanwhile the next one is gathered.
    pub(super) fn learn<V: Send>(
        &mut self,
        training: &dyn Samples<T>,
        epoch: usize,
        index: usize,
        learn: impl FnOnce(&Batch<T>, usize) -> V + Send,
    ) -> V {
        let Self { order, now, next, ahead, took } = self;
        let size = order.size(index);
        let is_worth_it = index + 1 < order.steps() && took.iter().all(|took| *took >= WORTH_A_THREAD);
        let Some(next) = next.as_mut().filter(|_| is_worth_it) else { return learn(now.current(), size) };
        let gather = || {
            let start = Moment::now();
            // A panic is kept for the step that needs this mini-batch.
            let outcome = catch_unwind(AssertUnwindSafe(|| next.gather(order, training, epoch, index + 1)));
            Ahead { epoch, index: index + 1, outcome, took: start.elapsed() }
        };
        let (learned, gathered) = threads::join(|| learn(now.current(), size), gather);
        *ahead = Some(gathered);
        learned
    }
}

/// The buffers of a mini-batch.
struct Buffers<T> {
    /// The samples of all leaves in a mini-batch.
    m: usize,
    batch: Batch<T>,
    /// For the last mini-batch of an epoch, if it is smaller.
    partial: Option<Batch<T>>,
    is_partial: bool,
    samples: Vec<usize>,
}

impl<T: Real> Buffers<T> {
    fn new(training: &dyn Samples<T>, leaves: Leaves, (n, m): (usize, usize)) -> Result<Self> {
        let batch = |m| Batch::zeros(training.n_inputs(), training.n_outputs(), leaves.columns(m).len());
        let partial = n.checked_rem(m).filter(|&rest| rest > 0).map(batch).transpose()?;
        Ok(Self { m, batch: batch(m)?, partial, is_partial: false, samples: Vec::with_capacity(m) })
    }

    fn gather(
        &mut self,
        order: &mut Order,
        training: &dyn Samples<T>,
        epoch: usize,
        index: usize,
    ) -> Result<()> {
        order.samples(training, index, &mut self.samples);
        self.is_partial = order.size(index) < self.m;
        let batch = match &mut self.partial {
            Some(partial) if self.is_partial => partial,
            _ => &mut self.batch,
        };
        // A rank may have no samples of a small mini-batch.
        if self.samples.is_empty() {
            return Ok(());
        }
        batch.gather(training, epoch as u64, &self.samples)
    }

    fn current(&self) -> &Batch<T> {
        self.partial.as_ref().filter(|_| self.is_partial).unwrap_or(&self.batch)
    }
}
