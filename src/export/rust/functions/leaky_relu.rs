/// Returns z, or `slope` z where z is negative.
fn leaky_relu(z: f32, slope: f32) -> f32 {
    if z < 0.0 { slope * z } else { z }
}
