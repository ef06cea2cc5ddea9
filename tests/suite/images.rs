//! The relatives of MNIST are read as they are meant, and IDX files of any elements as numbers.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use gradus::data::{IdxTensor, ImageSet};
use gradus::prelude::*;
use gradus::{Error, IdxField, IdxProblem};
use proptest::prelude::*;

fn idx(code: u8, dims: &[u32], body: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, code, dims.len() as u8];
    file.extend(dims.iter().flat_map(|d| d.to_be_bytes()));
    file.extend_from_slice(body);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The values of each type in a file of it, and as the numbers that they are.
fn files(seed: &[i32]) -> Vec<(Vec<u8>, Vec<f64>)> {
    let n = [seed.len() as u32];
    macro_rules! file {
        ($code:expr, $convert:expr) => {{
            let values: Vec<_> = seed.iter().map($convert).collect();
            let body: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
            (idx($code, &n, &body), values.iter().map(|&v| f64::from(v)).collect())
        }};
    }
    vec![
        file!(0x08, |&v| v as u8),
        file!(0x09, |&v| v as i8),
        file!(0x0b, |&v| v as i16),
        file!(0x0c, |&v| v),
        file!(0x0d, |&v| v as f32 / 7.0),
        file!(0x0e, |&v| f64::from(v) / 7.0),
    ]
}

proptest! {
    #[test]
    fn every_type_of_element_is_read_as_numbers(seed in prop::collection::vec(any::<i32>(), 1..50)) {
        for (plain, values) in files(&seed) {
            for file in [gzip(&plain), plain] {
                let tensor = IdxTensor::<f64>::read_numbers(&file[..], "stream").unwrap();
                prop_assert_eq!(tensor.dims(), &[seed.len()]);
                prop_assert_eq!(tensor.data(), &values[..]);
                let single = IdxTensor::<f32>::read_numbers(&file[..], "stream").unwrap();
                prop_assert_eq!(single.into_data(), values.iter().map(|&v| v as f32).collect::<Vec<_>>());
            }
        }
    }

    /// Nothing at all makes the reader panic.
    #[test]
    fn any_bytes_as_numbers(bytes in prop::collection::vec(any::<u8>(), 0..64), code in 0u8..16) {
        let _ = IdxTensor::<f64>::read_numbers(&bytes[..], "stream");
        let _ = IdxTensor::<f32>::read_numbers(&[&[0, 0, code, 1, 0, 0, 0], &bytes[..]].concat()[..], "stream");
    }
}

fn problem<V: std::fmt::Debug>(result: gradus::Result<V>) -> (u64, IdxField, IdxProblem) {
    match result.unwrap_err() {
        Error::Idx { offset, field, problem, .. } => (offset, field, problem),
        other => panic!("not an IDX error: {other}"),
    }
}

/// Sizes are counted in bytes, so that the limits are those of the file.
#[test]
fn wide_elements_count_by_their_bytes() {
    let read = |file: Vec<u8>| problem(IdxTensor::<f64>::read_numbers(&file[..], "stream"));
    for (code, size) in [(0x0b, 2), (0x0c, 4), (0x0d, 4), (0x0e, 8)] {
        let body = vec![0; 3 * size];
        for cut in 0..body.len() {
            let (offset, field, problem) = read(idx(code, &[3], &body[..cut]));
            assert_eq!((offset, field), (8 + cut as u64, IdxField::Body));
            assert!(matches!(problem, IdxProblem::Truncated { until } if until == 8 + 3 * size as u64));
        }
        let (offset, field, _) = read(idx(code, &[3], &[&body[..], &[1]].concat()));
        assert_eq!((offset, field), (8 + 3 * size as u64, IdxField::End));
        let (_, field, problem) = read(idx(code, &[1 << 30, 5], &[]));
        assert_eq!(field, IdxField::Dimension(if size == 2 { 1 } else { usize::from(size == 4) }));
        assert!(matches!(problem, IdxProblem::TooLarge { .. }));
    }
}

#[test]
fn unknown_elements_and_the_way_to_numbers() {
    for code in (0..=255u8).filter(|code| !matches!(code, 8 | 9 | 11..=14)) {
        let (offset, field, problem) =
            problem(IdxTensor::<f64>::read_numbers(&idx(code, &[1], &[5])[..], "stream"));
        assert_eq!((offset, field), (2, IdxField::ElementType));
        assert!(problem.to_string().contains("get it again"), "{problem}");
    }
    let bytes_only = IdxTensor::read(&idx(0x0d, &[1], &[0; 4])[..], "stream").unwrap_err().to_string();
    assert!(
        bytes_only.contains("32-bit floats") && bytes_only.contains("IdxTensor::open_numbers"),
        "{bytes_only}"
    );
}

