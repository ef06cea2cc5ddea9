//! The descent step: each layer's gradient, the penalty's contribution to it, and the optimizer's update.
//!
//! Parameters are processed in blocks of columns. If optimizer and regularizer are elementwise, a block's gradient is
//! computed and used at once, while it is in the cache: the whole gradient is never written to memory. Otherwise the
//! complete gradient is computed first. Both paths are the same loop over blocks.

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

/// Replaces a gradient by the sum of the gradients of all ranks that share a batch.
pub(super) type Share<'a, T> = &'a mut dyn FnMut(&mut [T]) -> Result<()>;

/// Optimizer state and gradient buffers, allocated once.
#[derive(Debug)]
pub(super) struct Descent<T> {
    pub(super) slots: Vec<ParameterArrays<T>>,
    /// t, the number of steps so far.
    pub(super) t: u64,
    /// The end of the last search, if the next one begins there on the same batch: the cost with the penalty, and the
    /// sum of the costs without it.
    pub(super) known: Option<(f64, f64)>,
    /// The whole gradient, for rules that need it before anything moves.
    gradient: Option<ParameterArrays<T>>,
    /// A scratch buffer for each thread: for the gradient of its block, and for the sums of its leaves.
    scratch: Vec<T>,
    /// How many gradients of a block the sums of the leaves need, beside the result.
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
    /// `workspace`. If other ranks share the batch, `share` adds their gradients.
    ///
    /// # Errors
    ///
    /// Returns the error of `share`, and [`Error::SizeMismatch`] if the optimizer replaces the gradient by one of
    /// another size. No parameter has moved then.
    pub(super) fn step(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
        share: Option<Share<'_, T>>,
    ) -> Result<()> {
        self.t += 1;
        match self.gradient {
            None => self.step_by_blocks(model, x, workspace, rules),
            Some(_) => self.step_by_phases(model, x, workspace, rules, share).inspect_err(|_| self.t -= 1)?,
        }
        Ok(())
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

    /// Computes the whole gradient, and then moves all parameters.
    fn step_by_phases(
        &mut self,
        model: &mut dyn ModelMut<T>,
        x: &DMatrix<T>,
        workspace: &mut Workspace<T>,
        rules: &Rules<'_, T>,
        share: Option<Share<'_, T>>,
    ) -> Result<()> {
        // Borrowed and not taken out, because a step that panics is repeated.
        let Self { slots, t, gradient: Some(gradient), scratch, spare, .. } = self else { return Ok(()) };
        let (room, examples) = ((&mut scratch[..], *spare), workspace.examples());
        match share {
            None => compute(model, x, workspace, room, Blocks::new(&mut [], Some(gradient)), Some(rules)),
            Some(share) => {
                compute(model, x, workspace, room, Blocks::new(&mut [], Some(gradient)), None);
                share(gradient.values_mut())?;
                add_penalty(model, Blocks::new(&mut [], Some(gradient)), rules);
            }
        }
        if rules.optimizer.scope() == Scope::Global {
            prepare(model, gradient, rules)?;
        }
        move_along(model, examples, Blocks::new(slots, Some(gradient)), *t, rules);
        Ok(())
    }
}

/// Computes the whole gradient, with the penalty's contribution if `rules` are given.
fn compute<T: Real>(
    model: &mut dyn ModelMut<T>,
    x: &DMatrix<T>,
    workspace: &mut Workspace<T>,
    (scratch, spare): (&mut [T], usize),
    mut blocks: Blocks<'_, T>,
    rules: Option<&Rules<'_, T>>,
) {
    for layer in 0..model.network().n_layers() {
        let (mut weights, biases) = blocks.of_layer(layer, 0, model.layer_mut(layer));
        workspace.begin_gradient(layer);
        let (workspace, m) = (&*workspace, workspace.examples());
        for_each_block(weights.reborrow(), m, (scratch, spare), &|mut block, spare| {
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

/// Adds the penalty's contribution to a whole gradient that was computed without it.
fn add_penalty<T: Real>(model: &mut dyn ModelMut<T>, mut blocks: Blocks<'_, T>, rules: &Rules<'_, T>) {
    for layer in 0..model.network().n_layers() {
        let (mut weights, _) = blocks.of_layer(layer, 0, model.layer_mut(layer));
        rules.penalize(&mut weights);
    }
}

/// Lets an optimizer of global scope change the whole gradient.
fn prepare<T: Real>(
    model: &dyn ModelMut<T>,
    gradient: &mut ParameterArrays<T>,
    rules: &Rules<'_, T>,
) -> Result<()> {
    let expected = gradient.len();
    rules.optimizer.prepare(gradient);
    let found = gradient.len();
    if found == expected {
        return Ok(());
    }
    *gradient = ParameterArrays::zeros(&model.network().sizes());
    let what = "values of the gradient after `prepare`, which must not change their number";
    Err(Error::SizeMismatch { what, found, expected })
}

/// Moves all parameters along the gradient that the blocks hold, in step t.
fn move_along<T: Real>(
    model: &mut dyn ModelMut<T>,
    examples: usize,
    mut blocks: Blocks<'_, T>,
    t: u64,
    rules: &Rules<'_, T>,
) {
    for layer in 0..model.network().n_layers() {
        let (mut weights, mut biases) = blocks.of_layer(layer, t, model.layer_mut(layer));
        // An optimizer of global scope may wrap one whose scope is an array.
        if rules.optimizer.scope() >= Scope::PerArray {
            weights.step_itself(rules.optimizer, rules.eta);
        } else {
            for_each_block(weights, examples, (&mut [], 0), &|mut block, _| {
                block.step_itself(rules.optimizer, rules.eta)
            });
        }
        biases.step_itself(rules.optimizer, rules.eta);
    }
}

impl<T: Real> Rules<'_, T> {
    /// Adds the penalty's contribution to the gradient that `block` holds.
    fn penalize(&self, block: &mut Block<'_, T>) {
        self.regularizer.add_gradient(&block.layer(), block.parameters, self.scale, block.gradient);
    }
}
