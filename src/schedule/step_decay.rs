//! A learning rate that falls in steps.

use super::{LOWEST, LrSchedule, Progress, check_eta, check_factor, check_last, check_length};
use crate::error::Result;
use crate::real::power;

/// Multiplies η by a factor after every n epochs.
///
/// ```text
/// η_e = max(η γ^⌊(e − 1)/n⌋, η_min)
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η, the initial rate | `eta` of [`new`](Self::new) |
/// | n, the epochs at one rate | `every` of `new` |
/// | γ, the factor | `factor` of `new` |
/// | η_min, the final rate | `eta` of [`down_to`](Self::down_to), by default 10⁻⁹ η |
/// | e, the epoch, counted from 1 | |
///
/// The schedule does not end. Down to η_min it is PyTorch's `StepLR`.
///
/// Source: He, Zhang, Ren and Sun, *Deep residual learning for image recognition*, 2016, section 3.4, who divide by 10.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = StepDecay::new(0.8, 2, 0.5)?;
/// let history = History::new();
/// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history }).unwrap();
/// assert_eq!([1, 2, 3, 4, 5].map(rate), [0.8, 0.8, 0.4, 0.4, 0.2]);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepDecay {
    eta: f64,
    every: usize,
    factor: f64,
    last: f64,
}

impl StepDecay {
    /// Multiplies η, initially `eta`, by `factor` once per `every` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, if `every` is 0, or if
    /// `factor` is not in (0, 1).
    pub fn new(eta: f64, every: usize, factor: f64) -> Result<Self> {
        check_eta(eta)?;
        check_length(every)?;
        check_factor(factor)?;
        Ok(Self { eta, every, factor, last: eta / LOWEST })
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
    /// let schedule = StepDecay::new(0.8, 1, 0.5)?.down_to(0.3)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 2, 3, 4].map(rate), [Some(0.8), Some(0.4), Some(0.3), Some(0.3)]);
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

    /// The epochs at one rate.
    pub fn every(&self) -> usize {
        self.every
    }

    /// The factor γ.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// The final rate.
    pub fn last(&self) -> f64 {
        self.last
    }
}

impl LrSchedule for StepDecay {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        let steps = progress.epoch.saturating_sub(1) / self.every;
        Some((self.eta * power(self.factor, steps as u64)).max(self.last))
    }
}
