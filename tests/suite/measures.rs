//! Measures: as scikit-learn defines them, lawful, and measured where they are named.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gradus::prelude::*;
use gradus::{Error, Result};
use serde::Deserialize;

use crate::laws::assert_breaks;
use crate::schedules::coin;
use crate::tasks::parabola;

/// What a rule, a schedule or the trainer names is measured, on the data that it names, and nothing else is.
#[test]
fn what_is_named_is_measured() -> Result<()> {
    let data = Dataset::<f64>::synthetic_digits(60, 1)?;
    let names = |trainer: Trainer<f64, LogLikelihood>, validation: Option<&dyn Samples<f64>>| {
        let mut network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
        let report = trainer.fit(&mut network, &data, validation)?;
        let record = report.history.last().unwrap().clone();
        let names = |scores: Option<Scores>| -> Option<Vec<String>> {
            scores.map(|scores| scores.iter().map(|score| score.name.to_string()).collect())
        };
        Result::Ok((names(record.training), names(record.validation)))
    };
    let new = || Result::Ok(Trainer::new(LogLikelihood).stop(MaxEpochs::new(2)?));
    let list = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    let usual = list(&["cost", "accuracy"]);
    assert_eq!(names(new()?, None)?, (None, None));
    assert_eq!(names(new()?, Some(&data))?, (None, usual.clone()));
    assert_eq!(names(new()?.monitor_training(true), None)?, (usual.clone(), None));
    let f1 = list(&["cost", "accuracy", "macro F1"]);
    assert_eq!(names(new()?.measure(F1::macro_average()), Some(&data))?, (None, f1.clone()));
    let rule = NoImprovement::new(5)?.monitor(Metric::training(F1::macro_average()));
    assert_eq!(names(new()?.stop(rule.or(MaxEpochs::new(2)?)), None)?, (f1.clone(), None));
    let schedule = HalveOnPlateau::new(0.5, 5)?.monitor(Metric::validation(F1::macro_average()));
    assert_eq!(names(new()?.schedule(schedule), Some(&data))?, (None, f1.clone()));
    assert_eq!(names(new()?.keep_best(Metric::training(F1::macro_average())), None)?, (f1, None));
    // Named twice, measured once.
    assert_eq!(names(new()?.measure(Accuracy).measure(MeanCost), Some(&data))?, (None, usual));
    Ok(())
}

/// A measure that the task has no meaning for is an error before the first step.
#[test]
fn measures_that_are_not_defined() -> Result<()> {
    let data = parabola()?;
    let initial = Network::new(&[1, 2, 1], Tanh, Linear, &ScaledGaussian, 0)?;
    let mut network = initial.clone();
    let trainer = Trainer::new(Quadratic).measure(Accuracy);
    let error = trainer.fit(&mut network, &data, None).unwrap_err();
    assert!(matches!(&error, Error::Measure { task: Task::Regression, .. }), "{error:?}");
    assert!(error.to_string().starts_with("accuracy is not defined for regression: "), "{error}");
    assert_eq!(network, initial);

    #[derive(Debug)]
    struct Impostor;
    impl Measure for Impostor {
        fn name(&self) -> Cow<'static, str> {
            "cost".into()
        }
        fn direction(&self) -> Direction {
            Direction::LowerIsBetter
        }
        fn meter(&self, _: Task, _: usize) -> Result<Box<dyn Meter>> {
            Ok(Box::new(Mean::new(|_, _| 0.0)))
        }
    }
    let trainer = Trainer::new(Quadratic).measure(Impostor);
    assert!(
        matches!(trainer.fit(&mut network, &data, None), Err(Error::SameName { name }) if name == "cost")
    );
    Ok(())
}

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

/// Outputs and targets, sample by sample, and the values of scikit-learn by name.
#[derive(Deserialize)]
struct Case {
    task: String,
    outputs: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    weights: Vec<f64>,
    values: BTreeMap<String, f64>,
}

/// Every measure that the fixture may name.
fn measures() -> Vec<Box<dyn Measure>> {
    let mut all: Vec<Box<dyn Measure>> =
        vec![Box::new(Accuracy), Box::new(BalancedAccuracy), Box::new(R2), Box::new(MeanAbsoluteError)];
    all.extend([boxed(RocAuc), boxed(AveragePrecision), boxed(LogLoss), boxed(BrierScore), boxed(Matthews)]);
    all.extend([boxed(CohenKappa), boxed(CalibrationError::default())]);
    all.extend([boxed(ExplainedVariance), boxed(MedianAbsoluteError)]);
    for class in 0..6 {
        all.push(Box::new(Precision::of_class(class)));
        all.push(Box::new(Recall::of_class(class)));
        all.push(Box::new(F1::of_class(class)));
        all.push(Box::new(TopK::new(class + 1).unwrap()));
    }
    all.extend(
        [Precision::macro_average(), Precision::micro_average(), Precision::weighted_average()].map(boxed),
    );
    all.extend([Recall::macro_average(), Recall::micro_average(), Recall::weighted_average()].map(boxed));
    all.extend([F1::macro_average(), F1::micro_average(), F1::weighted_average()].map(boxed));
    all
}

