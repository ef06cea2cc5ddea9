//! A matrix times a few columns, such as one example: the matrix is read once, column after column as it lies in
//! memory.
//!
//! Tiles would read a few rows of all its columns, then the next few: cache lines that are far apart. Every element
//! is the same chain of fused multiply-adds as in a tile.

use std::array;

use pulp::Simd;

use super::destination::Destination;
use super::initial::InitialValue;
use super::operand::Operand;
use super::panels::INNER;
use super::scalar::SimdScalar;

/// The maximum number of columns of the right operand: with more, tiles are faster.
const MOST_COLUMNS: usize = 4;

/// Columns of the matrix that are read side by side.
const ABREAST: usize = 8;

/// The minimum height of a column, in registers: tiles hold the sums of lower ones in registers, which is faster than
/// in memory.
const FEWEST_REGISTERS: usize = 16;

/// Whether a product is faster here than in tiles, and a column fits in `scratch`.
#[inline(always)]
pub(super) fn fits<T: SimdScalar, S: Simd>(a: Operand<'_, T>, b: Operand<'_, T>, scratch: &[T]) -> bool {
    let high = a.rows >= FEWEST_REGISTERS * T::lanes::<S>() && a.rows <= scratch.len();
    high && a.by_columns && b.columns <= MOST_COLUMNS
}

/// c = initial + a b, where `scratch` holds at least one column.
#[inline(always)]
pub(super) fn product<T: SimdScalar, S: Simd>(
    simd: S,
    initial: InitialValue<'_, T>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    c: &mut Destination<'_, T>,
    scratch: &mut [T],
) {
    let sums = &mut scratch[..a.rows];
    for inner in (0..b.rows).step_by(INNER) {
        let inner = inner..b.rows.min(inner + INNER);
        for j in 0..b.columns {
            let column = &mut c.from(0, j)[..a.rows];
            match (inner.start, initial) {
                (0, InitialValue::Rows(_) | InitialValue::Zero) => initial.write(a.rows, sums),
                _ => sums.fill(T::zero()),
            }
            for p in inner.clone().step_by(ABREAST) {
                if p + ABREAST <= inner.end {
                    add_columns::<T, S, ABREAST>(simd, a, b, p, j, sums);
                } else {
                    (p..inner.end).for_each(|p| add_columns::<T, S, 1>(simd, a, b, p, j, sums));
                }
            }
            match (inner.start, initial) {
                (0, InitialValue::Rows(_) | InitialValue::Zero) => column.copy_from_slice(sums),
                _ => column.iter_mut().zip(&*sums).for_each(|(c, &sum)| *c += sum),
            }
        }
    }
}

/// Adds a_ip b_pj to the sum of row i for each of `N` columns p of `a`, in ascending order.
#[inline(always)]
fn add_columns<T: SimdScalar, S: Simd, const N: usize>(
    simd: S,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    p: usize,
    j: usize,
    sums: &mut [T],
) {
    let (rows, lanes) = (sums.len(), T::lanes::<S>());
    let columns: [&[T]; N] = array::from_fn(
        #[inline(always)]
        |k| &a.from(0, p + k)[..rows],
    );
    let factors: [T::Register<S>; N] = array::from_fn(
        #[inline(always)]
        |k| T::broadcast(simd, b.from(p + k, j)[0]),
    );
    // The last register overlaps the one before it if the rows do not fill whole registers.
    let mut last = T::registers::<S>(&sums[rows - lanes..])[0];
    for k in 0..N {
        last = T::fused(simd, T::registers::<S>(&columns[k][rows - lanes..])[0], factors[k], last);
    }
    let registers: [&[T::Register<S>]; N] = array::from_fn(
        #[inline(always)]
        |k| &T::registers::<S>(columns[k])[..rows / lanes],
    );
    let all = &mut T::registers_mut::<S>(sums)[..rows / lanes];
    for (i, sum) in all.iter_mut().enumerate() {
        for k in 0..N {
            *sum = T::fused(simd, registers[k][i], factors[k], *sum);
        }
    }
    T::registers_mut::<S>(&mut sums[rows - lanes..])[0] = last;
}
