//! A cost function.

use gradus::prelude::*;

/// The log-likelihood of softmax outputs whose targets are not quite sure of themselves: instead of y it learns
/// y′ = (1 − ε) y + ε/K, with K outputs ("label smoothing"). δ = c (a − y′), with the sharpness c.
///
/// Source: Szegedy and others, *Rethinking the Inception architecture for computer vision*, 2016, section 7.
#[derive(Debug, Clone, Copy)]
pub struct Smoothed {
    pub epsilon: f64,
}

impl<T: Real> Cost<T, Softmax> for Smoothed {
    fn values(&self, output: &Softmax, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let (epsilon, uniform) = (T::cast(self.epsilon), T::cast(1.0 / y.nrows() as f64));
        LogLikelihood.values(output, z, a, &y.map(|y| (T::one() - epsilon) * y + epsilon * uniform), costs);
    }

    fn delta(
        &self,
        output: &Softmax,
        z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        LogLikelihood.delta(output, z, a, y, delta);
        let (c, share) = (T::cast(output.sharpness() * self.epsilon), T::cast(1.0 / y.nrows() as f64));
        delta.zip_apply(y, |delta, y| *delta += c * (y - share));
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> gradus::Result<()> {
        Cost::<T, Softmax>::check_targets(&LogLikelihood, y, first)
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::cost(&Smoothed { epsilon: 0.1 }, &Softmax::default()).unwrap();
    gradus::check::cost(&Smoothed { epsilon: 0.3 }, &Softmax::with_sharpness(2.0).unwrap()).unwrap();
}
