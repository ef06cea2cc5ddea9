//! Translation: the image is shifted.

use rand::Rng;

use super::{Amount, Distortion, Grid, within};
use crate::error::{Result, check_setting};

/// The longest shift in pixels: far beyond it, single precision does not resolve fractions of a pixel.
const LONGEST: f64 = 10_000.0;
const WHY: &str = "give a finite number of pixels, at most 10000 in either direction";

/// Shifts an image; what enters from outside is 0.
///
/// With the shift (s, t) to the right and down, a pixel (x, y) of the result takes its value from (x − s, y − t).
/// Shifts by whole pixels keep the values; others interpolate between neighbours.
///
/// Source: chapter 3 of the book, "Other techniques for regularization".
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [4.0, 0.0, 8.0];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&Translation::by(0.25, 0.0)?, &mut image, (1, 3), &mut rng)?;
/// assert_eq!(image, [3.0, 1.0, 6.0]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Translation {
    pixels: Amount<(f64, f64)>,
}

impl Translation {
    /// Creates a shift by a number of pixels from −`most` to `most`, drawn uniformly for each of the two directions.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `most` is outside [0, 10,000].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert!(Translation::up_to(2.0).is_ok());
    /// assert!(Translation::up_to(f64::INFINITY).is_err());
    /// ```
    pub fn up_to(most: f64) -> Result<Self> {
        let why =
            "it is the longest shift in either direction: give a finite number of pixels from 0 to 10000";
        check_setting("translation", most, (0.0..=LONGEST).contains(&most), "[0, 10000]", why)?;
        Ok(Self { pixels: Amount::UpTo(most) })
    }

    /// Creates a shift by exactly `right` and `down` pixels, the same for every image.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if one of them is outside [−10,000, 10,000].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert!(Translation::by(1.0, -2.5).is_ok());
    /// assert!(Translation::by(f64::NAN, 0.0).is_err());
    /// ```
    pub fn by(right: f64, down: f64) -> Result<Self> {
        for shift in [right, down] {
            check_setting("translation", shift, shift.abs() <= LONGEST, "[−10000, 10000]", WHY)?;
        }
        Ok(Self { pixels: Amount::Exactly((right, down)) })
    }
}

impl Distortion for Translation {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
        let (right, down) = match self.pixels {
            Amount::Exactly(shift) => shift,
            Amount::UpTo(most) => (within(most, rng), within(most, rng)),
        };
        let (right, down) = (right as f32, down as f32);
        grid.map(|x, y| (x - right, y - down));
    }
}
