//! Ranks that are processes, connected by MPI.

use std::fmt;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ::mpi::Threading;
use ::mpi::environment::Universe;
use ::mpi::request;
use ::mpi::topology::SimpleCommunicator;
use ::mpi::traits::{Communicator as _, Destination, Equivalence, Source};

use super::{Communicator, Exchange, Team};
use crate::clock::Moment;
use crate::error::{Error, RankProblem, Result};

/// How often the thread polls for a message before it yields after each poll, and before it sleeps after each.
const SPINS: u32 = 2_000;
const YIELDS: u32 = 20_000;

/// How long the thread sleeps between two polls.
const NAP: Duration = Duration::from_micros(100);

/// How long the end of a rank waits for the others.
const FAREWELL: Duration = Duration::from_secs(10);

/// A rank that is a process of an MPI program, started by `mpirun` on one machine or many, or by itself alone.
///
/// A process has one `Mpi`, for as long as it uses ranks. Dropping it tells the other ranks, so that none waits for it.
///
/// If a rank does not answer in time, the others get an error. `MPI_Finalize` would wait for that rank, so the process
/// then ends without it.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
///
/// use gradus::prelude::*;
/// use gradus::ranks::{Mpi, agree};
///
/// # fn main() -> gradus::Result<()> {
/// let mpi = Arc::new(Mpi::start()?);
/// // An error on every rank if one cannot read the data.
/// let data = agree(&*mpi, Mnist::<f32>::load("data/mnist"))?;
/// let softmax = Softmax::default();
/// let mut network = Network::new(&[784, 100, 10], Relu, softmax, &ByActivation, 1)?;
/// let trainer = Trainer::new(LogLikelihood).mini_batch(128).leaves(4).threads(1).ranks(mpi);
/// trainer.fit(&mut network, &data.training, Some(&data.test))?;
/// # Ok(())
/// # }
/// ```
pub struct Mpi {
    rank: usize,
    size: usize,
    line: Mutex<Line>,
    universe: Option<Universe>,
}

/// The thread that talks to MPI.
struct Line {
    jobs: Sender<Job>,
    answers: Receiver<std::result::Result<Exchange, RankProblem>>,
    /// Whether a rank was silent: then an exchange with it is never completed.
    is_broken: bool,
}

/// An exchange to be made.
struct Job {
    partner: usize,
    exchange: Exchange,
    patience: Duration,
}

impl Mpi {
    /// Initializes MPI.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Mpi`] if the process uses MPI already, or if its MPI does not let several threads use it in
    /// turn, and [`Error::Threads`] if no thread can be started.
    pub fn start() -> Result<Self> {
        let refuse = |reason| Error::Mpi { reason };
        let started = ::mpi::initialize_with_threading(Threading::Serialized);
        let (universe, threading) =
            started.ok_or_else(|| refuse("this process uses it already; make one `Mpi`, and share it"))?;
        if threading < Threading::Serialized {
            return Err(refuse("it allows one thread only; use a library with MPI_THREAD_SERIALIZED"));
        }
        let world = universe.world();
        let (rank, size) = (world.rank().max(0) as usize, world.size().max(1) as usize);
        let line =
            Line::open().map_err(|reason| Error::Threads { threads: 1, reason: reason.to_string() })?;
        Ok(Self { rank, size, line: Mutex::new(line), universe: Some(universe) })
    }
}

impl fmt::Debug for Mpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {}, a process of MPI", self.rank, self.size)
    }
}

impl Communicator for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn exchange(
        &self,
        partner: usize,
        exchange: Exchange,
        patience: Duration,
    ) -> std::result::Result<Exchange, RankProblem> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.exchange(Job { partner, exchange, patience })
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        let is_broken = |mpi: &Self| mpi.line.lock().unwrap_or_else(PoisonError::into_inner).is_broken;
        if !is_broken(self)
            && let Ok(team) = Team::new(self, FAREWELL)
        {
            team.leave(RankProblem::Left);
        }
        if is_broken(self) {
            // `MPI_Finalize` would wait for the silent rank.
            std::mem::forget(self.universe.take());
        }
    }
}

impl Line {
    fn open() -> std::io::Result<Self> {
        let (jobs, to_do) = mpsc::channel();
        let (done, answers) = mpsc::channel();
        thread::Builder::new().name("gradus-mpi".to_owned()).spawn(move || serve(&to_do, &done))?;
        Ok(Self { jobs, answers, is_broken: false })
    }

    fn exchange(&mut self, job: Job) -> std::result::Result<Exchange, RankProblem> {
        let silent = RankProblem::Silent { seconds: job.patience.as_secs() };
        // Longer than the thread itself waits: if it has not answered by then, it is stuck in a call of MPI.
        let longest = job.patience.saturating_add(Duration::from_secs(5));
        let answer = self
            .jobs
            .send(job)
            .map_err(|_| RankProblem::Left)
            .and_then(|()| self.answers.recv_timeout(longest).unwrap_or(Err(silent)));
        if answer.is_err() {
            // That thread keeps the buffers that MPI may still use, and does nothing else any more.
            self.is_broken = true;
            if let Ok(line) = Self::open() {
                (self.jobs, self.answers) = (line.jobs, line.answers);
            }
        }
        answer
    }
}

/// Makes exchanges, one after the other, until one is not answered in time.
fn serve(jobs: &Receiver<Job>, done: &Sender<std::result::Result<Exchange, RankProblem>>) {
    let world = SimpleCommunicator::world();
    for Job { partner, exchange: Exchange { send, mut receive }, patience } in jobs {
        let process = world.process_at_rank(partner as i32);
        let start = Moment::now();
        let length = request::scope(|scope| {
            let mut sending = Some(process.immediate_send(scope, &send[..]));
            let mut receiving = Some(process.immediate_receive_into(scope, &mut receive[..]));
            let (mut length, mut looks) = (0, 0_u32);
            loop {
                sending = sending.and_then(|request| request.test().err());
                receiving = receiving.and_then(|request| match request.test() {
                    Ok(status) => {
                        length = status.count(u8::equivalent_datatype()).max(0) as usize;
                        None
                    }
                    Err(request) => Some(request),
                });
                if sending.is_none() && receiving.is_none() {
                    return length;
                }
                if start.elapsed() > patience {
                    let _ = done.send(Err(RankProblem::Silent { seconds: patience.as_secs() }));
                    // MPI may still write to the buffers: they have to live as long as the process.
                    loop {
                        thread::park();
                    }
                }
                looks = looks.saturating_add(1);
                match looks {
                    0..SPINS => std::hint::spin_loop(),
                    SPINS..YIELDS => thread::yield_now(),
                    _ => thread::sleep(NAP),
                }
            }
        });
        receive.truncate(length);
        if done.send(Ok(Exchange { send, receive })).is_err() {
            return;
        }
    }
}
