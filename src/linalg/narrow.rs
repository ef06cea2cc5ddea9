//! Products of a mini-batch of few examples, where copying the operands into blocks would cost as much as
//! multiplying them.
//!
//! A *tile* of the result, two registers of rows by up to twelve columns, stays in registers while the inner dimension
//! runs: in each step a piece of a column of `a` is loaded and multiplied by one number of `b` per column of the
//! tile. Both operands are read where they are.

use nalgebra::DMatrix;
use pulp::{Arch, Simd, WithSimd};

use super::Operand;
use crate::real::Real;

/// The registers of rows in a tile.
const ROWS: usize = 2;

/// The most columns of the result, or the longest inner dimension, for which this way is the faster.
const FEW: usize = 32;

/// Whether this is the way for a product.
pub(super) fn suits<T>(a: &Operand<'_, T>, b: &Operand<'_, T>) -> bool {
    !a.transposed && (b.columns <= FEW || a.columns <= FEW)
}

/// c = alpha a b + beta c, with `a` not transposed.
pub(super) fn product<T: Real>(alpha: T, a: Operand<'_, T>, b: Operand<'_, T>, beta: T, c: &mut DMatrix<T>) {
    let stride = c.nrows();
    Arch::new().dispatch(Product { alpha, a, b, beta, c: c.as_mut_slice(), stride });
}

struct Product<'a, T> {
    alpha: T,
    a: Operand<'a, T>,
    b: Operand<'a, T>,
    beta: T,
    c: &'a mut [T],
    stride: usize,
}

impl<T: Real> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { alpha, a, b, beta, c, stride } = self;
        // 32 registers hold a tile of 2 × 12 and its operands, 16 one of 2 × 6.
        let widest = if S::REGISTER_COUNT >= 32 { 12 } else { 6 };
        let height = ROWS * T::lanes::<S>();
        let tiles = b.columns.div_ceil(widest);
        let mut begin = 0;
        for tile in 0..tiles {
            // The columns that are left, in equal shares.
            let width = (b.columns - begin).div_ceil(tiles - tile);
            let b_tile = if b.transposed { &b.data[begin..] } else { &b.data[begin * b.stride..] };
            for row in (0..a.rows).step_by(height) {
                let tile = Tile {
                    inner: a.columns,
                    a: &a.data[row..],
                    a_stride: a.stride,
                    b: b_tile,
                    b_stride: b.stride,
                    alpha,
                    beta,
                    c: &mut c[begin * stride + row..],
                    c_stride: stride,
                    rows: height.min(a.rows - row),
                };
                tile.of_width(simd, width, b.transposed);
            }
            begin += width;
        }
    }
}

/// A tile of the result and the parts of the operands that it needs, each beginning with its first element.
struct Tile<'a, T> {
    inner: usize,
    a: &'a [T],
    a_stride: usize,
    b: &'a [T],
    b_stride: usize,
    alpha: T,
    beta: T,
    c: &'a mut [T],
    c_stride: usize,
    rows: usize,
}

impl<T: Real> Tile<'_, T> {
    /// Computes the tile with a loop that was compiled for its width.
    #[inline(always)]
    fn of_width<S: Simd>(self, simd: S, width: usize, b_transposed: bool) {
        macro_rules! compiled_for {
            ($($width:literal)*) => {
                match width {
                    $($width if b_transposed => simd.vectorize(Compiled::<_, $width, true>(self)),
                    $width => simd.vectorize(Compiled::<_, $width, false>(self)),)*
                    _ => unreachable!("a tile has 1 to 12 columns"),
                }
            };
        }
        compiled_for!(1 2 3 4 5 6 7 8 9 10 11 12);
    }
}

/// A tile whose width, and whether `b` is transposed, are known to the compiler.
struct Compiled<'a, T, const WIDTH: usize, const TRANSPOSED: bool>(Tile<'a, T>);

/// A tile in registers, column by column.
type Registers<T, S, const WIDTH: usize> = [[<T as crate::real::Lane>::Register<S>; ROWS]; WIDTH];

impl<T: Real, const WIDTH: usize, const TRANSPOSED: bool> WithSimd for Compiled<'_, T, WIDTH, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tile = self.0.sum::<S, WIDTH, TRANSPOSED>(simd);
        self.0.store(simd, tile);
    }
}

impl<T: Real> Tile<'_, T> {
    /// Σ_p a_ip b_pj for every element of the tile, p in ascending order.
    #[inline(always)]
    fn sum<S: Simd, const WIDTH: usize, const TRANSPOSED: bool>(&self, simd: S) -> Registers<T, S, WIDTH> {
        let height = ROWS * T::lanes::<S>();
        let mut tile = [[T::broadcast(simd, T::zero()); ROWS]; WIDTH];
        // Not transposed, a column of `b` runs along p: fixing its length here spares a check per element.
        let columns: [&[T]; WIDTH] = std::array::from_fn(|j| {
            if TRANSPOSED { &[][..] } else { &self.b[j * self.b_stride..][..self.inner] }
        });
        let b = |p: usize| -> Option<[T; WIDTH]> {
            if TRANSPOSED {
                self.b.get(p * self.b_stride..)?.first_chunk().copied()
            } else {
                Some(std::array::from_fn(|j| columns[j][p]))
            }
        };

        // Whole registers, beyond the tile's last row too: what they hold there is never stored.
        let mut p = 0;
        while p < self.inner {
            let Some(a) = self.a.get(p * self.a_stride..p * self.a_stride + height) else { break };
            let Some(b) = b(p) else { break };
            let a = T::registers::<S>(a).0;
            add_outer(simd, &mut tile, [a[0], a[1]], b);
            p += 1;
        }
        // Only the last columns of `a` end before a whole register does.
        while p < self.inner {
            let Some(b) = b(p) else { break };
            let a = &self.a[p * self.a_stride..];
            let (low, high) = a.split_at(a.len().min(T::lanes::<S>()));
            let mut rest = tile;
            add_outer(simd, &mut rest, [T::load_part(simd, low), T::load_part(simd, high)], b);
            tile = rest;
            p += 1;
        }
        tile
    }

    /// c = alpha tile + beta c.
    #[inline(always)]
    fn store<S: Simd, const WIDTH: usize>(self, simd: S, tile: Registers<T, S, WIDTH>) {
        let (alpha, beta) = (T::broadcast(simd, self.alpha), T::broadcast(simd, self.beta));
        for (j, registers) in tile.into_iter().enumerate() {
            let mut column = &mut self.c[j * self.c_stride..][..self.rows];
            for register in registers {
                let lanes = T::lanes::<S>().min(column.len());
                let (part, rest) = column.split_at_mut(lanes);
                let mut value = T::times(simd, alpha, register);
                // With beta = 0 the old value does not count, not even a NaN.
                if self.beta != T::zero() {
                    value = T::fused(simd, beta, T::load_part(simd, part), value);
                }
                match T::registers_mut::<S>(part).0 {
                    [whole] => *whole = value,
                    _ => T::store_part(simd, part, value),
                }
                column = rest;
            }
        }
    }
}

/// tile_ij += a_i b_j
#[inline(always)]
fn add_outer<T: Real, S: Simd, const WIDTH: usize>(
    simd: S,
    tile: &mut Registers<T, S, WIDTH>,
    a: [T::Register<S>; ROWS],
    b: [T; WIDTH],
) {
    for (column, b) in tile.iter_mut().zip(b) {
        let b = T::broadcast(simd, b);
        for (sum, a) in column.iter_mut().zip(a) {
            *sum = T::fused(simd, a, b, *sum);
        }
    }
}
