//! The coefficient of determination.

use std::borrow::Cow;

use super::{Direction, Measure, Meter, Scored};
use crate::data::Task;
use crate::error::Result;

/// The coefficient of determination: how much of the variance of the targets the outputs explain. At most 1, recorded
/// as `"R²"`.
///
/// ```text
/// R² = 1 − Σ_x w_x (y_x − a_x)² / Σ_x w_x (y_x − ȳ)²        ȳ = Σ_x w_x y_x / Σ_x w_x
/// ```
///
/// with w_x the weight of a sample, 1 by default; for several outputs it is the mean of their R². 1 is perfect, 0 is
/// as good as predicting the mean of the targets, and negative values are worse. An output whose targets are all equal
/// counts 1 if it always equals them and 0 otherwise. NaN for fewer than two samples.
///
/// Source: `r2_score` of scikit-learn, with its default "uniform average".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = R2.meter(Task::Regression, 1)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[2.5, 0.0, 2.0, 8.0]);
/// let targets = DMatrix::from_row_slice(1, 4, &[3.0, -0.5, 2.0, 7.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] })?;
/// assert!((meter.value() - (1.0 - 1.5 / 29.1875)).abs() < 1e-15);
/// gradus::check::measure(&R2).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct R2;

impl Measure for R2 {
    fn name(&self) -> Cow<'static, str> {
        "R²".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn meter(&self, _task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        Ok(Box::new(Determination { outputs: vec![Variance::default(); n_outputs], samples: 0 }))
    }
}

/// The sums of every output.
struct Determination {
    outputs: Vec<Variance>,
    samples: usize,
}

/// The sums of one output. The variance is updated by Welford's method, with the first target subtracted from all:
/// with a large mean, sums of squares would cancel.
#[derive(Debug, Clone, Default)]
struct Variance {
    weight: f64,
    first: f64,
    /// ȳ minus the first target.
    mean: f64,
    /// Σ w (y − ȳ)²
    targets: f64,
    /// Σ w (y − a)²
    residuals: f64,
}

impl Variance {
    fn add(&mut self, a: f64, y: f64, weight: f64) {
        if self.weight == 0.0 {
            self.first = y;
        }
        self.weight += weight;
        let shifted = y - self.first;
        let before = shifted - self.mean;
        self.mean += before * weight / self.weight;
        self.targets += weight * before * (shifted - self.mean);
        self.residuals += weight * (y - a) * (y - a);
    }

    fn r2(&self) -> f64 {
        match (self.residuals, self.targets) {
            (residuals, _) if residuals.is_nan() => f64::NAN,
            (residuals, 0.0) => f64::from(u8::from(residuals == 0.0)),
            (residuals, targets) => 1.0 - residuals / targets,
        }
    }
}

impl Meter for Determination {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        // If the first weight were 0, 0 would be divided by 0.
        for (a, y, weight) in batch.samples().filter(|&(.., weight)| weight != 0.0) {
            self.samples += 1;
            for (sums, (&a, &y)) in self.outputs.iter_mut().zip(a.iter().zip(y)) {
                sums.add(a, y, weight);
            }
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        if self.samples < 2 {
            return f64::NAN;
        }
        self.outputs.iter().map(Variance::r2).sum::<f64>() / self.outputs.len() as f64
    }
}