fn boxed(measure: impl Measure + 'static) -> Box<dyn Measure> {
    Box::new(measure)
}

/// Every value of scikit-learn, on data of every task, to 1e-12.
#[test]
fn measures_agree_with_scikit_learn() {
    let fixture: Fixture = serde_json::from_str(include_str!("../fixtures/measures.json")).unwrap();
    let (measures, mut compared) = (measures(), 0);
    for (number, case) in fixture.cases.iter().enumerate() {
        let matrix =
            |samples: &[Vec<f64>]| DMatrix::from_fn(samples[0].len(), samples.len(), |i, j| samples[j][i]);
        let (outputs, targets) = (matrix(&case.outputs), matrix(&case.targets));
        let task = Task::of(&targets);
        let named = match task {
            Task::Classes => "classes",
            Task::Binary { .. } => "binary",
            Task::Labels { .. } => "labels",
            Task::Regression => "regression",
        };
        assert_eq!(case.task, named, "case {number}");
        let is_about = |name: &str| case.values.contains_key(name);
        for name in ["ROC AUC", "average precision", "explained variance", "median absolute error"] {
            assert!(is_about(name) || task == Task::Regression, "case {number} has no {name}");
        }
        for (name, &wanted) in &case.values {
            let measure = measures.iter().find(|measure| measure.name() == *name).unwrap();
            let mut meter = measure.meter(task, outputs.nrows()).unwrap();
            let costs = vec![0.0; case.weights.len()];
            meter
                .add(&Scored { outputs: &outputs, targets: &targets, weights: &case.weights, costs: &costs })
                .unwrap();
            let found = meter.value();
            assert!(
                (found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0),
                "case {number}: {name} {found}, not {wanted}"
            );
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared} values compared");
}

#[test]
fn measures_are_lawful() {
    gradus::check::measure(&MeanCost).unwrap();
    // The trials have 4 classes and 3 labels.
    let not_tried = ["of class 4", "of class 5", "top-4", "top-5", "top-6"];
    for measure in measures() {
        if !not_tried.iter().any(|part| measure.name().contains(part)) {
            gradus::check::measure(&measure).unwrap();
        }
    }
}

/// A measure of a function over batches, with faults to choose.
#[derive(Debug, Clone, Copy)]
enum Faulty {
    /// The mean over batches, whatever their size.
    Batches,
    /// The first sample counts twice.
    Order,
    /// Blind for weights.
    Weights,
    /// A hit for what is not above the tolerance, such as NaN.
    Nan,
    /// Skips NaN.
    Skips,
    /// The wrong direction.
    Direction,
    /// Says that it is a fraction.
    Fraction,
    /// A new value each time.
    Coin,
    /// Defined for nothing.
    Nothing,
    /// No name.
    Nameless,
    /// A new name each time.
    Renamed,
}

struct FaultyMeter(Faulty, Vec<(f64, f64)>);

impl Meter for FaultyMeter {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        let mut pairs: Vec<(f64, f64)> = batch
            .samples()
            .map(|(a, y, w)| (a.iter().zip(y).map(|(a, y)| (a - y).abs()).sum::<f64>(), w))
            .collect();
        match self.0 {
            Faulty::Batches => {
                let weight: f64 = pairs.iter().map(|pair| pair.1).sum();
                let mean = pairs.iter().map(|(e, w)| e * w).sum::<f64>() / weight;
                pairs = vec![(mean, 1.0)];
            }
            Faulty::Order if self.1.is_empty() => pairs.insert(0, pairs[0]),
            Faulty::Weights => pairs.iter_mut().for_each(|pair| pair.1 = 1.0),
            Faulty::Nan => pairs.iter_mut().for_each(|pair| pair.0 = if pair.0 > 0.5 { 1.0 } else { 0.0 }),
            Faulty::Skips => pairs.retain(|pair| !pair.0.is_nan()),
            _ => {}
        }
        self.1.extend(pairs);
        Ok(())
    }

    fn value(&self) -> f64 {
        let weight: f64 = self.1.iter().map(|pair| pair.1).sum();
        let mean = self.1.iter().map(|(e, w)| e * w).sum::<f64>() / weight;
        if matches!(self.0, Faulty::Coin) { mean + coin() } else { mean }
    }
}

