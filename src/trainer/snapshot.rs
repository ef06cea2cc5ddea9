//! The parameters that a network is left with after a run.

use crate::activation::Activation;
use crate::history::{History, Metric};
use crate::network::Network;
use crate::real::Real;

/// Which parameters a network is left with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Keep {
    /// Those of the best epoch by a metric, of equally good ones that of the lowest cost.
    Best(Metric),
    /// Those of the last epoch.
    Last,
}

/// The parameters that the network will be left with, and their epoch.
pub(super) struct Snapshot<T> {
    keep: Keep,
    epoch: usize,
    parameters: Vec<Vec<T>>,
}

impl<T: Real> Snapshot<T> {
    /// Copies the initial parameters.
    pub(super) fn new<H: Activation<T>, A: Activation<T>>(keep: Keep, network: &Network<T, H, A>) -> Self {
        Self { keep, epoch: 0, parameters: network.parameters().map(<[T]>::to_vec).collect() }
    }

    /// Copies the parameters of the newest epoch if it is the one to keep.
    pub(super) fn update<H: Activation<T>, A: Activation<T>>(
        &mut self,
        network: &Network<T, H, A>,
        history: &History,
    ) {
        let kept = self.epoch.checked_sub(1).and_then(|index| history.epochs().get(index));
        let is_better = match (&self.keep, history.last(), kept) {
            (Keep::Best(metric), Some(newest), Some(kept)) => metric.prefers(newest, kept),
            _ => true,
        };
        if is_better {
            self.epoch = history.len();
            for (kept, now) in self.parameters.iter_mut().zip(network.parameters()) {
                kept.copy_from_slice(now);
            }
        }
    }

    /// Gives the parameters back to the network and returns their epoch.
    pub(super) fn restore<H: Activation<T>, A: Activation<T>>(
        &self,
        network: &mut Network<T, H, A>,
    ) -> usize {
        for (now, kept) in network.parameters_mut().zip(&self.parameters) {
            now.copy_from_slice(kept);
        }
        self.epoch
    }
}
