/// Returns e^x, or 0 if it is below twice the smallest normal number.
///
/// With n the integer nearest to x / ln 2 and r = x − n ln 2, e^x = 2ⁿ e^r, and e^r is a polynomial.
fn exp(x: f32) -> f32 {
    const LEAST: f32 = -86.643_394;
    const MOST: f32 = 88.722_83;
    const ROUND: f32 = 12_582_912.0;
    let bounded = if x > MOST { MOST } else { x };
    let bounded = if bounded < LEAST { LEAST } else { bounded };
    let shifted = bounded * core::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (bounded - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let mut e_r = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        e_r = e_r * r + coefficient;
    }
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_sub(1);
    let half_power = f32::from_bits(n.wrapping_add(127) << 23);
    let result = e_r * half_power * 2.0;
    let result = if x > MOST { f32::INFINITY } else { result };
    if x < LEAST { 0.0 } else { result }
}
