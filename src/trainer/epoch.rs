//! One epoch of training steps.

use std::time::Instant;

use rand::seq::SliceRandom;

use super::{Step, Trainer};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Samples;
use crate::error::Result;
use crate::network::{Gradient, Network, Pass};
use crate::optimizer::Optimizer;
use crate::random::{Purpose, generator};
use crate::real::Real;
use crate::regularizer::Regularizer;

/// Everything that the training steps need to work on, allocated once.
pub(super) struct Epochs<T: Real, O: Optimizer<T>> {
    order: Vec<usize>,
    pass: Pass<T>,
    /// For the last mini-batch of an epoch, if it is smaller.
    ragged: Option<Pass<T>>,
    gradient: Gradient<T>,
    states: Vec<O::State>,
}

impl<T: Real, O: Optimizer<T>> Epochs<T, O> {
    pub(super) fn new<C, R, H, A>(trainer: &Trainer<C, O, R>, network: &Network<T, H, A>, n: usize) -> Self
    where
        H: Activation<T>,
        A: Activation<T>,
    {
        crate::linalg::prepare::<T>();
        let sizes = network.sizes();
        let m = trainer.mini_batch.min(n);
        let rest = n.checked_rem(m).filter(|&rest| rest > 0);
        Self {
            order: Vec::with_capacity(n),
            pass: Pass::new(&sizes, m),
            ragged: rest.map(|rest| Pass::new(&sizes, rest)),
            gradient: Gradient::new(&sizes),
            states: network.parameters().map(|array| trainer.optimizer.init(array.len())).collect(),
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

        let (m, eta, scale) = (self.pass.examples(), T::of(learning_rate), T::of(1.0 / n as f64));
        let steps = n.div_ceil(m);
        let mut cost = 0.0;
        for (step, batch) in self.order.chunks(m).enumerate() {
            let pass = match &mut self.ragged {
                Some(ragged) if batch.len() < m => ragged,
                _ => &mut self.pass,
            };
            training.gather(epoch as u64, batch, &mut pass.x, &mut pass.y)?;
            network.forward(pass);
            cost += network.cost(&trainer.cost, pass).f64();
            network.backward(&trainer.cost, pass, &mut self.gradient);
            descend(trainer, network, &mut self.gradient, &mut self.states, scale, eta);

            let step = Step { epoch, step: step + 1, steps };
            trainer.observers.iter_mut().for_each(|observer| observer.on_step(step));
        }
        Ok((cost / n as f64, start.elapsed().as_secs_f64()))
    }
}

/// Adds the penalty's gradient and moves every array of parameters by one step. Weights come first in each layer and
/// biases, which are not regularized, second.
fn descend<T, C, O, R, H, A>(
    trainer: &Trainer<C, O, R>,
    network: &mut Network<T, H, A>,
    gradient: &mut Gradient<T>,
    states: &mut [O::State],
    scale: T,
    eta: T,
) where
    T: Real,
    O: Optimizer<T>,
    R: Regularizer<T>,
    H: Activation<T>,
    A: Activation<T>,
{
    let arrays = network.parameters_mut().zip(gradient.arrays_mut()).zip(states);
    for (index, ((parameters, gradient), state)) in arrays.enumerate() {
        if index % 2 == 0 {
            trainer.regularizer.add_gradient(parameters, scale, gradient);
        }
        trainer.optimizer.step(state, parameters, gradient, eta);
    }
}
