//! What can be wrong with a rank.

use std::time::Duration;

/// Which rank is at fault, and why.
///
/// # Examples
///
/// ```
/// use gradus::ranks::{Threads, agree};
/// use gradus::{Error, RankProblem};
///
/// let [first, second] = Threads::group(2).try_into().unwrap();
/// drop(second); // the program of rank 1 has ended
/// match agree(&first, Ok(())).unwrap_err() {
///     Error::Rank(error) => {
///         assert_eq!((error.rank, &error.problem), (1, &RankProblem::Left));
///         assert!(error.to_string().starts_with("rank 1: it has left"));
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rank {rank}: {problem}")]
pub struct RankError {
    /// The rank that is at fault, counted from 0.
    pub rank: usize,
    /// What is wrong with it.
    pub problem: RankProblem,
}

/// Why ranks could not go on training together.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use gradus::RankProblem;
/// use gradus::ranks::{Communicator, Exchange, Threads};
///
/// let [first, second] = Threads::group(2).try_into().unwrap();
/// let exchange = || first.exchange(1, Exchange::default(), Duration::from_millis(10));
/// assert_eq!(exchange().unwrap_err(), RankProblem::Silent { seconds: 0 });
/// drop(second);
/// assert_eq!(exchange().unwrap_err(), RankProblem::Left);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RankProblem {
    /// It failed with an error or a panic.
    #[error("{reason}")]
    Failed {
        /// The message of the error or panic.
        reason: String,
    },

    /// It did not answer: it was killed, its machine is unreachable, or it computes for longer than the others wait.
    #[error(
        "no answer in {seconds} s: it was killed, its machine is gone, or it is slower than the others; give ranks more patience if they may be slow"
    )]
    Silent {
        /// How long the others waited for it.
        seconds: u64,
    },

    /// It has other settings, data or parameters than rank 0, or another version of the crate.
    #[error(
        "it has {name} = {found}, rank 0 has {expected}: start all ranks with the same program, settings and data"
    )]
    Differs {
        /// What differs.
        name: String,
        /// The value of this rank.
        found: String,
        /// The value of rank 0.
        expected: String,
    },

    /// Its program has ended, or went on without the others.
    #[error("it has left; let every rank make the same calls, and read what it has printed")]
    Left,

    /// An observer ended the run there.
    #[error("an observer ended the run")]
    Stopped,

    /// The time of the run was over there.
    #[error("the time budget of {} s was used up", budget.as_secs_f64())]
    OutOfTime {
        /// The budget.
        budget: Duration,
    },

    /// It makes other calls than the others.
    #[error(
        "it makes other calls than the others: start all ranks with the same program, and let them make one run after the other"
    )]
    OutOfStep,
}
