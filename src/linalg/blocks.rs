//! One thread's product: the result in tiles, the operands in blocks that stay in the cache.
//!
//! A tile (see [`tile`](super::tile)) needs contiguous columns of its left operand and single elements of its right
//! one. The right operand is read in place. So is the left one if its columns are contiguous and it is used only a
//! few times; otherwise it is first packed, a block at a time (see [`panels`](super::panels)). If the left operand is
//! a transpose, such as wᵀ in backpropagation, either it is transposed while it is packed, or the transposed product
//! is computed instead, for which δ and the result are transposed: whichever moves fewer elements.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::CACHED;
use super::destination::Destination;
use super::initial::InitialValue;
use super::operand::Operand;
use super::panels::{self, INNER, Layout, Panels};
use super::scalar::SimdScalar;
use super::stream;
use super::tile::{self, Columns, Tile};

/// Bytes of a block's panels, which stay in the L2 cache.
const BLOCK: usize = CACHED;

/// Packing the left operand costs more than it gains for results of at most this many columns.
const FEW_COLUMNS: usize = 112;

/// The left operand of a product.
#[derive(Debug, Clone, Copy)]
pub enum Left<'a, T> {
    /// In place.
    Operand(Operand<'a, T>),
    /// Packed in advance.
    Panels(&'a Panels<T>),
}

impl<T: SimdScalar> Left<'_, T> {
    fn rows(&self) -> usize {
        match self {
            Self::Operand(a) => a.rows,
            Self::Panels(panels) => panels.rows(),
        }
    }
}

/// Allocates this thread's packing buffer at its full size, so that no product allocates.
pub(super) fn prepare<T: SimdScalar>() {
    T::with_scratch(fill);
}

fn fill<T: SimdScalar>(scratch: &mut Vec<T>) {
    scratch.resize(BLOCK / size_of::<T>(), T::zero());
}

/// c = initial + a b.
pub(super) fn product<T: SimdScalar>(
    initial: InitialValue<'_, T>,
    a: Left<'_, T>,
    b: Operand<'_, T>,
    mut c: Destination<'_, T>,
) {
    if a.rows() == 0 || b.rows == 0 || b.columns == 0 {
        (0..b.columns).for_each(|column| initial.write(a.rows(), c.from(0, column)));
        return;
    }
    let (transposed, a, b) = match a {
        Left::Operand(a) if !a.by_columns && a.rows * a.columns > b.columns * (a.rows + a.columns) => {
            (true, Left::Operand(b.transposed()), a.transposed())
        }
        a => (false, a, b),
    };
    T::with_scratch(|scratch| {
        fill(scratch);
        Arch::new().dispatch(Blocks { initial, a, b, c, transposed, scratch });
    });
}

struct Blocks<'a, T: SimdScalar> {
    initial: InitialValue<'a, T>,
    a: Left<'a, T>,
    b: Operand<'a, T>,
    c: Destination<'a, T>,
    /// Whether `c` is the transpose of the product.
    transposed: bool,
    scratch: &'a mut [T],
}

impl<T: SimdScalar> WithSimd for Blocks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let layout = Layout::of::<T, S>();
        let rows = self.a.rows();
        if let Left::Operand(a) = self.a
            && !self.transposed
            && stream::fits::<T, S>(a, self.b, self.scratch)
        {
            return stream::product(simd, self.initial, a, self.b, &mut self.c, self.scratch);
        }
        let packed = match self.a {
            Left::Operand(a) => !a.by_columns || self.b.columns > FEW_COLUMNS,
            Left::Panels(_) => false,
        };
        let strips = if packed { BLOCK / size_of::<T>() / (4 * layout.lanes * INNER) } else { usize::MAX };
        for inner in (0..self.b.rows).step_by(INNER) {
            let inner = inner..self.b.rows.min(inner + INNER);
            let mut row = 0;
            while row < rows {
                let (first, block) = (row, layout.heights(rows - row).take(strips));
                if let (true, Left::Operand(a)) = (packed, self.a) {
                    panels::copy(a, row, inner.clone(), block.clone(), layout.lanes, self.scratch);
                }
                for height in block {
                    let high = height * layout.lanes;
                    let panel = |data| Columns { data, stride: high, last: &[] };
                    let a = match self.a {
                        Left::Panels(panels) => {
                            panel(panels.from(row, inner.start, inner.len(), layout.lanes))
                        }
                        Left::Operand(_) if packed => panel(&self.scratch[(row - first) * inner.len()..]),
                        Left::Operand(a) => in_place(a, row, inner.clone(), high, self.scratch),
                    };
                    let end = rows.min(row + high);
                    let Self { initial, transposed, .. } = self;
                    let strip =
                        Strip { initial, inner: inner.clone(), a, height, rows: row..end, transposed };
                    strip.compute(simd, self.b, &mut self.c);
                    row = end;
                }
            }
            self.initial = InitialValue::Result;
        }
    }
}

