//! Notifies the observers of a run in progress, and writes its checkpoints.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::checkpoint::Saved;
use super::epochs::Fit;
use super::observer::Outcome;
use super::{Observer, Parts, Run, Running, Warning};
use crate::error::{Error, Result};
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

    /// Notifies all observers of the epoch.
    pub(super) fn notify_epoch(&self, epoch: usize, learning_rate: f64) -> ControlFlow<()> {
        let cost = self.state.history.last().map_or(f64::NAN, |record| record.running_cost);
        let running = Running { step: self.mini_batches.len(), ..self.running(epoch, learning_rate, cost) };
        tell(self.parts, |observer| observer.on_epoch(&running))
    }

    /// Returns the run as observers see it.
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

/// Notifies all observers, even if the first of them ends the run.
pub(super) fn tell<T: Real>(
    parts: &Parts<T>,
    event: impl Fn(&dyn Observer<T>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let leaving = parts.observers.iter().filter(|observer| event(&***observer).is_break()).count();
    if leaving > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Returns the warnings of the observers. The warning of one that panics is dropped.
pub(super) fn warnings<T: Real>(parts: &Parts<T>) -> Vec<Warning> {
    let asked = parts.observers.iter().map(|observer| catch_unwind(AssertUnwindSafe(|| observer.warning())));
    asked.filter_map(|warning| Some(Warning::Observer { message: warning.ok()?? })).collect()
}

/// Notifies all observers of the end, even if one of them panics. Returns the first panic.
pub(super) fn tell_end<T: Real>(parts: &Parts<T>, outcome: &Outcome<'_, T>) -> Option<Box<dyn Any + Send>> {
    let told = parts.observers.iter().map(|observer| {
        // An observer that panicked is not called again, and the others do not depend on it.
        catch_unwind(AssertUnwindSafe(|| observer.on_end(outcome)))
    });
    told.collect::<Vec<_>>().into_iter().find_map(std::result::Result::err)
}

/// Notifies all observers that a component has panicked, and resumes the panic. Panics of the observers are dropped.
pub(super) fn tell_panic<T: Real>(parts: &Parts<T>, run: &Run<T>, panic: Box<dyn Any + Send>) -> ! {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let message = text.unwrap_or("a value that is not text").to_owned();
    let error = Error::Panicked { epochs: run.history.len(), message };
    tell_end(parts, &Outcome { result: Err(&error), run });
    resume_unwind(panic)
}
