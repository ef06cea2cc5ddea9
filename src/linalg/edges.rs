//! The rare ways to load and store a tile: transposed, as rows of a larger matrix, or added to the result.
//!
//! They work on a tile that was written to memory, and depend on neither its size nor the instruction set. So they are
//! compiled once per scalar type, and not once per tile size as [`tile`](super::tile) is.

use super::destination::Destination;
use super::scalar::SimdScalar;
use super::tile::Tile;

/// Copies the elements of the result into a tile of `width` columns, `scalars`, which begins at `column`.
#[inline(never)]
pub(super) fn read<T: SimdScalar>(
    tile: &Tile<'_, T>,
    column: usize,
    scalars: &mut [T],
    width: usize,
    c: &mut Destination<'_, T>,
) {
    let height = scalars.len() / width;
    if tile.transposed {
        for i in 0..tile.rows {
            let row = &c.from(column, tile.row + i)[..width];
            row.iter().enumerate().for_each(|(j, &value)| scalars[j * height + i] = value);
        }
    } else {
        for (j, scalars) in scalars.chunks_exact_mut(height).enumerate() {
            scalars[..tile.rows].copy_from_slice(&c.from(tile.row, column + j)[..tile.rows]);
        }
    }
}

/// Copies a tile of `width` columns, `scalars`, which begins at `column`, into the result.
#[inline(never)]
pub(super) fn write<T: SimdScalar>(
    tile: &Tile<'_, T>,
    column: usize,
    scalars: &[T],
    width: usize,
    c: &mut Destination<'_, T>,
) {
    let height = scalars.len() / width;
    if tile.transposed {
        for i in 0..tile.rows {
            let row = &mut c.from(column, tile.row + i)[..width];
            row.iter_mut().enumerate().for_each(|(j, value)| *value = scalars[j * height + i]);
        }
    } else {
        for (j, scalars) in scalars.chunks_exact(height).enumerate() {
            c.from(tile.row, column + j)[..tile.rows].copy_from_slice(&scalars[..tile.rows]);
        }
    }
}
