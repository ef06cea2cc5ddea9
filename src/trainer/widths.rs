//! Inputs that are not scaled.

use super::warning::Warning;
use crate::data::Batch;
use crate::real::Real;

/// At most about so many samples are looked at.
const SAMPLES: usize = 4096;

/// By how much the widths of two inputs may differ.
const RATIO: f64 = 100.0;

/// The widths of the inputs, from some of the training samples.
pub(super) struct Widths {
    stride: usize,
    n: usize,
    inputs: Vec<Width>,
}

/// Sums over one input, without its first value: sums of squares would cancel where the mean is large.
#[derive(Clone, Default)]
struct Width {
    first: f64,
    sum: f64,
    squares: f64,
    /// The smallest value, and how often it occurs.
    min: f64,
    at_min: usize,
}

impl Widths {
    pub fn new(n_inputs: usize, samples: usize) -> Self {
        Self { stride: samples.div_ceil(SAMPLES).max(1), n: 0, inputs: vec![Width::default(); n_inputs] }
    }

    /// Takes the samples of a block into account, the first of which has the number `first`.
    pub fn add<T: Real>(&mut self, first: usize, batch: &Batch<T>) {
        for (_, x) in (first..).zip(batch.x.column_iter()).filter(|(sample, _)| sample % self.stride == 0) {
            for (width, x) in self.inputs.iter_mut().zip(x.iter()) {
                width.add(x.to_f64(), self.n == 0);
            }
            self.n += 1;
        }
    }

    /// The warning, if there is reason for one. Inputs that mostly have their smallest value, such as indicators and the
    /// pixels at the border of images, are narrow by nature.
    pub fn warning(&self) -> Option<Warning> {
        let deviation = |width: &Width| width.deviation(self.n);
        let all = || self.inputs.iter().map(deviation).enumerate().filter(|(_, d)| d.is_finite() && *d > 0.0);
        let dense = |&(input, _): &(usize, f64)| 2 * self.inputs[input].at_min <= self.n;
        let (widest, largest) = all().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let (narrowest, smallest) = all().filter(dense).min_by(|a, b| a.1.total_cmp(&b.1))?;
        // A hundred times as wide, but for rounding.
        let unequal = largest >= RATIO * (1.0 - 1e-6) * smallest;
        unequal.then_some(Warning::UnscaledInputs { widest, largest, narrowest, smallest })
    }
}

impl Width {
    fn add(&mut self, x: f64, is_first: bool) {
        if is_first {
            (self.first, self.min) = (x, x);
        }
        if x < self.min {
            (self.min, self.at_min) = (x, 0);
        }
        self.at_min += usize::from(x == self.min);
        self.sum += x - self.first;
        self.squares += (x - self.first) * (x - self.first);
    }

    fn deviation(&self, n: usize) -> f64 {
        let mean = self.sum / n as f64;
        (self.squares / n as f64 - mean * mean).max(0.0).sqrt()
    }
}
