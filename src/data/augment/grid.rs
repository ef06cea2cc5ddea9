//! The grid of sampling points of a distorted image, and its interpolation.

use crate::real::{Real, vectorized};

/// A sampling grid: for each pixel of a distorted image, the point of the original from which it takes its value.
///
/// x runs to the right and y down, both in pixels from the center of the image: the center of the pixel in row r and
/// column c of an image of R × C pixels lies at x = c − (C − 1)/2, y = r − (R − 1)/2. Points are in the order of the
/// pixels, row by row.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::Grid;
///
/// let mut grid = Grid::new(2, 3);
/// assert_eq!(grid.x(), [-1.0, 0.0, 1.0, -1.0, 0.0, 1.0]);
/// assert_eq!(grid.y(), [-0.5, -0.5, -0.5, 0.5, 0.5, 0.5]);
/// grid.map(|x, y| (-x, y + 1.0));
/// assert_eq!((grid.x()[0], grid.y()[0]), (1.0, 0.5));
/// ```
#[derive(Debug, Default)]
pub struct Grid {
    rows: usize,
    columns: usize,
    x: Vec<f32>,
    y: Vec<f32>,
    /// Scratch buffers for the displacement fields of a distortion.
    pub(super) fields: [Vec<f32>; 2],
    /// The original with zero padding.
    framed: Vec<f64>,
    /// The distorted image.
    values: Vec<f64>,
}

impl Grid {
    /// Creates the grid of an undistorted image: each point lies at its own pixel.
    pub fn new(rows: usize, columns: usize) -> Self {
        let mut grid = Self::default();
        grid.reset(rows, columns);
        grid
    }

    /// Moves each point to its own pixel; allocates only for an image larger than all before.
    pub(super) fn reset(&mut self, rows: usize, columns: usize) {
        (self.rows, self.columns) = (rows, columns);
        let (x, y) = self.half();
        self.x.clear();
        self.y.clear();
        for row in 0..rows {
            self.x.extend((0..columns).map(|column| column as f32 - x));
            self.y.extend((0..columns).map(|_| row as f32 - y));
        }
    }

    /// Returns the distance from the center of the first pixel to the center of the image, to the right and down.
    fn half(&self) -> (f32, f32) {
        (self.columns.saturating_sub(1) as f32 / 2.0, self.rows.saturating_sub(1) as f32 / 2.0)
    }

    /// Returns the numbers of rows and columns of the image.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Returns the x coordinates of the points: pixels to the right of the center.
    pub fn x(&self) -> &[f32] {
        &self.x
    }

    /// Returns the y coordinates of the points: pixels down from the center.
    pub fn y(&self) -> &[f32] {
        &self.y
    }

    /// Moves each point (x, y) to `f(x, y)`.
    #[inline(always)]
    pub fn map(&mut self, f: impl Fn(f32, f32) -> (f32, f32)) {
        let (x, y) = (&mut self.x[..], &mut self.y[..]);
        vectorized(
            #[inline(always)]
            || {
                for (x, y) in x.iter_mut().zip(y) {
                    (*x, *y) = f(*x, *y);
                }
            },
        );
    }

    /// Moves each point by its displacement: `dx` to the right and `dy` down, in the order of the points.
    ///
    /// Points beyond the end of `dx` or `dy` are not moved in that direction.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::augment::Grid;
    ///
    /// let mut grid = Grid::new(1, 3);
    /// grid.shift([0.5, 0.0, -0.5], [0.0, 1.0, 0.0]);
    /// assert_eq!((grid.x(), grid.y()), (&[-0.5, 0.0, 0.5][..], &[0.0, 1.0, 0.0][..]));
    /// ```
    pub fn shift(&mut self, dx: impl IntoIterator<Item = f32>, dy: impl IntoIterator<Item = f32>) {
        self.x.iter_mut().zip(dx).for_each(|(x, dx)| *x += dx);
        self.y.iter_mut().zip(dy).for_each(|(y, dy)| *y += dy);
    }

    /// Returns the index of the first point that is NaN.
    pub(super) fn nan(&self) -> Option<usize> {
        let is_nan = |(x, y): (&f32, &f32)| x.is_nan() | y.is_nan();
        let mut points = self.x.iter().zip(&self.y);
        // Without an early exit the loop vectorizes. NaN is rare, so the first loop nearly always decides.
        points.clone().fold(false, |any, point| any | is_nan(point)).then(|| points.position(is_nan))?
    }

    /// Returns the distorted image of the original `image`: for each pixel the value at its point.
    ///
    /// Between the centers of four pixels the value is interpolated bilinearly: (1 − u)(1 − v) a + u (1 − v) b +
    /// (1 − u) v c + u v d for the fractions u and v of the way from a to b and from a to c. Outside the image it is 0.
    pub(super) fn resample<T: Real>(&mut self, image: &[T]) -> &mut [f64] {
        let (rows, columns) = self.shape();
        self.values.clear();
        self.values.resize(rows * columns, 0.0);
        if rows == 0 || columns == 0 {
            return &mut self.values;
        }
        // Zero padding, one before and two after each row and column: points are clamped to at most one pixel outside
        // the image, so that all four neighbours exist, and are 0 outside the image.
        let width = columns + 3;
        self.framed.clear();
        self.framed.resize(width * (rows + 3), 0.0);
        for (framed, row) in self.framed.chunks_exact_mut(width).skip(1).zip(image.chunks_exact(columns)) {
            framed[1..=columns].iter_mut().zip(row).for_each(|(framed, v)| *framed = v.to_f64());
        }

        let (half_x, half_y) = self.half();
        let (most_x, most_y) = ((columns + 1) as f32, (rows + 1) as f32);
        let (x, y, framed, values) = (&self.x[..], &self.y[..], &self.framed[..], &mut self.values[..]);
        vectorized(
            #[inline(always)]
            || {
                for ((out, &x), &y) in values.iter_mut().zip(x).zip(y) {
                    // In the coordinates of the padded image.
                    let (x, y) = (x + half_x + 1.0, y + half_y + 1.0);
                    let (x, y) = (x.max(0.0).min(most_x), y.max(0.0).min(most_y));
                    let (column, row) = (x as usize, y as usize);
                    let (u, v) = (f64::from(x - column as f32), f64::from(y - row as f32));
                    let above = &framed[row * width + column..][..2];
                    let below = &framed[(row + 1) * width + column..][..2];
                    let above = (1.0 - u) * above[0] + u * above[1];
                    let below = (1.0 - u) * below[0] + u * below[1];
                    *out = (1.0 - v) * above + v * below;
                }
            },
        );
        &mut self.values
    }
}
