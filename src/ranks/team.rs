//! Collective operations, each made of exchanges between pairs of ranks.
//!
//! In exchange k of an operation, rank r has the partner r xor 2ᵏ. After log₂ R exchanges every rank has heard of every
//! other. So an operation also carries the failure of one rank to all others: the failed rank takes part in the next
//! operation with only its reason, and all ranks leave that operation with the same error. No rank is left waiting.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::frame::{Failure, HEAD, MAX_REASON, State};
use super::{Communicator, Exchange, error};
use crate::error::{Error, RankProblem, Result, check_setting};
use crate::real::Real;

/// The maximum number of bytes that a rank tells the others at the beginning of a run.
pub(crate) const MAX_GREETING: usize = 64 << 10;

/// The operations, so that one is not mistaken for another.
const SUM: u64 = 1;
const GATHER: u64 = 2;

/// The bits of the number of an operation; those above belong to the run.
const STEP_BITS: u32 = 40;

/// The ranks that train together, as one of them sees them.
#[derive(Debug)]
pub(crate) struct Team<'a> {
    communicator: &'a dyn Communicator,
    patience: Duration,
    talk: Mutex<Talk>,
}

/// The state of the communication.
#[derive(Debug)]
struct Talk {
    /// The number of operations so far.
    step: u64,
    /// The number of the run, in the upper bits, so that messages of different runs are told apart.
    run: u64,
    /// The number of exchanges of this operation so far.
    exchanges: u64,
    buffers: Exchange,
    /// The bytes of the largest message of any operation.
    largest: usize,
    /// Whether all ranks know that one of them has failed.
    has_failed: bool,
}

impl<'a> Team<'a> {
    /// Creates the team of `communicator`, whose ranks have to answer within `patience`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] unless the number of ranks is a power of two.
    pub(crate) fn new(communicator: &'a dyn Communicator, patience: Duration) -> Result<Self> {
        let (size, why) = (communicator.size(), "ranks add their sums in pairs; start 1, 2, 4, 8 … of them");
        check_setting("number of ranks", size as f64, size.is_power_of_two(), "1, 2, 4, 8 …", why)?;
        let talk = Talk {
            step: 0,
            run: 0,
            exchanges: 0,
            buffers: Exchange::default(),
            largest: 2 * MAX_GREETING * size,
            has_failed: false,
        };
        Ok(Self { communicator, patience, talk: Mutex::new(talk) })
    }

    pub(crate) fn rank(&self) -> usize {
        self.communicator.rank()
    }

    pub(crate) fn size(&self) -> usize {
        self.communicator.size()
    }

    /// Prepares for messages of up to `bytes` bytes.
    pub(crate) fn expect(&self, bytes: usize) {
        let mut talk = self.talk();
        talk.largest = talk.largest.max(bytes);
    }

