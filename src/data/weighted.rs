//! Samples that count more or less than others.

use std::ops::Range;

use nalgebra::DMatrix;

use super::gather::check_weight;
use super::{Blocks, Dataset, Samples, Task};
use crate::error::{Error, Result};
use crate::real::Real;

/// Samples with a weight for each: C = 1/n Σ_x weight_x C_x.
///
/// A sample of weight 2 counts as two samples. If a class is rare, [`balanced`](Self::balanced) weights let it count as
/// much as the others.
///
/// Source: for the balanced weights n/(K n_k), King and Zeng, *Logistic regression in rare events data*, 2001.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // Three samples of class 0 and one of class 1.
/// let x = DMatrix::from_row_slice(1, 4, &[0.0, 0.1, 0.2, 1.0]);
/// let y = DMatrix::from_row_slice(2, 4, &[1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
/// let data = Weighted::balanced(Dataset::new(x, y)?)?;
/// let mut weights = [0.0; 2];
/// data.weights(&[0, 3], &mut weights);
/// assert_eq!(weights, [4.0 / (2.0 * 3.0), 4.0 / (2.0 * 1.0)]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Weighted<S> {
    samples: S,
    weights: Vec<f64>,
}

impl<S> Weighted<S> {
    /// Gives each of `samples` its weight. Weights of mean 1 do not change the magnitude of the training steps.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if there is not one weight per sample, and [`Error::Setting`] for the first
    /// weight that is negative, NaN or infinite.
    pub fn new<T: Real>(samples: S, weights: Vec<f64>) -> Result<Self>
    where
        S: Samples<T>,
    {
        if weights.len() != samples.len() {
            let (found, expected) = (weights.len(), samples.len());
            return Err(Error::SizeMismatch { what: "weights, one for each sample", found, expected });
        }
        weights.iter().try_for_each(|&weight| check_weight(weight))?;
        Ok(Self { samples, weights })
    }
}

impl<T: Real> Weighted<Dataset<T>> {
    /// Gives the samples of class k the weight n/(K n_k), with n samples, K classes that occur and n_k samples of class
    /// k, so that every class has the same total weight and the mean weight is 1.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Measure`] if the task of the samples has no classes (regression, independent labels).
    pub fn balanced(samples: Dataset<T>) -> Result<Self> {
        let labels: Option<Vec<usize>> = (0..samples.len()).map(|index| samples.label(index)).collect();
        let labels = labels.ok_or_else(|| {
            let why = "its samples belong to no classes; choose each weight by `Weighted::new`";
            Error::Measure {
                measure: "a balanced weight".to_owned(),
                task: samples.task(),
                why: why.to_owned(),
            }
        })?;
        let mut counts = vec![0_usize; labels.iter().max().map_or(0, |largest| largest + 1)];
        labels.iter().for_each(|&label| counts[label] += 1);
        let classes = counts.iter().filter(|&&count| count > 0).count();
        let weight = |&label: &usize| labels.len() as f64 / (classes * counts[label]) as f64;
        let weights = labels.iter().map(weight).collect();
        Self::new(samples, weights)
    }
}

impl<T: Real, S: Samples<T>> Samples<T> for Weighted<S> {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn n_inputs(&self) -> usize {
        self.samples.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.samples.n_outputs()
    }

    fn gather(&self, epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()> {
        self.samples.gather(epoch, indices, x, y)
    }

    fn weights(&self, indices: &[usize], weights: &mut [T]) {
        for (weight, &index) in weights.iter_mut().zip(indices) {
            *weight = T::cast(self.weights.get(index).copied().unwrap_or(1.0));
        }
    }

    fn unaugmented(&self) -> Option<&dyn Samples<T>> {
        self.samples.unaugmented()
    }

    fn task(&self) -> Option<Task> {
        self.samples.task()
    }

    fn blocks(&self) -> Option<Blocks> {
        self.samples.blocks()
    }

    fn read_ahead(&self, ranges: &[Range<usize>]) {
        self.samples.read_ahead(ranges);
    }

    fn fingerprint(&self) -> Option<u64> {
        self.samples.fingerprint()
    }
}
