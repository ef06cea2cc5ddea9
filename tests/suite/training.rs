//! The trainer does what its pages say: steps as by hand, the right parameters kept, the right reason to stop.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use gradus::Result;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::seq::SliceRandom;

/// 23 samples: mini-batches of 10 leave one of 3.
const N: usize = 23;
const M: usize = 10;
const SEED: u64 = 5;

fn inputs() -> DMatrix<f64> {
    DMatrix::from_fn(2, N, |i, j| ((i * 5 + j * 3) % 11) as f64 / 5.0 - 1.0)
}

fn targets() -> DMatrix<f64> {
    DMatrix::from_fn(1, N, |_, j| ((j * 7) % 5) as f64 / 4.0)
}

fn small_data() -> Dataset<f64> {
    Dataset::new(inputs(), targets()).unwrap()
}

fn small_network() -> Network<f64, Tanh, Sigmoid> {
    Network::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, SEED).unwrap()
}

/// The parameters of a 2-3-1 network, as one list: w₁ by columns, b₁, w₂, b₂.
type Parameters = [f64; 13];

fn parameters<H: Activation<f64>, O: Activation<f64>>(network: &Network<f64, H, O>) -> Parameters {
    network.parameters().flatten().copied().collect::<Vec<_>>().try_into().unwrap()
}

/// Whether the parameter with this number is a weight.
fn is_weight(index: usize) -> bool {
    index < 6 || (9..12).contains(&index)
}

/// The cross-entropy of one example, and its gradient, for tanh hidden neurons and a sigmoid output: written out.
fn by_hand(p: &Parameters, x: [f64; 2], y: f64) -> (f64, Parameters) {
    let mut gradient = [0.0; 13];
    let hidden: Vec<f64> = (0..3).map(|j| (p[j] * x[0] + p[3 + j] * x[1] + p[6 + j]).tanh()).collect();
    let z = (0..3).map(|j| p[9 + j] * hidden[j]).sum::<f64>() + p[12];
    let a = 1.0 / (1.0 + (-z).exp());
    let delta = a - y;
    gradient[12] = delta;
    for j in 0..3 {
        gradient[9 + j] = delta * hidden[j];
        let back = p[9 + j] * delta * (1.0 - hidden[j] * hidden[j]);
        gradient[6 + j] = back;
        gradient[j] = back * x[0];
        gradient[3 + j] = back * x[1];
    }
    (-y * a.ln() - (1.0 - y) * (1.0 - a).ln(), gradient)
}

/// What epochs of training lead to, with a rule that is handed the gradient as a function of the parameters.
struct Hand {
    parameters: Parameters,
    running_costs: Vec<f64>,
}

/// Trains by hand: the mini-batches in the pinned order, each divided by its own size, λ/n on the weights.
fn train_by_hand(
    epochs: u64,
    l1: f64,
    l2: f64,
    mut step: impl FnMut(&mut Parameters, &dyn Fn(&Parameters) -> Parameters),
) -> Hand {
    let (x, y) = (inputs(), targets());
    let mut parameters = parameters(&small_network());
    let mut running_costs = Vec::new();
    for epoch in 1..=epochs {
        let mut order: Vec<usize> = (0..N).collect();
        order.shuffle(&mut generator(SEED, Purpose::Shuffle, epoch, 0));
        let mut cost = 0.0;
        for batch in order.chunks(M) {
            let example = |p: &Parameters, i: usize| by_hand(p, [x[(0, i)], x[(1, i)]], y[i]);
            let before = parameters;
            let gradient = |p: &Parameters| {
                let mut sum = [0.0; 13];
                for &i in batch {
                    sum.iter_mut().zip(example(p, i).1).for_each(|(sum, g)| *sum += g / batch.len() as f64);
                }
                for (index, sum) in sum.iter_mut().enumerate().filter(|(index, _)| is_weight(*index)) {
                    *sum += (l2 * p[index] + l1 * p[index].signum()) / N as f64;
                }
                sum
            };
            step(&mut parameters, &gradient);
            cost += batch.iter().map(|&i| example(&before, i).0).sum::<f64>();
        }
        running_costs.push(cost / N as f64);
    }
    Hand { parameters, running_costs }
}

