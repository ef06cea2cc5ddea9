//! Thread pools: one for each run that uses several threads, and a shared one for products outside a run.
//!
//! The thread that waits for a pool is never a rayon worker: a waiting worker would take other tasks of its own pool,
//! such as the caller's next fit, and pile them up on one stack.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// How often an idle worker of a run looks for work before it yields its processor: for some tenths of a millisecond.
const SPINS: usize = 5_000;

thread_local! {
    static ROLE: Cell<Role> = const { Cell::new(Role::Caller) };
}

/// The role of the current thread in this crate.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    /// A thread of the caller, outside a run.
    Caller,
    /// A thread of the caller, in a run that uses no other.
    Alone,
    /// A worker of one of the crate's pools.
    Worker,
    /// A worker of a run whose idle workers spin instead of sleeping.
    AwakeWorker,
}

impl Role {
    /// Gives the current thread this role while `work` runs, also if it panics.
    fn during<V>(self, work: impl FnOnce() -> V) -> V {
        struct Restore(Role);
        impl Drop for Restore {
            fn drop(&mut self) {
                ROLE.set(self.0);
            }
        }
        let _before = Restore(ROLE.replace(self));
        work()
    }
}

/// Returns the number of threads of the current run; 1 outside a run.
pub(crate) fn count() -> usize {
    match ROLE.get() {
        Role::Caller | Role::Alone => 1,
        Role::Worker | Role::AwakeWorker => rayon::current_num_threads(),
    }
}

/// Returns the number of threads that a product may use: like [`count`], but outside a run the size of the shared pool.
pub(crate) fn available() -> usize {
    match ROLE.get() {
        Role::Caller => shared().map_or(1, ThreadPool::current_num_threads),
        _ => count(),
    }
}

/// Whether the workers of the current run spin while they have nothing to do.
pub(super) fn is_awake() -> bool {
    ROLE.get() == Role::AwakeWorker
}

/// Returns the pool for products outside a run, which starts on first use. `None` if it cannot be started, and on a
/// worker of the caller's own pool: the caller divides the work there.
fn shared() -> Option<&'static ThreadPool> {
    static SHARED: OnceLock<Option<ThreadPool>> = OnceLock::new();
    match rayon::current_thread_index() {
        Some(_) => None,
        None => SHARED.get_or_init(|| start(0).ok()).as_ref(),
    }
}

/// Starts a pool; 0 threads stand for as many as there are cores.
fn start(threads: usize) -> std::result::Result<ThreadPool, ThreadPoolBuildError> {
    let name = |index| format!("gradus-{index}");
    let builder = ThreadPoolBuilder::new().num_threads(threads).thread_name(name);
    builder.start_handler(|_| ROLE.set(Role::Worker)).build()
}

/// Runs both closures, in parallel if a thread is free.
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    match ROLE.get() {
        Role::Worker => rayon::join(a, b),
        Role::AwakeWorker => join_awake(a, b),
        Role::Alone => (a(), b()),
        Role::Caller => match shared() {
            Some(pool) => beside(pool, a, b),
            None => (a(), b()),
        },
    }
}

/// Runs `a` on this thread, and `b` on another if one takes it. If that one takes longer this thread spins: rayon's own
/// wait soon falls asleep, and to be woken takes longer than most products.
fn join_awake<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let (taken, done) = (AtomicBool::new(false), AtomicBool::new(false));
    rayon::join(
        || {
            let of_a = a();
            if taken.load(Ordering::Acquire) {
                spin_while_short(&done);
            }
            of_a
        },
        || {
            taken.store(true, Ordering::Release);
            let _awaited = SetOnDrop(&done);
            b()
        },
    )
}

/// Spins until `done`, or until it has taken so long that the thread may as well sleep.
fn spin_while_short(done: &AtomicBool) {
    (0..SPINS).take_while(|_| !done.load(Ordering::Acquire)).for_each(|_| std::hint::spin_loop());
}

/// Runs `a` on this thread and `b` on one of the pool, which is quicker than waking two.
fn beside<A: Send, B: Send>(
    pool: &ThreadPool,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    let (done, mut of_b) = (AtomicBool::new(false), None);
    let of_a = pool.in_place_scope(|scope| {
        scope.spawn(|_| {
            let _awaited = SetOnDrop(&done);
            of_b = Some(b());
        });
        let of_a = a();
        // Nearly always `b` ends soon, sooner than this thread could fall asleep and be woken.
        spin_while_short(&done);
        of_a
    });
    match of_b {
        Some(of_b) => (of_a, of_b),
        None => unreachable!("the scope ends when b has ended"),
    }
}

/// Runs `work` on this thread alone: nothing in it is divided.
pub(crate) fn alone<V>(work: impl FnOnce() -> V) -> V {
    Role::Alone.during(work)
}

/// Runs `work` once on each thread of the current run; outside a run on the caller's and those of the shared pool.
pub(crate) fn broadcast(work: impl Fn() + Sync) {
    match ROLE.get() {
        Role::Worker | Role::AwakeWorker => drop(rayon::broadcast(|_| work())),
        Role::Alone => work(),
        Role::Caller => {
            work();
            shared().map(|pool| pool.broadcast(|_| work()));
        }
    }
}

