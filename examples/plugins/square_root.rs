//! A learning-rate schedule.

use gradus::prelude::*;

/// η min(t/r, √(r/t)) in epoch t: rises linearly to η in r epochs, then falls as 1/√t, without an end.
///
/// Source: Vaswani and others, *Attention is all you need*, 2017, section 5.3.
#[derive(Debug, Clone, Copy)]
pub struct SquareRoot {
    pub eta: f64,
    pub rise: f64,
}

impl LrSchedule for SquareRoot {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        let done = progress.epoch as f64 / self.rise;
        Some(self.eta * done.min(1.0 / done.sqrt()))
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::schedule(&SquareRoot { eta: 0.5, rise: 3.0 }).unwrap();
}