fn assert_close(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        // Some hundred roundings of numbers of size 1, at 10⁻¹⁶ each.
        assert!((found - wanted).abs() <= 1e-13, "number {i}: {found} for {wanted}");
    }
}

fn train(
    optimizer: impl Optimizer<f64> + 'static,
    l1: f64,
    l2: f64,
) -> (Network<f64, Tanh, Sigmoid>, Report<f64>) {
    let mut network = small_network();
    let report = Trainer::new(CrossEntropy)
        .optimizer(optimizer)
        .regularizer(Plus(L1::new(l1).unwrap(), L2::new(l2).unwrap()))
        .schedule(Constant::new(0.5).unwrap())
        .stop(MaxEpochs::new(3).unwrap())
        .mini_batch(M)
        .seed(SEED)
        .fit(&mut network, &small_data(), None)
        .unwrap();
    (network, report)
}

/// Chapter 1 of the book, equations (20) and (21), with the penalties of chapter 3, (93) and (97): a ragged last
/// mini-batch divides by its own size, biases are not regularized, λ is divided by n.
#[test]
fn gradient_descent_is_that_of_the_book() {
    for (l1, l2) in [(0.0, 0.0), (0.3, 0.0), (0.0, 2.0), (0.3, 2.0)] {
        let (network, report) = train(Sgd, l1, l2);
        let hand = train_by_hand(3, l1, l2, |p, gradient| {
            let gradient = gradient(p);
            p.iter_mut().zip(gradient).for_each(|(p, g)| *p -= 0.5 * g);
        });
        assert_close(&parameters(&network), &hand.parameters);

        let records = report.history.epochs();
        let running: Vec<f64> = records.iter().map(|record| record.running_cost).collect();
        assert_close(&running, &hand.running_costs);
        assert!(records.iter().all(|record| record.training_cost() == record.running_cost));
        let weights =
            hand.parameters.iter().enumerate().filter(|(index, _)| is_weight(*index)).map(|(_, w)| w);
        let penalty: f64 = weights.map(|w| l1 * w.abs() + l2 / 2.0 * w * w).sum();
        assert_close(&[records[2].penalty], &[penalty / N as f64]);
    }
}

/// Chapter 3 of the book, equations (107) and (108).
#[test]
fn momentum_is_that_of_the_book() {
    let mu = 0.8;
    let mut v = [0.0; 13];
    let hand = train_by_hand(3, 0.3, 2.0, |p, gradient| {
        let gradient = gradient(p);
        for ((p, v), g) in p.iter_mut().zip(&mut v).zip(gradient) {
            *v = mu * *v - 0.5 * g;
            *p += *v;
        }
    });
    assert_close(&parameters(&train(Momentum::new(mu).unwrap(), 0.3, 2.0).0), &hand.parameters);
}

/// Sutskever and others, equations (3) and (4), with the gradient taken at w + μ v; the network holds that point.
#[test]
fn nesterov_looks_ahead() {
    let mu = 0.8;
    let mut v = [0.0; 13];
    let mut w = parameters(&small_network());
    let hand = train_by_hand(3, 0.3, 2.0, |ahead, gradient| {
        for ((w, v), g) in w.iter_mut().zip(&mut v).zip(gradient(ahead)) {
            *v = mu * *v - 0.5 * g;
            *w += *v;
        }
        *ahead = std::array::from_fn(|i| w[i] + mu * v[i]);
    });
    assert_close(&parameters(&train(Nesterov::new(mu).unwrap(), 0.3, 2.0).0), &hand.parameters);
}

/// Without friction's opposite, momentum is plain descent, to the bit.
#[test]
fn momentum_of_zero_is_gradient_descent() {
    let plain = parameters(&train(Sgd, 0.3, 2.0).0);
    assert_eq!(parameters(&train(Momentum::new(0.0).unwrap(), 0.3, 2.0).0), plain);
    assert_eq!(parameters(&train(Nesterov::new(0.0).unwrap(), 0.3, 2.0).0), plain);
}

