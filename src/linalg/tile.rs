//! A tile of a product: a few registers high, some columns wide, and kept in registers while the inner dimension runs.
//!
//! Its elements fill most of the registers. In each step a piece of a column of `a` is loaded and multiplied by one
//! element of `b` for each column of the tile. Only whole columns of a tile are loaded and stored here, because this
//! file is compiled once per tile size; all other cases are in [`edges`].

use std::hint::black_box;

use pulp::{Simd, WithSimd};

use super::destination::Destination;
use super::edges;
use super::initial::InitialValue;
use super::panels::highest;
use super::scalar::SimdScalar;

/// The widest tile of this height: up to 24 of 32 registers hold the tile, or 12 of 16.
#[inline(always)]
pub(super) const fn widest<T: SimdScalar, S: Simd>(height: usize) -> usize {
    if height > highest::<T, S>() {
        return 0;
    }
    let registers = match S::REGISTER_COUNT {
        _ if highest::<T, S>() == 1 => 4,
        32.. => 24,
        _ => 12,
    };
    let width = registers / height;
    if width > 12 { 12 } else { width }
}

/// The left operand of a tile, column after column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a, T> {
    pub data: &'a [T],
    pub stride: usize,
    /// The columns at which `data` ends before the tile does, each padded to the tile's height.
    pub last: &'a [T],
}

/// The inputs of a tile, each operand beginning with the tile's first element.
pub(super) struct Tile<'a, T> {
    pub initial: InitialValue<'a, T>,
    /// The left operand.
    pub a: Columns<'a, T>,
    /// The inner dimension, which is the number of columns of `a`.
    pub depth: usize,
    /// The right operand, column after column or row after row.
    pub b: &'a [T],
    pub b_stride: usize,
    /// The number of tiles of this size, side by side along the rows of `b`.
    pub tiles: usize,
    /// The row of the first element in the result.
    pub row: usize,
    /// The column of the first element in the result.
    pub column: usize,
    /// The number of rows that are stored; the tile may be higher.
    pub rows: usize,
    /// Whether the result is stored as its transpose.
    pub transposed: bool,
}

/// Runs the block for each `i` below `count`, at most 12, as an unrolled loop: only an array whose indices are
/// constants stays in registers.
macro_rules! unrolled {
    ($i:ident < $count:ident $body:block) => { unrolled!($i < $count $body; 0 1 2 3 4 5 6 7 8 9 10 11) };
    ($i:ident < $count:ident $body:block; $($n:literal)*) => {{ $( if const { $n < $count } { let $i = $n; $body } )* }};
}

/// A tile in registers, column by column.
type Registers<T, S, const HEIGHT: usize, const WIDTH: usize> =
    [[<T as SimdScalar>::Register<S>; HEIGHT]; WIDTH];

/// A tile in memory. Its alignment is also that of the function's other registers in memory: without it, a register
/// that is spilled in the inner loop may straddle two cache lines.
#[repr(align(64))]
struct Aligned<R>(R);

/// A function that computes tiles of one size.
type Kernel<T, S> = fn(S, &Tile<'_, T>, &mut Destination<'_, T>);

impl<T: SimdScalar> Tile<'_, T> {
    /// Computes the tile with the kernel that was compiled for its size.
    #[inline(always)]
    pub(super) fn compute<S: Simd>(
        &self,
        simd: S,
        height: usize,
        width: usize,
        b_by_columns: bool,
        c: &mut Destination<'_, T>,
    ) {
        // The guard is a constant, so that a kernel of a size that is never used is not compiled.
        macro_rules! compiled {
            ($($height:literal: $($width:literal)*;)*) => {
                match (height, width, b_by_columns) {
                    $($(
                        ($height, $width, true) if const { $width <= widest::<T, S>($height) } =>
                            kernel::<T, S, $height, $width, true>,
                        ($height, $width, false) if const { $width <= widest::<T, S>($height) } =>
                            kernel::<T, S, $height, $width, false>,
                    )*)*
                    _ => unreachable!("no tile is {height} registers high and {width} columns wide"),
                }
            };
        }
        // Called through a pointer, so that each kernel is compiled by itself and not all of them as one function.
        let kernel: Kernel<T, S> = compiled! {
            1: 1 2 3 4 5 6 7 8 9 10 11 12;
            2: 1 2 3 4 5 6 7 8 9 10 11 12;
            3: 1 2 3 4 5 6 7 8;
            4: 1 2 3 4 5 6;
        };
        kernel(simd, self, c);
    }
}

