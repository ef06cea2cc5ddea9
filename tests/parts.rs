//! dev
use gradus::activation::Fan;
use gradus::check;
use gradus::prelude::*;
use std::f64::consts::PI;

const E32: f64 = f32::EPSILON as f64;
const E64: f64 = f64::EPSILON;

fn all() -> Vec<AnyActivation> {
    let names = ["leaky_relu(slope=0.3)", "elu(alpha=0.5)", "elu(alpha=2)", "softmax(sharpness=1e-300)"];
    AnyActivation::NAMES.iter().chain(&names).map(|name| name.parse().unwrap()).collect()
}

#[test]
fn laws() {
    for f in all() {
        check::activation(&f).unwrap_or_else(|e| panic!("{f}: {e}"));
    }
}

#[test]
fn gains() {
    let n = 400_001;
    for f in all() {
        if Activation::<f64>::fan(&f) == Fan::Average {
            continue;
        }
        let z = DMatrix::from_fn(1, n, |_, i| (i as f64 / (n - 1) as f64 - 0.5) * 24.0);
        let mut a = z.clone();
        f.activate(&z, &mut a);
        let second: f64 = a.iter().zip(&z).map(|(a, z)| a * a * (-0.5 * z * z).exp()).sum::<f64>() * 24.0
            / (n - 1) as f64
            / (2.0 * PI).sqrt();
        let gain = Activation::<f64>::gain(&f);
        assert!((gain * gain * second - 1.0).abs() < 1e-8, "{f}: {gain} {}", 1.0 / second.sqrt());
    }
}

#[test]
fn slopes() {
    let exact: [(AnyActivation, fn(f64) -> f64); 3] = [
        (Sigmoid.into(), |z| {
            let e = (-z.abs()).exp();
            e / (1.0 + e) / (1.0 + e)
        }),
        (Tanh.into(), |z| 1.0 / z.cosh().powi(2)),
        (Elu::default().into(), |z| if z > 0.0 { 1.0 } else { z.exp() }),
    ];
    for (f, slope) in exact {
        let (mut w64, mut w32) = (0.0f64, 0.0f64);
        for i in -40000..=40000 {
            let z = f64::from(i) / 57.0;
            let (z64, z32) = (DMatrix::from_element(1, 1, z), DMatrix::from_element(1, 1, z as f32));
            let (mut a64, mut a32) = (z64.clone(), z32.clone());
            f.activate(&z64, &mut a64);
            f.activate(&z32, &mut a32);
            let (mut g64, mut g32) = (DMatrix::from_element(1, 1, 1.0), DMatrix::from_element(1, 1, 1.0f32));
            f.pull_back(&z64, &a64, &mut g64);
            f.pull_back(&z32, &a32, &mut g32);
            let (x64, x32) = (slope(z), slope(f64::from(z as f32)));
            if x64 > 3.0 * f64::MIN_POSITIVE {
                w64 = w64.max((g64[0] / x64 - 1.0).abs() / E64);
            }
            if x32 > 3.0 * f64::from(f32::MIN_POSITIVE) {
                w32 = w32.max((f64::from(g32[0]) / x32 - 1.0).abs() / E32);
            }
        }
        println!("{f}: {w64} {w32}");
    }
    // exp_m1, mills
    let (mut w64, mut w32) = (0.0f64, 0.0f64);
    for i in 1..400000 {
        let x = -(f64::from(i) / 8000.0 - 40.0).exp();
        w64 = w64.max((x.fast_exp_m1() / x.exp_m1() - 1.0).abs() / E64);
        let y = x as f32;
        w32 = w32.max((f64::from(y.fast_exp_m1()) / f64::from(y).exp_m1() - 1.0).abs() / E32);
    }
    println!("expm1 {w64} {w32}");
}
