//! Independent runs in parallel.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs `work` on each of `jobs`, as many at a time as there are cores. The results are in the order of the jobs.
/// Trainers in `work` should have `.threads(1)`, as the jobs already use all cores.
///
/// # Errors
///
/// Returns the error of the first job in `jobs` that failed.
pub fn map<J: Sync, V: Send>(
    jobs: &[J],
    work: impl Fn(&J) -> gradus::Result<V> + Sync,
) -> gradus::Result<Vec<V>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { return done };
            done.push((index, work(job)));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(jobs.len())).map(|_| scope.spawn(worker)).collect();
        let results = workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|panic| resume_unwind(panic)));
        results.collect::<Vec<_>>()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Returns mean, minimum and maximum of `values`.
pub fn spread(values: impl IntoIterator<Item = f64>) -> (f64, f64, f64) {
    let (mut n, mut sum, mut least, mut most) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for v in values {
        (n, sum, least, most) = (n + 1.0, sum + v, f64::min(least, v), f64::max(most, v));
    }
    (sum / n, least, most)
}
