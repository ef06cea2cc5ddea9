//! Samples on a disk: the same as in memory, whole or refused with the place, and in an order of blocks.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use flate2::Compression;
use flate2::write::GzEncoder;
use gradus::data::{Blocks, Csv, Table, mnist};
use gradus::prelude::*;
use gradus::{Error, IdxField, IdxProblem, StreamError, StreamProblem};
use proptest::prelude::*;

use super::doubles::{Hooked, gone, interruption};

/// All samples of a source.
fn all<T: Real>(source: &dyn Samples<T>) -> (DMatrix<T>, DMatrix<T>) {
    let n = source.len();
    let (mut x, mut y) = (DMatrix::zeros(source.n_inputs(), n), DMatrix::zeros(source.n_outputs(), n));
    source.gather(1, &(0..n).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
    (x, y)
}

fn written<T: Real>(folder: &Path, name: &str, source: &dyn Samples<T>) -> PathBuf {
    let path = folder.join(name);
    Streamed::write(source, &path).unwrap();
    path
}

#[track_caller]
fn stream_error<V: std::fmt::Debug>(result: gradus::Result<V>) -> StreamError {
    match result {
        Err(Error::Stream(error)) => *error,
        other => panic!("{other:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_was_written_is_read_to_the_bit_and_obeys_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let digits = Dataset::<f32>::synthetic_digits(2_900, 1).unwrap();
    let path = written(folder.path(), "digits", &digits);
    assert!(fs::metadata(&path).unwrap().len() < 2_900 * 790, "as bytes and labels");
    let streamed = Streamed::open([&path]).unwrap();
    assert!(all::<f32>(&streamed) == all(&digits));
    assert_eq!(Samples::<f32>::task(&streamed), Some(Task::Classes));
    gradus::check::samples::<f32>(&streamed).unwrap();
    // More than one block, or the windows below would mix nothing.
    assert!(Samples::<f32>::blocks(&streamed).unwrap().starts.len() > 3);

    // Doubles that are no pixels; the last sample alone is none in the second set.
    let odd = |i: usize| if i < 2_999 { (i % 256) as f64 * (1.0 / 255.0) } else { 0.123 };
    for value in [&|i: usize| (i as f64).sin() as _, &odd as &dyn Fn(usize) -> f64] {
        let x = DMatrix::from_fn(400, 3_000, |_, j| value(j));
        let y = DMatrix::from_fn(2, 3_000, |i, j| (i + j) as f64 / 7.0);
        let data = Dataset::new(x, y).unwrap();
        let streamed = Streamed::open([written(folder.path(), "numbers", &data)]).unwrap();
        assert!(all::<f64>(&streamed) == all(&data));
        assert_eq!(Samples::<f64>::task(&streamed), Some(Task::Regression));
        gradus::check::samples::<f64>(&streamed).unwrap();
    }
}

#[test]
fn several_files_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let digits = Dataset::<f64>::synthetic_digits(3_000, 1).unwrap();
    let (first, second) = digits.split_at(1_700).unwrap();
    let paths = [written(folder.path(), "1", &first), written(folder.path(), "2", &second)];
    let streamed = Streamed::open(&paths).unwrap();
    assert!(all::<f64>(&streamed) == all(&digits));
    let starts = Samples::<f64>::blocks(&streamed).unwrap().starts;
    assert!(starts.contains(&1_700) && starts.is_sorted());

    let fingerprint = |paths: &[&PathBuf]| Samples::<f64>::fingerprint(&Streamed::open(paths).unwrap());
    let [a, b] = &paths;
    let all = [
        fingerprint(&[a, b]),
        fingerprint(&[b, a]),
        fingerprint(&[a]),
        fingerprint(&[b]),
        fingerprint(&[a, a]),
    ];
    assert_eq!(HashSet::from(all).len(), 5);

    let other = Dataset::new(DMatrix::<f64>::zeros(3, 2), DMatrix::zeros(1, 2)).unwrap();
    let other = written(folder.path(), "3", &other);
    let StreamError { path, problem, .. } = stream_error(Streamed::open([a, &other]));
    assert!(path == other && matches!(problem, StreamProblem::Differs { what: "inputs", .. }), "{problem}");
    assert!(matches!(Streamed::open(Vec::<PathBuf>::new()), Err(Error::Empty { .. })));
}

#[test]
fn damage_is_found_at_its_place_before_anything_is_learned_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let digits = Dataset::<f32>::synthetic_digits(3_000, 1).unwrap();
    let path = written(folder.path(), "digits", &digits);
    let whole = fs::read(&path).unwrap();
    let problem = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let StreamError { path: at, offset, problem } = stream_error(Streamed::open([&path]));
        assert_eq!(at, path);
        (offset, problem)
    };
    assert!(matches!(problem(b""), (0, StreamProblem::Foreign)));
    assert!(matches!(
        problem(
            b"PK\x03\x04 some other file, which is long enough to have a header of eighty bytes or more."
        ),
        (0, StreamProblem::Foreign)
    ));
    assert!(matches!(problem(&[vec![0; 80], whole[80..].to_vec()].concat()), (0, StreamProblem::Unfinished)));
    let cut = whole.len() as u64 - 1;
    assert!(
        matches!(problem(&whole[..whole.len() - 1]), (at, StreamProblem::Length { found, .. }) if (at, found) == (cut, cut))
    );
    assert!(
        matches!(problem(&[&whole[..], b"x"].concat()), (at, StreamProblem::Length { .. }) if at == cut + 1)
    );
    for byte in 8..80 {
        let mut damaged = whole.clone();
        damaged[byte] ^= 4;
        assert!(
            matches!(problem(&damaged), (_, StreamProblem::Header { .. } | StreamProblem::Version { .. })),
            "{byte}"
        );
    }

    // A bit in the second block.
    let starts = Samples::<f32>::blocks(&Streamed::open([written(folder.path(), "whole", &digits)]).unwrap())
        .unwrap()
        .starts;
    let mut damaged = whole;
    let offset = 80 + starts[1] * (784 + 4) + 4;
    damaged[offset + 5_000] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let streamed = Streamed::open([&path]).unwrap();
    let mut network =
        Network::<f32, _, _>::new(&[784, 5, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    for threads in [1, 2] {
        let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(1).unwrap()).threads(threads);
        let run = interruption(trainer.fit(&mut network, &streamed, None).unwrap_err());
        let StreamError { path: at, offset: found, problem } = stream_error(Err::<(), _>(run.cause));
        let StreamProblem::Checksum { first, last, .. } = problem else { panic!("{problem}") };
        assert_eq!((at, found as usize, first, last), (path.clone(), offset, starts[1], starts[2] - 1));
    }
    let problem = stream_error(Streamed::open([folder.path()])).problem;
    assert!(matches!(problem, StreamProblem::NotAFile), "{problem}");
    let problem = stream_error(Streamed::open(["no/such/file"])).problem;
    assert!(matches!(problem, StreamProblem::NotFound), "{problem}");
    let nowhere = Streamed::write(&digits, folder.path().join("no/such/folder"));
    let problem = stream_error(nowhere).problem;
    assert!(matches!(problem, StreamProblem::Unwritable { .. }), "{problem}");
}

#[test]
fn a_target_that_the_cost_does_not_know_is_found_in_the_first_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let y = DMatrix::from_fn(1, 500, |_, j| if j == 321 { 1.5 } else { 0.5 });
    let data = Dataset::new(DMatrix::from_fn(2, 500, |i, j| (i + j) as f64 / 500.0), y).unwrap();
    let streamed = Streamed::open([written(folder.path(), "targets", &data)]).unwrap();
    let mut network = Network::<f64, _, _>::new(&[2, 3, 1], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let error = Trainer::new(CrossEntropy).fit(&mut network, &streamed, None).unwrap_err();
    let run = interruption(error);
    assert_eq!(run.kept, 0);
    assert!(matches!(run.cause, Error::Target { sample: 321, value: 1.5, .. }), "{run}");
}

#[test]
fn idx_files_plain_and_gzip_become_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let n = 1_000_u32;
    let pixels: Vec<u8> = (0..n * 12).map(|i| (i * i % 251) as u8).collect();
    let labels: Vec<u8> = (0..n).map(|i| (i % 7) as u8).collect();
    let head = |dims: &[u32]| {
        [vec![0, 0, 8, dims.len() as u8], dims.iter().flat_map(|d| d.to_be_bytes()).collect()].concat()
    };
    let images = [head(&[n, 3, 4]), pixels].concat();
    let labels = [head(&[n]), labels].concat();
    fs::write(file("images"), &images).unwrap();
    fs::write(file("labels"), &labels).unwrap();
    fs::write(file("images.gz"), gzip(&images)).unwrap();
    fs::write(file("labels.gz"), gzip(&labels)).unwrap();
    let wanted: Dataset<f32> = mnist::read_pair(file("images"), file("labels"), 7).unwrap();
    for (images, labels) in [("images", "labels"), ("images.gz", "labels.gz")] {
        Streamed::write_idx(file(images), file(labels), 7, file("samples")).unwrap();
        let streamed = Streamed::open([file("samples")]).unwrap();
        assert!(all::<f32>(&streamed) == all(&wanted));
    }
    match Streamed::write_idx(file("images"), file("labels"), 6, file("samples")).unwrap_err() {
        Error::Idx {
            path,
            offset: 14,
            field: IdxField::Label(6),
            problem: IdxProblem::LabelOutOfRange { .. },
        } => {
            assert_eq!(path, file("labels"));
        }
        error => panic!("{error}"),
    }
    // What was there before is there still.
    let streamed = Streamed::open([file("samples")]).unwrap();
    assert!(all::<f32>(&streamed) == all(&wanted));
    for classes in [0, 1] {
        let refused = Streamed::write_idx(file("images"), file("labels"), classes, file("samples"));
        assert!(matches!(refused, Err(Error::Setting { name: "number of classes", .. })), "{refused:?}");
    }
    fs::write(file("cut.gz"), gzip(&images[..images.len() - 1])).unwrap();
    match Streamed::write_idx(file("cut.gz"), file("labels"), 7, file("samples")).unwrap_err() {
        Error::Idx { offset, problem: IdxProblem::Truncated { .. }, .. } => {
            assert_eq!(offset as usize, images.len() - 1)
        }
        error => panic!("{error}"),
    }
    fs::write(file("few"), [&[0, 0, 8, 1, 0, 0, 0, 2, 3, 0][..]].concat()).unwrap();
    assert!(matches!(
        Streamed::write_idx(file("images"), file("few"), 7, file("samples")),
        Err(Error::Idx { problem: IdxProblem::CountsDiffer { .. }, .. })
    ));
}

