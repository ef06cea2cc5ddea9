//! Sums over long batches are as exact as their terms.

use gradus::cost::HasCosts;
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

/// Asserts that single precision gives what double precision does, up to `ulps` rounding errors of the larger of 1 and |exact|.
fn assert_agree(what: &str, ulps: f64, found: &[f32], exact: &[f64]) {
    assert_eq!(found.len(), exact.len());
    for (found, exact) in found.iter().zip(exact) {
        let error = (f64::from(*found) - exact).abs();
        assert!(
            error <= ulps * f64::from(f32::EPSILON) * exact.abs().max(1.0),
            "{what}: {found} instead of {exact}"
        );
    }
}

/// Numbers from −4 to 4 that are the same in both precisions.
fn numbers(rows: usize, columns: usize) -> DMatrix<f32> {
    DMatrix::from_fn(rows, columns, |i, j| ((i * 37 + j * 101) % 257) as f32 / 32.0 - 4.0)
}

/// Every activation, by its name, computes the same in both precisions.
#[test]
fn activations_of_f32_agree_with_f64() {
    let (z, g) = (numbers(7, 40), numbers(7, 40).map(|v| 0.5 - v));
    let (exact_z, exact_g) = (z.map(f64::from), g.map(f64::from));
    for name in AnyActivation::NAMES {
        let f: AnyActivation = name.parse().unwrap();
        let (mut a, mut exact_a) = (DMatrix::zeros(7, 40), DMatrix::zeros(7, 40));
        f.activate(&z, &mut a);
        f.activate(&exact_z, &mut exact_a);
        assert_agree(name, 16.0, a.as_slice(), exact_a.as_slice());
        let (mut grad, mut exact_grad) = (g.clone(), exact_g.clone());
        f.pull_back(&z, &a, &mut grad);
        f.pull_back(&exact_z, &exact_a, &mut exact_grad);
        assert_agree(&format!("derivative of {name}"), 64.0, grad.as_slice(), exact_grad.as_slice());
    }
}

/// Every cost of every output, its values and its δ.
#[test]
fn costs_of_f32_agree_with_f64() {
    fn agree<A: HasCosts<f32> + HasCosts<f64>>(output: &A) {
        for name in <A as HasCosts<f32>>::COSTS {
            let (z, n) = (numbers(4, 30), 30);
            // One-hot, so that every cost takes them, and padded for the Gaussian one.
            let y = DMatrix::from_fn(4, n, |i, j| if i == j % 2 { 1.0f32 } else { 0.0 });
            let (exact_z, exact_y) = (z.map(f64::from), y.map(f64::from));
            let (mut a, mut exact_a) = (z.clone(), exact_z.clone());
            output.activate(&z, &mut a);
            output.activate(&exact_z, &mut exact_a);
            let (cost, exact) =
                (name.parse::<AnyCost<f32, A>>().unwrap(), name.parse::<AnyCost<f64, A>>().unwrap());
            cost.check_targets(&y, 0).unwrap();
            let (mut values, mut exact_values) = (vec![0.0; n], vec![0.0; n]);
            cost.values(output, &z, &a, &y, &mut values);
            exact.values(output, &exact_z, &exact_a, &exact_y, &mut exact_values);
            let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            assert_agree(name, 64.0, &values, &exact_values);
            let (mut delta, mut exact_delta) = (a.clone(), exact_a.clone());
            cost.delta(output, &z, &a, &y, &mut delta);
            exact.delta(output, &exact_z, &exact_a, &exact_y, &mut exact_delta);
            assert_agree(&format!("δ of {name}"), 64.0, delta.as_slice(), exact_delta.as_slice());
        }
    }
    agree(&Sigmoid);
    agree(&Softmax::default());
    agree(&Linear);
    agree(&Exponential);
}

/// Every regularizer, and 20 steps of every optimizer, those that go around another one around Adam.
#[test]
fn penalties_and_steps_of_f32_agree_with_f64() {
    let (w, at) = (numbers(6, 10), LayerInfo { layer: 0, rows: 6 });
    let exact_w = w.map(f64::from);
    for name in AnyRegularizer::NAMES {
        let rule: AnyRegularizer = name.parse().unwrap();
        let penalty = [rule.penalty(&at, w.as_slice()) as f32];
        assert_agree(name, 16.0, &penalty, &[rule.penalty(&at, exact_w.as_slice())]);
        let (mut grad, mut exact) = (vec![0.5f32; w.len()], vec![0.5f64; w.len()]);
        rule.add_gradient(&at, w.as_slice(), 0.25, &mut grad);
        rule.add_gradient(&at, exact_w.as_slice(), 0.25, &mut exact);
        assert_agree(&format!("gradient of {name}"), 16.0, &grad, &exact);
    }

    fn walk<T: Real>(rule: &dyn Optimizer<T>) -> Vec<T> {
        let start = numbers(1, 15).iter().map(|v| T::cast(f64::from(*v))).collect();
        let mut parameters = ParameterArrays::from_values(vec![4, 3], start).unwrap();
        let mut slots = vec![ParameterArrays::<T>::zeros(&[4, 3]); rule.slots()];
        for t in 1..=20 {
            let mut gradient = parameters.clone();
            for (i, g) in (0..).zip(gradient.values_mut()) {
                *g = T::cast(((7 * i + 13 * t) % 64) as f64 / 32.0 - 0.984_375);
            }
            rule.prepare(&mut gradient);
            let mut slots: Vec<&mut [T]> = slots.iter_mut().map(ParameterArrays::values_mut).collect();
            let at = StepInfo { t, ..StepInfo::first(3) };
            rule.step(&at, &mut slots, parameters.values_mut(), gradient.values_mut(), T::cast(0.03125));
        }
        parameters.values().to_vec()
    }
    for name in AnyOptimizer::NAMES {
        let rule: AnyOptimizer = name
            .parse()
            .unwrap_or_else(|_| format!("{name}(adam)").parse().unwrap_or_else(|e| panic!("{e}")));
        // The root of a mean of squares has half of its error, and an average adds up those of 20 steps.
        assert_agree(name, 100.0, &walk::<f32>(&rule), &walk::<f64>(&rule));
    }
}

/// Every initializer whose weights are drawn from a normal distribution, or from none, draws the same numbers.
#[test]
fn weights_of_f32_agree_with_f64() {
    for name in AnyInitializer::NAMES.iter().filter(|name| !name.contains("uniform")) {
        let rule: AnyInitializer = name.parse().unwrap();
        let network = Network::<f32, _, _>::new(&[9, 7, 5], Tanh, Linear, &rule, 3).unwrap();
        let exact = Network::<f64, _, _>::new(&[9, 7, 5], Tanh, Linear, &rule, 3).unwrap();
        let (network, exact) =
            (ParameterArrays::from_network(&network), ParameterArrays::from_network(&exact));
        assert_agree(name, 64.0, network.values(), exact.values());
    }
}
