//! A regularizer.

use gradus::prelude::*;

/// Ω(w) = λ Σ w²/(1 + w²), with ∂Ω/∂w = 2 λ w/(1 + w²)²: small weights shrink as with L2, large ones are left alone.
///
/// Source: Weigend, Rumelhart and Huberman, *Generalization by weight-elimination with application to forecasting*,
/// 1991.
#[derive(Debug, Clone, Copy)]
pub struct WeightElimination {
    pub lambda: f64,
}

impl<T: Real> Regularizer<T> for WeightElimination {
    fn penalty(&self, _: &LayerInfo, w: &[T]) -> f64 {
        // As 1 − 1/(1 + w²), which is 1 and not ∞/∞ for the largest weights.
        self.lambda * w.iter().map(|w| 1.0 - 1.0 / (1.0 + w.to_f64() * w.to_f64())).sum::<f64>()
    }

    fn add_gradient(&self, _: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
        let scale = scale * T::cast(2.0 * self.lambda);
        for (grad, &w) in grad.iter_mut().zip(w) {
            let share = T::one() / (T::one() + w * w);
            // w · share² first: scale · w could overflow to ∞, and ∞ · 0 is NaN.
            *grad += scale * (w * share * share);
        }
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::regularizer(&WeightElimination { lambda: 0.5 }).unwrap();
}
