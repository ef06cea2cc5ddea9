//! e^x, ln(1 + x) and tanh x without branches, calls or fused multiply-adds, so that a loop over them vectorizes and
//! their results are bitwise identical on every machine.
//!
//! e^x: with n the integer nearest to x / ln 2 and r = x − n ln 2, |r| ≤ ½ ln 2, e^x = 2ⁿ e^r. e^r is its Taylor
//! polynomial, of the degree whose remainder r^(d+1)/(d+1)! is below ε/8: 7 for `f32`, 13 for `f64`. n ln 2 is
//! subtracted in two parts, the first of few enough bits that n times it is exact (Cody and Waite, 1980). Adding
//! 1.5 · 2^(p−1), p the bits of the significand, rounds to an integer and leaves n in the low bits.
//! e^x − 1 = 2ⁿ (e^r − 1) + (2ⁿ − 1) from the same n and r; the first difference is the polynomial without
//! its constant 1.

macro_rules! exp {
    ($exp:ident, $exp_m1:ident, $float:ty, $mantissa:literal, $bias:literal, $underflow:literal, $overflow:literal,
     $round:expr, $ln2_high:expr, $ln2_low:expr, [$last:expr $(, $coefficient:expr)*]) => {
        #[inline(always)]
        pub(super) fn $exp(x: $float) -> $float {
            // NaN fails both comparisons of the clamp, and the polynomial propagates it.
            let bounded = if x > $overflow { $overflow } else { x };
            let bounded = if bounded < $underflow { $underflow } else { bounded };
            let shifted = bounded * std::f64::consts::LOG2_E as $float + $round;
            let n = shifted - $round;
            let r = (bounded - n * $ln2_high) - n * $ln2_low;
            let mut e_r: $float = $last;
            $(e_r = e_r * r + $coefficient;)*
            e_r = e_r * r + 1.0;
            // 2ⁿ in two factors: n reaches one past the largest exponent at the upper end.
            let n = shifted.to_bits().wrapping_sub(<$float>::to_bits($round)).wrapping_sub(1);
            let half_power = <$float>::from_bits(n.wrapping_add($bias) << $mantissa);
            let result = e_r * half_power * 2.0;
            let result = if x > $overflow { <$float>::INFINITY } else { result };
            if x < $underflow { 0.0 } else { result }
        }

        #[inline(always)]
        pub(super) fn $exp_m1(x: $float) -> $float {
            // Below −40 the result is −1 in either type, above 0 it is not defined.
            let bounded = if x < -40.0 { -40.0 } else { x };
            let bounded = if bounded > 0.0 { 0.0 } else { bounded };
            let shifted = bounded * std::f64::consts::LOG2_E as $float + $round;
            let n = shifted - $round;
            let r = (bounded - n * $ln2_high) - n * $ln2_low;
            let mut quotient: $float = $last;
            $(quotient = quotient * r + $coefficient;)*
            let n = shifted.to_bits().wrapping_sub(<$float>::to_bits($round));
            let power = <$float>::from_bits(n.wrapping_add($bias) << $mantissa);
            quotient * r * power + (power - 1.0)
        }
    };
}

exp!(
    exp_f32,
    exp_m1_f32,
    f32,
    23,
    127,
    -86.643_394,
    88.722_83,
    12_582_912.0f32,
    0.693_359_4,
    -2.121_944_4e-4,
    [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0]
);

exp!(
    exp_f64,
    exp_m1_f64,
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
        1.0
    ]
);

/// tanh x = x p(x²)/q(x²), with p and q of degree 4 that Remez's exchange algorithm found for 0 < |x| < 9.02: of all such
/// quotients this one has the least relative error, 0.18 ε, or 0.5 ε with coefficients that are rounded. No coefficient
/// is negative, so that nothing cancels; rounding each operation makes the error 3.3 ε. Of neighbouring numbers the
/// larger may have a tanh that is smaller in the last bits. From 9.02 on, tanh x rounds to 1.
#[inline(always)]
pub(super) fn tanh_f32(x: f32) -> f32 {
    let s = x * x;
    let polynomial = |[c1, c2, c3, c4]: [f32; 4]| (((c4 * s + c3) * s + c2) * s + c1) * s + 1.0;
    let p = polynomial([0.133_797_2, 0.003_494_036, 2.058_350_6e-5, 1.331_910_6e-8]);
    let q = polynomial([0.467_130_33, 0.025_871_08, 3.283_095e-4, 7.762_033e-7]);
    let value = x * p / q;
    let bounded = if value > 1.0 { 1.0 } else { value };
    let bounded = if bounded < -1.0 { -1.0 } else { bounded };
    let limit = if x < 0.0 { -1.0 } else { 1.0 };
    if x.abs() >= 9.02 { limit } else { bounded }
}

