//! The same seed gives the same bits: for any number of threads, and whatever else is asked of the run.

use std::sync::Arc;

use gradus::optimizer::{ParameterKind, Scope};
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::Rng;
use rand::seq::SliceRandom;

use super::doubles::Hooked;

/// What is to be the same: the bits of every parameter, and the history without its timings.
#[derive(Debug, PartialEq)]
struct Run {
    parameters: Vec<u64>,
    history: Vec<EpochRecord>,
}

/// What may be asked of a run.
#[derive(Clone, Copy)]
struct Plan<'a> {
    sizes: &'a [usize],
    m: usize,
    epochs: usize,
    seed: u64,
    threads: Option<usize>,
}

impl Plan<'_> {
    fn trainer<T: Real>(&self) -> Trainer<T, LogLikelihood> {
        let trainer = Trainer::new(LogLikelihood)
            .optimizer(Momentum::new(0.5).unwrap())
            .regularizer(L2::new(0.1).unwrap())
            .schedule(Constant::new(0.05).unwrap())
            .stop(MaxEpochs::new(self.epochs).unwrap())
            .mini_batch(self.m)
            .keep_last()
            .seed(self.seed);
        match self.threads {
            Some(threads) => trainer.threads(threads),
            None => trainer,
        }
    }

    fn network<T: Real>(&self) -> Network<T, Tanh, Softmax> {
        Network::new(self.sizes, Tanh, Softmax::default(), &ScaledGaussian, self.seed).unwrap()
    }

    fn run<T: Real>(&self, data: &Dataset<T>) -> Run {
        self.run_with(data, |trainer| trainer)
    }

    fn run_with<T: Real>(
        &self,
        data: &Dataset<T>,
        change: impl Fn(Trainer<T, LogLikelihood>) -> Trainer<T, LogLikelihood>,
    ) -> Run {
        let mut network = self.network();
        let report = change(self.trainer()).fit(&mut network, data, Some(data)).unwrap();
        Run { parameters: bits(&network), history: timeless(&report) }
    }
}

/// Widening to `f64` keeps every bit of an `f32`.
fn bits<T: Real, H: Activation<T>, O: Activation<T>>(network: &Network<T, H, O>) -> Vec<u64> {
    network.parameters().flatten().map(|p| p.to_f64().to_bits()).collect()
}

fn timeless<T: Real>(report: &Report<T>) -> Vec<EpochRecord> {
    report.history.epochs().iter().map(|record| EpochRecord { seconds: 0.0, ..record.clone() }).collect()
}

const SMALL: Plan<'static> = Plan { sizes: &[784, 15, 10], m: 10, epochs: 2, seed: 1, threads: None };

#[test]
fn two_runs_with_the_same_seed_are_the_same() {
    let data = Dataset::<f32>::synthetic_digits(203, 1).unwrap();
    assert_eq!(SMALL.run(&data), SMALL.run(&data));
    let data = Dataset::<f64>::synthetic_digits(203, 1).unwrap();
    assert_eq!(SMALL.run(&data), SMALL.run(&data));
}

#[test]
fn different_seeds_differ() {
    let data = Dataset::<f32>::synthetic_digits(203, 1).unwrap();
    assert_ne!(SMALL.run(&data).parameters, Plan { seed: 2, ..SMALL }.run(&data).parameters);

    // Each of the two uses of a seed by itself: the same network trained in another order, and another network.
    let train = |network_seed, trainer_seed| {
        let mut network = Plan { seed: network_seed, ..SMALL }.network::<f32>();
        Plan { seed: trainer_seed, ..SMALL }.trainer().fit(&mut network, &data, None).unwrap();
        bits(&network)
    };
    assert_ne!(train(1, 1), train(1, 2));
    assert_ne!(train(1, 1), train(2, 1));
}

/// Runs the plan with 1, 2, 3 and 8 threads, and as many as the machine has.
fn assert_threads_do_not_matter<T: Real>(plan: Plan<'_>, data: &Dataset<T>) {
    assert_threads_do_not_matter_with(plan, data, |trainer| trainer);
}

