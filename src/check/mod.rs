//! The laws that a plug-in must obey, each verified with one line: `gradus::check::activation(&Softsign).unwrap()`.
//!
//! The crate's own plug-ins pass the same checks. A derivative is compared with finite differences *of its own
//! function*: two formulas that are wrong together do not pass. All random numbers come from a fixed seed, so that a
//! check is deterministic. A broken law is returned as [`Error::Law`], with the law, the place and, where the law is
//! about a number, the two values and the tolerance.

mod activation;
mod cost;
mod difference;
mod distortion;
mod gradient;
mod initializer;
mod measure;
mod observer;
mod optimizer;
mod regularizer;
mod samples;
mod schedule;
mod stopping;

use std::fmt::Debug;

use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;

pub use activation::activation;
pub use cost::cost;
pub use distortion::distortion;
pub use gradient::gradient;
pub use initializer::initializer;
pub use measure::measure;
pub use observer::observer;
pub use optimizer::optimizer;
pub use regularizer::regularizer;
pub use samples::samples;
pub use schedule::schedule;
pub use stopping::stopping_rule;

use crate::data::Task;
use crate::error::{Deviation, Error, Result};
use crate::history::{EpochRecord, History, Metric, Split};
use crate::metrics::{Direction, Measure, Score, Scores, default_measures};
use crate::random::{Purpose, generator};
use crate::real::Real;

/// Weighted inputs far beyond those that occur in training.
const EXTREMES: [f64; 8] = [1e3, -1e3, 1e38, -1e38, 1e150, -1e150, 1e308, -1e308];

fn rng(stream: u64) -> ChaCha8Rng {
    generator(0, Purpose::User, 0, stream)
}

/// Draws a matrix from N(0, 1), times `scale`.
fn normal(rng: &mut ChaCha8Rng, rows: usize, columns: usize, scale: f64) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| scale * f64::sample_normal(rng))
}

/// Draws uniformly from [0, 1).
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    use rand::Rng;
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns an error if `found` is further than `tolerance` from `wanted`, or NaN.
fn check_close(
    subject: &dyn Debug,
    law: &'static str,
    at: impl FnOnce() -> String,
    found: f64,
    wanted: f64,
    tolerance: f64,
) -> Result<()> {
    if found == wanted || (found - wanted).abs() <= tolerance {
        return Ok(());
    }
    let deviation = Some(Deviation { found, wanted, tolerance });
    Err(Error::Law { subject: format!("{subject:?}"), law, at: at(), deviation })
}

/// Returns an error if a law that is not about a number is broken.
fn check_that(subject: &dyn Debug, law: &'static str, at: impl FnOnce() -> String, ok: bool) -> Result<()> {
    if ok {
        return Ok(());
    }
    Err(Error::Law { subject: format!("{subject:?}"), law, at: at(), deviation: None })
}

/// Formats numbers for a message, with four decimal places or, if they are very small or large, exactly.
fn numbers(values: &[f64]) -> String {
    let short = |&v: &f64| {
        if v == 0.0 || (1e-3..1e5).contains(&v.abs()) { format!("{v:.4}") } else { format!("{v:e}") }
    };
    format!("[{}]", values.iter().map(short).collect::<Vec<_>>().join(", "))
}

/// Formats the column of `matrix` that contains its element number `i`, for a message.
fn column_of(matrix: &DMatrix<f64>, i: usize) -> String {
    let rows = matrix.nrows().max(1);
    numbers(matrix.as_slice().chunks(rows).nth(i / rows).unwrap_or_default())
}

/// Describes a history for a message: its length, and the first and last values of its main validation metric.
fn run(history: &History) -> String {
    let values: Vec<f64> = history.values(&Metric::default()).map(|(_, value)| value).collect();
    let n = values.len();
    let shown = match n {
        0 => return format!("a run of {} epochs", history.len()),
        1..7 => numbers(&values),
        _ => format!("{} … {}", numbers(&values[..3]), numbers(&values[n - 3..])),
    };
    format!("a run of {n} epoch(s), {} {shown}", history.name_of(&Metric::default()))
}