    /// Marks all further messages as belonging to the run with this `hash`.
    pub(crate) fn begin_run(&self, hash: u64) {
        self.talk().run = hash << STEP_BITS;
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn levels(&self) -> Range<u32> {
        0..self.size().trailing_zeros()
    }

    /// Replaces `values` by their sums over all ranks, and returns the sum of `number`. The sums are formed in a binary
    /// tree over the ranks.
    ///
    /// In the first half of the exchanges each rank gives away half of what it holds, and adds what it gets to the
    /// other half. In the second half the sums return on the same paths. So a rank sends 2 (R − 1)/R of the values, the
    /// minimum for any algorithm.
    ///
    /// Source: R. Thakur, R. Rabenseifner and W. Gropp, *Optimization of collective communication operations in MPICH*,
    /// 2005, recursive halving and doubling.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rank`] on every rank if one has failed.
    pub(crate) fn sum<T: Real>(&self, values: &mut [T], number: f64) -> Result<f64> {
        let talk = &mut *self.talk();
        talk.begin(SUM);
        let (mut state, mut held) = (State::Well(number), 0..values.len());
        for level in self.levels() {
            let middle = held.start + held.len() / 2;
            let halves = [held.start..middle, middle..held.end];
            let upper = self.rank() >> level & 1;
            let (kept, given) = (halves[upper].clone(), halves[1 - upper].clone());
            state = self.exchange(talk, level, state, &values[given], kept.len() * size_of::<T>());
            if let State::Well(_) = state {
                let received = T::groups(&talk.buffers.receive[HEAD..]);
                for (value, &bytes) in values[kept.clone()].iter_mut().zip(received) {
                    *value += T::from_bytes(bytes);
                }
            }
            held = kept;
        }
        let sum = talk.settle(state)?;
        let mut state = State::Well(0.0);
        for level in self.levels().rev() {
            // The half that was given away at this level is what the partner has summed.
            let missing = self.missing(values.len(), level);
            state = self.exchange(talk, level, state, &values[held.clone()], missing.len() * size_of::<T>());
            if let State::Well(_) = state {
                let received = T::groups(&talk.buffers.receive[HEAD..]);
                for (value, &bytes) in values[missing.clone()].iter_mut().zip(received) {
                    *value = T::from_bytes(bytes);
                }
            }
            held = held.start.min(missing.start)..held.end.max(missing.end);
        }
        talk.settle(state)?;
        Ok(sum)
    }

    /// Returns the range of `len` values that this rank has given away at `level`.
    fn missing(&self, len: usize, level: u32) -> Range<usize> {
        let mut held = 0..len;
        for before in 0..=level {
            let middle = held.start + held.len() / 2;
            let is_upper = self.rank() >> before & 1 == 1;
            let takes_upper = is_upper != (before == level);
            held = if takes_upper { middle..held.end } else { held.start..middle };
        }
        held
    }

    /// Returns the `own` bytes of all ranks, in their order, at most 64 KiB from each.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rank`] on every rank if one has failed.
    pub(crate) fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        self.gather_within(own, MAX_GREETING)
    }

    /// Returns the `own` bytes of all ranks, in their order, at most `most` from each.
    pub(crate) fn gather_within(&self, own: &[u8], most: usize) -> Result<Vec<Vec<u8>>> {
        let talk = &mut *self.talk();
        talk.begin(GATHER);
        let mut all: Vec<(usize, Vec<u8>)> = vec![(self.rank(), own.to_vec())];
        let mut state = State::Well(0.0);
        for level in self.levels() {
            let mut message = Vec::new();
            for (rank, bytes) in &all {
                message.extend((*rank as u64).to_le_bytes());
                message.extend((bytes.len() as u64).to_le_bytes());
                message.extend(bytes);
            }
            state = self.exchange_bytes(talk, level, state, &message, (most + 16) << level);
            if let State::Well(_) = state {
                let mut rest = &talk.buffers.receive[HEAD..];
                while let Some((head, after)) = rest.split_first_chunk::<16>() {
                    let word =
                        |at: usize| head[at..].first_chunk().map_or(0, |&word| u64::from_le_bytes(word));
                    let (bytes, after) = after.split_at(after.len().min(word(8) as usize));
                    all.push((word(0) as usize, bytes.to_vec()));
                    rest = after;
                }
            }
        }
        talk.settle(state)?;
        all.sort_by_key(|(rank, _)| *rank);
        Ok(all.into_iter().map(|(_, bytes)| bytes).collect())
    }

    /// Tells the other ranks that this one cannot continue because of `reason`, unless the error came from them.
    pub(crate) fn fail(&self, reason: &Error) {
        let cause = if let Error::Interrupted(run) = reason { &run.cause } else { reason };
        if !matches!(cause, Error::Rank(_)) {
            self.leave(RankProblem::Failed { reason: cause.to_string() });
        }
    }

    /// Tells the other ranks that this one leaves, unless they know of a failure already.
    pub(crate) fn leave(&self, problem: RankProblem) {
        let talk = &mut *self.talk();
        if std::mem::replace(&mut talk.has_failed, true) {
            return;
        }
        talk.exchanges = 0;
        let mut state = State::Failed(Failure { rank: self.rank(), problem });
        for level in self.levels() {
            // The others may be in any operation, and send much.
            state = self.exchange_bytes(talk, level, state, &[], talk.largest);
        }
    }

