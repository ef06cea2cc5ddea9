//! The operand of a product: a block of a matrix, or of its transpose, in place.

use std::ops::Range;

use nalgebra::DMatrix;

use super::scalar::SimdScalar;

/// A block of a matrix in place: element (i, j) is `data[i + j · stride]` by columns, `data[i · stride + j]` by rows.
#[derive(Debug, Clone, Copy)]
pub struct Operand<'a, T> {
    pub data: &'a [T],
    pub stride: usize,
    pub rows: usize,
    pub columns: usize,
    pub by_columns: bool,
}

impl<'a, T: SimdScalar> Operand<'a, T> {
    /// The matrix as it is.
    pub(super) fn of(matrix: &'a DMatrix<T>) -> Self {
        let (rows, columns) = matrix.shape();
        Self { data: matrix.as_slice(), stride: rows, rows, columns, by_columns: true }
    }

    /// The transpose, without moving an element.
    pub(super) fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, by_columns: !self.by_columns, ..self }
    }

    /// The elements from (`row`, `column`) on.
    #[inline(always)]
    pub(super) fn from(&self, row: usize, column: usize) -> &'a [T] {
        let (long, short) = if self.by_columns { (column, row) } else { (row, column) };
        &self.data[long * self.stride + short..]
    }

    /// Some of the rows.
    pub(super) fn rows(&self, range: Range<usize>) -> Self {
        Self { rows: range.len(), data: self.tail(range.start, 0), ..*self }
    }

    /// Some of the columns.
    pub(super) fn columns(&self, range: Range<usize>) -> Self {
        Self { columns: range.len(), data: self.tail(0, range.start), ..*self }
    }

    /// Like [`from`](Self::from), but empty beyond the last element.
    fn tail(&self, row: usize, column: usize) -> &'a [T] {
        if row < self.rows && column < self.columns { self.from(row, column) } else { &[] }
    }
}