/// The header of a file of samples with other bytes at some places, and a checksum that agrees.
fn with_header(file: &[u8], edits: &[(usize, &[u8])]) -> Vec<u8> {
    let mut file = file.to_vec();
    edits.iter().for_each(|&(at, bytes)| file[at..at + bytes.len()].copy_from_slice(bytes));
    let checksum = crc32(&file[..76]);
    file[76..80].copy_from_slice(&checksum.to_le_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// Whatever a header claims, with a checksum that agrees.
#[test]
fn a_header_that_claims_the_impossible_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "digits", &Dataset::<f32>::synthetic_digits(20, 1).unwrap());
    let whole = fs::read(&path).unwrap();
    let problem = |edits: &[(usize, &[u8])]| {
        fs::write(&path, with_header(&whole, edits)).unwrap();
        stream_error(Streamed::open([&path])).problem
    };
    fs::write(&path, with_header(&whole, &[])).unwrap();
    assert!(Streamed::open([&path]).is_ok(), "the checksum of this test is the right one");
    let huge = 0xffff_ffff_u64.to_le_bytes();
    let doubles = 2_u32.to_le_bytes();
    let [n, inputs, outputs] = [24, 32, 40];
    for claims in [&[inputs, outputs][..], &[n, inputs], &[n, outputs], &[n, inputs, outputs]] {
        let edits: Vec<(usize, &[u8])> = claims.iter().map(|&at| (at, &huge[..])).collect();
        // One sample a block, so that a sample may be as large as can be said.
        let small = [(20, &[1, 0, 0, 0][..]), (12, &doubles[..]), (16, &doubles[..])];
        let found = problem(&[&small[..], &edits[..]].concat());
        assert!(matches!(found, StreamProblem::Length { .. } | StreamProblem::Header { .. }), "{found}");
    }
    let nan = f64::NAN.to_bits().to_le_bytes();
    assert!(matches!(problem(&[(48, &[1]), (56, &nan)]), StreamProblem::Header { .. }));
}

