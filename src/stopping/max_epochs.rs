//! A planned number of epochs.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_nonzero};
use crate::history::History;

/// Stops after epoch `epochs`.
///
/// Source: the `epochs` of the book's programs.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.9; 10]);
/// assert_eq!(MaxEpochs::new(3)?.replay(&history).unwrap().0, 3);
/// assert!(MaxEpochs::new(0).is_err());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxEpochs {
    epochs: usize,
}

impl MaxEpochs {
    /// Stops after `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `epochs` is 0: stopping rules are first checked after
    /// epoch 1.
    pub fn new(epochs: usize) -> Result<Self> {
        check_nonzero("epochs", epochs, "stopping rules are first checked after epoch 1; give 1 or more")?;
        Ok(Self { epochs })
    }
}

impl StoppingRule for MaxEpochs {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        if history.len() >= self.epochs {
            return ControlFlow::Break(StopReason::MaxEpochs { epochs: self.epochs });
        }
        ControlFlow::Continue(())
    }
}
