//! The rare ways to store a tile: transposed, as rows of a larger matrix, or added to the result.
//!
//! They work on a tile that was written to memory, and depend on neither its size nor the instruction set. So they are
//! compiled once per scalar type, and not once per tile size as [`tile`](super::tile) is.

use super::destination::Destination;
use super::initial::InitialValue;
use super::scalar::SimdScalar;
use super::tile::Tile;
use super::transpose;

/// Copies a tile of `width` columns, `scalars`, which begins at `column`, into the result, or adds it to the result.
#[inline(never)]
pub(super) fn write<T: SimdScalar>(
    tile: &Tile<'_, T>,
    column: usize,
    scalars: &[T],
    width: usize,
    c: &mut Destination<'_, T>,
) {
    let height = scalars.len() / width;
    // Whether the result already holds the sums of earlier terms.
    let added = matches!(tile.initial, InitialValue::Result);
    let put = |value: &mut T, sum: T| *value = if added { *value + sum } else { sum };
    if let (true, false, Destination::Columns { data, rows }) = (tile.transposed, added, &mut *c) {
        let first = &mut data[tile.row * *rows + column..];
        transpose::copy((scalars, height), (first, *rows), (tile.rows, width));
    } else if tile.transposed {
        for i in 0..tile.rows {
            let row = &mut c.from(column, tile.row + i)[..width];
            row.iter_mut().enumerate().for_each(|(j, value)| put(value, scalars[j * height + i]));
        }
    } else {
        for (j, scalars) in scalars.chunks_exact(height).enumerate() {
            let column = &mut c.from(tile.row, column + j)[..tile.rows];
            column.iter_mut().zip(scalars).for_each(|(value, &sum)| put(value, sum));
        }
    }
}
