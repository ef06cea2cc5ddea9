//! Costs paired with outputs: their laws, limits, relations to each other, and digits where an output is
//! nearly certain.

use gradus::prelude::*;
use gradus::{Error, check};

fn sharp() -> Softmax {
    Softmax::with_sharpness(2.5).unwrap()
}

/// C_x and δ of one example.
fn evaluate<T: Real, C: Cost<T, A>, A: Activation<T>>(
    cost: &C,
    output: &A,
    z: &[T],
    y: &[T],
) -> (f64, Vec<T>) {
    let column = |values: &[T]| DMatrix::from_column_slice(values.len(), 1, values);
    let (z, y) = (column(z), column(y));
    let (mut a, mut delta) = (z.clone(), z.clone());
    output.activate(&z, &mut a);
    cost.delta(output, &z, &a, &y, &mut delta);
    (cost.value(output, &z, &a, &y), delta.as_slice().to_vec())
}

#[test]
fn every_pair_obeys_the_laws() {
    let mut results = vec![check::cost(&LogCosh, &Linear), check::cost(&Poisson, &Exponential)];
    for threshold in [0.1, 1.0, 3.0] {
        results.push(check::cost(&Huber::new(threshold).unwrap(), &Linear));
    }
    for q in [0.05, 0.5, 0.9] {
        results.push(check::cost(&Quantile::new(q).unwrap(), &Linear));
    }
    for gamma in [0.0, 0.5, 1.0, 2.0, 5.0] {
        let focal = Focal::new(gamma).unwrap();
        results.push(check::cost(&focal, &Sigmoid));
        results.push(check::cost(&focal, &Softmax::default()));
        results.push(check::cost(&focal, &sharp()));
    }
    for epsilon in [0.0, 0.1, 0.7] {
        let smoothing = LabelSmoothing::new(epsilon).unwrap();
        results.push(check::cost(&smoothing, &Sigmoid));
        results.push(check::cost(&smoothing, &sharp()));
    }
    for floor in [1e-6, 0.5] {
        results.push(check::cost(&GaussianNll::new(floor).unwrap(), &Linear));
    }
    results.push(check::cost(&Huber::default(), &&Linear));
    let broken: Vec<_> = results.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Where every number stays below the largest one, so does the cost.
#[test]
fn costs_are_finite_at_extreme_weighted_inputs() {
    let assert_finite = |name: &str, (value, delta): (f64, Vec<f64>)| {
        assert!(value.is_finite() && delta.iter().all(|d| d.is_finite()), "{name}: {value}, {delta:?}");
    };
    for z in [[1e307, -1e307], [-1e307, 1e307], [1e307, 1e307], [-1e307, -1e307], [0.0, 1e307], [1e307, 0.0]]
    {
        for y in [[0.0, 1.0], [1.0, 0.0]] {
            assert_finite("cross-entropy", evaluate(&CrossEntropy, &Sigmoid, &z, &y));
            assert_finite("focal, sigmoid", evaluate(&Focal::default(), &Sigmoid, &z, &y));
            assert_finite("smoothing, sigmoid", evaluate(&LabelSmoothing::default(), &Sigmoid, &z, &y));
            assert_finite("log-likelihood", evaluate(&LogLikelihood, &sharp(), &z, &y));
            assert_finite("focal, softmax", evaluate(&Focal::default(), &sharp(), &z, &y));
            assert_finite("smoothing, softmax", evaluate(&LabelSmoothing::default(), &sharp(), &z, &y));
            assert_finite("Huber", evaluate(&Huber::default(), &Linear, &z, &y));
            assert_finite("log-cosh", evaluate(&LogCosh, &Linear, &z, &y));
            assert_finite("quantile", evaluate(&Quantile::default(), &Linear, &z, &y));
        }
        // The square of a mean of 10³⁰⁷ is no longer a number; any variance is one.
        assert_finite(
            "Gaussian",
            evaluate(&GaussianNll::default(), &Linear, &[z[0].signum(), z[1]], &[0.5, 0.0]),
        );
        let (value, delta) = evaluate(&Poisson, &Exponential, &[-z[0].abs(), -z[1].abs()], &[2.0, 0.0]);
        assert_finite("Poisson", (value, delta));
    }
}

/// An output that has rounded to its target still has an error, and it is the right one.
#[test]
fn delta_keeps_its_digits_where_an_output_is_nearly_certain() {
    let tail = |z: f64| (-z).exp() / (1.0 + (-z).exp());
    for i in 0..2800 {
        let z = f64::from(i) / 4.0;
        for (found, wanted) in [
            (evaluate(&CrossEntropy, &Sigmoid, &[z], &[1.0]).1[0], -tail(z)),
            (evaluate(&CrossEntropy, &Sigmoid, &[-z], &[0.0]).1[0], tail(z)),
            (evaluate(&LogLikelihood, &Softmax::default(), &[z, 0.0], &[1.0, 0.0]).1[0], -tail(z)),
            (evaluate(&LogLikelihood, &Softmax::default(), &[z, 0.0], &[1.0, 0.0]).1[1], tail(z)),
            (evaluate(&Quadratic, &Sigmoid, &[z], &[0.0]).1[0], tail(z) / (1.0 + (-z).exp()).powi(2)),
            (
                evaluate(&Quadratic, &Tanh, &[z], &[-1.0]).1[0],
                (1.0 + z.tanh()) * 4.0 * tail(2.0 * z) / (1.0 + (-2.0 * z).exp()),
            ),
        ] {
            if wanted.abs() > 20.0 * f64::MIN_POSITIVE {
                assert!(
                    (found / wanted - 1.0).abs() < 80.0 * f64::EPSILON,
                    "z = {z}: {found:e} for {wanted:e}"
                );
            }
        }
        let z = z as f32;
        let (found, wanted) =
            (f64::from(evaluate(&CrossEntropy, &Sigmoid, &[z], &[1.0]).1[0]), -tail(f64::from(z)));
        if wanted.abs() > 4.0 * f64::from(f32::MIN_POSITIVE) {
            let error = (found / wanted - 1.0).abs();
            assert!(error < 80.0 * f64::from(f32::EPSILON), "z = {z}: {found:e} for {wanted:e}");
        }
    }
}

#[test]
fn costs_without_their_setting_are_others() {
    let (z, near) = ([0.3, -2.0, 1.5], |a: f64, b: f64| (a - b).abs() < 1e-14 * (1.0 + b.abs()));
    let same = |(a, da): (f64, Vec<f64>), (b, db): (f64, Vec<f64>)| {
        assert!(near(a, b) && da.iter().zip(&db).all(|(&a, &b)| near(a, b)), "{a} {da:?} {b} {db:?}");
    };
    for y in [[1.0, 0.0, 0.0], [0.25, 0.25, 0.5]] {
        let (none, smooth) = (Focal::new(0.0).unwrap(), LabelSmoothing::new(0.0).unwrap());
        same(evaluate(&none, &Sigmoid, &z, &y), evaluate(&CrossEntropy, &Sigmoid, &z, &y));
        same(evaluate(&smooth, &Sigmoid, &z, &y), evaluate(&CrossEntropy, &Sigmoid, &z, &y));
        same(evaluate(&none, &sharp(), &z, &y), evaluate(&LogLikelihood, &sharp(), &z, &y));
        same(evaluate(&smooth, &sharp(), &z, &y), evaluate(&LogLikelihood, &sharp(), &z, &y));
        same(evaluate(&Huber::new(1e6).unwrap(), &Linear, &z, &y), evaluate(&Quadratic, &Linear, &z, &y));
        let absolute: f64 = z.iter().zip(&y).map(|(z, y)| (z - y).abs()).sum();
        assert!(near(evaluate(&Quantile::default(), &Linear, &z, &y).0, 0.5 * absolute));
    }
    // One output and its complement are a softmax of two classes.
    for (z, y) in [(0.7, 1.0), (-3.0, 0.25), (20.0, 0.0)] {
        let one = evaluate(&Focal::default(), &Sigmoid, &[z], &[y]);
        let two = evaluate(&Focal::default(), &Softmax::default(), &[z, 0.0], &[y, 1.0 - y]);
        same((one.0, one.1.clone()), (two.0, vec![two.1[0]]));
    }
}

/// The targets that cost least in sum, by trying every value: a fraction q of them is below.
#[test]
fn the_quantile_cost_is_least_at_the_quantile() {
    let targets: Vec<f64> = (0..101).map(|i| f64::from((i * 37) % 101).powi(2)).collect();
    for q in [0.1, 0.25, 0.5, 0.9] {
        let cost = Quantile::new(q).unwrap();
        let total = |a: f64| targets.iter().map(|&y| evaluate(&cost, &Linear, &[a], &[y]).0).sum::<f64>();
        let best = targets.iter().copied().min_by(|&a, &b| total(a).total_cmp(&total(b))).unwrap();
        let mut sorted = targets.clone();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(best, sorted[(q * 101.0) as usize], "q = {q}");
    }
}

/// Gradient descent on the outputs themselves ends at the mean and the variance of the targets.
#[test]
fn the_variance_is_learned() {
    let cost = GaussianNll::default();
    for (mean, deviation) in [(3.0, 0.1), (-2.0, 2.0)] {
        let targets = [-1.0, 1.0, -0.5, 0.5].map(|noise| [mean + deviation * noise, 0.0]);
        let mut z = [0.0, 0.0];
        for _ in 0..20_000 {
            let deltas = targets.map(|y| evaluate(&cost, &Linear, &z, &y).1);
            z = [0, 1].map(|i| z[i] - 0.002 * deltas.iter().map(|delta| delta[i]).sum::<f64>());
        }
        let variance = deviation * deviation * 0.625;
        assert!((z[0] - mean).abs() < 1e-6, "{z:?}");
        assert!(((z[1].exp() + cost.floor()) / variance - 1.0).abs() < 1e-3, "{z:?}");
    }
}

#[test]
fn targets_that_a_cost_is_not_defined_for() {
    let y = |values: &[f64]| DMatrix::from_column_slice(values.len(), 1, values);
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        let error = Cost::<f64, Exponential>::check_targets(&Poisson, &y(&[0.0, value]), 7).unwrap_err();
        assert!(matches!(error, Error::Target { sample: 7, index: 1, .. }), "{error:?}");
    }
    for value in [-0.1, 1.1] {
        assert!(Cost::<f64, Sigmoid>::check_targets(&Focal::default(), &y(&[value]), 0).is_err());
        assert!(Cost::<f64, Sigmoid>::check_targets(&LabelSmoothing::default(), &y(&[value]), 0).is_err());
    }
    assert!(Cost::<f64, Softmax>::check_targets(&Focal::default(), &y(&[0.5, 0.6]), 0).is_err());
    assert!(Cost::<f64, Softmax>::check_targets(&LabelSmoothing::default(), &y(&[0.5, 0.6]), 0).is_err());
    let gaussian = GaussianNll::default();
    Cost::<f64, Linear>::check_targets(&gaussian, &GaussianNll::pad(&y(&[3.0, -4.0])), 0).unwrap();
    let error = Cost::<f64, Linear>::check_targets(&gaussian, &y(&[3.0, 0.0, 0.0, 4.0]), 5).unwrap_err();
    assert!(matches!(error, Error::Target { sample: 5, index: 3, value: 4.0, .. }), "{error:?}");
    assert!(error.to_string().contains("GaussianNll::pad"), "{error}");
    let error =
        Cost::<f64, Linear>::check_targets(&gaussian, &y(&[3.0, 2.0, 1.0, 0.0, 0.0, 4.0]), 0).unwrap_err();
    assert!(matches!(error, Error::Target { sample: 0, index: 5, .. }), "{error:?}");
    let error = Cost::<f64, Linear>::check_targets(&gaussian, &y(&[3.0, 0.0, 0.0]), 0).unwrap_err();
    assert!(matches!(error, Error::SizeMismatch { found: 3, .. }), "{error:?}");
}

