//! A learning-rate schedule.

use std::f64::consts::PI;

use gradus::prelude::*;

/// η (1 + cos(π (t − 1)/n))/2 in epoch t of n: slow at first, slow at last, and the end of the training after n epochs.
///
/// Source: Loshchilov and Hutter, *SGDR: stochastic gradient descent with warm restarts*, 2017, without restarts.
#[derive(Debug, Clone, Copy)]
pub struct Cosine {
    pub eta: f64,
    pub epochs: usize,
}

impl LrSchedule for Cosine {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        let done = (progress.epoch - 1) as f64 / self.epochs as f64;
        (progress.epoch <= self.epochs).then_some(self.eta * (1.0 + (PI * done).cos()) / 2.0)
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::schedule(&Cosine { eta: 0.5, epochs: 30 }).unwrap();
}
