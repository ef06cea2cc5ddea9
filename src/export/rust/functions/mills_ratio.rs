/// Returns the Mills ratio (1 − Φ(x)) / φ(x) of the normal distribution for x ≥ 0.
fn mills_ratio(x: f32) -> f32 {
    const SERIES: [f32; 12] = [
        5.309_787e-5,
        -4.339_179_7e-6,
        -5.403_633e-4,
        3.350_193_7e-4,
        4.065_851_7e-3,
        -8.722_953e-3,
        -1.889_425_5e-2,
        0.151_391_95,
        -0.467_541_72,
        0.970_409_5,
        -1.523_770_9,
        1.893_219_1,
    ];
    let scale = 1.0 / (x + 4.0);
    let t = (x - 4.0) * scale;
    let mut series = 0.0;
    for coefficient in SERIES {
        series = series * t + coefficient;
    }
    series * scale
}
