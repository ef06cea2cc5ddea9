//! An optimizer.

use gradus::network::ParameterArrays;
use gradus::optimizer::Scope;
use gradus::prelude::*;

/// Lets another optimizer take k steps, and then goes back to a point on the way: w̄ → w̄ + α (w − w̄), w → w̄ after
/// every k-th step.
///
/// It wraps any optimizer and adds one slot, for w̄.
///
/// Source: Zhang, Lucas, Hinton and Ba, *Lookahead optimizer: k steps forward, 1 step back*, 2019, algorithm 1.
#[derive(Debug, Clone, Copy)]
pub struct Lookahead<O> {
    pub optimizer: O,
    pub k: u64,
    pub alpha: f64,
}

impl<O> Lookahead<O> {
    /// Wraps `optimizer`, with k = 5 and α = 1/2.
    pub fn around(optimizer: O) -> Self {
        Self { optimizer, k: 5, alpha: 0.5 }
    }
}

impl<T: Real, O: Optimizer<T>> Optimizer<T> for Lookahead<O> {
    /// The slots of the wrapped optimizer, and w̄.
    fn slots(&self) -> usize {
        self.optimizer.slots() + 1
    }

    /// Each parameter is averaged by itself, so the scope is that of the wrapped optimizer.
    fn scope(&self) -> Scope {
        self.optimizer.scope()
    }

    fn default_rate(&self) -> f64 {
        self.optimizer.default_rate()
    }

    fn default_rate_for(&self, steps: usize) -> f64 {
        self.optimizer.default_rate_for(steps)
    }

    fn prepare(&self, gradient: &mut ParameterArrays<T>) {
        self.optimizer.prepare(gradient);
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let Some((slow, slots)) = slots.split_last_mut() else { return };
        // Slots begin with zeros, w̄ with the initial parameters.
        if at.t == 1 {
            slow.copy_from_slice(parameters);
        }
        self.optimizer.step(at, slots, parameters, gradient, eta);
        if at.t.is_multiple_of(self.k) {
            for (w, slow) in parameters.iter_mut().zip(slow.iter_mut()) {
                *slow += T::cast(self.alpha) * (*w - *slow);
                *w = *slow;
            }
        }
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::optimizer(&Lookahead::around(Sgd)).unwrap();
    gradus::check::optimizer(&Lookahead::around(ClipByGlobalNorm::new(Adam::default(), 1.0).unwrap()))
        .unwrap();
}
