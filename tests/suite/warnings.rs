//! The trainer says so if inputs are not scaled, and only then.

use gradus::prelude::*;
use proptest::prelude::*;

/// The warnings of a run on these inputs.
fn warnings<T: Real>(x: DMatrix<T>) -> (Vec<Warning>, String) {
    let y = DMatrix::from_fn(1, x.ncols(), |_, j| T::cast((j % 3) as f64));
    let mut network = Network::new(&[x.nrows(), 1], Linear, Linear, &ScaledGaussian, 1).unwrap();
    let trainer =
        Trainer::new(Quadratic).schedule(Constant::new(1e-30).unwrap()).stop(MaxEpochs::new(1).unwrap());
    let report = trainer.fit(&mut network, &Dataset::new(x, y).unwrap(), None).unwrap();
    (report.warnings.clone(), report.to_string())
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
        let (found, text) = warnings(x);
        prop_assert_eq!(found.len(), usize::from(ratio > 100.0));
        prop_assert_eq!(text.contains("warning     input 2 is"), ratio > 100.0, "{}", text);
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
