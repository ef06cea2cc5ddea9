//! A constant learning rate.

use super::{LrSchedule, Progress, check_eta};
use crate::error::Result;

/// The same η in every epoch, without end.
///
/// Source: the η of chapter 1 of the book, equation (15), and of its programs.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let constant = Constant::new(0.5)?;
/// assert_eq!(constant.rate(&Progress { epoch: 7, history: &History::new() }), Some(0.5));
/// assert!(Constant::new(f64::NAN).is_err());
/// gradus::check::schedule(&constant).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant {
    eta: f64,
}

impl Constant {
    /// Creates the constant learning rate η = `eta`.
    ///
    /// # Errors
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not a positive finite number.
    pub fn new(eta: f64) -> Result<Self> {
        check_eta(eta)?;
        Ok(Self { eta })
    }

    /// The learning rate η.
    pub fn eta(&self) -> f64 {
        self.eta
    }
}

impl LrSchedule for Constant {
    fn rate(&self, _progress: &Progress<'_>) -> Option<f64> {
        Some(self.eta)
    }
}
