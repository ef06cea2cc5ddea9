//! A cost that explodes.

use std::ops::ControlFlow;

use super::{StopReason, StoppingRule};
use crate::error::{Result, check_setting};
use crate::history::History;

/// Stops after the first epoch whose training cost is far above that of the first epoch, or NaN:
///
/// ```text
/// E(e)  >  E(1) + (f − 1) |E(1)|
/// ```
///
/// with E(e) the [running cost](crate::history::EpochRecord::running_cost) of epoch e and f the `factor`; for a
/// positive cost E(e) > f E(1).
///
/// An untrained network is about as good as guessing. If a network is far worse than that after some epochs, its
/// learning rate is too large and it does not recover; a hyper-parameter search need not wait for it. The running cost
/// is measured in every run, so that the rule needs no evaluation. A cost that is infinite or NaN ends the run without
/// this rule, with [`Error::Diverged`](crate::Error::Diverged).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // Costs are one minus these accuracies: 0.5, 0.4, 0.9, 1.1.
/// let history = History::from_validation_accuracies(&[0.5, 0.6, 0.1, -0.1]);
/// assert_eq!(CostExplosion::new(2.0)?.replay(&history).unwrap().0, 4);
/// assert!(CostExplosion::new(0.5).is_err());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostExplosion {
    factor: f64,
}

impl CostExplosion {
    /// Stops when the cost is above `factor` times that of the first epoch.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `factor` is below 1, NaN or infinite.
    pub fn new(factor: f64) -> Result<Self> {
        let why = "it multiplies the cost of the first epoch, which every run starts with; try 2";
        check_setting("factor of CostExplosion", factor, factor >= 1.0 && factor.is_finite(), "[1, ∞)", why)?;
        Ok(Self { factor })
    }
}

impl StoppingRule for CostExplosion {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let (Some(first), Some(last)) = (history.epochs().first(), history.last()) else {
            return ControlFlow::Continue(());
        };
        let (first, last) = (first.running_cost, last.running_cost);
        let limit = first + (self.factor - 1.0) * first.abs();
        if last > limit || last.is_nan() {
            return ControlFlow::Break(StopReason::CostExplosion { first, last });
        }
        ControlFlow::Continue(())
    }
}
