//! Rows of numbers in one vector, for which memory is taken only as there is evidence of them.

use crate::error::TableProblem;
use crate::real::Real;

/// Rows of `width` numbers, one after the other.
#[derive(Debug)]
pub(super) struct Store<T> {
    pub values: Vec<T>,
    width: usize,
    /// How many rows the length of the file promises.
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

    /// Takes the last row away.
    pub fn pop(&mut self) {
        self.values.truncate(self.values.len() - self.width);
    }

    /// By a quarter, so that never much more is held than the numbers that have arrived.
    fn grow(&mut self) -> Result<(), TableProblem> {
        let more = (self.values.len() / self.width.max(1) / 4).max(256);
        let first = if self.values.is_empty() { self.expected.max(more) } else { more };
        let mut reserve = |rows: usize| self.values.try_reserve_exact(rows.saturating_mul(self.width));
        // The promise may be false: then what has arrived still counts.
        reserve(first).or_else(|_| reserve(more)).map_err(|_| TableProblem::OutOfMemory { rows: more })
    }
}
