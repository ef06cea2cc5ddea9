//! e^x and ln(1 + x) without branches, calls or fused multiply-adds, so that a loop over them vectorizes and their results
//! are bitwise identical on every machine.
//!
//! e^x: with n the integer nearest to x / ln 2 and r = x − n ln 2, |r| ≤ ½ ln 2, e^x = 2ⁿ e^r. e^r is its Taylor
//! polynomial, of the degree whose remainder r^(d+1)/(d+1)! is below ε/8: 7 for `f32`, 13 for `f64`. n ln 2 is
//! subtracted in two parts, the first of few enough bits that n times it is exact (Cody and Waite, 1980). Adding
//! 1.5 · 2^(p−1), p the bits of the significand, rounds to an integer and leaves n in the low bits.

macro_rules! exp {
    ($name:ident, $float:ty, $mantissa:literal, $bias:literal, $underflow:literal, $overflow:literal,
     $round:expr, $ln2_high:expr, $ln2_low:expr, [$last:expr $(, $coefficient:expr)*]) => {
        #[inline(always)]
        pub(super) fn $name(x: $float) -> $float {
            // NaN fails both comparisons of the clamp, and the polynomial propagates it.
            let bounded = if x > $overflow { $overflow } else { x };
            let bounded = if bounded < $underflow { $underflow } else { bounded };
            let shifted = bounded * std::f64::consts::LOG2_E as $float + $round;
            let n = shifted - $round;
            let r = (bounded - n * $ln2_high) - n * $ln2_low;
            let mut e_r: $float = $last;
            $(e_r = e_r * r + $coefficient;)*
            // 2ⁿ in two factors: n reaches one past the largest exponent at the upper end.
            let n = shifted.to_bits().wrapping_sub(<$float>::to_bits($round)).wrapping_sub(1);
            let half_power = <$float>::from_bits(n.wrapping_add($bias) << $mantissa);
            let result = e_r * half_power * 2.0;
            let result = if x > $overflow { <$float>::INFINITY } else { result };
            if x < $underflow { 0.0 } else { result }
        }
    };
}

exp!(
    exp_f32,
    f32,
    23,
    127,
    -86.643_394,
    88.722_83,
    12_582_912.0f32,
    0.693_359_4,
    -2.121_944_4e-4,
    [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0]
);

exp!(
    exp_f64,
    f64,
    52,
    1023,
    -707.703_271_351_704,
    709.782_712_893_384,
    6_755_399_441_055_744.0f64,
    0.693_147_180_369_123_8,
    1.908_214_929_270_587_7e-10,
    [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0
    ]
);

/// ln(1 + x) = 2 artanh(s) with s = x/(2 + x), and artanh(s) = s + s³/3 + s⁵/5 + …, of which `TERMS` terms are added.
/// For x in [0, 1], s² ≤ 1/9, so that the first omitted term is below 9^(−TERMS) times the first.
#[inline(always)]
pub(super) fn ln_1p<T: super::Real, const TERMS: usize>(x: T) -> T {
    let s = x / (x + T::cast(2.0));
    let s2 = s * s;
    let mut series = T::zero();
    for term in (0..TERMS).rev() {
        series = series * s2 + T::cast(2.0 / (2 * term + 1) as f64);
    }
    s * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn agrees_with_the_exact_exponential(x in -707.7f64..709.7, y in -86.64f32..88.7) {
            prop_assert!((exp_f64(x) / x.exp() - 1.0).abs() <= 3.0 * f64::EPSILON, "{x}");
            let exact = f64::from(y).exp();
            prop_assert!((f64::from(exp_f32(y)) / exact - 1.0).abs() <= 3.0 * f64::from(f32::EPSILON), "{y}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn agrees_with_the_exact_logarithm(exponent in -60.0f64..0.0) {
            use crate::real::Real;
            let (x, y) = (exponent.exp(), exponent.exp() as f32);
            prop_assert!((x.fast_ln_1p() / x.ln_1p() - 1.0).abs() <= 3.0 * f64::EPSILON, "{x}");
            let exact = f64::from(y).ln_1p();
            prop_assert!((f64::from(y.fast_ln_1p()) / exact - 1.0).abs() <= 3.0 * f64::from(f32::EPSILON), "{y}");
        }
    }

    #[test]
    fn has_the_right_limits() {
        for x in [-1e308, -1e3, -710.0, f64::NEG_INFINITY] {
            assert_eq!(exp_f64(x), 0.0);
        }
        for x in [1e308, 1e3, 710.0, f64::INFINITY] {
            assert_eq!(exp_f64(x), f64::INFINITY);
        }
        assert!(exp_f64(f64::NAN).is_nan() && exp_f32(f32::NAN).is_nan());
        assert_eq!((exp_f64(0.0), exp_f64(-0.0), exp_f32(0.0)), (1.0, 1.0, 1.0));
        assert_eq!((exp_f32(-1e38), exp_f32(1e38)), (0.0, f32::INFINITY));
        assert!(exp_f64(709.78).is_finite() && exp_f32(88.72).is_finite());
    }
}
