//! A learning rate that rises once and then falls far below its initial value.

use std::f64::consts::PI;

use super::{LrSchedule, Progress, check_eta, check_length};
use crate::error::{Result, check_setting};
use crate::real::portable::cos;

/// Raises η along half a cosine to its highest value, lowers it along another one to nearly 0, and then ends the
/// training.
///
/// ```text
/// η(t) = a(η_max / d, η_max, t / (p T))                       if t ≤ p T
/// η(t) = a(η_max, η_max / (d f), (t − p T) / (T − p T))       otherwise
/// a(u, v, s) = v + (u − v) (1 + cos(π s)) / 2
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η_max, the highest rate | `eta` of [`new`](Self::new) |
/// | T, the number of epochs | `epochs` of `new` |
/// | p, the fraction of the rise | `fraction` of [`rise`](Self::rise), by default 0.3 |
/// | d, η_max over the initial rate | `initial` of [`divisors`](Self::divisors), by default 25 |
/// | f, the initial over the final rate | `last` of `divisors`, by default 10,000 |
/// | t, the epochs done, in [0, T) | e − 1 at the beginning of epoch e, and fractions within it |
///
/// The rate changes with every training step. With n steps in all it is PyTorch's `OneCycleLR` with `total_steps` = n +
/// 1 and `pct_start` = (p n + 1)/(n + 1): the final rate is reached just after the last step, and the highest one after
/// p n steps. The momentum does not change.
///
/// Source: Smith and Topin, *Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates*,
/// 2018.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let one_cycle = OneCycle::new(1.0, 10)?.rise(0.5)?;
/// let history = History::new();
/// let rate = |epoch| one_cycle.rate(&Progress { epoch, history: &history });
/// assert!((rate(1).unwrap() - 0.04).abs() < 1e-15);
/// assert_eq!((rate(6), rate(11)), (Some(1.0), None));
/// gradus::check::schedule(&one_cycle).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    eta: f64,
    epochs: usize,
    rise: f64,
    initial: f64,
    last: f64,
}

impl OneCycle {
    /// Raises η to `eta` and lowers it again within `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, or if `epochs` is 0.
    pub fn new(eta: f64, epochs: usize) -> Result<Self> {
        check_eta(eta)?;
        check_length(epochs)?;
        Ok(Self { eta, epochs, rise: 0.3, initial: 25.0, last: 1e4 })
    }

    /// Lets η rise during this `fraction` of the epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `fraction` is not in (0, 1).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = OneCycle::new(1.0, 4)?.rise(0.25)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!(rate(2), Some(1.0)); // after a quarter of 4 epochs
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn rise(mut self, fraction: f64) -> Result<Self> {
        let why = "the rate first rises and then falls; the default is 0.3";
        check_setting("fraction of the rise", fraction, fraction > 0.0 && fraction < 1.0, "(0, 1)", why)?;
        self.rise = fraction;
        Ok(self)
    }

    /// Begins with the highest rate / `initial`, and ends with the initial rate / `last`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if a divisor is below 1 or infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = OneCycle::new(1.0, 10)?.divisors(10.0, 100.0)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert!((rate(1).unwrap() - 0.1).abs() < 1e-15); // the last step ends at 0.001
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn divisors(mut self, initial: f64, last: f64) -> Result<Self> {
        let why = "the cycle begins below the highest rate and ends below its beginning; the defaults are 25 and 10000";
        for (name, divisor) in [("initial divisor", initial), ("last divisor", last)] {
            check_setting(name, divisor, divisor >= 1.0 && divisor.is_finite(), "[1, ∞)", why)?;
        }
        (self.initial, self.last) = (initial, last);
        Ok(self)
    }

    /// The highest rate η_max.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// The number of epochs T.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The fraction p of the epochs during which the rate rises.
    pub fn rising(&self) -> f64 {
        self.rise
    }

    /// d, the highest over the initial rate.
    pub fn initial_divisor(&self) -> f64 {
        self.initial
    }

    /// f, the initial over the final rate.
    pub fn last_divisor(&self) -> f64 {
        self.last
    }
}

/// Goes from `u` to `v` along half a cosine, as `s` goes from 0 to 1.
fn anneal(u: f64, v: f64, s: f64) -> f64 {
    v + (u - v) * (0.5 * (1.0 + cos(PI * s)))
}

impl LrSchedule for OneCycle {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        (progress.epoch <= self.epochs).then(|| self.rate_within(self.eta, progress, 0.0))
    }

    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        let t = progress.epochs_done(done);
        let (all, peak) = (self.epochs as f64, self.rise * self.epochs as f64);
        let initial = self.eta / self.initial;
        if t <= peak {
            anneal(initial, self.eta, t / peak)
        } else {
            anneal(self.eta, initial / self.last, (t - peak) / (all - peak))
        }
    }
}
