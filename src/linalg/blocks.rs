//! One thread's product: the result in tiles, the operands in blocks that stay in the cache.
//!
//! A tile (see [`tile`](super::tile)) wants pieces of columns of its left operand and single numbers of its right one.
//! The right operand is read where it is. So is the left one if its columns are in one piece and it is used only a
//! few times; otherwise it is first copied, a block at a time, into panels (see [`panels`](super::panels)). If the left
//! operand is a transpose, the transposed product is computed instead: then it is the smaller operand, δ in
//! backpropagation, that has to be turned round while it is copied, and not the weights.

use std::ops::Range;

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

impl<T: Lane> Left<'_, T> {
    fn rows(&self) -> usize {
        match self {
            Self::Operand(a) => a.rows,
            Self::Panels(panels) => panels.rows(),
        }
    }
}

/// Takes the room of this thread for panels, as much as any product needs, so that none has to ask for more.
pub(super) fn prepare<T: Lane>() {
    T::with_scratch(fill);
}

fn fill<T: Lane>(scratch: &mut Vec<T>) {
    scratch.resize(BLOCK / size_of::<T>(), T::zero());
}

/// c = start + a b.
pub(super) fn product<T: Lane>(start: Start<'_, T>, a: Left<'_, T>, b: Operand<'_, T>, mut c: Target<'_, T>) {
    if a.rows() == 0 || b.rows == 0 || b.columns == 0 {
        (0..b.columns).for_each(|column| start.write(a.rows(), c.from(0, column)));
        return;
    }
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
        let rows = self.a.rows();
        let copied = match self.a {
            Left::Operand(a) => !a.by_columns || self.b.columns > FEW_COLUMNS,
            Left::Panels(_) => false,
        };
        let strips = if copied { BLOCK / size_of::<T>() / (4 * lanes * INNER) } else { usize::MAX };
        for inner in (0..self.b.rows).step_by(INNER) {
            let depth = INNER.min(self.b.rows - inner);
            let mut row = 0;
            while row < rows {
                let (first, block) = (row, Heights::of(rows - row, lanes).take(strips));
                if let (true, Left::Operand(a)) = (copied, self.a) {
                    panels::copy(a, row, inner..inner + depth, block.clone(), lanes, self.scratch);
                }
                for height in block {
                    let high = height * lanes;
                    let (a, a_stride) = match self.a {
                        Left::Panels(panels) => (panels.from(row, inner, depth, lanes), high),
                        Left::Operand(_) if copied => (&self.scratch[(row - first) * depth..], high),
                        Left::Operand(a) => (a.from(row, inner), a.stride),
                    };
                    let (start, turned) = (self.start, self.turned);
                    let rows = row..rows.min(row + high);
                    row = rows.end;
                    let strip = Strip { start, inner, depth, a, a_stride, height, rows, turned };
                    strip.compute(simd, self.b, &mut self.c);
                }
            }
            self.start = Start::Result;
        }
    }
}

/// Some rows of the result, as high as a tile, and what they are computed from.
struct Strip<'a, T> {
    start: Start<'a, T>,
    inner: usize,
    depth: usize,
    a: &'a [T],
    a_stride: usize,
    /// In registers.
    height: usize,
    rows: Range<usize>,
    turned: bool,
}

impl<T: Lane> Strip<'_, T> {
    /// Computes the strip, tile by tile.
    #[inline(always)]
    fn compute<S: Simd>(self, simd: S, all_of_b: Operand<'_, T>, c: &mut Target<'_, T>) {
        let Self { start, inner, depth, a, a_stride, height, rows, turned } = self;
        let (row, rows, b_stride) = (rows.start, rows.len(), all_of_b.stride);
        let mut column = 0;
        for (width, tiles) in widths(all_of_b.columns, tile::widest::<S>(height)) {
            if tiles == 0 {
                continue;
            }
            let b = all_of_b.from(inner, column);
            let tile = Tile { start, depth, a, a_stride, b, b_stride, tiles, row, column, rows, turned };
            tile.compute(simd, height, width, all_of_b.by_columns, c);
            column += width * tiles;
        }
    }
}

/// Divides `columns` into widths as equal as can be, none above `widest`: two widths, and the tiles of each.
#[inline(always)]
fn widths(columns: usize, widest: usize) -> [(usize, usize); 2] {
    let tiles = columns.div_ceil(widest);
    let (narrow, wide_tiles) = (columns / tiles, columns % tiles);
    [(narrow + 1, wide_tiles), (narrow, tiles - wide_tiles)]
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;

    #[test]
    fn widths_cover_the_columns() {
        for (columns, widest) in (1..200).flat_map(|columns| (1..=12).map(move |widest| (columns, widest))) {
            let parts = widths(columns, widest);
            assert_eq!(parts.iter().map(|(width, tiles)| width * tiles).sum::<usize>(), columns);
            assert!(parts.iter().all(|&(width, tiles)| tiles == 0 || (1..=widest).contains(&width)));
        }
    }

    /// a b with the instructions of `simd`.
    fn product_with<T: Lane, S: Simd>(simd: S, a: Operand<'_, T>, b: Operand<'_, T>) -> DMatrix<T> {
        let mut result = DMatrix::zeros(a.rows, b.columns);
        let turned = !a.by_columns;
        let (a, b) = if turned { (b.transposed(), a.transposed()) } else { (a, b) };
        let mut scratch = Vec::new();
        fill(&mut scratch);
        let (a, c) = (Left::Operand(a), Target::of(&mut result));
        let scratch = scratch.as_mut_slice();
        Simd::vectorize(simd, Blocks { start: Start::Zero, a, b, c, turned, scratch });
        result
    }

    fn assert_same_bits<T: Lane>() {
        let matrix = |rows, columns| {
            DMatrix::<T>::from_fn(rows, columns, |i, j| {
                nalgebra::convert(((i * 31 + j * 17) % 101) as f64 / 7.0 - 6.0)
            })
        };
        for (n, inner, m) in [(1, 1, 1), (30, 784, 10), (100, 33, 37), (77, 1100, 5), (10, 100, 130)] {
            let (a, b, turned) = (matrix(n, inner), matrix(inner, m), matrix(inner, n));
            for (a, b) in [
                (Operand::of(&a), Operand::of(&b)),
                (Operand::of(&turned).transposed(), Operand::of(&b)),
                (Operand::of(&a), Operand::of(&matrix(m, inner)).transposed()),
            ] {
                let mut result = DMatrix::zeros(n, m);
                product(Start::Zero, Left::Operand(a), b, Target::of(&mut result));
                assert_eq!(product_with(pulp::Scalar, a, b), result, "one number at a time, {n} {inner} {m}");
                #[cfg(target_arch = "x86_64")]
                if let Some(simd) = pulp::x86::V3::try_new() {
                    assert_eq!(product_with(simd, a, b), result, "AVX2, {n} {inner} {m}");
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        assert_same_bits::<f32>();
        assert_same_bits::<f64>();
    }
}
