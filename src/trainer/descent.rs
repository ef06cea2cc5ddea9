//! The step downhill: each layer's gradient, the penalty's part of it, and the optimizer's move.
//!
//! Parameters are worked on in blocks of columns. If the rules allow it, a block's gradient is computed, and used at once
//! while it is in the cache: it is never written to memory as a whole. Rules that look at a whole array or at the
//! whole network get the complete gradient first. Both paths are the same loop over blocks.

use nalgebra::DMatrix;

use super::blocks::{Block, Blocks, block_columns, for_each_block};
use super::leaves::Leaves;
use crate::error::{Error, Result};
use crate::network::{ModelMut, ParameterArrays, Workspace};
use crate::optimizer::{MAX_SLOTS, Optimizer, Scope};
use crate::real::Real;
use crate::regularizer::Regularizer;
use crate::threads;

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

/// Replaces a gradient by the sum of the gradients of all who share a batch.
pub(super) type Share<'a, T> = &'a mut dyn FnMut(&mut [T]) -> Result<()>;

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
    /// For each thread room for the gradient of the block that it works on, and for what its leaves add up in.
    scratch: Vec<T>,
    /// How many gradients of a block leaves add up in, beside the result.
    spare: usize,
}

impl<T: Real> Descent<T> {
    /// Allocates for a network with layers of `sizes` neurons.
    pub(super) fn new(
        sizes: &[usize],
        optimizer: &dyn Optimizer<T>,
        regularizer: &dyn Regularizer<T>,
        leaves: Leaves,
    ) -> Result<Self> {
        let slots = optimizer.slots();
        let searches = optimizer.scope() == Scope::Objective;
        if slots > MAX_SLOTS && !searches {
            let (what, expected) = ("slots of the optimizer, at most", MAX_SLOTS);
            return Err(Error::SizeMismatch { what, found: slots, expected });
        }
        let fused =
            optimizer.scope() == Scope::Elementwise && regularizer.elementwise() && leaves.are_all_here();
        let spare = leaves.depth();
        let rooms = spare + usize::from(fused);
        let zeros = || ParameterArrays::zeros(sizes);
        // The widest block of any layer: a bias vector, or some columns of weights.
        let block = |size: &[usize]| (size[1] * block_columns::<T>(size[1]).min(size[0])).max(size[1]);
        let widest = sizes.windows(2).map(block).max().unwrap_or(0);
        Ok(Self {
            slots: (0..slots).map(|_| zeros()).collect(),
            t: 0,
            known: None,
            gradient: (!fused && !searches).then(zeros),
            scratch: vec![T::zero(); widest * rooms * threads::available()],
            spare,
        })
    }

    /// Moves every parameter by one step along the gradient of the batch with inputs `x`, whose errors are in
    /// `workspace`. If the batch is shared with others, `share` adds what they have to the gradient.
    ///
    /// # Errors
    ///
    /// Returns what `share` returns; then nothing has moved.
    pub(super) fn step(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
        share: Option<Share<'_, T>>,
    ) -> Result<()> {
        self.t += 1;
        let Some(mut gradient) = self.gradient.take() else {
            self.step_by_blocks(model, x, workspace, rules);
            return Ok(());
        };
        let shared = match share {
            None => {
                self.compute(model, x, workspace, &mut gradient, Some(rules));
                Ok(())
            }
            Some(share) => {
                self.compute(model, x, workspace, &mut gradient, None);
                share(gradient.values_mut())
            }
            .inspect(|()| self.add_penalty(model, rules, &mut gradient)),
        };
        match shared {
            Ok(()) => self.move_along(model, workspace.examples(), rules, &mut gradient),
            Err(_) => self.t -= 1,
        }
        self.gradient = Some(gradient);
        shared
    }

