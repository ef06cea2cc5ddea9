//! Where a run works: on the caller's thread or on at most as many others as there are cores, and it waits for them
//! without taking up other work.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, ThreadId};

use gradus::Error;
use gradus::prelude::*;
use rayon::prelude::*;

use crate::child;

fn exclusive_or() -> Dataset<f64> {
    let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    Dataset::new(x, DMatrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0])).unwrap()
}

fn trainer(threads: Option<usize>) -> Trainer<f64, CrossEntropy> {
    let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(2).unwrap());
    threads.map_or(trainer.clone(), |threads| trainer.threads(threads))
}

fn fit(trainer: &Trainer<f64, CrossEntropy>, seed: u64) -> gradus::Result<Network<f64, Sigmoid, Sigmoid>> {
    let mut network = Network::new(&[2, 3, 1], Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
    trainer.fit(&mut network, &exclusive_or(), None)?;
    Ok(network)
}

/// A worker that waits for a fit must not begin the next one meanwhile: thousands of them would pile up on one stack,
/// and hundreds of networks in memory.
#[test]
fn no_more_fits_are_under_way_than_a_rayon_pool_has_threads() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for (threads, fits) in [(Some(1), 2000), (None, 2000), (Some(2), 200)] {
        let (trainer, wanted) = (trainer(threads), fit(&trainer(Some(1)), 7).unwrap());
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let item = |_| {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            let network = fit(&trainer, 7).unwrap();
            now.fetch_sub(1, SeqCst);
            assert!(network == wanted, "other bits");
        };
        pool.install(|| (0..fits).into_par_iter().for_each(item));
        assert!(most.load(SeqCst) <= 2, "{threads:?} threads: {} fits at once", most.load(SeqCst));
    }
}

/// Predictions within a pool run on the worker that asks, for the same reason. 784-1024-10 on 200 examples is large
/// enough for several threads.
#[test]
fn predictions_within_a_rayon_pool_do_not_nest_either() {
    let network = Network::<f32, _, _>::new(&[784, 1024, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let x = DMatrix::from_fn(784, 200, |i, j| ((i * 7 + j * 3) % 11) as f32 / 11.0);
    let wanted = network.predict(&x).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let item = |_| {
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        assert!(network.predict(&x).unwrap() == wanted, "other bits");
        now.fetch_sub(1, SeqCst);
    };
    pool.install(|| (0..20).into_par_iter().for_each(item));
    assert!(most.load(SeqCst) <= 2, "{} predictions at once", most.load(SeqCst));
}

/// Asserts where it is called.
#[derive(Debug)]
struct At {
    caller: Option<ThreadId>,
    threads: usize,
}

impl<T: Real> Observer<T> for At {
    fn on_epoch(&self, _: &Running<'_, T>) -> ControlFlow<()> {
        match self.caller {
            Some(caller) => assert_eq!(thread::current().id(), caller, "not the caller's thread"),
            None => assert!(rayon::current_num_threads() <= self.threads, "more threads than cores"),
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn one_thread_is_the_callers_own() {
    let caller = || At { caller: Some(thread::current().id()), threads: 1 };
    let run = || fit(&trainer(Some(1)).observe(caller()), 1).unwrap();
    run();
    rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap().install(run);
}

/// 512 threads on two cores would take 500 times as long.
#[test]
fn there_are_never_more_threads_than_cores() {
    let cores = thread::available_parallelism().unwrap().get();
    fit(&trainer(Some(512)).observe(At { caller: None, threads: cores }), 1).unwrap();
}

/// Where no thread can be started, everything works but a run that asks for several threads.
#[test]
#[cfg(target_os = "linux")]
fn a_process_without_threads() {
    if !child::is_child() {
        // No stack of this size can be had.
        let limits = "RUST_MIN_STACK=70368744177664; export RUST_MIN_STACK;";
        return child::assert_succeeds(module_path!(), "a_process_without_threads", limits);
    }
    assert!(thread::Builder::new().spawn(|| ()).is_err(), "a thread has been started");
    fit(&trainer(None), 1).unwrap();
    fit(&trainer(Some(1)), 1).unwrap();
    if thread::available_parallelism().unwrap().get() > 1 {
        let error = fit(&trainer(Some(2)), 1).unwrap_err();
        assert!(matches!(error, Error::Threads { threads: 2, .. }), "{error}");
        assert!(error.to_string().ends_with("; lower `Trainer::threads`"), "{error}");
    }
    let network = Network::<f32, _, _>::new(&[784, 1024, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    assert_eq!(network.predict(&DMatrix::zeros(784, 200)).unwrap().ncols(), 200);
}