/// Writes the four files of a set with two images of 3 × 2 pixels each.
fn write_set(dir: &Path, names: [&str; 4], labels: impl Fn(usize) -> Vec<u8>) {
    for (i, name) in names.into_iter().enumerate() {
        let file = if i % 2 == 0 { idx(8, &[2, 3, 2], &(0..12).collect::<Vec<u8>>()) } else { labels(i) };
        fs::write(dir.join(name), file).unwrap();
    }
}

fn bytes_of(data: &Dataset<f64>) -> Vec<u8> {
    let (mut x, mut y) = (DMatrix::zeros(data.n_inputs(), 2), DMatrix::zeros(data.n_outputs(), 2));
    data.gather(1, &[0, 1], &mut x, &mut y).unwrap();
    x.iter().map(|v| (v * 255.0).round() as u8).collect()
}

#[test]
fn letters_are_turned_and_counted_from_0() {
    let dir = tempfile::tempdir().unwrap();
    let names = [
        "emnist-letters-train-images-idx3-ubyte",
        "emnist-letters-train-labels-idx1-ubyte.gz",
        "emnist-letters-test-images.idx3-ubyte",
        "emnist-letters-test-labels-idx1-ubyte",
    ];
    let labels = |first: u8, last: u8| {
        move |i| if i == 1 { gzip(&idx(8, &[2], &[first, last])) } else { idx(8, &[2], &[first, last]) }
    };
    write_set(dir.path(), names, labels(1, 26));
    let letters = ImageSet::EmnistLetters.load::<f64>(dir.path()).unwrap();
    for data in [&letters.training, &letters.test] {
        assert_eq!((data.label(0), data.label(1), data.n_outputs()), (Some(0), Some(25), 26));
        assert_eq!(data.class_names()[25], "Z");
        // Stored as two rows of three … read as three columns of two.
        assert_eq!(bytes_of(data), [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    }
    for wrong in [0, 27] {
        write_set(dir.path(), names, labels(1, wrong));
        let (offset, field, problem) = problem(ImageSet::EmnistLetters.load::<f64>(dir.path()));
        assert_eq!((offset, field), (9, IdxField::Label(1)));
        assert!(
            matches!(problem, IdxProblem::LabelOutOfRange { first: 1, n_classes: 26, .. }),
            "{problem:?}"
        );
        assert!(problem.to_string().contains("from 1 to below 27"), "{problem}");
    }
}

#[test]
fn the_labels_of_qmnist_are_the_first_column_of_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let names = [
        "qmnist-train-images-idx3-ubyte",
        "qmnist-train-labels-idx2-int",
        "qmnist-test-images-idx3-ubyte",
        "qmnist-test-labels-idx2-int",
    ];
    let table = |labels: [i32; 2]| {
        let body: Vec<u8> =
            labels.iter().flat_map(|&l| [l, 1, 2, 3, 4, 5, 6, 7]).flat_map(i32::to_be_bytes).collect();
        move |_| idx(0x0c, &[2, 8], &body)
    };
    write_set(dir.path(), names, table([9, 4]));
    let digits = ImageSet::Qmnist.load::<f64>(dir.path()).unwrap();
    assert_eq!((digits.test.label(0), digits.test.label(1)), (Some(9), Some(4)));
    assert_eq!(bytes_of(&digits.training), (0..12).collect::<Vec<u8>>());
    write_set(dir.path(), names, table([9, -1]));
    let (offset, _, problem) = problem(ImageSet::Qmnist.load::<f64>(dir.path()));
    assert!(
        offset == 12 + 32 && matches!(problem, IdxProblem::LabelOutOfRange { found: -1, .. }),
        "{problem:?}"
    );
}

/// Each set says where it can be had, and has as many classes as names.
#[test]
fn sets_that_are_not_there() {
    let dir = tempfile::tempdir().unwrap();
    for (set, classes, from) in [
        (ImageSet::Mnist, 10, "mnist"),
        (ImageSet::FashionMnist, 10, "fashion-mnist"),
        (ImageSet::KuzushijiMnist, 10, "kmnist"),
        (ImageSet::Qmnist, 10, "qmnist"),
        (ImageSet::EmnistBalanced, 47, "emnist"),
        (ImageSet::EmnistByClass, 62, "emnist"),
        (ImageSet::EmnistByMerge, 47, "emnist"),
        (ImageSet::EmnistDigits, 10, "emnist"),
        (ImageSet::EmnistLetters, 26, "emnist"),
        (ImageSet::EmnistMnist, 10, "emnist"),
    ] {
        assert_eq!(set.class_names().len(), classes, "{set:?}");
        let message = set.load::<f32>(dir.path()).unwrap_err().to_string();
        assert!(message.contains(from) && message.contains("can be downloaded from https://"), "{message}");
    }
}
