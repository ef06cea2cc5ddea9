//! The laws that a plug-in must obey, each verified with one line: `gradus::check::activation(&Swish).unwrap()`.
//!
//! The crate's own parts pass through the same functions. A derivative is compared with differences *of its own
//! function*: two formulas that are wrong together do not pass. Every number is drawn from a fixed seed, so that a
//! check gives the same answer each time. What breaks a law is returned as [`Error::Law`], with the law, the place and,
//! where the law is about a number, the two values and the tolerance.

mod activation;
mod cost;
mod difference;
mod gradient;
mod initializer;
mod optimizer;
mod regularizer;
mod schedule;
mod stopping;

use std::fmt::Debug;

use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;

pub use activation::activation;
pub use cost::cost;
pub use gradient::gradient;
pub use initializer::initializer;
pub use optimizer::optimizer;
pub use regularizer::regularizer;
pub use schedule::schedule;
pub use stopping::stopping_rule;

use crate::error::{Deviation, Error, Result};
use crate::history::{EpochRecord, History, Metric, Score};
use crate::random::{Purpose, generator};
use crate::real::Real;

/// Weighted inputs far beyond what training meets.
const EXTREMES: [f64; 8] = [1e3, -1e3, 1e38, -1e38, 1e150, -1e150, 1e308, -1e308];

fn rng(stream: u64) -> ChaCha8Rng {
    generator(0, Purpose::User, 0, stream)
}

/// Draws from N(0, 1), times `scale`.
fn normal(rng: &mut ChaCha8Rng, rows: usize, columns: usize, scale: f64) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| scale * f64::sample_normal(rng))
}

/// A uniform draw from [0, 1).
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    use rand::Rng;
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Refuses `found` if it is further than `tolerance` from `wanted`, or NaN.
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

/// Refuses what is not as it should be, where there is no number to compare.
fn check_that(subject: &dyn Debug, law: &'static str, at: impl FnOnce() -> String, ok: bool) -> Result<()> {
    if ok {
        return Ok(());
    }
    Err(Error::Law { subject: format!("{subject:?}"), law, at: at(), deviation: None })
}

/// Numbers for a message, each with four places where that says enough.
fn numbers(values: &[f64]) -> String {
    let short = |&v: &f64| {
        if v == 0.0 || (1e-3..1e5).contains(&v.abs()) { format!("{v:.4}") } else { format!("{v:e}") }
    };
    format!("[{}]", values.iter().map(short).collect::<Vec<_>>().join(", "))
}

/// The column of `matrix` in which its element number `i` stands, for a message.
fn column_of(matrix: &DMatrix<f64>, i: usize) -> String {
    let rows = matrix.nrows().max(1);
    numbers(matrix.as_slice().chunks(rows).nth(i / rows).unwrap_or_default())
}

/// A history for a message: its length, and how its validation accuracy began and ended.
fn run(history: &History) -> String {
    let accuracies: Vec<f64> = history.values(Metric::ValidationAccuracy).map(|(_, value)| value).collect();
    let n = accuracies.len();
    let shown = match n {
        0 => return "a run of 0 epochs".to_owned(),
        1..7 => numbers(&accuracies),
        _ => format!("{} … {}", numbers(&accuracies[..3]), numbers(&accuracies[n - 3..])),
    };
    format!("a run of {n} epoch(s), validation accuracy {shown}")
}

/// Made-up runs for rules to look at: rising, falling, flat, and random ones with ties; with all scores measured.
fn histories() -> Vec<History> {
    let mut rng = rng(7);
    let shapes: [&dyn Fn(f64, f64) -> f64; 5] = [
        &|t, _| 1.0 - 0.5 / (1.0 + t),
        &|t, _| 0.9 / (1.0 + t),
        &|_, _| 0.9,
        &|_, u| (u * 10.0).floor() / 10.0,
        &|t, u| 0.9 - 0.4 / (1.0 + t) + 0.02 * u,
    ];
    let mut histories = Vec::new();
    for shape in shapes {
        for length in [1, 2, 3, 7, 20, 60] {
            let mut history = History::new();
            for epoch in 1..=length {
                let accuracy = shape(epoch as f64, uniform(&mut rng));
                let score = |shift: f64| Some(Score { cost: 1.0 - accuracy + shift, accuracy });
                history.push(EpochRecord {
                    epoch,
                    learning_rate: 0.5,
                    seconds: 0.1,
                    running_cost: 1.1 - accuracy,
                    penalty: 0.1,
                    training: score(0.0),
                    validation: score(0.1),
                });
            }
            histories.push(history);
        }
    }
    histories
}

/// The same history with some scores taken away.
fn without(history: &History, training: bool, validation: bool) -> History {
    let mut rest = History::new();
    for record in history.epochs() {
        let mut record = record.clone();
        record.training = record.training.filter(|_| !training);
        record.validation = record.validation.filter(|_| !validation);
        rest.push(record);
    }
    rest
}
