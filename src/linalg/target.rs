//! The result of a product: a matrix, or some rows of one.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::lane::Lane;

/// Where a product writes its result.
#[derive(Debug)]
pub enum Target<'a, T: Lane> {
    /// Whole columns, each of `rows` numbers, one after the other.
    Columns { data: &'a mut [T], rows: usize },
    /// Some rows of a matrix.
    Rows(DMatrixViewMut<'a, T>),
}

impl<'a, T: Lane> Target<'a, T> {
    /// A whole matrix.
    pub(super) fn of(matrix: &'a mut DMatrix<T>) -> Self {
        let rows = matrix.nrows();
        Self::Columns { data: matrix.as_mut_slice(), rows }
    }

    /// The numbers of `column` from `row` on; behind them may be those of the columns that follow.
    #[inline(always)]
    pub(super) fn from(&mut self, row: usize, column: usize) -> &mut [T] {
        match self {
            Self::Columns { data, rows } => &mut data[column * *rows + row..],
            Self::Rows(view) => &mut view.column_mut(column).data.into_slice_mut()[row..],
        }
    }
}
