//! Copies of a transpose, in squares that the processor transposes in registers where it can.

use std::array;

use super::scalar::SimdScalar;

/// Rows and columns of a square.
const SIDE: usize = 4;

/// Four columns of four scalars each, or four rows.
pub type Square<T> = [[T; SIDE]; SIDE];

/// Copies the transpose of `from`, `rows` × `columns` scalars whose columns are `stride` apart, to `to`, whose columns
/// are `to_stride` apart: `to[j + i · to_stride] = from[i + j · stride]`.
pub(super) fn copy<T: SimdScalar>(
    (from, stride): (&[T], usize),
    (to, to_stride): (&mut [T], usize),
    (rows, columns): (usize, usize),
) {
    let (whole_rows, whole_columns) = (rows - rows % SIDE, columns - columns % SIDE);
    for j in (0..whole_columns).step_by(SIDE) {
        let lines: [&[T]; SIDE] = array::from_fn(|k| &from[(j + k) * stride..][..whole_rows]);
        let [first, second, third, fourth] = lines.map(|line| line.as_chunks::<SIDE>().0);
        let squares = first.iter().zip(second).zip(third).zip(fourth);
        for (i, (((&a, &b), &c), &d)) in (0..).step_by(SIDE).zip(squares) {
            for (k, line) in T::transposed([a, b, c, d]).into_iter().enumerate() {
                if let Some(to) = to[(i + k) * to_stride + j..].first_chunk_mut() {
                    *to = line;
                }
            }
        }
    }
    let mut one_by_one = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        for (i, j) in rows.flat_map(|i| columns.clone().map(move |j| (i, j))) {
            to[j + i * to_stride] = from[i + j * stride];
        }
    };
    one_by_one(0..whole_rows, whole_columns..columns);
    one_by_one(whole_rows..rows, 0..columns);
}

/// The transpose of a square.
#[inline(always)]
pub(super) fn square<T: Copy>(square: Square<T>) -> Square<T> {
    array::from_fn(
        #[inline(always)]
        |i| {
            array::from_fn(
                #[inline(always)]
                |j| square[j][i],
            )
        },
    )
}

/// [`square`] in registers of four.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn square_f32(square: Square<f32>) -> Square<f32> {
    use std::arch::x86_64::__m128;

    use pulp::bytemuck::cast;
    use pulp::core_arch::x86::Sse;

    // Every x86-64 has these instructions, and the compiler knows it.
    let Some(sse) = Sse::try_new() else { return self::square(square) };
    let [a, b, c, d]: [__m128; SIDE] = square.map(cast);
    // a0 b0 a1 b1 and c0 d0 c1 d1, and the same of the upper halves.
    let (ab, cd) = (sse._mm_unpacklo_ps(a, b), sse._mm_unpacklo_ps(c, d));
    let (upper_ab, upper_cd) = (sse._mm_unpackhi_ps(a, b), sse._mm_unpackhi_ps(c, d));
    let rows = [
        sse._mm_movelh_ps(ab, cd),
        sse._mm_movehl_ps(cd, ab),
        sse._mm_movelh_ps(upper_ab, upper_cd),
        sse._mm_movehl_ps(upper_cd, upper_ab),
    ];
    rows.map(cast)
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use square as square_f32;

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_transposed<T: SimdScalar>() {
        for (rows, columns) in (0..14).flat_map(|rows| (0..14).map(move |columns| (rows, columns))) {
            let (stride, to_stride) = (rows + 1, columns + 2);
            let number = |at: usize| nalgebra::convert::<f64, T>(at as f64);
            let from: Vec<T> = (1..=stride * columns).map(number).collect();
            let mut to = vec![T::zero(); to_stride * rows];
            copy((&from, stride), (&mut to, to_stride), (rows, columns));
            for (at, &found) in to.iter().enumerate() {
                let (i, j) = (at / to_stride, at % to_stride);
                let expected = if j < columns { from[i + j * stride] } else { T::zero() };
                assert_eq!(found, expected, "{rows} × {columns}, row {i}, column {j}");
            }
        }
    }

    #[test]
    fn every_number_is_transposed_and_no_other_is_written() {
        assert_transposed::<f32>();
        assert_transposed::<f64>();
    }
}
