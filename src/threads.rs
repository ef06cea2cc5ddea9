//! Work that is shared by threads.
//!
//! The number of threads belongs to the run that is under way. What is shared is cut so that no result depends on it.

/// Work of fewer multiplications than this is not worth another thread.
const GRAIN: usize = 1 << 21;

/// The threads that may work.
#[cfg(feature = "parallel")]
pub(crate) fn count() -> usize {
    rayon::current_num_threads()
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn count() -> usize {
    1
}

/// The threads that are worth their while for so many multiplications.
pub(crate) fn worth(multiplications: usize) -> usize {
    // Asked first, because a small product should not even look for threads.
    if multiplications < 2 * GRAIN { 1 } else { count().min(multiplications / GRAIN) }
}

/// Does both, at the same time if there is a thread for it.
#[cfg(feature = "parallel")]
pub(crate) fn both<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn both<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}

/// Does it once on each thread.
#[cfg(feature = "parallel")]
pub(crate) fn on_each(work: impl Fn() + Sync) {
    rayon::broadcast(|_| work());
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn on_each(work: impl Fn()) {
    work();
}
