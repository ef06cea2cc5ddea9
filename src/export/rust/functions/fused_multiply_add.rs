/// Returns a b + c, rounded once, as `f32::mul_add` does. It computes with integers, because `core` has no such
/// function.
#[allow(dead_code)]
pub fn fused_multiply_add(a: f32, b: f32, c: f32) -> f32 {
    const SIGN: u32 = 1 << 31;
    const INFINITY: u32 = 0x7f80_0000;
    let magnitude = |x: f32| x.to_bits() & !SIGN;
    let is_finite = |x: f32| magnitude(x) < INFINITY;
    if !is_finite(a) || !is_finite(b) {
        return a * b + c; // the product is exact
    }
    if magnitude(a) == 0 || magnitude(b) == 0 {
        return if magnitude(c) == 0 { a * b + c } else { c };
    }
    if !is_finite(c) {
        return c;
    }
    if magnitude(c) == 0 {
        return a * b;
    }

    // |x| = significand · 2^exponent, the highest one of the significand in bit 23.
    let parts = |x: f32| {
        let (biased, fraction) = ((magnitude(x) >> 23) as i32, magnitude(x) & 0x007f_ffff);
        if biased > 0 {
            return (fraction | 1 << 23, biased.wrapping_sub(150));
        }
        let places = fraction.leading_zeros().wrapping_sub(8);
        (fraction.wrapping_shl(places), (-149i32).wrapping_sub(places as i32))
    };
    // Shifts to the right; the lowest bit of the result is set if a one was lost, so that the sum is rounded correctly.
    let shifted = |x: u64, places: u32| match places {
        0..=63 => x.wrapping_shr(places) | u64::from(x & 1u64.wrapping_shl(places).wrapping_sub(1) != 0),
        _ => u64::from(x != 0),
    };

    // The product, which is exact, and the addend, each with its highest one in bit 62.
    let ((a_significand, a_exponent), (b_significand, b_exponent), (c_significand, c_exponent)) =
        (parts(a), parts(b), parts(c));
    let product = u64::from(a_significand).wrapping_mul(u64::from(b_significand)) << 15;
    let exponent = a_exponent.wrapping_add(b_exponent).wrapping_sub(15);
    let product =
        if product >> 62 == 0 { (exponent.wrapping_sub(1), product << 1) } else { (exponent, product) };
    let addend = (c_exponent.wrapping_sub(39), u64::from(c_significand) << 39);
    let product_sign = (a.to_bits() ^ b.to_bits()) & SIGN;
    let addend_sign = c.to_bits() & SIGN;

    // The smaller one is shifted.
    let is_less = product < addend;
    let (large, small) = if is_less { (addend, product) } else { (product, addend) };
    let sign = if is_less { addend_sign } else { product_sign };
    let aligned = shifted(small.1, large.0.wrapping_sub(small.0) as u32);
    let subtracts = product_sign != addend_sign;
    let sum = if subtracts { large.1.wrapping_sub(aligned) } else { large.1.wrapping_add(aligned) };
    if sum == 0 {
        return 0.0;
    }

    // The sum with its highest one in bit 63, and the exponent of the result.
    let places = sum.leading_zeros();
    let (sum, biased) = (sum.wrapping_shl(places), large.0.wrapping_sub(places as i32).wrapping_add(190));
    if biased > 254 {
        return f32::from_bits(sign | INFINITY);
    }
    let (sum, biased) =
        if biased < 1 { (shifted(sum, 1i32.wrapping_sub(biased) as u32), 1) } else { (sum, biased) };
    // Rounds to the nearest, ties to even. A carry correctly goes into the exponent, up to infinity.
    let (kept, rest) = ((sum >> 40) as u32, sum & 0x00ff_ffff_ffff);
    let half = 1u64 << 39;
    let up = u32::from(rest > half || (rest == half && kept & 1 == 1));
    let exponent = (biased.wrapping_sub(1) as u32) << 23;
    f32::from_bits(sign | exponent.wrapping_add(kept).wrapping_add(up))
}
