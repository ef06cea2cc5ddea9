//! Transposes a matrix square by square, so that both sides are read and written in whole cache lines.

/// Rows and columns of a square: one cache line of single-precision numbers.
pub(super) const SQUARE: usize = 16;

/// Sets `to[i + j · to_stride]` to f(`from[j + i · from_stride]`) for all i < `rows` and j < `columns`.
pub(crate) fn transpose<A: Copy, B: Copy + Default>(
    from: (&[A], usize),
    to: (&mut [B], usize),
    (rows, columns): (usize, usize),
    f: impl Fn(A) -> B,
) {
    let ((from, from_stride), (to, to_stride)) = (from, to);
    for top in (0..rows).step_by(SQUARE) {
        let height = SQUARE.min(rows - top);
        for left in (0..columns).step_by(SQUARE) {
            let width = SQUARE.min(columns - left);
            // A square stays in registers or the L1 cache, because the lines of `to` are far apart.
            let mut square = [[B::default(); SQUARE]; SQUARE];
            for i in 0..height {
                let line = &from[left + (top + i) * from_stride..][..width];
                line.iter().zip(&mut square).for_each(|(&a, column)| column[i] = f(a));
            }
            for (j, column) in square.iter().enumerate().take(width) {
                to[top + (left + j) * to_stride..][..height].copy_from_slice(&column[..height]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole and incomplete squares, with space between the lines.
    #[test]
    fn every_element_is_where_the_definition_says() {
        for (rows, columns) in [(0, 3), (3, 0), (1, 1), (1, 40), (40, 1), (16, 16), (17, 15), (33, 50)] {
            let (from_stride, to_stride) = (columns + 3, rows + 2);
            let from: Vec<usize> = (0..rows * from_stride).collect();
            let mut to = vec![usize::MAX; columns * to_stride];
            transpose((&from, from_stride), (&mut to, to_stride), (rows, columns), |a| a + 1);
            for (at, &value) in to.iter().enumerate() {
                let (i, j) = (at % to_stride, at / to_stride);
                let expected = if i < rows { from[j + i * from_stride] + 1 } else { usize::MAX };
                assert_eq!(value, expected, "{rows} × {columns}, row {i}, column {j}");
            }
        }
    }
}
