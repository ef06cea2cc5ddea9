//! The fused multiply-add of single precision in double precision, for WebAssembly, which has no instruction for it.
//!
//! The product of two `f32` is exact in `f64`, so s = a b + c is rounded once to double precision and once more to
//! single precision. The result can differ from that of one rounding only if s lies halfway between two `f32`, or if
//! it is subnormal, where `f32` are farther apart. Both cases are rare, and are left to [`f32::mul_add`], which
//! computes them bit by bit in software.
//!
//! Source: S. Boldo and G. Melquiond, *Emulation of a FMA and correctly rounded sums: proved algorithms using
//! rounding to odd*, 2008, on double rounding.

/// The low bits of an `f64`, which an `f32` does not have.
const LOST: u64 = (1 << 29) - 1;

/// The value of these bits in a number halfway between two `f32`.
const HALFWAY: u64 = 1 << 28;

/// Computes a b + c. Also returns whether the second rounding may have made a difference.
#[inline(always)]
pub(super) fn rounded_twice(a: f32, b: f32, c: f32) -> (f32, bool) {
    let s = f64::from(a) * f64::from(b) + f64::from(c);
    let rounded = s as f32;
    // Subtracting 1 turns 0, which is exact, into the largest integer.
    let is_small = (rounded.to_bits() << 1).wrapping_sub(1) < f32::MIN_POSITIVE.to_bits() << 1;
    (rounded, is_small | (s.to_bits() & LOST == HALFWAY))
}

/// [`rounded_twice`] for four elements at once.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) mod four {
    use std::arch::wasm32::{
        f32x4_demote_f64x2_zero, f64x2_add, f64x2_mul, f64x2_promote_low_f32x4, i32x4_splat, i32x4_sub,
        i64x2_eq, i64x2_shuffle, i64x2_splat, u32x4_lt, u32x4_shl, v128, v128_and, v128_or,
    };

    use super::{HALFWAY, LOST};

    /// The first two of four elements, in double precision.
    #[inline(always)]
    fn low(x: v128) -> v128 {
        f64x2_promote_low_f32x4(x)
    }

    /// The last two of four elements, in double precision.
    #[inline(always)]
    fn high(x: v128) -> v128 {
        f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(x, x))
    }

    #[inline(always)]
    fn is_halfway(s: v128) -> v128 {
        i64x2_eq(v128_and(s, i64x2_splat(LOST as i64)), i64x2_splat(HALFWAY as i64))
    }

    /// Returns the four results, and bits that are all 0 if the second rounding made no difference to any of them.
    #[inline(always)]
    pub fn rounded_twice(a: v128, b: v128, c: v128) -> (v128, v128) {
        let first = f64x2_add(f64x2_mul(low(a), low(b)), low(c));
        let last = f64x2_add(f64x2_mul(high(a), high(b)), high(c));
        let rounded = i64x2_shuffle::<0, 2>(f32x4_demote_f64x2_zero(first), f32x4_demote_f64x2_zero(last));
        let is_small = u32x4_lt(
            i32x4_sub(u32x4_shl(rounded, 1), i32x4_splat(1)),
            i32x4_splat((f32::MIN_POSITIVE.to_bits() << 1) as i32),
        );
        (rounded, v128_or(is_small, v128_or(is_halfway(first), is_halfway(last))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers of few bits, whose sums often lie halfway between two `f32`; subnormal numbers; and any numbers.
    fn number() -> impl Strategy<Value = f32> {
        let few_bits = (-8_388_608i32..8_388_608, 0u32..24, -80i32..80)
            .prop_map(|(bits, shift, exponent)| ((bits >> shift) as f64 * 2f64.powi(exponent)) as f32);
        let tiny = any::<u32>().prop_map(|bits| f32::from_bits(bits & 0x80ff_ffff));
        prop_oneof![few_bits, tiny, any::<u32>().prop_map(f32::from_bits)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200_000))]

        #[test]
        fn a_sum_is_rounded_once_or_doubtful(a: f32, b in number(), near in number(), lost in 0u32..4) {
            // Sums that cancel, and sums of a product and its neighbour.
            for c in [near, a * b, -(a * b), f32::from_bits((a * b).to_bits() ^ lost), near * a] {
                let (found, is_doubtful) = rounded_twice(a, b, c);
                let expected = a.mul_add(b, c);
                prop_assert!(
                    is_doubtful || found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                    "{a:e} {b:e} {c:e}: {found:e}, and not {expected:e}"
                );
            }
        }
    }

    /// Asserts that c + a b is wrong by one unit if it is rounded twice, and is reported as doubtful.
    fn assert_noticed(a: f32, b: f32, c: f32, unit: f32) {
        assert_eq!(rounded_twice(a, b, c), (c + unit, true));
        assert_eq!(a.mul_add(b, c), c);
    }

    #[test]
    fn a_sum_that_is_rounded_twice_is_noticed() {
        // c + 2⁻²⁴ (1 − 2⁻⁴⁰) is just below the middle between c and the next number, in double precision the middle
        // itself.
        let (a, b) = (1.0 + 2f32.powi(-20), 1.0 - 2f32.powi(-20));
        assert_noticed(2f32.powi(-12) * a, 2f32.powi(-12) * b, 1.0 + f32::EPSILON, f32::EPSILON);
        // So is c + 2⁻¹⁵⁰ (1 − 2⁻⁴⁶), where numbers are subnormal and 2⁻¹⁴⁹ apart.
        let (a, b) = (1.0 + 2f32.powi(-23), 1.0 - 2f32.powi(-23));
        let unit = f32::from_bits(1);
        assert_noticed(2f32.powi(-75) * a, 2f32.powi(-75) * b, 2f32.powi(-130) + unit, unit);
    }
}
