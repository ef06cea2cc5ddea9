//! ROC curves, against the rates counted sample by sample.

use gradus::Error;
use gradus::prelude::*;
use proptest::prelude::*;

/// Outputs with ties, NaN and infinities, targets of both kinds, and weights.
fn ranked_samples() -> impl Strategy<Value = Vec<(f64, bool, f64)>> {
    let output = prop_oneof![
        6 => (-3i8..4).prop_map(|i| f64::from(i) / 4.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ];
    prop::collection::vec((output, any::<bool>(), (1u8..4).prop_map(f64::from)), 2..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each point of a ROC curve, counted sample by sample; the area is that of the measure.
    #[test]
    fn a_roc_curve_counts_what_lies_above_each_threshold(samples in ranked_samples()) {
        let row = |value: fn(&(f64, bool, f64)) -> f64| DMatrix::from_row_iterator(1, samples.len(), samples.iter().map(value));
        let (outputs, targets) = (row(|sample| sample.0), row(|sample| f64::from(u8::from(sample.1))));
        let (weights, costs): (Vec<f64>, _) = (samples.iter().map(|sample| sample.2).collect(), vec![0.0; samples.len()]);
        let all = Scored { outputs: &outputs, targets: &targets, weights: &weights, costs: &costs };
        let task = Task::Binary { threshold: 0.5 };
        let curve = RocCurve::from_scored(task, 0, &all);
        let is_positive = |kind: bool| samples.iter().any(|sample| sample.1 == kind);
        if !(is_positive(true) && is_positive(false)) {
            let refused = matches!(curve, Err(Error::Measure { .. }));
            prop_assert!(refused);
            return Ok(());
        }
        let curve = curve.unwrap();
        // NaN is the worst: the last of the positives, the first of the negatives.
        let score = |&(a, positive, _): &(f64, bool, f64)| match a.is_nan() {
            true if positive => f64::NEG_INFINITY,
            true => f64::INFINITY,
            false => a,
        };
        let total = |kind: bool, least: f64| -> f64 {
            samples.iter().filter(|sample| sample.1 == kind && score(sample) >= least).map(|sample| sample.2).sum()
        };
        let mut thresholds: Vec<f64> = samples.iter().map(score).collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let points = curve.points();
        prop_assert_eq!(points.len(), 1 + thresholds.len());
        prop_assert_eq!((points[0].false_positive_rate, points[0].true_positive_rate), (0.0, 0.0));
        for (point, threshold) in points[1..].iter().zip(thresholds) {
            let rate = |kind| total(kind, threshold) / total(kind, f64::NEG_INFINITY);
            prop_assert_eq!(point.threshold, threshold);
            prop_assert_eq!((point.false_positive_rate, point.true_positive_rate), (rate(false), rate(true)));
        }
        let mut meter = RocAuc.meter(task, 1).unwrap();
        meter.add(&all).unwrap();
        prop_assert!((curve.auc() - meter.value()).abs() < 1e-12, "{} and {}", curve.auc(), meter.value());
    }
}

/// A curve of one class among several, and what has none.
#[test]
fn the_roc_curve_of_a_class() {
    let outputs =
        DMatrix::from_column_slice(3, 4, &[0.8, 0.1, 0.1, 0.3, 0.4, 0.3, 0.5, 0.2, 0.3, 0.1, 0.1, 0.8f32]);
    let targets = DMatrix::from_fn(3, 4, |i, j| f32::from(u8::from(i == [0, 1, 1, 2][j])));
    let rates = |class| {
        let curve = RocCurve::new(&outputs, &targets, class).unwrap();
        curve.points().iter().map(|p| (p.false_positive_rate, p.true_positive_rate)).collect::<Vec<_>>()
    };
    assert_eq!(rates(1), [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 1.0)]);
    assert_eq!(rates(2)[1], (0.0, 1.0));
    let no_row = RocCurve::new(&outputs, &targets, 3).unwrap_err();
    assert!(matches!(no_row, Error::Setting { value: 3.0, .. }), "{no_row}");
    let narrow = RocCurve::new(&outputs, &targets.columns(0, 3).into_owned(), 0).unwrap_err();
    assert!(matches!(narrow, Error::SizeMismatch { found: 3, expected: 4, .. }), "{narrow}");
    let regression = RocCurve::new(&outputs, &targets.map(|y| 3.5 * y - 7.0), 0).unwrap_err();
    assert!(matches!(regression, Error::Measure { task: Task::Regression, .. }), "{regression}");
    let one_kind =
        RocCurve::new(&outputs.rows(0, 1).into_owned(), &DMatrix::from_element(1, 4, 1.0), 0).unwrap_err();
    assert!(
        matches!(one_kind, Error::Measure { .. }) && one_kind.to_string().contains("of one kind"),
        "{one_kind}"
    );
}

/// Issue: an infinite weight gave rates and an area that are NaN.
#[test]
fn weights_without_a_finite_sum_have_no_curve() {
    let (outputs, targets) =
        (DMatrix::from_row_slice(1, 2, &[0.1, 0.2]), DMatrix::from_row_slice(1, 2, &[0.0, 1.0]));
    for weights in [[f64::INFINITY, 1.0], [1.0, f64::NAN], [f64::MAX, f64::MAX]] {
        let all = Scored { outputs: &outputs, targets: &targets, weights: &weights, costs: &[0.0; 2] };
        let error = RocCurve::from_scored(Task::Binary { threshold: 0.5 }, 0, &all).unwrap_err();
        assert!(error.to_string().contains("no finite sum"), "{error}");
    }
}
