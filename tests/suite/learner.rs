//! A training step is the same wherever it is called from, and a run goes on from any of its steps.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use gradus::optimizer::{ParameterKind, Scope};
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use gradus::{Error, Interruption};
use proptest::prelude::*;
use rand::seq::SliceRandom;

use super::doubles::{Hooked, gone, interruption};

const M: usize = 10;
const SEED: u64 = 3;

/// 47 images of 4 × 4 numbers in 3 classes: mini-batches of 10 leave one of 7.
fn data<T: Real>() -> Dataset<T> {
    let pixels = (0..47 * 16).map(|i| (i * 73 % 251) as u8).collect();
    let labels = (0..47).map(|i| (i * 5 % 3) as u8).collect();
    Dataset::from_pixels(pixels, 16, labels, 3).unwrap()
}

fn network<T: Real>() -> Network<T, Tanh, Softmax> {
    Network::new(&[16, 9, 7, 3], Tanh, Softmax::default(), &ScaledGaussian, SEED).unwrap()
}

/// Every optimizer of the crate.
const OPTIMIZERS: [&str; 16] = [
    "sgd",
    "momentum(mu=0.8)",
    "nesterov(mu=0.8)",
    "adam",
    "adamw",
    "rms_prop",
    "clip_by_value(momentum(mu=0.5), limit=0.01)",
    "clip_by_norm(adam, limit=0.1)",
    "clip_by_global_norm(adam, limit=0.1)",
    "max_norm(sgd, limit=0.9)",
    "ada_grad",
    "ada_delta",
    "rms_prop(centred=true, mu=0.5, epsilon=1e-3)",
    "lion(lambda=0.1)",
    "polyak_average(momentum, skip=7)",
    "exponential_average(adam, beta=0.9)",
];

/// A trainer with everything that has to go on: a schedule that reads the history, penalties, dropout.
fn trainer<T: Real>(number: usize, epochs: usize) -> Trainer<T, LogLikelihood> {
    Trainer::new(LogLikelihood)
        .optimizer(OPTIMIZERS[number].parse::<AnyOptimizer>().unwrap())
        .regularizer(Plus(L1::new(0.01).unwrap(), L2::new(0.1).unwrap()))
        .schedule(HalveOnPlateau::new(0.1, 1).unwrap())
        .dropout(Dropout::new(0.1, 0.3).unwrap())
        .stop(MaxEpochs::new(epochs).unwrap())
        .mini_batch(M)
        .seed(SEED)
}

/// What `fit` does, written out: shuffle, gather, step, and return the average if there is one.
fn loop_over_steps<T: Real>(number: usize, epochs: u64, eta: f64) -> Network<T, Tanh, Softmax> {
    let (data, mut network) = (data::<T>(), network());
    let trainer = trainer(number, 1);
    let mut learner = trainer.learner(&network).unwrap().training_samples(data.len());
    for epoch in 1..=epochs {
        let mut order: Vec<usize> = (0..data.len()).collect();
        order.shuffle(&mut generator(SEED, Purpose::Shuffle, epoch, 0));
        for indices in order.chunks(M) {
            let mut batch = Batch::zeros(16, 3, indices.len()).unwrap();
            batch.gather(&data, epoch, indices).unwrap();
            learner.step(&mut network, &batch, eta).unwrap();
        }
    }
    let average = learner.average().into_iter().flat_map(ParameterArrays::arrays);
    network
        .parameters_mut()
        .zip(average)
        .for_each(|(parameters, average)| parameters.copy_from_slice(average));
    network
}

fn fit_is_a_loop_over_steps<T: Real>(number: usize) {
    let mut fitted = network::<T>();
    let trainer = trainer(number, 3).schedule(Constant::new(0.05).unwrap());
    trainer.fit(&mut fitted, &data(), None).unwrap();
    assert_eq!(fitted, loop_over_steps(number, 3, 0.05), "optimizer {number}");
}

