/// Returns the hyperbolic tangent of z: a ratio of polynomials near 0, elsewhere computed from e^(−2|z|).
fn tanh(z: f32) -> f32 {
    const NUMERATOR: [f32; 4] = [
        (4_729_725.0f64 / 34_459_425.0) as f32,
        (135_135.0f64 / 34_459_425.0) as f32,
        (990.0f64 / 34_459_425.0) as f32,
        (1.0f64 / 34_459_425.0) as f32,
    ];
    const DENOMINATOR: [f32; 4] = [
        (16_216_200.0f64 / 34_459_425.0) as f32,
        (945_945.0f64 / 34_459_425.0) as f32,
        (13_860.0f64 / 34_459_425.0) as f32,
        (45.0f64 / 34_459_425.0) as f32,
    ];
    let magnitude = z.abs();
    let e = exp(-(magnitude + magnitude));
    let is_near = magnitude < 0.6;

    let x = if magnitude < 1.0 { magnitude } else { 1.0 };
    let s = x * x;
    let polynomial = |[c1, c2, c3, c4]: [f32; 4]| (((c4 * s + c3) * s + c2) * s + c1) * s + 1.0;
    let numerator = if is_near { x * polynomial(NUMERATOR) } else { 1.0 - e };
    let denominator = if is_near { polynomial(DENOMINATOR) } else { 1.0 + e };
    let value = numerator / denominator;
    if z < 0.0 { -value } else { value }
}
