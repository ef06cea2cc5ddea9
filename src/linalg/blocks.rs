//! One thread's product: the result in tiles, the operands in blocks that stay in the cache.
//!
//! A tile (see [`tile`](super::tile)) wants pieces of columns of its left operand and single numbers of its right one.
//! The right operand is read where it is. So is the left one if its columns are in one piece and it is used only a
//! few times; otherwise it is first copied, a block at a time, into panels (see [`panels`](super::panels)). If the left
//! operand is a transpose, the transposed product is computed instead: then it is the smaller operand, δ in
//! backpropagation, that has to be turned round while it is copied, and not the weights.

use pulp::{Arch, Simd, WithSimd};

use super::Operand;
use super::lane::Lane;
use super::panels::{self, Heights, Panels};
use super::target::Target;
use super::tile::{self, Start, Tile};

/// The inner dimension of a block: six columns of it, for a tile, are at home in the first-level cache.
pub(super) const INNER: usize = 1024;

/// Bytes of a block's panels, at home in the second-level cache.
const BLOCK: usize = 1 << 19;

/// Up to so many columns of the result, copying the left operand costs more than it gains.
const FEW_COLUMNS: usize = 24;

/// The left operand of a product.
#[derive(Debug, Clone, Copy)]
pub enum Left<'a, T> {
    /// In its place.
    Operand(Operand<'a, T>),
    /// Copied before.
    Panels(&'a Panels<T>),
}

/// Takes the room of this thread for panels, as much as any product needs, so that none has to ask for more.
pub(super) fn prepare<T: Lane>() {
    T::with_scratch(fill);
}

fn fill<T: Lane>(scratch: &mut Vec<T>) {
    scratch.resize(BLOCK / size_of::<T>(), T::zero());
}

/// c = start + a b.
pub(super) fn product<T: Lane>(start: Start<'_, T>, a: Left<'_, T>, b: Operand<'_, T>, c: Target<'_, T>) {
    let (turned, a, b) = match a {
        Left::Operand(a) if !a.by_columns => (true, Left::Operand(b.transposed()), a.transposed()),
        a => (false, a, b),
    };
    T::with_scratch(|scratch| {
        fill(scratch);
        Arch::new().dispatch(Blocks { start, a, b, c, turned, scratch });
    });
}

struct Blocks<'a, T: Lane> {
    start: Start<'a, T>,
    a: Left<'a, T>,
    b: Operand<'a, T>,
    c: Target<'a, T>,
    /// Whether `c` is the transpose of what is computed.
    turned: bool,
    scratch: &'a mut [T],
}

impl<T: Lane> WithSimd for Blocks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = T::lanes::<S>();
        let (rows, copied) = match self.a {
            Left::Operand(a) => (a.rows, !a.by_columns || self.b.columns > FEW_COLUMNS),
            Left::Panels(panels) => (panels.rows, false),
        };
        // Without an inner dimension, what the sums begin with has to be written all the same.
        for inner in (0..self.b.rows.max(1)).step_by(INNER) {
            let depth = INNER.min(self.b.rows - inner);
            let strips = if copied { BLOCK / size_of::<T>() / (4 * lanes * INNER) } else { usize::MAX };
            let mut row = 0;
            while row < rows {
                let block = Heights::of(rows - row, lanes).take(strips);
                if let (true, Left::Operand(a)) = (copied, self.a) {
                    panels::copy(a, row, inner..inner + depth, block.clone(), lanes, self.scratch);
                }
                let first = row;
                for height in block {
                    let high = height * lanes;
                    let (a, a_stride) = match self.a {
                        Left::Panels(panels) => {
                            (&panels.data[inner * rows.next_multiple_of(lanes) + row * depth..], high)
                        }
                        Left::Operand(_) if copied => (&self.scratch[(row - first) * depth..], high),
                        Left::Operand(a) => (a.from(row, inner), a.stride),
                    };
                    let (start, turned, rows) = (self.start, self.turned, high.min(rows - row));
                    let mut column = 0;
                    for (width, tiles) in widths(self.b.columns, tile::widest::<S>(height)) {
                        if tiles == 0 {
                            continue;
                        }
                        let (b, b_stride) = (self.b.from(inner, column), self.b.stride);
                        let tile =
                            Tile { start, depth, a, a_stride, b, b_stride, tiles, row, column, rows, turned };
                        tile.compute(simd, height, width, self.b.by_columns, &mut self.c);
                        column += width * tiles;
                    }
                    row += rows;
                }
            }
            self.start = Start::Result;
        }
    }
}

/// Divides `columns` into widths as equal as can be, none above `widest`: two widths, and the tiles of each.
#[inline(always)]
fn widths(columns: usize, widest: usize) -> [(usize, usize); 2] {
    let tiles = columns.div_ceil(widest).max(1);
    let (narrow, wide_tiles) = (columns / tiles, columns % tiles);
    [(narrow + 1, wide_tiles), (narrow, tiles - wide_tiles)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_cover_the_columns() {
        for (columns, widest) in (1..200).flat_map(|columns| (1..=12).map(move |widest| (columns, widest))) {
            let parts = widths(columns, widest);
            assert_eq!(parts.iter().map(|(width, tiles)| width * tiles).sum::<usize>(), columns);
            assert!(parts.iter().all(|&(width, tiles)| tiles == 0 || (1..=widest).contains(&width)));
        }
    }
}
