//! Ranks: the same bits on any number of them, no more messages than needed, and no one left waiting when one fails.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use gradus::data::augment::Elastic;
use gradus::data::{Blocks, Streamed};
use gradus::prelude::*;
use gradus::ranks::{Communicator, Exchange, Threads, agree, agree_within};
use gradus::{Error, RankError, RankProblem};
use proptest::prelude::*;

use super::doubles::{Hooked, gone};

/// Does `work` on `size` ranks, each a thread, and returns what each returns or panics with.
fn on_ranks<V: Send>(size: usize, work: impl Fn(Arc<Threads>) -> V + Sync) -> Vec<thread::Result<V>> {
    let work = &work;
    thread::scope(|scope| {
        let ranks: Vec<_> = Threads::group(size)
            .into_iter()
            .map(|rank| scope.spawn(move || catch_unwind(AssertUnwindSafe(|| work(Arc::new(rank))))))
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

fn digits<T: Real>(n: usize) -> Dataset<T> {
    Dataset::synthetic_digits(n, 1).unwrap()
}

/// All of a run that has to be the same: the records without the seconds, the kept epoch, the parameters and their averages.
fn bits<T: Real>(network: &Network<T, Tanh, Softmax>, report: &Report<T>) -> String {
    let records: Vec<_> =
        report.history.epochs().iter().map(|record| EpochRecord { seconds: 0.0, ..record.clone() }).collect();
    let values = |arrays: &ParameterArrays<T>| -> Vec<u64> {
        arrays.values().iter().map(|value| value.to_f64().to_bits()).collect()
    };
    let left = values(&ParameterArrays::from_network(network));
    let run = &report.run;
    let slots: Vec<_> = run.slots.iter().map(values).collect();
    format!("{records:?} {:?} {} {left:?} {slots:?}", report.stop_reason, report.kept_epoch)
}

#[derive(Debug, Clone)]
struct Case {
    n: usize,
    m: usize,
    leaves: usize,
    optimizer: &'static str,
    dropout: bool,
    augmented: bool,
    threads: usize,
}

impl Case {
    fn trainer<T: Real>(&self) -> Trainer<T, LogLikelihood> {
        let trainer = Trainer::new(LogLikelihood)
            .optimizer(self.optimizer.parse::<AnyOptimizer>().unwrap())
            .regularizer(L2::new(0.3).unwrap())
            .schedule(Constant::new(0.01).unwrap())
            .measure(F1::macro_average())
            .monitor_training(true)
            .mini_batch(self.m)
            .leaves(self.leaves)
            .threads(self.threads)
            .stop(MaxEpochs::new(2).unwrap());
        if self.dropout { trainer.dropout(Dropout::new(0.1, 0.4).unwrap()) } else { trainer }
    }

    fn run<T: Real>(&self, trainer: &Trainer<T, LogLikelihood>) -> gradus::Result<String> {
        let (training, validation) = digits::<T>(self.n + 30).split_at(self.n).unwrap();
        let mut network = Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let weights = (0..self.n).map(|i| 0.5 + (i % 3) as f64 / 2.0).collect();
        let weighted = Weighted::new::<T>(training, weights).unwrap();
        let distorted = Augmented::new(&weighted, (28, 28), Elastic::new(4.0, 30.0).unwrap(), 1).unwrap();
        let training: &dyn Samples<T> = if self.augmented { &distorted } else { &weighted };
        let report = trainer.fit(&mut network, training, Some(&validation))?;
        Ok(bits(&network, &report))
    }

    fn assert_same_bits<T: Real>(&self) {
        let alone = self.run(&self.trainer::<T>()).unwrap();
        for size in [1, 2, 4, 8].into_iter().filter(|&size| size <= self.leaves) {
            for found in on_ranks(size, |rank| self.run(&self.trainer::<T>().ranks(rank)).unwrap()) {
                assert!(found.unwrap() == alone, "{size} ranks, {self:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn any_number_of_ranks_has_the_same_bits(
        n in 5_usize..70, m in 1_usize..40, depth in 1_u32..4, optimizer in 0_usize..4, dropout in any::<bool>(),
        augmented in any::<bool>(), threads in 1_usize..3,
    ) {
        let optimizer =
            ["sgd", "clip_by_global_norm(adam, limit=0.5)", "clip_by_norm(momentum(mu=0.9), limit=0.1)", "polyak_average(adam)"][optimizer];
        let case = Case { n, m, leaves: 1 << depth, optimizer, dropout, augmented, threads };
        case.assert_same_bits::<f32>();
        case.assert_same_bits::<f64>();
    }
}

/// More samples than go through the network at once are evaluated block by block, each block by one rank.
#[test]
fn many_samples_are_evaluated_by_all_ranks() {
    let set = |n: usize| {
        let x = DMatrix::from_fn(3, n, |i, j| ((i * 37 + j * 11) % 101) as f64 / 101.0);
        let labels: Vec<u32> = (0..n).map(|j| (j * j % 7 % 3) as u32).collect();
        Dataset::from_labels(x, &labels, 3).unwrap()
    };
    let (training, validation) = (set(8), set(1730));
    let run = |trainer: Trainer<f64, LogLikelihood>| {
        let mut network = Network::new(&[3, 4, 3], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
        bits(&network, &report)
    };
    let trainer = || {
        let trainer = Trainer::new(LogLikelihood).schedule(Constant::new(0.1).unwrap());
        trainer.stop(MaxEpochs::new(2).unwrap()).mini_batch(8).leaves(8)
    };
    let alone = run(trainer());
    for size in [2, 4, 8] {
        for found in on_ranks(size, |rank| run(trainer().ranks(rank))) {
            assert!(found.unwrap() == alone, "{size} ranks");
        }
    }
}

const CASE: Case =
    Case { n: 45, m: 10, leaves: 4, optimizer: "adam", dropout: true, augmented: false, threads: 1 };

#[test]
fn a_run_that_was_saved_by_four_ranks_goes_on_with_one_and_two() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let whole = CASE.run(&CASE.trainer::<f32>()).unwrap();
    // In the middle of the second epoch.
    let saving = |rank: Arc<Threads>| {
        let trainer = CASE
            .trainer::<f32>()
            .ranks(rank)
            .checkpoint(&path, Every::Steps(7))
            .stop(MaxEpochs::new(2).unwrap());
        CASE.run(&trainer.observe(LeaveAt { epoch: 2, step: 2 })).unwrap();
    };
    on_ranks(4, saving).into_iter().for_each(|rank| rank.unwrap());
    let run: Run<f32> = Run::load(&path).unwrap();
    assert_eq!((run.t, run.step), (7, 2));
    let resume = |trainer: Trainer<f32, LogLikelihood>| {
        let (training, validation) = digits::<f32>(75).split_at(45).unwrap();
        let mut network = Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let weights = (0..45).map(|i| 0.5 + (i % 3) as f64 / 2.0).collect();
        let weighted = Weighted::new::<f32>(training, weights).unwrap();
        let run = Run::load(&path).unwrap();
        let report = trainer.resume(run, &mut network, &weighted, Some(&validation)).unwrap();
        bits(&network, &report)
    };
    assert!(resume(CASE.trainer()) == whole);
    for size in [1, 2, 4] {
        for found in on_ranks(size, |rank| resume(CASE.trainer().ranks(rank))) {
            assert!(found.unwrap() == whole, "{size}");
        }
    }
}

#[derive(Debug)]
struct LeaveAt {
    epoch: usize,
    step: usize,
}

impl Observer<f32> for LeaveAt {
    fn on_step(&self, running: &Running<'_, f32>) -> ControlFlow<()> {
        if (running.epoch, running.step) == (self.epoch, self.step) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
    fn on_epoch(&self, running: &Running<'_, f32>) -> ControlFlow<()> {
        if (running.epoch, self.step) == (self.epoch, usize::MAX) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// At the first step of an epoch, in its middle, at its last step, and after it: with validation data and without.
#[test]
fn all_ranks_end_where_an_observer_of_the_first_ends_the_run() {
    for step in [1, 3, 5, usize::MAX] {
        for validate in [false, true] {
            let run = |trainer: Trainer<f32, LogLikelihood>| {
                let (training, validation) = digits::<f32>(75).split_at(45).unwrap();
                let mut network =
                    Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
                let validation = validate.then_some(&validation as &dyn Samples<f32>);
                let trainer = trainer.observe(LeaveAt { epoch: 1, step });
                let report = trainer.fit(&mut network, &training, validation).unwrap();
                assert_eq!(report.stop_reason, StopReason::Observer);
                bits(&network, &report)
            };
            let trainer = || CASE.trainer().monitor_training(false);
            let alone = run(trainer());
            for found in on_ranks(4, |rank| run(trainer().ranks(rank))) {
                assert!(found.unwrap() == alone, "step {step}, validation {validate}");
            }
        }
    }
    let budget = Duration::from_nanos(1);
    for found in on_ranks(4, |rank| CASE.run(&CASE.trainer::<f32>().time_budget(budget).ranks(rank)).unwrap())
    {
        assert!(found.unwrap().contains("TimeBudget { seconds: 1e-9 }"));
    }
}

/// What a rank of the tests does wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Error,
    Panic,
    Sleep,
}

/// Samples with a fault in call `at`.
fn faulty(at: usize, fault: Option<Fault>) -> impl Samples<f32> {
    Hooked::new(digits(45), move |call, epoch| match fault.filter(|_| call == at) {
        Some(Fault::Error) => Err(gone(epoch)),
        Some(Fault::Panic) => panic!("on purpose"),
        Some(Fault::Sleep) => {
            thread::sleep(Duration::from_secs(8));
            Ok(())
        }
        None => Ok(()),
    })
}

fn cause(error: &Error) -> &Error {
    if let Error::Interrupted(run) = error { &run.cause } else { error }
}

/// Before the first step, in the first one, in a later one, and in the evaluation of the training data.
#[test]
fn a_rank_that_fails_ends_all_with_its_number_and_its_reason() {
    for (size, failing, at) in [(2, 1, 1), (4, 0, 2), (4, 2, 2), (4, 3, 4), (4, 1, 7), (8, 5, 5)] {
        for fault in [Fault::Error, Fault::Panic] {
            let start = Instant::now();
            let results = on_ranks(size, |rank| {
                let data = faulty(at, (rank.rank() == failing).then_some(fault));
                let mut network =
                    Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
                let trainer = Case { leaves: 8, m: 16, ..CASE }.trainer::<f32>().ranks(rank);
                trainer.fit(&mut network, &data, None).map(drop)
            });
            assert!(start.elapsed() < Duration::from_secs(10), "nobody waits");
            for (rank, result) in results.into_iter().enumerate() {
                match result {
                    Err(panic) => {
                        assert_eq!((rank, fault), (failing, Fault::Panic));
                        assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
                    }
                    Ok(result) => match cause(&result.unwrap_err()) {
                        Error::Samples { .. } => assert_eq!((rank, fault), (failing, Fault::Error)),
                        Error::Rank(RankError { rank: named, problem: RankProblem::Failed { reason } }) => {
                            let wanted = if fault == Fault::Error { "the disk is gone" } else { "panicked" };
                            assert!(
                                rank != failing && *named == failing && reason.contains(wanted),
                                "{reason}"
                            );
                        }
                        error => panic!(
                            "{size} ranks, rank {failing} fails by {fault:?} in call {at}, rank {rank}: {error}"
                        ),
                    },
                }
            }
        }
    }
}

#[test]
fn a_rank_that_does_not_answer_is_named_by_all_others() {
    let start = Instant::now();
    let results = on_ranks(4, |rank| {
        let slow = rank.rank() == 2;
        let data = faulty(4, slow.then_some(Fault::Sleep));
        let mut network = Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let trainer = CASE.trainer::<f32>().ranks(rank).patience(Duration::from_secs(1));
        (slow, trainer.fit(&mut network, &data, None).map(drop), start.elapsed())
    });
    for result in results {
        let (slow, result, took) = result.unwrap();
        if !slow {
            let error = result.unwrap_err();
            assert!(
                matches!(
                    cause(&error),
                    Error::Rank(RankError { rank: 2, problem: RankProblem::Silent { .. } })
                ),
                "{error}"
            );
            assert!(took < Duration::from_secs(7), "{took:?}");
        }
    }
}

#[test]
fn a_rank_that_has_left_is_named_at_once() {
    let start = Instant::now();
    let results = on_ranks(4, |rank| {
        // One of them never begins.
        if rank.rank() == 1 { Ok(String::new()) } else { CASE.run(&CASE.trainer::<f32>().ranks(rank)) }
    });
    assert!(start.elapsed() < Duration::from_secs(10));
    for (rank, result) in results.into_iter().enumerate().filter(|(rank, _)| *rank != 1) {
        let error = result.unwrap().unwrap_err();
        assert!(
            matches!(cause(&error), Error::Rank(RankError { rank: 1, problem: RankProblem::Left })),
            "rank {rank}: {error}"
        );
    }
}

#[test]
fn what_differs_between_ranks_is_named_before_the_first_step() {
    /// What a rank has other than the first.
    type Differ = fn(Trainer<f32, LogLikelihood>) -> Trainer<f32, LogLikelihood>;
    let differ: [(&str, Differ); 4] = [
        ("seed", |trainer| trainer.seed(2)),
        ("mini-batch size m", |trainer| trainer.mini_batch(9)),
        ("stopping rule", |trainer| trainer.stop(MaxEpochs::new(3).unwrap())),
        ("measures", |trainer| trainer.measure(TopK::new(3).unwrap())),
    ];
    for (name, other) in differ {
        for result in on_ranks(4, |rank| {
            let other = if rank.rank() == 3 { other } else { |trainer| trainer };
            CASE.run(&other(CASE.trainer::<f32>().ranks(rank)))
        }) {
            let error = result.unwrap().unwrap_err();
            let Error::Rank(RankError { rank: 3, problem: RankProblem::Differs { name: found, .. } }) =
                &error
            else {
                panic!("{error}")
            };
            assert_eq!(found, name);
        }
    }
    for (sizes, n, wanted) in
        [([784, 41, 10], 45, "sizes of the layers"), ([784, 40, 10], 44, "number of training samples")]
    {
        for result in on_ranks(2, |rank| {
            let (sizes, n) = if rank.rank() == 1 { (sizes, n) } else { ([784, 40, 10], 45) };
            let mut network = Network::new(&sizes, Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
            CASE.trainer::<f32>().ranks(rank).fit(&mut network, &digits(n), None).map(drop)
        }) {
            let error = result.unwrap().unwrap_err();
            let Error::Rank(RankError { rank: 1, problem: RankProblem::Differs { name, .. } }) = &error
            else {
                panic!("{error}")
            };
            assert_eq!(name, wanted);
        }
    }
    for result in on_ranks(2, |rank| {
        let seed = 1 + rank.rank() as u64;
        let mut network =
            Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, seed).unwrap();
        CASE.trainer::<f32>().ranks(rank).fit(&mut network, &digits(45), None).map(drop)
    }) {
        let error = result.unwrap().unwrap_err();
        assert!(error.to_string().contains("rank 1: it has parameters with the hash = "), "{error}");
    }
}

/// A setting with a text of the user's: of several lines, or longer than a message.
#[derive(Clone)]
struct Told(String);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl LrSchedule for Told {
    fn rate(&self, _: &gradus::schedule::Progress<'_>) -> Option<f64> {
        Some(0.01)
    }
}

#[test]
fn settings_with_texts_of_any_kind_are_compared() {
    let long = "x".repeat(100_000);
    let wide = "ü".repeat(40_000);
    for (first, second, wanted) in [
        ("two\nlines".to_owned(), "two\nother lines".to_owned(), "schedule"),
        (format!("{long}1"), format!("{long}2"), "settings with the hash"),
        (format!("{wide}1"), format!("{wide}2"), "settings with the hash"),
    ] {
        let run = |rank: Arc<Threads>, second: &str, seed: u64| {
            let text = if rank.rank() == 0 { &first } else { second };
            let seed = if rank.rank() == 0 { 1 } else { seed };
            let mut network =
                Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, seed).unwrap();
            let trainer = CASE.trainer::<f32>().schedule(Told(text.to_owned())).ranks(rank);
            trainer.fit(&mut network, &digits(45), None).map(drop)
        };
        for (second, seed, wanted) in [(&second, 1, wanted), (&first, 2, "parameters with the hash")] {
            for result in on_ranks(2, |rank| run(rank, second, seed)) {
                let error = result.unwrap().unwrap_err();
                let Error::Rank(RankError { rank: 1, problem: RankProblem::Differs { name, .. } }) = &error
                else {
                    panic!("{error}")
                };
                assert_eq!(name, wanted);
            }
        }
        assert!(on_ranks(2, |rank| run(rank, &first, 1)).into_iter().all(|result| result.unwrap().is_ok()));
    }
}

/// For as long as can be said.
#[test]
fn endless_patience_is_no_panic() {
    for result in on_ranks(2, |rank| CASE.run(&CASE.trainer::<f32>().patience(Duration::MAX).ranks(rank))) {
        assert!(result.unwrap().is_ok());
    }
    let long = |rank: Arc<Threads>| agree_within(&*rank, Duration::MAX, Ok(rank.rank())).unwrap();
    assert!(on_ranks(4, long).into_iter().map(Result::unwrap).eq(0..4));
    let start = Instant::now();
    let impatient = |rank: Arc<Threads>| {
        if rank.rank() == 1 {
            thread::sleep(Duration::from_secs(2));
        }
        agree_within(&*rank, Duration::from_millis(100), Ok(())).is_err()
    };
    assert!(on_ranks(2, impatient)[0].as_ref().is_ok_and(|late| *late));
    assert!(start.elapsed() < Duration::from_secs(10));
}

/// The window and the weights of streamed samples are a part of the data.
#[test]
fn ranks_with_other_windows_or_weights_do_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digits");
    Streamed::write(&digits::<f32>(4_500), &path).unwrap();
    let fails = |window: [usize; 2], weight: [f64; 2], wanted: &str| {
        for result in on_ranks(2, |rank| {
            let streamed = Streamed::open([&path])?.window(window[rank.rank()])?;
            let data = Weighted::new::<f32>(streamed, vec![weight[rank.rank()]; 4_500])?;
            let mut network = Network::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, 1)?;
            CASE.trainer::<f32>().ranks(rank).fit(&mut network, &data, None).map(drop)
        }) {
            let error = result.unwrap().unwrap_err();
            assert!(error.to_string().starts_with(&format!("rank 1: it has {wanted}")), "{error}");
        }
    };
    fails([1, 2 << 20], [1.0, 1.0], "blocks of the samples");
    fails([1, 1], [1.0, 1.5], "fingerprint of the data");
}

/// Messages of two runs at once on the same ranks are told apart by what the runs are of.
#[test]
fn two_runs_at_once_are_an_error_or_have_their_own_bits() {
    let trainer = |seed| CASE.trainer::<f32>().seed(seed).patience(Duration::from_secs(2));
    let alone: Vec<String> = (0..2).map(|seed| CASE.run(&trainer(seed)).unwrap()).collect();
    for _ in 0..3 {
        let results = on_ranks(2, |rank| {
            thread::scope(|scope| {
                let runs = [0, 1].map(|seed| {
                    let trainer = trainer(seed).ranks(rank.clone());
                    scope.spawn(move || CASE.run(&trainer))
                });
                runs.map(|run| run.join().unwrap())
            })
        });
        for (seed, result) in results.into_iter().flat_map(|results| results.unwrap().into_iter().enumerate())
        {
            assert!(result.is_err() || result.is_ok_and(|bits| bits == alone[seed]));
        }
    }
}

#[test]
fn impossible_numbers_of_ranks_are_refused() {
    for (size, leaves) in [(3, 4), (4, 2), (2, 1)] {
        for result in on_ranks(size, |rank| {
            let case = Case { leaves, ..CASE };
            case.run(&case.trainer::<f32>().ranks(rank))
        }) {
            let error = result.unwrap().unwrap_err();
            assert!(matches!(error, Error::Setting { name: "number of ranks", .. }), "{error}");
        }
    }
}

/// A checkpoint that only the first rank writes, and cannot.
#[test]
fn a_checkpoint_that_cannot_be_written_ends_all() {
    for (rank, result) in on_ranks(4, |rank| {
        let trainer = CASE.trainer::<f32>().ranks(rank).checkpoint("/no/such/folder/run", Every::Epochs(5));
        CASE.run(&trainer)
    })
    .into_iter()
    .enumerate()
    {
        let error = result.unwrap().unwrap_err();
        match cause(&error) {
            Error::File { .. } => assert_eq!(rank, 0),
            Error::Rank(RankError { rank: 0, problem: RankProblem::Failed { reason } }) => {
                assert!(reason.contains("/no/such/folder"))
            }
            error => panic!("{error}"),
        }
    }
}

#[test]
fn what_one_rank_cannot_open_is_an_error_of_all() {
    for (rank, result) in on_ranks(4, |rank| {
        let opened = if rank.rank() == 2 { Streamed::open(["no/such/file"]).map(drop) } else { Ok(()) };
        agree(&*rank, opened)
    })
    .into_iter()
    .enumerate()
    {
        let error = result.unwrap().unwrap_err();
        match &error {
            Error::Stream(_) => assert_eq!(rank, 2),
            Error::Rank(RankError { rank: 2, problem: RankProblem::Failed { reason } }) => {
                assert!(reason.contains("no/such/file"))
            }
            error => panic!("{error}"),
        }
    }
    assert!(
        on_ranks(4, |rank| agree(&*rank, Ok(rank.rank())).unwrap()).into_iter().map(Result::unwrap).eq(0..4)
    );
}

/// Counts what is sent.
#[derive(Debug)]
struct Counting {
    rank: Arc<Threads>,
    bytes: Arc<Mutex<Vec<usize>>>,
}

impl Communicator for Counting {
    fn rank(&self) -> usize {
        self.rank.rank()
    }
    fn size(&self) -> usize {
        self.rank.size()
    }
    fn exchange(
        &self,
        partner: usize,
        exchange: Exchange,
        patience: Duration,
    ) -> Result<Exchange, RankProblem> {
        self.bytes.lock().unwrap().push(exchange.send.len());
        self.rank.exchange(partner, exchange, patience)
    }
}

/// 2 (R − 1)/R of the gradient for each step, and a head for each of 2 log₂ R messages.
#[test]
fn no_more_is_sent_than_the_best_algorithm_needs() {
    for size in [2, 4, 8] {
        for result in on_ranks(size, |rank| {
            let bytes = Arc::new(Mutex::new(Vec::new()));
            let mut network =
                Network::<f32, _, _>::new(&[784, 40, 10], Tanh, Softmax::default(), &ScaledGaussian, 1)
                    .unwrap();
            let counting = Counting { rank, bytes: bytes.clone() };
            let trainer =
                Trainer::new(LogLikelihood).leaves(8).mini_batch(16).stop(MaxEpochs::new(1).unwrap());
            trainer.threads(1).ranks(counting).fit(&mut network, &digits(64), None).unwrap();
            bytes.lock().unwrap().clone()
        }) {
            let bytes = result.unwrap();
            let (levels, gradient) = (size.ilog2() as usize, 4 * (784 * 40 + 40 + 40 * 10 + 10));
            // After the greeting, four steps.
            let steps: usize = bytes[levels..levels + 4 * 2 * levels].iter().sum();
            let (least, heads) = (4 * 2 * (size - 1) * gradient / size, 4 * 2 * levels * 36);
            assert!(steps >= least - heads && steps <= least + heads, "{size} ranks: {steps}, {least}");
        }
    }
}

/// Each rank is asked for its own samples only, and reads its own blocks.
#[test]
fn each_rank_reads_its_part_only() {
    for blocks in [false, true] {
        let train = |trainer: Trainer<f32, LogLikelihood>| {
            let mut data = Hooked::new(digits(400), |_, _| Ok(()));
            data.blocks = blocks.then(|| Blocks { starts: (0..=20).map(|i| 20 * i).collect(), window: 4 });
            data.fingerprint = Some(1);
            let mut network =
                Network::new(&[784, 10, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
            let trainer = trainer.leaves(4).mini_batch(24).threads(1).stop(MaxEpochs::new(1).unwrap());
            trainer.fit(&mut network, &data, None).unwrap();
            // The last are those that are looked at for silent neurons.
            let asked = data.asked.into_inner().unwrap().into_iter();
            let mut asked: Vec<usize> = asked.flat_map(|(_, indices)| indices).collect();
            asked.truncate(asked.len() - 400);
            (network, asked)
        };
        let (alone, all) = train(Trainer::new(LogLikelihood));
        assert_eq!(all.len(), 400);
        let mut seen = HashSet::new();
        for result in on_ranks(4, |rank| train(Trainer::new(LogLikelihood).ranks(rank))) {
            let (network, asked) = result.unwrap();
            assert!(network == alone);
            assert!(asked.len() <= 104, "{}", asked.len());
            let touched: HashSet<usize> = asked.iter().map(|sample| sample / 20).collect();
            assert!(!blocks || touched.len() <= 7, "{} blocks of 20", touched.len());
            asked.into_iter().for_each(|sample| assert!(seen.insert(sample), "twice"));
        }
        assert_eq!(seen.len(), 400);
    }
}
