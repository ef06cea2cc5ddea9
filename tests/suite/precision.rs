//! Sums over long batches are as exact as their terms.

use gradus::linalg;
use gradus::prelude::*;

/// Issue: in one chain of `f32` the running cost of a million samples was 0.045455 instead of 0.045, and the bias gradient
/// −0.2986 instead of −0.3.
#[test]
fn a_batch_of_a_million_samples() {
    let n = 1_000_000;
    let (x, y) = (DMatrix::from_element(1, n, 1.0f32), DMatrix::from_element(1, n, 1.0));
    let data = Dataset::new(x, y).unwrap();
    let mut network = Network::<f32, Linear, _>::new(
        &[1, 1],
        Linear,
        Linear,
        &gradus::init::Constant::new(0.0).unwrap(),
        1,
    )
    .unwrap();
    network.output_mut().biases[0] = 0.7;
    let report = Trainer::new(Quadratic)
        .schedule(Constant::new(1.0).unwrap())
        .mini_batch(n)
        .stop(MaxEpochs::new(1).unwrap())
        .keep_last()
        .fit(&mut network, &data, None)
        .unwrap();
    let cost = report.history.epochs()[0].running_cost;
    assert!((cost - 0.045).abs() < 1e-8, "{cost}");
    let bias = network.output().biases[0] - 0.7;
    assert!((bias - 0.3).abs() < 1e-7, "{bias}");
    // 1024 terms are one chain of additions, each of which may be off by 2⁻²⁴ of the sum.
    let weight = network.output().weights[0];
    assert!((weight / 0.3 - 1.0).abs() < 1024.0 * 2f32.powi(-24), "{weight}");
}

/// ∂C/∂w, ∂C/∂b and z of `f32` against those of `f64`, where all terms have one sign and rounding errors add up.
#[test]
fn long_sums_of_f32_agree_with_f64() {
    let m = 50_000;
    let number = |i: usize, j: usize| 0.1 + ((i * 7919 + j * 104_729) % 9973) as f32 / 9973.0;
    let (delta, a) = (DMatrix::from_fn(10, m, number), DMatrix::from_fn(20, m, |i, j| number(i + 10, j)));
    let (exact_delta, exact_a) = (delta.map(f64::from), a.map(f64::from));
    let close = |found: &[f32], exact: &[f64]| {
        for (found, exact) in found.iter().zip(exact) {
            assert!((f64::from(*found) / exact - 1.0).abs() < 1e-6, "{found} instead of {exact}");
        }
    };
    let (mut found, mut exact) = (DMatrix::zeros(10, 20), DMatrix::zeros(10, 20));
    linalg::weight_gradient(&delta, &a, &mut found);
    linalg::weight_gradient(&exact_delta, &exact_a, &mut exact);
    close(found.as_slice(), exact.as_slice());

    let (mut found, mut exact) = ([0.0; 10], [0.0; 10]);
    linalg::bias_gradient(&delta, &mut found);
    linalg::bias_gradient(&exact_delta, &mut exact);
    close(&found, &exact);

    let (mut found, mut exact) = (DMatrix::zeros(10, 20), DMatrix::zeros(10, 20));
    linalg::weighted_inputs(&delta, &DVector::zeros(10), &a.transpose(), &mut found);
    linalg::weighted_inputs(&exact_delta, &DVector::zeros(10), &exact_a.transpose(), &mut exact);
    close(found.as_slice(), exact.as_slice());
}
