//! Ranks: processes, on one machine or on many, that train one network together.
//!
//! Each rank computes the gradient of some [leaves](crate::trainer::Trainer::leaves) of each mini-batch. The ranks
//! exchange the sums and all make the same step, so that their parameters are bitwise identical to those of a single
//! process with as many leaves. A [`Communicator`] connects them: `Mpi` (feature `mpi`) between processes, [`Threads`]
//! within one process, for tests.

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

/// Connects ranks by one operation, of which all others consist.
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
/// let received = first.exchange(1, exchange, Duration::from_secs(5)).unwrap().receive;
/// assert_eq!(received, b"from 1");
/// assert_eq!(other.join().unwrap(), b"from 0");
/// ```
pub trait Communicator: Debug + Send + Sync {
    /// The number of this rank, counted from 0.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// Sends `exchange.send` to `partner`, which calls `exchange` as well, and returns the message of `partner` in
    /// `exchange.receive`, truncated to the message's length. Messages between two ranks keep their order.
    ///
    /// # Errors
    ///
    /// Returns [`RankProblem::Silent`] if `partner` does not answer within `patience`, and [`RankProblem::Left`] if it
    /// is known to have ended. Exchanges with other ranks still work afterwards.
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
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use gradus::ranks::{Communicator, Exchange, Threads};
///
/// let [first, second] = Threads::group(2).try_into().unwrap();
/// let buffers = |text: &str| Exchange { send: text.into(), receive: vec![0; 100] };
/// let patience = Duration::from_secs(5);
/// std::thread::scope(|scope| {
///     scope.spawn(|| second.exchange(0, buffers("from 1"), patience).unwrap());
///     let exchange = first.exchange(1, buffers("from 0"), patience).unwrap();
///     assert_eq!(exchange.receive, b"from 1"); // truncated to the length of the message
/// });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The message to send.
    pub send: Vec<u8>,
    /// The received message; before the exchange, a buffer of the maximum length.
    pub receive: Vec<u8>,
}

/// How long a rank waits for the answer of another one, unless [`Trainer::patience`](crate::trainer::Trainer::patience)
/// says otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Returns `result` if no rank has an error, and an error on every rank otherwise.
///
/// All ranks must call it at the same place, such as after each has opened its files, and within 30 seconds; see
/// [`agree_within`] for more time. Without it the others would wait for a rank that has ended.
///
/// # Errors
///
/// Returns the error of this rank, if it has one, or else an [`Error::Rank`] with the number of the first rank that has
/// one, and its reason. Returns [`Error::Setting`] unless the number of ranks is a power of two.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::ranks::{Threads, agree};
///
/// let [first, second] = Threads::group(2).try_into().unwrap();
/// let other = std::thread::spawn(move || {
///     agree(&second, Dataset::<f32>::synthetic_digits(0, 1)).map(drop)
/// });
/// let error = agree(&first, Dataset::<f32>::synthetic_digits(10, 1)).unwrap_err();
/// assert!(error.to_string().starts_with("rank 1: "));
/// assert!(other.join().unwrap().is_err());
/// ```
pub fn agree<V>(communicator: &dyn Communicator, result: Result<V>) -> Result<V> {
    agree_within(communicator, PATIENCE, result)
}

/// Like [`agree`], but waits up to `patience` for the other ranks, for work that may take one rank much longer than the
/// others, such as downloading the data.
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

/// Returns the error of a rank.
fn error(rank: usize, problem: RankProblem) -> Error {
    Error::Rank(RankError { rank, problem })
}
