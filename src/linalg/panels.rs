//! The left operand of a product, copied into panels as high as a tile, in which each column is in one piece.

use std::ops::Range;

use nalgebra::DMatrix;
use pulp::{Arch, Simd, WithSimd};

use super::blocks::INNER;
use super::lane::Lane;
use super::operand::Operand;

/// A matrix in panels: for each [`INNER`] of its columns, the panels from the top to the bottom.
#[derive(Debug, Clone, Default)]
pub struct Panels<T> {
    data: Vec<T>,
    rows: usize,
}

impl<T: Lane> Panels<T> {
    /// Room for a matrix of this shape, or a smaller one.
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        // The widest registers have 64 bytes.
        let data = vec![T::zero(); rows.next_multiple_of(64 / size_of::<T>()) * columns];
        Self { data, rows }
    }

    /// The rows of the matrix.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The panel that begins with `row`, of the block of `depth` columns that begins with column `inner`.
    #[inline(always)]
    pub(super) fn from(&self, row: usize, inner: usize, depth: usize, lanes: usize) -> &[T] {
        &self.data[inner * self.rows.next_multiple_of(lanes) + row * depth..]
    }

    /// Copies `matrix`.
    pub(crate) fn copy_from(&mut self, matrix: &DMatrix<T>) {
        self.rows = matrix.nrows();
        Arch::new().dispatch(CopyFrom { panels: &mut self.data, a: Operand::of(matrix) });
    }
}

struct CopyFrom<'a, T> {
    panels: &'a mut [T],
    a: Operand<'a, T>,
}

impl<T: Lane> WithSimd for CopyFrom<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { panels, a } = self;
        let lanes = T::lanes::<S>();
        let height = a.rows.next_multiple_of(lanes);
        for inner in (0..a.columns).step_by(INNER) {
            let depth = INNER.min(a.columns - inner);
            let heights = Heights::of(a.rows, lanes);
            copy(a, 0, inner..inner + depth, heights, lanes, &mut panels[inner * height..]);
        }
    }
}

/// The heights, in registers, of the tiles that cover a number of rows: 4 as long as there are rows for it, and for
/// the rest what keeps the tiles high.
#[derive(Debug, Clone)]
pub(super) struct Heights {
    registers: usize,
}

impl Heights {
    pub(super) fn of(rows: usize, lanes: usize) -> Self {
        Self { registers: rows.div_ceil(lanes) }
    }
}

impl Iterator for Heights {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let height = match self.registers {
            0 => return None,
            5 => 3,
            registers => registers.min(4),
        };
        self.registers -= height;
        Some(height)
    }
}

/// Copies the columns `inner` of `a`, from `row` on, into panels of these heights, one after the other. Rows beyond the
/// last are 0.
#[inline(always)]
pub(super) fn copy<T: Lane>(
    a: Operand<'_, T>,
    row: usize,
    inner: Range<usize>,
    heights: impl Iterator<Item = usize>,
    lanes: usize,
    panels: &mut [T],
) {
    let (mut top, mut rest) = (row, panels);
    for height in heights.map(|height| height * lanes) {
        let (panel, after) = rest.split_at_mut(height * inner.len());
        rest = after;
        let rows = height.min(a.rows - top);
        if rows < height {
            panel.fill(T::zero());
        }
        if a.by_columns {
            for (column, p) in panel.chunks_exact_mut(height).zip(inner.clone()) {
                column[..rows].copy_from_slice(&a.from(top, p)[..rows]);
            }
        } else {
            // A few numbers of each row at a time, so that what is written stays in the cache until it is complete.
            for (panel, from) in panel.chunks_mut(16 * height).zip(inner.clone().step_by(16)) {
                for i in 0..rows {
                    let columns = panel.chunks_exact_mut(height);
                    for (column, &number) in columns.zip(a.from(top + i, from)) {
                        column[i] = number;
                    }
                }
            }
        }
        top += rows;
    }
}
