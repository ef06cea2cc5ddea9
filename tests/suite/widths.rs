//! What is printed fits a terminal of 80 columns.

use std::fmt::Display;

use gradus::prelude::*;

/// The lines of `printed`, none of which is longer than a terminal is wide.
fn lines(printed: &impl Display) -> Vec<String> {
    let text = printed.to_string();
    for width in text.lines().map(|line| line.chars().count()) {
        assert!(width <= 80, "{width} columns:\n{text}");
    }
    text.lines().map(str::to_owned).collect()
}

fn score(measure: &dyn Measure, value: f64) -> Score {
    Score::new(measure, value)
}

/// An epoch with a cost and these other values on the validation data, and on the training data if they are monitored.
fn record(epoch: usize, cost: f64, others: &[Score], monitored: bool, penalty: f64) -> EpochRecord {
    let scores = || Scores::new(Task::Classes, [&[score(&MeanCost, cost)], others].concat());
    EpochRecord {
        epoch,
        learning_rate: 0.5 / (epoch * epoch) as f64,
        seconds: 12.3456,
        running_cost: cost,
        penalty,
        training: monitored.then(scores),
        validation: Some(scores()),
    }
}

/// The usual run has one line for each epoch; what is longer is aligned below.
#[test]
fn the_line_of_an_epoch() {
    let accuracy = [score(&Accuracy, 0.98765)];
    for epoch in [1, 5, 99, 999] {
        let usual = record(epoch, 0.123_456, &accuracy, false, 0.0);
        assert_eq!(lines(&usual).len(), 1);
        assert!(lines(&usual)[0].ends_with("  cost 0.12346  validation cost 0.12346, accuracy 98.77 %"));
    }
    let both = lines(&record(7, 0.5, &accuracy, true, 0.25));
    assert_eq!(both[0], "epoch   7  η 0.0102   cost 0.50000 + penalty 0.25000, accuracy 98.77 %");
    assert_eq!(both[1], "                      validation cost 0.50000, accuracy 98.77 %");
    assert_eq!(both.len(), 2);

    let many: Vec<Score> = [
        boxed(Accuracy),
        boxed(BalancedAccuracy),
        boxed(F1::macro_average()),
        boxed(TopK::new(10).unwrap()),
        boxed(Matthews),
    ]
    .iter()
    .map(|measure| score(measure, 0.5))
    .collect();
    for cost in [1e-9, 0.1, 54_321.123_45, 1e12, f64::NAN, f64::INFINITY] {
        let long = record(12_345, cost, &many, true, 54_321.0);
        let found = lines(&long);
        let text = found.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        for split in [&long.training, &long.validation] {
            split
                .iter()
                .flatten()
                .skip(1)
                .for_each(|score| assert!(text.contains(&score.to_string()), "{text}"));
        }
        let scores = lines(long.training.as_ref().unwrap());
        assert!(scores.len() > 1, "{scores:?}");
    }
}

fn boxed(measure: impl Measure + 'static) -> Box<dyn Measure> {
    Box::new(measure)
}

/// Columns that have no space follow below, and every value is there once.
#[test]
fn the_table_of_a_history() {
    let accuracy = [score(&Accuracy, 0.98765)];
    let usual: History = (1..=120).map(|epoch| record(epoch, 0.1, &accuracy, false, 0.0)).collect();
    assert_eq!(lines(&usual).len(), 2 + 120);
    let monitored: History = (1..=12).map(|epoch| record(epoch, 0.1, &accuracy, true, 0.5)).collect();
    assert_eq!(lines(&monitored).len(), 2 + 12, "in one table:\n{monitored}");
    assert_eq!(
        lines(&monitored)[..3],
        [
            "      learning         running         training training validation validation",
            "epoch     rate seconds    cost penalty     cost accuracy       cost   accuracy",
            "    1   0.5000  12.346 0.10000 0.50000  0.10000  98.77 %    0.10000    98.77 %",
        ]
    );

    let named = |(name, value): (&str, f64)| Score { name: name.to_owned().into(), ..score(&R2, value) };
    let names =
        ["balanced accuracy", "Matthews correlation", &"x".repeat(100), "macro F1", "", "a b c d e f g"];
    let values = [0.25, 0.375, 0.625, 0.75, 0.875, 0.9375];
    let many: Vec<Score> = names.into_iter().zip(values).map(named).collect();
    let wide: History = (1..=3).map(|epoch| record(epoch, 12_345.678_9, &many, true, 0.5)).collect();
    let found = lines(&wide).join("\n");
    for value in values {
        assert_eq!(found.matches(&format!("{value:.5}")).count(), 2 * 3, "{value} in\n{found}");
    }
    assert!(found.matches("epoch").count() > 1 && found.contains("\n\n"), "{found}");
}

/// A matrix of `n` classes in which class t was predicted as class p `count(t, p)` times.
fn confusion(n: usize, count: impl Fn(usize, usize) -> usize) -> ConfusionMatrix {
    let mut confusion = ConfusionMatrix::new(n).unwrap();
    for (truth, predicted) in (0..n * n).map(|i| (i / n, i % n)) {
        let one_hot =
            |class| DMatrix::from_fn(n, count(truth, predicted), |i, _| f64::from(u8::from(i == class)));
        confusion.add_batch(&one_hot(predicted), &one_hot(truth)).unwrap();
    }
    confusion
}

