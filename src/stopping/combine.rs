//! Two rules as one.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::history::{History, Metric};

/// Stops as soon as either rule does; made by [`or`](StoppingRule::or). It stops after the earlier of the two epochs.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let rule = NoImprovement::new(20)?.or(MaxEpochs::new(4)?);
/// let history = History::from_validation_accuracies(&[0.9; 10]);
/// assert_eq!(rule.replay(&history), Some((4, StopReason::MaxEpochs { epochs: 4 })));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Or<A, B>(pub A, pub B);

impl<A: StoppingRule, B: StoppingRule> StoppingRule for Or<A, B> {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        self.0.check(history)?;
        self.1.check(history)
    }

    fn metrics(&self) -> Vec<Metric> {
        [self.0.metrics(), self.1.metrics()].concat()
    }
}

/// Stops when both rules want to stop after the same epoch; made by [`and`](StoppingRule::and).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let rule = NoImprovement::new(1)?.and(MaxEpochs::new(4)?);
/// let history = History::from_validation_accuracies(&[0.9, 0.9, 0.91, 0.92, 0.92]);
/// assert_eq!(rule.replay(&history).unwrap().0, 5);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct And<A, B>(pub A, pub B);

impl<A: StoppingRule, B: StoppingRule> StoppingRule for And<A, B> {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        match (self.0.check(history), self.1.check(history)) {
            (ControlFlow::Break(a), ControlFlow::Break(b)) => {
                ControlFlow::Break(StopReason::Both(Box::new(a), Box::new(b)))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        [self.0.metrics(), self.1.metrics()].concat()
    }
}
