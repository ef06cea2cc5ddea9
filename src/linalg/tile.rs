//! A tile of a product, which stays in registers while the inner dimension runs.
//!
//! It is up to four registers high, and so wide that its numbers fill most of the registers. In each step a piece of a
//! column of `a` is loaded and multiplied by one number of `b` for each column of the tile.

use pulp::{Simd, WithSimd};

use super::lane::Lane;
use super::target::Target;

/// The widest tile of this height, in registers: up to 24 of 32 registers hold the tile, or 12 of 16.
#[inline(always)]
pub(super) const fn widest<S: Simd>(height: usize) -> usize {
    let registers = if S::REGISTER_COUNT >= 32 { 24 } else { 12 };
    let width = registers / height;
    if width > 12 { 12 } else { width }
}

/// What the sums of a product begin with.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a, T> {
    /// 0.
    Zero,
    /// One number for each row.
    Rows(&'a [T]),
    /// What is in the result.
    Result,
}

impl<T: Lane> Start<'_, T> {
    /// Writes what `rows` sums begin with, for those to which nothing is added.
    pub(super) fn write(&self, rows: usize, column: &mut [T]) {
        match self {
            Self::Zero => column[..rows].fill(T::zero()),
            Self::Rows(numbers) => column[..rows].copy_from_slice(&numbers[..rows]),
            Self::Result => {}
        }
    }

    /// What the rows before `at` begin with, and what those from `at` on.
    pub(super) fn split_rows(&self, at: usize) -> (Self, Self) {
        match self {
            Self::Zero => (Self::Zero, Self::Zero),
            Self::Rows(rows) => (Self::Rows(&rows[..at]), Self::Rows(&rows[at..])),
            Self::Result => (Self::Result, Self::Result),
        }
    }
}

/// What a tile is computed from, each operand beginning with the tile's first element.
pub(super) struct Tile<'a, T> {
    pub start: Start<'a, T>,
    /// The products that are added up in each element.
    pub depth: usize,
    /// Column after column.
    pub a: &'a [T],
    pub a_stride: usize,
    /// Column after column, or row after row.
    pub b: &'a [T],
    pub b_stride: usize,
    /// Tiles of this size that stand side by side, each continuing along the rows of `b`.
    pub tiles: usize,
    /// The place of the first element in the result, and the rows that are wanted; the tile may be higher.
    pub row: usize,
    pub column: usize,
    pub rows: usize,
    /// Whether the result is stored as its transpose.
    pub turned: bool,
}

/// Runs the block for each number below `count`, at most 12, as a loop that is written out: an array that is indexed by
/// numbers which the compiler knows stays in registers.
macro_rules! unrolled {
    ($i:ident < $count:ident $body:block) => { unrolled!($i < $count $body; 0 1 2 3 4 5 6 7 8 9 10 11) };
    ($i:ident < $count:ident $body:block; $($n:literal)*) => {{ $( if const { $n < $count } { let $i = $n; $body } )* }};
}

/// A tile in registers, column by column.
type Registers<T, S, const HEIGHT: usize, const WIDTH: usize> = [[<T as Lane>::Register<S>; HEIGHT]; WIDTH];

/// A function that computes tiles of one size.
type Kernel<T, S> = fn(S, &Tile<'_, T>, &mut Target<'_, T>);

impl<T: Lane> Tile<'_, T> {
    /// Computes the tile with the loop that was compiled for its size.
    #[inline(always)]
    pub(super) fn compute<S: Simd>(
        &self,
        simd: S,
        height: usize,
        width: usize,
        b_by_columns: bool,
        c: &mut Target<'_, T>,
    ) {
        macro_rules! compiled {
            ($($height:literal: $($width:literal)*;)*) => {
                match (height, width, b_by_columns) {
                    $($(
                        ($height, $width, true) => kernel::<T, S, $height, $width, true>,
                        ($height, $width, false) => kernel::<T, S, $height, $width, false>,
                    )*)*
                    _ => unreachable!("no tile is {height} registers high and {width} columns wide"),
                }
            };
        }
        // Called through a pointer, so that each loop is compiled by itself and not all of them as one function.
        let kernel: Kernel<T, S> = compiled! {
            1: 1 2 3 4 5 6 7 8 9 10 11 12;
            2: 1 2 3 4 5 6 7 8 9 10 11 12;
            3: 1 2 3 4 5 6 7 8;
            4: 1 2 3 4 5 6;
        };
        kernel(simd, self, c);
    }
}

fn kernel<T: Lane, S: Simd, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool>(
    simd: S,
    tile: &Tile<'_, T>,
    c: &mut Target<'_, T>,
) {
    simd.vectorize(Compiled::<T, HEIGHT, WIDTH, BY_COLUMNS>(tile, c));
}

/// A tile whose size, and whether `b` is stored by columns, are known to the compiler.
struct Compiled<'a, 'c, T: Lane, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool>(
    &'a Tile<'a, T>,
    &'a mut Target<'c, T>,
);

impl<T: Lane, const HEIGHT: usize, const WIDTH: usize, const BY_COLUMNS: bool> WithSimd
    for Compiled<'_, '_, T, HEIGHT, WIDTH, BY_COLUMNS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(tile, c) = self;
        // Known when it is compiled: what has more numbers than there are registers is left out.
        if const { WIDTH > widest::<S>(HEIGHT) } {
            return;
        }
        for number in 0..tile.tiles {
            let mut sums = [[T::broadcast(simd, T::zero()); HEIGHT]; WIDTH];
            let along = number * WIDTH;
            let column = tile.column + along;
            tile.begin(simd, &mut sums, c, column);
            let b = &tile.b[if BY_COLUMNS { along * tile.b_stride } else { along }..];
            tile.sum::<S, HEIGHT, WIDTH, BY_COLUMNS>(simd, &mut sums, b);
            if tile.turned {
                tile.store_turned(simd, &sums, c, column)
            } else {
                tile.store(simd, &sums, c, column)
            }
        }
    }
}

