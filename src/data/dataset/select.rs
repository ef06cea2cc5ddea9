//! Views of a data set: some of its samples, in any order, in the same memory.

use super::{Dataset, Targets};
use crate::error::{Error, Result};
use crate::real::Real;

impl<T: Real> Dataset<T> {
    /// Returns the samples `indices` in this order, as a view that shares the memory. An index may occur more than
    /// once.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if there are no indices, and [`Error::SizeMismatch`] if one is beyond the last sample.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_column_slice(1, 4, &[0.0, 1.0, 2.0, 3.0]);
    /// let data = Dataset::from_labels(x, &[0, 1, 2, 1], 3)?;
    /// let ones = data.select(&[3, 1])?;
    /// assert_eq!((ones.len(), ones.label(0), ones.label(1)), (2, Some(1), Some(1)));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn select(&self, indices: &[usize]) -> Result<Self> {
        if indices.is_empty() {
            return Err(Error::Empty { what: "the selection of samples" });
        }
        if let Some(&index) = indices.iter().find(|&&index| index >= self.len()) {
            let what = "samples of the data set";
            return Err(Error::SizeMismatch { what, found: self.len(), expected: index.saturating_add(1) });
        }
        let order = indices.iter().map(|&index| self.place(index)).collect();
        Ok(Self { order: Some(order), range: 0..indices.len(), ..self.clone() })
    }

    /// Returns whether the targets are stored as class labels.
    pub(in crate::data) fn has_labels(&self) -> bool {
        matches!(*self.targets, Targets::Labels { .. })
    }

    /// Returns the labels of the samples, if the targets are stored as labels.
    pub(in crate::data) fn labels(&self) -> Option<impl Iterator<Item = usize>> {
        match &*self.targets {
            Targets::Labels { labels, .. } => {
                Some((0..self.len()).map(|index| labels[self.place(index)] as usize))
            }
            Targets::Numbers(_) => None,
        }
    }

    /// Returns the class of each sample, if the [task](Self::task) has classes.
    pub(in crate::data) fn classes(&self) -> Option<Vec<usize>> {
        (0..self.len()).map(|index| self.label(index)).collect()
    }
}
