//! Scalers do to the training data what they are defined by, to other data the same, and back again.

use gradus::Error;
use gradus::prelude::*;
use proptest::prelude::*;

fn inputs<T: Real>(data: &Dataset<T>) -> DMatrix<T> {
    gathered(data).0
}

fn gathered<T: Real>(data: &Dataset<T>) -> (DMatrix<T>, DMatrix<T>) {
    let mut x = DMatrix::zeros(data.n_inputs(), data.len());
    let mut y = DMatrix::zeros(data.n_outputs(), data.len());
    data.gather(1, &(0..data.len()).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
    (x, y)
}

fn rules() -> [&'static dyn Scale; 3] {
    static ZERO_ONE: std::sync::LazyLock<MinMax> = std::sync::LazyLock::new(MinMax::default);
    [&Standardize, &*ZERO_ONE, &Robust]
}

/// Three rows, the second a thousand times as wide, the third constant.
fn matrix(values: &[f64]) -> DMatrix<f64> {
    DMatrix::from_fn(3, values.len(), |i, j| [values[j], 1e3 * values[j] - 7.0, 0.1][i])
}

proptest! {
    #[test]
    fn scaled_training_data_have_the_promised_center_and_width(values in prop::collection::vec(-10.0f64..10.0, 5..40)) {
        let x = matrix(&values);
        let data = Dataset::new(x.clone(), x.clone()).unwrap();
        for rule in rules() {
            let scaler = Scaler::fit(rule, &data).unwrap();
            let scaled = inputs(&scaler.transform(data.clone()).unwrap());
            for row in 0..2 {
                let mut row: Vec<f64> = scaled.row(row).iter().copied().collect();
                let (center, width) = rule.center_and_width(&mut row);
                prop_assert!(center.abs() < 1e-11 && (width - 1.0).abs() < 1e-11, "{rule:?}: {center}, {width}");
            }
            prop_assert!(scaled.row(2).iter().all(|&v| v == 0.0), "a constant row is only shifted");
        }
    }

    /// In f32 and f64, inputs and targets, alone and as a view: the same numbers, and back within a rounding.
    #[test]
    fn scaled_and_back(values in prop::collection::vec(-10.0f64..10.0, 5..40)) {
        let x = matrix(&values);
        let data = Dataset::new(x.clone(), x.clone()).unwrap();
        let half = data.slice(0..values.len() / 2 + 1).unwrap();
        let x32 = x.map(|v| v as f32);
        let data32 = Dataset::new(x32.clone(), x32.clone()).unwrap();
        for rule in rules() {
            let (scaler, targets) = (Scaler::fit(rule, &half).unwrap(), Scaler::fit_targets(rule, &half).unwrap());
            prop_assert_eq!(&scaler, &targets);
            let both = gathered(&targets.transform_targets(scaler.transform(data.clone()).unwrap()).unwrap());
            prop_assert_eq!(&both.0, &both.1);
            let viewed = scaler.transform(targets.transform_targets(half.clone()).unwrap()).unwrap();
            let columns = both.0.columns(0, half.len()).into_owned();
            prop_assert_eq!(gathered(&viewed), (columns.clone(), columns));

            let mut back = both.0;
            scaler.unscale(back.as_mut_slice());
            prop_assert!(back.iter().zip(&x).all(|(b, x)| (b - x).abs() <= 1e-12 * (1e4 + x.abs())));
            let mut back = inputs(&scaler.transform(data32.clone()).unwrap());
            scaler.unscale(back.as_mut_slice());
            prop_assert!(back.iter().zip(&x32).all(|(b, x)| (b - x).abs() <= 1e-6 * (1e4 + x.abs())));

            let saved = serde_json::to_string(&scaler).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scaler>(&saved).unwrap(), scaler);
        }
    }
}

#[test]
fn quantiles_are_interpolated() {
    assert_eq!(Robust.center_and_width(&mut [1.0, 2.0, 3.0, 10.0]), (2.5, 4.75 - 1.75));
    assert_eq!(Robust.center_and_width(&mut [0.1]), (0.1, 0.0));
}

/// Labels stay labels, bytes become numbers, and views of a shared data set leave the others as they are.
#[test]
fn pixels_and_labels_and_shared_memory() {
    let data = Dataset::<f64>::from_pixels(vec![0, 255, 51, 0, 255, 255], 2, vec![1, 0, 1], 2).unwrap();
    let before = gathered(&data);
    let scaler = Standardize.fit(&data).unwrap();
    let view = data.select(&[2, 0]).unwrap();
    let (x, y) = gathered(&scaler.transform(view.clone()).unwrap());
    let (mut wanted, targets) = gathered(&view);
    scaler.scale(wanted.as_mut_slice());
    assert_eq!((x, y), (wanted, targets));
    assert_eq!(gathered(&data), before);
    assert!(matches!(Standardize.fit_targets(&data), Err(Error::ScaledClasses)));
    assert!(matches!(scaler.transform_targets(data), Err(Error::ScaledClasses)));
}

#[test]
fn what_cannot_be_scaled() {
    let x = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, -1e308, 1e308]);
    let data = Dataset::new(x.clone(), x).unwrap();
    let error = MinMax::default().fit(&data).unwrap_err();
    assert!(matches!(error, Error::NoScale { what: "input", index: 1, .. }), "{error}");
    assert!(matches!(Standardize.fit_targets(&data), Err(Error::NoScale { what: "target", index: 1, .. })));
    let narrow =
        Dataset::new(DMatrix::<f32>::from_row_slice(1, 2, &[0.0, 1e-40]), DMatrix::zeros(1, 2)).unwrap();
    let wide = Dataset::new(DMatrix::<f32>::from_element(1, 1, 1e30), DMatrix::zeros(1, 1)).unwrap();
    let outcome = Standardize.fit(&narrow).unwrap().transform(wide);
    assert!(matches!(outcome, Err(Error::NonFiniteSample { what: "scaled input", .. })), "{outcome:?}");

    let one = Dataset::new(DMatrix::from_element(1, 1, 1.0), DMatrix::zeros(1, 1)).unwrap();
    assert!(matches!(
        Standardize.fit(&one).unwrap().transform(data),
        Err(Error::SizeMismatch { found: 2, expected: 1, .. })
    ));
    assert!(
        MinMax::new(1.0, 1.0).is_err()
            && MinMax::new(0.0, f64::NAN).is_err()
            && MinMax::new(-1.0, 1.0).is_ok()
    );
    for file in [
        r#"{"centers":[0.0],"widths":[0.0]}"#,
        r#"{"centers":[0.0],"widths":[-1.0]}"#,
        r#"{"centers":[0.0],"widths":[1.0,1.0]}"#,
        r#"{"centers":[],"widths":[]}"#,
    ] {
        assert!(serde_json::from_str::<Scaler>(file).is_err(), "{file}");
    }
}
