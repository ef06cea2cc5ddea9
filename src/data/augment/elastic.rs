//! Elastic distortion: the image is bent as if it were drawn on rubber.

use rand::Rng;

use super::{Distortion, Grid};
use crate::error::{Result, check_setting};
use crate::real::portable::exp;
use crate::real::vectorized;

/// The Gaussian kernel is cut off at this many standard deviations, where it has fallen to 1 % of its maximum.
const CUT: f64 = 3.0;

/// Number of points of a row that are smoothed together, in registers.
const SIDE_BY_SIDE: usize = 32;

/// Moves every pixel by a smooth random displacement field: uniform noise in (−1, 1) for each pixel and direction,
/// smoothed with a Gaussian kernel of standard deviation σ, times α.
///
/// | symbol | argument | effect |
/// |---|---|---|
/// | σ | `sigma` | smoothness in pixels; large values shift the image as a whole |
/// | α | `alpha` | strength; 0 leaves an image unchanged |
///
/// The kernel's weights k_d ∝ exp(−d²/2σ²), |d| ≤ 3σ, sum to 1. So each pixel moves in either direction by a random
/// number whose mean is 0 and whose standard deviation is α Σ_d k_d² / √3, which is close to α / (2σ √(3π)) for σ ≥ 1:
/// 1.4 pixels for Simard's σ = 4 and α = 34. The noise extends beyond the edges of the image, so pixels at the edge
/// move like those in the middle.
///
/// After another distortion, the field displaces the pixels of that distortion's result.
///
/// Source: P. Simard, D. Steinkraus and J. Platt, *Best practices for convolutional neural networks applied to visual
/// document analysis*, 2003, which gives σ = 4 and α = 34 for digits.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::Grid;
/// use gradus::prelude::*;
///
/// let mut grid = Grid::new(28, 28);
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// Elastic::new(4.0, 34.0)?.distort(&mut grid, &mut rng);
/// let home = Grid::new(28, 28);
/// let moved = grid.x().iter().zip(home.x()).map(|(x, home)| x - home);
/// assert!(moved.clone().all(|dx| dx.abs() < 7.0) && moved.clone().any(|dx| dx.abs() > 0.5));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Elastic {
    sigma: f64,
    alpha: f64,
    /// k_d for d from −r to r.
    bell: Vec<f32>,
}

impl Elastic {
    /// Creates an elastic distortion with σ = `sigma` and α = `alpha`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if σ is outside (0, 100] or α outside [0, 10,000].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert!(Elastic::new(4.0, 34.0).is_ok());
    /// assert!(Elastic::new(0.0, 34.0).is_err());
    /// assert!(Elastic::new(4.0, f64::NAN).is_err());
    /// ```
    pub fn new(sigma: f64, alpha: f64) -> Result<Self> {
        let why = "it is the standard deviation of the Gaussian kernel: give a positive number of pixels, such as 4";
        check_setting("elastic σ", sigma, sigma > 0.0 && sigma <= 100.0, "(0, 100]", why)?;
        let why = "it scales a displacement field in (−1, 1): give a number of pixels, such as 34, or 0 to leave images as they are";
        check_setting("elastic α", alpha, (0.0..=10_000.0).contains(&alpha), "[0, 10000]", why)?;

        let radius = (CUT * sigma).ceil() as i32;
        let weight = |d: i32| {
            let distance = f64::from(d) / sigma;
            exp(-0.5 * distance * distance)
        };
        let sum: f64 = (-radius..=radius).map(weight).sum();
        let bell = (-radius..=radius).map(|d| (weight(d) / sum) as f32).collect();
        Ok(Self { sigma, alpha, bell })
    }

    /// Fills `field` with α times smoothed noise, and returns the length of its rows.
    fn draw(
        &self,
        rows: usize,
        columns: usize,
        field: &mut Vec<f32>,
        spare: &mut Vec<f32>,
        rng: &mut dyn Rng,
    ) -> usize {
        let margin = self.bell.len() - 1;
        let (drawn, stride) = (columns + margin, padded(columns));
        let n = (rows + margin) * drawn;
        // The blocks of the last row read beyond it.
        field.resize(n + SIDE_BY_SIDE, 0.0);
        noise(&mut field[..n], rng);
        // The kernel is separable: smooths along the rows and then down the columns, at the image's points only.
        spare.resize((rows + margin) * stride, 0.0);
        smooth(&self.bell, 1.0, (field, drawn, 1), (spare, stride));
        field.resize(rows * stride, 0.0);
        smooth(&self.bell, self.alpha as f32, (spare, stride, stride), (field, stride));
        stride
    }
}

/// Returns `columns`, rounded up to whole blocks.
fn padded(columns: usize) -> usize {
    columns.next_multiple_of(SIDE_BY_SIDE)
}

/// Fills `field` with numbers drawn uniformly from (−1, 1), with 16 random bits each.
fn noise(field: &mut [f32], rng: &mut dyn Rng) {
    let mut bytes = [0; 512];
    for part in field.chunks_mut(bytes.len() / 2) {
        let bytes = &mut bytes[..2 * part.len()];
        rng.fill_bytes(bytes);
        for (v, pair) in part.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *v = (f32::from(i16::from_le_bytes(*pair)) + 0.5) / 32768.0;
        }
    }
}

/// Sets `out_(row, i)` to `factor · Σ_k bell_k · field_(row · drawn + i + k · step)`, in rows of whole blocks.
fn smooth(bell: &[f32], factor: f32, field: (&[f32], usize, usize), out: (&mut [f32], usize)) {
    let ((field, drawn, step), (out, stride)) = (field, out);
    vectorized(
        #[inline(always)]
        || {
            for (row, out) in out.chunks_exact_mut(stride).enumerate() {
                for (number, block) in out.as_chunks_mut::<SIDE_BY_SIDE>().0.iter_mut().enumerate() {
                    let field = &field[row * drawn + number * SIDE_BY_SIDE..];
                    let mut sums = [0.0; SIDE_BY_SIDE];
                    for (k, weight) in bell.iter().enumerate() {
                        let field = &field[k * step..][..SIDE_BY_SIDE];
                        sums.iter_mut().zip(field).for_each(|(sum, v)| *sum += weight * v);
                    }
                    block.iter_mut().zip(sums).for_each(|(out, sum)| *out = factor * sum);
                }
            }
        },
    );
}

impl Distortion for Elastic {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
        let (rows, columns) = grid.shape();
        if rows == 0 || columns == 0 {
            return;
        }
        let [mut field, mut spare] = std::mem::take(&mut grid.fields);
        let stride = self.draw(rows, columns, &mut field, &mut spare, rng);
        grid.shift(field.chunks(stride).flat_map(|row| &row[..columns]).copied(), None);
        self.draw(rows, columns, &mut field, &mut spare, rng);
        grid.shift(None, field.chunks(stride).flat_map(|row| &row[..columns]).copied());
        grid.fields = [field, spare];
    }
}