impl Measure for Faulty {
    fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Nameless => " ".into(),
            Self::Renamed => format!("faulty {}", coin()).into(),
            _ => "faulty".into(),
        }
    }
    fn direction(&self) -> Direction {
        match self {
            Self::Direction => Direction::HigherIsBetter,
            _ => Direction::LowerIsBetter,
        }
    }
    fn is_fraction(&self) -> bool {
        matches!(self, Self::Fraction)
    }
    fn meter(&self, task: Task, _: usize) -> Result<Box<dyn Meter>> {
        match self {
            Self::Nothing => Err(Error::Measure { measure: self.name().into(), task, why: String::new() }),
            _ => Ok(Box::new(FaultyMeter(*self, Vec::new()))),
        }
    }
}

#[test]
fn measures_that_break_their_laws() {
    for (faulty, law) in [
        (Faulty::Batches, "batches"),
        (Faulty::Order, "order"),
        (Faulty::Weights, "weight 2"),
        (Faulty::Nan, "NaN"),
        (Faulty::Skips, "NaN"),
        (Faulty::Direction, "perfect"),
        (Faulty::Fraction, "fraction"),
        (Faulty::Coin, "equal inputs"),
        (Faulty::Nothing, "defined for some task"),
        (Faulty::Nameless, "it has a name"),
        (Faulty::Renamed, "name and direction stay the same"),
    ] {
        assert_breaks(gradus::check::measure(&faulty), law);
    }
}

fn named(name: &str) -> AnyMeasure {
    name.parse().unwrap()
}

/// One value of a measure over samples that are columns, each with weight 1 unless `weights` says otherwise.
fn measured(name: &str, task: Task, outputs: &[&[f64]], targets: &[&[f64]], weights: &[f64]) -> f64 {
    let matrix = |samples: &[&[f64]]| DMatrix::from_fn(samples[0].len(), samples.len(), |i, j| samples[j][i]);
    let (outputs, targets, costs) = (matrix(outputs), matrix(targets), vec![0.0; weights.len()]);
    let mut meter = named(name).meter(task, outputs.nrows()).unwrap();
    meter.add(&Scored { outputs: &outputs, targets: &targets, weights, costs: &costs }).unwrap();
    meter.value()
}

/// Which measures are printed as percentages, and which are better when they are lower: as their pages say.
#[test]
fn directions_and_fractions() {
    let lower = [
        "cost",
        "log_loss",
        "brier_score",
        "calibration_error",
        "mean_absolute_error",
        "median_absolute_error",
    ];
    let not_fractions = [
        "cost",
        "matthews",
        "cohen_kappa",
        "log_loss",
        "brier_score",
        "r2",
        "explained_variance",
        "mean_absolute_error",
        "median_absolute_error",
    ];
    for &name in AnyMeasure::NAMES {
        let measure = named(name);
        assert_eq!(measure.direction() == Direction::LowerIsBetter, lower.contains(&name), "{name}");
        assert_eq!(measure.is_fraction(), !not_fractions.contains(&name), "{name}");
    }
}

/// For which tasks each measure is defined.
#[test]
fn tasks_without_a_measure() {
    let (binary, labels) = (Task::Binary { threshold: 0.5 }, Task::Labels { threshold: 0.5 });
    let always = ["cost", "r2", "explained_variance", "mean_absolute_error", "median_absolute_error"];
    let one_class = ["balanced_accuracy", "matthews", "cohen_kappa"];
    for &name in AnyMeasure::NAMES {
        let is_defined = |task, n_outputs| match named(name).meter(task, n_outputs) {
            Ok(_) => true,
            Err(error) => {
                assert!(matches!(error, Error::Measure { .. }), "{name}: {error:?}");
                false
            }
        };
        assert!(is_defined(Task::Classes, 6), "{name}");
        assert_eq!(is_defined(Task::Regression, 6), always.contains(&name), "{name}");
        assert_eq!(is_defined(labels, 6), name != "top_k" && !one_class.contains(&name), "{name}");
        assert_eq!(is_defined(binary, 1), name != "top_k", "{name}");
    }
    for (name, classes) in
        [("top_k(k=3)", 3), ("precision(class=3)", 3), ("recall(class=2)", 2), ("f1(class=9)", 9)]
    {
        assert!(named(name).meter(Task::Classes, classes).is_err(), "{name}");
        assert!(named(name).meter(Task::Classes, classes + 1).is_ok(), "{name}");
    }
}

