//! The laws of a stopping rule.

use std::ops::ControlFlow;

use super::{check_that, histories, run, slower, without_unread};
use crate::error::Result;
use crate::history::History;
use crate::stopping::{StopReason, StoppingRule};

/// How often a rule is asked again: one that flips a coin gives the same answer each time with a probability of 2⁻¹⁶.
pub(super) const REPEATS: usize = 16;

/// Verifies a stopping rule, on rising, falling, flat and random histories of classes and of regression:
///
/// - it does not stop before the first epoch has ended;
/// - it is a pure function of the history: asked many times, it gives the same answer, so random numbers and clocks
///   break this law;
/// - it does not depend on the seconds that the epochs took, or else equal seeds would stop at different epochs;
/// - it declares what it reads: removing scores that [`metrics`](StoppingRule::metrics) does not name changes nothing;
/// - `replay` finds the first epoch at which `check` breaks.
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
/// gradus::check::stopping_rule(&NoImprovement::new(3)?.or(MaxEpochs::new(30)?)).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn stopping_rule<R: StoppingRule + ?Sized>(rule: &R) -> Result<()> {
    let before_the_first = || "a run of 0 epochs".to_owned();
    let continues = rule.check(&History::new()).is_continue();
    check_that(&rule, "it does not stop before the first epoch has ended", before_the_first, continues)?;

    let metrics = rule.metrics();
    let (histories, mut answers) = (histories(&metrics), Vec::new());
    for history in &histories {
        let at = || run(history);
        let answer = rule.check(history);
        let same = (0..REPEATS).all(|_| rule.check(history) == answer);
        check_that(&rule, "the same history gives the same answer", at, same)?;
        let same = rule.check(&slower(history)) == answer;
        check_that(&rule, "the answer does not depend on the seconds that the epochs took", at, same)?;
        let same = rule.check(&without_unread(history, &metrics)) == answer;
        check_that(&rule, "the scores that it reads are those that metrics() declares", at, same)?;
        check_replay(rule, history)?;
        answers.push(answer);
    }

    // Once more, to catch a counter that gives the same answer many times in a row.
    for (history, answer) in histories.iter().zip(answers) {
        let same = rule.check(history) == answer;
        check_that(&rule, "the same history gives the same answer later on", || run(history), same)?;
    }
    let continues = rule.check(&History::new()).is_continue();
    check_that(&rule, "it still does not stop before the first epoch has ended", before_the_first, continues)
}

/// Verifies that `replay` finds the first epoch at which `check` breaks.
fn check_replay<R: StoppingRule + ?Sized>(rule: &R, history: &History) -> Result<()> {
    let first: Option<(usize, StopReason)> = history.replay(|prefix| match rule.check(prefix) {
        ControlFlow::Break(reason) => ControlFlow::Break((prefix.len(), reason)),
        ControlFlow::Continue(()) => ControlFlow::Continue(()),
    });
    let found = rule.replay(history).map(|(epoch, _)| epoch);
    let same = found == first.map(|(epoch, _)| epoch);
    check_that(&rule, "replay finds the first epoch at which check breaks", || run(history), same)
}
