//! The operand of a product: a part of a matrix, or of its transpose, in place.

use nalgebra::DMatrix;

use super::lane::Lane;

/// A part of a matrix in place: element (i, j) is `data[i + j · stride]` by columns, `data[i · stride + j]` by rows.
#[derive(Debug, Clone, Copy)]
pub struct Operand<'a, T> {
    pub data: &'a [T],
    pub stride: usize,
    pub rows: usize,
    pub columns: usize,
    pub by_columns: bool,
}

impl<'a, T: Lane> Operand<'a, T> {
    /// The matrix as it is.
    pub(super) fn of(matrix: &'a DMatrix<T>) -> Self {
        let (rows, columns) = matrix.shape();
        Self { data: matrix.as_slice(), stride: rows, rows, columns, by_columns: true }
    }

    /// The transpose, without moving a number.
    pub(super) fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, by_columns: !self.by_columns, ..self }
    }

    /// The elements from (`row`, `column`) on.
    #[inline(always)]
    pub(super) fn from(&self, row: usize, column: usize) -> &'a [T] {
        let (long, short) = if self.by_columns { (column, row) } else { (row, column) };
        &self.data[long * self.stride + short..]
    }

    /// The rows before `at` and those from `at` on.
    #[cfg(feature = "parallel")]
    pub(super) fn split_rows(&self, at: usize) -> (Self, Self) {
        (Self { rows: at, ..*self }, Self { rows: self.rows - at, data: self.tail(at, 0), ..*self })
    }

    /// The columns before `at` and those from `at` on.
    #[cfg(feature = "parallel")]
    pub(super) fn split_columns(&self, at: usize) -> (Self, Self) {
        (Self { columns: at, ..*self }, Self { columns: self.columns - at, data: self.tail(0, at), ..*self })
    }

    /// What [`from`](Self::from) gives; nothing from beyond the last element.
    #[cfg(feature = "parallel")]
    fn tail(&self, row: usize, column: usize) -> &'a [T] {
        if row < self.rows && column < self.columns { self.from(row, column) } else { &[] }
    }
}
