/// Returns 1 / (1 + e^(−z)).
fn sigmoid(z: f32) -> f32 {
    let e = exp(-z.abs());
    let numerator = if z < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}
