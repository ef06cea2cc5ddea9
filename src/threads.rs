//! Work that is shared by threads.
//!
//! The number of threads belongs to the run that is under way. What is shared is cut so that no result depends on it.

use std::cell::Cell;
#[cfg(feature = "parallel")]
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

#[cfg(feature = "parallel")]
use crate::error::Error;
use crate::error::Result;

/// Work of fewer multiplications than this is not worth another thread that would have to be woken.
const GRAIN: usize = 1 << 21;

/// Nor this, another thread that is awake.
const GRAIN_AWAKE: usize = 1 << 18;

/// How often a thread that is awake looks for work before it offers its processor to others: for some tenths of a
/// millisecond.
#[cfg(feature = "parallel")]
const SPINS: usize = 5_000;

thread_local! {
    /// Whether the threads of the pool that this one belongs to are kept awake.
    static AWAKE: Cell<bool> = const { Cell::new(false) };
}

/// The threads of the run that is under way; 1 outside of a run.
#[cfg(feature = "parallel")]
pub(crate) fn count() -> usize {
    rayon::current_thread_index().map_or(1, |_| rayon::current_num_threads())
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn count() -> usize {
    1
}

/// The same, but outside of a run those of the machine, which are started when they are needed first.
#[cfg(feature = "parallel")]
pub(crate) fn available() -> usize {
    rayon::current_num_threads()
}

#[cfg(not(feature = "parallel"))]
pub(crate) use count as available;

/// The threads that are worth their while for so many multiplications.
pub(crate) fn useful_threads(multiplications: usize) -> usize {
    // Asked first, because a small product should not even look for threads.
    let grain = if AWAKE.get() { GRAIN_AWAKE } else { GRAIN };
    if multiplications >= 2 * grain { available().min(multiplications / grain) } else { 1 }
}

/// Whether so many multiplications are worth waking another thread, and so keeping it awake.
pub(crate) fn is_large(multiplications: usize) -> bool {
    multiplications >= 2 * GRAIN
}

/// Does both, at the same time if there is a thread for it.
#[cfg(feature = "parallel")]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}

/// Does it once on each thread.
#[cfg(feature = "parallel")]
pub(crate) fn broadcast(work: impl Fn() + Sync) {
    rayon::broadcast(|_| work());
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn broadcast(work: impl Fn()) {
    work();
}

/// Runs `work` on one thread of a pool of `threads` threads. If it shares much, the other threads wait for their part
/// without going to sleep: to wake one takes longer than many a product.
#[cfg(feature = "parallel")]
pub(crate) fn run<V: Send>(
    threads: Option<usize>,
    keep_awake: bool,
    work: impl FnOnce() -> V + Send,
) -> Result<V> {
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let failed = |reason: String| Error::Threads { threads, reason };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| failed(error.to_string()))?;
    if threads == 1 || !keep_awake {
        return Ok(pool.install(work));
    }
    let (work, done) = (Mutex::new(Some(work)), AtomicBool::new(false));
    let take = || work.lock().ok().and_then(|mut work| work.take());
    let values = pool.broadcast(|_| {
        // The thread ends with the pool, so this need not be taken back.
        AWAKE.set(true);
        if let Some(work) = take() {
            let _free_the_others = SetOnDrop(&done);
            return Some(work());
        }
        let mut idle = 0;
        while !done.load(Ordering::Acquire) {
            match rayon::yield_now() {
                Some(rayon::Yield::Executed) => idle = 0,
                // A processor that is given up may not come back for milliseconds.
                _ if idle < SPINS => {
                    idle += 1;
                    std::hint::spin_loop();
                }
                _ => std::thread::yield_now(),
            }
        }
        None
    });
    values.into_iter().flatten().next().ok_or_else(|| failed("none of them took the work".to_owned()))
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn run<V>(_threads: Option<usize>, _keep_awake: bool, work: impl FnOnce() -> V) -> Result<V> {
    Ok(work())
}

/// Sets the flag when it is dropped, also in a panic.
#[cfg(feature = "parallel")]
struct SetOnDrop<'a>(&'a AtomicBool);

#[cfg(feature = "parallel")]
impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
