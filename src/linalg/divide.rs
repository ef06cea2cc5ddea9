//! Large products, divided among threads by rows or columns of the result.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::blocks::Left;
use super::destination::Destination;
use super::initial::InitialValue;
use super::operand::Operand;
use super::product::Product;
use crate::threads;

/// c = initial + a b, on as many threads as its size justifies.
pub(super) fn product<T: Product>(
    initial: InitialValue<'_, T>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    c: &mut DMatrix<T>,
) {
    assert_eq!((a.rows, b.columns), c.shape(), "rows of a and columns of b against the shape of c");
    assert_eq!(a.columns, b.rows, "columns of a against rows of b");
    match threads::useful_threads(c.len() * a.columns) {
        1 => T::product(initial, Left::Operand(a), b, Destination::of(c)),
        threads => divide(threads, initial, a, b, c.as_view_mut()),
    }
}

/// Halves the longer side of the result until there is a block for each of `threads` threads.
fn divide<T: Product>(
    threads: usize,
    initial: InitialValue<'_, T>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    mut c: DMatrixViewMut<'_, T>,
) {
    if threads <= 1 {
        return T::product(initial, Left::Operand(a), b, Destination::Rows(c));
    }
    let (rows, columns) = c.shape();
    let (one, other) = (threads.div_ceil(2), threads / 2);
    // Whole registers for each thread, as far as possible.
    let first = |length: usize| (length * one / threads).next_multiple_of(16).min(length);
    if rows >= columns {
        let at = first(rows);
        let (above, below) = initial.split_rows(at);
        let (top, bottom) = c.rows_range_pair_mut(..at, at..);
        threads::join(
            || divide(one, above, a.rows(0..at), b, top),
            || divide(other, below, a.rows(at..rows), b, bottom),
        );
    } else {
        let at = first(columns);
        let (left, right) = c.columns_range_pair_mut(..at, at..);
        threads::join(
            || divide(one, initial, a, b.columns(0..at), left),
            || divide(other, initial, a, b.columns(at..columns), right),
        );
    }
}
