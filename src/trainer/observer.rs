//! Observers, which are notified of the progress of a run.

use std::fmt::Debug;
use std::ops::ControlFlow;

use super::{Report, Run, Running};
use crate::error::Error;
use crate::real::Real;

/// A callback that is notified of each step, each epoch and the end of a run. It does not influence what is learned,
/// but may end the run.
///
/// Methods take `&self`, because one trainer may train several networks at once; an observer's state goes into an
/// atomic or a `Mutex`. Dyn-compatible, and implemented for `&`, `Box` and `Arc`: keep an `Arc` to read the observer
/// afterwards.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use std::ops::ControlFlow;
///
/// #[derive(Debug)]
/// struct PrintCost;
///
/// impl<T: Real> Observer<T> for PrintCost {
///     fn on_epoch(&self, running: &Running<'_, T>) -> ControlFlow<()> {
///         if let Some(record) = running.history.last() {
///             println!("{:3} {:.4}", record.epoch, record.running_cost);
///         }
///         ControlFlow::Continue(())
///     }
/// }
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Tanh, Sigmoid, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(2)?).observe(PrintCost);
/// assert_eq!(trainer.fit(&mut network, &data, None)?.history.len(), 2);
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Observer<T: Real>: Debug + Send + Sync {
    /// Called after each training step. Breaking ends the run within the epoch. It should be quick: on a small network
    /// a step takes some microseconds.
    fn on_step(&self, _running: &Running<'_, T>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after each epoch, with its record in `running.history`. Breaking ends the run.
    fn on_epoch(&self, _running: &Running<'_, T>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called once at the end of every run that has begun, however it ends: with its report, or with the error that
    /// ended it, which is [`Error::Panicked`] if a component panicked. It is called even if another observer's `on_end`
    /// panics.
    fn on_end(&self, _outcome: &Outcome<'_, T>) {}

    /// Returns a warning for the report, such as a file that could not be written. Called at the end of a run, before
    /// `on_end`.
    fn warning(&self) -> Option<String> {
        None
    }
}

crate::forward! { impl<T: Real> Observer<T> {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()>;
    fn on_epoch(&self, running: &Running<'_, T>) -> ControlFlow<()>;
    fn on_end(&self, outcome: &Outcome<'_, T>);
    fn warning(&self) -> Option<String>;
} }

/// How a run ended.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use gradus::prelude::*;
///
/// #[derive(Debug, Default)]
/// struct Ending(Mutex<String>);
///
/// impl<T: Real> Observer<T> for Ending {
///     fn on_end(&self, outcome: &Outcome<'_, T>) {
///         *self.0.lock().unwrap() = match outcome.result {
///             Ok(report) => report.stop_reason.to_string(),
///             Err(error) => format!("failed after {} steps: {error}", outcome.run.t),
///         };
///     }
/// }
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// let ending = Arc::new(Ending::default());
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(2)?).observe(ending.clone());
/// trainer.fit(&mut network, &data, None)?;
/// assert_eq!(*ending.0.lock().unwrap(), "all 2 epochs done");
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a, T: Real> {
    /// The report, or the error.
    pub result: std::result::Result<&'a Report<T>, &'a Error>,
    /// The run at its end, from which it can be resumed.
    pub run: &'a Run<T>,
}
