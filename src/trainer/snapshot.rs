//! Which parameters a network is left with.

use crate::history::{History, Metric};

/// Which parameters a network is left with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Keep {
    /// Those of the best epoch by a metric.
    Best(Metric),
    /// Those of the last epoch.
    Last,
}

impl Keep {
    /// Whether the newest epoch of `history` is the one to keep.
    pub(super) fn keeps_newest(&self, history: &History) -> bool {
        match self {
            Self::Last => true,
            Self::Best(metric) => history.best(*metric).is_none_or(|(epoch, _)| epoch == history.len()),
        }
    }
}