/// An output of NaN is a wrong prediction: one of every other class, since it could have been any.
#[test]
fn an_invalid_prediction_is_a_wrong_one() {
    let nan: &[f64] = &[f64::NAN, 0.5, 0.5];
    let [zero, one, two]: [&[f64]; 3] = [&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]];
    let outputs = [zero, nan, one, one, nan, nan];
    let targets = [zero, zero, one, two, one, one];
    let weights = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
    let found = |name: &str| measured(name, Task::Classes, &outputs, &targets, &weights);
    // Predicted as class 0: its own sample, and 16 + 32 of class 1 that were not predicted; and so on.
    let precisions = [1.0 / 49.0, 4.0 / 14.0, 0.0];
    let recalls = [1.0 / 3.0, 4.0 / 52.0, 0.0];
    for class in 0..3 {
        assert_eq!(found(&format!("precision(class={class})")), precisions[class]);
        assert_eq!(found(&format!("recall(class={class})")), recalls[class]);
    }
    for name in ["micro_precision", "micro_recall", "accuracy"] {
        assert_eq!(found(name), 5.0 / 63.0, "{name}");
    }
    assert!((found("macro_precision") - precisions.iter().sum::<f64>() / 3.0).abs() < 1e-15);
    let weighted = (3.0 * precisions[0] + 52.0 * precisions[1]) / 63.0;
    assert!((found("weighted_precision") - weighted).abs() < 1e-15);
}

/// Of equal outputs the first is the better one, as where a class is predicted.
#[test]
fn equal_outputs_rank_in_their_order() {
    let target = |class: usize| -> Vec<f64> { (0..4).map(|i| f64::from(u8::from(i == class))).collect() };
    let outputs: [f64; 4] = [0.2, 0.3, 0.3, 0.2];
    for (class, rank) in [(1, 0), (2, 1), (0, 2), (3, 3)] {
        for k in 1..4 {
            let name = format!("top_k(k={k})");
            let found = measured(&name, Task::Classes, &[&outputs], &[&target(class)], &[1.0]);
            assert_eq!(found == 1.0, rank < k, "{name} of class {class}");
        }
    }
}

/// The bins of a reliability table: which samples each holds, and the means over them.
#[test]
fn the_bins_of_a_reliability_table() -> Result<()> {
    let confidences = [0.0, 0.05, 0.25, 0.26, 0.6, 0.75, 0.75, -0.5];
    let came_true = [0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    let weights = [1.0, 2.0, 1.0, 4.0, 1.0, 3.0, 1.0, 4.0];
    let mut table = ReliabilityTable::new(4)?;
    let (outputs, targets) =
        (DMatrix::from_row_slice(1, 8, &confidences), DMatrix::from_row_slice(1, 8, &came_true));
    let batch = Scored { outputs: &outputs, targets: &targets, weights: &weights, costs: &[0.0; 8] };
    table.add(Task::Binary { threshold: 0.5 }, &batch);

    let bins: Vec<ReliabilityBin> = table.bins().collect();
    assert_eq!(bins.len(), 3, "none is above 0.75");
    let near =
        |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-15, "{found} instead of {wanted}");
    for (bin, [from, to, weight, confidence, frequency]) in bins.iter().zip([
        [0.0, 0.25, 8.0, 0.35 / 8.0, 2.0 / 8.0],
        [0.25, 0.5, 4.0, 0.26, 1.0],
        [0.5, 0.75, 5.0, 3.6 / 5.0, 4.0 / 5.0],
    ]) {
        near(bin.from, from);
        near(bin.to, to);
        near(bin.weight, weight);
        near(bin.confidence, confidence);
        near(bin.frequency, frequency);
    }
    let error: f64 = bins.iter().map(|bin| bin.weight * (bin.frequency - bin.confidence).abs()).sum();
    near(table.error(), error / 17.0);
    Ok(())
}

/// A sample of weight 0 is as one that is not there, also for the median of two.
#[test]
fn samples_without_weight_do_not_count() {
    let [one, two, nine, zero]: [&[f64]; 4] = [&[1.0], &[2.0], &[9.0], &[0.0]];
    let found = |weights: &[f64]| {
        let outputs = [two, nine, one];
        measured("median_absolute_error", Task::Regression, &outputs, &[zero; 3], weights)
    };
    assert_eq!(found(&[0.0, 1.0, 1.0]), 5.0);
    assert_eq!(found(&[1.0, 1.0, 1.0]), 2.0);
    assert_eq!(found(&[1.0, 1.0, 3.0]), 1.0);
}

