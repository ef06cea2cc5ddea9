//! Independent jobs, such as whole training runs, in parallel.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::error::Result;

/// Runs each of `jobs`, as many at a time as there are cores, each with one thread for its products. Returns the
/// results in the order of the jobs. A panic in a job reaches the caller.
///
/// # Errors
///
/// Returns the error of the first job, in their order, that failed. Later jobs may not have been run.
pub(crate) fn map<J: Sync, V: Send>(jobs: &[J], work: impl Fn(&J) -> Result<V> + Sync) -> Result<Vec<V>> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        let mut done = Vec::new();
        // Jobs are taken in their order: all before the first that fails have been begun, and are finished.
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { break };
            let result = super::run(Some(1), false, || work(job)).and_then(|result| result);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((index, result));
        }
        done
    };
    let cores =
        if cfg!(feature = "parallel") { thread::available_parallelism().map_or(1, usize::from) } else { 1 };
    let mut done = thread::scope(|scope| {
        // The caller's thread is one of the workers. A thread that cannot be started is left out.
        let others = (1..cores.min(jobs.len()))
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, worker).ok());
        let others: Vec<_> = others.collect();
        let mut done = worker();
        others
            .into_iter()
            .for_each(|other| done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))));
        done
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn results_are_in_the_order_of_the_jobs_and_the_first_error_is_returned() {
        let jobs: Vec<usize> = (0..100).collect();
        let slow = |&job: &usize| {
            thread::sleep(std::time::Duration::from_micros((job * 37 % 11) as u64 * 10));
            Ok(job * job)
        };
        assert_eq!(map(&jobs, slow).unwrap(), jobs.iter().map(|job| job * job).collect::<Vec<_>>());
        assert!(map(&[], slow).unwrap().is_empty());
        for _ in 0..20 {
            let failing = |&job: &usize| match job {
                30 | 31 | 77 => Err(Error::EmptyLayer { layer: job }),
                _ => slow(&job),
            };
            assert!(matches!(map(&jobs, failing), Err(Error::EmptyLayer { layer: 30 })));
        }
    }

    #[test]
    fn a_panic_in_a_job_reaches_the_caller() {
        let jobs: Vec<usize> = (0..10).collect();
        let panicked = std::panic::catch_unwind(|| {
            map(&jobs, |&job| if job == 7 { panic!("on purpose") } else { Ok(job) }).map(|_| ())
        });
        assert!(panicked.is_err());
    }
}
