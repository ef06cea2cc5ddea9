//! The laws of a learning-rate schedule.

use super::stopping::REPEATS;
use super::{check_that, histories, record, run, slower, without_unread};
use crate::data::Task;
use crate::error::Result;
use crate::history::{History, Metric};
use crate::schedule::{LrSchedule, Progress};

/// Up to this epoch the rate of every epoch is checked, and from then on of fewer and fewer.
const DENSE: usize = 2_000;

/// The last epoch whose rate may be checked.
const LAST: usize = 20_000;

/// Fractions of an epoch at which the rate within it is checked.
const DONE: [f64; 6] = [0.0, 0.125, 0.5, 0.75, 0.99, 1.0 - f64::EPSILON];

/// Verifies a learning-rate schedule, on rising, falling, flat and random histories of classes and of regression:
///
/// - a rate is positive and finite, also within an epoch, and after up to 20,000 epochs, until the schedule ends; the
///   first epoch has one;
/// - it is a pure function of the history and of the fraction of the epoch that is done: asked many times, it gives the
///   same rate, so random numbers and clocks break this law;
/// - it does not depend on the seconds that the epochs took, or else equal seeds would give different networks;
/// - it declares what it reads: removing scores that [`metric`](LrSchedule::metric) does not name changes no rate.
///
/// # Errors
///
/// Returns [`Error::Law`](crate::Error::Law) for the first law that is broken.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct Falling;
/// impl LrSchedule for Falling {
///     fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
///         Some(1.0 - 0.1 * progress.epoch as f64) // 0 in epoch 10
///     }
/// }
/// assert!(gradus::check::schedule(&Falling).unwrap_err().to_string().contains("positive"));
/// ```
pub fn schedule<S: LrSchedule + ?Sized>(schedule: &S) -> Result<()> {
    let before = History::new();
    let first = rates(schedule, &before)?;
    check_that(&schedule, "the first epoch has a rate", || run(&before), first.is_some())?;
    let metrics: Vec<Metric> = schedule.metric().into_iter().collect();
    let (histories, mut answers) = (histories(&metrics), Vec::new());
    for history in &histories {
        let at = || run(history);
        let answer = rates(schedule, history)?;
        for _ in 0..REPEATS {
            let same = rates(schedule, history)? == answer;
            check_that(&schedule, "the same history gives the same rate", at, same)?;
        }
        let same = rates(schedule, &slower(history))? == answer;
        check_that(&schedule, "the rate does not depend on the seconds that the epochs took", at, same)?;
        let same = rates(schedule, &without_unread(history, &metrics))? == answer;
        check_that(&schedule, "the scores that it reads are those that metric() declares", at, same)?;
        answers.push(answer);
    }

    // Once more, to catch a counter that gives the same answer many times in a row.
    for (history, answer) in histories.iter().chain([&before]).zip(answers.into_iter().chain([first])) {
        let same = rates(schedule, history)? == answer;
        check_that(&schedule, "the same history gives the same rate later on", || run(history), same)?;
    }
    check_long_run(schedule, &metrics)
}

/// Returns the rate of the next epoch and the rates within it, and verifies that all are positive and finite.
fn rates<S: LrSchedule + ?Sized>(
    schedule: &S,
    history: &History,
) -> Result<Option<(f64, [f64; DONE.len()])>> {
    let progress = Progress { epoch: history.len() + 1, history };
    let Some(rate) = schedule.rate(&progress) else { return Ok(None) };
    let is_lawful = |eta: f64| eta > 0.0 && eta.is_finite();
    check_that(&schedule, "a rate is positive and finite", || run(history), is_lawful(rate))?;
    let within = DONE.map(|done| schedule.rate_within(rate, &progress, done));
    for (done, eta) in DONE.into_iter().zip(within) {
        let at = || format!("{} and {done} of the next epoch done", run(history));
        check_that(&schedule, "a rate within an epoch is positive and finite", at, is_lawful(eta))?;
    }
    Ok(Some((rate, within)))
}

/// Verifies the rates of a long run that never improves, and of one that always does, until the schedule ends.
fn check_long_run<S: LrSchedule + ?Sized>(schedule: &S, metrics: &[Metric]) -> Result<()> {
    for improves in [false, true] {
        let mut history = History::new();
        let mut next = 0;
        for epoch in 1..=LAST {
            if epoch > next {
                if rates(schedule, &history)?.is_none() {
                    break;
                }
                next = if epoch < DENSE { epoch } else { epoch + epoch / 16 };
            }
            let value = if improves { 1.0 - 1.0 / (1.0 + epoch as f64) } else { 0.5 };
            history.push(record(epoch, Task::Classes, metrics, value, value));
        }
    }
    Ok(())
}
