//! A tile of a product, which stays in registers while the inner dimension runs.
//!
//! It is up to four registers high, and so wide that its numbers fill most of the registers. In each step a piece of a
//! column of `a` is loaded and multiplied by one number of `b` for each column of the tile.

use nalgebra::DMatrixViewMut;
use pulp::{Simd, WithSimd};

use super::lane::Lane;

/// The widest tile of this height, in registers: 24 of 32 registers hold the tile, or 12 of 16.
#[inline(always)]
pub(super) fn widest<S: Simd>(height: usize) -> usize {
    let registers = if S::REGISTER_COUNT >= 32 { 24 } else { 12 };
    registers / height
}

/// What a tile is computed from, each operand beginning with the tile's first element.
pub(super) struct Tile<'a, T> {
    /// The numbers that are added up in each element.
    pub depth: usize,
    /// Column after column.
    pub a: &'a [T],
    pub a_stride: usize,
    /// Column after column, or row after row.
    pub b: &'a [T],
    pub b_stride: usize,
    pub alpha: T,
    pub beta: T,
    /// The rows of the tile that are wanted; it may be higher.
    pub rows: usize,
    /// Whether the result is stored as its transpose.
    pub turned: bool,
}

/// A tile in registers, column by column.
type Registers<T, S, const HEIGHT: usize, const WIDTH: usize> = [[<T as Lane>::Register<S>; HEIGHT]; WIDTH];

impl<T: Lane> Tile<'_, T> {
    /// c = alpha a b + beta c for the tile whose first element is (`row`, `column`), with the loop that was compiled for
    /// its size.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // What the compiler has to know apart from what it need not.
    pub(super) fn compute<S: Simd>(
        self,
        simd: S,
        height: usize,
        width: usize,
        b_by_columns: bool,
        c: &mut DMatrixViewMut<'_, T>,
        row: usize,
        column: usize,
    ) {
        macro_rules! compiled {
            ($($height:literal: $($width:literal)*;)*) => {
                match (height, width, b_by_columns) {
                    $($(
                        ($height, $width, true) => simd.vectorize(Compiled::<T, $height, $width, true>(self, c, row, column)),
                        ($height, $width, false) => simd.vectorize(Compiled::<T, $height, $width, false>(self, c, row, column)),
                    )*)*
                    _ => unreachable!("no tile is {height} registers high and {width} columns wide"),
                }
            };
        }
        compiled! {
            2: 1 2 3 4 5 6 7 8 9 10 11 12;
            3: 1 2 3 4 5 6 7 8;
            4: 1 2 3 4 5 6;
        }
    }
}

/// A tile whose size, and whether `b` is stored by columns, are known to the compiler.
struct Compiled<'a, 'c, T: Lane, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool>(
    Tile<'a, T>,
    &'a mut DMatrixViewMut<'c, T>,
    usize,
    usize,
);

impl<T: Lane, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool> WithSimd
    for Compiled<'_, '_, T, HEIGHT, WIDTH, BY_COLUMNS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(tile, c, row, column) = self;
        let registers = tile.sum::<S, HEIGHT, WIDTH, BY_COLUMNS>(simd);
        if tile.turned {
            tile.store_turned(registers, c, row, column);
        } else {
            tile.store(simd, registers, c, row, column);
        }
    }
}

