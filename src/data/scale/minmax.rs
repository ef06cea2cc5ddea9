//! Min-max scaling: scales to an interval.

use super::{Scale, extremes};
use crate::error::{Result, check_setting};

/// Scales each row so that the training data fill the interval [low, high], by default [0, 1].
///
/// x′ = low + (high − low) (x − min)/(max − min), that is s = (max − min)/(high − low) and c = min − low s. New data
/// may lie outside the interval. An outlier compresses all other values: for data with outliers, use
/// [`Robust`](super::Robust). A row that is constant in the training data has no width, and is only shifted to 0.
///
/// # Examples
///
/// ```
/// use gradus::data::{MinMax, Scale};
///
/// assert_eq!(MinMax::default().center_and_width(&mut [5.0, 3.0, 7.0]), (3.0, 4.0));
/// assert_eq!(MinMax::new(-1.0, 1.0)?.center_and_width(&mut [5.0, 3.0, 7.0]), (5.0, 2.0));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinMax {
    low: f64,
    high: f64,
}

impl MinMax {
    /// Creates a rule that scales to the interval [`low`, `high`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) unless both ends are finite and `low` is below `high`.
    pub fn new(low: f64, high: f64) -> Result<Self> {
        let why = "the data are to fill the interval from low to high, such as [0, 1]";
        check_setting("low end of the interval", low, low.is_finite(), "(−∞, ∞)", why)?;
        check_setting("high end of the interval", high, high.is_finite() && high > low, "(low, ∞)", why)?;
        Ok(Self { low, high })
    }
}

impl Default for MinMax {
    fn default() -> Self {
        Self { low: 0.0, high: 1.0 }
    }
}

impl Scale for MinMax {
    fn center_and_width(&self, column: &mut [f64]) -> (f64, f64) {
        let (min, max) = extremes(column);
        if min == max {
            return (min, 0.0);
        }
        let width = (max - min) / (self.high - self.low);
        (min - self.low * width, width)
    }
}
