//! What others get to know of a run that is under way: its observers, and the file of its checkpoint.

use std::ops::ControlFlow;

use super::checkpoint::Saved;
use super::epochs::Fit;
use super::{Observer, Parts, Running};
use crate::error::Result;
use crate::real::Real;

impl<T: Real> Fit<'_, T> {
    /// Saves a checkpoint if one is due after this epoch.
    pub(super) fn save_epoch(&mut self, epoch: usize) -> Result<()> {
        match &self.parts.checkpoint {
            Some(checkpoint) if checkpoint.is_due_after_epoch(epoch) => self.save(),
            _ => Ok(()),
        }
    }

    pub(super) fn save(&mut self) -> Result<()> {
        let Self { parts, model, stepper, state, saved, .. } = self;
        if let Some(checkpoint) = &parts.checkpoint {
            checkpoint.save(&state.to_run(model.network(), &stepper.descent.slots, stepper.descent.t))?;
            *saved = Saved::now();
        }
        Ok(())
    }

    /// Tells all observers of the epoch.
    pub(super) fn notify_epoch(&self, epoch: usize, learning_rate: f64) -> ControlFlow<()> {
        let cost = self.state.history.last().map_or(f64::NAN, |record| record.running_cost);
        let running = Running { step: self.mini_batches.len(), ..self.running(epoch, learning_rate, cost) };
        tell(self.parts, |observer| observer.on_epoch(&running))
    }

    /// The run as observers see it.
    pub(super) fn running(&self, epoch: usize, learning_rate: f64, cost: f64) -> Running<'_, T> {
        let Self { model, stepper, state, .. } = self;
        Running {
            epoch,
            step: state.step,
            steps: self.mini_batches.len(),
            learning_rate,
            cost,
            history: &state.history,
            network: model.network(),
            state,
            slots: &stepper.descent.slots,
            t: stepper.descent.t,
        }
    }
}

/// Tells all observers, even if the first of them ends the run.
pub(super) fn tell<T: Real>(
    parts: &Parts<T>,
    event: impl Fn(&dyn Observer<T>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let leaving = parts.observers.iter().filter(|observer| event(&***observer).is_break()).count();
    if leaving > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