/// Chapter 3 of the book, equation (93): where the data have nothing to say, a step multiplies each weight by
/// 1 − ηλ/n and leaves each bias, whatever the size of the mini-batch.
#[test]
fn weights_decay_by_lambda_over_n_and_biases_not_at_all() {
    for (n, m) in [(4, 1), (4, 4), (8, 2), (16, 16)] {
        let mut network = Network::<f64, Linear, _>::new(&[3, 2], Linear, Linear, &LargeGaussian, 1).unwrap();
        let before = network.output().clone();
        // Inputs of 0 and the biases as targets: the data's gradient is 0, exactly.
        let y = DMatrix::from_fn(2, n, |i, _| before.biases[i]);
        let data = Dataset::new(DMatrix::zeros(3, n), y).unwrap();
        let (eta, lambda) = (0.5, 2.0);
        let trainer = Trainer::new(Quadratic)
            .regularizer(L2::new(lambda).unwrap())
            .schedule(Constant::new(eta).unwrap())
            .mini_batch(m)
            .stop(MaxEpochs::new(1).unwrap());
        trainer.fit(&mut network, &data, None).unwrap();
        let decay = (1.0 - eta * lambda / n as f64).powi((n / m) as i32);
        assert_close(network.output().weights.as_slice(), (&before.weights * decay).as_slice());
        assert_eq!(network.output().biases, before.biases);
    }
}

/// Asserts that it is handed nothing but weights.
#[derive(Debug, Clone)]
struct Seen(Arc<Mutex<Vec<(LayerInfo, usize)>>>);

impl Regularizer<f64> for Seen {
    fn penalty(&self, at: &LayerInfo, w: &[f64]) -> f64 {
        self.0.lock().unwrap().push((*at, w.len()));
        0.0
    }

    fn add_gradient(&self, at: &LayerInfo, w: &[f64], scale: f64, grad: &mut [f64]) {
        assert_eq!((grad.len(), scale), (w.len(), 1.0 / N as f64));
        self.0.lock().unwrap().push((*at, w.len()));
    }
}

#[test]
fn a_regularizer_sees_no_biases() {
    let seen = Seen(Arc::default());
    let trainer = Trainer::new(CrossEntropy).regularizer(seen.clone()).stop(MaxEpochs::new(1).unwrap());
    trainer.mini_batch(M).fit(&mut small_network(), &small_data(), None).unwrap();
    // Three steps and the penalty after the epoch, each for both layers: 3 × 2 and 1 × 3 weights.
    let layers = [(LayerInfo { layer: 0, rows: 3 }, 6), (LayerInfo { layer: 1, rows: 1 }, 3)];
    assert_eq!(*seen.0.lock().unwrap(), layers.repeat(4));
}

/// 501 samples are evaluated in blocks of 500 and 1: the mean over samples is not the mean of the blocks' means.
#[test]
fn averages_are_weighted_by_samples() {
    let x = DMatrix::from_fn(1, 501, |_, j| if j == 500 { 100.0 } else { j as f64 / 500.0 });
    let y = DMatrix::from_fn(2, 501, |i, j| f64::from(u8::from((j % 3 == 0) == (i == 0))));
    let data = Dataset::new(x.clone(), y.clone()).unwrap();
    let network = Network::<f64, Linear, _>::new(&[1, 2], Linear, Linear, &LargeGaussian, 3).unwrap();
    let outputs = network.predict(&x).unwrap();
    let (mut cost, mut right) = (0.0, 0);
    for (a, y) in outputs.column_iter().zip(y.column_iter()) {
        cost += (a - y).norm_squared() / 2.0;
        right += u32::from((a[1] > a[0]) == (y[1] > y[0]));
    }
    let scores = evaluate(&network, &Quadratic, &data).unwrap().scores;
    assert!((scores.cost() / (cost / 501.0) - 1.0).abs() < 1e-13, "{} for {}", scores.cost(), cost / 501.0);
    assert_eq!(scores.accuracy(), f64::from(right) / 501.0);
}

