//! A learning rate that goes up and down between two bounds.

use super::{LrSchedule, Progress, check_eta};
use crate::error::{Result, check_setting};
use crate::real::power;

/// Raises η linearly from a lower to an upper bound and lowers it again, without end.
///
/// ```text
/// η(t) = η_min + (η_max − η_min) γᶜ max(0, 1 − |t/h − 2 c − 1|),   c = ⌊t/(2 h)⌋
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η_min, η_max, the bounds | `low` and `high` of [`new`](Self::new) |
/// | h, the epochs from one bound to the other, which may be a fraction | `epochs` of `new` |
/// | γ, the factor of the height of each cycle | `factor` of [`shrink`](Self::shrink), by default 1 |
/// | t, the epochs done | e − 1 at the beginning of epoch e, and fractions within it |
///
/// The rate changes with every training step. With n steps per epoch it is PyTorch's `CyclicLR` with `step_size_up` = h
/// n, of the mode `triangular`, with γ = ½ `triangular2`. The momentum does not change.
/// [`find_rate`](crate::trainer::Trainer::find_rate) finds bounds.
///
/// Source: Smith, *Cyclical learning rates for training neural networks*, 2017, section 3.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = Cyclic::new(0.1, 0.5, 2.0)?.shrink(0.5)?;
/// let history = History::new();
/// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history }).unwrap();
/// for (epoch, wanted) in (1..).zip([0.1, 0.3, 0.5, 0.3, 0.1, 0.2, 0.3]) {
///     assert!((rate(epoch) - wanted).abs() < 1e-15);
/// }
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cyclic {
    low: f64,
    high: f64,
    epochs: f64,
    factor: f64,
}

impl Cyclic {
    /// Goes from `low` to `high` in `epochs` epochs, and back in as many.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `low` is not positive, if `high` is not above it or
    /// infinite, or if `epochs` is not positive and finite.
    pub fn new(low: f64, high: f64, epochs: f64) -> Result<Self> {
        check_eta(low)?;
        let why = "the rate goes up to it from the lower bound";
        check_setting("upper bound of η", high, high > low && high.is_finite(), "(lower bound, ∞)", why)?;
        let why =
            "it is the time from one bound to the other, which may be a fraction of an epoch; try 2 to 10";
        check_setting("epochs of half a cycle", epochs, epochs > 0.0 && epochs.is_finite(), "(0, ∞)", why)?;
        Ok(Self { low, high, epochs, factor: 1.0 })
    }

    /// Multiplies the height of the cycles by `factor` after each cycle.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `factor` is not in (0, 1].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let schedule = Cyclic::new(0.25, 0.75, 1.0)?.shrink(0.5)?;
    /// let history = History::new();
    /// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history });
    /// assert_eq!([1, 3, 5].map(rate), [Some(0.25); 3]);
    /// assert_eq!([2, 4, 6].map(rate), [Some(0.75), Some(0.5), Some(0.375)]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn shrink(mut self, factor: f64) -> Result<Self> {
        let why = "cycles become lower, or stay as high as they are; try 0.5";
        check_setting("factor of the cycles", factor, factor > 0.0 && factor <= 1.0, "(0, 1]", why)?;
        self.factor = factor;
        Ok(self)
    }

    /// The lower bound.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The upper bound.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// The epochs of half a cycle.
    pub fn epochs(&self) -> f64 {
        self.epochs
    }

    /// The factor γ of the height of each cycle.
    pub fn factor(&self) -> f64 {
        self.factor
    }
}

impl LrSchedule for Cyclic {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(self.rate_within(self.low, progress, 0.0))
    }

    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        let halves = progress.epochs_done(done) / self.epochs;
        let cycle = (halves / 2.0).floor();
        let height = (1.0 - (halves - 2.0 * cycle - 1.0).abs()).max(0.0);
        self.low + (self.high - self.low) * power(self.factor, cycle as u64) * height
    }
}