    /// Computes the gradient of a block and moves its parameters at once.
    fn step_by_blocks(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
    ) {
        let Self { slots, scratch, spare, t, .. } = self;
        let mut blocks = Blocks::new(slots, None);
        for layer in 0..model.network().n_layers() {
            let (weights, biases) = blocks.of_layer(layer, *t, model.layer_mut(layer));
            workspace.begin_gradient(layer);
            let (workspace, m) = (&*workspace, workspace.examples());
            for_each_block(weights, m, (scratch, 1 + *spare), &|mut block, scratch| {
                let (gradient, spare) = scratch.split_at_mut(block.parameters.len());
                workspace.weight_gradient(x, layer, block.columns.clone(), gradient, spare);
                rules.regularizer.add_gradient(&block.layer(), block.parameters, rules.scale, gradient);
                block.step(rules.optimizer, gradient, rules.eta);
            });
            let mut biases = biases;
            let (gradient, spare) = scratch.split_at_mut(biases.parameters.len());
            workspace.bias_gradient(layer, gradient, spare);
            biases.step(rules.optimizer, gradient, rules.eta);
        }
    }

    /// Computes the whole gradient, with the penalty's part of it if `rules` are given.
    fn compute(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        gradient: &mut ParameterArrays<T>,
        rules: Option<&Rules<'_, T>>,
    ) {
        let Self { scratch, spare, t, .. } = self;
        let mut blocks = Blocks::new(&mut [], Some(gradient));
        for layer in 0..model.network().n_layers() {
            let (mut weights, biases) = blocks.of_layer(layer, *t, model.layer_mut(layer));
            workspace.begin_gradient(layer);
            let (workspace, m) = (&*workspace, workspace.examples());
            for_each_block(weights.reborrow(), m, (scratch, *spare), &|mut block, spare| {
                workspace.weight_gradient(x, layer, block.columns.clone(), block.gradient, spare);
                if let Some(rules) = rules.filter(|rules| rules.regularizer.elementwise()) {
                    rules.penalize(&mut block);
                }
            });
            if let Some(rules) = rules.filter(|rules| !rules.regularizer.elementwise()) {
                rules.penalize(&mut weights);
            }
            workspace.bias_gradient(layer, biases.gradient, scratch);
        }
    }

    /// Adds the penalty's part to a whole gradient that was computed without.
    fn add_penalty(
        &mut self,
        model: &mut dyn ModelMut<T>,
        rules: &Rules<'_, T>,
        gradient: &mut ParameterArrays<T>,
    ) {
        let mut blocks = Blocks::new(&mut [], Some(gradient));
        for layer in 0..model.network().n_layers() {
            let (mut weights, _) = blocks.of_layer(layer, self.t, model.layer_mut(layer));
            rules.penalize(&mut weights);
        }
    }

    /// Moves all parameters along `gradient`.
    fn move_along(
        &mut self,
        model: &mut dyn ModelMut<T>,
        m: usize,
        rules: &Rules<'_, T>,
        gradient: &mut ParameterArrays<T>,
    ) {
        if rules.optimizer.scope() == Scope::Global {
            rules.optimizer.prepare(gradient);
        }
        let Self { slots, t, .. } = self;
        let mut blocks = Blocks::new(slots, Some(gradient));
        for layer in 0..model.network().n_layers() {
            let (mut weights, mut biases) = blocks.of_layer(layer, *t, model.layer_mut(layer));
            // A global rule may wrap one that looks at arrays, and does not say so.
            if rules.optimizer.scope() >= Scope::PerArray {
                weights.step_itself(rules.optimizer, rules.eta);
            } else {
                for_each_block(weights, m, (&mut [], 0), &|mut block, _| {
                    block.step_itself(rules.optimizer, rules.eta)
                });
            }
            biases.step_itself(rules.optimizer, rules.eta);
        }
    }
}

impl<T: Real> Rules<'_, T> {
    /// Adds the penalty's part to the gradient that `block` holds.
    fn penalize(&self, block: &mut Block<'_, T>) {
        self.regularizer.add_gradient(&block.layer(), block.parameters, self.scale, block.gradient);
    }
}