/// What is done to the training images anew in each epoch is not done when they are evaluated.
#[test]
fn distorted_training_data_are_evaluated_as_they_are() {
    let data = Dataset::<f32>::synthetic_digits(100, 1).unwrap();
    let turned = Augmented::new(data.clone(), (28, 28), Rotation::by_degrees(90.0).unwrap(), 1).unwrap();
    let mut network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(LogLikelihood).monitor_training(true).stop(MaxEpochs::new(2).unwrap());
    let report = trainer.fit(&mut network, &turned, None).unwrap();
    let score = |data: &dyn Samples<f32>| evaluate(&network, &LogLikelihood, data).unwrap().scores;
    let measured = report.history.last().unwrap().training.clone().unwrap();
    assert_eq!(measured, score(&data));
    assert_ne!(measured, score(&turned));
}

/// What a run needs: the trainer, the network, the training and the validation data.
type Run<C, T, H, O> = (Trainer<T, C>, Network<T, H, O>, Dataset<T>, Dataset<T>);

/// A run on few digits whose validation accuracy goes up and down.
fn bumpy() -> Run<LogLikelihood, f32, Sigmoid, Softmax> {
    let (training, validation) = Dataset::<f32>::synthetic_digits(400, 1).unwrap().split_at(200).unwrap();
    let network = Network::new(&[784, 12, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(LogLikelihood)
        .schedule(Constant::new(1.0).unwrap())
        .stop(MaxEpochs::new(12).unwrap())
        .seed(1);
    (trainer, network, training, validation)
}

/// The epoch that none is better than by `metric`, nor equally good with a lower cost on the same data.
fn best_by(metric: &Metric, records: &[EpochRecord]) -> usize {
    let rank = |record: &EpochRecord| {
        let score = metric.score_in(record).unwrap();
        let scores = if metric.needs_validation() { &record.validation } else { &record.training };
        (score.direction.goodness(score.value), -scores.as_ref().unwrap().cost())
    };
    let is_best = |record: &&EpochRecord| records.iter().all(|other| rank(other) <= rank(record));
    records.iter().find(is_best).unwrap().epoch
}

#[test]
fn the_best_parameters_are_kept() {
    let (trainer, mut network, training, validation) = bumpy();
    let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
    let records = report.history.epochs();
    assert_eq!(report.kept_epoch, best_by(&Metric::validation(Accuracy), records));
    assert!(report.kept_epoch < 12, "the run shows something");
    let score = evaluate(&network, &LogLikelihood, &validation).unwrap().scores;
    assert_eq!(Some(score), records[report.kept_epoch - 1].validation);
    assert_eq!(report.kept(), Some(&records[report.kept_epoch - 1]));
}

#[test]
fn the_best_by_another_metric_is_kept() {
    for metric in [Metric::validation_cost(), Metric::training(Accuracy), Metric::training_cost()] {
        let (trainer, mut network, training, validation) = bumpy();
        let trainer = trainer.keep_best(metric.clone()).monitor_training(true);
        let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
        let records = report.history.epochs();
        assert_eq!(report.kept_epoch, best_by(&metric, records), "{metric}");
        let score = |data: &Dataset<f32>| Some(evaluate(&network, &LogLikelihood, data).unwrap().scores);
        assert_eq!(score(&training), records[report.kept_epoch - 1].training);
        assert_eq!(score(&validation), records[report.kept_epoch - 1].validation);
    }
}

#[test]
fn the_last_parameters_are_kept_on_demand_or_without_validation() {
    let (trainer, mut last, training, validation) = bumpy();
    let report = trainer.keep_last().fit(&mut last, &training, Some(&validation)).unwrap();
    assert_eq!(report.kept_epoch, 12);
    let score = evaluate(&last, &LogLikelihood, &validation).unwrap().scores;
    assert_eq!(Some(score), report.history.epochs()[11].validation);

    let (trainer, mut without, training, _) = bumpy();
    assert_eq!(trainer.fit(&mut without, &training, None).unwrap().kept_epoch, 12);
    assert_eq!(without, last);
}

/// One validation sample, always right: every epoch ties with the first.
fn flat() -> Run<CrossEntropy, f64, Tanh, Sigmoid> {
    let right = Dataset::new(DMatrix::zeros(2, 1), DMatrix::zeros(1, 1)).unwrap();
    let mut network = small_network();
    network.output_mut().biases[0] = -5.0;
    let trainer =
        Trainer::new(CrossEntropy).schedule(Constant::new(0.01).unwrap()).stop(MaxEpochs::new(40).unwrap());
    // Targets of 0 and 1, so that both sets are of classes.
    let training = Dataset::new(inputs(), targets().map(|y| y.round())).unwrap();
    (trainer, network, training, right)
}

#[test]
fn of_equal_epochs_the_one_of_the_lowest_cost_is_kept() {
    let (trainer, mut network, training, validation) = flat();
    let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
    assert!(
        report.history.epochs().iter().all(|record| record.validation.as_ref().unwrap().accuracy() == 1.0)
    );
    assert_eq!((report.history.len(), report.kept_epoch), (40, 1));

    let (trainer, mut one_epoch, training, _) = flat();
    trainer.stop(MaxEpochs::new(1).unwrap()).fit(&mut one_epoch, &training, None).unwrap();
    assert_eq!(network, one_epoch);
}

/// Runs the flat training with another rule, and says after how many epochs it stopped and why.
fn stops(rule: impl StoppingRule + 'static) -> (usize, StopReason) {
    let (trainer, mut network, training, validation) = flat();
    let trainer = trainer.stop(rule);
    let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
    (report.history.len(), report.stop_reason)
}

#[test]
fn a_run_stops_where_each_rule_says() {
    let metric = || "validation accuracy".to_owned();
    let max = |n| MaxEpochs::new(n).unwrap();
    let none = NoImprovement::new(3).unwrap();
    let average = RollingAverage::new(3).unwrap();
    let no_improvement =
        StopReason::NoImprovement { metric: metric(), patience: 3, min_delta: 0.0, best_epoch: 1, best: 1.0 };
    assert_eq!(stops(max(5)), (5, StopReason::MaxEpochs { epochs: 5 }));
    assert_eq!(stops(none.clone()), (4, no_improvement.clone()));
    assert_eq!(
        stops(average),
        (6, StopReason::RollingAverage { metric: metric(), window: 3, last: 1.0, before: 1.0 })
    );
    let target = Target::new(Metric::validation(Accuracy), 0.97).unwrap();
    assert_eq!(stops(target), (1, StopReason::Target { metric: metric(), target: 0.97, reached: 1.0 }));
    assert_eq!(stops(max(5).or(none.clone())), (4, no_improvement.clone()));
    assert_eq!(stops(none.clone().or(max(3))), (3, StopReason::MaxEpochs { epochs: 3 }));
    let both = StopReason::Both(Box::new(StopReason::MaxEpochs { epochs: 5 }), Box::new(no_improvement));
    assert_eq!(stops(max(5).and(none)), (5, both));
}

#[derive(Debug)]
struct Bored;

impl StoppingRule for Bored {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        match history.len() {
            0..=6 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(StopReason::Other("bored".to_owned())),
        }
    }
}

#[test]
fn a_rule_of_ones_own_stops_a_run() {
    assert_eq!(stops(Bored), (7, StopReason::Other("bored".to_owned())));
    assert_eq!(stops(Box::new(Bored) as Box<dyn StoppingRule>), (7, StopReason::Other("bored".to_owned())));
}

/// A replay over the finished run finds the epoch at which the rule would have stopped the live one.
#[test]
fn a_replay_stops_where_the_live_run_does() {
    let (trainer, mut network, training, validation) = bumpy();
    let long = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
    for n in 1..5 {
        for rule in [
            NoImprovement::new(n).unwrap(),
            NoImprovement::new(n).unwrap().monitor(Metric::validation_cost()),
        ] {
            let (trainer, mut network, training, validation) = bumpy();
            let trainer = trainer.stop(rule.clone().or(MaxEpochs::new(12).unwrap()));
            let live = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
            let replayed = rule.replay(&long.history).map_or(12, |(epoch, _)| epoch);
            assert_eq!(live.history.len(), replayed, "{rule:?}");
        }
    }
}

/// The exercise of chapter 3: halved each time nothing improves for n epochs, ended at 1/128.
#[test]
fn a_plateau_halves_the_learning_rate_of_a_live_run() {
    let (trainer, mut network, training, validation) = flat();
    let trainer = trainer.schedule(HalveOnPlateau::new(0.08, 2).unwrap());
    let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
    // The best epoch is the first; two epochs later η is halved, and so on: the last is 1 + 7 · 2.
    let rates: Vec<f64> = report.history.epochs().iter().map(|record| record.learning_rate).collect();
    let mut wanted = vec![0.08];
    wanted.extend((0..7).flat_map(|halvings| [0.08 / f64::from(1 << halvings); 2]));
    assert_eq!(rates, wanted);
    assert_eq!(report.stop_reason, StopReason::ScheduleEnded);

    let (trainer, mut network, training, validation) = flat();
    let trainer = trainer.schedule(HalveOnPlateau::new(0.08, 2).unwrap().floor(0.25).unwrap());
    assert_eq!(trainer.fit(&mut network, &training, Some(&validation)).unwrap().history.len(), 1 + 2 * 2);
}

/// Writes down what it is told.
#[derive(Debug)]
struct Diary {
    lines: Arc<Mutex<Vec<String>>>,
    leave_after: usize,
}

impl<T: Real> Observer<T> for Diary {
    fn on_step(&self, Running { epoch, step, steps, .. }: &Running<'_, T>) -> ControlFlow<()> {
        self.lines.lock().unwrap().push(format!("{epoch}: {step}/{steps}"));
        ControlFlow::Continue(())
    }

    fn on_epoch(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        let record = running.history.last().unwrap();
        assert_eq!((running.epoch, running.step), (record.epoch, running.steps));
        self.lines.lock().unwrap().push(format!("epoch {}", record.epoch));
        if record.epoch == self.leave_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn on_end(&self, outcome: &Outcome<'_, T>) {
        let report = outcome.result.unwrap();
        self.lines.lock().unwrap().push(format!(
            "end after {}: {}",
            report.history.len(),
            report.stop_reason
        ));
    }
}

#[test]
fn observers_are_told_of_everything_in_order_and_may_end_the_run() -> Result<()> {
    let lines = Arc::default();
    let diary = Diary { lines: Arc::clone(&lines), leave_after: 2 };
    let trainer = Trainer::new(CrossEntropy).mini_batch(M).observe(diary);
    let report = trainer.fit(&mut small_network(), &small_data(), None)?;
    assert_eq!(report.stop_reason, StopReason::Observer);
    let wanted = [
        "1: 1/3",
        "1: 2/3",
        "1: 3/3",
        "epoch 1",
        "2: 1/3",
        "2: 2/3",
        "2: 3/3",
        "epoch 2",
        "end after 2: an observer asked for the end",
    ];
    assert_eq!(*lines.lock().unwrap(), wanted);
    Ok(())
}

/// An observer that ends the run does not keep the others from hearing of the epoch.
#[test]
fn every_observer_hears_of_the_last_epoch() {
    let heard = Arc::default();
    let trainer = Trainer::new(CrossEntropy)
        .observe(Diary { lines: Arc::default(), leave_after: 1 })
        .observe(Diary { lines: Arc::clone(&heard), leave_after: 0 });
    trainer.fit(&mut small_network(), &small_data(), None).unwrap();
    assert!(heard.lock().unwrap().contains(&"epoch 1".to_owned()));
}

#[test]
fn a_report_says_why_it_stopped_and_what_is_kept() {
    let (trainer, mut network, training, validation) = flat();
    let trainer = trainer.stop(NoImprovement::new(3).unwrap()).regularizer(L2::new(1.0).unwrap());
    let report = trainer.monitor_training(true).fit(&mut network, &training, Some(&validation)).unwrap();
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "stopped     after epoch 4: no better validation accuracy in 3 epochs than 1.0000");
    assert_eq!(lines[1].trim_start(), "in epoch 1");
    assert_eq!(lines[2], "parameters  of epoch 1 (best validation accuracy, the lowest cost of 4 epochs");
    assert_eq!(lines[3].trim_start(), "with it)");
    let record = report.kept().unwrap();
    let kept = [4, 5].map(|line| lines[line].trim_start()).join("  ");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&record.to_string()), [words("epoch 1"), words(&kept)].concat());
    let (scores, validation) = (record.training.as_ref().unwrap(), record.validation.as_ref().unwrap());
    let numbers = [
        "η 0.0100".to_owned(),
        format!("cost {:.5} + penalty {:.5}", scores.cost(), record.penalty),
        format!("accuracy {:.2} %", 100.0 * scores.accuracy()),
        format!("validation cost {:.5}, accuracy 100.00 %", validation.cost()),
    ];
    for number in numbers {
        assert!(kept.contains(&number), "{kept} does not say {number}");
    }
    assert!(lines[6].starts_with("time ") && lines[6].ends_with("s per epoch") && lines.len() == 7);
    let sum: f64 = report.history.epochs().iter().map(|record| record.seconds).sum();
    assert_eq!(report.seconds(), sum);

    let (trainer, mut network, training, _) = flat();
    let last =
        trainer.stop(MaxEpochs::new(2).unwrap()).fit(&mut network, &training, None).unwrap().to_string();
    assert!(
        last.starts_with("stopped     after epoch 2: all 2 epochs done\nparameters  of epoch 2 (the last)\n")
    );
    assert!(!last.contains("penalty") && !last.contains("accuracy"));
}

