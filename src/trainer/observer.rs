//! Those who watch a run.

use std::fmt::Debug;
use std::ops::ControlFlow;

use super::Report;
use crate::history::EpochRecord;

/// How far an epoch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The training steps done in it.
    pub step: usize,
    /// The training steps of an epoch.
    pub steps: usize,
}

/// Someone who is told of the progress of a run. It does not influence what is learned, but may end the run.
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
/// impl Observer for PrintCost {
///     fn on_epoch(&mut self, record: &EpochRecord) -> ControlFlow<()> {
///         println!("{:3} {:.4}", record.epoch, record.training_cost());
///         ControlFlow::Continue(())
///     }
/// }
/// let mut network = Network::<f32, Tanh, _>::new(&[784, 10], Tanh, Sigmoid, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(2)?).observe(PrintCost);
/// assert_eq!(trainer.fit(&mut network, &Dataset::synthetic_digits(100, 1)?, None)?.history.len(), 2);
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Observer: Debug + Send {
    /// After each training step. It should be quick: on a small network a step takes some microseconds.
    fn on_step(&mut self, _step: Step) {}

    /// After each epoch, with its record. Breaking ends the run.
    fn on_epoch(&mut self, _record: &EpochRecord) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// After the run.
    fn on_end(&mut self, _report: &Report) {}
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn on_step(&mut self, step: Step) {
        (**self).on_step(step);
    }

    fn on_epoch(&mut self, record: &EpochRecord) -> ControlFlow<()> {
        (**self).on_epoch(record)
    }

    fn on_end(&mut self, report: &Report) {
        (**self).on_end(report);
    }
}