/// Runs `work` with `threads` threads, at most one for each core. With one it runs on the caller's thread, otherwise
/// on a worker of a new pool. If `keep_awake`, idle workers spin: waking a thread takes longer than most products.
///
/// The default is one thread per core. It is the caller's thread alone on a rayon worker, whose pool uses the cores
/// already, in a job of [`map`](super::map), and if no threads can be started.
pub(crate) fn run<V: Send>(
    threads: Option<usize>,
    keep_awake: bool,
    work: impl FnOnce() -> V + Send,
) -> Result<V> {
    // Asking for the number of cores allocates.
    if threads == Some(1) {
        return Ok(Role::Alone.during(work));
    }
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let alone = || rayon::current_thread_index().is_some() || ROLE.get() == Role::Alone;
    let usual = || if alone() { 1 } else { cores };
    let wanted = threads.map_or_else(usual, |threads| threads.min(cores));
    if wanted <= 1 {
        return Ok(Role::Alone.during(work));
    }
    match start(wanted) {
        Ok(pool) => run_on(&pool, keep_awake, work),
        Err(_) if threads.is_none() => Ok(Role::Alone.during(work)),
        Err(error) => Err(Error::Threads { threads: wanted, reason: error.to_string() }),
    }
}

/// Runs `work` on a worker of `pool`, and waits for it without taking up other work.
fn run_on<V: Send>(pool: &ThreadPool, keep_awake: bool, work: impl FnOnce() -> V + Send) -> Result<V> {
    let threads = pool.current_num_threads();
    let failed = |reason: String| Error::Threads { threads, reason };
    let install = || match keep_awake {
        true => install_awake(pool, work).ok_or_else(|| failed("none of them took the work".to_owned())),
        false => Ok(pool.install(work)),
    };
    if rayon::current_thread_index().is_none() {
        return install();
    }
    std::thread::scope(|scope| {
        let waiting = std::thread::Builder::new().spawn_scoped(scope, install);
        let waiting = waiting.map_err(|error| failed(error.to_string()))?;
        waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Runs `work` on one worker of `pool`, while the others spin.
fn install_awake<V: Send>(pool: &ThreadPool, work: impl FnOnce() -> V + Send) -> Option<V> {
    let (work, done) = (Mutex::new(Some(work)), AtomicBool::new(false));
    let take = || work.lock().ok().and_then(|mut work| work.take());
    let values = pool.broadcast(|_| {
        Role::AwakeWorker.during(|| {
            if let Some(work) = take() {
                let _free_the_others = SetOnDrop(&done);
                return Some(work());
            }
            spin_until(&done);
            None
        })
    });
    values.into_iter().flatten().next()
}

/// Executes tasks of the current pool until `done`.
fn spin_until(done: &AtomicBool) {
    let mut idle = 0;
    while !done.load(Ordering::Acquire) {
        match rayon::yield_now() {
            Some(rayon::Yield::Executed) => idle = 0,
            // After a yield the thread may not be scheduled again for milliseconds.
            _ if idle < SPINS => {
                idle += 1;
                std::hint::spin_loop();
            }
            _ => std::thread::yield_now(),
        }
    }
}

/// Sets the flag when it is dropped, also in a panic.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg;
    use crate::threads::useful_threads;
    use nalgebra::{DMatrix, DVector};

    /// A product of 2²⁵ multiplications, with sums that any other order would round otherwise.
    fn product() -> DMatrix<f32> {
        let w = DMatrix::from_fn(256, 512, |i, j| ((i * 31 + j * 17) % 101) as f32 / 7.0);
        let x = DMatrix::from_fn(512, 256, |i, j| ((i * 13 + j * 29) % 97) as f32 / 3.0);
        let (b, mut z) = (DVector::zeros(256), DMatrix::zeros(256, 256));
        linalg::weighted_inputs(&w, &b, &x, &mut z);
        z
    }

    /// More threads than the machine has cores, which `run` would not start.
    #[test]
    fn a_product_has_the_same_bits_on_any_number_of_threads() {
        let alone = run(Some(1), true, product).unwrap();
        assert_eq!(product(), alone, "outside a run");
        for threads in [2, 3, 7, 16] {
            for awake in [false, true] {
                let (count, found) =
                    run_on(&start(threads).unwrap(), awake, || (available(), product())).unwrap();
                assert_eq!(count, threads);
                assert!(found == alone, "{threads} threads, awake: {awake}");
            }
        }
    }

    #[test]
    fn one_thread_is_the_callers_also_on_a_worker() {
        let check = || {
            let caller = std::thread::current().id();
            run(Some(1), true, || {
                assert_eq!(std::thread::current().id(), caller);
                assert_eq!((count(), useful_threads(usize::MAX)), (1, 1));
                join(|| assert_eq!(std::thread::current().id(), caller), || ());
                broadcast(|| assert_eq!(std::thread::current().id(), caller));
            })
            .unwrap();
            assert_eq!(ROLE.get(), Role::Caller);
        };
        check();
        ThreadPoolBuilder::new().num_threads(2).build().unwrap().install(check);
    }

    #[test]
    fn a_panic_in_a_run_reaches_the_caller_and_leaves_its_thread_as_it_was() {
        for threads in [1, 2] {
            for awake in [false, true] {
                let panicked =
                    std::panic::catch_unwind(|| run(Some(threads), awake, || panic!("on purpose")));
                let message = *panicked.map(|_| ()).unwrap_err().downcast::<&str>().unwrap();
                assert_eq!((message, ROLE.get()), ("on purpose", Role::Caller));
            }
        }
    }
}