/// Creates an artificial record, with scores for the default measures of every task and for `metrics`.
///
/// `value` in [0, 1] says how good the epoch was on the validation data, and `learned` on the training data. The
/// measures of the other tasks are there too, so that the main measure of one task is a secondary one in runs of
/// another.
fn record(epoch: usize, task: Task, metrics: &[Metric], value: f64, learned: f64) -> EpochRecord {
    let named = metrics.iter().filter_map(Metric::measure).map(|measure| &**measure);
    let scores = |value: f64, shift: f64| {
        let mut scores: Vec<Score> = Vec::new();
        let usual = [task, Task::Classes, Task::Regression].into_iter().flat_map(default_measures);
        let usual = usual.map(|measure| -> &dyn Measure { measure });
        for measure in usual.chain(named.clone()) {
            let value = match measure.direction() {
                Direction::HigherIsBetter => value,
                Direction::LowerIsBetter => 1.0 - value + shift,
            };
            if scores.iter().all(|score| score.name != measure.name()) {
                scores.push(Score::new(measure, value));
            }
        }
        Some(Scores::new(task, scores))
    };
    EpochRecord {
        epoch,
        learning_rate: 0.5,
        seconds: 0.1,
        running_cost: 1.1 - learned,
        penalty: 0.1,
        training: scores(learned, 0.0),
        validation: scores(value, 0.1),
    }
}

/// Creates artificial histories for schedules and stopping rules: rising, falling, flat, and random ones with ties, of
/// classes and of regression.
///
/// They have the default measures and those of `metrics` on both data sets, whose scores agree, or move apart as when a
/// network overfits.
fn histories(metrics: &[Metric]) -> Vec<History> {
    let mut rng = rng(7);
    let shapes: [&dyn Fn(f64, f64) -> f64; 5] = [
        &|t, _| 1.0 - 0.5 / (1.0 + t),
        &|t, _| 0.9 / (1.0 + t),
        &|_, _| 0.9,
        &|_, u| (u * 10.0).floor() / 10.0,
        &|t, u| 0.9 - 0.4 / (1.0 + t) + 0.02 * u,
    ];
    let mut histories = Vec::new();
    for (overfits, task) in
        [false, true].into_iter().flat_map(|o| [(o, Task::Classes), (o, Task::Regression)])
    {
        for shape in shapes {
            for length in [1, 2, 3, 7, 20, 60] {
                let records = (1..=length).map(|epoch| {
                    let t = epoch as f64;
                    let value = shape(t, uniform(&mut rng));
                    let learned = if overfits { 1.0 - (1.0 - value) / t } else { value };
                    record(epoch, task, metrics, value, learned)
                });
                histories.push(records.collect());
            }
        }
    }
    histories
}

/// Returns the history without the scores that none of `metrics` reads.
fn without_unread(history: &History, metrics: &[Metric]) -> History {
    let rest = history.epochs().iter().map(|record| {
        let read = |split: Split, scores: &Option<Scores>| {
            let is_read = |score: &&Score| {
                let reads =
                    |metric: &&Metric| metric.split() == split && metric.score_in(record) == Some(*score);
                metrics.iter().any(|metric| reads(&metric))
            };
            let task = scores.as_ref()?.task();
            let scores: Vec<Score> = scores.iter().flatten().filter(is_read).cloned().collect();
            (!scores.is_empty()).then(|| Scores::new(task, scores))
        };
        let training = read(Split::Training, &record.training);
        let validation = read(Split::Validation, &record.validation);
        EpochRecord { training, validation, ..record.clone() }
    });
    rest.collect()
}

/// Returns the history of the same run on a slower machine.
fn slower(history: &History) -> History {
    let slower = |record: &EpochRecord| EpochRecord { seconds: 1e4 + 3.0 * record.seconds, ..record.clone() };
    history.epochs().iter().map(slower).collect()
}
