//! A measure.

use std::borrow::Cow;

use gradus::prelude::*;

/// The Brier score, the mean of Σ_j (a_j − y_j)²: how good the outputs are as probabilities, and not only which of them
/// is the largest. 0 is perfect.
///
/// Source: Brier, *Verification of forecasts expressed in terms of probability*, 1950.
#[derive(Debug, Clone, Copy)]
pub struct Brier;

impl Measure for Brier {
    fn name(&self) -> Cow<'static, str> {
        "Brier score".into()
    }

    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn meter(&self, _task: Task, _n_outputs: usize) -> gradus::Result<Box<dyn Meter>> {
        Ok(Box::new(Mean::new(|a, y| a.iter().zip(y).map(|(a, y)| (a - y) * (a - y)).sum())))
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::measure(&Brier).unwrap();
}
