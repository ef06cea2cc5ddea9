//! Ranks that are threads of one process.

use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Communicator, Exchange};
use crate::error::RankProblem;

/// A rank that is a thread, for testing a program for several ranks in one process.
///
/// When a rank is dropped, exchanges with it fail at once.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use gradus::prelude::*;
/// use gradus::ranks::Threads;
///
/// let train = |rank: Threads| {
///     let data = Dataset::<f32>::synthetic_digits(100, 1)?;
///     let softmax = Softmax::default();
///     let mut network = Network::new(&[784, 10, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
///     let trainer = Trainer::new(LogLikelihood).leaves(2).stop(MaxEpochs::new(1)?);
///     trainer.ranks(Arc::new(rank)).fit(&mut network, &data, None)?;
///     gradus::Result::Ok(network)
/// };
/// let networks: Vec<_> = std::thread::scope(|scope| {
///     let ranks = Threads::group(2).into_iter().map(|rank| scope.spawn(|| train(rank)));
///     let ranks: Vec<_> = ranks.collect();
///     ranks.into_iter().map(|rank| rank.join().unwrap()).collect::<gradus::Result<_>>()
/// })?;
/// assert!(networks[0] == networks[1]);
/// # Ok::<(), gradus::Error>(())
/// ```
pub struct Threads {
    rank: usize,
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Mutex<Receiver<Vec<u8>>>>,
}

impl Threads {
    /// Creates `size` ranks, one for each of `size` threads.
    pub fn group(size: usize) -> Vec<Self> {
        let mut ranks: Vec<Self> =
            (0..size).map(|rank| Self { rank, to: Vec::new(), from: Vec::new() }).collect();
        for sender in 0..size {
            for receiver in 0..size {
                let (to, from) = mpsc::channel();
                ranks[sender].to.push(to);
                ranks[receiver].from.push(Mutex::new(from));
            }
        }
        ranks
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {}, a thread", self.rank, self.to.len())
    }
}

impl Communicator for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.to.len()
    }

    fn exchange(
        &self,
        partner: usize,
        mut exchange: Exchange,
        patience: Duration,
    ) -> Result<Exchange, RankProblem> {
        let (Some(to), Some(from)) = (self.to.get(partner), self.from.get(partner)) else {
            return Err(RankProblem::Left);
        };
        // A rank that has left may have sent a last message before.
        let _ = to.send(exchange.send.clone());
        let from = from.lock().unwrap_or_else(PoisonError::into_inner);
        match from.recv_timeout(patience) {
            Ok(message) => exchange.receive = message,
            Err(RecvTimeoutError::Timeout) => {
                return Err(RankProblem::Silent { seconds: patience.as_secs() });
            }
            Err(RecvTimeoutError::Disconnected) => return Err(RankProblem::Left),
        }
        Ok(exchange)
    }
}
