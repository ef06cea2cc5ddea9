//! A stopping rule.

use std::ops::ControlFlow;

use gradus::prelude::*;

/// Stops when the validation cost lies by more than `limit` above the training cost: the network has begun to learn its
/// training set by heart.
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

    /// What is declared here is measured, or the trainer refuses to begin. The running cost is always there.
    fn metrics(&self) -> Vec<Metric> {
        vec![Metric::validation_cost()]
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::stopping_rule(&Gap { limit: 0.1 }).unwrap();
}
