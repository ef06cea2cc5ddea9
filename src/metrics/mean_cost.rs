//! The mean of the cost function that is minimized.

use std::borrow::Cow;

use super::{Direction, Measure, Meter, Scored};
use crate::data::Task;
use crate::error::Result;

/// The name under which the cost is recorded.
pub(super) const NAME: &str = "cost";

/// The mean data cost Σ_x w_x C_x / Σ_x w_x, without the penalty; w_x is the weight of a sample, 1 by default. Recorded
/// as `"cost"`.
///
/// It is always measured, and it is the main measure for regression.
///
/// Source: chapter 1 of the book, equation (6), without the constant of the penalty.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// assert_eq!(Metric::validation(MeanCost), Metric::validation_cost());
/// gradus::check::measure(&MeanCost).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MeanCost;

impl Measure for MeanCost {
    fn name(&self) -> Cow<'static, str> {
        NAME.into()
    }

    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn meter(&self, _task: Task, _n_outputs: usize) -> Result<Box<dyn Meter>> {
        Ok(Box::new(Costs { sum: 0.0, weight: 0.0 }))
    }
}

/// Σ w_x C_x and Σ w_x.
struct Costs {
    sum: f64,
    weight: f64,
}

impl Meter for Costs {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        for (cost, weight) in batch.costs.iter().zip(batch.weights) {
            self.sum += weight * cost;
            self.weight += weight;
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        self.sum / self.weight
    }
}
