//! The laws of a stopping rule.

use super::{check_that, histories, run, without};
use crate::error::Result;
use crate::history::{History, Metric};
use crate::stopping::StoppingRule;

/// Verifies a stopping rule, on rising, falling, flat and random histories:
///
/// - it is silent before the first epoch has ended;
/// - it is a function of the history: asked twice it answers the same;
/// - what it reads it declares: without the scores that [`metrics`](StoppingRule::metrics) does not name, it answers
///   the same;
/// - `replay` finds the first epoch at which `check` breaks.
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
/// gradus::check::stopping_rule(&NoImprovement::new(3)?.or(MaxEpochs::new(30)?)).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn stopping_rule<R: StoppingRule + ?Sized>(rule: &R) -> Result<()> {
    let silent = rule.check(&History::new()).is_continue();
    check_that(
        &rule,
        "it is silent before the first epoch has ended",
        || "a run of 0 epochs".to_owned(),
        silent,
    )?;

    let metrics = rule.metrics();
    let reads_costs = metrics.contains(&Metric::TrainingCost);
    let (histories, mut answers) = (histories(), Vec::new());
    for history in &histories {
        let at = || run(history);
        let answer = rule.check(history);
        let again = rule.check(history);
        check_that(&rule, "the same history gives the same answer", at, again == answer)?;

        let unread = without(
            history,
            !reads_costs && !metrics.iter().any(|metric| metric.needs_training_scores()),
            !metrics.iter().any(|metric| metric.needs_validation()),
        );
        let same = rule.check(&unread) == answer;
        check_that(&rule, "the scores that it reads are those that metrics() declares", at, same)?;

        let mut prefix = History::new();
        let mut first = None;
        for record in history.epochs() {
            prefix.push(record.clone());
            if rule.check(&prefix).is_break() {
                first = Some(prefix.len());
                break;
            }
        }
        let replayed = rule.replay(history).map(|(epoch, _)| epoch);
        check_that(&rule, "replay finds the first epoch at which check breaks", at, replayed == first)?;
        answers.push(answer);
    }

    // Once more, for a counter that gives the same answer twice in a row.
    for (history, answer) in histories.iter().zip(answers) {
        let same = rule.check(history) == answer;
        check_that(&rule, "the same history gives the same answer later on", || run(history), same)?;
    }
    let silent = rule.check(&History::new()).is_continue();
    check_that(
        &rule,
        "it stays silent before the first epoch has ended",
        || "a run of 0 epochs".to_owned(),
        silent,
    )
}
