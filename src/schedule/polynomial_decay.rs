//! A learning rate that falls as a power of the remaining time.

use super::{LrSchedule, Progress, check_eta, check_final, check_length};
use crate::error::{Result, check_setting};
use crate::real::portable::pow;

/// Lowers η as a power of the remaining time, by default linearly, and then ends the training.
///
/// ```text
/// η(t) = η_T + (η_0 − η_T) (1 − t/T)^p
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η_0, the initial rate | `eta` of [`new`](Self::new) |
/// | T, the number of epochs | `epochs` of `new` |
/// | p, the power | `power` of [`power`](Self::power), by default 1 |
/// | η_T, the final rate | `eta` of [`down_to`](Self::down_to), by default 0 |
/// | t, the epochs done, in [0, T) | e − 1 at the beginning of epoch e, and fractions within it |
///
/// The rate is positive throughout, because t = T is reached only after the last step. With n steps in all and η_T = 0
/// it is PyTorch's `PolynomialLR` with `total_iters` = n, stepped after each of them.
///
/// Source: Chen, Papandreou, Kokkinos, Murphy and Yuille, *DeepLab*, 2018, section 4.1.1, with p = 0.9.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = PolynomialDecay::new(0.8, 4)?.power(2.0)?;
/// let history = History::new();
/// let third = Progress { epoch: 3, history: &history };
/// assert_eq!(schedule.rate(&third), Some(0.2));
/// assert_eq!(schedule.rate_within(0.2, &third, 0.5), 0.1125);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolynomialDecay {
    eta: f64,
    epochs: usize,
    power: f64,
    last: f64,
}

impl PolynomialDecay {
    /// Lowers η from `eta` during `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, or if `epochs` is 0.
    pub fn new(eta: f64, epochs: usize) -> Result<Self> {
        check_eta(eta)?;
        check_length(epochs)?;
        Ok(Self { eta, epochs, power: 1.0, last: 0.0 })
    }

    /// Sets the power p, instead of 1.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `power` is not in (0, 10].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = PolynomialDecay::new(0.8, 2)?.power(2.0)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 2].map(rate), [Some(0.8), Some(0.2)]); // with the power 1 it is 0.4
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn power(mut self, power: f64) -> Result<Self> {
        let why = "with 0 the rate does not fall, and a high power leaves hardly any of it; try 1 or 2";
        check_setting("power of the decay", power, power > 0.0 && power <= 10.0, "(0, 10]", why)?;
        self.power = power;
        Ok(self)
    }

    /// Lowers η to `eta` instead of 0.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `eta` is negative or above the initial rate.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = PolynomialDecay::new(0.5, 2)?.down_to(0.25)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 2, 3].map(rate), [Some(0.5), Some(0.375), None]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn down_to(mut self, eta: f64) -> Result<Self> {
        check_final(eta, self.eta)?;
        self.last = eta;
        Ok(self)
    }

    /// The initial rate η_0.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// The number of epochs T.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The power p.
    pub fn exponent(&self) -> f64 {
        self.power
    }

    /// The final rate η_T.
    pub fn last(&self) -> f64 {
        self.last
    }
}

impl LrSchedule for PolynomialDecay {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        (progress.epoch <= self.epochs).then(|| self.rate_within(self.eta, progress, 0.0))
    }

    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        // The time left, and not 1 − t/T, which rounds to 0 just before the end.
        let left = self.epochs.saturating_sub(progress.epoch) as f64 + (1.0 - done);
        self.last + (self.eta - self.last) * pow(left / self.epochs as f64, self.power)
    }
}
