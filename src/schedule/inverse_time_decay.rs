//! A learning rate that falls as the inverse of the time.

use super::{LrSchedule, Progress, check_eta};
use crate::error::{Result, check_setting};

/// Lowers η as the inverse of the time, with every step.
///
/// ```text
/// η(t) = η/(1 + k t)
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η, the initial rate | `eta` of [`new`](Self::new) |
/// | k, the growth of the divisor per epoch | `decay` of `new` |
/// | t, the epochs done | e − 1 at the beginning of epoch e, and fractions within it |
///
/// The schedule does not end. The sum of all rates is infinite and the sum of their squares is finite, the condition
/// under which stochastic gradient descent converges. It is PyTorch's `LambdaLR` with `lambda t: 1/(1 + k t)`.
///
/// Source: Robbins and Monro, *A stochastic approximation method*, 1951.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = InverseTimeDecay::new(0.8, 2.0)?;
/// let history = History::new();
/// let second = Progress { epoch: 2, history: &history };
/// assert_eq!(schedule.rate(&second), Some(0.8 / 3.0));
/// assert_eq!(schedule.rate_within(0.8 / 3.0, &second, 0.5), 0.2);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InverseTimeDecay {
    eta: f64,
    decay: f64,
}

impl InverseTimeDecay {
    /// Divides η = `eta` by 1 + `decay` · t after t epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, or if `decay` is not in [0,
    /// 10⁶].
    pub fn new(eta: f64, decay: f64) -> Result<Self> {
        check_eta(eta)?;
        let why = "the rate falls, to one half after 1/k epochs; try 0.1";
        check_setting("decay k", decay, (0.0..=1e6).contains(&decay), "[0, 10⁶]", why)?;
        Ok(Self { eta, decay })
    }

    /// The initial rate η.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// The decay k.
    pub fn decay(&self) -> f64 {
        self.decay
    }
}

impl LrSchedule for InverseTimeDecay {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(self.rate_within(self.eta, progress, 0.0))
    }

    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        self.eta / (1.0 + self.decay * progress.epochs_done(done))
    }
}
