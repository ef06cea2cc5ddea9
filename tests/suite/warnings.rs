//! The trainer says so if data are not scaled, or a penalty outweighs them, and only then.

use gradus::prelude::*;
use proptest::prelude::*;

use super::doubles::interruption;

/// The warnings of a run on these inputs.
fn warnings<T: Real>(x: DMatrix<T>) -> (Vec<Warning>, String) {
    let y = DMatrix::from_fn(1, x.ncols(), |_, j| T::cast((j % 3) as f64));
    let mut network = Network::new(&[x.nrows(), 1], Linear, Linear, &ScaledGaussian, 1).unwrap();
    let trainer =
        Trainer::new(Quadratic).schedule(Constant::new(1e-30).unwrap()).stop(MaxEpochs::new(1).unwrap());
    let report = trainer.fit(&mut network, &Dataset::new(x, y).unwrap(), None).unwrap();
    let text = report.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    (report.warnings.clone(), text)
}

proptest! {
    /// Input 2 is `ratio` times as wide as input 0, wherever they lie; input 1 is in between, input 3 constant.
    #[test]
    fn a_ratio_of_a_hundred_is_said(
        values in prop::collection::vec(-1.0f64..1.0, 20..60),
        ratio in prop_oneof![1.0f64..99.0, 101.0f64..1e6],
        offset in -1e3f64..1e3,
        size in -3i32..3,
    ) {
        let size = 10f64.powi(size);
        let x = DMatrix::from_fn(4, values.len(), |i, j| match i {
            0 => size * (values[j] + offset),
            1 => size * ratio.sqrt() * values[j],
            2 => size * ratio * (offset - values[j]),
            _ => 1e9,
        });
        let (mut found, text) = warnings(x);
        // The constant is a warning of its own where this is none.
        found.retain(|warning| !matches!(warning, Warning::LargeInputs { .. }));
        prop_assert_eq!(found.len(), usize::from(ratio > 100.0));
        prop_assert_eq!(text.contains("warning input 2 is"), ratio > 100.0, "{}", text);
        if let Some(Warning::UnscaledInputs { widest, narrowest, largest, smallest }) = found.first() {
            prop_assert_eq!((*widest, *narrowest), (2, 0));
            prop_assert!((largest / smallest / ratio - 1.0).abs() < 1e-6);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
            prop_assert!((smallest / (size * deviation) - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn exactly_a_hundred_times_is_said_and_scaled_inputs_are_not() {
    let x = DMatrix::from_fn(2, 50, |i, j| (j as f64 * 0.37).sin() * [1.0, 100.0][i]);
    let (found, text) = warnings(x.clone());
    assert_eq!(found.len(), 1);
    assert!(
        text.contains("input 1 is 100 times as wide as input 0") && text.contains("Standardize"),
        "{text}"
    );
    let data = Dataset::new(x.clone(), x.rows(0, 1).into_owned()).unwrap();
    for rule in [&Standardize as &dyn Scale, &MinMax::default(), &Robust] {
        let scaled = Scaler::fit(rule, &data).unwrap().transform(data.clone()).unwrap();
        let (mut x, mut y) = (x.clone(), DMatrix::zeros(1, 50));
        scaled.gather(1, &(0..50).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
        assert!(warnings(x).0.is_empty(), "{rule:?}");
    }
}

/// What is narrow because it is rare is no mistake: pixels at the border, and indicators of rare categories.
#[test]
fn images_and_rare_categories_are_not_warned_of() {
    let digits = Dataset::<f32>::synthetic_digits(300, 1).unwrap();
    let mut network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(1).unwrap());
    assert_eq!(trainer.fit(&mut network, &digits, Some(&digits)).unwrap().warnings, []);

    let rare =
        DMatrix::from_fn(2, 40_000, |i, j| if i == 0 { (j % 5) as f32 } else { f32::from(u8::from(j == 7)) });
    assert!(warnings(rare).0.is_empty());
    // A wide one is a mistake also if it is mostly zero.
    let wide = DMatrix::from_fn(2, 1000, |i, j| match i {
        0 => (j % 5) as f32,
        _ if j % 10 == 0 => 1e5,
        _ => 0.0,
    });
    assert_eq!(warnings(wide).0.len(), 1);
}

/// Only some of many samples are looked at, from all parts of the data.
#[test]
fn a_wide_input_is_found_at_the_end_of_many_samples() {
    let x = DMatrix::from_fn(2, 30_000, |i, j| (j % 7) as f32 * if i == 1 && j > 20_000 { 1e3 } else { 1.0 });
    assert_eq!(warnings(x).0.len(), 1);
}

proptest! {
    /// Inputs alike in width, whose root mean square is above 10: by their offset, by their size, or by both.
    #[test]
    fn large_inputs_are_said(
        values in prop::collection::vec(-1.0f64..1.0, 20..60),
        offset in -30.0f64..30.0,
        size in 0.1f64..30.0,
    ) {
        let x = DMatrix::from_fn(3, values.len(), |i, j| offset + size * values[(i * 7 + j) % values.len()]);
        let wanted = (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt();
        prop_assume!((wanted - 10.0).abs() > 1e-6);
        let (found, text) = warnings(x);
        prop_assert_eq!(found.len(), usize::from(wanted > 10.0));
        prop_assert_eq!(text.contains("warning the inputs are large"), wanted > 10.0, "{}", text);
        for warning in found {
            let Warning::LargeInputs { root_mean_square } = warning else { panic!("{warning}") };
            prop_assert!((root_mean_square / wanted - 1.0).abs() < 1e-9);
            prop_assert!(warning.to_string().contains("Standardize.fit(&training)?"));
        }
    }

    /// Targets whose root mean square is above 30, where the outputs have no limits.
    #[test]
    fn large_targets_are_said(
        values in prop::collection::vec(-1.0f64..1.0, 20..60),
        offset in -60.0f64..60.0,
        size in 0.1f64..60.0,
    ) {
        let n = values.len();
        let y = DMatrix::from_fn(2, n, |i, j| if i == 0 { values[j] } else { offset + size * values[j] });
        let large = y.row(1).into_owned();
        let wanted = (large.norm_squared() / n as f64).sqrt();
        prop_assume!((wanted - 30.0).abs() > 1e-6);
        let found = of_targets(Linear, y.clone());
        prop_assert_eq!(found.len(), usize::from(wanted > 30.0));
        for warning in &found {
            let Warning::LargeTargets { output: 1, mean, deviation } = *warning else { panic!("{warning}") };
            prop_assert!((mean - large.mean()).abs() < 1e-9 && (deviation - large.variance().sqrt()).abs() < 1e-9);
            prop_assert!(warning.to_string().contains("transform_targets_all"));
        }
        // What the warning says to do helps.
        let data = Dataset::new(DMatrix::zeros(1, n), y).unwrap();
        let [scaled, again] =
            Standardize.fit_targets(&data).unwrap().transform_targets_all([data.clone(), data]).unwrap();
        let (mut x, mut y) = (DMatrix::zeros(1, n), DMatrix::zeros(2, n));
        scaled.gather(1, &(0..n).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
        prop_assert_eq!(of_targets(Linear, y.clone()), []);
        let first = y.clone();
        again.gather(1, &(0..n).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
        prop_assert_eq!(first, y);
    }
}

/// The warnings of a run on these targets.
fn of_targets<A: Activation<f64>>(output: A, y: DMatrix<f64>) -> Vec<Warning> {
    let x = DMatrix::from_fn(2, y.ncols(), |i, j| ((i * 31 + j * 7) % 13) as f64 / 13.0 - 0.5);
    let mut network = Network::new(&[2, y.nrows()], Linear, output, &ByActivation, 1).unwrap();
    let trainer =
        Trainer::new(Quadratic).schedule(Constant::new(1e-30).unwrap()).stop(MaxEpochs::new(1).unwrap());
    trainer.fit(&mut network, &Dataset::new(x, y).unwrap(), None).unwrap().warnings
}

/// Bytes as numbers and years are said; bytes that the crate scales are not.
#[test]
fn bytes_as_numbers_and_years_are_large() {
    let bytes = |i: usize| (i * 73 % 251) as u8;
    let (found, text) = warnings(DMatrix::from_fn(16, 50, |i, j| f32::from(bytes(i + 16 * j))));
    assert!(matches!(found[..], [Warning::LargeInputs { .. }]), "{text}");
    let (found, text) = warnings(DMatrix::from_fn(2, 50, |i, j| 1970.0 + ((3 * i + j) % 50) as f64));
    assert!(matches!(found[..], [Warning::LargeInputs { .. }]), "{text}");

    let data = Dataset::<f32>::from_pixels((0..800).map(bytes).collect(), 16, [0, 1].repeat(25), 2).unwrap();
    let mut network = Network::new(&[16, 2], Linear, Softmax::default(), &ByActivation, 1).unwrap();
    let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(1).unwrap());
    assert_eq!(trainer.fit(&mut network, &data, None).unwrap().warnings, []);
}

/// A target that an output cannot have is said for every activation, with the output's own limits.
#[test]
fn targets_that_the_output_never_reaches() {
    let inf = f64::INFINITY;
    let of = |name: &str, y| of_targets(name.parse::<AnyActivation>().unwrap(), y);
    for (name, low, high) in [
        ("sigmoid", 0.0, 1.0),
        ("tanh", -1.0, 1.0),
        ("relu", 0.0, inf),
        ("softplus", 0.0, inf),
        ("exponential", 0.0, inf),
        ("elu(alpha=2)", -2.0, inf),
        ("silu", -0.2785, inf),
        ("gelu", -0.17, inf),
        ("leaky_relu", -inf, inf),
        ("linear", -inf, inf),
    ] {
        // In the second of two outputs, for one of many samples.
        let with = |value: f64| DMatrix::from_fn(2, 50, |i, j| if (i, j) == (1, 17) { value } else { 0.5 });
        for value in [-5.0, low - 0.1, low + 1e-3, 0.0, high - 1e-3, high + 0.1, 2.0] {
            let value = if value.is_finite() { value } else { 7.0 };
            let found = of(name, with(value));
            assert_eq!(
                found.len(),
                usize::from(!(low..=high).contains(&value)),
                "{name}, {value}: {found:?}"
            );
            for warning in found {
                let Warning::UnreachableTargets { output: 1, value: found, low: l, high: h } = warning else {
                    panic!("{warning}")
                };
                let close = |a: f64, b: f64| a == b || (a - b).abs() < 1e-3;
                assert!(found == value && close(l, low) && close(h, high), "{name}: {warning}");
            }
        }
    }
    // The labels 0, 1 and 2 as the targets of one sigmoid.
    let labels = of("sigmoid", DMatrix::from_fn(1, 50, |_, j| (j % 3) as f64));
    let [warning] = &labels[..] else { panic!("{labels:?}") };
    let text = warning.to_string();
    assert!(
        text.contains("are 2, but the output lies between 0 and 1") && text.contains("from_labels"),
        "{text}"
    );
    // A softmax is a question of all outputs together.
    assert_eq!(of("softmax", DMatrix::from_fn(3, 50, |i, j| f64::from(u8::from(i == j % 3)))), []);
}

/// y = x₀ on 40 samples.
fn learnable(factor: f64) -> Dataset<f64> {
    let x = DMatrix::from_fn(2, 40, |i, j| factor * (((i * 31 + j * 7) % 13) as f64 / 6.0 - 1.0));
    let y = x.rows(0, 1).map(|x| x / factor);
    Dataset::new(x, y).unwrap()
}

/// λ is named where it holds the weights at 0 and the run does not diverge, and only there.
#[test]
fn a_penalty_that_outweighs_the_data_is_said() {
    let warnings = |regularizer: &str, optimizer: &str, eta| {
        let mut network = Network::new(&[2, 6, 1], Tanh, Linear, &ScaledGaussian, 3).unwrap();
        let trainer = Trainer::new(Quadratic)
            .regularizer(regularizer.parse::<AnyRegularizer>().unwrap())
            .optimizer(optimizer.parse::<AnyOptimizer>().unwrap())
            .schedule(Constant::new(eta).unwrap());
        trainer.fit(&mut network, &learnable(1.0), None).unwrap().warnings
    };
    let shrunk =
        |found: &[Warning]| matches!(found, [Warning::ShrunkWeights { before, after, .. }] if after < before);
    // η λ/n is 0.1 to 0.9: below 2, beyond which the run diverges.
    for lambda in [40.0, 200.0, 360.0] {
        let found = warnings(&format!("l2(lambda={lambda})"), "sgd", 0.1);
        assert!(shrunk(&found) && found[0].to_string().contains("lower λ"), "{lambda}: {found:?}");
    }
    assert!(shrunk(&warnings("l1(lambda=100)", "sgd", 0.01)));
    assert!(shrunk(&warnings("none", "adamw(lambda=50)", 0.01)));
    for (regularizer, optimizer) in
        [("none", "sgd"), ("l2(lambda=0.1)", "sgd"), ("l1(lambda=0.01)", "sgd"), ("none", "adamw")]
    {
        assert_eq!(warnings(regularizer, optimizer, 0.1), [], "{regularizer}, {optimizer}");
    }
    // Small weights are none of a constant network if the inputs make up for them.
    let mut network = Network::<f64, Linear, _>::new(&[2, 1], Linear, Linear, &LargeGaussian, 3).unwrap();
    network.output_mut().weights.fill(1.0);
    let trainer = Trainer::new(Quadratic).schedule(Constant::new(1e-3).unwrap());
    let report = trainer.fit(&mut network, &learnable(15.0), None).unwrap();
    assert!(network.output().weights.norm() < 0.1, "{}", network.output().weights);
    assert!(
        !report.warnings.iter().any(|warning| matches!(warning, Warning::ShrunkWeights { .. })),
        "{report}"
    );
}

/// Where the inputs are not scaled, that is the advice for silent neurons and for a run that diverges.
#[test]
fn unscaled_inputs_are_named_as_the_cause() {
    for (factor, unscaled) in [(1.0, false), (1000.0, true)] {
        let mut network = Network::new(&[2, 8, 1], Relu, Linear, &ByActivation, 3).unwrap();
        network.hidden_mut()[0].biases.fill(-1e9);
        let trainer =
            Trainer::new(Quadratic).stop(MaxEpochs::new(1).unwrap()).schedule(Constant::new(1e-9).unwrap());
        let report = trainer.fit(&mut network, &learnable(factor), None).unwrap();
        let mut warnings = report.warnings.iter().map(ToString::to_string);
        let line = warnings.find(|line| line.contains("8 of 8 neurons of layer 1 are silent")).unwrap();
        assert_eq!(line.contains("scale the inputs by `Standardize"), unscaled, "{line}");
        assert_eq!(line.contains("lower the learning rate"), !unscaled, "{line}");

        let mut network = Network::new(&[2, 8, 1], Relu, Linear, &ByActivation, 3).unwrap();
        let trainer = Trainer::new(Quadratic).schedule(Constant::new(1e4).unwrap());
        let run = interruption(trainer.fit(&mut network, &learnable(factor), None).unwrap_err());
        assert_eq!(run.noticed.len(), usize::from(unscaled));
        assert_eq!(run.to_string().contains("scale the inputs by `Standardize"), unscaled, "{run}");
    }
}
