//! The laws of a measure.

use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;

use super::{check_close, check_that, normal, rng, uniform};
use crate::data::Task;
use crate::error::{Error, Result};
use crate::metrics::{Measure, Scored};

/// Relative differences up to this one can come from the order of summation.
const TOLERANCE: f64 = 1e-9;

/// Number of samples of a trial.
const SAMPLES: usize = 60;

/// Verifies a measure on random outputs, for every task that it is defined for (at least one):
///
/// - the order of the samples does not matter, nor how they are divided into batches;
/// - a sample of weight 2 counts as two samples, and one of weight 0 not at all;
/// - equal inputs give the same value, from every new meter;
/// - it has a name, and its name and direction never change;
/// - no prediction is better than a perfect one, whose value is not NaN: the direction is correct;
/// - replacing outputs by NaN does not make the value better, and outputs that are all NaN do not have the value of a
///   perfect prediction;
/// - if [`is_fraction`](Measure::is_fraction), values lie in [0, 1].
///
/// # Errors
///
/// Returns [`Error::Law`] for the first law that is broken, and any error of the meters.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// gradus::check::measure(&F1::weighted_average()).unwrap();
/// ```
pub fn measure<M: Measure + ?Sized>(measure: &M) -> Result<()> {
    let tasks = [
        (Task::Classes, 4),
        (Task::Binary { threshold: 0.5 }, 1),
        (Task::Binary { threshold: 0.0 }, 1),
        (Task::Labels { threshold: 0.5 }, 3),
        (Task::Labels { threshold: 0.0 }, 3),
        (Task::Regression, 1),
        (Task::Regression, 3),
    ];
    let describe = || (measure.name(), measure.direction(), measure.is_fraction());
    let described = describe();
    check_that(&measure, "it has a name", || format!("{:?}", described.0), !described.0.trim().is_empty())?;
    let mut rng = rng(11);
    let mut is_defined = false;
    for (task, n_outputs) in tasks {
        match measure.meter(task, n_outputs) {
            Err(Error::Measure { .. }) => continue,
            Err(other) => return Err(other),
            Ok(_) => is_defined = true,
        }
        for trial in 0..8 {
            let targets = targets(&mut rng, task, n_outputs);
            let noise = normal(&mut rng, n_outputs, SAMPLES, [0.3, 1.0, 3.0][trial % 3]);
            let outputs = &targets + noise;
            let at = || format!("{described:?} at first, {:?} later", describe());
            check_that(&measure, "name and direction stay the same", at, describe() == described)?;
            Subject { measure, task, targets }.check(&outputs)?;
        }
    }
    check_that(
        &measure,
        "it is defined for some task",
        || "the tasks of gradus::data::Task".to_owned(),
        is_defined,
    )
}

/// Draws random targets of a task.
fn targets(rng: &mut ChaCha8Rng, task: Task, n_outputs: usize) -> DMatrix<f64> {
    let mut targets = normal(rng, n_outputs, SAMPLES, 1.0);
    for (j, mut column) in targets.column_iter_mut().enumerate() {
        match task {
            Task::Regression => {}
            Task::Binary { threshold } | Task::Labels { threshold } => {
                column.apply(|y| *y = if *y > 0.3 { 1.0 } else { 2.0 * threshold - 1.0 });
            }
            Task::Classes => {
                // The first class is the most frequent.
                let class = if uniform(rng) < 0.4 { 0 } else { j % n_outputs };
                column.fill(0.0);
                column[class] = 1.0;
            }
        }
    }
    targets
}

/// A measure and targets to try it on.
struct Subject<'a, M: ?Sized> {
    measure: &'a M,
    task: Task,
    targets: DMatrix<f64>,
}

