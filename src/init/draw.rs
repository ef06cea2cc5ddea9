//! Draws of weights of mean 0 and a given standard deviation, for initializers that differ in the deviation only.

use nalgebra::DMatrix;
use rand::Rng;

use crate::real::Real;

/// Fills `weights` with draws from N(0, `deviation`²), column by column.
pub(super) fn normal<T: Real>(rng: &mut dyn Rng, deviation: f64, weights: &mut DMatrix<T>) {
    let deviation = T::cast(deviation);
    weights.apply(|w| *w = deviation * T::sample_normal(rng));
}

/// Fills `weights` with draws from the uniform distribution on [−√3 σ, √3 σ), σ being `deviation`, column by
/// column.
pub(super) fn uniform<T: Real>(rng: &mut dyn Rng, deviation: f64, weights: &mut DMatrix<T>) {
    let limit = 3.0f64.sqrt() * deviation;
    // 53 random bits: a multiple of 2⁻⁵³ in [0, 1).
    let step = 1.0 / (1u64 << 53) as f64;
    weights.apply(|w| {
        let unit = (rng.next_u64() >> 11) as f64 * step;
        *w = T::cast(limit * (2.0 * unit - 1.0));
    });
}

/// Implements [`Initializer`](super::Initializer) by drawing weights of mean 0 with `normal` or `uniform`,
/// biases 0.
///
/// The deviation is an expression of the activation, n_in and n_out, the last two as `f64`.
macro_rules! drawn {
    ($($initializer:ident by $draw:ident),*; |$activation:ident, $n_in:ident, $n_out:ident| $deviation:expr) => { $(
        impl<T: $crate::real::Real> $crate::init::Initializer<T> for $initializer {
            fn initialize(
                &self,
                rng: &mut dyn rand::Rng,
                activation: &dyn $crate::activation::Activation<T>,
                weights: &mut nalgebra::DMatrix<T>,
                biases: &mut nalgebra::DVector<T>,
            ) {
                let (n_out, n_in) = weights.shape();
                let deviation = self.deviation(activation, n_in, n_out).unwrap_or_default();
                $crate::init::draw::$draw(rng, deviation, weights);
                biases.fill(T::zero());
            }

            fn deviation(
                &self,
                $activation: &dyn $crate::activation::Activation<T>,
                n_in: usize,
                n_out: usize,
            ) -> Option<f64> {
                let ($n_in, $n_out) = (n_in as f64, n_out as f64);
                Some($deviation)
            }

            fn name(&self) -> std::borrow::Cow<'static, str> {
                self.to_string().into()
            }
        }
    )* };
}

pub(super) use drawn;
