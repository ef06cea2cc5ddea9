//! Large products, divided among threads by rows or columns of the result.

use nalgebra::DMatrix;

use super::CACHED;
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

/// The least number of columns of the result for each thread, if it is divided by columns.
const FEWEST_COLUMNS: usize = 6;

/// Halves the result until there is a block for each of `threads` threads: by columns, which are examples, if each
/// thread's cache can hold the whole left operand, the weights. A thread then finds the activations of its examples in
/// its cache when the next layer needs them. Otherwise the longer side is halved.
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
    let is_small = rows * a.columns * size_of::<T>() <= CACHED && columns >= FEWEST_COLUMNS * threads;
    if rows >= columns && !is_small {
        // Whole registers for each thread, as far as possible.
        let at = (rows * one / threads).next_multiple_of(16).min(rows);
        let (above, below) = initial.split_rows(at);
        let mut view = c.into_view();
        let (top, bottom) = view.rows_range_pair_mut(..at, at..);
        let [top, bottom] = [top, bottom].map(Destination::Rows);
        threads::join(
            || divide(one, above, a.rows(0..at), b, top),
            || divide(other, below, a.rows(at..rows), b, bottom),
        );
    } else {
        let at = columns * one / threads;
        let [left, right] = c.split_columns(at);
        threads::join(
            || divide(one, initial, a, b.columns(0..at), left),
            || divide(other, initial, a, b.columns(at..columns), right),
        );
    }
}
