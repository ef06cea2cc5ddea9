//! Gaussian noise: every pixel is changed a little, independently.

use rand::Rng;

use super::{Distortion, Grid};
use crate::error::{Result, check_setting};
use crate::real::Real;

/// Adds a number drawn from N(0, σ²) to the value of each pixel, independently.
///
/// σ is `deviation`, in the unit of the values. Values are not clamped to their former range: a value of 1.1 is a valid
/// input for a network, too.
///
/// Source: Sietsma and Dow, "Creating artificial neural networks that generalize", 1991.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [0.5; 4];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&Noise::new(0.1)?, &mut image, (2, 2), &mut rng)?;
/// assert!(image.iter().all(|&v| v != 0.5 && (v - 0.5f64).abs() < 0.5));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    deviation: f64,
}

impl Noise {
    /// Creates noise of standard deviation `deviation`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `deviation` is outside [0, 10⁶].
    pub fn new(deviation: f64) -> Result<Self> {
        let why = "it is a standard deviation in the unit of the pixels: give 0 for no noise, or 0.1 for values in [0, 1]";
        check_setting("noise", deviation, (0.0..=1e6).contains(&deviation), "[0, 1000000]", why)?;
        Ok(Self { deviation })
    }
}

impl Distortion for Noise {
    fn distort(&self, _grid: &mut Grid, _rng: &mut dyn Rng) {}

    fn retouch(&self, values: &mut [f64], _shape: (usize, usize), rng: &mut dyn Rng) {
        values.iter_mut().for_each(|v| *v += self.deviation * f64::sample_normal(rng));
    }
}
