//! An optimizer.

use gradus::prelude::*;

/// m → β₁ m + (1 − β₁) g, v → β₂ v + (1 − β₂) g², w → w − η m̂/(√v̂ + ε): each parameter has a step of about η, whatever
/// the size of its gradient. m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) make up for the zeros that m and v begin with.
///
/// Source: Kingma and Ba, *Adam: a method for stochastic optimization*, 2015, algorithm 1.
#[derive(Debug, Clone, Copy)]
pub struct Adam {
    pub beta_1: f64,
    pub beta_2: f64,
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }
    }
}

impl<T: Real> Optimizer<T> for Adam {
    /// m, v, and t, the number of steps.
    type State = (Vec<T>, Vec<T>, i32);

    fn init(&self, len: usize) -> Self::State {
        (vec![T::zero(); len], vec![T::zero(); len], 0)
    }

    fn step(&self, (m, v, t): &mut Self::State, parameters: &mut [T], gradient: &[T], eta: T) {
        *t = t.saturating_add(1);
        let [beta_1, beta_2, epsilon] = [self.beta_1, self.beta_2, self.epsilon].map(T::cast);
        let [by_1, by_2] = [self.beta_1, self.beta_2].map(|beta| T::cast(1.0 / (1.0 - beta.powi(*t))));
        for (((w, m), v), &g) in parameters.iter_mut().zip(m).zip(v).zip(gradient) {
            *m = beta_1 * *m + (T::one() - beta_1) * g;
            *v = beta_2 * *v + (T::one() - beta_2) * g * g;
            *w -= eta * (*m * by_1) / ((*v * by_2).sqrt() + epsilon);
        }
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::optimizer(&Adam::default()).unwrap();
}
