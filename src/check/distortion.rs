//! The laws of a distortion.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{check_that, rng, uniform};
use crate::data::augment::{Distortion, Grid, distort};
use crate::error::Result;

/// Images of one pixel, of one row or column, and of usual sizes.
const SHAPES: [(usize, usize); 6] = [(1, 1), (1, 9), (9, 1), (5, 8), (28, 28), (28, 28)];

/// Verifies a distortion, on images of several shapes:
///
/// - it keeps the shape of the grid;
/// - it moves no point to NaN;
/// - it makes no value of an image NaN or infinite;
/// - its only randomness is the generator, and it is stateless: the same generator gives bitwise the same points and
///   values, also after other images.
///
/// # Errors
///
/// Returns [`Error::Law`](crate::Error::Law) for the first law that is broken.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::Grid;
/// use gradus::prelude::*;
/// use rand::Rng;
///
/// /// Scales the distance r from the center to a random power, which is 0/0 in the center.
/// #[derive(Debug)]
/// struct Pinch;
/// impl Distortion for Pinch {
///     fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
///         let power = rng.next_u32() as f32 / u32::MAX as f32;
///         grid.map(|x, y| {
///             let r = x.hypot(y);
///             (x / r * r.powf(power), y / r * r.powf(power))
///         });
///     }
/// }
/// let bent_and_rotated = Elastic::new(4.0, 34.0)?.then(Rotation::up_to_degrees(15.0)?);
/// gradus::check::distortion(&bent_and_rotated)?;
/// assert!(gradus::check::distortion(&Pinch).unwrap_err().to_string().contains("NaN"));
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn distortion<D: Distortion + ?Sized>(distortion: &D) -> Result<()> {
    let mut answers = Vec::new();
    for (seed, shape) in (0..).zip(SHAPES) {
        let grid = distorted(distortion, shape, seed);
        let at = || format!("an image of {} × {} pixels", shape.0, shape.1);
        check_that(&distortion, "it keeps the shape of the grid", at, grid.shape() == shape)?;
        let points = grid.x().iter().zip(grid.y());
        let numbers = points.clone().all(|(x, y)| !x.is_nan() && !y.is_nan());
        check_that(&distortion, "it moves no point to NaN", at, numbers)?;
        let values = image(distortion, shape, seed)?;
        let finite = values.iter().all(|v| v.is_finite());
        check_that(&distortion, "it makes no value NaN or infinite", at, finite)?;
        answers.push((seed, shape, bits(&grid), values));
    }
    // In another order, to catch a distortion that remembers the previous image.
    for (seed, shape, wanted, values) in answers.iter().rev() {
        let at = || format!("an image of {} × {} pixels", shape.0, shape.1);
        let found = bits(&distorted(distortion, *shape, *seed));
        check_that(&distortion, "the same generator gives the same points", at, found == *wanted)?;
        let found = image(distortion, *shape, *seed)?;
        let same = found.iter().map(|v| v.to_bits()).eq(values.iter().map(|v| v.to_bits()));
        check_that(&distortion, "the same generator gives the same values", at, same)?;
    }
    Ok(())
}

/// Returns the grid of an image of `shape`, distorted with the generator of `seed`.
fn distorted<D: Distortion + ?Sized>(distortion: &D, shape: (usize, usize), seed: u64) -> Grid {
    let mut grid = Grid::new(shape.0, shape.1);
    distortion.distort(&mut grid, &mut ChaCha8Rng::seed_from_u64(seed));
    grid
}

/// Returns a random image of `shape`, with values from −1 to 1, distorted with the generator of `seed`.
fn image<D: Distortion + ?Sized>(distortion: &D, shape: (usize, usize), seed: u64) -> Result<Vec<f64>> {
    let mut rng = rng(seed);
    let mut image: Vec<f64> = (0..shape.0 * shape.1).map(|_| 2.0 * uniform(&mut rng) - 1.0).collect();
    distort(&distortion, &mut image, shape, &mut ChaCha8Rng::seed_from_u64(seed))?;
    Ok(image)
}

fn bits(grid: &Grid) -> Vec<u32> {
    grid.x().iter().chain(grid.y()).map(|v| v.to_bits()).collect()
}
