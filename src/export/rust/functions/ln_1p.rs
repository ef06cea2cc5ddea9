/// Returns ln(1 + x) for x in [0, 1]: 2 artanh(s) with s = x/(2 + x).
fn ln_1p(x: f32) -> f32 {
    const fn coefficient(term: u8) -> f32 {
        (2.0 / (2 * term + 1) as f64) as f32
    }
    const SERIES: [f32; 8] = [
        coefficient(7),
        coefficient(6),
        coefficient(5),
        coefficient(4),
        coefficient(3),
        coefficient(2),
        coefficient(1),
        coefficient(0),
    ];
    let s = x / (x + 2.0);
    let s2 = s * s;
    let mut series = 0.0;
    for coefficient in SERIES {
        series = series * s2 + coefficient;
    }
    s * series
}
