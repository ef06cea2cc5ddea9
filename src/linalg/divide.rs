//! Large products, divided among threads by rows or columns of the result.

use nalgebra::DMatrix;

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
        threads => divide(threads, initial, a, b, Destination::of(c)),
    }
}

/// Halves the longer side of the result until there is a block for each of `threads` threads.
fn divide<T: Product>(
    threads: usize,
    initial: InitialValue<'_, T>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    mut c: Destination<'_, T>,
) {
    if threads <= 1 {
        return T::product(initial, Left::Operand(a), b, c);
    }
    let (rows, columns) = (a.rows, b.columns);
    let (one, other) = (threads.div_ceil(2), threads / 2);
    // Whole registers for each thread, as far as possible.
    let first = |length: usize| (length * one / threads).next_multiple_of(16).min(length);
    if rows >= columns {
        let at = first(rows);
        let (above, below) = initial.split_rows(at);
        let mut view = c.into_view();
        let (top, bottom) = view.rows_range_pair_mut(..at, at..);
        let [top, bottom] = [top, bottom].map(Destination::Rows);
        threads::join(
            || divide(one, above, a.rows(0..at), b, top),
            || divide(other, below, a.rows(at..rows), b, bottom),
        );
    } else {
        let at = first(columns);
        let [left, right] = c.split_columns(at);
        threads::join(
            || divide(one, initial, a, b.columns(0..at), left),
            || divide(other, initial, a, b.columns(at..columns), right),
        );
    }
}