#[test]
fn fit_and_a_loop_over_steps_end_in_the_same_bits() {
    for number in 0..OPTIMIZERS.len() {
        fit_is_a_loop_over_steps::<f32>(number);
        fit_is_a_loop_over_steps::<f64>(number);
    }
}

/// Takes the run down after a number of steps, and ends it.
#[derive(Debug)]
struct StopAfter<T> {
    t: usize,
    taken: Arc<Mutex<Option<Run<T>>>>,
}

impl<T: Real> Observer<T> for StopAfter<T> {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        if (running.epoch - 1) * running.steps + running.step == self.t {
            *self.taken.lock().unwrap() = Some(running.run());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// The records without the seconds, which differ from run to run.
fn records(history: &History) -> Vec<EpochRecord> {
    history.epochs().iter().map(|record| EpochRecord { seconds: 0.0, ..record.clone() }).collect()
}

/// Trains for 4 epochs, and again with an interruption after `t` of the 20 steps, through JSON and with other numbers of
/// threads.
fn goes_on_after<T: Real>(number: usize, t: usize, threads: (usize, usize)) {
    let data = data::<T>();
    let augmented =
        Augmented::new(data.clone(), (4, 4), Rotation::up_to_degrees(10.0).unwrap(), SEED).unwrap();
    let (mut whole, mut parts) = (network::<T>(), network::<T>());
    let wanted = trainer(number, 4).fit(&mut whole, &augmented, Some(&data)).unwrap();

    let taken = Arc::new(Mutex::new(None));
    let interrupted = trainer(number, 4).threads(threads.0).observe(StopAfter { t, taken: taken.clone() });
    let report = interrupted.fit(&mut parts, &augmented, Some(&data)).unwrap();
    let run = taken.lock().unwrap().take().unwrap();
    assert_eq!(report.stop_reason, StopReason::Observer);
    assert_eq!(report.run, run, "the report holds the run as the observer saw it last");

    let text = serde_json::to_string(&run).unwrap();
    let run: Run<T> = serde_json::from_str(&text).unwrap();
    let mut rest = network::<T>();
    let report =
        trainer(number, 4).threads(threads.1).resume(run, &mut rest, &augmented, Some(&data)).unwrap();
    assert_eq!(rest, whole, "optimizer {number}, after {t} steps");
    assert_eq!(records(&report.history), records(&wanted.history));
    assert_eq!((report.kept_epoch, report.stop_reason), (wanted.kept_epoch, wanted.stop_reason));
    assert_eq!((report.run.parameters, report.run.slots), (wanted.run.parameters, wanted.run.slots));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_run_goes_on_to_the_same_bits(
        number in 0..OPTIMIZERS.len(), t in 1usize..=20, before in 1usize..4, after in 1usize..4,
    ) {
        goes_on_after::<f32>(number, t, (before, after));
        goes_on_after::<f64>(number, t, (after, before));
    }
}

/// A run that is told to go on with something else says what.
#[test]
fn a_run_with_other_settings_does_not_go_on() {
    let run = trainer::<f64>(3, 1).fit(&mut network(), &data(), Some(&data())).unwrap().run;
    let others = [
        ("optimizer", trainer(4, 2)),
        ("regularizer", trainer(3, 2).regularizer(NoRegularizer)),
        ("schedule", trainer(3, 2).schedule(Constant::new(0.1).unwrap())),
        ("dropout", trainer(3, 2).dropout(Dropout::new(0.0, 0.3).unwrap())),
        ("mini-batch", trainer(3, 2).mini_batch(9)),
        ("seed", trainer(3, 2).seed(4)),
    ];
    for (name, other) in others {
        let mut network = network();
        let error = other.resume(run.clone(), &mut network, &data(), Some(&data())).unwrap_err();
        assert!(matches!(&error, Error::OtherSettings { .. }) && error.to_string().contains(name), "{error}");
        assert_eq!(network, self::network(), "untouched");
    }
    let fewer = data().slice(0..46).unwrap();
    let error = trainer(3, 2).resume(run.clone(), &mut network(), &fewer, Some(&fewer)).unwrap_err();
    assert!(error.to_string().contains("training samples = 47"), "{error}");
    let mut small: Network<f64, _, _> =
        Network::new(&[16, 9, 3], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
    assert!(trainer(3, 2).resume(run.clone(), &mut small, &data(), Some(&data())).is_err());
    // The activations of the network are settings too, if it has the same sizes.
    let mut other = Network::new(&[16, 9, 7, 3], Relu, Softmax::default(), &ScaledGaussian, SEED).unwrap();
    let error =
        trainer(3, 2).resume(run.clone(), &mut other, &data(), Some(&data())).unwrap_err().to_string();
    assert!(
        error.contains("activations = tanh, tanh, softmax(sharpness=1), and cannot go on with"),
        "{error}"
    );
    let sharp = Softmax::with_sharpness(2.0).unwrap();
    let mut other = Network::new(&[16, 9, 7, 3], Tanh, sharp, &ScaledGaussian, SEED).unwrap();
    assert!(trainer(3, 2).resume(run, &mut other, &data(), Some(&data())).is_err());
}

/// An observer that only listens.
#[derive(Debug, Default)]
struct Ends(Mutex<Vec<String>>);

impl<T: Real> Observer<T> for Ends {
    fn on_end(&self, outcome: &Outcome<'_, T>) {
        let text = match outcome.result {
            Ok(report) => format!("{:?} after {}", report.stop_reason, report.history.len()),
            Err(error) => error.to_string(),
        };
        self.0.lock().unwrap().push(text);
    }
}

/// A schedule that is over before the run is.
#[derive(Debug)]
struct FallsToZero;

impl LrSchedule for FallsToZero {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(0.1 * (4 - progress.epoch) as f64)
    }
}

/// Whatever ends a run: the history and the best parameters stay, and observers are told once.
#[test]
fn an_error_in_mid_run_loses_nothing() {
    let (data, ends) = (data::<f64>(), Arc::new(Ends::default()));
    let new = || trainer::<f64>(0, 9).observe(ends.clone());
    let mut whole = network();
    let wanted = trainer(0, 3).schedule(FallsToZero).fit(&mut whole, &data, Some(&data)).unwrap();

    let mut left = network();
    let error = new().schedule(FallsToZero).fit(&mut left, &data, Some(&data)).unwrap_err();
    let Interruption { epoch: 4, step: 1, kept, history, cause, .. } = interruption(error) else { panic!() };
    assert!(matches!(cause, Error::Setting { .. }), "{cause}");
    assert_eq!((left, records(&history), kept), (whole, records(&wanted.history), wanted.kept_epoch));

    let mut left = network();
    let samples = Hooked::new(data.clone(), |_, epoch| if epoch == 3 { Err(gone(epoch)) } else { Ok(()) });
    let error = new().fit(&mut left, &samples, Some(&data)).unwrap_err();
    let Interruption { epoch: 3, step: 1, kept, history, cause, .. } = interruption(error) else { panic!() };
    assert!(matches!(cause, Error::Samples { epoch: 3, .. }), "{cause}");
    assert_eq!(history.len(), 2);
    let mut two = network();
    let report = trainer(0, 2).fit(&mut two, &data, Some(&data)).unwrap();
    assert_eq!((left, kept), (two, report.kept_epoch));

    let told = ends.0.lock().unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("learning rate") && told[1].contains("the disk is gone"), "{told:?}");
}

/// A cost that overflows ends the run within the step, and names the sample.
#[test]
fn divergence_ends_the_run_within_the_step() {
    let mut x = DMatrix::from_fn(1, 40, |_, j| j as f64 / 40.0);
    x[17] = 1e200;
    let data = Dataset::new(x, DMatrix::from_element(1, 40, 1.0)).unwrap();
    let mut network = Network::<f64, Linear, _>::new(&[1, 1], Linear, Linear, &LargeGaussian, 1).unwrap();
    let before = network.clone();
    let error = Trainer::new(Quadratic).mini_batch(1).fit(&mut network, &data, None).unwrap_err();
    let Interruption { epoch: 1, step, kept: 0, history, cause, .. } = interruption(error) else { panic!() };
    let mut order: Vec<usize> = (0..40).collect();
    order.shuffle(&mut generator(0, Purpose::Shuffle, 1, 0));
    assert_eq!(order[step - 1], 17);
    assert!(matches!(cause, Error::Diverged { quantity: "cost", sample: Some(17), .. }), "{cause}");
    assert!(history.is_empty());
    assert_eq!(network, before);
}

/// Counts the kinds and shapes that it is handed.
#[derive(Debug, Default)]
struct Shapes(Mutex<Vec<Shape>>);

/// The step, the layer, whether it is weights, rows, length.
type Shape = (u64, usize, bool, usize, usize);

impl Optimizer<f64> for Shapes {
    fn scope(&self) -> Scope {
        Scope::PerArray
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [f64]], w: &mut [f64], g: &mut [f64], _: f64) {
        assert!(slots.is_empty() && w.len() == g.len());
        self.0.lock().unwrap().push((at.t, at.layer, at.kind == ParameterKind::Weights, at.rows, w.len()));
    }
}

