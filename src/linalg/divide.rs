//! Large products, divided among threads by rows or columns of the result.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::blocks::Left;
use super::lane::Lane;
use super::operand::Operand;
use super::target::Target;
use super::tile::Start;
use crate::threads;

/// c = start + a b, on as many threads as are worth it.
pub(super) fn product<T: Lane>(
    start: Start<'_, T>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    c: &mut DMatrix<T>,
) {
    assert_eq!((a.rows, b.columns), c.shape(), "rows of a and columns of b against the shape of c");
    assert_eq!(a.columns, b.rows, "columns of a against rows of b");
    match threads::useful_threads(c.len() * a.columns) {
        1 => T::product(start, Left::Operand(a), b, Target::of(c)),
        threads => share(threads, start, a, b, c.as_view_mut()),
    }
}

/// Halves the longer side of the result until there is a part for each of `threads` threads.
fn share<T: Lane>(
    threads: usize,
    start: Start<'_, T>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    mut c: DMatrixViewMut<'_, T>,
) {
    if threads <= 1 {
        return T::product(start, Left::Operand(a), b, Target::Rows(c));
    }
    let (rows, columns) = c.shape();
    let (one, other) = (threads.div_ceil(2), threads / 2);
    // Whole registers for each, as far as there are any.
    let part = |length: usize| (length * one / threads).next_multiple_of(16).min(length);
    if rows >= columns {
        let at = part(rows);
        let (first, last) = start.split_rows(at);
        let (top, bottom) = c.rows_range_pair_mut(..at, at..);
        threads::join(
            || share(one, first, a.rows(0..at), b, top),
            || share(other, last, a.rows(at..rows), b, bottom),
        );
    } else {
        let at = part(columns);
        let (left, right) = c.columns_range_pair_mut(..at, at..);
        threads::join(
            || share(one, start, a, b.columns(0..at), left),
            || share(other, start, a, b.columns(at..columns), right),
        );
    }
}
