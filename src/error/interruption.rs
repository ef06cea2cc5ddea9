//! How far a run came before an error ended it.

use super::{Error, text};
use crate::history::History;

/// The error that ended a run, and how far the run had come.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Linear, &ByActivation, 1)?;
/// let trainer = Trainer::new(Quadratic).schedule(Constant::new(1e6)?); // much too large: the run diverges
/// match trainer.fit(&mut network, &data, None) {
///     Err(gradus::Error::Interrupted(run)) => {
///         assert!(run.epoch >= 1 && run.kept == run.history.len());
///         println!("{run}"); // the layer, the cause, and the costs before
///     }
///     other => panic!("it has to diverge: {other:?}"),
/// }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error(
    "epoch {epoch}, mini-batch {step}: {cause}{} (the network is left with the parameters of epoch {kept}, 0 being the initial ones){}",
    text::listed("; the costs of the mini-batches before: ", last_costs),
    text::noticed(noticed)
)]
#[non_exhaustive]
pub struct Interruption {
    /// The epoch, counted from 1, in which it happened.
    pub epoch: usize,
    /// The mini-batch of that epoch, counted from 1. If a parameter is infinite, the mini-batch whose step made it
    /// so. One past the last mini-batch if the epoch was being evaluated.
    pub step: usize,
    /// The epoch whose parameters the network holds; 0 for the initial ones.
    pub kept: usize,
    /// The mean costs of up to five mini-batches before, the latest last.
    pub last_costs: Vec<f64>,
    /// What was noticed in the data before the first step, such as inputs that are not scaled.
    pub noticed: Vec<String>,
    /// The records of the epochs before.
    pub history: History,
    /// What happened.
    #[source]
    pub cause: Error,
}
