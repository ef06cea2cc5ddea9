//! A learning rate that falls along a cosine again and again.

use std::f64::consts::FRAC_PI_2;

use super::{LrSchedule, Progress, check_eta, check_final, check_length};
use crate::error::{Result, check_setting};
use crate::real::portable::sin;

/// Lowers η along half a cosine, raises it at once to its initial value, and begins again, without end.
///
/// ```text
/// η(t) = η_T + (η_0 − η_T) (1 + cos(π s/T_i))/2
/// T_{i+1} = k T_i
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η_0, the initial rate | `eta` of [`new`](Self::new) |
/// | T_0, the epochs of the first period | `epochs` of `new` |
/// | k, the length of a period over that of the one before | `factor` of [`lengthen`](Self::lengthen), by default 1 |
/// | η_T, the final rate | `eta` of [`down_to`](Self::down_to), by default 0 |
/// | s, the epochs done of period i, in [0, T_i) | |
///
/// The rate changes with every training step. It is PyTorch's `CosineAnnealingWarmRestarts` with `T_0` and `T_mult` =
/// k, stepped with fractions of an epoch.
///
/// Source: Loshchilov and Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, 2017, equation (5).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = CosineRestarts::new(0.5, 2)?.lengthen(2)?; // periods of 2, 4, 8 … epochs
/// let history = History::new();
/// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history }).unwrap();
/// assert_eq!([1, 3, 7].map(rate), [0.5; 3]);
/// assert!((rate(2) - 0.25).abs() < 1e-15 && (rate(5) - 0.25).abs() < 1e-15);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineRestarts {
    eta: f64,
    epochs: usize,
    longer: usize,
    last: f64,
}

impl CosineRestarts {
    /// Lowers η from `eta` again and again, each time during `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, or if `epochs` is 0.
    pub fn new(eta: f64, epochs: usize) -> Result<Self> {
        check_eta(eta)?;
        check_length(epochs)?;
        Ok(Self { eta, epochs, longer: 1, last: 0.0 })
    }

    /// Makes each period `factor` times as long as the one before.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `factor` is 0 or above 1000.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = CosineRestarts::new(0.5, 1)?.lengthen(3)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 2, 5, 14].map(rate), [Some(0.5); 4]); // periods of 1, 3, 9 … epochs
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn lengthen(mut self, factor: usize) -> Result<Self> {
        let why = "periods stay as long as they are, or become longer; try 2";
        check_setting(
            "factor of the periods",
            factor as f64,
            (1..=1000).contains(&factor),
            "[1, 1000]",
            why,
        )?;
        self.longer = factor;
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
    /// let schedule = CosineRestarts::new(0.5, 2)?.down_to(0.25)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 3, 5].map(rate), [Some(0.5); 3]);
    /// assert!((rate(2).unwrap() - 0.375).abs() < 1e-15); // halfway
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

    /// The epochs of the first period.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The factor k between the lengths of consecutive periods.
    pub fn longer(&self) -> usize {
        self.longer
    }

    /// The final rate η_T.
    pub fn last(&self) -> f64 {
        self.last
    }

    /// Returns the whole epochs done of the current period, and its length.
    fn period(&self, epoch: usize) -> (usize, usize) {
        let (mut done, mut length) = (epoch.saturating_sub(1), self.epochs);
        if self.longer == 1 {
            return (done % length, length);
        }
        while done >= length {
            done -= length;
            length = length.saturating_mul(self.longer);
        }
        (done, length)
    }
}

impl LrSchedule for CosineRestarts {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(self.rate_within(self.eta, progress, 0.0))
    }

    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        let (epochs, length) = self.period(progress.epoch);
        // (1 + cos(π s/T))/2 = sin²(π (T − s)/(2 T)), which does not round to 0 just before the end.
        let left = (length - epochs - 1) as f64 + (1.0 - done);
        let sine = sin(FRAC_PI_2 * (left / length as f64));
        self.last + (self.eta - self.last) * (sine * sine)
    }
}
