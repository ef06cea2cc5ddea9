//! The threads of a training run, and those of matrix products outside a run.
//!
//! Work is divided in such a way that no result depends on the number of threads.

mod each;
#[cfg(feature = "parallel")]
mod pool;
#[cfg(not(feature = "parallel"))]
mod sequential;

pub(crate) use each::map;
#[cfg(feature = "parallel")]
use pool::is_awake;
#[cfg(feature = "parallel")]
pub(crate) use pool::{alone, available, broadcast, count, join, run};
#[cfg(not(feature = "parallel"))]
use sequential::is_awake;
#[cfg(not(feature = "parallel"))]
pub(crate) use sequential::{alone, available, broadcast, count, join, run};

/// Minimum number of multiplications per thread if threads must be woken.
const GRAIN: usize = 1 << 21;

/// Minimum number of multiplications per thread while the workers are awake.
const GRAIN_AWAKE: usize = 1 << 18;

/// Minimum number of elements per thread for an elementwise function if threads must be woken.
const ELEMENTS: usize = 1 << 15;

/// Minimum number of elements per thread while the workers are awake: an exponential of each takes some microseconds.
const ELEMENTS_AWAKE: usize = 1 << 13;

/// Returns how many threads to use for a function of this many elements.
pub(crate) fn useful_threads_for_elements(elements: usize) -> usize {
    let grain = if is_awake() { ELEMENTS_AWAKE } else { ELEMENTS };
    if elements >= 2 * grain { count().min(elements / grain) } else { 1 }
}

/// Returns how many threads to use for this many multiplications.
pub(crate) fn useful_threads(multiplications: usize) -> usize {
    let grain = if is_awake() { GRAIN_AWAKE } else { GRAIN };
    // Checked first, so that a small product never queries the pool.
    if multiplications >= 2 * grain { available().min(multiplications / grain) } else { 1 }
}

/// Whether the forward products of a step, of this many multiplications, are worth a second thread that stays awake.
pub(crate) fn is_large(multiplications: usize) -> bool {
    multiplications >= 4 * GRAIN_AWAKE
}