/// Ten classes are a table, also with the counts of MNIST; more are a list.
#[test]
fn the_table_of_a_confusion_matrix() {
    let mnist =
        confusion(10, |truth, predicted| if truth == predicted { 59_000 + truth } else { predicted % 3 });
    let found = lines(&mnist);
    assert_eq!(found.len(), 12);
    let cells: Vec<&str> = found[5].split_whitespace().collect();
    assert_eq!(cells, ["3", "·", "1", "2", "59003", "1", "2", "·", "1", "2", "·", "0.02", "%"]);
    // Each number ends below its class.
    let ends =
        |line: &str, text: &str| line.find(text).map(|at| line[..at].chars().count() + text.chars().count());
    assert_eq!(ends(&found[1], " 3"), ends(&found[5], "59003"));
    assert_eq!(
        lines(&confusion(2, |_, _| 3))[2].split_whitespace().collect::<Vec<_>>(),
        ["0", "3", "3", "50.00", "%"]
    );

    for n in [17, 26, 120] {
        let found = lines(&confusion(n, |truth, predicted| match (truth, predicted) {
            (0, 2) | (1, _) => 1,
            (0, 1) => 12,
            (truth, predicted) => 100 * usize::from(truth == predicted && truth != 3),
        }));
        assert_eq!(found.len(), 1 + n, "{found:#?}");
        let cells: Vec<&str> = found[1].split_whitespace().collect();
        assert_eq!(cells, ["0", "100", "11.50", "%", "1", "(12)", "2", "(1)"]);
        assert!(found[2].ends_with(" …") && found[2].contains("  0 (1)  2 (1)"), "{}", found[2]);
        assert_eq!(found[4].split_whitespace().collect::<Vec<_>>(), ["3", "0", "–"]);
    }
}

/// Reports wrap their reasons and warnings.
#[test]
fn the_reports_of_runs() -> gradus::Result<()> {
    let (training, validation) = Dataset::<f64>::synthetic_digits(300, 1)?.split_at(200)?;
    let network = || Network::new(&[784, 10, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1);
    let rule = NoImprovement::new(2)?.monitor(Metric::validation(BalancedAccuracy)).min_delta(0.5)?;
    let trainer = Trainer::new(LogLikelihood).regularizer(L2::new(0.1)?).stop(rule.or(MaxEpochs::new(8)?));
    let trainer = trainer.measure(TopK::new(3)?).measure(F1::macro_average()).monitor_training(true);
    let report = trainer.fit(&mut network()?, &training, Some(&validation))?;
    let found = lines(&report);
    assert!(found.len() > 6 && found[1].starts_with("            "), "{found:#?}");
    lines(&report.history);
    report.history.epochs().iter().for_each(|record| drop(lines(record)));

    // Inputs of very different sizes: a warning of many words.
    let x = DMatrix::from_fn(3, 60, |i, j| [1.0, 1e5, 1e9][i] * ((7 * j + i) % 11) as f64);
    let data = Dataset::from_labels(x, &(0..60).map(|j| j % 2).collect::<Vec<_>>(), 2)?;
    let mut network = Network::new(&[3, 4, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(1)?);
    let report = trainer.fit(&mut network, &data, None)?;
    assert!(!report.warnings.is_empty());
    lines(&report);
    Ok(())
}

/// Names stand in the heads if they fit there, else after the numbers, else only before the lines of a list.
#[test]
fn the_names_of_classes() {
    let named = |n: usize, name: &str| {
        let names: Vec<String> = (0..n).map(|class| format!("{name}{class}")).collect();
        let counted = confusion(n, |truth, predicted| if truth == predicted { 900 + truth } else { 1 });
        (counted.with_class_names(&names).unwrap(), names)
    };
    let (three, names) = named(3, "setosa");
    let found = lines(&three);
    assert_eq!(
        found[1].split_whitespace().collect::<Vec<_>>(),
        ["true", &names[0], &names[1], &names[2], "error"]
    );
    assert!(found[4].trim_start().starts_with("setosa2 ") && found[4].contains("902"), "{found:?}");

    let found = lines(&named(9, "a long name of a class ").0);
    assert!(found[1].ends_with("0   1   2   3   4   5   6   7   8     error"), "{}", found[1]);
    assert!(found[10].contains("a long name of … 8") && found[10].contains("908"), "{}", found[10]);

    let found = lines(&named(26, "class").0);
    assert_eq!(found.len(), 27);
    assert!(found[3].trim_start().starts_with("class2 ") && found[3].contains("class0 (1)"), "{}", found[3]);

    let error = ConfusionMatrix::new(3).unwrap().with_class_names(&["a", "b"]).unwrap_err();
    assert!(matches!(error, gradus::Error::SizeMismatch { found: 2, expected: 3, .. }), "{error}");
    let nameless = ConfusionMatrix::new(3).unwrap().with_class_names(&[""; 0]).unwrap();
    assert_eq!(nameless, ConfusionMatrix::new(3).unwrap());
}
