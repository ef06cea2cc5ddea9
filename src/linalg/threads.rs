//! Large products, divided among threads by rows or columns of the result.

use nalgebra::DMatrix;
#[cfg(feature = "parallel")]
use nalgebra::DMatrixViewMut;

use super::lane::Lane;
use super::{Operand, blocks};

/// A part with fewer multiplications than this is not worth another thread.
#[cfg(feature = "parallel")]
const GRAIN: usize = 1 << 21;

/// Has every thread that may take part in a product take its room for copies.
#[cfg(feature = "parallel")]
pub(super) fn prepare<T: Lane>() {
    rayon::broadcast(|_| blocks::prepare::<T>());
}

#[cfg(not(feature = "parallel"))]
pub(super) use blocks::prepare;

/// c = alpha a b + beta c.
pub(super) fn product<T: Lane>(alpha: T, a: Operand<'_, T>, b: Operand<'_, T>, beta: T, c: &mut DMatrix<T>) {
    assert_eq!((a.rows, a.columns), (c.nrows(), b.rows), "rows of c and b against the shape of a");
    assert_eq!(b.columns, c.ncols(), "columns of b against columns of c");
    divide(alpha, a, b, beta, c.as_view_mut());
}

#[cfg(not(feature = "parallel"))]
use blocks::product as divide;

#[cfg(feature = "parallel")]
fn divide<T: Lane>(alpha: T, a: Operand<'_, T>, b: Operand<'_, T>, beta: T, c: DMatrixViewMut<'_, T>) {
    let work = c.len() * a.columns;
    if work < 2 * GRAIN {
        return T::product(alpha, a, b, beta, c);
    }
    share(rayon::current_num_threads().min(work / GRAIN), alpha, a, b, beta, c);
}

/// Halves the longer side of the result until there is a part for each of `threads` threads.
#[cfg(feature = "parallel")]
fn share<T: Lane>(
    threads: usize,
    alpha: T,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    beta: T,
    mut c: DMatrixViewMut<'_, T>,
) {
    if threads <= 1 {
        return T::product(alpha, a, b, beta, c);
    }
    let (rows, columns) = c.shape();
    let (one, other) = (threads.div_ceil(2), threads / 2);
    // Whole tiles for each, as far as there are any.
    let part = |length: usize| (length * one / threads).next_multiple_of(64).min(length);
    if rows >= columns {
        let at = part(rows);
        let (top, bottom) = c.rows_range_pair_mut(..at, at..);
        let (a_top, a_bottom) = a.split_rows(at);
        rayon::join(
            || share(one, alpha, a_top, b, beta, top),
            || share(other, alpha, a_bottom, b, beta, bottom),
        );
    } else {
        let at = part(columns);
        let (first, last) = c.columns_range_pair_mut(..at, at..);
        let (b_first, b_last) = b.split_columns(at);
        rayon::join(
            || share(one, alpha, a, b_first, beta, first),
            || share(other, alpha, a, b_last, beta, last),
        );
    }
}