/// A report gives times in a unit in which they are not 0, and says how many epochs share the best value.
#[test]
fn times_and_ties_of_a_report() {
    let (trainer, mut network, training, validation) = flat();
    let mut report =
        trainer.stop(MaxEpochs::new(2).unwrap()).fit(&mut network, &training, Some(&validation)).unwrap();
    for (seconds, says) in [
        (100.0, "100.00 s of training steps, 50.00 s per epoch"),
        (1.0, "1.00 s of training steps, 500.00 ms per epoch"),
        (0.001, "1.00 ms of training steps, 500.00 µs per epoch"),
        (0.0, "0.00 µs of training steps"),
    ] {
        let half = |record: &EpochRecord| EpochRecord { seconds: seconds / 2.0, ..record.clone() };
        report.history = report.history.epochs().iter().map(half).collect();
        assert!(report.to_string().contains(says), "{report}");
    }

    let best = |trainer: Trainer<f64, CrossEntropy>, epochs| {
        let (_, mut network, training, validation) = flat();
        let trainer = trainer.stop(MaxEpochs::new(epochs).unwrap());
        let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
        let text = report.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        text.split_once('(').unwrap().1.split(" η ").next().unwrap().to_owned()
    };
    let flat = || flat().0;
    assert_eq!(best(flat(), 1), "best validation accuracy)");
    assert_eq!(best(flat(), 5), "best validation accuracy, the lowest cost of 5 epochs with it)");
    let by_cost = || flat().keep_best(Metric::validation_cost());
    assert!(best(by_cost(), 5).starts_with("best validation cost"));
}

/// Each history's record is of its own epoch, and the training scores are those after the epoch.
#[test]
fn the_training_scores_are_measured_after_the_epoch() {
    let mut network = small_network();
    let trainer = Trainer::new(CrossEntropy).monitor_training(true).stop(MaxEpochs::new(4).unwrap());
    let report = trainer.fit(&mut network, &small_data(), None).unwrap();
    let epochs: Vec<usize> = report.history.epochs().iter().map(|record| record.epoch).collect();
    assert_eq!(epochs, [1, 2, 3, 4]);
    let last = report.history.last().unwrap();
    assert_eq!(last.training, Some(evaluate(&network, &CrossEntropy, &small_data()).unwrap().scores));
    assert_eq!(last.training_cost(), last.training.as_ref().unwrap().cost());
    assert_eq!(last.validation, None);
}
