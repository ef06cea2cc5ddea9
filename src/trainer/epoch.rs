//! One epoch of training steps.

use std::time::Instant;

use rand::seq::SliceRandom;

use super::descent::{Descent, Rules};
use super::{Step, Trainer};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Samples;
use crate::error::Result;
use crate::network::{Network, Workspace};
use crate::optimizer::Optimizer;
use crate::random::{Purpose, generator};
use crate::real::Real;
use crate::regularizer::Regularizer;

/// Everything that the training steps need to work on, allocated once.
pub(super) struct Epochs<T: Real, O: Optimizer<T>> {
    order: Vec<usize>,
    pass: Workspace<T>,
    /// For the last mini-batch of an epoch, if it is smaller.
    partial: Option<Workspace<T>>,
    descent: Descent<T, O>,
}

impl<T: Real, O: Optimizer<T>> Epochs<T, O> {
    pub(super) fn new<C, R, H, A>(trainer: &Trainer<C, O, R>, network: &Network<T, H, A>, n: usize) -> Self
    where
        H: Activation<T>,
        A: Activation<T>,
        R: Regularizer<T>,
    {
        crate::linalg::prepare::<T>();
        let sizes = network.sizes();
        let m = trainer.mini_batch.min(n);
        let rest = n.checked_rem(m).filter(|&rest| rest > 0);
        Self {
            order: Vec::with_capacity(n),
            pass: Workspace::new(&sizes, m),
            partial: rest.map(|rest| Workspace::new(&sizes, rest)),
            descent: Descent::new(network, &trainer.optimizer, &trainer.regularizer, m),
        }
    }

    /// Shuffles the samples and learns from them, mini-batch by mini-batch. Returns the mean data cost, each sample's
    /// taken before the step that learned from it, and the seconds that it took.
    pub(super) fn run<C, R, H, A>(
        &mut self,
        trainer: &mut Trainer<C, O, R>,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        epoch: usize,
        learning_rate: f64,
    ) -> Result<(f64, f64)>
    where
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
        R: Regularizer<T>,
    {
        let start = Instant::now();
        let n = training.len();
        // From the same order each time: the shuffle depends on the epoch only, not on those before it.
        self.order.clear();
        self.order.extend(0..n);
        self.order.shuffle(&mut generator(trainer.seed, Purpose::Shuffle, epoch as u64, 0));

        let (scale, eta) = (T::cast(1.0 / n as f64), T::cast(learning_rate));
        let m = self.pass.examples();
        let steps = n.div_ceil(m);
        let mut cost = 0.0;
        for (step, batch) in self.order.chunks(m).enumerate() {
            let pass = match &mut self.partial {
                Some(partial) if batch.len() < m => partial,
                _ => &mut self.pass,
            };
            training.gather(epoch as u64, batch, &mut pass.x, &mut pass.y)?;
            network.forward(pass);
            cost += network.cost(&trainer.cost, pass);
            network.compute_deltas(&trainer.cost, pass);
            let Trainer { optimizer, regularizer, .. } = &*trainer;
            self.descent.step(network, pass, &Rules { optimizer, regularizer, scale, eta });

            let step = Step { epoch, step: step + 1, steps };
            trainer.observers.iter_mut().for_each(|observer| observer.on_step(step));
        }
        Ok((cost / n as f64, start.elapsed().as_secs_f64()))
    }
}
