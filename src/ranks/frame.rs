//! A message between two ranks: a head with the state of the sender, and bytes.

use std::time::Duration;

use crate::error::RankProblem;

/// The length of a head in bytes.
pub(super) const HEAD: usize = 32;

/// The maximum length of a reason in bytes. A longer one is cut off, so that every message fits in the buffers.
pub(super) const MAX_REASON: usize = 2048;

/// The state of a rank: well, with a number that is summed over the ranks, or informed of a failed rank.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    Well(f64),
    Failed(Failure),
}

/// A failed rank, and why it failed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub rank: usize,
    pub problem: RankProblem,
}

impl State {
    /// Returns the state of two ranks that have exchanged theirs.
    pub fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Well(a), Self::Well(b)) => Self::Well(a + b),
            // The same choice everywhere.
            (Self::Failed(a), Self::Failed(b)) => Self::Failed(if b.rank < a.rank { b } else { a }),
            (failed @ Self::Failed(_), _) | (_, failed) => failed,
        }
    }

    /// Begins a message with the head of this state, in step number `step`. The message of a failure is then complete.
    pub fn begin(&self, step: u64, message: &mut Vec<u8>) {
        message.clear();
        let (kind, rank, number, text) = match self {
            Self::Well(number) => (0, 0, number.to_bits(), ""),
            Self::Failed(Failure { rank, problem }) => match problem {
                RankProblem::Failed { reason } => (1, *rank, 0, reason.as_str()),
                RankProblem::Silent { seconds } => (2, *rank, *seconds, ""),
                RankProblem::Left => (3, *rank, 0, ""),
                RankProblem::Stopped => (5, *rank, 0, ""),
                RankProblem::OutOfTime { budget } => (6, *rank, budget.as_nanos() as u64, ""),
                _ => (4, *rank, 0, ""),
            },
        };
        for word in [kind, rank as u64, number, step] {
            message.extend(word.to_le_bytes());
        }
        let mut end = text.len().min(MAX_REASON);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        message.extend(&text.as_bytes()[..end]);
    }

    /// Reads the head of a message from `partner`, which should be of `step` if one is given.
    pub fn read(message: &[u8], partner: usize, step: Option<u64>) -> Self {
        let word =
            |at: usize| message.get(8 * at..).and_then(<[u8]>::first_chunk).map(|&w| u64::from_le_bytes(w));
        let (Some(kind), Some(rank), Some(number), Some(found)) = (word(0), word(1), word(2), word(3)) else {
            return Self::Failed(Failure { rank: partner, problem: RankProblem::OutOfStep });
        };
        let problem = match kind {
            0 if step.is_none_or(|step| found == step) => return Self::Well(f64::from_bits(number)),
            0 => return Self::Failed(Failure { rank: partner, problem: RankProblem::OutOfStep }),
            1 => RankProblem::Failed { reason: String::from_utf8_lossy(&message[HEAD..]).into_owned() },
            2 => RankProblem::Silent { seconds: number },
            3 => RankProblem::Left,
            5 => RankProblem::Stopped,
            6 => RankProblem::OutOfTime { budget: Duration::from_nanos(number) },
            _ => RankProblem::OutOfStep,
        };
        Self::Failed(Failure { rank: rank as usize, problem })
    }
}