/// A file that another program has written may hold anything: the error names the file and the byte.
#[test]
fn a_value_that_is_not_finite_is_found_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (n, width) = (7, 3);
    let x = DMatrix::from_fn(width, n, |i, j| (i * 7 + j) as f64 / 3.0);
    let data = Dataset::new(x, DMatrix::from_fn(1, n, |_, j| 1e300 * (j + 1) as f64 / 7.0)).unwrap();
    let path = written(folder.path(), "numbers", &data);
    let whole = fs::read(&path).unwrap();
    let gather = |sample: usize| {
        let streamed = Streamed::open([&path]).unwrap();
        let (mut x, mut y) = (DMatrix::<f64>::zeros(width, 1), DMatrix::zeros(1, 1));
        streamed.gather(1, &[sample], &mut x, &mut y)
    };
    let targets = 80 + n * width * 8;
    for (at, what, sample, number) in
        [(80 + (5 * width + 2) * 8, "input", 5, 2), (80, "input", 0, 0), (targets + 6 * 8, "target", 6, 0)]
    {
        for value in [f64::NAN, f64::INFINITY] {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            let end = bytes.len() - 4;
            let checksum = crc32(&bytes[80..end]);
            bytes[end..].copy_from_slice(&checksum.to_le_bytes());
            fs::write(&path, bytes).unwrap();
            let StreamError { path: found, offset, problem } = stream_error(gather(sample));
            assert_eq!((found, offset as usize), (path.clone(), at));
            let StreamProblem::NonFinite { what: a, sample: b, number: c, .. } = problem else {
                panic!("{problem}")
            };
            assert_eq!((a, b, c), (what, sample, number));
            assert!(gather((sample + 1) % n).is_ok(), "the others are as they were");
        }
    }
    // Finite, but not in single precision.
    fs::write(&path, whole).unwrap();
    let streamed = Streamed::open([&path]).unwrap();
    let (mut x, mut y) = (DMatrix::<f32>::zeros(width, 1), DMatrix::zeros(1, 1));
    let StreamError { offset, problem, .. } = stream_error(streamed.gather(1, &[2], &mut x, &mut y));
    assert!(
        matches!(problem, StreamProblem::NonFinite { what: "target", precision: "f32", .. }),
        "{problem}"
    );
    assert_eq!(offset as usize, targets + 2 * 8);
}