impl<T: Lane> Tile<'_, T> {
    /// What the sums begin with. Beyond the rows that are wanted it does not matter.
    #[inline(always)]
    fn begin<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &self,
        simd: S,
        tile: &mut Registers<T, S, HEIGHT, WIDTH>,
        c: &mut Target<'_, T>,
        column: usize,
    ) {
        match self.start {
            Start::Zero => {}
            Start::Rows(rows) => {
                let rows = load::<T, S, HEIGHT>(simd, &rows[self.row..]);
                unrolled!(j < WIDTH { unrolled!(i < HEIGHT { tile[j][i] = rows[i] }) });
            }
            Start::Result if self.turned => {
                let mut before = [[T::broadcast(simd, T::zero()); HEIGHT]; WIDTH];
                for i in 0..self.rows {
                    for (column, &number) in before.iter_mut().zip(&*c.from(column, self.row + i)) {
                        T::numbers_mut::<S>(column)[i] = number;
                    }
                }
                unrolled!(j < WIDTH { unrolled!(i < HEIGHT { tile[j][i] = before[j][i] }) });
            }
            Start::Result => unrolled!(j < WIDTH {
                let column: [T::Register<S>; HEIGHT] = load::<T, S, HEIGHT>(simd, c.from(self.row, column + j));
                unrolled!(i < HEIGHT { tile[j][i] = column[i] });
            }),
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
        // By columns, p runs along each: fixing their length here spares a check for each number.
        let columns: [&[T]; WIDTH] =
            std::array::from_fn(|j| if BY_COLUMNS { &b[j * self.b_stride..][..self.depth] } else { &[][..] });
        let numbers = |p: usize| -> Option<[T; WIDTH]> {
            if BY_COLUMNS {
                Some(std::array::from_fn(|j| columns[j][p]))
            } else {
                b.get(p * self.b_stride..)?.first_chunk().copied()
            }
        };

        // Whole registers, beyond the tile's last row too: what they hold there is never stored.
        let mut p = 0;
        while p < self.depth {
            let Some(a) = self.a.get(p * self.a_stride..p * self.a_stride + height) else { break };
            let Some(b) = numbers(p) else { break };
            let Some(a) = T::registers::<S>(a).first_chunk() else { break };
            add_outer(simd, tile, a, b);
            p += 1;
        }
        // Only the last columns of a matrix end before a whole register does.
        while p < self.depth {
            let Some(b) = numbers(p) else { break };
            let a = load::<T, S, HEIGHT>(simd, &self.a[p * self.a_stride..]);
            add_outer(simd, tile, &a, b);
            p += 1;
        }
    }

    #[inline(always)]
    fn store<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &self,
        simd: S,
        tile: &Registers<T, S, HEIGHT, WIDTH>,
        c: &mut Target<'_, T>,
        column: usize,
    ) {
        let lanes = T::lanes::<S>();
        unrolled!(j < WIDTH {
            let c = c.from(self.row, column + j);
            unrolled!(i < HEIGHT {
                let wanted = self.rows.saturating_sub(i * lanes);
                match c.get_mut(i * lanes..(i + 1) * lanes).map(T::registers_mut::<S>) {
                    Some([whole]) if wanted >= lanes => *whole = tile[j][i],
                    Some([whole]) => *whole = T::first(simd, wanted, tile[j][i], *whole),
                    _ => {
                        let last = [tile[j][i]];
                        let c = &mut c[(i * lanes).min(self.rows)..self.rows];
                        c.iter_mut().zip(T::numbers::<S>(&last)).for_each(|(c, &number)| *c = number);
                    }
                }
            });
        });
    }

    /// Stores the transpose, number by number.
    #[inline(always)]
    fn store_turned<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &self,
        simd: S,
        tile: &Registers<T, S, HEIGHT, WIDTH>,
        c: &mut Target<'_, T>,
        column: usize,
    ) {
        let mut turned = [[T::broadcast(simd, T::zero()); HEIGHT]; WIDTH];
        unrolled!(j < WIDTH { unrolled!(i < HEIGHT { turned[j][i] = tile[j][i] }) });
        let numbers: [&[T]; WIDTH] = std::array::from_fn(|j| &T::numbers::<S>(&turned[j])[..self.rows]);
        for i in 0..self.rows {
            let c = c.from(column, self.row + i);
            for (c, numbers) in c.iter_mut().zip(numbers) {
                *c = numbers[i];
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
    unrolled!(j < WIDTH {
        let b = T::broadcast(simd, b[j]);
        unrolled!(i < HEIGHT { tile[j][i] = T::fused(simd, a[i], b, tile[j][i]) });
    });
}

/// Registers with the numbers of `x`, and with 0 where `x` ends before they do.
#[inline(always)]
fn load<T: Lane, S: Simd, const HEIGHT: usize>(simd: S, x: &[T]) -> [T::Register<S>; HEIGHT] {
    match T::registers::<S>(x).first_chunk() {
        Some(whole) => *whole,
        None => load_rest::<T, S, HEIGHT>(simd, x),
    }
}

#[cold]
#[inline(never)]
fn load_rest<T: Lane, S: Simd, const HEIGHT: usize>(simd: S, x: &[T]) -> [T::Register<S>; HEIGHT] {
    let mut registers = [T::broadcast(simd, T::zero()); HEIGHT];
    T::numbers_mut::<S>(&mut registers)[..x.len()].copy_from_slice(x);
    registers
}
