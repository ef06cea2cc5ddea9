//! The buffers of predictions.

use nalgebra::DMatrix;

use super::{Meaning, Prediction};
use crate::activation::Activation;
use crate::data::Task;
use crate::error::{Error, Result};
use crate::memory;
use crate::network::{Network, Outputs};
use crate::real::{Real, first_non_finite};
use crate::threads;

/// How outputs become probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// There are no probabilities.
    None,
    /// The outputs are the probabilities.
    Outputs,
    /// a / Σ a
    Normalized,
    /// 1 − a, a
    Both,
}

impl Rule {
    /// Returns the rule for a task and an output layer, which is recognized by its name.
    pub fn of(task: Task, activation: &str) -> Self {
        let is = |name: &str| activation == name || activation.starts_with(&format!("{name}("));
        match task {
            Task::Classes if is("softmax") => Self::Outputs,
            Task::Classes if is("sigmoid") => Self::Normalized,
            Task::Binary { threshold: 0.5 } if is("sigmoid") => Self::Both,
            Task::Labels { threshold: 0.5 } if is("sigmoid") => Self::Outputs,
            _ => Self::None,
        }
    }
}

/// Preallocated inputs, activations and results for a number of samples.
#[derive(Debug, Clone)]
pub(super) struct Buffers<T> {
    /// Inputs × samples.
    x: DMatrix<T>,
    outputs: Outputs<T>,
    /// The outputs in the units of the data.
    values: DMatrix<T>,
    /// The probabilities, if they are not the outputs themselves.
    probabilities: DMatrix<T>,
    rule: Rule,
}

impl<T: Real> Buffers<T> {
    pub fn new(sizes: &[usize], samples: usize, rule: Rule) -> Result<Self> {
        let (n_inputs, n_outputs) = (sizes.first().copied().unwrap_or(0), sizes.last().copied().unwrap_or(0));
        let classes = match rule {
            Rule::None | Rule::Outputs => 0,
            Rule::Normalized => n_outputs,
            Rule::Both => 2,
        };
        Ok(Self {
            x: memory::zeros("the inputs of a predictor", n_inputs, samples)?,
            outputs: Outputs::new(sizes, samples)?,
            values: memory::zeros("the values of a predictor", n_outputs, samples)?,
            probabilities: memory::zeros("the probabilities of a predictor", classes, samples)?,
            rule,
        })
    }

    pub fn samples(&self) -> usize {
        self.x.ncols()
    }

    /// Returns the inputs of the first `n` samples, one sample after the other.
    pub fn inputs(&mut self, n: usize) -> &mut [T] {
        let end = (n * self.x.nrows()).min(self.x.len());
        &mut self.x.as_mut_slice()[..end]
    }

    /// Computes the results of the first `n` samples, whose inputs have been filled in. Errors count samples from
    /// `first`.
    pub fn run<H: Activation<T>, O: Activation<T>>(
        &mut self,
        network: &Network<T, H, O>,
        meaning: &Meaning,
        n: usize,
        first: usize,
    ) -> Result<()> {
        let width = network.n_inputs();
        let x = self.inputs(n);
        check_finite("input", x, width, first)?;
        if let Some(scaler) = meaning.input_scaler() {
            scaler.scale(x);
            check_finite("scaled input", x, width, first)?;
        }
        // One thread: handing work to others would allocate.
        let Self { x, outputs, values, probabilities, rule } = self;
        let outputs = threads::run(Some(1), false, || outputs.compute(network, x, 0..n))?;
        let values = &mut values.as_mut_slice()[..outputs.len()];
        values.copy_from_slice(outputs.as_slice());
        if let Some(scaler) = meaning.target_scaler() {
            scaler.unscale(values);
        }
        let rows = probabilities.nrows().max(1);
        let columns = probabilities.as_mut_slice().chunks_exact_mut(rows);
        for (p, a) in columns.zip(outputs.as_slice().chunks_exact(outputs.nrows().max(1))) {
            fill_probabilities(*rule, a, p);
        }
        Ok(())
    }

    /// Returns the prediction for sample `j` of the last [`run`](Self::run).
    pub fn prediction<'a>(&'a self, j: usize, meaning: &'a Meaning) -> Prediction<'a, T> {
        let column = |matrix: &'a DMatrix<T>| {
            let rows = matrix.nrows();
            matrix.as_slice().get(j * rows..(j + 1) * rows).unwrap_or_default()
        };
        let outputs = column(self.outputs.last());
        let probabilities = match self.rule {
            Rule::None => None,
            Rule::Outputs => Some(outputs),
            Rule::Normalized | Rule::Both => Some(column(&self.probabilities)),
        };
        Prediction { outputs, values: column(&self.values), probabilities, meaning }
    }
}

fn fill_probabilities<T: Real>(rule: Rule, a: &[T], p: &mut [T]) {
    match (rule, a, p) {
        (Rule::Both, &[a], [no, yes]) => (*no, *yes) = (T::one() - a, a),
        (Rule::Normalized, a, p) => {
            let sum = a.iter().fold(T::zero(), |sum, &a| sum + a);
            // If all sigmoids round to 0, all classes are equally probable.
            let even = T::one() / T::cast(a.len() as f64);
            p.iter_mut().zip(a).for_each(|(p, &a)| *p = if sum > T::zero() { a / sum } else { even });
        }
        _ => {}
    }
}

/// Returns an error for the first input that is NaN or infinite.
fn check_finite<T: Real>(what: &'static str, x: &[T], width: usize, first: usize) -> Result<()> {
    match first_non_finite(x) {
        Some(at) => {
            let (sample, index, value) = (first + at / width.max(1), at % width.max(1), x[at].to_f64());
            Err(Error::NonFiniteSample { what, sample, index, value })
        }
        None => Ok(()),
    }
}