#[test]
fn an_optimizer_is_told_what_it_moves() {
    let shapes = Arc::new(Shapes::default());
    let trainer = Trainer::new(LogLikelihood).optimizer(shapes.clone());
    let mut network = network();
    let mut batch = Batch::zeros(16, 3, 2).unwrap();
    batch.gather(&data(), 1, &[0, 1]).unwrap();
    let mut learner = trainer.learner(&network).unwrap();
    learner.step(&mut network, &batch, 0.1).unwrap();
    learner.step(&mut network, &batch, 0.1).unwrap();
    let of_step = |t| {
        [
            (t, 0, true, 9, 144),
            (t, 0, false, 9, 9),
            (t, 1, true, 7, 63),
            (t, 1, false, 7, 7),
            (t, 2, true, 3, 21),
            (t, 2, false, 3, 3),
        ]
    };
    assert_eq!(*shapes.0.lock().unwrap(), [of_step(1), of_step(2)].concat());
}

/// A sample of weight 2 is the sample twice, and one of weight 0 is not there: but for the number of examples, m.
#[test]
fn weights_count_samples() {
    let gradient = |indices: &[usize], weights: &[f64]| {
        let network = network::<f64>();
        let mut batch = Batch::zeros(16, 3, indices.len()).unwrap();
        batch.gather(&data(), 1, indices).unwrap();
        batch.weights.copy_from_slice(weights);
        let mut workspace = Workspace::new(&network.sizes(), indices.len()).unwrap();
        let mut gradient = ParameterArrays::zeros(&network.sizes());
        network.forward(&batch.x, &mut workspace);
        let cost = network.cost(&LogLikelihood, &batch, &mut workspace);
        network.backward(&LogLikelihood, &batch, &mut workspace, &mut gradient);
        (cost, gradient.values().iter().map(|g| g * indices.len() as f64).collect::<Vec<_>>())
    };
    let (cost, weighted) = gradient(&[3, 8, 20], &[2.0, 1.0, 0.0]);
    let (wanted_cost, wanted) = gradient(&[3, 3, 8], &[1.0; 3]);
    assert!((cost - wanted_cost).abs() < 1e-14 * wanted_cost.abs());
    for (found, wanted) in weighted.iter().zip(&wanted) {
        assert!((found - wanted).abs() < 1e-14, "{found} for {wanted}");
    }
}

