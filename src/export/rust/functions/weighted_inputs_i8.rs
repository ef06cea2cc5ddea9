/// Returns w x + b, with w_jk = s_j q_jk from weights q in 8 bits and a scale s for each neuron.
fn weighted_inputs<const N: usize, const M: usize>(
    fused: impl Fn(f32, f32, f32) -> f32 + Copy,
    (q, s, b): (&[[i8; N]; M], &[f32; M], &[f32; M]),
    x: &[f32; N],
) -> [f32; M] {
    let mut z = *b;
    for ((z, q), &s) in z.iter_mut().zip(q).zip(s) {
        *z = weighted_input(fused, (q, s), x, *z);
    }
    z
}

/// Returns w x + b for one neuron: a chain of fused multiply-adds that begins with b. Every 1024 products a new chain
/// begins.
fn weighted_input(fused: impl Fn(f32, f32, f32) -> f32, (q, s): (&[i8], f32), x: &[f32], b: f32) -> f32 {
    let mut products = q.iter().zip(x);
    let (mut z, mut first) = (-0.0, b); // −0 + z is z, also if that is −0
    while products.size_hint().0 > 0 {
        z += products.by_ref().take(1024).fold(first, |sum, (&q, &x)| fused(s * f32::from(q), x, sum));
        first = 0.0;
    }
    z
}