fn assert_threads_do_not_matter_with<T: Real>(
    plan: Plan<'_>,
    data: &Dataset<T>,
    change: impl Fn(Trainer<T, LogLikelihood>) -> Trainer<T, LogLikelihood>,
) {
    let one = Plan { threads: Some(1), ..plan }.run_with(data, &change);
    for threads in [Some(2), Some(3), Some(8), None] {
        let run = Plan { threads, ..plan }.run_with(data, &change);
        let with = change(plan.trainer());
        assert!(
            run == one,
            "{:?}, m = {}: {threads:?} threads give other bits with {with:?}",
            plan.sizes,
            plan.m
        );
    }
}

/// Every optimizer of the crate, and nests of them: those that move parts of arrays, whole ones, and those that look at
/// all gradients first.
fn optimizers<T: Real>() -> Vec<Arc<dyn Optimizer<T>>> {
    let names = [
        "sgd",
        "momentum(mu=0.5)",
        "nesterov(mu=0.5)",
        "ada_grad",
        "ada_delta",
        "rms_prop",
        "rms_prop(centred=true, mu=0.5, epsilon=1e-3)",
        "adam",
        "adamw(lambda=0.1)",
        "lion(lambda=0.1)",
        "clip_by_value(momentum(mu=0.5), limit=1e-3)",
        "clip_by_norm(momentum(mu=0.5), limit=1e-2)",
        "clip_by_global_norm(momentum(mu=0.5), limit=1e-2)",
        "max_norm(momentum(mu=0.5), limit=0.5)",
        "max_norm(clip_by_global_norm(adam, limit=1e-2), limit=0.5)",
        "polyak_average(sgd, skip=3)",
        "exponential_average(clip_by_global_norm(adam, limit=1e-2), beta=0.9)",
    ];
    let parse = |name: &str| Arc::new(name.parse::<AnyOptimizer>().unwrap()) as Arc<dyn Optimizer<T>>;
    names.map(parse).into()
}

/// Small networks, whose layers are not divided, and such as are.
#[test]
fn threads_do_not_matter_for_any_optimizer_and_dropout() {
    let data = Dataset::<f32>::synthetic_digits(107, 1).unwrap();
    let large = Plan { sizes: &[784, 333, 117, 10], m: 50, epochs: 1, ..SMALL };
    for dropout in [None, Some(Dropout::new(0.2, 0.5).unwrap())] {
        for optimizer in optimizers() {
            for plan in [SMALL, large] {
                assert_threads_do_not_matter_with(plan, &data, |trainer| {
                    let eta = Constant::new(optimizer.default_rate()).unwrap();
                    let trainer = trainer.optimizer(optimizer.clone()).schedule(eta);
                    match dropout {
                        Some(dropout) => trainer.dropout(dropout),
                        None => trainer,
                    }
                });
            }
        }
    }
}

#[test]
fn threads_do_not_matter_for_small_networks() {
    let data = Dataset::<f32>::synthetic_digits(107, 1).unwrap();
    for m in [1, 10, 33, 107] {
        assert_threads_do_not_matter(Plan { m, ..SMALL }, &data);
    }
    assert_threads_do_not_matter(SMALL, &Dataset::<f64>::synthetic_digits(107, 1).unwrap());
}

/// Products that are divided among threads: forward, the weights' gradient, and the way back. 250 samples leave a
/// ragged last mini-batch of 50 or 10.
#[test]
fn threads_do_not_matter_for_large_networks() {
    let plan = Plan { sizes: &[784, 1024, 10], m: 100, epochs: 1, seed: 1, threads: None };
    assert_threads_do_not_matter(plan, &Dataset::<f32>::synthetic_digits(250, 1).unwrap());
    assert_threads_do_not_matter(plan, &Dataset::<f64>::synthetic_digits(250, 1).unwrap());
    let deep = Plan { sizes: &[784, 333, 517, 10], m: 60, ..plan };
    assert_threads_do_not_matter(deep, &Dataset::<f32>::synthetic_digits(250, 1).unwrap());
    // Few examples at a time, so that only the way back between the large layers is divided.
    let narrow = Plan { sizes: &[784, 700, 700, 10], m: 10, ..plan };
    assert_threads_do_not_matter(narrow, &Dataset::<f32>::synthetic_digits(25, 1).unwrap());
}