/// tanh x = (1 − e^(−2|x|)) / (1 + e^(−2|x|)) with the sign of x. For |x| < 0.6, where that cancels, it is the ninth
/// convergent of Lambert's continued fraction x/(1 + x²/(3 + x²/(5 + …))), a ratio of two polynomials, whose error
/// there is below 10⁻¹⁹.
#[inline(always)]
pub(super) fn tanh_f64(x: f64) -> f64 {
    let magnitude = x.abs();
    let e = exp_f64(-(magnitude + magnitude));
    let is_near = magnitude < 0.6;

    // Clamped, so that the unused branch cannot overflow.
    let near = if magnitude < 1.0 { magnitude } else { 1.0 };
    let s = near * near;
    // Divided by the constant term, so that both polynomials are exactly 1, and tanh(x) is x, where s vanishes.
    let polynomial = |c: [f64; 4]| {
        let [c1, c2, c3, c4] = c.map(|c| c / 34_459_425.0);
        (((c4 * s + c3) * s + c2) * s + c1) * s + 1.0
    };
    let numerator = near * polynomial([4_729_725.0, 135_135.0, 990.0, 1.0]);
    let denominator = polynomial([16_216_200.0, 945_945.0, 13_860.0, 45.0]);

    // One division for both formulas: it takes longer than the rest of either.
    let numerator = if is_near { numerator } else { 1.0 - e };
    let denominator = if is_near { denominator } else { 1.0 + e };
    let value = numerator / denominator;
    if x < 0.0 { -value } else { value }
}

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

/// The Mills ratio of the normal distribution, m(x) = (1 − Φ(x)) / φ(x), for x ≥ 0.
///
/// With t = (x − 4)/(x + 4) in [−1, 1), (x + 4) m(x) is a smooth function of t that ends in 1 at t = 1.
/// `coefficients`, of t^(N−1) to t⁰, are its Chebyshev series, cut where the rest is below ε/8 and written in
/// powers of t.
#[inline(always)]
pub(super) fn mills_ratio<T: super::Real, const N: usize>(x: T, coefficients: &[f64; N]) -> T {
    let four = T::cast(4.0);
    let scale = T::one() / (x + four);
    let t = (x - four) * scale;
    let mut series = T::zero();
    for &coefficient in coefficients {
        series = series * t + T::cast(coefficient);
    }
    series * scale
}

pub(super) const MILLS_F32: [f64; 12] = [
    5.309786728e-5,
    -4.339179843e-6,
    -5.403633229e-4,
    3.350193591e-4,
    4.065851591e-3,
    -8.722952689e-3,
    -1.889425496e-2,
    0.1513919463,
    -0.4675417197,
    0.9704095376,
    -1.523770884,
    1.893219064,
];

pub(super) const MILLS_F64: [f64; 25] = [
    8.530838860260528e-10,
    -3.0073979672398776e-10,
    -9.35134044482434e-9,
    -1.47229989237463e-9,
    5.371103765158957e-8,
    4.473060051450323e-8,
    -2.1774195022039326e-7,
    -4.00493929251171e-7,
    6.829633831673466e-7,
    2.568755311229722e-6,
    -1.5787665654677373e-6,
    -1.4843277679080294e-5,
    1.7963971214040778e-6,
    8.809573121072337e-5,
    -4.783264259417208e-6,
    -5.792693046478719e-4,
    3.342446162328441e-4,
    4.087855681200072e-3,
    -8.722295274260125e-3,
    -1.8900450861711257e-2,
    0.15139176231244347,
    -0.4675409629983325,
    0.9704095548675884,
    -1.5237709108199835,
    1.8932190633084853,
];

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
