//! Random erasing: a rectangle of the image is set to 0.

use rand::Rng;

use super::{Distortion, Grid, unit, within};
use crate::error::{Result, check_setting};
use crate::real::portable::exp;

/// The largest ratio of the sides of the rectangle, as a logarithm.
const ASPECT: f64 = 1.0;

/// Sets a rectangle at a random place to 0, so that a network does not rely on one region of an image alone.
///
/// The rectangle covers a fraction of the image that is drawn uniformly from [0, `most`). Its aspect ratio is that of
/// the image, times a factor from 1/e to e whose logarithm is drawn uniformly. Its sides are clamped to those of the
/// image and rounded down to whole pixels. All places within the image are equally likely.
///
/// Source: Zhong and others, "Random erasing data augmentation", 2017; DeVries and Taylor, "Improved regularization of
/// convolutional neural networks with cutout", 2017. Both also erase with the mean or with noise; here the value is 0,
/// the background of MNIST.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [1.0; 784];
/// let mut rng = gradus::random::generator(2, gradus::random::Purpose::User, 0, 0);
/// distort(&Erasing::up_to(0.25)?, &mut image, (28, 28), &mut rng)?;
/// let erased = image.iter().filter(|&&v| v == 0.0).count();
/// assert!(erased > 0 && erased <= 784 / 4);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Erasing {
    most: f64,
}

impl Erasing {
    /// Creates an erasing of rectangles that cover at most the fraction `most` of the image.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `most` is outside [0, 1].
    pub fn up_to(most: f64) -> Result<Self> {
        let why =
            "it is the largest fraction of the image that is erased: give 0 to leave it as it is, or 0.2";
        check_setting("erasing", most, (0.0..=1.0).contains(&most), "[0, 1]", why)?;
        Ok(Self { most })
    }
}

impl Distortion for Erasing {
    fn distort(&self, _grid: &mut Grid, _rng: &mut dyn Rng) {}

    fn retouch(&self, values: &mut [f64], (rows, columns): (usize, usize), rng: &mut dyn Rng) {
        let (area, aspect) = (self.most * unit(rng), exp(within(ASPECT, rng)));
        let side = |pixels: usize, fraction: f64| (pixels as f64 * fraction.min(1.0)) as usize;
        let (height, width) = (side(rows, (area * aspect).sqrt()), side(columns, (area / aspect).sqrt()));
        let place = |free: usize, rng: &mut dyn Rng| (unit(rng) * (free + 1) as f64) as usize;
        let (top, left) = (place(rows - height, rng), place(columns - width, rng));
        for row in values.chunks_exact_mut(columns.max(1)).skip(top).take(height) {
            row.iter_mut().skip(left).take(width).for_each(|v| *v = 0.0);
        }
    }
}
