//! An optimizer.

use gradus::optimizer::Scope;
use gradus::prelude::*;

/// w → w − η sgn(β₁ m + (1 − β₁) g), m → β₂ m + (1 − β₂) g: each parameter moves by η, whatever the size of its gradient,
/// in the direction that the gradients of some time agree on.
///
/// Source: Chen and others, *Symbolic discovery of optimization algorithms*, 2023, algorithm 2 ("Lion"), without weight
/// decay.
#[derive(Debug, Clone, Copy)]
pub struct Lion {
    pub beta_1: f64,
    pub beta_2: f64,
}

impl Default for Lion {
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.99 }
    }
}

impl<T: Real> Optimizer<T> for Lion {
    /// m.
    fn slots(&self) -> usize {
        1
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn step(&self, _: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let [m] = slots else { return };
        let mix = |beta: f64, m: T, g: T| T::cast(beta) * m + T::cast(1.0 - beta) * g;
        for ((w, m), &mut g) in parameters.iter_mut().zip(m.iter_mut()).zip(gradient) {
            let direction = mix(self.beta_1, *m, g);
            *w -= if direction == T::zero() { T::zero() } else { eta * direction.signum() };
            *m = mix(self.beta_2, *m, g);
        }
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::optimizer(&Lion::default()).unwrap();
}
