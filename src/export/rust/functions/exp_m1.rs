/// Returns e^x − 1 for x ≤ 0, precise near 0 too, and 0 for x > 0.
fn exp_m1(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let bounded = if x < -40.0 { -40.0 } else { x };
    let bounded = if bounded > 0.0 { 0.0 } else { bounded };
    let shifted = bounded * core::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (bounded - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let mut quotient = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0] {
        quotient = quotient * r + coefficient;
    }
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits());
    let power = f32::from_bits(n.wrapping_add(127) << 23);
    quotient * r * power + (power - 1.0)
}