fn kernel<T: SimdScalar, S: Simd, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool>(
    simd: S,
    tile: &Tile<'_, T>,
    c: &mut Destination<'_, T>,
) {
    simd.vectorize(OfSize::<T, HEIGHT, WIDTH, BY_COLUMNS>(tile, c));
}

/// A tile whose size, and whether `b` is stored by columns, are known to the compiler.
struct OfSize<'a, 'c, T: SimdScalar, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool>(
    &'a Tile<'a, T>,
    &'a mut Destination<'c, T>,
);

impl<T: SimdScalar, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool> WithSimd
    for OfSize<'_, '_, T, HEIGHT, WIDTH, BY_COLUMNS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(tile, c) = self;
        for number in 0..tile.tiles {
            let along = number * WIDTH;
            let column = tile.column + along;
            let mut sums = [tile.initial_column(simd); WIDTH];
            let b = &tile.b[if BY_COLUMNS { along * tile.b_stride } else { along }..];
            tile.sum::<S, HEIGHT, WIDTH, BY_COLUMNS>(simd, &mut sums, b);
            tile.store(simd, &sums, c, column);
        }
    }
}

impl<T: SimdScalar> Tile<'_, T> {
    /// The value with which the sums of each column begin.
    #[inline(always)]
    fn initial_column<S: Simd, const HEIGHT: usize>(&self, simd: S) -> [T::Register<S>; HEIGHT] {
        // Read anew for each tile: kept, it would take registers that the inner loop needs.
        match black_box(self).initial {
            InitialValue::Rows(rows) => load(simd, &rows[self.row..]),
            _ => [T::broadcast(simd, T::zero()); HEIGHT],
        }
    }

    /// Adds a_ip b_pj to every element of the tile, p in ascending order, each product and sum rounded once.
    #[inline(always)]
    fn sum<S: Simd, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool>(
        &self,
        simd: S,
        tile: &mut Registers<T, S, HEIGHT, WIDTH>,
        b: &[T],
    ) {
        let height = HEIGHT * T::lanes::<S>();
        // By columns, p runs along each: fixing their length here spares a check for each element.
        let mut columns: [&[T]; WIDTH] = [&[]; WIDTH];
        if BY_COLUMNS {
            unrolled!(j < WIDTH { columns[j] = self.column_of_b(b, j) });
        }
        let (mut a, mut a_stride) = (self.a.data, self.a.stride);
        let mut rows = b;
        #[expect(clippy::needless_range_loop, reason = "only one of two layouts is indexed by p")]
        for p in 0..self.depth {
            let column = match a.get(..height) {
                Some(column) => column,
                None => {
                    (a, a_stride) = (self.a.last, height);
                    let Some(column) = a.get(..height) else { break };
                    column
                }
            };
            a = a.get(a_stride..).unwrap_or_default();
            let Some(column) = T::registers::<S>(column).first_chunk::<HEIGHT>() else { break };
            let row: &[T; WIDTH] = match rows.first_chunk() {
                _ if BY_COLUMNS => &[T::zero(); WIDTH],
                Some(row) => row,
                None => break,
            };
            rows = rows.get(self.b_stride..).unwrap_or_default();
            unrolled!(j < WIDTH {
                add_product(simd, column, if BY_COLUMNS { columns[j][p] } else { row[j] }, &mut tile[j]);
            });
        }
    }

    /// Column `j` of `b`, which is stored by columns.
    #[inline(always)]
    fn column_of_b<'b>(&self, b: &'b [T], j: usize) -> &'b [T] {
        &b[j * self.b_stride..][..self.depth]
    }

    #[inline(always)]
    fn store<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &self,
        simd: S,
        tile: &Registers<T, S, HEIGHT, WIDTH>,
        c: &mut Destination<'_, T>,
        column: usize,
    ) {
        let added = matches!(self.initial, InitialValue::Result);
        let (false, Destination::Columns { data, rows: stride }) = (self.transposed || added, &mut *c) else {
            let mut copy = Aligned([tile[0]; WIDTH]);
            unrolled!(j < WIDTH { copy.0[j] = tile[j] });
            return edges::write(self, column, T::scalars::<S>(copy.0.as_flattened()), WIDTH, c);
        };
        let (stride, data) = (*stride, &mut data[column * *stride + self.row..]);
        let rows_of_last = self.rows - (HEIGHT - 1) * T::lanes::<S>();
        if rows_of_last == T::lanes::<S>() {
            unrolled!(j < WIDTH {
                let Some(c) = T::registers_mut::<S>(&mut data[j * stride..]).first_chunk_mut() else {
                    unreachable!("all rows of the tile are rows of the result");
                };
                *c = tile[j];
            });
        } else {
            let wanted = T::first_lanes(simd, rows_of_last);
            unrolled!(j < WIDTH {
                store_rows(simd, &tile[j], wanted, self.rows, &mut data[j * stride..]);
            });
        }
    }
}

