//! A stopping rule.

use std::ops::ControlFlow;

use gradus::prelude::*;

/// Stops when the validation cost exceeds the training cost by more than `limit`: the network has begun to overfit.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    pub limit: f64,
}

impl StoppingRule for Gap {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let Some(record) = history.last() else { return ControlFlow::Continue(()) };
        match Metric::validation_cost().value_in(record) {
            Some(cost) if cost > record.running_cost + self.limit => {
                let reason = format!("validation cost {cost:.4}, training cost {:.4}", record.running_cost);
                ControlFlow::Break(StopReason::Other(reason))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// The trainer measures the metrics that are declared here, or returns an error before the first step. The running
    /// cost is always there.
    fn metrics(&self) -> Vec<Metric> {
        vec![Metric::validation_cost()]
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::stopping_rule(&Gap { limit: 0.1 }).unwrap();
}
