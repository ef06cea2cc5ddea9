//! Large products, by nalgebra's blocked product, divided among threads.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dyn};

use super::Operand;
use crate::real::Real;

/// Products of fewer multiplications than this stay on one thread.
const GRAIN: usize = 1 << 22;

/// The longest side of what nalgebra counts as a small matrix.
const SMALL: usize = 5;

type View<'a, T> = DMatrixView<'a, T, Dyn, Dyn>;

impl<'a, T: Real> Operand<'a, T> {
    fn view(&self) -> View<'a, T> {
        let (rows, columns, one, stride) = (Dyn(self.rows), Dyn(self.columns), Dyn(1), Dyn(self.stride));
        let (row_stride, column_stride) = if self.transposed { (stride, one) } else { (one, stride) };
        View::from_slice_with_strides_generic(self.data, rows, columns, row_stride, column_stride)
    }
}

/// c = alpha a b + beta c.
pub(super) fn product<T: Real>(alpha: T, a: Operand<'_, T>, b: Operand<'_, T>, beta: T, c: &mut DMatrix<T>) {
    let (rows, columns) = c.shape();
    divide(threads(), alpha, a.view(), b.view(), beta, c.view_mut((0, 0), (rows, columns)));
}

#[cfg(feature = "parallel")]
fn threads() -> usize {
    rayon::current_num_threads()
}

#[cfg(not(feature = "parallel"))]
fn threads() -> usize {
    1
}

/// Halves the longer side of the result until there is a part for each thread.
fn divide<T: Real>(
    threads: usize,
    alpha: T,
    a: View<'_, T>,
    b: View<'_, T>,
    beta: T,
    mut c: DMatrixViewMut<'_, T>,
) {
    let (rows, columns) = c.shape();
    if threads <= 1 || rows * columns * a.ncols() < GRAIN {
        if rows.min(columns).min(a.ncols()) <= SMALL && a.strides().0 != 1 {
            small(alpha, a, b, beta, c);
        } else {
            c.gemm(alpha, &a, &b, beta);
        }
        return;
    }
    let (left, right) = (threads.div_ceil(2), threads / 2);
    let share = |length: usize| (length * left / threads).next_multiple_of(16).min(length);
    if rows >= columns {
        let at = share(rows);
        let (top, bottom) = c.rows_range_pair_mut(..at, at..);
        let (a_top, a_bottom) = (a.rows(0, at), a.rows(at, rows - at));
        join(|| divide(left, alpha, a_top, b, beta, top), || divide(right, alpha, a_bottom, b, beta, bottom));
    } else {
        let at = share(columns);
        let (first, last) = c.columns_range_pair_mut(..at, at..);
        let (b_first, b_last) = (b.columns(0, at), b.columns(at, columns - at));
        join(|| divide(left, alpha, a, b_first, beta, first), || divide(right, alpha, a, b_last, beta, last));
    }
}

/// The same for a transposed `a` and a side of at most [`SMALL`]. nalgebra 0.35 multiplies these column by column, in
/// `axcpy_uninit`, which takes the length of the slice under a strided column for the number of its elements and so
/// writes beyond the end of c.
fn small<T: Real>(alpha: T, a: View<'_, T>, b: View<'_, T>, beta: T, mut c: DMatrixViewMut<'_, T>) {
    for (mut c, b) in c.column_iter_mut().zip(b.column_iter()) {
        for (c, a) in c.iter_mut().zip(a.row_iter()) {
            let sum: T = a.iter().zip(b.iter()).map(|(&a, &b)| a * b).sum();
            // With beta = 0 the old value does not count, not even a NaN.
            *c = if beta == T::zero() { alpha * sum } else { alpha * sum + beta * *c };
        }
    }
}

#[cfg(feature = "parallel")]
fn join(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    rayon::join(first, second);
}

#[cfg(not(feature = "parallel"))]
fn join(first: impl FnOnce(), second: impl FnOnce()) {
    first();
    second();
}