#[test]
fn settings_outside_their_range() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Huber::new(bad).is_err() && GaussianNll::new(bad).is_err(), "{bad}");
    }
    for bad in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(Quantile::new(bad).is_err(), "{bad}");
    }
    for bad in [-0.1, f64::NAN] {
        assert!(Focal::new(bad).is_err() && LabelSmoothing::new(bad).is_err(), "{bad}");
    }
    assert!(LabelSmoothing::new(1.0).is_err() && Focal::new(f64::INFINITY).is_err());
}

/// A cost says with which setting it was made.
#[test]
fn settings_are_returned() {
    for value in [0.25, 0.75] {
        assert_eq!(Focal::new(value).unwrap().gamma(), value);
        assert_eq!(Huber::new(value).unwrap().threshold(), value);
        assert_eq!(LabelSmoothing::new(value).unwrap().epsilon(), value);
        assert_eq!(Quantile::new(value).unwrap().q(), value);
        assert_eq!(GaussianNll::new(value).unwrap().floor(), value);
    }
    assert_eq!(
        GaussianNll::pad(&DMatrix::from_row_slice(2, 1, &[3.0, 4.0])).as_slice(),
        [3.0, 4.0, 0.0, 0.0]
    );
    assert_eq!(GaussianNll::pad(&DMatrix::from_element(3, 2, 1.0)).shape(), (6, 2));
}

