//! What counts as right: the largest output, the first of equal ones; with one output its side of 1/2; NaN never.

use gradus::prelude::*;

fn counted(n_classes: usize, rows: usize, outputs: &[f64], targets: &[f64]) -> ConfusionMatrix {
    let matrix = |values: &[f64]| DMatrix::from_column_slice(rows, values.len() / rows, values);
    let mut confusion = ConfusionMatrix::new(n_classes).unwrap();
    confusion.add_batch(&matrix(outputs), &matrix(targets)).unwrap();
    confusion
}

/// All counts, row by row.
fn table(confusion: &ConfusionMatrix) -> Vec<u64> {
    let n = confusion.n_classes();
    (0..n * n).map(|i| confusion.get(i / n, i % n)).collect()
}

#[test]
fn the_first_of_equal_outputs_is_the_answer() {
    let confusion = counted(3, 3, &[0.4, 0.4, 0.2, 0.1, 0.7, 0.7], &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(table(&confusion), [1, 0, 0, 0, 0, 0, 0, 1, 0]);
    // Of equal targets it is the first too.
    assert_eq!(table(&counted(2, 2, &[0.1, 0.9], &[0.5, 0.5])), [0, 1, 0, 0]);
}

#[test]
fn one_output_tells_two_classes_at_one_half() {
    let confusion = counted(2, 1, &[0.499, 0.5, 0.5, 0.9, -3.0], &[0.0, 0.0, 1.0, 0.5, 1.0]);
    assert_eq!(table(&confusion), [1, 1, 1, 2]);
    assert_eq!(confusion.accuracy(), 0.6);
}

#[test]
fn an_output_of_nan_is_never_right() {
    let nan = f64::NAN;
    let confusion = counted(
        2,
        2,
        &[nan, 0.0, 0.9, nan, 0.9, 0.1, f64::INFINITY, 0.0],
        &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
    );
    assert_eq!((confusion.total(), table(&confusion)), (4, vec![2, 0, 0, 0]));
    assert_eq!(
        (confusion.accuracy(), confusion.error_rate(0), confusion.error_rate(1)),
        (0.5, Some(0.5), None)
    );
    assert_eq!(counted(2, 1, &[nan], &[1.0]).accuracy(), 0.0);
}

#[test]
fn a_confusion_prints_as_a_table() {
    let text = counted(2, 2, &[0.9, 0.1, 0.6, 0.4], &[1.0, 0.0, 1.0, 0.0]).to_string();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((&lines[0][..], &lines[1][..]), (&["predicted", "as"][..], &["true", "0", "1", "error"][..]));
    assert_eq!(lines[2], ["0", "2", "·", "0.00", "%"]);
    assert_eq!(lines[3], ["1", "·", "·", "–"]);
    assert_eq!(ConfusionMatrix::new(2).unwrap().get(0, 2), 0, "no such class");
}

/// An output of NaN is counted by itself, and a target of NaN is an error that names its place.
#[test]
fn invalid_predictions_are_counted_and_invalid_targets_named() {
    let nan = f64::NAN;
    let confusion = counted(2, 2, &[nan, 0.0, 0.9, 0.1, nan, 0.1], &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!([0, 1, 2].map(|class| confusion.invalid(class)), [2, 0, 0]);
    assert_eq!((confusion.get(1, 0), confusion.get(1, 1)), (1, 0));
    assert_eq!((confusion.get(0, 2), confusion.get(2, 0)), (0, 0), "no such class");

    let (outputs, mut targets) = (DMatrix::<f64>::zeros(3, 4), DMatrix::zeros(3, 4));
    targets[(1, 2)] = nan;
    let error = ConfusionMatrix::new(3).unwrap().add_batch(&outputs, &targets).unwrap_err();
    assert!(matches!(error, gradus::Error::NonFiniteSample { sample: 2, index: 1, .. }), "{error:?}");
}

/// How many columns the names below take: the ideographs two each, the accent none.
fn columns(line: &str) -> usize {
    let wide = line.chars().filter(|c| ('\u{4e00}'..'\u{a000}').contains(c)).count();
    line.chars().count() + wide - line.chars().filter(|c| *c == '\u{301}').count()
}

/// Issue: line breaks in names tore the table, East Asian ones made it wider than 80 columns, and empty ones left it without names.
#[test]
fn odd_names_leave_the_table_in_its_columns() {
    for n in [2, 10, 12, 14, 26, 100] {
        for name in ["漢字漢字漢字漢字漢字", "漢", "a\nb\t\u{1b}[2J", "e\u{301}e\u{301}", "", " "]
        {
            let names = vec![name; n];
            let mut confusion = ConfusionMatrix::new(n).unwrap().with_class_names(&names).unwrap();
            let targets = DMatrix::<f64>::from_fn(n, 3 * n, |i, j| f64::from(u8::from(i == j % n)));
            let outputs = DMatrix::from_fn(n, 3 * n, |i, j| f64::from(u8::from(i == (j * j + j / n) % n)));
            confusion.add_batch(&outputs, &targets).unwrap();
            let text = confusion.to_string();
            assert!(text.lines().all(|line| columns(line) <= 80), "{n} {name:?}:\n{text}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{n} {name:?}:\n{text}");
            let lines = text.lines().count();
            assert!(lines == n + 1 || lines == n + 2, "{n} {name:?}:\n{text}");
            // In a table all rows are of one width.
            let rows: Vec<usize> = text.lines().skip(1).map(columns).collect();
            assert!(lines == n + 1 || rows.iter().all(|width| *width == rows[0]), "{n} {name:?}:\n{text}");
        }
    }
    let unnamed = ConfusionMatrix::new(2).unwrap().with_class_names(&["", "dog"]).unwrap();
    assert!(unnamed.to_string().contains("\n   0 "), "{unnamed}");
}
