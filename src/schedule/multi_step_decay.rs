//! A learning rate that falls after chosen epochs.

use super::{LOWEST, LrSchedule, Progress, check_eta, check_factor, check_last};
use crate::error::{Result, check_setting};
use crate::real::power;

/// Multiplies η by a factor after each of the chosen epochs.
///
/// ```text
/// η_e = max(η γ^k, η_min),   k the number of n_i < e
/// ```
///
/// | symbol | argument |
/// |---|---|
/// | η, the initial rate | `eta` of [`new`](Self::new) |
/// | n_i, the epochs after which it falls | `after` of `new` |
/// | γ, the factor | `factor` of `new` |
/// | η_min, the final rate | `eta` of [`down_to`](Self::down_to), by default 10⁻⁹ η |
/// | e, the epoch, counted from 1 | |
///
/// The schedule does not end. Down to η_min it is PyTorch's `MultiStepLR` with the `milestones` n_i.
///
/// Source: He, Zhang, Ren and Sun, *Deep residual learning for image recognition*, 2016, section 4.2.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let schedule = MultiStepDecay::new(0.8, &[1, 4], 0.5)?;
/// let history = History::new();
/// let rate = |epoch| schedule.rate(&Progress { epoch, history: &history }).unwrap();
/// assert_eq!([1, 2, 4, 5, 99].map(rate), [0.8, 0.4, 0.4, 0.2, 0.2]);
/// gradus::check::schedule(&schedule).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultiStepDecay {
    eta: f64,
    after: Vec<usize>,
    factor: f64,
    last: f64,
}

impl MultiStepDecay {
    /// Multiplies η, initially `eta`, by `factor` after each of the epochs `after`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if η is not positive and finite, if `after` does not increase
    /// strictly from 1 or more, or if `factor` is not in (0, 1).
    pub fn new(eta: f64, after: &[usize], factor: f64) -> Result<Self> {
        check_eta(eta)?;
        check_factor(factor)?;
        let before = [0].into_iter().chain(after.iter().copied());
        if let Some((_, &epoch)) = before.zip(after).find(|(before, epoch)| before >= *epoch) {
            let why = "each step comes after an epoch, and later than the step before";
            check_setting("epoch of a step", epoch as f64, false, "(the epoch before, ∞)", why)?;
        }
        Ok(Self { eta, after: after.to_vec(), factor, last: eta / LOWEST })
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
    /// let schedule = MultiStepDecay::new(0.8, &[1, 2], 0.5)?.down_to(0.3)?;
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

    /// The epochs after which the rate falls.
    pub fn after(&self) -> Vec<usize> {
        self.after.clone()
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

impl LrSchedule for MultiStepDecay {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        let steps = self.after.iter().filter(|&&epoch| epoch < progress.epoch).count();
        Some((self.eta * power(self.factor, steps as u64)).max(self.last))
    }
}
