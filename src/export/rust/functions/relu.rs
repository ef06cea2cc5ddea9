/// Returns z, or 0 where z is negative.
fn relu(z: f32) -> f32 {
    if z < 0.0 { 0.0 } else { z }
}
