//! The next mini-batch is gathered while this one is learned from, and nobody can tell by the result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use gradus::Error;
use gradus::data::augment::Elastic;
use gradus::prelude::*;

use super::doubles::{Hooked, gone, interruption};

/// Takes longer for a mini-batch than it takes to hand it to another thread, and asks `fault` with the number of the call.
fn slow(
    fault: impl Fn(usize, u64) -> gradus::Result<()> + Send + Sync,
) -> Hooked<f32, impl Fn(usize, u64) -> gradus::Result<()> + Send + Sync> {
    let mut source = Hooked::new(Dataset::synthetic_digits(640, 1).unwrap(), move |call, epoch| {
        thread::sleep(Duration::from_micros(300));
        fault(call, epoch)
    });
    source.fingerprint = Some(7);
    source
}

fn begin() -> Network<f32, Tanh, Softmax> {
    Network::new(&[784, 60, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap()
}

fn trainer(threads: usize, epochs: usize) -> Trainer<f32, LogLikelihood> {
    Trainer::new(LogLikelihood).mini_batch(32).threads(threads).stop(MaxEpochs::new(epochs).unwrap())
}

#[test]
fn bits_do_not_depend_on_it() {
    let (mut alone, mut ahead) = (begin(), begin());
    let reports = [(&mut alone, 1), (&mut ahead, 2)]
        .map(|(network, threads)| trainer(threads, 3).fit(network, &slow(|_, _| Ok(())), None).unwrap());
    assert!(alone == ahead);
    let costs =
        reports.map(|report| report.history.epochs().iter().map(|e| e.running_cost).collect::<Vec<_>>());
    assert_eq!(costs[0], costs[1]);

    let data = Dataset::<f32>::synthetic_digits(200, 1).unwrap();
    let distorted = Augmented::new(&data, (28, 28), Elastic::new(4.0, 30.0).unwrap(), 1).unwrap();
    let (mut alone, mut ahead) = (begin(), begin());
    for (network, threads) in [(&mut alone, 1), (&mut ahead, 2)] {
        trainer(threads, 2)
            .dropout(Dropout::new(0.1, 0.2).unwrap())
            .fit(network, &distorted, Some(&data))
            .unwrap();
    }
    assert!(alone == ahead);
}

/// The twenty mini-batches of an epoch are gathered one by one; the 27th is the seventh of the second epoch.
#[test]
fn an_error_and_a_panic_come_at_the_step_that_needs_the_samples() {
    let mut six_steps = [begin(), begin()];
    for (network, threads) in six_steps.iter_mut().zip([1, 2]) {
        let source = slow(|call, epoch| if call == 27 { Err(gone(epoch)) } else { Ok(()) });
        let error = trainer(threads, 3).fit(network, &source, None).unwrap_err();
        let run = interruption(error);
        assert_eq!((run.epoch, run.step, run.last_costs.len()), (2, 7, 5), "{threads} threads");
        assert!(matches!(run.cause, Error::Samples { epoch: 2, .. }));
        assert_eq!(source.calls(), 27);
    }

    let mut left = [begin(), begin()];
    for (network, threads) in left.iter_mut().zip([1, 2]) {
        let source = slow(|call, _| if call == 27 { panic!("on purpose") } else { Ok(()) });
        let panicked =
            catch_unwind(AssertUnwindSafe(|| drop(trainer(threads, 3).fit(network, &source, None))));
        assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"on purpose"), "{threads} threads");
    }
    assert!(left[0] == left[1] && left[0] != begin(), "left as they were before the step");
}

/// An observer that leaves finds nothing gathered in vain afterwards, and a run that goes on gathers it again.
#[test]
fn a_run_that_is_left_goes_on_to_the_same_bits() {
    #[derive(Debug)]
    struct Leave;
    impl Observer<f32> for Leave {
        fn on_step(&self, running: &Running<'_, f32>) -> std::ops::ControlFlow<()> {
            match running.t_is(25) {
                true => std::ops::ControlFlow::Break(()),
                false => std::ops::ControlFlow::Continue(()),
            }
        }
    }
    trait Steps {
        fn t_is(&self, t: usize) -> bool;
    }
    impl Steps for Running<'_, f32> {
        fn t_is(&self, t: usize) -> bool {
            (self.epoch - 1) * self.steps + self.step == t
        }
    }
    let source = slow(|_, _| Ok(()));
    let (mut whole, mut parts) = (begin(), begin());
    trainer(2, 2).fit(&mut whole, &source, None).unwrap();
    let calls = || source.calls();
    // Beside the 40 mini-batches of two epochs, each run looks for silent neurons.
    let (before, others) = (calls(), calls() - 40);
    let run = trainer(2, 2).observe(Leave).fit(&mut parts, &source, None).unwrap().run;
    assert_eq!((run.t, run.step), (25, 5));
    if thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
        // The 26th was gathered during step 25.
        assert_eq!(calls() - before - others, 26);
    }
    trainer(2, 2).resume(run, &mut parts, &source, None).unwrap();
    assert!(parts == whole);
}
