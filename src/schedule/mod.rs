//! Learning-rate schedules: the η of each step.

mod any;
mod constant;
mod cosine;
mod cosine_restarts;
mod cyclic;
mod exponential_decay;
mod inverse_time_decay;
mod multi_step_decay;
mod one_cycle;
mod plateau;
mod polynomial_decay;
mod reduce_on_plateau;
mod step_decay;
mod warm_up;

use std::fmt::Debug;

pub use any::AnySchedule;
pub use constant::Constant;
pub use cosine::Cosine;
pub use cosine_restarts::CosineRestarts;
pub use cyclic::Cyclic;
pub use exponential_decay::ExponentialDecay;
pub use inverse_time_decay::InverseTimeDecay;
pub use multi_step_decay::MultiStepDecay;
pub use one_cycle::OneCycle;
pub use plateau::HalveOnPlateau;
pub use polynomial_decay::PolynomialDecay;
pub use reduce_on_plateau::ReduceOnPlateau;
pub use step_decay::StepDecay;
pub use warm_up::WarmUp;

use crate::history::{History, Metric};

/// The state of a run when a schedule determines the learning rate of the next epoch.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let history = History::from_validation_accuracies(&[0.5; 10]);
/// let progress = Progress { epoch: 11, history: &history };
/// assert_eq!(progress.epochs_done(0.25), 10.25);
/// assert_eq!(ExponentialDecay::new(0.5, 0.5)?.rate(&progress), Some(1.0 / 2048.0)); // 2⁻¹¹
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The epoch that is about to begin, counted from 1.
    pub epoch: usize,
    /// Everything recorded before it.
    pub history: &'a History,
}

impl Progress<'_> {
    /// Returns t, the epochs done once the fraction `done` of the epoch that is about to begin is done.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let progress = Progress { epoch: 3, history: &History::new() };
    /// assert_eq!(progress.epochs_done(0.0), 2.0); // before the first step of epoch 3
    /// assert_eq!(progress.epochs_done(0.5), 2.5);
    /// ```
    pub fn epochs_done(&self, done: f64) -> f64 {
        self.epoch.saturating_sub(1) as f64 + done
    }
}

/// Determines the learning rate η of every epoch, and within an epoch of every step.
///
/// A schedule is stateless: a pure function of the history. So an interrupted run loses nothing, and a schedule can be
/// evaluated on any finished run. Dyn-compatible, and implemented for `&`, `Box` and `Arc`.
///
/// | symbol | where |
/// |---|---|
/// | e, the epoch that is about to begin, counted from 1 | `progress.epoch` |
/// | the records of the epochs 1 to e − 1 | `progress.history` |
/// | η of epoch e | what `rate` returns |
/// | η of the step before which the fraction s of epoch e is done | what `rate_within` returns for `done` = s |
///
/// Source: chapter 3 of the book, "How to choose a neural network's hyper-parameters?", "Learning rate schedule".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// /// η / t in epoch t.
/// #[derive(Debug)]
/// struct Harmonic(f64);
///
/// impl LrSchedule for Harmonic {
///     fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
///         Some(self.0 / progress.epoch as f64)
///     }
/// }
/// gradus::check::schedule(&Harmonic(0.5)).unwrap();
/// ```
pub trait LrSchedule: Debug + Send + Sync {
    /// Returns η for the next epoch, positive and finite, or `None` if the schedule, and with it the training, has
    /// ended.
    fn rate(&self, progress: &Progress<'_>) -> Option<f64>;

    /// Adjusts the rate within an epoch: η of the training step before which the fraction `done` ∈ [0, 1) of the
    /// epoch's steps is done. `rate` is what [`rate`](Self::rate) has returned for the epoch; by default it holds for
    /// all steps.
    ///
    /// The result has to be positive and finite, too.
    fn rate_within(&self, rate: f64, _progress: &Progress<'_>, _done: f64) -> f64 {
        rate
    }

    /// The metric that the schedule reads, if it reads one. The trainer ensures that it is measured.
    fn metric(&self) -> Option<Metric> {
        None
    }
}

crate::forward! { impl LrSchedule {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64>;
    fn rate_within(&self, rate: f64, progress: &Progress<'_>, done: f64) -> f64;
    fn metric(&self) -> Option<Metric>;
} }

/// Returns an error for a schedule of 0 epochs.
fn check_length(epochs: usize) -> crate::Result<()> {
    crate::error::check_nonzero(
        "epochs of the schedule",
        epochs,
        "the first epoch needs a rate; give 1 or more",
    )
}

/// The ratio of the initial to the final rate of a schedule that would otherwise fall to 0.
const LOWEST: f64 = 1e9;

/// Returns an error for a factor that does not lower the rate, or lowers it to 0.
fn check_factor(factor: f64) -> crate::Result<()> {
    let why = "the rate falls, and a rate of 0 learns nothing; try 0.1 or 0.5";
    crate::error::check_setting("factor of η", factor, factor > 0.0 && factor < 1.0, "(0, 1)", why)
}

/// Returns an error for a final rate of 0, or one above the initial rate, for schedules that do not end.
fn check_last(last: f64, eta: f64) -> crate::Result<()> {
    let why = "the rate falls, and a rate of 0 learns nothing";
    crate::error::check_setting("final learning rate", last, last > 0.0 && last <= eta, "(0, η]", why)
}

/// Returns an error for a final rate above the initial one, for schedules that end before it is reached.
fn check_final(last: f64, eta: f64) -> crate::Result<()> {
    let why = "the rate falls; give a final rate from 0 to the initial one";
    crate::error::check_setting("final learning rate", last, (0.0..=eta).contains(&last), "[0, η]", why)
}

/// Returns an error if η is not positive and finite.
fn check_eta(eta: f64) -> crate::Result<()> {
    crate::error::check_setting(
        "learning rate η",
        eta,
        eta > 0.0 && eta.is_finite(),
        "(0, ∞)",
        "with 0 nothing is learned, with less the cost rises, and no step is infinitely long",
    )
}
