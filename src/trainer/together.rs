//! A run of several ranks: its beginning, its end, and how a failure reaches all ranks.

use std::fmt::Debug;
use std::thread;
use std::time::Duration;

use super::fingerprint::Fingerprint;
use super::leaves::Leaves;
use super::{Parts, Run};
use crate::error::{Error, RankError, RankProblem, Result, check_setting};
use crate::ranks::{MAX_GREETING, Team};
use crate::real::Real;
use crate::stopping::StopReason;

impl<T: Real> Parts<T> {
    /// Returns the ranks to train with, if there are any.
    pub(super) fn team(&self) -> Result<Option<Team<'_>>> {
        self.ranks.as_ref().map(|ranks| Team::new(&**ranks, self.patience)).transpose()
    }

    /// Returns the components of a rank: only rank 0 notifies observers, saves the run, and reads the clock.
    pub(super) fn of_rank(&self, team: Option<&Team<'_>>) -> Self {
        match team.map_or(0, Team::rank) {
            0 => self.clone(),
            _ => Self { observers: Vec::new(), checkpoint: None, time_budget: None, ..self.clone() },
        }
    }

    /// Returns the leaves that this rank computes.
    pub(super) fn leaves(&self, team: Option<&Team<'_>>) -> Result<Leaves> {
        let all = Leaves::all(self.leaves)?;
        let Some(team) = team else { return Ok(all) };
        let why = "each rank computes whole leaves; set `Trainer::leaves` to at least as many";
        let (name, size) = ("number of ranks", team.size());
        check_setting(name, size as f64, size <= self.leaves, "1 to the number of leaves", why)?;
        Ok(Leaves::part(self.leaves, team.rank(), size))
    }
}

/// Compares the settings of all ranks before the first step: everything on which the bits of the run depend.
///
/// # Errors
///
/// Returns [`Error::Rank`] on every rank if one differs from rank 0, or has failed.
pub(super) fn greet<T: Real>(team: &Team<'_>, run: &Run<T>, others: &[(&str, &dyn Debug)]) -> Result<()> {
    let mut hash = Fingerprint::default();
    [&run.parameters, &run.kept].into_iter().chain(&run.slots).for_each(|arrays| hash.add(arrays.values()));
    // A line each, whatever the text of a setting is.
    let text =
        |(name, value): &(String, String)| format!("{name}\t{}\n", value.replace(['\n', '\r', '\t'], " "));
    let mut greeting = String::new();
    for (name, value) in [
        ("version of gradus", env!("CARGO_PKG_VERSION").to_owned()),
        ("type of its numbers", T::DTYPE.to_owned()),
        ("number of ranks", team.size().to_string()),
        ("sizes of the layers", format!("{:?}", run.parameters.sizes())),
        ("place in the run", format!("epoch {}, mini-batch {}", run.history.len() + 1, run.step + 1)),
        ("parameters with the hash", format!("{:016x}", hash.finish())),
    ] {
        greeting += &text(&(name.to_owned(), value));
    }
    run.settings.values.iter().for_each(|setting| greeting += &text(setting));
    others.iter().for_each(|(name, value)| greeting += &text(&((*name).to_owned(), format!("{value:?}"))));
    // Settings whose text does not fit in a message, or has several lines, are compared by their hash.
    let mut texts = Fingerprint::default();
    run.settings.values.iter().for_each(|(_, value)| texts.add_bytes(value.as_bytes()));
    others.iter().for_each(|(_, value)| texts.add_bytes(format!("{value:?}").as_bytes()));
    let hash = text(&("settings with the hash".to_owned(), format!("{:016x}", texts.finish())));
    let fits = floor_char_boundary(&greeting, MAX_GREETING - hash.len());
    greeting.truncate(fits);
    let all = team.gather((hash + &greeting).as_bytes())?;
    let lines =
        |bytes: &[u8]| -> Vec<String> { String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect() };
    let expected = all.first().map(|bytes| lines(bytes)).unwrap_or_default();
    for (rank, bytes) in all.iter().enumerate() {
        let found = lines(bytes);
        // The hash comes first, but is compared last: it does not say what differs.
        let lines = || found.iter().zip(&expected);
        let differing = lines().skip(1).chain(lines().take(1)).find(|(found, expected)| found != expected);
        if let Some((found, expected)) = differing {
            let (name, found) = found.split_once('\t').unwrap_or_default();
            let expected = expected.split_once('\t').unwrap_or_default().1;
            let (name, found, expected) = (name.to_owned(), found.to_owned(), expected.to_owned());
            return Err(Error::Rank(RankError {
                rank,
                problem: RankProblem::Differs { name, found, expected },
            }));
        }
    }
    let mut run = Fingerprint::default();
    all.first().into_iter().for_each(|greeting| run.add_bytes(greeting));
    team.begin_run(run.finish());
    Ok(())
}

/// Returns the largest character boundary of `text` up to `most`.
fn floor_char_boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0)
}

/// Ends a run together: every rank has the same result.
pub(super) fn end(team: Option<&Team<'_>>, ended: Result<StopReason>) -> Result<StopReason> {
    let Some(team) = team else { return ended };
    let ended = match ended {
        // Only rank 0 knows of these ends.
        Ok(StopReason::Observer) => {
            team.leave(RankProblem::Stopped);
            return Ok(StopReason::Observer);
        }
        Ok(StopReason::TimeBudget { seconds }) => {
            team.leave(RankProblem::OutOfTime { budget: Duration::from_secs_f64(seconds) });
            return Ok(StopReason::TimeBudget { seconds });
        }
        Ok(reason) => team.gather(&[]).map(|_| reason),
        Err(error) => {
            team.fail(&error);
            Err(error)
        }
    };
    match ended {
        Err(Error::Rank(RankError { problem: RankProblem::Stopped, .. })) => Ok(StopReason::Observer),
        Err(Error::Rank(RankError { problem: RankProblem::OutOfTime { budget }, .. })) => {
            Ok(StopReason::TimeBudget { seconds: budget.as_secs_f64() })
        }
        ended => ended,
    }
}

/// Tells the other ranks of a panic on this rank.
pub(super) struct TellOfPanic<'a>(pub Option<&'a Team<'a>>);

impl Drop for TellOfPanic<'_> {
    fn drop(&mut self) {
        if let Some(team) = self.0.filter(|_| thread::panicking()) {
            let reason = "a part of the program panicked; see what it printed".to_owned();
            team.leave(RankProblem::Failed { reason });
        }
    }
}
