//! Contrast: values move away from their mean or towards it.

use rand::Rng;

use super::{Amount, Distortion, Grid, within};
use crate::error::{Result, check_setting};
use crate::real::portable::{exp, ln};

/// Multiplies the contrast of an image: v ← m + f (v − m), with m the mean of its values and f the factor.
///
/// f > 1 makes bright pixels brighter and dark ones darker. The mean does not change. Values are not clamped to their
/// former range.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [0.0, 1.0, 1.0, 2.0];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&Contrast::by(0.5)?, &mut image, (2, 2), &mut rng)?;
/// assert_eq!(image, [0.5, 1.0, 1.0, 1.5]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// A fixed factor, or the logarithm of the largest one.
    factor: Amount<f64>,
}

impl Contrast {
    /// Creates a random change of contrast, by a factor from 1/`most` to `most` whose logarithm is drawn uniformly:
    /// contrast rises as often as it falls.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `most` is outside [1, 100].
    pub fn up_to(most: f64) -> Result<Self> {
        let why = "it is the largest factor, and the smallest is its inverse: give 1 to leave an image as it is, or 1.5";
        check_setting("contrast", most, (1.0..=100.0).contains(&most), "[1, 100]", why)?;
        Ok(Self { factor: Amount::UpTo(ln(most)) })
    }

    /// Creates a change of contrast by exactly `factor`, the same for every image.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `factor` is outside [0, 100].
    pub fn by(factor: f64) -> Result<Self> {
        let why =
            "it multiplies the distance of a value from the mean: give 1 to leave an image as it is, or 0.5";
        check_setting("contrast", factor, (0.0..=100.0).contains(&factor), "[0, 100]", why)?;
        Ok(Self { factor: Amount::Exactly(factor) })
    }
}

impl Distortion for Contrast {
    fn distort(&self, _grid: &mut Grid, _rng: &mut dyn Rng) {}

    fn retouch(&self, values: &mut [f64], _shape: (usize, usize), rng: &mut dyn Rng) {
        let factor = match self.factor {
            Amount::Exactly(factor) => factor,
            Amount::UpTo(logarithm) => exp(within(logarithm, rng)),
        };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        // In this form a factor of 1 leaves values bitwise the same.
        values.iter_mut().for_each(|v| *v += (factor - 1.0) * (*v - mean));
    }
}
