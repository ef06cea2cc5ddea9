//! A learning rate that rises to that of another schedule.

use super::{LrSchedule, Progress};
use crate::error::{Result, check_setting};
use crate::history::Metric;

/// Raises η linearly during the first epochs, from a fraction of another schedule's rate to the whole rate.
///
/// ```text
/// η(t) = (r + (1 − r) min(t / T, 1)) η'(t)
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η', the other schedule | `schedule` of [`new`](Self::new) |
/// | T, the length of the warm-up in epochs, which may be a fraction | `epochs` of `new` |
/// | r, the initial fraction | `fraction` of [`from`](Self::from), by default 0.1 |
/// | t, the epochs done | e − 1 at the beginning of epoch e, and fractions within it |
///
/// The rate changes with every training step. With n steps per epoch and a constant η' it is PyTorch's `LinearLR` with
/// `start_factor` = r and `total_iters` = n T, stepped after each of them.
///
/// Source: Goyal et al., *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour*, 2017, section 2.2.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = WarmUp::new(2.0, Cosine::new(0.5, 30)?)?;
/// let history = History::new();
/// assert_eq!(schedule.rate(&Progress { epoch: 1, history: &history }), Some(0.05));
/// let third = Progress { epoch: 3, history: &history };
/// assert_eq!(schedule.rate(&third), Cosine::new(0.5, 30)?.rate(&third));
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WarmUp<S> {
    epochs: f64,
    from: f64,
    schedule: S,
}

impl<S: LrSchedule> WarmUp<S> {
    /// Warms up to `schedule` during `epochs` epochs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `epochs` is not positive and finite.
    pub fn new(epochs: f64, schedule: S) -> Result<Self> {
        let why = "it is the length of the warm-up, which may be a fraction of an epoch; try 1";
        check_setting("warm-up epochs", epochs, epochs > 0.0 && epochs.is_finite(), "(0, ∞)", why)?;
        Ok(Self { epochs, from: 0.1, schedule })
    }

    /// Begins with this `fraction` of the schedule's rate.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `fraction` is not in (0, 1].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = WarmUp::new(2.0, Constant::new(0.5)?)?.from(0.5)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 2, 3].map(rate), [Some(0.25), Some(0.375), Some(0.5)]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from(mut self, fraction: f64) -> Result<Self> {
        let why =
            "a rate of 0 learns nothing, and a warm-up does not begin above its end; the default is 0.1";
        check_setting("initial fraction", fraction, fraction > 0.0 && fraction <= 1.0, "(0, 1]", why)?;
        self.from = fraction;
        Ok(self)
    }
}

impl<S> WarmUp<S> {
    /// The length T of the warm-up in epochs.
    pub fn epochs(&self) -> f64 {
        self.epochs
    }

    /// The initial fraction r.
    pub fn fraction(&self) -> f64 {
        self.from
    }

    /// The schedule that it leads to.
    pub fn schedule(&self) -> &S {
        &self.schedule
    }

    /// Returns the fraction of the schedule's rate once the fraction `done` of the epoch is done.
    fn factor(&self, progress: &Progress<'_>, done: f64) -> f64 {
        let t = progress.epochs_done(done);
        if t >= self.epochs { 1.0 } else { self.from + (1.0 - self.from) * (t / self.epochs) }
    }
}

impl<S: LrSchedule> LrSchedule for WarmUp<S> {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        self.schedule.rate(progress).map(|rate| self.factor(progress, 0.0) * rate)
    }

    fn rate_within(&self, rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        let rate = rate / self.factor(progress, 0.0);
        self.factor(progress, done) * self.schedule.rate_within(rate, progress, done)
    }

    fn metric(&self) -> Option<Metric> {
        self.schedule.metric()
    }
}