/// A variance at its floor has no slope however large the residual is, and a NaN among the variances is not hidden by it.
#[test]
fn a_variance_at_its_floor_does_not_move() {
    for bad in [f64::NAN, f64::NEG_INFINITY] {
        let delta = evaluate(&GaussianNll::default(), &Linear, &[1e200, 0.2, -1000.0, bad], &[0.0; 4]).1;
        assert!(delta[2] == 0.0 && delta[3].is_nan(), "{delta:?}");
    }
    let error =
        Cost::<f64, Linear>::check_targets(&GaussianNll::default(), &DMatrix::zeros(3, 1), 0).unwrap_err();
    assert!(matches!(error, Error::SizeMismatch { found: 3, expected: 4, .. }), "{error:?}");
}

/// Where a cost has a kink, and where it overflows.
#[test]
fn costs_at_their_kinks_and_ends() {
    for q in [0.1, 0.9] {
        let quantile = Quantile::new(q).unwrap();
        let slopes = [-1.0, 0.0, 1.0].map(|r| evaluate(&quantile, &Linear, &[2.0 + r], &[2.0]).1[0]);
        assert_eq!(slopes, [-q, 0.0, 1.0 - q]);
    }
    let (value, _) = evaluate(&Poisson, &Exponential, &[1000.0], &[1e308]);
    assert_eq!(value, f64::INFINITY, "and not NaN");
}

