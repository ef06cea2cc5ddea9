/// Returns the hyperbolic tangent of z, computed as z p(z²)/q(z²) with two polynomials p and q.
fn tanh(z: f32) -> f32 {
    let s = z * z;
    let polynomial = |[c1, c2, c3, c4]: [f32; 4]| (((c4 * s + c3) * s + c2) * s + c1) * s + 1.0;
    let p = polynomial([0.133_797_2, 0.003_494_036, 2.058_350_6e-5, 1.331_910_6e-8]);
    let q = polynomial([0.467_130_33, 0.025_871_08, 3.283_095e-4, 7.762_033e-7]);
    let value = z * p / q;
    let bounded = if value > 1.0 { 1.0 } else { value };
    let bounded = if bounded < -1.0 { -1.0 } else { bounded };
    let limit = if z < 0.0 { -1.0 } else { 1.0 };
    if z.abs() >= 9.02 { limit } else { bounded }
}
