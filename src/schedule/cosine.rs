//! A learning rate that falls along a cosine.

use std::f64::consts::FRAC_PI_2;

use super::{LrSchedule, Progress, check_eta, check_final, check_length};
use crate::error::Result;
use crate::real::portable::sin;

/// Lowers η along half a cosine, from its initial value to a final one, by default 0, and then ends the training.
///
/// ```text
/// η(t) = η_T + (η_0 − η_T) (1 + cos(π t / T)) / 2
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η_0, the initial rate | `eta` of [`new`](Self::new) |
/// | T, the number of epochs | `epochs` of `new` |
/// | η_T, the final rate | `eta` of [`down_to`](Self::down_to), by default 0 |
/// | t, the epochs done, in [0, T) | e − 1 at the beginning of epoch e, and fractions within it |
///
/// The rate changes with every training step. It is positive throughout, because t = T is reached only after the last
/// step. With n steps in all it is PyTorch's `CosineAnnealingLR` with `T_max` = n, stepped after each of them.
///
/// Source: Loshchilov and Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, 2017, without the restarts.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let cosine = Cosine::new(0.4, 2)?;
/// let history = History::new();
/// let first = Progress { epoch: 1, history: &history };
/// assert_eq!(cosine.rate(&first), Some(0.4));
/// let middle = cosine.rate_within(0.4, &first, 0.5);
/// assert!((middle - 0.2 * (1.0 + 0.5f64.sqrt())).abs() < 1e-15);
/// let second = cosine.rate(&Progress { epoch: 2, history: &history }).unwrap();
/// assert!((second - 0.2).abs() < 1e-15);
/// assert_eq!(cosine.rate(&Progress { epoch: 3, history: &history }), None);
/// gradus::check::schedule(&cosine).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cosine {
    eta: f64,
    epochs: usize,
    last: f64,
}

impl Cosine {
    /// Lowers η from `eta` during `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, or if `epochs` is 0.
    pub fn new(eta: f64, epochs: usize) -> Result<Self> {
        check_eta(eta)?;
        check_length(epochs)?;
        Ok(Self { eta, epochs, last: 0.0 })
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
    /// let schedule = Cosine::new(0.5, 2)?.down_to(0.25)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!(rate(1), Some(0.5));
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

    /// The number of epochs T.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The final rate η_T.
    pub fn last(&self) -> f64 {
        self.last
    }
}

impl LrSchedule for Cosine {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        (progress.epoch <= self.epochs).then(|| self.rate_within(self.eta, progress, 0.0))
    }

    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        // (1 + cos(π t / T)) / 2 = sin²(π (T − t) / (2 T)), which does not round to 0 just before the end.
        let left = self.epochs.saturating_sub(progress.epoch) as f64 + (1.0 - done);
        let sine = sin(FRAC_PI_2 * (left / self.epochs as f64));
        self.last + (self.eta - self.last) * (sine * sine)
    }
}
