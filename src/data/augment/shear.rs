//! Shear: the image leans to one side.

use rand::Rng;

use super::{Amount, Distortion, Grid, within};
use crate::error::{Result, check_setting};

/// The steepest slope.
const STEEPEST: f64 = 10.0;

/// Slants an image like italics: rows above the center move to the right, and rows below it to the left.
///
/// With the slope s, x to the right and y down, a pixel (x, y) of the result takes its value from (x + s y, y). Italics
/// have a slope of about 0.2; a negative slope leans to the left.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [
///     0.0, 5.0, 0.0, //
///     0.0, 5.0, 0.0, //
///     0.0, 5.0, 0.0,
/// ];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&Shear::by(1.0)?, &mut image, (3, 3), &mut rng)?;
/// assert_eq!(image, [
///     0.0, 0.0, 5.0, //
///     0.0, 5.0, 0.0, //
///     5.0, 0.0, 0.0,
/// ]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shear {
    slope: Amount<f64>,
}

impl Shear {
    /// Creates a shear whose slope is drawn uniformly from −`most` to `most`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `most` is outside [0, 10].
    pub fn up_to(most: f64) -> Result<Self> {
        let why = "it is the steepest slope in either direction, in pixels to the side for each row: try 0.2";
        check_setting("shear", most, (0.0..=STEEPEST).contains(&most), "[0, 10]", why)?;
        Ok(Self { slope: Amount::UpTo(most) })
    }

    /// Creates a shear of exactly `slope`, the same for every image.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `slope` is outside [−10, 10].
    pub fn by(slope: f64) -> Result<Self> {
        let why =
            "it is a number of pixels to the side for each row: give 0 to leave an image as it is, or 0.2";
        check_setting("shear", slope, slope.abs() <= STEEPEST, "[−10, 10]", why)?;
        Ok(Self { slope: Amount::Exactly(slope) })
    }
}

impl Distortion for Shear {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
        let slope = match self.slope {
            Amount::Exactly(slope) => slope,
            Amount::UpTo(most) => within(most, rng),
        } as f32;
        grid.map(|x, y| (x + slope * y, y));
    }
}