/// The file that is read from too, if a write fails or panics, and if two write at once.
#[test]
fn a_file_is_replaced_by_a_whole_one_only() {
    let folder = tempfile::tempdir().unwrap();
    let names = || {
        let mut names: Vec<_> = folder.path().read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let digits = Dataset::<f32>::synthetic_digits(3_000, 1).unwrap();
    let path = written(folder.path(), "digits", &digits);
    let streamed = Streamed::open([&path]).unwrap();
    Streamed::write::<f32>(&streamed, &path).unwrap();
    assert!(all::<f32>(&Streamed::open([&path]).unwrap()) == all(&digits), "onto itself");

    let fails = Hooked::new(digits.clone(), |call, epoch| if call == 2 { Err(gone(epoch)) } else { Ok(()) });
    assert!(matches!(Streamed::write(&fails, &path), Err(Error::Samples { .. })));
    let panics = Hooked::new(digits.clone(), |call, _| if call == 2 { panic!("on purpose") } else { Ok(()) });
    let write = std::panic::AssertUnwindSafe(|| Streamed::write(&panics, &path));
    assert!(std::panic::catch_unwind(write).is_err());
    // A program that was killed leaves a file, which the next one takes.
    fs::write(folder.path().join("digits.partial"), b"left behind").unwrap();
    let two = Hooked::new(digits.clone(), |call, _| {
        let problem = (call == 1).then(|| stream_error(Streamed::write(&digits, &path)).problem);
        assert!(problem.is_none_or(|problem| matches!(problem, StreamProblem::Busy)));
        Ok(())
    });
    Streamed::write(&two, &path).unwrap();
    assert!(all::<f32>(&Streamed::open([&path]).unwrap()) == all(&digits));
    assert_eq!(names(), ["digits"]);
    // The one that was opened first goes on with its own.
    assert!(all::<f32>(&streamed) == all(&digits));

    let problem = stream_error(Streamed::write(&digits, folder.path())).problem;
    assert!(matches!(problem, StreamProblem::NotAFile), "{problem}");
}

#[test]
fn weights_are_not_lost_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let digits = Dataset::<f32>::synthetic_digits(30, 1).unwrap();
    let path = written(folder.path(), "digits", &Weighted::new(digits.clone(), vec![1.0; 30]).unwrap());
    let other: Vec<f64> = (0..30).map(|i| if i == 29 { 2.0 } else { 1.0 }).collect();
    let refused = Streamed::write(&Weighted::new(digits, other.clone()).unwrap(), &path);
    assert!(
        matches!(refused, Err(Error::Setting { name: "weight of a sample", value: 2.0, .. })),
        "{refused:?}"
    );

    // They come back when the file is opened, and are a part of what a run is recognized by.
    let weighted = |weights| Weighted::new::<f32>(Streamed::open([&path]).unwrap(), weights).unwrap();
    let mut network = Network::new(&[784, 5, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let trainer = |epochs| Trainer::new(LogLikelihood).stop(MaxEpochs::new(epochs).unwrap());
    let run: Run<f32> = trainer(1).fit(&mut network, &weighted(other.clone()), None).unwrap().run;
    let resumed = |weights| trainer(2).resume(run.clone(), &mut network.clone(), &weighted(weights), None);
    assert!(matches!(resumed(vec![1.0; 30]), Err(Error::OtherSettings { .. })));
    assert!(resumed(other).is_ok());
    let none = trainer(1).fit(&mut network, &weighted(vec![0.0; 30]), None);
    assert!(matches!(none, Err(Error::Setting { name: "sum of the weights of a data set", .. })));
}

/// The order depends on the window: a run goes on with the same one only.
#[test]
fn a_run_does_not_go_on_with_another_window() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "digits", &Dataset::<f32>::synthetic_digits(4_500, 1).unwrap());
    let open = |bytes| Streamed::open([&path]).unwrap().window(bytes).unwrap();
    let mut network = Network::new(&[784, 5, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let trainer = |epochs| Trainer::new(LogLikelihood).stop(MaxEpochs::new(epochs).unwrap());
    let run: Run<f32> = trainer(1).fit(&mut network, &open(2 << 20), None).unwrap().run;
    let error = trainer(2).resume(run.clone(), &mut network, &open(1), None).unwrap_err();
    assert!(error.to_string().contains("blocks of the samples"), "{error}");
    assert!(trainer(2).resume(run, &mut network, &open(2 << 20), None).is_ok());
}

#[test]
fn blocks_that_are_no_blocks_are_refused() {
    let digits = Dataset::<f32>::synthetic_digits(10, 1).unwrap();
    let mut network = Network::new(&[784, 5, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    for (starts, window) in [
        (vec![], 1),
        (vec![0], 1),
        (vec![1, 10], 1),
        (vec![0, 9], 1),
        (vec![0, 11], 1),
        (vec![0, 5, 3, 10], 1),
        (vec![0, 5, 5, 10], 1),
        (vec![0, 5, 10], 0),
    ] {
        let mut data = Hooked::new(digits.clone(), |_, _| Ok(()));
        data.blocks = Some(Blocks { starts, window });
        let refused = Trainer::new(LogLikelihood).fit(&mut network, &data, None).map(drop);
        assert!(
            matches!(refused, Err(Error::SizeMismatch { .. } | Error::Setting { .. })),
            "{:?}",
            data.blocks
        );
        assert_eq!(data.calls(), 0);
    }
}

/// A window has so many bytes, whichever of the files its blocks are from.
#[test]
fn the_window_is_as_large_with_files_of_small_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = |n: usize, width: usize| {
        let x = DMatrix::from_fn(width, n, |i, j| (i * 7 + j) as f64 / 3.0);
        Dataset::from_labels(x, &vec![1_u32; n], 2).unwrap()
    };
    let small = Dataset::from_labels(DMatrix::<f64>::zeros(1, 70_000), &vec![1_u32; 70_000], 2).unwrap();
    let paths = [written(folder.path(), "1", &small), written(folder.path(), "2", &numbers(90_000, 1))];
    let window = |paths: &[PathBuf]| {
        let streamed = Streamed::open(paths).unwrap();
        (
            Samples::<f64>::blocks(&streamed).unwrap().window,
            Samples::<f64>::blocks(&streamed.window(1 << 20).unwrap()),
        )
    };
    let (both, alone) = (window(&paths), window(&paths[1..]));
    assert_eq!((both.0, both.1.unwrap().window), (alone.0, alone.1.unwrap().window));
    assert!(window(&paths[..1]).0 > alone.0, "blocks of bytes are smaller");
}

/// A compressed table that is damaged says so, and what helps.
#[cfg(feature = "csv")]
#[test]
fn a_damaged_gzip_of_a_table_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("table.csv.gz"), folder.path().join("samples"));
    let text: String = (0..900).map(|i| format!("{},{}\n", i % 7, ["x", "y"][i % 2])).collect();
    let whole = gzip(format!("a,kind\n{text}").as_bytes());
    let mut flipped = whole.clone();
    flipped[whole.len() - 5] ^= 1;
    for bytes in [[&whole[..], b"more"].concat(), whole[..whole.len() / 2].to_vec(), flipped] {
        fs::write(&from, bytes).unwrap();
        let error = Csv::new().target("kind").write::<f32>(&from, &to).unwrap_err();
        assert!(matches!(error, Error::Table(_)) && error.to_string().contains("gzip stream"), "{error}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}

#[cfg(feature = "csv")]
#[test]
fn tables_plain_and_gzip_become_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let mut text = "a,colour,b,kind\n".to_owned();
    for i in 0..3_000 {
        let a = if i % 50 == 7 { String::new() } else { format!("{}", (i * 37 % 101) as f64 / 8.0) };
        text += &format!("{a},{},{i}.5,{}\n", ["red", "green", "blue"][i % 3], ["yes", "no"][i % 2]);
    }
    fs::write(file("table.csv"), &text).unwrap();
    fs::write(file("table.csv.gz"), gzip(text.as_bytes())).unwrap();
    for (csv, classes) in [
        (Csv::new().target("kind").missing(gradus::data::Missing::DropRows), true),
        (Csv::new().target("b").missing(gradus::data::Missing::Mean), false),
    ] {
        let table: Table<f64> = csv.open(file("table.csv")).unwrap();
        for from in ["table.csv", "table.csv.gz"] {
            let columns = csv.write::<f64>(file(from), file("samples")).unwrap();
            assert_eq!(columns.input_names(), table.columns.input_names());
            let streamed = Streamed::open([file("samples")]).unwrap();
            assert!(all::<f64>(&streamed) == all(&table.data), "{from}");
            assert_eq!(Samples::<f64>::task(&streamed) == Some(Task::Classes), classes);
        }
    }
    // Several files are one, and another table is written with the columns of the first.
    let lines: Vec<&str> = text.lines().collect();
    let part = |rows: &[&str]| format!("{}\n{}\n", lines[0], rows.join("\n"));
    fs::write(file("1.csv"), part(&lines[1..2_000])).unwrap();
    fs::write(file("2.csv.gz"), gzip(part(&lines[2_000..]).as_bytes())).unwrap();
    let csv = Csv::new().target("kind").missing(gradus::data::Missing::DropRows);
    let columns = csv.write_all::<f64>(&[file("1.csv"), file("2.csv.gz")], file("samples")).unwrap();
    let table: Table<f64> = csv.open(file("table.csv")).unwrap();
    assert_eq!(columns, table.columns);
    assert!(all::<f64>(&Streamed::open([file("samples")]).unwrap()) == all(&table.data));
    fs::write(file("few.csv"), "kind,b,a,colour\nno,1,2,red\nno,3,4,red\n").unwrap();
    csv.write_like::<f64>(&columns, file("few.csv"), file("few")).unwrap();
    let few: Table<f64> = csv.open_like(&columns, file("few.csv")).unwrap();
    assert!(all::<f64>(&Streamed::open([file("few")]).unwrap()) == all(&few.data));
    let none = csv.write_all::<f64>(&Vec::<PathBuf>::new(), file("samples"));
    assert!(matches!(none, Err(Error::Empty { .. })));
    fs::write(file("other.csv"), "a,b,kind\n1,2,yes\n").unwrap();
    let other = csv.write_all::<f64>(&[file("1.csv"), file("other.csv")], file("samples")).unwrap_err();
    assert!(other.to_string().contains("other.csv") && other.to_string().contains("colour"), "{other}");

    // The task is that of all rows, not of the first ones.
    let labels = |last: &str| format!("a,p,q\n{}1,{last},1\n", "0,1,0\n1,0,0\n2,1,1\n".repeat(30));
    for (last, is_regression) in [("0", false), ("0.5", true)] {
        fs::write(file("labels.csv"), labels(last)).unwrap();
        Csv::new().target("p").target("q").write::<f32>(file("labels.csv"), file("samples")).unwrap();
        let task = Samples::<f32>::task(&Streamed::open([file("samples")]).unwrap());
        assert_eq!(task == Some(Task::Regression), is_regression, "{task:?}");
    }
    let refused = Csv::new().target("kind").write::<f64>(file("table.csv"), file("samples")).unwrap_err();
    assert!(refused.to_string().contains("line 9, column 1 `a`"), "{refused}");
}

/// Writes down what it is asked for.
#[derive(Debug)]
struct Watched {
    n: usize,
    blocks: Option<Blocks>,
    asked: Mutex<Vec<usize>>,
    soon: Mutex<Vec<Range<usize>>>,
    /// Places at which a sample was asked for that had not been announced.
    surprises: Mutex<Vec<usize>>,
}

impl Watched {
    fn new(starts: Vec<usize>, window: usize) -> Self {
        let n = *starts.last().unwrap();
        let blocks = Some(Blocks { starts, window });
        Self { n, blocks, asked: Mutex::default(), soon: Mutex::default(), surprises: Mutex::default() }
    }

    /// The samples of each epoch in their order.
    fn orders(&self, trainer: Trainer<f64, Quadratic>, epochs: usize) -> Vec<Vec<usize>> {
        let mut network = Network::<f64, _, _>::new(&[1, 1], Linear, Linear, &ScaledGaussian, 1).unwrap();
        self.asked.lock().unwrap().clear();
        self.surprises.lock().unwrap().clear();
        trainer.stop(MaxEpochs::new(epochs).unwrap()).fit(&mut network, self, None).unwrap();
        let surprises = self.surprises.lock().unwrap();
        assert!(surprises.iter().all(|&place| place >= epochs * self.n), "{surprises:?}");
        self.asked.lock().unwrap()[..epochs * self.n].chunks(self.n).map(<[_]>::to_vec).collect()
    }
}

impl Samples<f64> for Watched {
    fn len(&self) -> usize {
        self.n
    }
    fn n_inputs(&self) -> usize {
        1
    }
    fn n_outputs(&self) -> usize {
        1
    }
    fn gather(
        &self,
        _: u64,
        indices: &[usize],
        x: &mut DMatrix<f64>,
        y: &mut DMatrix<f64>,
    ) -> gradus::Result<()> {
        let soon = self.soon.lock().unwrap();
        for (column, &index) in indices.iter().enumerate() {
            let mut asked = self.asked.lock().unwrap();
            if !soon.iter().any(|range| range.contains(&index)) {
                self.surprises.lock().unwrap().push(asked.len());
            }
            asked.push(index);
            (x[column], y[column]) = (index as f64 / self.n as f64, 0.5);
        }
        Ok(())
    }
    fn blocks(&self) -> Option<Blocks> {
        self.blocks.clone()
    }
    fn read_ahead(&self, ranges: &[Range<usize>]) {
        *self.soon.lock().unwrap() = ranges.to_vec();
    }
    fn task(&self) -> Option<Task> {
        Some(Task::Regression)
    }
    fn fingerprint(&self) -> Option<u64> {
        Some(1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn an_epoch_of_blocks_has_every_sample_once_and_stays_within_its_windows(
        lengths in prop::collection::vec(1_usize..9, 1..12), window in 1_usize..5, m in 1_usize..12, seed in 0_u64..100,
    ) {
        let mut starts = vec![0];
        lengths.iter().for_each(|length| starts.push(starts.last().unwrap() + length));
        let source = Watched::new(starts.clone(), window);
        let trainer = || Trainer::new(Quadratic).mini_batch(m).seed(seed).threads(1);
        let orders = source.orders(trainer(), 2);
        let block = |sample: &usize| starts.partition_point(|start| start <= sample);
        for order in &orders {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..source.n).collect::<Vec<_>>());
            // A block that has been left does not come back after more blocks than a window has.
            let mut open: HashSet<usize> = HashSet::new();
            let mut done = HashSet::new();
            for sample in order {
                if open.insert(block(sample)) && open.len() > window {
                    let complete: Vec<usize> = open.iter().copied().filter(|&b| b != block(sample)).collect();
                    complete.iter().for_each(|b| { open.remove(b); done.insert(*b); });
                }
                prop_assert!(!done.contains(&block(sample)), "{:?} {:?}", order, starts);
            }
        }
        prop_assert_eq!(source.orders(trainer(), 2), orders, "the same again");
    }
}

#[test]
fn the_order_of_blocks_depends_on_seed_and_epoch() {
    let source = Watched::new((0..=20).map(|i| 10 * i).collect(), 4);
    let of = |seed| source.orders(Trainer::new(Quadratic).seed(seed).threads(1), 2);
    let (first, second) = (of(1), of(2));
    assert!(first[0] != first[1] && first[0] != second[0]);
    // Blocks are mixed within a window: the first mini-batch has samples of several.
    assert!(first[0][..10].iter().map(|sample| sample / 10).collect::<HashSet<_>>().len() > 1);
}

/// A run on streamed samples has the same bits as one on the same samples in memory in the same order, on one and two threads,
/// streamed again, and interrupted in the middle of an epoch.
#[test]
fn a_streamed_run_has_the_bits_of_one_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let digits = Dataset::<f32>::synthetic_digits(6_000, 1).unwrap();
    let path = written(folder.path(), "digits", &digits);
    let open = || Streamed::open([&path]).unwrap().window(2 << 20).unwrap();
    let mut memory = Hooked::new(digits, |_, _| Ok(()));
    memory.blocks = Samples::<f32>::blocks(&open());
    assert_eq!(memory.blocks.as_ref().unwrap().window, 2, "blocks are mixed, and windows change");
    let run = |source: &dyn Samples<f32>, threads: usize| {
        let mut network = Network::new(&[784, 12, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let trainer = Trainer::new(LogLikelihood).mini_batch(64).threads(threads).optimizer(Adam::default());
        trainer.stop(MaxEpochs::new(2).unwrap()).fit(&mut network, source, Some(source)).unwrap();
        network
    };
    let wanted = run(&memory, 1);
    for threads in [1, 2] {
        assert!(run(&open(), threads) == wanted, "{threads}");
    }

    let trainer = Trainer::new(LogLikelihood).mini_batch(64).threads(2).optimizer(Adam::default());
    let checkpoint = folder.path().join("run");
    #[derive(Debug)]
    struct Leave;
    impl Observer<f32> for Leave {
        fn on_step(&self, running: &Running<'_, f32>) -> std::ops::ControlFlow<()> {
            if (running.epoch, running.step) == (2, 40) {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        }
    }
    let mut network = Network::new(&[784, 12, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let interrupted = trainer.clone().observe(Leave).checkpoint(&checkpoint, Every::Epochs(1));
    interrupted.fit(&mut network, &open(), Some(&open())).unwrap();
    let trainer = trainer.stop(MaxEpochs::new(2).unwrap());
    trainer.resume(Run::load(&checkpoint).unwrap(), &mut network, &open(), Some(&open())).unwrap();
    assert!(network == wanted);

    // Other data are known from their header.
    let other = Dataset::<f32>::synthetic_digits(6_000, 2).unwrap();
    let other = Streamed::open([written(folder.path(), "other", &other)]).unwrap().window(2 << 20).unwrap();
    let error =
        trainer.resume(Run::load(&checkpoint).unwrap(), &mut network, &other, Some(&open())).unwrap_err();
    assert!(matches!(error, Error::OtherSettings { .. }), "{error}");
}
