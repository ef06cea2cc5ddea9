//! The fused multiply-add of single precision in software, for processors that have none.

/// Returns a b + c, rounded once.
///
/// In double precision the product is exact, as 2 · 24 bits fit in 53, and the sum is rounded to 53 bits. Rounding that sum to 24
/// bits again would be wrong where it lies in the middle of two numbers only because it was rounded. So it is rounded to odd
/// first: if it is inexact and its last bit is 0, it becomes the neighbour on the side of the exact sum, which is in the
/// middle of no two numbers of 24 bits (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved
/// algorithms using rounding to odd", 2008).
#[inline(always)]
pub(super) fn fused(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What rounding has taken from the sum, exactly (Knuth's two-sum). NaN where the sum is not finite: neither comparison holds.
    let rest = sum - product;
    let error = (product - (sum - rest)) + (c - rest);
    let (is_inexact, is_away) = ((error > 0.0) | (error < 0.0), (error > 0.0) == (sum > 0.0));
    let bits = sum.to_bits();
    // Away from 0 is one more in the bits, toward 0 one less, of either sign.
    let odd = if is_away { bits | 1 } else { bits.wrapping_sub(1) };
    f64::from_bits(if is_inexact & (bits & 1 == 0) { odd } else { bits }) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_fused(a: f32, b: f32, c: f32) {
        let (found, expected) = (fused(a, b, c), a.mul_add(b, c));
        assert!(
            found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
            "{a:e} · {b:e} + {c:e} = {found:e}, not {expected:e}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200_000))]

        #[test]
        fn it_is_the_fused_multiply_add_for_any_bits(a in any::<u32>(), b in any::<u32>(), c in any::<u32>()) {
            assert_fused(f32::from_bits(a), f32::from_bits(b), f32::from_bits(c));
        }

        /// Where c is as large as the product, or so much smaller or larger that it only decides which way to round.
        #[test]
        fn it_is_the_fused_multiply_add_for_sums_in_the_middle(
            a in 1u32..1 << 24, b in 1u32..1 << 24, c in -(1i32 << 24)..1 << 24, exponent in -90i32..90,
        ) {
            let scale = f32::from_bits((127 + exponent).cast_unsigned() << 23);
            assert_fused(a as f32, b as f32, c as f32 * scale);
            assert_fused(-(a as f32), b as f32, c as f32 * scale);
            // Products with few bits are often in the middle of two numbers.
            assert_fused((a % 4096) as f32, (b | 1 << 13) as f32, c.signum() as f32 * scale);
        }
    }

    #[test]
    fn a_sum_that_rounds_twice_is_rounded_once() {
        // 1 + 2⁻²⁴ is in the middle of two numbers; a little more or less decides, and is lost in double precision.
        let half = f32::from_bits((127 - 24) << 23);
        let tiny = f32::from_bits(1);
        for (a, b, c) in
            [(1.0 + 2.0 * half, 1.0, half), (tiny, 0.5, 0.0), (tiny, tiny, 1.0), (-tiny, tiny, 1.0)]
        {
            assert_fused(a, b, c);
        }
        let almost = 4097.0f32;
        for (sign, tiny) in [(1.0, tiny), (1.0, -tiny), (-1.0, tiny), (-1.0, -tiny)] {
            assert_fused(sign * almost, almost, tiny);
            assert_fused(sign * f32::MAX, 1.0, sign * f32::MAX);
        }
        // 97 · 172961 = 2²⁴ + 1, in the middle of two numbers; c is some quarters of the last bit of a double.
        let (a, scale) = (172_961.0, f32::from_bits((127 - 24) << 23));
        for quarters in -9i8..=9 {
            let c = f32::from(quarters) * f32::from_bits((127 - 54) << 23);
            assert_fused(a, 97.0 * scale, c);
            assert_fused(-a, 97.0 * scale, c);
        }
        assert_eq!(fused(0.0, -1.0, 0.0).to_bits(), 0);
        assert_eq!(fused(0.0, -1.0, -0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(fused(f32::MAX, 2.0, f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(fused(f32::INFINITY, 0.0, 1.0).is_nan());
    }
}