    fn exchange<T: Real>(
        &self,
        talk: &mut Talk,
        level: u32,
        state: State,
        values: &[T],
        most: usize,
    ) -> State {
        let mut message = std::mem::take(&mut talk.buffers.send);
        state.begin(talk.number(), &mut message);
        if let State::Well(_) = state {
            message.resize(HEAD + size_of_val(values), 0);
            for (group, value) in T::groups_mut(&mut message[HEAD..]).iter_mut().zip(values) {
                *group = value.to_bytes();
            }
        }
        talk.buffers.send = message;
        self.exchange_message(talk, level, state, most)
    }

    fn exchange_bytes(&self, talk: &mut Talk, level: u32, state: State, bytes: &[u8], most: usize) -> State {
        let mut message = std::mem::take(&mut talk.buffers.send);
        state.begin(talk.number(), &mut message);
        if let State::Well(_) = state {
            message.extend_from_slice(bytes);
        }
        talk.buffers.send = message;
        self.exchange_message(talk, level, state, most)
    }

    /// Sends the message in the buffer to the partner at `level`, and reads its answer: the head and at most `most`
    /// bytes.
    fn exchange_message(&self, talk: &mut Talk, level: u32, state: State, most: usize) -> State {
        talk.exchanges += 1;
        let partner = self.rank() ^ 1 << level;
        let mut buffers = std::mem::take(&mut talk.buffers);
        buffers.receive.resize(HEAD + most.max(MAX_REASON), 0);
        // The partner may itself still wait in an earlier exchange. It then gives up first and can tell this rank.
        let patience = self.patience.saturating_add(Duration::from_secs(talk.exchanges - 1));
        match self.communicator.exchange(partner, buffers, patience) {
            Ok(buffers) => {
                talk.buffers = buffers;
                // A rank that leaves may meet the others in any operation.
                let step = Some(talk.number()).filter(|_| !talk.has_failed);
                state.merge(State::read(&talk.buffers.receive, partner, step))
            }
            Err(problem) => state.merge(State::Failed(Failure { rank: partner, problem })),
        }
    }
}

impl Talk {
    /// Returns the number that identifies the run and the operation of a message.
    fn number(&self) -> u64 {
        self.step ^ self.run
    }

    fn begin(&mut self, operation: u64) {
        self.step = (self.step / 4 + 1) * 4 + operation;
        self.exchanges = 0;
    }

    /// Returns the result of an operation that left this rank in `state`.
    fn settle(&mut self, state: State) -> Result<f64> {
        match state {
            State::Well(number) => Ok(number),
            State::Failed(Failure { rank, problem }) => {
                self.has_failed = true;
                Err(error(rank, problem))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::error::RankError;
    use crate::ranks::Threads;

    /// Of two runs at once that use the same ranks, neither adds the numbers of the other.
    #[test]
    fn a_message_of_another_run_is_not_taken_for_an_answer() {
        let sums = |runs: [u64; 2]| {
            thread::scope(|scope| {
                let ranks: Vec<_> = Threads::group(2)
                    .into_iter()
                    .zip(runs)
                    .map(|(rank, run)| {
                        scope.spawn(move || {
                            let team = Team::new(&rank, Duration::from_secs(5))?;
                            team.begin_run(run);
                            team.sum(&mut [1.0, 2.0], 3.0)
                        })
                    })
                    .collect();
                ranks.into_iter().map(|rank| rank.join().unwrap()).collect::<Vec<_>>()
            })
        };
        assert!(sums([7, 7]).into_iter().all(|sum| sum.is_ok_and(|sum| sum == 6.0)));
        for sum in sums([7, 8]) {
            let out_of_step = RankProblem::OutOfStep;
            assert!(matches!(sum, Err(Error::Rank(RankError { problem, .. })) if problem == out_of_step));
        }
    }
}
