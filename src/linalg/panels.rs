//! The left operand of a product, packed: copied into panels as high as a tile, in which each column is contiguous.

use std::marker::PhantomData;
use std::ops::Range;

use nalgebra::DMatrix;
use pulp::{Arch, Simd, WithSimd};

use super::operand::Operand;
use super::scalar::SimdScalar;
use super::transpose;
use crate::copy;

/// The inner dimension of a block: six columns of this length, for a tile, fit in the L1 cache.
pub(super) const INNER: usize = 1024;

/// A matrix in panels: for each block of [`INNER`] columns, the panels from the top to the bottom.
#[derive(Debug, Clone, Default)]
pub struct Panels<T> {
    data: Vec<T>,
    rows: usize,
}

impl<T: SimdScalar> Panels<T> {
    /// Allocates panels for a matrix of this shape, or a smaller one.
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        // The widest registers have 64 bytes.
        let data = vec![T::zero(); rows.next_multiple_of(64 / size_of::<T>()) * columns];
        Self { data, rows }
    }

    /// The number of rows of the matrix.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The row if the matrix has only one, otherwise `None`.
    pub(super) fn only_row(&self) -> Option<Operand<'_, T>> {
        if self.rows != 1 {
            return None;
        }
        let (data, stride) = (self.data.as_slice(), Layout::of_this_machine::<T>().lanes);
        Some(Operand { data, stride, rows: 1, columns: data.len() / stride, by_columns: true })
    }

    /// The panel that begins at `row`, in the block of `depth` columns that begins at column `inner`.
    #[inline(always)]
    pub(super) fn from(&self, row: usize, inner: usize, depth: usize, lanes: usize) -> &[T] {
        &self.data[inner * self.rows.next_multiple_of(lanes) + row * depth..]
    }

    /// Copies some `columns` of `matrix`.
    pub(crate) fn copy_from(&mut self, matrix: &DMatrix<T>, columns: Range<usize>) {
        self.rows = matrix.nrows();
        let (a, layout) = (Operand::of(matrix).columns(columns), Layout::of_this_machine::<T>());
        let height = a.rows.next_multiple_of(layout.lanes);
        for inner in (0..a.columns).step_by(INNER) {
            let depth = INNER.min(a.columns - inner);
            let panels = &mut self.data[inner * height..];
            copy(a, 0, inner..inner + depth, layout.heights(a.rows), layout.lanes, panels);
        }
    }
}

/// The heights of the tiles of an instruction set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// The number of scalars in a register.
    pub lanes: usize,
    /// The height of the highest tile, in registers.
    highest: usize,
}

impl Layout {
    /// The layout for the instruction set `S`.
    #[inline(always)]
    pub(super) fn of<T: SimdScalar, S: Simd>() -> Self {
        Self { lanes: T::lanes::<S>(), highest: highest::<T, S>() }
    }

    /// The layout for the instruction set that products use on this machine.
    fn of_this_machine<T: SimdScalar>() -> Self {
        struct OfThisMachine<T>(PhantomData<T>);
        impl<T: SimdScalar> WithSimd for OfThisMachine<T> {
            type Output = Layout;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Layout {
                Layout::of::<T, S>()
            }
        }
        Arch::new().dispatch(OfThisMachine::<T>(PhantomData))
    }

    /// The heights, in registers, of the tiles that cover `rows` rows.
    pub(super) fn heights(self, rows: usize) -> Heights {
        Heights { registers: rows.div_ceil(self.lanes), highest: self.highest }
    }
}

/// The height of the highest tile, in registers.
///
/// A column of `a` and an element of `b` need registers beside the tile's elements: of 16 registers, tiles of 2 × 6
/// leave 4 for them, but tiles of 3 × 4 or 4 × 3 are spilled in the inner loop. Without vector instructions a
/// register holds one scalar; few sizes of tiles are then enough.
#[inline(always)]
pub(super) const fn highest<T: SimdScalar, S: Simd>() -> usize {
    match S::REGISTER_COUNT {
        _ if size_of::<T::Register<S>>() == size_of::<T>() => 1,
        32.. => 4,
        _ => 2,
    }
}

/// Divides a number of registers into heights as equal as possible: 5 into 3 + 2, not 4 + 1.
#[derive(Debug, Clone)]
pub(super) struct Heights {
    registers: usize,
    highest: usize,
}

impl Iterator for Heights {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let tiles = self.registers.div_ceil(self.highest);
        let height = self.registers.div_ceil(tiles.max(1));
        self.registers -= height;
        (height > 0).then_some(height)
    }
}

/// Copies the columns `inner` of `a`, from `row` on, into panels of these heights, in registers, one after the other.
/// Rows beyond the last are 0.
pub(super) fn copy<T: SimdScalar>(
    a: Operand<'_, T>,
    row: usize,
    inner: Range<usize>,
    heights: impl IntoIterator<Item = usize>,
    lanes: usize,
    panels: &mut [T],
) {
    let (mut top, mut rest) = (row, panels);
    for height in heights.into_iter().map(|height| height * lanes) {
        let (panel, after) = rest.split_at_mut(height * inner.len());
        rest = after;
        let rows = height.min(a.rows - top);
        if rows < height {
            panel.fill(T::zero());
        }
        if a.by_columns {
            for (column, p) in panel.chunks_exact_mut(height).zip(inner.clone()) {
                copy::scalars(&a.from(top, p)[..rows], &mut column[..rows]);
            }
        } else {
            transpose::copy((a.from(top, inner.start), a.stride), (panel, height), (inner.len(), rows));
        }
        top += rows;
    }
}
