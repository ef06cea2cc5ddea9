//! A cost function.

use gradus::prelude::*;

/// C_x = Σ_j y_j (1 − a_j^q)/q for softmax outputs, with δ_k = c (a_k Σ_j y_j a_j^q − y_k a_k^q), c the sharpness.
///
/// As q → 0 it becomes the log-likelihood. With q near 1 a wrong label costs little, so that the network does not fit
/// it.
///
/// Source: Zhang and Sabuncu, *Generalized cross entropy loss for training deep neural networks with noisy labels*,
/// 2018.
#[derive(Debug, Clone, Copy)]
pub struct RobustCost {
    pub q: f64,
}

impl<T: Real> Cost<T, Softmax> for RobustCost {
    fn values(&self, _: &Softmax, _: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        for ((cost, a), y) in costs.iter_mut().zip(a.column_iter()).zip(y.column_iter()) {
            let value = |(a, y): (&T, &T)| y.to_f64() * (1.0 - a.to_f64().powf(self.q)) / self.q;
            *cost = a.iter().zip(&y).map(value).sum();
        }
    }

    fn delta(
        &self,
        output: &Softmax,
        _: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        delta.zip_zip_apply(a, y, |delta, a, y| *delta = y * a.powf(T::cast(self.q)));
        for (mut delta, a) in delta.column_iter_mut().zip(a.column_iter()) {
            let (sum, c) = (delta.sum(), T::cast(output.sharpness()));
            delta.zip_apply(&a, |delta, a| *delta = c * (a * sum - *delta));
        }
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> gradus::Result<()> {
        Cost::<T, Softmax>::check_targets(&LogLikelihood, y, first)
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::cost(&RobustCost { q: 0.7 }, &Softmax::default()).unwrap();
    gradus::check::cost(&RobustCost { q: 0.2 }, &Softmax::with_sharpness(2.0).unwrap()).unwrap();
}
