//! A learning rate that falls exponentially.

use super::{LOWEST, LrSchedule, Progress, check_eta, check_factor, check_last};
use crate::error::Result;
use crate::real::portable::pow;

/// Multiplies η by a factor per epoch, spread evenly over its steps.
///
/// ```text
/// η(t) = max(η γᵗ, η_min)
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η, the initial rate | `eta` of [`new`](Self::new) |
/// | γ, the factor per epoch | `factor` of `new` |
/// | η_min, the final rate | `eta` of [`down_to`](Self::down_to), by default 10⁻⁹ η |
/// | t, the epochs done | e − 1 at the beginning of epoch e, and fractions within it |
///
/// The schedule does not end. With n steps per epoch it is, down to η_min, PyTorch's `ExponentialLR` with `gamma` =
/// γ^(1/n), stepped after each of them.
///
/// Source: Darken and Moody, *Note on learning rate schedules for stochastic optimization*, 1991, compare it with
/// others.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = ExponentialDecay::new(0.8, 0.25)?;
/// let history = History::new();
/// let second = Progress { epoch: 2, history: &history };
/// assert_eq!(schedule.rate(&second), Some(0.2));
/// assert_eq!(schedule.rate_within(0.2, &second, 0.5), 0.1);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExponentialDecay {
    eta: f64,
    factor: f64,
    last: f64,
}

impl ExponentialDecay {
    /// Multiplies η, initially `eta`, by `factor` per epoch.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, or if `factor` is not in (0,
    /// 1).
    pub fn new(eta: f64, factor: f64) -> Result<Self> {
        check_eta(eta)?;
        check_factor(factor)?;
        Ok(Self { eta, factor, last: eta / LOWEST })
    }

    /// Does not lower η below `eta`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `eta` is not positive, or above the initial rate.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = ExponentialDecay::new(0.8, 0.25)?.down_to(0.1)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 2, 3, 4].map(rate), [Some(0.8), Some(0.2), Some(0.1), Some(0.1)]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn down_to(mut self, eta: f64) -> Result<Self> {
        check_last(eta, self.eta)?;
        self.last = eta;
        Ok(self)
    }

    /// The initial rate η.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// The factor γ per epoch.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// The final rate.
    pub fn last(&self) -> f64 {
        self.last
    }
}

impl LrSchedule for ExponentialDecay {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(self.rate_within(self.eta, progress, 0.0))
    }

    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        (self.eta * pow(self.factor, progress.epochs_done(done))).max(self.last)
    }
}
