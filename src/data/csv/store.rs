//! Rows of numbers in one vector, whose memory grows with the rows so far.

use crate::error::TableProblem;
use crate::real::Real;

/// Rows of `width` numbers, one after the other.
#[derive(Debug)]
pub(super) struct Store<T> {
    pub values: Vec<T>,
    width: usize,
    /// An estimate of the number of rows from the length of the file.
    expected: usize,
}

impl<T: Real> Store<T> {
    pub fn new(width: usize, expected: usize) -> Self {
        Self { values: Vec::new(), width, expected }
    }

    /// Adds a row of zeros.
    pub fn push(&mut self) -> Result<&mut [T], TableProblem> {
        let (begin, end) = (self.values.len(), self.values.len() + self.width);
        if end > self.values.capacity() {
            self.grow()?;
        }
        self.values.resize(end, T::zero());
        Ok(&mut self.values[begin..])
    }

    /// Removes the last row.
    pub fn pop(&mut self) {
        self.values.truncate(self.values.len() - self.width);
    }

    /// Reserves memory for the expected rows first, and then for a quarter more rows, so that little memory is unused.
    fn grow(&mut self) -> Result<(), TableProblem> {
        let more = (self.values.len() / self.width.max(1) / 4).max(256);
        let first = if self.values.is_empty() { self.expected.max(more) } else { more };
        let mut reserve = |rows: usize| self.values.try_reserve_exact(rows.saturating_mul(self.width));
        // The estimate may be too large to reserve; then memory grows with the rows.
        reserve(first).or_else(|_| reserve(more)).map_err(|_| TableProblem::OutOfMemory { rows: more })
    }
}
