/// Returns z / (1 + e^(−z)).
fn silu(z: f32) -> f32 {
    z * sigmoid(z)
}
