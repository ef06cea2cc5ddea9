//! Warnings about the training data: inputs and targets of magnitudes with which a network hardly learns.

use nalgebra::DMatrix;

use super::warning::Warning;
use crate::data::{Batch, Task};
use crate::network::AnyNetwork;
use crate::real::Real;
use crate::real::portable::hypot;

/// The maximum number of samples that are examined.
const SAMPLES: usize = 4096;

/// The largest ratio of the standard deviations of two inputs.
const RATIO: f64 = 100.0;

/// The largest root mean square of all inputs. Initial weights of variance 1/n_in pass it on to the weighted inputs,
/// and a sigmoid has the derivative 5·10⁻⁵ there.
const LARGE_INPUTS: f64 = 10.0;

/// The largest root mean square of a target. In 3,000 steps at 0.01, Adam's largest default rate, a bias moves by 30.
const LARGE_TARGETS: f64 = 30.0;

/// The stand-in for ∞ in the search for the limits of an activation.
const FAR: f64 = 1e30;

/// The inputs and the targets of some of the training samples, row by row.
pub(super) struct Survey {
    stride: usize,
    n: usize,
    inputs: Vec<Row>,
    targets: Vec<Row>,
}

/// Sums over one row, without its first value: sums of squares would cancel where the mean is large.
#[derive(Clone, Default)]
struct Row {
    first: f64,
    sum: f64,
    squares: f64,
    /// The smallest value, and how often it occurs.
    min: f64,
    at_min: usize,
    max: f64,
}

impl Survey {
    pub fn new(n_inputs: usize, n_outputs: usize, samples: usize) -> Self {
        let rows = |n| vec![Row::default(); n];
        let stride = samples.div_ceil(SAMPLES).max(1);
        Self { stride, n: 0, inputs: rows(n_inputs), targets: rows(n_outputs) }
    }

    /// Adds samples of a block whose first one has the number `first`.
    pub fn add<T: Real>(&mut self, first: usize, batch: &Batch<T>) {
        for column in (0..batch.examples()).filter(|column| (first + column).is_multiple_of(self.stride)) {
            for (rows, values) in [(&mut self.inputs, &batch.x), (&mut self.targets, &batch.y)] {
                let values = values.column(column);
                rows.iter_mut()
                    .zip(values.iter())
                    .for_each(|(row, value)| row.add(value.to_f64(), self.n == 0));
            }
            self.n += 1;
        }
    }

    /// Returns the warnings that apply.
    pub fn warnings<T: Real>(&self, task: Task, network: &dyn AnyNetwork<T>) -> Vec<Warning> {
        let inputs = self.unscaled_inputs().or_else(|| self.large_inputs());
        let reach = reach(network, self.targets.len());
        let targets = self.unreachable_targets(&reach).or_else(|| self.large_targets(task, &reach));
        inputs.into_iter().chain(targets).collect()
    }

    /// Compares the widest with the narrowest input. Inputs that mostly have their smallest value, such as indicators
    /// and the pixels at the border of images, are narrow by nature and not compared.
    fn unscaled_inputs(&self) -> Option<Warning> {
        let all = || {
            let deviations = self.inputs.iter().map(|row| row.deviation(self.n)).enumerate();
            deviations.filter(|(_, deviation)| deviation.is_finite() && *deviation > 0.0)
        };
        let dense = |&(input, _): &(usize, f64)| 2 * self.inputs[input].at_min <= self.n;
        let (widest, largest) = all().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let (narrowest, smallest) = all().filter(dense).min_by(|a, b| a.1.total_cmp(&b.1))?;
        // A hundred times as wide, but for rounding.
        let unequal = largest >= RATIO * (1.0 - 1e-6) * smallest;
        unequal.then_some(Warning::UnscaledInputs { widest, largest, narrowest, smallest })
    }

    fn large_inputs(&self) -> Option<Warning> {
        let squares = self.inputs.iter().map(|row| row.root_mean_square(self.n)).map(|size| size * size);
        let root_mean_square = (squares.sum::<f64>() / self.inputs.len().max(1) as f64).sqrt();
        (root_mean_square > LARGE_INPUTS).then_some(Warning::LargeInputs { root_mean_square })
    }

    /// Returns a warning about the first target that its output never comes close to.
    fn unreachable_targets(&self, reach: &[(f64, f64)]) -> Option<Warning> {
        let rows = self.targets.iter().zip(reach).enumerate();
        rows.filter(|(_, (_, (low, high)))| low < high).find_map(|(output, (row, &(low, high)))| {
            let beyond = |value: f64, limit: f64| (value - limit).abs() > 1e-3 * limit.abs().max(1.0);
            let value = match row {
                Row { max, .. } if *max > high && beyond(*max, high) => *max,
                Row { min, .. } if *min < low && beyond(*min, low) => *min,
                _ => return None,
            };
            Some(Warning::UnreachableTargets { output, value, low: limit(low), high: limit(high) })
        })
    }

    /// Only outputs without limits are meant for targets of any magnitude. The targets of a `Poisson` cost are counts
    /// and not scaled.
    fn large_targets(&self, task: Task, reach: &[(f64, f64)]) -> Option<Warning> {
        let free = |&(low, high): &(f64, f64)| limit(low).is_infinite() && limit(high).is_infinite();
        let large = |row: &Row| row.root_mean_square(self.n) > LARGE_TARGETS;
        let (output, row) = self.targets.iter().enumerate().find(|(_, row)| large(row))?;
        let found =
            Warning::LargeTargets { output, mean: row.mean(self.n), deviation: row.deviation(self.n) };
        (task == Task::Regression && reach.get(output).is_some_and(free)).then_some(found)
    }
}

impl Row {
    fn add(&mut self, value: f64, is_first: bool) {
        if is_first {
            (self.first, self.min, self.max) = (value, value, value);
        }
        if value < self.min {
            (self.min, self.at_min) = (value, 0);
        }
        self.max = self.max.max(value);
        self.at_min += usize::from(value == self.min);
        self.sum += value - self.first;
        self.squares += (value - self.first) * (value - self.first);
    }

    fn mean(&self, n: usize) -> f64 {
        self.first + self.sum / n as f64
    }

    fn deviation(&self, n: usize) -> f64 {
        let mean = self.sum / n as f64;
        (self.squares / n as f64 - mean * mean).max(0.0).sqrt()
    }

    fn root_mean_square(&self, n: usize) -> f64 {
        hypot(self.mean(n), self.deviation(n))
    }
}

/// Returns the smallest and the largest value of each output where all weighted inputs of its layer are equal. For a
/// softmax the two are equal and mean nothing.
fn reach<T: Real>(network: &dyn AnyNetwork<T>, outputs: usize) -> Vec<(f64, f64)> {
    let Some(last) = network.n_layers().checked_sub(1) else { return Vec::new() };
    // Dense enough to meet the minima of SiLU and GELU.
    let points: Vec<f64> =
        [-FAR, FAR].into_iter().chain((-32..=32).map(|quarter| f64::from(quarter) / 4.0)).collect();
    let z = DMatrix::from_fn(outputs, points.len(), |_, point| T::cast(points[point]));
    let mut a = z.clone();
    network.layer(last).activation.activate(&z, &mut a);
    a.row_iter()
        .map(|row| {
            let values = row.iter().map(|value| value.to_f64());
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), a| (a.min(low), a.max(high)))
        })
        .collect()
}

/// Returns `value`, or an infinity if only the finite stand-in for ∞ limits it.
fn limit(value: f64) -> f64 {
    if value.abs() > FAR.sqrt() { value.signum() * f64::INFINITY } else { value }
}
