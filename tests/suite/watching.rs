//! Logs hold the records of a run, whatever becomes of the run and of the disk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use gradus::prelude::*;
use gradus::watch::{CsvLog, JsonLines, TensorBoard, each_epoch};
use serde_json::Value;

use super::other_readers::python;

fn data() -> Dataset<f64> {
    Dataset::synthetic_digits(60, 1).unwrap()
}

fn network() -> Network<f64, Sigmoid, Sigmoid> {
    Network::new(&[784, 5, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap()
}

fn trainer(epochs: usize) -> Trainer<f64, CrossEntropy> {
    Trainer::new(CrossEntropy).regularizer(L2::new(0.1).unwrap()).stop(MaxEpochs::new(epochs).unwrap())
}

fn fit(trainer: &Trainer<f64, CrossEntropy>) -> Report<f64> {
    trainer.fit(&mut network(), &data(), Some(&data())).unwrap()
}

/// The cells of a table by rows, the header among them. No name here holds a comma.
fn cells(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().map(|line| line.split(',').collect()).collect()
}

#[test]
fn a_table_reads_back_to_the_same_bits() {
    let report = fit(&trainer(3));
    let csv = report.history.to_csv();
    let cells = cells(&csv);
    assert_eq!(cells.len(), 4);
    for (row, record) in cells[1..].iter().zip(report.history.epochs()) {
        for ((name, cell), (wanted, value)) in cells[0].iter().zip(row).zip(record.values()) {
            assert_eq!(*name, wanted);
            assert_eq!(cell.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{name}");
        }
    }
    let record = report.history.last().unwrap();
    let validation = record.validation.as_ref().unwrap();
    for (name, value) in [
        ("epoch", 3.0),
        ("learning rate", record.learning_rate),
        ("penalty", record.penalty),
        ("validation cost", validation.cost()),
        ("validation accuracy", validation.accuracy()),
    ] {
        let column = cells[0].iter().position(|found| *found == name).unwrap();
        assert_eq!(cells[3][column].parse::<f64>().unwrap(), value, "{name}");
    }
}

#[test]
fn names_with_commas_and_quotation_marks_are_quoted() {
    #[derive(Debug)]
    struct Odd;
    impl Measure for Odd {
        fn name(&self) -> std::borrow::Cow<'static, str> {
            "a \"b\", c".into()
        }
        fn direction(&self) -> Direction {
            Direction::HigherIsBetter
        }
        fn meter(&self, task: Task, n_outputs: usize) -> gradus::Result<Box<dyn Meter>> {
            Accuracy.meter(task, n_outputs)
        }
    }
    let report = fit(&trainer(1).measure(Odd));
    let csv = report.history.to_csv();
    assert!(csv.lines().next().unwrap().ends_with(r#","validation a ""b"", c""#), "{csv}");
}

#[test]
fn the_columns_of_a_printed_table_are_aligned() {
    let text = fit(&trainer(12)).history.to_string();
    let widths: Vec<_> = text.lines().map(|line| line.chars().count()).collect();
    assert_eq!(widths.len(), 2 + 12);
    assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    assert!(text.lines().nth(1).unwrap().contains("penalty") && text.contains(" %"), "{text}");
    assert_eq!(History::new().to_string(), "no epoch has ended");
    let without = trainer(1).regularizer(NoRegularizer);
    assert!(!fit(&without).history.to_string().contains("penalty"));
}

/// A log of each kind in `folder`, and what its file is called.
fn logs(folder: &Path) -> [(Arc<dyn Observer<f64>>, &'static str); 3] {
    [
        (Arc::new(CsvLog::new(folder.join("run.csv")).unwrap()), "run.csv"),
        (Arc::new(JsonLines::new(folder.join("run.jsonl")).unwrap()), "run.jsonl"),
        (Arc::new(TensorBoard::new(folder).unwrap()), "events.out.tfevents.gradus"),
    ]
}

/// The file without what depends on the time.
fn content(folder: &Path, name: &str) -> Vec<Vec<(String, f64)>> {
    let bytes = fs::read(folder.join(name)).unwrap();
    let timeless = |(name, _): &(String, f64)| name != "seconds";
    let epochs = if name.ends_with("gradus") {
        events(&bytes)
    } else if name.ends_with("csv") {
        let text = String::from_utf8(bytes).unwrap();
        let cells = cells(&text);
        let row = |row: &Vec<&str>| {
            let values = row.iter().map(|cell| cell.parse().unwrap());
            cells[0].iter().map(ToString::to_string).zip(values).collect()
        };
        cells[1..].iter().map(row).collect()
    } else {
        let text = String::from_utf8(bytes).unwrap();
        let object = |line| serde_json::from_str::<serde_json::Map<String, Value>>(line).unwrap();
        let row =
            |line| object(line).into_iter().map(|(name, value)| (name, value.as_f64().unwrap())).collect();
        text.lines().map(row).collect::<Vec<Vec<_>>>()
    };
    epochs.into_iter().map(|row| row.into_iter().filter(timeless).collect()).collect()
}

/// The scalars of an event file, read by the definition of the format: for each event its step and its values.
fn events(bytes: &[u8]) -> Vec<Vec<(String, f64)>> {
    let mut rest = bytes;
    let mut events = Vec::new();
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        let event = &rest[12..12 + length];
        rest = &rest[16 + length..];
        // Field 1 has 8 bytes, field 2 is the step, and field 5 the summary.
        assert_eq!((event[0], event[9]), (1 << 3 | 1, 2 << 3));
        let (step, after) = varint(&event[10..]);
        let mut row = vec![("epoch".to_owned(), step as f64)];
        if after[0] == 5 << 3 | 2 {
            let (length, mut summary) = varint(&after[1..]);
            assert_eq!(length, summary.len() as u64);
            while !summary.is_empty() {
                let (tag, end) = (summary[3] as usize, 2 + summary[1] as usize);
                let name = String::from_utf8(summary[4..4 + tag].to_vec()).unwrap();
                let value = f32::from_le_bytes(summary[end - 4..end].try_into().unwrap());
                row.push((name, f64::from(value)));
                summary = &summary[end..];
            }
            events.push(row);
        } else {
            assert_eq!(&after[2..], b"brain.Event:2");
        }
    }
    events
}

/// An integer in 7 bits of each byte, the lowest first, and the bytes after it.
fn varint(bytes: &[u8]) -> (u64, &[u8]) {
    let length = 1 + bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
    let bits = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    (bits, &bytes[length..])
}

/// From epoch 128 on the step has two bytes, from 16,384 on three.
#[test]
fn events_of_many_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let data = Dataset::new(DMatrix::from_element(1, 1, 0.5), DMatrix::from_element(1, 1, 1.0)).unwrap();
    let mut network = Network::<f64, Sigmoid, _>::new(&[1, 1], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(CrossEntropy).schedule(Constant::new(1e-3).unwrap());
    let trainer =
        trainer.stop(MaxEpochs::new(16_400).unwrap()).observe(TensorBoard::new(folder.path()).unwrap());
    let report = trainer.fit(&mut network, &data, None).unwrap();
    let found = content(folder.path(), "events.out.tfevents.gradus");
    assert_eq!(found.len(), 16_400);
    for (row, record) in found.iter().zip(report.history.epochs()) {
        assert_eq!(row[0], ("epoch".to_owned(), record.epoch as f64));
        let cost = row.iter().find(|(name, _)| name == "running cost").unwrap().1;
        assert_eq!(cost, f64::from(record.running_cost as f32));
    }
}

/// Issue: logs left an empty file if a run ended before its first epoch, which pandas cannot read.
#[test]
fn a_run_without_an_epoch_leaves_no_file_or_the_one_before() {
    /// Ends the run in its first step.
    #[derive(Debug)]
    struct AtOnce;
    impl Observer<f64> for AtOnce {
        fn on_step(&self, _: &Running<'_, f64>) -> std::ops::ControlFlow<()> {
            std::ops::ControlFlow::Break(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for (log, name) in logs(folder.path()) {
        let report = fit(&trainer(3).observe(log.clone()).observe(AtOnce));
        assert_eq!(report.history.len(), 0);
        assert!(!folder.path().join(name).exists(), "{name}");
        // The next run writes it, and a third one that ends at once leaves it.
        fit(&trainer(3).observe(log));
        let before = fs::read(folder.path().join(name)).unwrap();
        let (again, _) = logs(folder.path()).into_iter().find(|(_, other)| *other == name).unwrap();
        fit(&trainer(3).observe(again).observe(AtOnce));
        assert!(fs::read(folder.path().join(name)).unwrap() == before, "{name}");
    }
}

#[test]
fn a_file_holds_the_whole_run_also_of_a_run_that_goes_on_and_of_the_next_one() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (at, (log, name)) in logs(whole.path()).into_iter().enumerate() {
        // A longer run before, of which nothing may be left.
        fit(&trainer(7).observe(log.clone()));
        let report = fit(&trainer(5).observe(log));
        let found = content(whole.path(), name);
        assert_eq!(found.len(), 5, "{name}");
        for (row, record) in found.iter().zip(report.history.epochs()) {
            for (wanted, value) in record.values().into_iter().filter(|(name, _)| name != "seconds") {
                let tag = wanted.replace("training ", "training/").replace("validation ", "validation/");
                let same = |(name, _): &&(String, f64)| *name == *wanted || *name == tag;
                let (_, found) = row.iter().find(same).unwrap_or_else(|| panic!("{name}: {wanted}"));
                let value = if at == 2 { f64::from(value as f32) } else { value };
                assert_eq!(found.to_bits(), value.to_bits(), "{name}: {wanted}");
            }
        }

        let first = fit(&trainer(2).observe(logs(parts.path())[at].0.clone()));
        let on = trainer(5).observe(logs(parts.path())[at].0.clone());
        on.resume(first.run, &mut network(), &data(), Some(&data())).unwrap();
        assert_eq!(content(parts.path(), name), found, "{name}");
    }
}

#[test]
fn a_log_is_as_long_as_the_run_while_it_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.csv");
    let lines = path.clone();
    let seen = each_epoch(move |running| {
        assert_eq!(fs::read_to_string(&lines).unwrap().lines().count(), running.epoch + 1);
        std::ops::ControlFlow::Continue(())
    });
    fit(&trainer(3).observe(CsvLog::new(&path).unwrap()).observe(seen));
}

#[test]
fn logs_keep_the_laws_of_observers() {
    let folder = tempfile::tempdir().unwrap();
    for (log, _) in logs(folder.path()) {
        gradus::check::observer(log).unwrap();
    }
    gradus::check::observer::<f32>(Arc::new(each_epoch(|_| std::ops::ControlFlow::Continue(())))).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_no_run_and_is_told() {
    let report = fit(&trainer(3).observe(CsvLog::new("/dev/full").unwrap()));
    assert_eq!(report.history.len(), 3);
    let warnings: Vec<_> = report.warnings.iter().map(ToString::to_string).collect();
    let told = warnings.iter().filter(|text| text.contains("/dev/full") && text.contains("from epoch 1 on"));
    assert_eq!(told.count(), 1, "{warnings:?}");
}

#[test]
fn what_cannot_be_written_is_an_error_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/run");
    for error in [CsvLog::new(&missing).unwrap_err(), JsonLines::new(folder.path()).unwrap_err()] {
        assert!(matches!(error, gradus::Error::File { .. }), "{error:?}");
    }
    let file = folder.path().join("file");
    fs::write(&file, "kept").unwrap();
    assert!(matches!(TensorBoard::new(&file).unwrap_err(), gradus::Error::File { .. }));
    // Before the first epoch nothing is lost.
    drop(CsvLog::new(&file).unwrap());
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
}

#[test]
fn nan_is_null_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    // Where there are no negatives, the area under the curve is not defined.
    let data = Dataset::new(DMatrix::from_element(1, 4, 0.5), DMatrix::from_element(1, 4, 1.0)).unwrap();
    let data = data.with_task(Task::Binary { threshold: 0.5 }).unwrap();
    let mut network = Network::<f64, _, _>::new(&[1, 1], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let trainer = trainer(1).measure(RocAuc).observe(JsonLines::new(&path).unwrap());
    trainer.fit(&mut network, &data, Some(&data)).unwrap();
    let line: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let area = line.as_object().unwrap().iter().find(|(name, _)| name.contains("AUC")).unwrap();
    assert_eq!(area.1, &Value::Null);
    assert!(line["validation cost"].is_f64());
}

#[test]
fn tensorboard_reads_an_event_file() {
    let Some(mut python) = python("tensorboard") else { return };
    let folder = tempfile::tempdir().unwrap();
    let report = fit(&trainer(3).observe(TensorBoard::new(folder.path()).unwrap()));
    let program = "
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}))
";
    let output = python.args(["-c", program]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Map<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), report.history.epochs()[0].values().len() - 1);
    for record in report.history.epochs() {
        let event = &found["validation/accuracy"][record.epoch - 1];
        let accuracy = record.validation.as_ref().unwrap().accuracy() as f32;
        assert_eq!(
            (event[0].as_u64(), event[1].as_f64()),
            (Some(record.epoch as u64), Some(f64::from(accuracy)))
        );
    }
}

/// Issue: records went into a file that had no name any more, and nobody was told.
#[test]
#[cfg(unix)]
fn a_log_that_vanishes_is_written_anew_with_all_epochs() {
    let folder = tempfile::tempdir().unwrap();
    for (log, name) in logs(folder.path()) {
        let path = folder.path().join(name);
        let remove = each_epoch(move |running| {
            if running.epoch == 2 {
                fs::remove_file(&path).unwrap();
            }
            std::ops::ControlFlow::Continue(())
        });
        let report = fit(&trainer(4).observe(log).observe(remove));
        assert_eq!(content(folder.path(), name).len(), 4, "{name}");
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    }
}

/// Issue: tables had the columns of the first epoch only, so that a measure that a resumed run adds was lost.
#[test]
fn a_measure_that_a_resumed_run_adds_is_in_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.csv");
    let run = fit(&trainer(2)).run;
    let on = trainer(4).measure(TopK::new(3).unwrap()).observe(CsvLog::new(&path).unwrap());
    let report = on.resume(run, &mut network(), &data(), Some(&data())).unwrap();
    let name = TopK::new(3).unwrap().name();
    let csv = fs::read_to_string(&path).unwrap();
    assert_eq!(csv, report.history.to_csv());
    let cells = cells(&csv);
    assert_eq!(*cells[0].last().unwrap(), format!("validation {name}"), "{csv}");
    assert!(cells.iter().all(|row| row.len() == cells[0].len()), "{csv}");
    let column: Vec<&str> = cells[1..].iter().map(|row| *row.last().unwrap()).collect();
    assert!(column[..2] == ["", ""] && column[2..].iter().all(|cell| cell.parse::<f64>().is_ok()), "{csv}");
    let first_word = name.split_whitespace().next().unwrap().to_owned();
    assert!(report.history.to_string().contains(&first_word), "{}", report.history);
}
