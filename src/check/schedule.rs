//! The laws of a learning-rate schedule.

use super::{check_that, histories, run, without};
use crate::error::Result;
use crate::history::{History, Metric};
use crate::schedule::{LrSchedule, Progress};

/// Verifies a learning-rate schedule, on rising, falling, flat and random histories:
///
/// - a rate is a positive finite number, and the first epoch has one;
/// - it is a function of the history: asked twice it answers the same;
/// - what it reads it declares: without the scores that [`metric`](LrSchedule::metric) does not name, it answers the
///   same.
///
/// # Errors
///
/// [`Error::Law`](crate::Error::Law) for the first law that is broken.
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
    let rate = |history: &History| schedule.rate(&Progress { epoch: history.len() + 1, history });
    let first = rate(&History::new());
    check_that(&schedule, "the first epoch has a rate", || "a run of 0 epochs".to_owned(), first.is_some())?;
    let lawful = |answer: Option<f64>| answer.is_none_or(|eta| eta > 0.0 && eta.is_finite());
    check_that(&schedule, "a rate is positive and finite", || "a run of 0 epochs".to_owned(), lawful(first))?;
    let (histories, mut answers) = (histories(), Vec::new());
    for history in &histories {
        let at = || run(history);
        let answer = rate(history);
        check_that(&schedule, "a rate is positive and finite", at, lawful(answer))?;
        check_that(&schedule, "the same history gives the same rate", at, rate(history) == answer)?;

        let metric = schedule.metric();
        // The training cost of a record is that of the training scores, where there are any.
        let reads_training =
            |metric: Metric| metric.needs_training_scores() || metric == Metric::TrainingCost;
        let unread = without(
            history,
            !metric.is_some_and(reads_training),
            !metric.is_some_and(|metric| metric.needs_validation()),
        );
        let same = rate(&unread) == answer;
        check_that(&schedule, "the scores that it reads are those that metric() declares", at, same)?;
        answers.push(answer);
    }

    // Once more, for a counter that gives the same answer twice in a row.
    for (history, answer) in histories.iter().chain([&History::new()]).zip(answers.into_iter().chain([first]))
    {
        let same = rate(history) == answer;
        check_that(&schedule, "the same history gives the same rate later on", || run(history), same)?;
    }
    Ok(())
}
