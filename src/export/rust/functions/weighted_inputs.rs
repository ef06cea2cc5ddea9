/// Returns w x + b.
fn weighted_inputs<const N: usize, const M: usize>(
    fused: impl Fn(f32, f32, f32) -> f32 + Copy,
    (w, b): (&[[f32; N]; M], &[f32; M]),
    x: &[f32; N],
) -> [f32; M] {
    let mut z = *b;
    for (z, w) in z.iter_mut().zip(w) {
        *z = weighted_input(fused, w, x, *z);
    }
    z
}

/// Returns w x + b for one neuron: a chain of fused multiply-adds that begins with b. Every 1024 products a new chain
/// begins.
fn weighted_input(fused: impl Fn(f32, f32, f32) -> f32, w: &[f32], x: &[f32], b: f32) -> f32 {
    let mut products = w.iter().zip(x);
    let (mut z, mut first) = (-0.0, b); // −0 + z is z, also if that is −0
    while products.size_hint().0 > 0 {
        z += products.by_ref().take(1024).fold(first, |sum, (&w, &x)| fused(w, x, sum));
        first = 0.0;
    }
    z
}
