//! One thread's product: the result in tiles, the operands in blocks that stay in the cache.
//!
//! A tile (see [`tile`](super::tile)) wants pieces of columns of its left operand and single numbers of its right one.
//! The right operand is read where it is. So is the left one if its columns are in one piece and it is used only a
//! few times; otherwise it is first copied, a block at a time, into panels as high as a tile. If the left operand is
//! a transpose, the transposed product is computed instead: then it is the smaller operand, δ in backpropagation, that
//! has to be turned round while it is copied, and not the weights.

use pulp::{Arch, Simd, WithSimd};

use super::Operand;
use super::lane::Lane;
use super::target::Target;
use super::tile::{self, Start, Tile};

/// Numbers of a block: half a megabyte of the longest type, at home in the second-level cache.
const BLOCK: usize = 1 << 17;

/// Up to so many columns of the result, copying the left operand costs more than it gains.
const FEW_COLUMNS: usize = 24;

/// The inner dimension of a block. A transposed result is written number by number, so that one pass is worth more there.
fn inner_block(turned: bool) -> usize {
    if turned { 1024 } else { 512 }
}

/// Takes the room of this thread for copies, as much as any product needs, so that none has to ask for more.
pub(super) fn prepare<T: Lane>() {
    T::with_scratch(|panels: &mut Vec<T>| panels.reserve(BLOCK.saturating_sub(panels.len())));
}

/// c = start + a b.
pub(super) fn product<T: Lane>(start: Start<'_, T>, a: Operand<'_, T>, b: Operand<'_, T>, c: Target<'_, T>) {
    let turned = !a.by_columns;
    let (a, b) = if turned { (b.transposed(), a.transposed()) } else { (a, b) };
    T::with_scratch(|panels| Arch::new().dispatch(Blocks { start, a, b, c, turned, panels }));
}

struct Blocks<'a, T: Lane> {
    start: Start<'a, T>,
    a: Operand<'a, T>,
    b: Operand<'a, T>,
    c: Target<'a, T>,
    /// Whether `c` is the transpose of what is computed.
    turned: bool,
    panels: &'a mut Vec<T>,
}

impl<T: Lane> WithSimd for Blocks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Blocks { mut start, a, b, mut c, turned, panels } = self;
        let lanes = T::lanes::<S>();
        let copied = !a.by_columns || b.columns > FEW_COLUMNS;
        let inner_block = inner_block(turned);
        for inner in (0..a.columns).step_by(inner_block) {
            let depth = inner_block.min(a.columns - inner);
            let mut row = 0;
            while row < a.rows {
                let block = Heights::of(a.rows - row, lanes).take(BLOCK / (4 * lanes * depth).max(1));
                let end = a.rows.min(row + block.clone().sum::<usize>() * lanes);
                if copied {
                    copy(a, row, inner, depth, block.clone().map(|height| height * lanes), panels);
                }
                for_each_width::<S>(b.columns, block.clone().max().unwrap_or(1), |column, width| {
                    let (mut top, mut panel) = (row, 0);
                    for height in block.clone() {
                        let rows = (height * lanes).min(a.rows - top);
                        let (a, a_stride) = match copied {
                            true => (&panels[panel..], height * lanes),
                            false => (a.from(top, inner), a.stride),
                        };
                        let (b_part, b_stride) = (b.from(inner, column), b.stride);
                        let tile = Tile {
                            start,
                            depth,
                            a,
                            a_stride,
                            b: b_part,
                            b_stride,
                            row: top,
                            column,
                            rows,
                            turned,
                        };
                        tile.compute(simd, height, width, b.by_columns, &mut c);
                        (top, panel) = (top + rows, panel + height * lanes * depth);
                    }
                });
                row = end;
            }
            start = Start::Result;
        }
    }
}

/// Divides `columns` into widths as equal as can be, none above the widest tile of this `height`.
#[inline(always)]
fn for_each_width<S: Simd>(columns: usize, height: usize, mut visit: impl FnMut(usize, usize)) {
    let tiles = columns.div_ceil(tile::widest::<S>(height));
    let mut column = 0;
    for tile in 0..tiles {
        let width = (columns - column).div_ceil(tiles - tile);
        visit(column, width);
        column += width;
    }
}

/// The heights, in registers, of the tiles that cover a number of rows: 4 as long as there are rows for it, and for
/// the rest what leaves the least empty.
#[derive(Debug, Clone)]
struct Heights {
    registers: usize,
}

impl Heights {
    fn of(rows: usize, lanes: usize) -> Self {
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
        self.registers = self.registers.saturating_sub(height);
        Some(height)
    }
}

/// Copies the columns `inner` to `inner + depth` of `a`, from `row` on, into panels of these heights (in rows), one after
/// the other: in a panel each column is in one piece. Rows beyond the last are 0.
#[inline(always)]
fn copy<T: Lane>(
    a: Operand<'_, T>,
    row: usize,
    inner: usize,
    depth: usize,
    heights: impl Iterator<Item = usize> + Clone,
    panels: &mut Vec<T>,
) {
    let needed = heights.clone().sum::<usize>() * depth;
    if panels.len() < needed {
        panels.resize(needed, T::zero());
    }
    let (mut top, mut rest) = (row, panels.as_mut_slice());
    for height in heights {
        let (panel, after) = rest.split_at_mut(height * depth);
        rest = after;
        let rows = height.min(a.rows - top);
        if rows < height {
            panel.fill(T::zero());
        }
        if a.by_columns {
            for (p, column) in panel.chunks_exact_mut(height).enumerate() {
                column[..rows].copy_from_slice(&a.from(top, inner + p)[..rows]);
            }
        } else {
            // A few numbers of each row at a time, so that what is written stays in the cache until it is complete.
            for from in (0..depth).step_by(16) {
                let length = 16.min(depth - from);
                for i in 0..rows {
                    let numbers = &a.from(top + i, inner + from)[..length];
                    let column = panel[from * height..].chunks_exact_mut(height);
                    for (column, &number) in column.zip(numbers) {
                        column[i] = number;
                    }
                }
            }
        }
        top += rows;
    }
}
