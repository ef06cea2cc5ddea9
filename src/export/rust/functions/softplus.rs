/// Returns ln(1 + e^z).
fn softplus(z: f32) -> f32 {
    let above = if z < 0.0 { 0.0 } else { z };
    above + ln_1p(exp(-z.abs()))
}
