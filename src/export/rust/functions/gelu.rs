/// Returns z Φ(z), with Φ the distribution function of N(0, 1).
fn gelu(z: f32) -> f32 {
    let density = exp(-0.5 * z * z) * 0.398_942_3;
    let tail = density * mills_ratio(z.abs());
    z * if z < 0.0 { tail } else { 1.0 - tail }
}
