//! Reads columns of a data set and replaces its inputs or targets, in place if no other data set shares the memory.

use std::ops::Range;
use std::sync::Arc;

use nalgebra::DMatrix;

use super::{Dataset, Inputs, Targets, Task, check_finite};
use crate::error::{Error, Result};
use crate::memory;
use crate::real::Real;

/// Number of samples that are gathered at a time.
const BLOCK: usize = 256;

impl<T: Real> Dataset<T> {
    /// Returns the inputs `rows` of all samples, a vector for each row.
    pub(in crate::data) fn input_columns(&self, rows: Range<usize>) -> Vec<Vec<f64>> {
        self.columns(rows, self.n_inputs(), |samples, x| self.fill_inputs(samples, x))
    }

    /// Returns the targets `rows` of all samples, a vector for each row.
    pub(in crate::data) fn target_columns(&self, rows: Range<usize>) -> Vec<Vec<f64>> {
        let width = self.n_outputs();
        self.columns(rows, width, |samples, y| {
            for (&sample, y) in samples.iter().zip(y.chunks_exact_mut(width)) {
                self.fill_targets(sample, y);
            }
        })
    }

    fn columns(&self, rows: Range<usize>, width: usize, fill: impl Fn(&[usize], &mut [T])) -> Vec<Vec<f64>> {
        let mut columns = vec![Vec::with_capacity(self.len()); rows.len()];
        let mut buffer = vec![T::zero(); BLOCK * width];
        let all: Vec<usize> = (0..self.len()).collect();
        for samples in all.chunks(BLOCK) {
            let block = &mut buffer[..samples.len() * width];
            fill(samples, block);
            for sample in block.chunks_exact(width) {
                let values = columns.iter_mut().zip(&sample[rows.clone()]);
                values.for_each(|(column, value)| column.push(value.to_f64()));
            }
        }
        columns
    }

    /// Returns the same samples with inputs as floats that `change` has changed; it gets them sample after sample.
    pub(in crate::data) fn map_inputs(self, change: impl FnOnce(&mut [T])) -> Result<Self> {
        // A subset keeps the task of the whole data set.
        let task = Arc::new(self.task().into());
        let targets = if self.is_whole() { self.targets.clone() } else { Arc::new(self.own_targets()) };
        let mut x = match self.take_inputs() {
            Ok(x) => x,
            Err(data) => {
                let mut x = memory::zeros("the scaled inputs", data.n_inputs(), data.len())?;
                data.fill_inputs(&(0..data.len()).collect::<Vec<_>>(), x.as_mut_slice());
                x
            }
        };
        change(x.as_mut_slice());
        check_finite("scaled input", &x, 0)?;
        let range = 0..x.ncols();
        Ok(Self { inputs: Arc::new(Inputs::Numbers(x)), targets, order: None, range, task })
    }

    /// Returns the same samples with targets, which must not be labels, that `change` has changed; it gets them sample
    /// after sample.
    pub(in crate::data) fn map_targets(self, change: impl FnOnce(&mut [T])) -> Result<Self> {
        let mut y = match self.own_targets() {
            Targets::Numbers(y) => y,
            Targets::Labels { .. } => return Err(Error::ScaledClasses),
        };
        change(y.as_mut_slice());
        check_finite("scaled target", &y, 0)?;
        let (targets, task) = (Arc::new(Targets::Numbers(y)), Arc::new(Task::Regression.into()));
        if self.is_whole() {
            return Ok(Self { targets, task, ..self });
        }
        // The targets are now stored in the order of this view, so its inputs have to be stored in this order too.
        let (inputs, range) = (self.own_inputs(), 0..self.len());
        Ok(Self { inputs: Arc::new(inputs), targets, order: None, range, task })
    }

    /// Returns whether this view contains all stored samples in their stored order.
    fn is_whole(&self) -> bool {
        let stored = match &*self.targets {
            Targets::Numbers(y) => y.ncols(),
            Targets::Labels { labels, .. } => labels.len(),
        };
        self.order.is_none() && self.range == (0..stored)
    }

    /// Returns the matrix of the inputs without a copy, if this view contains all of it and no other data set shares
    /// it.
    fn take_inputs(self) -> std::result::Result<DMatrix<T>, Self> {
        if !self.is_whole() {
            return Err(self);
        }
        match Arc::try_unwrap(self.inputs) {
            Ok(Inputs::Numbers(x)) => Ok(x),
            Ok(pixels) => Err(Self { inputs: Arc::new(pixels), ..self }),
            Err(inputs) => Err(Self { inputs, ..self }),
        }
    }

    fn own_inputs(&self) -> Inputs<T> {
        let places = (0..self.len()).map(|index| self.place(index));
        match &*self.inputs {
            Inputs::Numbers(x) => Inputs::Numbers(x.select_columns(&places.collect::<Vec<_>>())),
            Inputs::Pixels { bytes, width } => {
                let bytes = places.flat_map(|at| &bytes[at * width..][..*width]).copied().collect();
                Inputs::Pixels { bytes, width: *width }
            }
        }
    }

    fn own_targets(&self) -> Targets<T> {
        let places = (0..self.len()).map(|index| self.place(index));
        match &*self.targets {
            Targets::Numbers(y) => Targets::Numbers(y.select_columns(&places.collect::<Vec<_>>())),
            Targets::Labels { labels, n_classes, names } => {
                let labels = places.map(|at| labels[at]).collect();
                Targets::Labels { labels, n_classes: *n_classes, names: names.clone() }
            }
        }
    }
}
