//! Rotation about the center of the image.

use rand::Rng;

use super::{Amount, Distortion, Grid, within};
use crate::error::{Result, check_setting};
use crate::real::portable::{cos, sin};

/// Rotates an image about its center; positive angles rotate it anticlockwise.
///
/// With the angle θ, x to the right and y down, a pixel (x, y) of the result takes its value from
/// (x cos θ − y sin θ, x sin θ + y cos θ).
///
/// Source: exercise in chapter 3 of the book, "Other techniques for regularization": expanding the MNIST training data
/// by rotations.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [
///     1.0, 2.0, //
///     3.0, 4.0,
/// ];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&Rotation::by_degrees(90.0)?, &mut image, (2, 2), &mut rng)?;
/// assert_eq!(image, [
///     2.0, 4.0, //
///     1.0, 3.0,
/// ]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotation {
    degrees: Amount<f64>,
}

impl Rotation {
    /// Creates a rotation by an angle that is drawn uniformly from −`most` to `most` degrees.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `most` is outside [0, 180].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert!(Rotation::up_to_degrees(15.0).is_ok());
    /// assert!(Rotation::up_to_degrees(-15.0).is_err());
    /// ```
    pub fn up_to_degrees(most: f64) -> Result<Self> {
        let why = "it is the largest angle in either direction, in degrees: 180 allows every angle";
        check_setting("rotation", most, (0.0..=180.0).contains(&most), "[0, 180]", why)?;
        Ok(Self { degrees: Amount::UpTo(most) })
    }

    /// Creates a rotation by exactly `angle` degrees, the same for every image.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `angle` is outside [−360, 360].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert!(Rotation::by_degrees(-90.0).is_ok());
    /// assert!(Rotation::by_degrees(f64::NAN).is_err());
    /// ```
    pub fn by_degrees(angle: f64) -> Result<Self> {
        let why = "give an angle in degrees: 360 is a full turn";
        check_setting("rotation", angle, (-360.0..=360.0).contains(&angle), "[−360, 360]", why)?;
        Ok(Self { degrees: Amount::Exactly(angle) })
    }
}

impl Distortion for Rotation {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
        let degrees = match self.degrees {
            Amount::Exactly(angle) => angle,
            Amount::UpTo(most) => within(most, rng),
        };
        let radians = degrees.to_radians();
        let (sin, cos) = (sin(radians) as f32, cos(radians) as f32);
        grid.map(|x, y| (x * cos - y * sin, x * sin + y * cos));
    }
}
