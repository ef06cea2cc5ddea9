//! `Real`, the one numeric bound of the crate: the floating-point numbers `f32` and `f64`.

mod bytes;
mod elementary;
pub(crate) mod exact;
mod finite;
pub(crate) mod normal;
pub mod portable;
mod vectorize;

use std::iter::Sum;

use nalgebra::RealField;
use rand::Rng;
use serde::{Serialize, de::DeserializeOwned};

use crate::linalg::Product;

pub(crate) use bytes::{LittleEndian, Slice, Values};
pub(crate) use finite::{all_finite, first_non_finite};
pub(crate) use vectorize::zip_map_except;
pub use vectorize::{map, vectorized, zip_map, zip_sums};

/// A floating-point number, `f32` or `f64`.
///
/// It carries every bound that a plug-in needs: nalgebra's `RealField` (arithmetic and the elementary functions),
/// copying, sums, and serialization. No other type can implement it, so a plug-in for `T: Real` works for both types.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// fn mean<T: Real>(x: &[T]) -> T {
///     x.iter().copied().sum::<T>() / T::cast(x.len() as f64)
/// }
/// assert_eq!(mean(&[1.0f32, 2.0]), 1.5);
/// assert_eq!(mean(&[1.0f64, 2.0]).to_f64(), 1.5);
/// ```
pub trait Real:
    RealField + Copy + Default + Sum + Serialize + DeserializeOwned + Product + LittleEndian
{
    /// Rounds `x` to this type.
    fn cast(x: f64) -> Self;

    /// Converts `x`, exactly.
    fn from_byte(x: u8) -> Self;

    /// Converts to double precision, exactly.
    fn to_f64(self) -> f64;

    /// Returns `true` if this is NaN.
    fn is_nan(self) -> bool;

    /// Returns e^`self`. A loop over it vectorizes.
    ///
    /// The relative error is below 3 ε for normal results (ε = 2⁻²³ or 2⁻⁵²). Results below twice the smallest normal
    /// number are 0, those above the largest are ∞, and NaN gives NaN. It uses no fused multiply-add, so its results
    /// are bitwise identical on every machine.
    fn fast_exp(self) -> Self;

    /// Returns e^`self` − 1 for `self` ≤ 0, and 0 for `self` > 0. A loop over it vectorizes.
    ///
    /// The relative error is below 3 ε, near 0 too. Results are bitwise identical on every machine.
    fn fast_exp_m1(self) -> Self;

    /// Returns tanh(`self`). A loop over it vectorizes.
    ///
    /// The relative error is below 4 ε. Results are bitwise identical on every machine.
    fn fast_tanh(self) -> Self;

    /// Returns the Mills ratio (1 − Φ(x)) / φ(x) of the normal distribution at x = `self` ≥ 0. A loop over it
    /// vectorizes.
    ///
    /// The relative error is below 4 ε. Results are bitwise identical on every machine.
    fn fast_mills_ratio(self) -> Self;

    /// Returns ln(1 + `self`) for `self` in [0, 1]. A loop over it vectorizes.
    ///
    /// The relative error is below 3 ε. Results are bitwise identical on every machine.
    fn fast_ln_1p(self) -> Self;

    /// Draws from N(0, 1). Results are bitwise identical on every machine.
    fn sample_normal<R: Rng + ?Sized>(rng: &mut R) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        Self::is_nan(self)
    }

    #[inline(always)]
    fn from_byte(x: u8) -> Self {
        x.into()
    }

    #[inline(always)]
    fn cast(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn fast_exp(self) -> Self {
        elementary::exp_f32(self)
    }

    #[inline(always)]
    fn fast_exp_m1(self) -> Self {
        elementary::exp_m1_f32(self)
    }

    #[inline(always)]
    fn fast_tanh(self) -> Self {
        elementary::tanh_f32(self)
    }

    #[inline(always)]
    fn fast_mills_ratio(self) -> Self {
        elementary::mills_ratio(self, &elementary::MILLS_F32)
    }

    #[inline(always)]
    fn fast_ln_1p(self) -> Self {
        elementary::ln_1p::<Self, 8>(self)
    }

    fn sample_normal<R: Rng + ?Sized>(rng: &mut R) -> Self {
        normal::sample(rng) as f32
    }
}

impl Real for f64 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        Self::is_nan(self)
    }

    #[inline(always)]
    fn from_byte(x: u8) -> Self {
        x.into()
    }

    #[inline(always)]
    fn cast(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn fast_exp(self) -> Self {
        elementary::exp_f64(self)
    }

    #[inline(always)]
    fn fast_exp_m1(self) -> Self {
        elementary::exp_m1_f64(self)
    }

    #[inline(always)]
    fn fast_tanh(self) -> Self {
        elementary::tanh_f64(self)
    }

    #[inline(always)]
    fn fast_mills_ratio(self) -> Self {
        elementary::mills_ratio(self, &elementary::MILLS_F64)
    }

    #[inline(always)]
    fn fast_ln_1p(self) -> Self {
        elementary::ln_1p::<Self, 17>(self)
    }

    fn sample_normal<R: Rng + ?Sized>(rng: &mut R) -> Self {
        normal::sample(rng)
    }
}

/// Returns xᵗ by repeated squaring, bitwise identical on every machine.
pub(crate) fn power(x: f64, t: u64) -> f64 {
    let (mut result, mut square, mut t) = (1.0, x, t);
    while t > 0 {
        if t % 2 == 1 {
            result *= square;
        }
        square *= square;
        t /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_power_is_a_product() {
        let mut product = 1.0f64;
        for t in 0..2000 {
            assert!((super::power(0.999, t) / product - 1.0).abs() < 1e-12, "{t}");
            product *= 0.999;
        }
        assert_eq!(super::power(0.0, 0), 1.0);
    }
}
