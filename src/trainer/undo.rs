//! The state from which a step that panics is undone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::descent::Descent;
use super::epochs::Fit;
use crate::error::Result;
use crate::network::{AnyNetwork, ModelMut, ParameterArrays};
use crate::real::Real;
use crate::schedule::Progress;

/// The parameters, and the state that the optimizer needs to make the steps of an epoch again, as they were before the
/// first of them. A copy before each step would cost a tenth of it.
#[derive(Debug)]
pub(super) struct Undo<T> {
    parameters: ParameterArrays<T>,
    slots: Vec<ParameterArrays<T>>,
    t: u64,
    /// The steps of the epoch that had been made.
    pub(super) step: usize,
}

impl<T: Real> Undo<T> {
    pub(super) fn new(parameters: &ParameterArrays<T>, slots: &[ParameterArrays<T>]) -> Self {
        Self { parameters: parameters.clone(), slots: slots.to_vec(), t: 0, step: 0 }
    }

    /// Copies what `network` and `descent` hold after `step` steps of the epoch.
    pub(super) fn copy_from(&mut self, network: &dyn AnyNetwork<T>, descent: &Descent<T>, step: usize) {
        self.parameters.copy_from(network);
        for (copy, slot) in self.slots.iter_mut().zip(&descent.slots) {
            copy.values_mut().copy_from_slice(slot.values());
        }
        (self.t, self.step) = (descent.t, step);
    }

    /// Restores the copy.
    pub(super) fn restore(&self, model: &mut dyn ModelMut<T>, descent: &mut Descent<T>) {
        self.parameters.copy_to(model);
        for (slot, copy) in descent.slots.iter_mut().zip(&self.slots) {
            slot.values_mut().copy_from_slice(copy.values());
        }
        (descent.t, descent.known) = (self.t, None);
    }
}

impl<T: Real> Fit<'_, T> {
    /// After a panic: leaves the network as it was before the step, which may have moved some of its parameters. The
    /// steps of the epoch before it are repeated, from the parameters that the epoch began with.
    pub(super) fn undo_step(&mut self) {
        if self.holds_average {
            self.exchange_average();
        }
        if !self.stepper.is_moving {
            return;
        }
        self.undo.restore(self.model, &mut self.stepper.descent);
        // Other ranks do not repeat their steps.
        if self.stepper.team.is_some() {
            return;
        }
        let epoch = self.state.history.len() + 1;
        // A repeated step may panic too: then the parameters are those of an earlier step.
        let _ = catch_unwind(AssertUnwindSafe(|| -> Result<()> {
            let progress = Progress { epoch, history: &self.state.history };
            let Some(learning_rate) = self.job.schedule.rate(&progress) else { return Ok(()) };
            (self.undo.step..self.state.step)
                .try_for_each(|step| self.step(epoch, learning_rate, step).map(drop))
        }));
    }
}