/// Two classes, 99 : 1, one standard deviation apart: without weights the rare one is never found.
#[test]
fn balanced_weights_find_the_rare_class() {
    let mut rng = generator(1, Purpose::User, 0, 0);
    let n = 5000;
    let x = DMatrix::from_fn(1, n, |_, j| f64::from(u8::from(j % 100 == 0)) + f64::sample_normal(&mut rng));
    let y = DMatrix::from_fn(2, n, |i, j| f64::from(u8::from((j % 100 == 0) == (i == 1))));
    let data = Dataset::new(x, y).unwrap();
    let recall = |training: &dyn Samples<f64>| {
        let mut network = Network::new(&[1, 4, 2], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let trainer =
            Trainer::new(LogLikelihood).optimizer(Adam::default()).stop(MaxEpochs::new(10).unwrap());
        trainer.fit(&mut network, training, None).unwrap();
        let (rare, all) = (0..n).filter(|j| j % 100 == 0).fold((0, 0), |(found, all), j| {
            let (mut x, mut y) = (DMatrix::zeros(1, 1), DMatrix::zeros(2, 1));
            data.gather(1, &[j], &mut x, &mut y).unwrap();
            let outputs = network.predict(&x).unwrap();
            (found + usize::from(outputs[1] > outputs[0]), all + 1)
        });
        f64::from(rare as u32) / f64::from(all)
    };
    assert_eq!(recall(&data), 0.0);
    assert!(recall(&Weighted::balanced(data.clone()).unwrap()) > 0.5);
}

/// For linear networks the mean over many masks is the network without any.
#[test]
fn dropout_is_unbiased() {
    let network = Network::<f64, _, _>::new(&[5, 6, 2], Linear, Linear, &ScaledGaussian, 1).unwrap();
    let (x, y) = (DMatrix::from_fn(5, 1, |i, _| 1.0 + i as f64), DMatrix::zeros(2, 1));
    let outputs = network.predict(&x).unwrap();
    // The gradient of the quadratic cost for the target 0 and the bias b is the output itself.
    let trainer = Trainer::new(Quadratic).dropout(Dropout::new(0.2, 0.5).unwrap());
    let mut learner = trainer.learner(&network).unwrap();
    let (draws, eta) = (20_000, 1e-300);
    let mut sums = [0.0; 2];
    let mut squares = [0.0; 2];
    let mut same = network.clone();
    let mut batch = Batch::new(x, y).unwrap();
    for epoch in 0..draws {
        batch.epoch = epoch;
        // A step of almost no length, of which the bias tells the gradient.
        let before = same.output().biases.clone();
        same.output_mut().biases.fill(0.0);
        learner.step(&mut same, &batch, eta).unwrap();
        for (i, step) in same.output().biases.iter().enumerate() {
            let output = -step / eta + before[i];
            sums[i] += output;
            squares[i] += output * output;
        }
        same.output_mut().biases.copy_from(&before);
    }
    let n = draws as f64;
    for i in 0..2 {
        let mean = sums[i] / n;
        let deviation = (squares[i] / n - mean * mean).sqrt();
        assert!(deviation > 0.1, "something is left out");
        // Five standard errors: a false alarm once in two million.
        assert!((mean - outputs[i]).abs() < 5.0 * deviation / n.sqrt(), "{mean} for {}", outputs[i]);
    }
}

/// In a loop of one's own each step leaves out others, also for a batch that is the same each time; a batch of an epoch
/// has the masks of that epoch.
#[test]
fn a_batch_of_no_epoch_has_other_masks_in_each_step() {
    let x = DMatrix::from_fn(16, 2, |i, j| (i + j) as f64 / 16.0);
    let mut batch = Batch::new(x, DMatrix::from_fn(3, 2, |i, j| f64::from(u8::from(i == j)))).unwrap();
    let trainer = Trainer::new(LogLikelihood).dropout(Dropout::new(0.2, 0.4).unwrap()).seed(SEED);
    let costs = |batch: &Batch<f64>| -> Vec<f64> {
        let mut network = network::<f64>();
        let mut learner = trainer.learner(&network).unwrap();
        // The steps have almost no length, so that the costs differ by the masks alone.
        (0..10).map(|_| learner.step(&mut network, batch, 1e-300).unwrap()).collect()
    };
    let free = costs(&batch);
    for (i, cost) in free.iter().enumerate() {
        assert!(!free[..i].contains(cost), "{free:?}");
    }
    assert_eq!(costs(&batch), free);
    batch.epoch = 1;
    let bound = costs(&batch);
    assert!(bound.iter().all(|cost| *cost == bound[0]) && !free.contains(&bound[0]), "{bound:?} {free:?}");
}

/// With rate 0 the bits are those without dropout.
#[test]
fn no_dropout_is_dropout_of_nothing() {
    let train = |trainer: Trainer<f32, LogLikelihood>| {
        let mut network = network();
        trainer.stop(MaxEpochs::new(2).unwrap()).fit(&mut network, &data(), None).unwrap();
        network
    };
    let none = Trainer::new(LogLikelihood).mini_batch(M);
    assert_eq!(train(none.clone().dropout(Dropout::new(0.0, 0.0).unwrap())), train(none.clone()));
    assert_ne!(train(none.clone().dropout(Dropout::new(0.0, 0.5).unwrap())), train(none));
}

/// The gradient with masks is that of the function with the same masks: central differences through the learner's cost.
#[test]
fn the_gradient_with_dropout_is_that_of_the_masked_network() {
    let mut network = network::<f64>();
    let mut batch = Batch::zeros(16, 3, 4).unwrap();
    batch.gather(&data(), 1, &[0, 5, 9, 30]).unwrap();
    let trainer = Trainer::new(LogLikelihood).dropout(Dropout::new(0.2, 0.4).unwrap()).seed(SEED);
    let cost = |network: &Network<f64, Tanh, Softmax>| {
        let mut copy = network.clone();
        trainer.learner(network).unwrap().step(&mut copy, &batch, 1e-9).unwrap()
    };
    let eta = 0.5;
    let mut moved = network.clone();
    trainer.learner(&network).unwrap().step(&mut moved, &batch, eta).unwrap();
    let gradient: Vec<f64> = network
        .parameters()
        .flatten()
        .zip(moved.parameters().flatten())
        .map(|(before, after)| (before - after) / eta)
        .collect();
    let mut zeros = 0;
    for (index, gradient) in gradient.into_iter().enumerate() {
        let mut at = |h: f64| {
            let parameter = network.parameters_mut().flatten().nth(index).unwrap();
            let before = std::mem::replace(parameter, *parameter + h);
            let there = cost(&network);
            *network.parameters_mut().flatten().nth(index).unwrap() = before;
            there
        };
        let h = 1e-5;
        let slope = (at(h) - at(-h)) / (2.0 * h);
        zeros += usize::from(gradient == 0.0);
        assert!((slope - gradient).abs() < 1e-8, "parameter {index}: {gradient} for {slope}");
    }
    assert!(zeros > 0, "some neuron is left out of every example");
}

/// Whatever a learner refuses leaves the network and its own state as they were: the next step is the first one.
#[test]
fn a_refused_step_is_no_step() {
    let trainer = Trainer::<f32, _>::new(LogLikelihood).optimizer(Adam::default());
    let mut batch = Batch::zeros(16, 3, 4).unwrap();
    batch.gather(&data::<f32>(), 1, &[0, 5, 9, 30]).unwrap();
    let mut wanted = network::<f32>();
    let cost = trainer.learner(&wanted).unwrap().step(&mut wanted, &batch, 0.1).unwrap();

    let mut found = network::<f32>();
    let mut learner = trainer.learner(&found).unwrap();
    let mut refused = |batch: &Batch<f32>, eta: f64, words: &str| {
        let error = learner.step(&mut found, batch, eta).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        let sizes = "sizes have to be those that the learner was made for";
        let mut other = Network::new(&[16, 9, 8, 3], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let error = learner.step(&mut other, &Batch::zeros(16, 3, 4).unwrap(), 0.1).unwrap_err().to_string();
        assert!(error.contains(sizes), "{error}");
        assert_eq!((&found, learner.steps()), (&network(), 0));
        assert!(learner.slots().iter().all(|slot| slot.values().iter().all(|value| *value == 0.0)));
    };
    for (eta, words) in [
        (0.0, "outside (0, ∞)"),
        (-0.1, "outside (0, ∞)"),
        (f64::NAN, "outside (0, ∞)"),
        (f64::INFINITY, "outside (0, ∞)"),
        (1e-50, "outside the numbers of f32, [1.4e-45, 3.4e38]: it rounds to 0 in f32"),
        (1e39, "it rounds to ∞ in f32; use a smaller rate or f64"),
    ] {
        refused(&batch, eta, words);
    }
    let with = |change: fn(&mut Batch<f32>)| {
        let mut changed = batch.clone();
        change(&mut changed);
        changed
    };
    for (wrong, words) in [
        (
            with(|batch| batch.x = DMatrix::zeros(15, 4)),
            "rows of x, one for each input of the network (a column is an example): 15 given, 16 needed",
        ),
        (
            with(|batch| batch.y = DMatrix::zeros(4, 4)),
            "rows of y, one for each output of the network (a column is an example): 4 given, 3 needed",
        ),
        (
            with(|batch| batch.y = DMatrix::zeros(3, 3)),
            "columns of y, one for each of x (a column is an example): 3 given, 4 needed",
        ),
        (with(|batch| batch.weights.truncate(1)), "weights of the batch, one for each example: 1 given"),
        (
            with(|batch| batch.samples.clear()),
            "numbers of samples of the batch, one for each example: 0 given",
        ),
        (with(|batch| batch.weights[2] = f32::NAN), "weight of an example = NaN"),
        (with(|batch| batch.weights[3] = f32::NEG_INFINITY), "weight of an example = -inf"),
        (Batch::new(DMatrix::zeros(16, 0), DMatrix::zeros(3, 0)).unwrap(), "the batch is empty"),
        (with(|batch| batch.x[(3, 1)] = f32::NAN), "the weighted input z became NaN in layer 1"),
        (with(|batch| batch.x.fill(f32::MAX)), "the weighted input z became"),
    ] {
        refused(&wrong, 0.1, words);
    }
    assert_eq!(learner.step(&mut found, &batch, 0.1).unwrap(), cost);
    assert_eq!(found, wanted);
}

/// Replaces a large gradient by one of another size.
#[derive(Debug)]
struct Replaces;

impl Optimizer<f64> for Replaces {
    fn scope(&self) -> Scope {
        Scope::Global
    }

    fn prepare(&self, gradient: &mut ParameterArrays<f64>) {
        if gradient.values().iter().any(|g| *g > 0.5) {
            *gradient = ParameterArrays::zeros(&[1, 1]);
        }
    }

    fn step(&self, _: &StepInfo, _: &mut [&mut [f64]], w: &mut [f64], gradient: &mut [f64], eta: f64) {
        w.iter_mut().zip(gradient).for_each(|(w, g)| *w -= eta * *g);
    }
}

/// A gradient of another size is an error, and the steps go on after it.
#[test]
fn an_optimizer_that_replaces_the_gradient() {
    let trainer = Trainer::new(Quadratic).optimizer(Replaces);
    let mut network = Network::<f64, Linear, _>::new(&[2, 1], Linear, Linear, &ScaledGaussian, 1).unwrap();
    network.parameters_mut().for_each(|parameters| parameters.fill(0.0));
    let mut learner = trainer.learner(&network).unwrap();
    let mut step = |y: f64| {
        let batch = Batch::new(DMatrix::from_element(2, 1, 1.0), DMatrix::from_element(1, 1, y)).unwrap();
        learner.step(&mut network, &batch, 0.1).map_err(|error| error.to_string())
    };
    let error = step(-1.0).unwrap_err();
    assert!(error.contains("the gradient after `prepare`") && error.contains("2 given, 3 needed"), "{error}");
    step(0.25).unwrap();
    assert_eq!((learner.steps(), network.output().weights[0]), (1, 0.025));
    let error = gradus::check::optimizer(&Replaces).unwrap_err().to_string();
    assert!(error.contains("prepare keeps the number of values"), "{error}");
}

/// A learner with the state of a run takes the step that the run would have taken next, and refuses the state of others.
#[test]
fn a_learner_continues_with_the_state_of_a_run() {
    let (x, y) = (DMatrix::from_element(2, 1, 1.0), DMatrix::from_element(1, 1, 0.3));
    let data = Dataset::new(x.clone(), y.clone()).unwrap();
    let initial = Network::<f64, _, _>::new(&[2, 3, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap();
    let trainer = |optimizer: AnyOptimizer, epochs| {
        let rule = MaxEpochs::new(epochs).unwrap();
        Trainer::new(Quadratic).optimizer(optimizer).schedule(Constant::new(0.1).unwrap()).stop(rule)
    };
    for name in ["adam", "momentum(mu=0.9)", "polyak_average(ada_grad)"] {
        let optimizer: AnyOptimizer = name.parse().unwrap();
        let run =
            |epochs| trainer(optimizer.clone(), epochs).fit(&mut initial.clone(), &data, None).unwrap().run;
        let (run, longer) = (run(2), run(3));
        let mut network = initial.clone();
        network.parameters_mut().zip(run.parameters.arrays()).for_each(|(to, from)| to.copy_from_slice(from));
        let trainer = trainer(optimizer.clone(), 1);
        let mut learner = trainer.learner(&network).unwrap().with_state_of(run.clone()).unwrap();
        learner.step(&mut network, &Batch::new(x.clone(), y.clone()).unwrap(), 0.1).unwrap();
        assert_eq!(ParameterArrays::from_network(&network), longer.parameters, "{name}");
        assert_eq!((learner.slots(), learner.steps()), (&longer.slots[..], longer.t), "{name}");

        let other = Trainer::new(Quadratic).optimizer(AnyOptimizer::from(Nesterov::new(0.9).unwrap()));
        let error = other.learner(&network).unwrap().with_state_of(run.clone()).unwrap_err();
        assert!(matches!(&error, Error::OtherSettings { name, .. } if name == "optimizer"), "{error}");
        let small = Network::<f64, _, _>::new(&[2, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap();
        let error = trainer.learner(&small).unwrap().with_state_of(run).unwrap_err();
        assert!(matches!(error, Error::SizeMismatch { found: 0, .. }), "{error}");
    }
}

/// Issue: a run that counts u64::MAX steps, as a damaged file does, made the next step panic.
#[test]
fn a_run_with_more_steps_than_any_is_an_error() {
    let data = Dataset::new(DMatrix::from_element(1, 1, 0.5), DMatrix::from_element(1, 1, 1.0)).unwrap();
    let mut network = Network::<f64, _, _>::new(&[1, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap();
    let trainer =
        |epochs| Trainer::new(Quadratic).optimizer(Adam::default()).stop(MaxEpochs::new(epochs).unwrap());
    let run = trainer(1).fit(&mut network, &data, None).unwrap().run;
    for t in [u64::MAX, (1 << 53) + 1] {
        let mut run = run.clone();
        run.t = t;
        let (one, more) = (trainer(1), trainer(2));
        let error = one.learner(&network).unwrap().with_state_of(run.clone()).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "steps of the run", .. }), "{error}");
        let error = more.resume(run, &mut network.clone(), &data, None).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "steps of the run", .. }), "{error}");
    }
}
