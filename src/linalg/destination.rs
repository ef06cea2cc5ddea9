//! The destination of a product: a matrix, or some rows of one.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::scalar::SimdScalar;

/// Where a product writes its result.
#[derive(Debug)]
pub enum Destination<'a, T: SimdScalar> {
    /// Whole columns, each of `rows` scalars, one after the other.
    Columns { data: &'a mut [T], rows: usize },
    /// Some rows of a matrix.
    Rows(DMatrixViewMut<'a, T>),
}

impl<'a, T: SimdScalar> Destination<'a, T> {
    /// A whole matrix.
    pub(super) fn of(matrix: &'a mut DMatrix<T>) -> Self {
        let rows = matrix.nrows();
        Self::Columns { data: matrix.as_mut_slice(), rows }
    }

    /// The elements of `column` from `row` on; elements of the following columns may come after them.
    #[inline(always)]
    pub(super) fn from(&mut self, row: usize, column: usize) -> &mut [T] {
        match self {
            Self::Columns { data, rows } => &mut data[column * *rows + row..],
            Self::Rows(view) => &mut view.column_mut(column).data.into_slice_mut()[row..],
        }
    }

    /// The first `at` columns, and the others.
    pub(super) fn split_columns(&mut self, at: usize) -> [Destination<'_, T>; 2] {
        match self {
            Self::Columns { data, rows } => {
                let (left, right) = data.split_at_mut(at * *rows);
                [left, right].map(|data| Destination::Columns { data, rows: *rows })
            }
            Self::Rows(view) => {
                let (left, right) = view.columns_range_pair_mut(..at, at..);
                [left, right].map(Destination::Rows)
            }
        }
    }

    /// The whole destination as a view, which can be divided by rows.
    pub(super) fn into_view(self) -> DMatrixViewMut<'a, T> {
        match self {
            Self::Columns { data, rows } => DMatrixViewMut::from_slice(data, rows, data.len() / rows.max(1)),
            Self::Rows(view) => view,
        }
    }
}