/// ln cosh r near 0, where ln 2 would cancel: r²/2 − r⁴/12 + r⁶/45.
#[test]
fn log_cosh_keeps_its_digits_near_0() {
    for r in [1e-150f64, 1e-9, 1e-6, 1e-4, 0.001, 0.01, -0.02] {
        let (square, found) = (r * r, evaluate(&LogCosh, &Linear, &[r], &[0.0]).0);
        let wanted = square * (0.5 - square * (1.0 / 12.0 - square / 45.0));
        assert!((found / wanted - 1.0).abs() < 1e-9, "{r}: {found:e} instead of {wanted:e}");
    }
}

/// A cost that is chosen by its name checks the same targets.
#[test]
fn named_costs_check_their_targets() {
    let bad = DMatrix::from_element(1, 2, -3.0);
    for name in ["cross_entropy", "focal", "label_smoothing"] {
        let cost: AnyCost<f64, Sigmoid> = name.parse().unwrap();
        assert!(matches!(cost.check_targets(&bad, 0), Err(Error::Target { .. })), "{name}");
    }
    let cost: AnyCost<f64, Exponential> = "poisson".parse().unwrap();
    assert!(matches!(cost.check_targets(&bad, 4), Err(Error::Target { sample: 4, .. })));
}

/// The cost of a nearly certain output keeps its digits, though 1 − p and ln(1/p) would have lost them.
#[test]
fn costs_keep_their_digits_where_an_output_is_nearly_certain() {
    let focal = Focal::default();
    for z in [0.1f64, 1.0, 5.0, 20.0, 40.0, 100.0, 200.0] {
        let (one, deltas) = evaluate(&focal, &Softmax::default(), &[z, 0.0], &[1.0, 0.0]);
        // (1 − p)² ln(1/p) with 1 − p = e^(−z)/(1 + e^(−z)) and ln(1/p) = ln(1 + e^(−z)).
        let (others, log) = ((-z).exp() / (1.0 + (-z).exp()), (-z).exp().ln_1p());
        let (value, _) = evaluate(&LogLikelihood, &Softmax::default(), &[0.0, z], &[0.0, 1.0]);
        assert!((value / log - 1.0).abs() < 1e-12, "{z}: {value:e} instead of {log:e}");
        let wanted = others * others * log;
        assert!((one / wanted - 1.0).abs() < 1e-12, "{z}: {one:e} instead of {wanted:e}");
        // dC/dz_p = −(1 − p)² (2 p ln(1/p) + 1 − p)
        let slope = -others * others * (2.0 * (1.0 - others) * log + others);
        assert!((deltas[0] / slope - 1.0).abs() < 1e-12, "{z}: {:e} instead of {slope:e}", deltas[0]);
    }
}
