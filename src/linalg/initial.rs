//! The initial value of the sums of a product.

use super::scalar::SimdScalar;

/// The initial value of the accumulators.
#[derive(Debug, Clone, Copy)]
pub enum InitialValue<'a, T> {
    /// 0.
    Zero,
    /// One scalar per row.
    Rows(&'a [T]),
    /// The elements of the result, added at the end: sums over thousands of terms stay as exact as sums over one block.
    Result,
}

impl<T: SimdScalar> InitialValue<'_, T> {
    /// Writes the initial values of `rows` sums without any terms.
    pub(super) fn write(&self, rows: usize, column: &mut [T]) {
        match self {
            Self::Zero => column[..rows].fill(T::zero()),
            Self::Rows(values) => column[..rows].copy_from_slice(&values[..rows]),
            Self::Result => {}
        }
    }

    /// Splits the initial values into those of the rows before `at` and those from `at` on.
    pub(super) fn split_rows(&self, at: usize) -> (Self, Self) {
        match self {
            Self::Zero => (Self::Zero, Self::Zero),
            Self::Rows(rows) => (Self::Rows(&rows[..at]), Self::Rows(&rows[at..])),
            Self::Result => (Self::Result, Self::Result),
        }
    }
}
