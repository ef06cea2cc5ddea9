/// Replaces each z_j by e^(c z_j) / Σ_k e^(c z_k), with c the `sharpness`.
fn softmax<const N: usize>(z: &mut [f32; N], sharpness: f32) {
    let mut largest = f32::NEG_INFINITY;
    for &z in z.iter() {
        largest = if z > largest || z.is_nan() { z } else { largest };
    }
    let mut sum = 0.0;
    for z in z.iter_mut() {
        let exponent = sharpness * (0.5 * *z - 0.5 * largest);
        *z = exp(exponent + exponent);
        sum += *z;
    }
    for z in z.iter_mut() {
        *z /= sum;
    }
}