impl<T: Lane> Tile<'_, T> {
    /// Σ_p a_ip b_pj for every element of the tile, p in ascending order, each product and sum rounded once.
    #[inline(always)]
    fn sum<S: Simd, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool>(
        &self,
        simd: S,
    ) -> Registers<T, S, HEIGHT, WIDTH> {
        let lanes = T::lanes::<S>();
        let mut tile = [[T::broadcast(simd, T::zero()); HEIGHT]; WIDTH];
        // By columns, p runs along each: fixing their length here spares a check for each number.
        let columns: [&[T]; WIDTH] = std::array::from_fn(|j| {
            if BY_COLUMNS { &self.b[j * self.b_stride..][..self.depth] } else { &[][..] }
        });
        let b = |p: usize| -> Option<[T; WIDTH]> {
            if BY_COLUMNS {
                Some(std::array::from_fn(|j| columns[j][p]))
            } else {
                self.b.get(p * self.b_stride..)?.first_chunk().copied()
            }
        };

        // Whole registers, beyond the tile's last row too: what they hold there is never stored.
        let mut p = 0;
        while p < self.depth {
            let Some(a) = self.a.get(p * self.a_stride..p * self.a_stride + HEIGHT * lanes) else { break };
            let Some(b) = b(p) else { break };
            let Some(a) = T::registers::<S>(a).0.first_chunk() else { break };
            add_outer(simd, &mut tile, a, b);
            p += 1;
        }
        // Only the last columns of a matrix end before a whole register does.
        while p < self.depth {
            let Some(b) = b(p) else { break };
            let mut rest = &self.a[p * self.a_stride..];
            let a = std::array::from_fn(|_| {
                let (low, high) = rest.split_at(rest.len().min(lanes));
                rest = high;
                T::load_part(simd, low)
            });
            let mut sum = tile;
            add_outer(simd, &mut sum, &a, b);
            tile = sum;
            p += 1;
        }
        tile
    }

    /// c = alpha tile + beta c.
    #[inline(always)]
    fn store<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &self,
        simd: S,
        tile: Registers<T, S, HEIGHT, WIDTH>,
        c: &mut DMatrixViewMut<'_, T>,
        row: usize,
        column: usize,
    ) {
        let (alpha, beta) = (T::broadcast(simd, self.alpha), T::broadcast(simd, self.beta));
        for (j, registers) in tile.into_iter().enumerate() {
            let mut c = c.column_mut(column + j);
            let mut c = &mut c.as_mut_slice()[row..row + self.rows];
            for register in registers {
                let (part, rest) = c.split_at_mut(T::lanes::<S>().min(c.len()));
                let mut value = T::times(simd, alpha, register);
                // With beta = 0 the old value does not count, not even a NaN.
                if self.beta != T::zero() {
                    value = T::fused(simd, beta, T::load_part(simd, part), value);
                }
                match T::registers_mut::<S>(part).0 {
                    [whole] => *whole = value,
                    _ => T::store_part(simd, part, value),
                }
                c = rest;
            }
        }
    }

    /// cᵀ = alpha tile + beta cᵀ, number by number, in the arithmetic of [`store`](Self::store).
    #[inline(always)]
    fn store_turned<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &self,
        tile: Registers<T, S, HEIGHT, WIDTH>,
        c: &mut DMatrixViewMut<'_, T>,
        row: usize,
        column: usize,
    ) {
        let numbers: [&[T]; WIDTH] = std::array::from_fn(|j| T::numbers::<S>(&tile[j]));
        for i in 0..self.rows {
            let mut c = c.column_mut(row + i);
            let c = &mut c.as_mut_slice()[column..column + WIDTH];
            for (c, numbers) in c.iter_mut().zip(numbers) {
                let value = self.alpha * numbers[i];
                *c = if self.beta == T::zero() { value } else { self.beta.fused_scalar(*c, value) };
            }
        }
    }
}

/// tile_ij += a_i b_j
#[inline(always)]
fn add_outer<T: Lane, S: Simd, const HEIGHT: usize, const WIDTH: usize>(
    simd: S,
    tile: &mut Registers<T, S, HEIGHT, WIDTH>,
    a: &[T::Register<S>; HEIGHT],
    b: [T; WIDTH],
) {
    for (column, b) in tile.iter_mut().zip(b) {
        let b = T::broadcast(simd, b);
        for (sum, &a) in column.iter_mut().zip(a) {
            *sum = T::fused(simd, a, b, *sum);
        }
    }
}