/// A named measure is that of the same name with the same parameters, and no other.
#[test]
fn named_measures_are_compared_by_what_they_name() {
    assert_eq!(named("top_k"), named("top_k(k=5)"));
    assert_ne!(named("top_k(k=3)"), named("top_k"));
    assert_ne!(named("accuracy"), named("r2"));
}

/// A variance is one of at least two samples; and of targets that are all alike nothing is explained but by no error.
#[test]
fn variances_need_two_samples() {
    let [one, three]: [&[f64]; 2] = [&[1.0], &[3.0]];
    for name in ["r2", "explained_variance"] {
        let found = |outputs: &[&[f64]], targets: &[&[f64]], weights: &[f64]| {
            measured(name, Task::Regression, outputs, targets, weights)
        };
        assert!(found(&[one], &[one], &[1.0]).is_nan(), "{name} of one sample");
        assert!(
            found(&[one, three], &[one, three], &[1.0, 0.0]).is_nan(),
            "{name} of one sample with weight"
        );
        assert_eq!(found(&[one, three], &[one, three], &[1.0, 1.0]), 1.0, "{name}");
        assert_eq!(found(&[one, one], &[one, one], &[1.0, 1.0]), 1.0, "{name}");
        assert_eq!(found(&[one, three], &[one, one], &[1.0, 1.0]), 0.0, "{name}");
    }
}

/// A prediction that is NaN leaves an agreement undefined; a class that no sample has, or that all have, has no ranking;
/// and a sample without weight does not disturb one.
#[test]
fn agreements_and_rankings_of_odd_samples() {
    let [zero, one, nan]: [&[f64]; 3] = [&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[f64::NAN, 0.0, 0.0]];
    for name in ["matthews", "cohen_kappa", "balanced_accuracy"] {
        let found = |outputs: &[&[f64]]| measured(name, Task::Classes, outputs, &[zero, one, one], &[1.0; 3]);
        assert_eq!(found(&[zero, one, one]), 1.0, "{name}");
        assert!(found(&[zero, one, nan]).is_nan() || name == "balanced_accuracy", "{name}");
    }
    // Always the same prediction agrees by chance only.
    for name in ["matthews", "cohen_kappa"] {
        assert_eq!(measured(name, Task::Classes, &[one; 3], &[zero, one, one], &[1.0; 3]), 0.0, "{name}");
    }
    let outputs: [&[f64]; 4] = [&[0.9, 0.1, 0.5], &[0.2, 0.6, 0.4], &[0.3, 0.2, 0.1], &[0.95, 0.7, 0.3]];
    let rank = |name: &str, weights: &[f64]| {
        measured(name, Task::Classes, &outputs, &[zero, one, zero, one], weights)
    };
    for name in ["roc_auc", "average_precision"] {
        // Class 2 has no sample; the others are complements of each other, but not their outputs.
        assert!(rank(name, &[1.0; 4]).is_finite(), "{name}");
        let without = measured(name, Task::Classes, &outputs[..3], &[zero, one, zero], &[1.0; 3]);
        assert_eq!(rank(name, &[1.0, 1.0, 1.0, 0.0]), without, "{name}");
    }
    assert_eq!(rank("roc_auc", &[1.0, 1.0, 1.0, 0.0]), 1.0);
    let labels = |targets: &[&[f64]]| {
        measured("roc_auc", Task::Labels { threshold: 0.5 }, &outputs[..2], targets, &[1.0; 2])
    };
    assert_eq!(labels(&[&[1.0, 1.0, 0.0], &[1.0, 0.0, 0.0]]), 0.0, "only the second output has both");
}

/// The sample whose output is not finite is named, also beyond the samples that go through the network at once.
#[test]
fn an_output_that_overflows_is_named() -> Result<()> {
    let weights = DMatrix::from_element(1, 1, 10.0);
    let output = Dense { weights, biases: DVector::zeros(1), activation: Linear };
    let network = Network::<f64, Linear, _>::from_layers(Vec::new(), output)?;
    for bad in [3, 700, 1203] {
        let x = DMatrix::from_fn(1, 1300, |_, j| if j == bad { 1e308 } else { 1.0 });
        let data = Dataset::new(x, DMatrix::from_element(1, 1300, 0.25))?;
        let error = evaluate(&network, &Quadratic, &data).unwrap_err();
        assert!(
            matches!(error, Error::NonFiniteSample { what: "output", sample, .. } if sample == bad),
            "{error:?}"
        );
    }
    Ok(())
}
