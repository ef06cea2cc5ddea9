//! The fraction of the targets' variance that the outputs explain.

use std::borrow::Cow;

use super::{Direction, Measure, Meter, Scored};
use crate::data::Task;
use crate::error::Result;

/// The fraction of the variance of the targets that the outputs explain; at most 1, recorded as `"explained variance"`.
///
/// ```text
/// 1 − Var(y − a) / Var(y)          Var(v) = Σ_x w_x (v_x − v̄)² / Σ_x w_x
/// ```
///
/// with w_x the weight of a sample, 1 by default, and v̄ the weighted mean; for several outputs it is the mean over
/// them. Unlike [`R2`](super::R2) it does not count a constant error, such as that of outputs that are all too large
/// by 1; the two are equal if the mean error is 0. An output whose targets are all equal counts 1 if its errors are
/// all equal and 0 otherwise. NaN for fewer than two samples.
///
/// Source: `explained_variance_score` of scikit-learn, with its default "uniform average".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = ExplainedVariance.meter(Task::Regression, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[2.0, 3.0, 4.0, 5.5]);
/// let targets = DMatrix::from_row_slice(1, 4, &[1.0, 2.0, 3.0, 4.5]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert_eq!(meter.value(), 1.0);
/// gradus::check::measure(&ExplainedVariance).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExplainedVariance;

impl Measure for ExplainedVariance {
    fn name(&self) -> Cow<'static, str> {
        "explained variance".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn meter(&self, _task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        Ok(Box::new(Explained { outputs: vec![Default::default(); n_outputs], samples: 0 }))
    }
}

/// The spread of the targets and of the errors of every output.
struct Explained {
    outputs: Vec<(Spread, Spread)>,
    samples: usize,
}

/// Σ w (v − v̄)² by Welford's method, with the first value subtracted from all: with a large mean, a sum of squares
/// would cancel.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    weight: f64,
    first: f64,
    /// v̄ minus the first value.
    mean: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, value: f64, weight: f64) {
        if self.weight == 0.0 {
            self.first = value;
        }
        self.weight += weight;
        let shifted = value - self.first;
        let before = shifted - self.mean;
        self.mean += before * weight / self.weight;
        self.squares += weight * before * (shifted - self.mean);
    }
}

impl Meter for Explained {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        // If the first weight were 0, 0 would be divided by 0.
        for (a, y, weight) in batch.samples().filter(|&(.., weight)| weight != 0.0) {
            self.samples += 1;
            for ((targets, errors), (&a, &y)) in self.outputs.iter_mut().zip(a.iter().zip(y)) {
                targets.add(y, weight);
                errors.add(y - a, weight);
            }
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        if self.samples < 2 {
            return f64::NAN;
        }
        let explained = |(targets, errors): &(Spread, Spread)| match (errors.squares, targets.squares) {
            (errors, _) if errors.is_nan() => f64::NAN,
            (errors, 0.0) => f64::from(u8::from(errors == 0.0)),
            (errors, targets) => 1.0 - errors / targets,
        };
        self.outputs.iter().map(explained).sum::<f64>() / self.outputs.len() as f64
    }
}