/// Shares of a mini-batch, one for each thread; of a whole batch, each in pieces of 1024 examples. 3,900 samples leave a
/// ragged last piece, and a last mini-batch of another size.
#[test]
fn threads_do_not_matter_for_shares() {
    fn data<T: Real>() -> Dataset<T> {
        let x = DMatrix::from_fn(6, 3900, |i, j| T::cast(((i * 31 + j * 17) % 101) as f64 / 50.0 - 1.0));
        let y = DMatrix::from_fn(3, 3900, |i, j| T::cast(f64::from(u8::from(i == j % 3))));
        Dataset::new(x, y).unwrap()
    }
    for m in [700, 3900] {
        let plan = Plan { sizes: &[6, 60, 40, 3], m, epochs: 3, seed: 1, threads: None };
        assert_threads_do_not_matter(plan, &data::<f32>());
        assert_threads_do_not_matter(plan, &data::<f64>());
        let dropout = Dropout::new(0.0, 0.5).unwrap();
        assert_threads_do_not_matter_with(plan, &data::<f32>(), |trainer| trainer.dropout(dropout));
        assert_threads_do_not_matter_with(plan, &data::<f32>(), |trainer| trainer.leaves(4));
    }
    let plan = Plan { sizes: &[6, 60, 40, 3], m: 3900, epochs: 3, seed: 1, threads: None };
    assert_threads_do_not_matter_with(plan, &data::<f64>(), |trainer| trainer.optimizer(Lbfgs::default()));
}

#[derive(Debug)]
struct Bystander;

impl<T: Real> Observer<T> for Bystander {}

#[test]
fn what_only_watches_changes_no_parameter() {
    let data = Dataset::<f32>::synthetic_digits(203, 1).unwrap();
    let bits_of = |trainer: Trainer<f32, LogLikelihood>, validation: bool| {
        let mut network = SMALL.network::<f32>();
        let validation = validation.then_some(&data as &dyn Samples<f32>);
        trainer.fit(&mut network, &data, validation).unwrap();
        bits(&network)
    };
    let plain = bits_of(SMALL.trainer(), false);
    assert_eq!(bits_of(SMALL.trainer(), true), plain);
    assert_eq!(bits_of(SMALL.trainer().monitor_training(true), true), plain);
    assert_eq!(bits_of(SMALL.trainer().observe(Bystander).observe(Bystander), false), plain);
}

/// Pixels and the same images as numbers are the same inputs, to the bit.
#[test]
fn how_the_data_are_stored_changes_nothing() {
    let data = Dataset::<f32>::synthetic_digits(203, 1).unwrap();
    assert_eq!(SMALL.run(&data), SMALL.run(&data.to_floats().unwrap()));
}

/// Stopping a run earlier does not change what came before.
#[test]
fn a_shorter_run_is_the_beginning_of_a_longer_one() {
    let data = Dataset::<f32>::synthetic_digits(203, 1).unwrap();
    let long = Plan { epochs: 4, ..SMALL }.run(&data);
    let short = Plan { epochs: 3, ..SMALL }.run(&data);
    assert_eq!(short.history, long.history[..3]);
}

/// Value stability: a release that changes these numbers changes every run that was ever recorded.
#[test]
fn the_streams_are_pinned() {
    let draws = |purpose, epoch, sample| {
        let mut rng = generator(1, purpose, epoch, sample);
        [rng.next_u64(), rng.next_u64()]
    };
    let found = [
        draws(Purpose::Initialize, 0, 1),
        draws(Purpose::Shuffle, 1, 0),
        draws(Purpose::Augment, 1, 7),
        draws(Purpose::User, 0, 0),
    ];
    assert_eq!(found, PINNED, "{found:#x?}");

    let mut order: Vec<usize> = (0..20).collect();
    order.shuffle(&mut generator(1, Purpose::Shuffle, 1, 0));
    assert_eq!(order, SHUFFLED);
}

