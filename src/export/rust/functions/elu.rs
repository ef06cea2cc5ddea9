/// Returns `scale` z, or `limit` (e^z − 1) where z is negative.
fn elu(z: f32, scale: f32, limit: f32) -> f32 {
    if z < 0.0 { limit * exp_m1(z) } else { scale * z }
}
