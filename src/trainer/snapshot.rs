//! Which parameters a network is left with.

use crate::history::{History, Metric};

/// Which parameters a network is left with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Keep {
    /// Those of the best epoch by a metric, of equally good ones that of the lowest cost.
    Best(Metric),
    /// Those of the last epoch.
    Last,
}

impl Keep {
    /// Whether the newest epoch of `history` is to be kept instead of `epoch`, 0 for the initial parameters.
    pub(super) fn prefers_newest(&self, history: &History, epoch: usize) -> bool {
        let kept = epoch.checked_sub(1).and_then(|index| history.epochs().get(index));
        match (self, history.last(), kept) {
            (Self::Best(metric), Some(newest), Some(kept)) => metric.prefers(newest, kept),
            _ => true,
        }
    }
}
