//! A stopping rule.

use std::ops::ControlFlow;

use gradus::prelude::*;

/// Stops when the validation cost lies by more than the share α above the least that it has been: the network has
/// begun to learn its training set by heart.
///
/// Source: Prechelt, *Early stopping – but when?*, 1998, the criterion GL.
#[derive(Debug, Clone, Copy)]
pub struct GeneralizationLoss {
    pub alpha: f64,
}

impl StoppingRule for GeneralizationLoss {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let now = history.last().and_then(|record| Metric::validation_cost().value_in(record));
        match (now, history.best(&Metric::validation_cost())) {
            (Some(now), Some((epoch, least))) if now > (1.0 + self.alpha) * least => {
                let reason = format!("validation cost {now:.4}, above {least:.4} in epoch {epoch}");
                ControlFlow::Break(StopReason::Other(reason))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// What is declared here is measured, or the trainer refuses to begin.
    fn metrics(&self) -> Vec<Metric> {
        vec![Metric::validation_cost()]
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::stopping_rule(&GeneralizationLoss { alpha: 0.1 }).unwrap();
}