impl<M: Measure + ?Sized> Subject<'_, M> {
    fn check(&self, outputs: &DMatrix<f64>) -> Result<()> {
        let at = || format!("{SAMPLES} random samples, task {}", self.task);
        let all: Vec<usize> = (0..SAMPLES).collect();
        let ones = [1.0; SAMPLES];
        let value = self.value(outputs, &all, &ones, SAMPLES)?;
        let close = |law, found: f64| {
            let same = found.to_bits() == value.to_bits() || (found.is_nan() && value.is_nan());
            let wanted = if same { found } else { value };
            if same {
                Ok(())
            } else {
                check_close(&self.measure, law, at, found, wanted, TOLERANCE * (1.0 + value.abs()))
            }
        };
        close("equal inputs give the same value", self.value(outputs, &all, &ones, SAMPLES)?)?;
        for batch in [1, 7, 59] {
            close("the division into batches does not matter", self.value(outputs, &all, &ones, batch)?)?;
        }
        let backwards: Vec<usize> = (0..SAMPLES).rev().collect();
        close("the order of the samples does not matter", self.value(outputs, &backwards, &ones, 13)?)?;
        self.check_weights(outputs)?;
        self.check_fraction(value)?;
        self.check_direction(outputs, value)
    }

    /// Verifies that a sample of weight 2 counts as two, and one of weight 0 not at all.
    fn check_weights(&self, outputs: &DMatrix<f64>) -> Result<()> {
        let weights: Vec<f64> = (0..SAMPLES).map(|i| (i % 3) as f64).collect();
        let repeated: Vec<usize> = (0..SAMPLES).flat_map(|i| std::iter::repeat_n(i, i % 3)).collect();
        let all: Vec<usize> = (0..SAMPLES).collect();
        let found = self.value(outputs, &all, &weights, SAMPLES)?;
        let wanted = self.value(outputs, &repeated, &vec![1.0; repeated.len()], SAMPLES)?;
        let at = || format!("weights 0, 1 and 2 in turn, task {}", self.task);
        let law = "a sample of weight 2 counts as two samples";
        check_close(&self.measure, law, at, found, wanted, TOLERANCE * (1.0 + wanted.abs()))
    }

    fn check_fraction(&self, value: f64) -> Result<()> {
        let ok = !self.measure.is_fraction() || (0.0..=1.0 + TOLERANCE).contains(&value);
        let at = || format!("the value {value}, task {}", self.task);
        check_that(&self.measure, "a fraction lies in [0, 1]", at, ok)
    }

    /// Verifies that no prediction is better than a perfect one, and that NaN makes nothing better.
    fn check_direction(&self, outputs: &DMatrix<f64>, value: f64) -> Result<()> {
        let at = || format!("{SAMPLES} random samples, task {}", self.task);
        let all: Vec<usize> = (0..SAMPLES).collect();
        let plain = |outputs: &DMatrix<f64>| self.value(outputs, &all, &[1.0; SAMPLES], SAMPLES);
        let improves = |value: f64, than: f64| {
            // By more than rounding.
            let better = self.measure.direction().improves(value, than);
            let is_rounding = (value - than).abs() <= TOLERANCE * (1.0 + value.abs());
            better && !is_rounding
        };
        let perfect = plain(&self.targets)?;
        let is_best = !perfect.is_nan() && !improves(value, perfect);
        check_that(&self.measure, "no prediction is better than a perfect one", at, is_best)?;

        let invalid = plain(&outputs.map(|_| f64::NAN))?;
        let law = "outputs of NaN are not good";
        let at = || {
            format!(
                "{}, where NaN alone gives {invalid}, the outputs {value} and the targets {perfect}",
                at()
            )
        };
        let is_bad = !improves(invalid, value) && invalid.to_bits() != perfect.to_bits();
        check_that(&self.measure, law, at, is_bad)?;
        for sample in [0, 1, SAMPLES / 2, SAMPLES - 1] {
            let mut some = outputs.clone();
            some.column_mut(sample).fill(f64::NAN);
            let found = plain(&some)?;
            let at = || {
                let task = self.task;
                let change = format!("the value goes from {value} to {found}");
                format!(
                    "NaN for sample {sample} of {SAMPLES}, task {task}, {change}; return NaN if an output is NaN"
                )
            };
            let worse = !improves(found, value);
            check_that(&self.measure, "an output of NaN makes nothing better", at, worse)?;
        }
        Ok(())
    }

    /// Returns the value for some of the samples, in batches of `batch`; their costs are half squared errors.
    fn value(&self, outputs: &DMatrix<f64>, samples: &[usize], weights: &[f64], batch: usize) -> Result<f64> {
        let mut meter = self.measure.meter(self.task, outputs.nrows())?;
        for (samples, weights) in samples.chunks(batch).zip(weights.chunks(batch)) {
            let (outputs, targets) = (outputs.select_columns(samples), self.targets.select_columns(samples));
            let costs: Vec<f64> =
                (&outputs - &targets).column_iter().map(|column| column.norm_squared() / 2.0).collect();
            meter.add(&Scored { outputs: &outputs, targets: &targets, weights, costs: &costs })?;
        }
        Ok(meter.value())
    }
}
