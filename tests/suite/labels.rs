//! Labels of any integer type, names of classes, and examples as rows make the same data set as one-hot columns.

use gradus::Error;
use gradus::prelude::*;
use proptest::prelude::*;

/// All samples of `data` as matrices.
fn gathered(data: &Dataset<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut x = DMatrix::zeros(data.n_inputs(), data.len());
    let mut y = DMatrix::zeros(data.n_outputs(), data.len());
    data.gather(1, &(0..data.len()).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
    (x, y)
}

fn numbers(rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |i, j| (i * 100 + j) as f64)
}

proptest! {
    #[test]
    fn labels_of_every_type_are_one_hot_columns(labels in prop::collection::vec(0u8..5, 1..30)) {
        let x = numbers(2, labels.len());
        let y = DMatrix::from_fn(5, labels.len(), |i, j| f64::from(u8::from(i == usize::from(labels[j]))));
        let wanted = (x.clone(), y);
        macro_rules! check {
            ($($integer:ty),*) => { $(
                let these: Vec<$integer> = labels.iter().map(|&label| label as $integer).collect();
                prop_assert_eq!(&gathered(&Dataset::from_labels(x.clone(), &these, 5).unwrap()), &wanted);
            )* };
        }
        check!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
    }

    #[test]
    fn names_are_labels_in_alphabetical_order(labels in prop::collection::vec(0usize..4, 2..30)) {
        const NAMES: [&str; 4] = ["Zebra", "ant", "bee", "ähre"];
        let names: Vec<&str> = labels.iter().map(|&label| NAMES[label]).collect();
        let data = Dataset::from_class_names(numbers(2, labels.len()), &names);
        let mut classes = names.clone();
        classes.sort();
        classes.dedup();
        if classes.len() == 1 {
            let refused = matches!(data, Err(Error::OneClass { .. }));
            prop_assert!(refused);
            return Ok(());
        }
        let data = data.unwrap();
        prop_assert_eq!(data.class_names(), &classes);
        for (index, name) in names.iter().enumerate() {
            prop_assert_eq!(&data.class_names()[data.label(index).unwrap()], name);
        }
    }

    #[test]
    fn rows_are_columns_transposed(n in 1usize..10, inputs in 1usize..5, outputs in 1usize..5) {
        let (x, y) = (numbers(inputs, n), numbers(outputs, n));
        let rows = Dataset::from_rows(x.transpose(), y.transpose()).unwrap();
        prop_assert_eq!(gathered(&rows), (x, y));
    }

    /// A selection of a selection is the selection of its indices.
    #[test]
    fn selections(first in prop::collection::vec(0usize..20, 1..30), second in prop::collection::vec(0usize..1000, 1..30)) {
        let all = Dataset::new(numbers(3, 20), numbers(1, 20)).unwrap();
        let second: Vec<usize> = second.iter().map(|index| index % first.len()).collect();
        let both = all.select(&first).unwrap().select(&second).unwrap();
        let indices: Vec<usize> = second.iter().map(|&index| first[index]).collect();
        let (x, y) = gathered(&all);
        prop_assert_eq!(gathered(&both), (x.select_columns(&indices), y.select_columns(&indices)));
        let end = both.slice(both.len() / 2..both.len()).unwrap();
        prop_assert_eq!(gathered(&end).0, x.select_columns(&indices[both.len() / 2..]));
    }
}

#[test]
fn a_selection_of_nothing_or_beyond_the_end() {
    let all = Dataset::new(numbers(3, 20), numbers(1, 20)).unwrap().slice(5..15).unwrap();
    assert!(matches!(all.select(&[]), Err(Error::Empty { .. })));
    assert!(matches!(all.select(&[9, 10]), Err(Error::SizeMismatch { found: 10, expected: 11, .. })));
    assert!(matches!(all.select(&[usize::MAX]), Err(Error::SizeMismatch { .. })));
}

#[test]
fn transposed_matrices_are_named() {
    let new =
        |x: (usize, usize), y: (usize, usize)| Dataset::new(numbers(x.0, x.1), numbers(y.0, y.1)).map(|_| ());
    for (x, y, transposed) in
        [((150, 4), (150, 3), "x and y"), ((150, 4), (1, 150), "x"), ((4, 150), (150, 3), "y")]
    {
        let error = new(x, y).unwrap_err();
        assert!(matches!(error, Error::Transposed { what, .. } if what == transposed), "{error}");
        assert!(error.to_string().contains(&format!("transpose {transposed}")), "{error}");
    }
    let error = Dataset::from_labels(numbers(150, 4), &[0; 150], 3).unwrap_err();
    assert!(matches!(error, Error::Transposed { what: "x", .. }), "{error}");
    assert!(matches!(new((4, 150), (3, 149)), Err(Error::SizeMismatch { found: 149, expected: 150, .. })));
    assert!(new((150, 150), (1, 150)).is_ok());
}

#[test]
fn labels_that_are_none() {
    let x = || numbers(2, 3);
    let error = Dataset::from_labels(x(), &[1, 2, 3], 3).unwrap_err();
    assert!(matches!(error, Error::Label { sample: 2, label: 3, smallest: 1, n_classes: 3 }), "{error}");
    assert!(error.to_string().contains("subtract 1 from each"), "{error}");
    let error = Dataset::from_labels(x(), &[0, -1, 2], 3).unwrap_err();
    assert!(matches!(error, Error::Label { sample: 1, label: -1, smallest: -1, .. }), "{error}");
    let error = Dataset::from_labels(x(), &[0, u64::MAX, 1], 3).unwrap_err();
    assert!(matches!(error, Error::Label { sample: 1, label: i64::MAX, .. }), "{error}");
    assert!(Dataset::from_labels(x(), &[0, 0, 0], 0).is_err());
    assert!(Dataset::from_labels(x(), &[0, 0], 1).is_err());
    assert!(Dataset::from_labels(DMatrix::from_element(1, 1, f64::NAN), &[0], 1).is_err());
}
