//! Ranks: processes, on one machine or on many, that train one network together.
//!
//! Each rank computes the gradient of some [leaves](crate::trainer::Trainer::leaves) of each mini-batch. The sums are exchanged,
//! every rank makes the same step, and so all have the same parameters, bit by bit, as one process alone with as many leaves
//! has. What connects them is a [`Communicator`]: `Mpi` (feature `mpi`) between processes, [`Threads`] within one, for tests.

mod frame;
#[cfg(feature = "mpi")]
mod mpi;
mod team;
mod threads;

use std::fmt::Debug;
use std::time::Duration;

#[cfg(feature = "mpi")]
pub use mpi::Mpi;
pub(crate) use team::{MAX_GREETING, Team};
pub use threads::Threads;

use crate::error::{Error, RankError, RankProblem, Result};

/// What connects some ranks: one operation, from which all others are made.
///
/// Dyn-compatible (object-safe).
///
/// # Examples
///
/// ```
/// use std::thread;
/// use std::time::Duration;
///
/// use gradus::ranks::{Communicator, Exchange, Threads};
///
/// let [first, second] = Threads::group(2).try_into().unwrap();
/// let other = thread::spawn(move || {
///     let exchange = Exchange { send: b"from 1".to_vec(), receive: vec![0; 10] };
///     second.exchange(0, exchange, Duration::from_secs(5)).unwrap().receive
/// });
/// let exchange = Exchange { send: b"from 0".to_vec(), receive: vec![0; 10] };
/// assert_eq!(first.exchange(1, exchange, Duration::from_secs(5)).unwrap().receive, b"from 1");
/// assert_eq!(other.join().unwrap(), b"from 0");
/// ```
pub trait Communicator: Debug + Send + Sync {
    /// The number of this rank, counted from 0.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// Sends `exchange.send` to `partner`, who does the same, and receives its message in `exchange.receive`, cut to its
    /// length. Messages between two ranks keep their order.
    ///
    /// # Errors
    ///
    /// Returns [`RankProblem::Silent`] if `partner` does not answer within `patience`, and [`RankProblem::Left`] if it is known
    /// to have ended. Exchanges with others work afterwards.
    fn exchange(
        &self,
        partner: usize,
        exchange: Exchange,
        patience: Duration,
    ) -> std::result::Result<Exchange, RankProblem>;
}

crate::forward! { impl Communicator {
    fn rank(&self) -> usize;
    fn size(&self) -> usize;
    fn exchange(&self, partner: usize, exchange: Exchange, patience: Duration) -> std::result::Result<Exchange, RankProblem>;
} }

/// The buffers of an exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What is sent.
    pub send: Vec<u8>,
    /// What is received; before, as long as it can be at most.
    pub receive: Vec<u8>,
}

/// How long a rank waits for the answer of another one, unless [`Trainer::patience`](crate::trainer::Trainer::patience) says
/// otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Returns `result` if no rank has an error, and an error on every rank otherwise: to be called by all ranks at the same place,
/// such as after each has opened its files. Without it the others would wait for a rank that has ended. All have to come to that
/// place within 30 seconds; see [`agree_within`].
///
/// # Errors
///
/// Returns the error of this rank, if it has one, or else an [`Error::Rank`] with the number of the first rank that has one, and
/// its reason.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::ranks::{Threads, agree};
///
/// let [first, second] = Threads::group(2).try_into().unwrap();
/// let other = std::thread::spawn(move || agree(&second, Dataset::<f32>::synthetic_digits(0, 1)).map(drop));
/// let error = agree(&first, Dataset::<f32>::synthetic_digits(10, 1)).unwrap_err();
/// assert!(error.to_string().starts_with("rank 1: "));
/// assert!(other.join().unwrap().is_err());
/// ```
pub fn agree<V>(communicator: &dyn Communicator, result: Result<V>) -> Result<V> {
    agree_within(communicator, PATIENCE, result)
}

/// Returns what [`agree`] returns, but waits for so long for the other ranks: where one of them may take more than 30 seconds
/// longer than the others, such as to download the data or to read them from a slow disk.
///
/// # Errors
///
/// Returns the errors of [`agree`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use gradus::ranks::{Threads, agree_within};
///
/// let [alone] = Threads::group(1).try_into().unwrap();
/// assert_eq!(agree_within(&alone, Duration::from_secs(3600), Ok(7))?, 7);
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn agree_within<V>(communicator: &dyn Communicator, patience: Duration, result: Result<V>) -> Result<V> {
    let team = Team::new(communicator, patience)?;
    match result {
        Ok(value) => team.gather(&[]).map(|_| value),
        Err(error) => {
            team.fail(&error);
            Err(error)
        }
    }
}

/// The error of a rank.
fn error(rank: usize, problem: RankProblem) -> Error {
    Error::Rank(RankError { rank, problem })
}