const PINNED: [[u64; 2]; 4] = [
    [0x2f17_fc8a_b898_8513, 0x9e7a_3b01_5502_ad7b],
    [0x6794_8ae4_8b89_504f, 0xe0f1_8e3a_d676_d655],
    [0x4867_d15e_9f67_95cd, 0x0d37_76df_b7d4_9c76],
    [0xa7b0_04bb_06cd_94c9, 0xd060_4831_3955_6007],
];

const SHUFFLED: [usize; 20] = [13, 19, 7, 0, 8, 10, 16, 18, 3, 9, 2, 6, 17, 4, 1, 11, 15, 12, 14, 5];

/// The trainer takes the samples in the pinned order, every one once in each epoch, and in another in the next.
#[test]
fn the_trainer_shuffles_as_pinned() {
    let data = Dataset::new(DMatrix::from_element(1, 20, 0.5), DMatrix::from_element(1, 20, 0.5)).unwrap();
    let recorder = Hooked::new(data, |_, _| Ok(()));
    let mut network = Network::<f64, _, _>::new(&[1, 1], Linear, Sigmoid, &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(CrossEntropy).mini_batch(6).seed(1).stop(MaxEpochs::new(2).unwrap());
    trainer.fit(&mut network, &recorder, None).unwrap();

    // The first call is the look through the data before the first step, the last one that for silent neurons.
    let calls = recorder.asked.into_inner().unwrap();
    let calls = &calls[..calls.len() - 1];
    let sizes: Vec<_> = calls.iter().map(|(epoch, indices)| (*epoch, indices.len())).collect();
    assert_eq!(sizes, [(1, 20), (1, 6), (1, 6), (1, 6), (1, 2), (2, 6), (2, 6), (2, 6), (2, 2)]);
    let order = |of: u64| -> Vec<usize> {
        calls[1..].iter().filter(|(epoch, _)| *epoch == of).flat_map(|(_, indices)| indices.clone()).collect()
    };
    assert_eq!(order(1), SHUFFLED);
    assert_ne!(order(2), SHUFFLED);
    let mut sorted = order(2);
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<_>>());
}

/// A rule that does not say that it is elementwise, so that the trainer gives it whole arrays.
#[derive(Debug)]
struct Whole<O> {
    rule: O,
    sizes: Vec<usize>,
    scope: Scope,
}

impl<T: Real, O: Optimizer<T>> Optimizer<T> for Whole<O> {
    fn slots(&self) -> usize {
        self.rule.slots()
    }

    fn average_slot(&self) -> Option<usize> {
        self.rule.average_slot()
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let inputs = if at.kind == ParameterKind::Weights { self.sizes[at.layer] } else { 1 };
        let whole = at.rows * inputs;
        assert_eq!(at.rows, self.sizes[at.layer + 1]);
        assert_eq!((parameters.len(), gradient.len()), (whole, whole), "an array is not whole");
        assert!(slots.iter().all(|slot| slot.len() == whole), "a slot is not whole");
        self.rule.step(at, slots, parameters, gradient, eta);
    }
}

/// Arrays that are moved part by part get the same bits as whole ones, and only rules that allow it see parts.
#[test]
fn parts_of_arrays_move_as_the_whole() {
    let data = Dataset::<f32>::synthetic_digits(250, 1).unwrap();
    let elementwise = optimizers::<f32>().into_iter().filter(|rule| rule.scope() == Scope::Elementwise);
    for rule in elementwise {
        for (sizes, m, epochs) in [([784, 30, 10], 10, 2), ([784, 1024, 10], 100, 1)] {
            let plan = Plan { sizes: &sizes, m, epochs, seed: 1, threads: Some(2) };
            let mut by_parts = plan.network();
            plan.trainer().optimizer(rule.clone()).fit(&mut by_parts, &data, None).unwrap();
            for scope in [Scope::PerArray, Scope::Global] {
                let mut whole = plan.network();
                let trainer =
                    plan.trainer().optimizer(Whole { rule: rule.clone(), sizes: sizes.to_vec(), scope });
                trainer.fit(&mut whole, &data, None).unwrap();
                assert!(bits(&by_parts) == bits(&whole), "{sizes:?}, {rule:?}, {scope:?}");
            }
        }
    }
}
