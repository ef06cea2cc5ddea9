//! Scaling: the image grows or shrinks about its center.

use rand::Rng;

use super::{Amount, Distortion, Grid, within};
use crate::error::{Result, check_setting};
use crate::real::portable::{exp, ln};

/// Enlarges or shrinks an image about its center, equally in both directions.
///
/// With the factor f, a pixel (x, y) of the result takes its value from (x/f, y/f): f > 1 enlarges. Values are
/// interpolated, not averaged, so thin lines break up for f below about 1/2.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [0.0, 0.0, 6.0, 0.0, 0.0];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&Scaling::by(2.0)?, &mut image, (1, 5), &mut rng)?;
/// assert_eq!(image, [0.0, 3.0, 6.0, 3.0, 0.0]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// A fixed factor, or the logarithm of the largest one.
    factor: Amount<f64>,
}

impl Scaling {
    /// Creates a scaling by a random factor from 1/`most` to `most`, whose logarithm is drawn uniformly: it enlarges as
    /// often as it shrinks.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `most` is outside [1, 100].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert!(Scaling::up_to(1.15).is_ok());
    /// assert!(Scaling::up_to(0.15).is_err());
    /// ```
    pub fn up_to(most: f64) -> Result<Self> {
        let why = "it is the largest factor, and the smallest is its inverse: give 1 to leave an image as it is, or 1.15";
        check_setting("scaling", most, (1.0..=100.0).contains(&most), "[1, 100]", why)?;
        Ok(Self { factor: Amount::UpTo(ln(most)) })
    }

    /// Creates a scaling by exactly `factor`, the same for every image.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `factor` is outside [0.01, 100].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert!(Scaling::by(0.5).is_ok());
    /// assert!(Scaling::by(0.0).is_err());
    /// ```
    pub fn by(factor: f64) -> Result<Self> {
        let why =
            "it multiplies lengths: give 1 to leave an image as it is, more to enlarge and less to shrink it";
        check_setting("scaling", factor, (0.01..=100.0).contains(&factor), "[0.01, 100]", why)?;
        Ok(Self { factor: Amount::Exactly(factor) })
    }
}

impl Distortion for Scaling {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
        let factor = match self.factor {
            Amount::Exactly(factor) => factor,
            Amount::UpTo(logarithm) => exp(within(logarithm, rng)),
        };
        let inverse = (1.0 / factor) as f32;
        grid.map(|x, y| (x * inverse, y * inverse));
    }
}