/// Adds a b to the sums of one column of a tile.
// A separate function, like `store_rows`, because the unrolled loop repeats its body for each column.
#[inline(always)]
fn add_product<T: SimdScalar, S: Simd, const HEIGHT: usize>(
    simd: S,
    a: &[T::Register<S>; HEIGHT],
    b: T,
    sums: &mut [T::Register<S>; HEIGHT],
) {
    T::add_products(simd, a, T::broadcast(simd, b), sums);
}

/// Stores the first `rows` scalars of one column of a tile; `wanted` are the lanes of its last register that are
/// stored.
#[inline(always)]
fn store_rows<T: SimdScalar, S: Simd, const HEIGHT: usize>(
    simd: S,
    column: &[T::Register<S>; HEIGHT],
    wanted: T::Mask<S>,
    rows: usize,
    c: &mut [T],
) {
    let last = HEIGHT - 1;
    match T::registers_mut::<S>(c).first_chunk_mut::<HEIGHT>() {
        Some(c) => {
            #[expect(clippy::manual_memcpy, reason = "registers, not memory")]
            for i in 0..last {
                c[i] = column[i];
            }
            // AVX-512 stores under a mask. So does AVX2, but slowly: there the old value must be seen to be read.
            let old = if S::REGISTER_COUNT > 16 { c[last] } else { black_box(c[last]) };
            c[last] = T::select_lanes(simd, wanted, column[last], old);
        }
        None => store_rest::<T, S, HEIGHT>(*column, &mut c[..rows]),
    }
}

/// Registers with the scalars of `x`, padded with 0 if `x` is shorter.
#[inline(always)]
fn load<T: SimdScalar, S: Simd, const HEIGHT: usize>(simd: S, x: &[T]) -> [T::Register<S>; HEIGHT] {
    match T::registers::<S>(x).first_chunk() {
        Some(whole) => *whole,
        None => load_rest::<T, S, HEIGHT>(simd, x),
    }
}

#[cold]
#[inline(never)]
fn load_rest<T: SimdScalar, S: Simd, const HEIGHT: usize>(simd: S, x: &[T]) -> [T::Register<S>; HEIGHT] {
    let mut registers = [T::broadcast(simd, T::zero()); HEIGHT];
    T::scalars_mut::<S>(&mut registers)[..x.len()].copy_from_slice(x);
    registers
}

/// Stores the last column of a matrix, which ends before a whole register does.
#[cold]
#[inline(never)]
fn store_rest<T: SimdScalar, S: Simd, const HEIGHT: usize>(column: [T::Register<S>; HEIGHT], c: &mut [T]) {
    c.copy_from_slice(&T::scalars::<S>(&column)[..c.len()]);
}