/// The columns `inner` of `a` from `row` on, each `high` elements: in place, except for the last columns of a matrix,
/// at which the data ends too early and which are copied.
fn in_place<'a, T: SimdScalar>(
    a: Operand<'a, T>,
    row: usize,
    inner: Range<usize>,
    high: usize,
    scratch: &'a mut [T],
) -> Columns<'a, T> {
    let data = a.from(row, inner.start);
    let count = data.len().checked_sub(high).map_or(0, |rest| (rest / a.stride + 1).min(inner.len()));
    if count < inner.len() {
        panels::copy(a, row, inner.start + count..inner.end, [1], high, scratch);
    }
    Columns { data, stride: a.stride, last: scratch }
}

/// A strip of the result, as high as a tile, and the operands from which it is computed.
struct Strip<'a, T> {
    initial: InitialValue<'a, T>,
    inner: Range<usize>,
    a: Columns<'a, T>,
    /// The height, in registers.
    height: usize,
    rows: Range<usize>,
    transposed: bool,
}

impl<T: SimdScalar> Strip<'_, T> {
    /// Computes the strip, tile by tile.
    #[inline(always)]
    fn compute<S: Simd>(self, simd: S, all_of_b: Operand<'_, T>, c: &mut Destination<'_, T>) {
        let Self { initial, inner, a, height, rows, transposed } = self;
        let (row, rows, b_stride) = (rows.start, rows.len(), all_of_b.stride);
        let mut column = 0;
        for (width, tiles) in widths(all_of_b.columns, tile::widest::<T, S>(height)) {
            if tiles == 0 {
                continue;
            }
            let (b, depth) = (all_of_b.from(inner.start, column), inner.len());
            let tile = Tile { initial, depth, a, b, b_stride, tiles, row, column, rows, transposed };
            tile.compute(simd, height, width, all_of_b.by_columns, c);
            column += width * tiles;
        }
    }
}

/// Divides `columns` into widths as equal as possible, none above `widest`. Returns two widths, each with its number of
/// tiles.
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
    fn product_with<T: SimdScalar, S: Simd>(simd: S, a: Operand<'_, T>, b: Operand<'_, T>) -> DMatrix<T> {
        let mut result = DMatrix::zeros(a.rows, b.columns);
        let transposed = !a.by_columns;
        let (a, b) = if transposed { (b.transposed(), a.transposed()) } else { (a, b) };
        let mut scratch = Vec::new();
        fill(&mut scratch);
        let (a, c) = (Left::Operand(a), Destination::of(&mut result));
        let scratch = scratch.as_mut_slice();
        Simd::vectorize(simd, Blocks { initial: InitialValue::Zero, a, b, c, transposed, scratch });
        result
    }

    fn assert_same_bits<T: SimdScalar>() {
        let matrix = |rows, columns| {
            DMatrix::<T>::from_fn(rows, columns, |i, j| {
                nalgebra::convert(((i * 31 + j * 17) % 101) as f64 / 7.0 - 6.0)
            })
        };
        for (n, inner, m) in [
            (1, 1, 1),
            (30, 784, 10),
            (100, 33, 37),
            (77, 1100, 5),
            (277, 2100, 3),
            (90, 13, 1),
            (10, 100, 130),
        ] {
            let (a, b, transposed) = (matrix(n, inner), matrix(inner, m), matrix(inner, n));
            for (a, b) in [
                (Operand::of(&a), Operand::of(&b)),
                (Operand::of(&transposed).transposed(), Operand::of(&b)),
                (Operand::of(&a), Operand::of(&matrix(m, inner)).transposed()),
            ] {
                let mut result = DMatrix::zeros(n, m);
                product(InitialValue::Zero, Left::Operand(a), b, Destination::of(&mut result));
                assert_eq!(product_with(pulp::Scalar, a, b), result, "one scalar at a time, {n} {inner} {m}");
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
