//! What cannot work gives one typed error that holds the values, and leaves the network as it was.

use std::sync::atomic::{AtomicUsize, Ordering};

use gradus::prelude::*;
use gradus::{Error, Interruption, MemoryProblem, Result};

/// Matches the error of a `Result` against a pattern.
macro_rules! assert_refused {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {
        match $result {
            Err($pattern) $(if $guard)? => {}
            Err(other) => panic!("another error: {other:?}"),
            Ok(_) => panic!("not refused"),
        }
    };
}

/// Asserts that a setting is refused by name, with its value and its range.
fn assert_setting<V>(result: Result<V>, name: &str, value: f64, allowed: &str) {
    match result {
        Err(error @ Error::Setting { .. }) => {
            let message = error.to_string();
            let Error::Setting { name: n, value: v, allowed: a, why } = error else { unreachable!() };
            assert!(n.contains(name), "{n} is not {name}");
            assert!(v.to_bits() == value.to_bits(), "{v} is not {value}");
            assert_eq!(a, allowed);
            for part in [name, allowed, why] {
                assert!(!part.is_empty() && message.contains(part), "{message} does not say {part}");
            }
        }
        Err(other) => panic!("another error: {other:?}"),
        Ok(_) => panic!("{name} {value} was not refused"),
    }
}

const NOT_POSITIVE: [f64; 6] = [0.0, -0.0, -0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
const NOT_A_LAMBDA: [f64; 4] = [-1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
const NOT_A_MU: [f64; 6] = [1.0, 1.2, -0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

#[test]
fn hyper_parameters_outside_their_range() {
    for eta in NOT_POSITIVE {
        assert_setting(Constant::new(eta), "learning rate η", eta, "(0, ∞)");
        assert_setting(HalveOnPlateau::new(eta, 10), "learning rate η", eta, "(0, ∞)");
        assert_setting(Softmax::with_sharpness(eta), "sharpness c", eta, "(0, ∞)");
    }
    for width in NOT_POSITIVE {
        assert_setting(HuberPenalty::new(0.5, width), "width of the Huber penalty", width, "(0, ∞)");
    }
    for bins in [0, 1001] {
        assert_setting(CalibrationError::new(bins), "bins", bins as f64, "[1, 1000]");
    }
    for floor in [0.0, 1.0, 2.0, -1.0, f64::NAN] {
        let schedule = HalveOnPlateau::new(0.5, 10).unwrap();
        assert_setting(schedule.floor(floor), "learning-rate floor", floor, "(0, 1)");
    }
    for lambda in NOT_A_LAMBDA {
        assert_setting(GroupLasso::by_neuron(lambda), "regularization parameter λ", lambda, "[0, ∞)");
        assert_setting(GroupLasso::by_input(lambda), "regularization parameter λ", lambda, "[0, ∞)");
        assert_setting(HuberPenalty::new(lambda, 1.0), "regularization parameter λ", lambda, "[0, ∞)");
        assert_setting(L1::new(lambda), "regularization parameter λ", lambda, "[0, ∞)");
        assert_setting(L2::new(lambda), "regularization parameter λ", lambda, "[0, ∞)");
    }
    for mu in NOT_A_MU {
        assert_setting(Momentum::new(mu), "momentum μ", mu, "[0, 1)");
        assert_setting(Nesterov::new(mu), "momentum μ", mu, "[0, 1)");
    }
    assert_setting(MaxEpochs::new(0), "epochs", 0.0, "[1, ∞)");
    assert_setting(NoImprovement::new(0), "patience", 0.0, "[1, ∞)");
    assert_setting(RollingAverage::new(0), "window", 0.0, "[1, ∞)");
    for alpha in NOT_A_LAMBDA {
        let rule = NoImprovement::new(3).unwrap();
        assert_setting(rule.min_delta(alpha), "min_delta of NoImprovement", alpha, "[0, ∞)");
        assert_setting(GeneralizationLoss::new(alpha), "alpha of GeneralizationLoss", alpha, "[0, ∞)");
        assert_setting(ProgressQuotient::new(alpha), "alpha of ProgressQuotient", alpha, "[0, ∞)");
    }
    for factor in [0.99, -2.0, f64::NAN, f64::INFINITY] {
        assert_setting(CostExplosion::new(factor), "factor of CostExplosion", factor, "[1, ∞)");
    }
    assert_setting(ProgressQuotient::new(1.0).unwrap().strip(0), "strip", 0.0, "[1, ∞)");
    assert_setting(SuccessiveStrips::new(0), "strips", 0.0, "[1, ∞)");
    assert_setting(SuccessiveStrips::new(2).unwrap().strip(0), "strip", 0.0, "[1, ∞)");
    assert_setting(HalveOnPlateau::new(0.5, 0), "patience", 0.0, "[1, ∞)");
    for target in [-0.1, 1.1, 97.0, f64::NAN, f64::INFINITY] {
        assert_setting(Target::new(Metric::validation(Accuracy), target), "target", target, "[0, 1]");
    }
    for target in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_setting(Target::new(Metric::validation_cost(), target), "target", target, "(−∞, ∞)");
    }
}

/// A person reads the value in the message.
#[test]
fn values_are_written_without_rows_of_zeros() {
    let message = |eta| Constant::new(eta).unwrap_err().to_string();
    assert!(
        message(-1e-300).starts_with("learning rate η = -1e-300 is outside (0, ∞)"),
        "{}",
        message(-1e-300)
    );
    assert!(message(-1e300).starts_with("learning rate η = -1e300 is outside"));
    assert!(message(-0.5).starts_with("learning rate η = -0.5 is outside"));
    assert!(message(0.0).starts_with("learning rate η = 0 is outside"));
    assert!(message(f64::NAN).starts_with("learning rate η = NaN is outside"));
    assert!(MaxEpochs::new(0).unwrap_err().to_string().starts_with("epochs = 0 is outside [1, ∞)"));
}

/// The ends of the ranges that belong to them.
#[test]
fn the_ends_of_the_ranges_are_allowed() {
    assert!(Constant::new(f64::MIN_POSITIVE).is_ok() && Constant::new(f64::MAX).is_ok());
    assert!(L1::new(0.0).is_ok() && L2::new(0.0).is_ok());
    assert!(Momentum::new(0.0).is_ok() && Nesterov::new(1.0 - f64::EPSILON).is_ok());
    assert!(MaxEpochs::new(1).is_ok() && NoImprovement::new(1).is_ok() && RollingAverage::new(1).is_ok());
    let accuracy = |target| Target::new(Metric::validation(Accuracy), target);
    assert!(accuracy(0.0).is_ok() && accuracy(1.0).is_ok());
}

fn sized(sizes: &[usize]) -> Result<Network<f64, Sigmoid, Sigmoid>> {
    Network::new(sizes, Sigmoid, Sigmoid, &ScaledGaussian, 1)
}

#[test]
fn networks_without_enough_layers_or_neurons() {
    assert_refused!(sized(&[]), Error::TooFewLayers { found: 0 });
    assert_refused!(sized(&[3]), Error::TooFewLayers { found: 1 });
    assert_refused!(sized(&[0]), Error::TooFewLayers { found: 1 });
    assert_refused!(sized(&[0, 3]), Error::EmptyLayer { layer: 0 });
    assert_refused!(sized(&[3, 0, 2]), Error::EmptyLayer { layer: 1 });
    assert_refused!(sized(&[3, 2, 0]), Error::EmptyLayer { layer: 2 });
    // Products that overflow, and that no machine has memory for.
    for size in [usize::MAX, 1 << 60, 1 << 45] {
        assert_refused!(sized(&[784, size, 10]), Error::Memory(MemoryProblem::Layer { layer: 1, n_inputs: 784, n_outputs }) if n_outputs == size);
        assert_refused!(sized(&[784, 30, size]), Error::Memory(MemoryProblem::Layer { layer: 2, n_inputs: 30, n_outputs }) if n_outputs == size);
    }
}

#[test]
fn layers_that_do_not_fit_each_other() {
    let layer = |outputs, inputs, biases| Dense {
        weights: DMatrix::<f64>::zeros(outputs, inputs),
        biases: DVector::zeros(biases),
        activation: Sigmoid,
    };
    let build = Network::<f64, Sigmoid, Sigmoid>::from_layers;
    assert!(build(vec![layer(3, 2, 3)], layer(1, 3, 1)).is_ok());
    assert_refused!(
        build(vec![layer(3, 2, 3)], layer(1, 4, 1)),
        Error::LayerMismatch { layer: 2, found: 4, expected: 3 }
    );
    assert_refused!(
        build(vec![layer(3, 2, 2)], layer(1, 3, 1)),
        Error::SizeMismatch { found: 2, expected: 3, .. }
    );
    assert_refused!(build(vec![layer(0, 2, 0)], layer(1, 0, 1)), Error::EmptyLayer { layer: 1 });
    assert_refused!(build(vec![layer(3, 0, 3)], layer(1, 3, 1)), Error::EmptyLayer { layer: 0 });
    let mut bad = layer(1, 3, 1);
    bad.biases[0] = f64::NAN;
    assert_refused!(
        build(vec![layer(3, 2, 3)], bad),
        Error::NonFiniteParameter { what: "bias", layer: 2, index: 0, value } if value.is_nan()
    );
}

#[test]
fn inputs_of_a_wrong_width() {
    let network = sized(&[3, 2]).unwrap();
    let refused = network.predict(&DMatrix::zeros(4, 5));
    assert_refused!(refused, Error::SizeMismatch { found: 4, expected: 3, .. });
    assert_eq!(network.predict(&DMatrix::zeros(3, 0)).unwrap().shape(), (2, 0), "no examples, no outputs");
}

#[test]
fn data_that_are_none() {
    let empty =
        |rows, columns| Dataset::<f64>::new(DMatrix::zeros(rows, columns), DMatrix::zeros(1, columns));
    assert_refused!(empty(3, 0), Error::Empty { .. });
    assert_refused!(empty(0, 3), Error::NoRows { what: "x", value: "input" });
    let differing = Dataset::<f64>::new(DMatrix::zeros(2, 3), DMatrix::zeros(1, 4));
    assert_refused!(differing, Error::SizeMismatch { found: 4, expected: 3, .. });
    assert_refused!(Dataset::<f64>::synthetic_digits(0, 1), Error::Empty { .. });

    let pixels = |pixels: usize, labels: Vec<u8>| Dataset::<f64>::from_pixels(vec![0; pixels], 4, labels, 3);
    assert_refused!(pixels(0, vec![]), Error::Empty { .. });
    assert_refused!(pixels(7, vec![0, 1]), Error::SizeMismatch { found: 7, expected: 8, .. });
    assert_refused!(pixels(9, vec![0, 1]), Error::SizeMismatch { found: 9, expected: 8, .. });
    assert_refused!(pixels(8, vec![0, 3]), Error::Label { sample: 1, label: 3, n_classes: 3, .. });

    let data = Dataset::<f64>::synthetic_digits(10, 1).unwrap();
    assert_refused!(data.split_at(0), Error::Empty { .. });
    assert_refused!(data.split_at(10), Error::Empty { .. });
    assert_refused!(data.slice(3..11), Error::SizeMismatch { found: 10, expected: 11, .. });
    assert_refused!(
        data.gather(1, &[3, 10], &mut DMatrix::zeros(784, 2), &mut DMatrix::zeros(10, 2)),
        Error::SizeMismatch { found: 10, expected: 11, .. }
    );
}

#[test]
fn numbers_that_are_none_are_named_by_their_place() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut x = DMatrix::zeros(3, 5);
        x[(2, 4)] = bad;
        assert_refused!(
            Dataset::new(x.clone(), DMatrix::zeros(1, 5)),
            Error::NonFiniteSample { what: "input", sample: 4, index: 2, value } if value.to_bits() == bad.to_bits()
        );
        assert_refused!(
            Dataset::new(DMatrix::zeros(1, 5), x),
            Error::NonFiniteSample { what: "target", sample: 4, index: 2, value } if value.to_bits() == bad.to_bits()
        );
    }
}

/// Trains a 2-2-1 network with `prepare`d trainer and returns the error, after a look that nothing was touched.
fn refused_by_fit<C>(
    trainer: Trainer<f64, C>,
    training: &dyn Samples<f64>,
    validation: Option<&dyn Samples<f64>>,
) -> Error
where
    C: Cost<f64, Sigmoid>,
{
    let mut network = sized(&[2, 2, 1]).unwrap();
    let before = network.clone();
    let error = trainer.fit(&mut network, training, validation).expect_err("it cannot work");
    assert_eq!(network, before, "{error}: the network was touched");
    error
}

#[track_caller]
fn interrupted<V: std::fmt::Debug>(result: Result<V>) -> Interruption {
    match result {
        Err(Error::Interrupted(run)) => {
            assert_eq!(run.epoch, run.history.len() + 1);
            *run
        }
        other => panic!("not interrupted: {other:?}"),
    }
}

fn exclusive_or() -> Dataset<f64> {
    let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    Dataset::new(x, DMatrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0])).unwrap()
}

#[test]
fn counts_of_zero() {
    let data = exclusive_or();
    let refuse =
        |trainer: Trainer<f64, CrossEntropy>| -> Result<()> { Err(refused_by_fit(trainer, &data, None)) };
    assert_setting(refuse(Trainer::new(CrossEntropy).mini_batch(0)), "mini-batch size m", 0.0, "[1, ∞)");
    for threads in [0, 1025, usize::MAX] {
        let refused = refuse(Trainer::new(CrossEntropy).threads(threads));
        assert_setting(refused, "number of threads", threads as f64, "[1, 1024]");
    }
}

/// A mini-batch larger than the data is the whole of the data, and no error.
#[test]
fn a_mini_batch_may_be_larger_than_the_data() {
    let trainer = Trainer::new(CrossEntropy).mini_batch(1000).stop(MaxEpochs::new(1).unwrap());
    assert!(trainer.fit(&mut sized(&[2, 2, 1]).unwrap(), &exclusive_or(), None).is_ok());
}

#[test]
fn data_that_do_not_fit_the_network() {
    let data =
        |inputs, outputs| Dataset::<f64>::new(DMatrix::zeros(inputs, 4), DMatrix::zeros(outputs, 4)).unwrap();
    let fits = exclusive_or();
    for (wrong, found, expected) in [(data(3, 1), 3, 2), (data(2, 2), 2, 1)] {
        for (training, validation) in [(&wrong, None), (&wrong, Some(&fits)), (&fits, Some(&wrong))] {
            let validation = validation.map(|data| data as &dyn Samples<f64>);
            match refused_by_fit(Trainer::new(CrossEntropy), training, validation) {
                Error::SizeMismatch { found: f, expected: e, .. } => assert_eq!((f, e), (found, expected)),
                other => panic!("another error: {other:?}"),
            }
        }
    }
}

/// Every metric that is not measured, asked for by each part that can ask.
#[test]
fn rules_that_read_what_is_not_measured() {
    let data = exclusive_or();
    for metric in [Metric::default(), Metric::validation(Accuracy), Metric::validation_cost()] {
        let new = || Trainer::new(CrossEntropy);
        let limit = MaxEpochs::new(2).unwrap();
        let stop = NoImprovement::new(3).unwrap().monitor(metric.clone());
        let schedule = HalveOnPlateau::new(0.5, 3).unwrap().monitor(metric.clone());
        let trainers = [
            ("NoImprovement", new().stop(stop.clone())),
            ("NoImprovement", new().stop(limit.or(stop.clone()))),
            ("NoImprovement", new().stop(limit.and(stop))),
            ("RollingAverage", new().stop(RollingAverage::new(3).unwrap().monitor(metric.clone()))),
            ("Target", new().stop(Target::new(metric.clone(), 0.5).unwrap())),
            ("HalveOnPlateau", new().schedule(schedule)),
        ];
        for (name, trainer) in trainers {
            match refused_by_fit(trainer, &data, None) {
                Error::NeedsValidation { rule, metric: needed } => {
                    assert!(rule.contains(name) && needed == metric.to_string());
                }
                other => panic!("another error: {other:?}"),
            }
        }
    }
    for metric in [Metric::validation(Accuracy), Metric::validation_cost()] {
        let keep = Trainer::new(CrossEntropy).keep_best(metric.clone());
        assert_refused!(
            Err::<(), _>(refused_by_fit(keep, &data, None)),
            Error::NeedsValidation { rule, .. } if rule.contains(&metric.to_string())
        );
    }
}

#[test]
fn targets_outside_the_domain_of_the_cost() {
    for bad in [-0.25, 1.5, -1.0] {
        let y = DMatrix::from_column_slice(1, 4, &[0.0, 1.0, bad, 0.0]);
        let wrong = Dataset::new(DMatrix::zeros(2, 4), y).unwrap();
        for (training, validation) in [(&wrong, None), (&exclusive_or(), Some(&wrong as &dyn Samples<f64>))] {
            assert_refused!(
                Err::<(), _>(refused_by_fit(Trainer::new(CrossEntropy), training, validation)),
                Error::Target { sample: 2, index: 0, value, allowed: "[0, 1]", .. } if value == bad
            );
        }
        // The quadratic cost takes any target.
        let trainer = Trainer::new(Quadratic).stop(MaxEpochs::new(1).unwrap());
        assert!(trainer.fit(&mut sized(&[2, 2, 1]).unwrap(), &wrong, None).is_ok());
    }

    let softmax = |columns: &[f64]| {
        let y = DMatrix::from_column_slice(2, columns.len() / 2, columns);
        let data = Dataset::new(DMatrix::zeros(3, y.ncols()), y).unwrap();
        let mut network =
            Network::<f64, _, _>::new(&[3, 2], Linear, Softmax::default(), &ScaledGaussian, 1).unwrap();
        Trainer::new(LogLikelihood).stop(MaxEpochs::new(1).unwrap()).fit(&mut network, &data, None)
    };
    assert!(softmax(&[1.0, 0.0, 0.25, 0.75]).is_ok());
    assert_refused!(softmax(&[1.0, 0.0, -0.5, 1.5]), Error::Target { sample: 1, index: 0, value: -0.5, .. });
    assert_refused!(softmax(&[1.0, 0.0, 0.5, 1.5]), Error::Target { sample: 1, index: 1, value: 1.5, .. });
    assert_refused!(softmax(&[1.0, 0.0, 0.5, 0.25]), Error::Target { sample: 1, value: 0.75, .. });
    // What rounding makes of a sum of 1 passes, a hundredth does not.
    assert!(softmax(&[0.5, 0.5 + 1e-7]).is_ok());
    for sum in [0.99, 1.01] {
        assert_refused!(softmax(&[0.25, sum - 0.25]), Error::Target { sample: 0, value, .. } if (value - sum).abs() < 1e-9);
    }
    assert_refused!(softmax(&[0.0, 0.0, 0.5, 0.5]), Error::Target { sample: 0, value: 0.0, .. });
}

/// The number of a sample is counted over the whole set, beyond the first block that is looked through.
#[test]
fn a_late_sample_is_named_by_its_own_number() {
    let mut y = DMatrix::zeros(1, 1234);
    y[1200] = 2.0;
    let data = Dataset::new(DMatrix::zeros(2, 1234), y).unwrap();
    assert_refused!(
        Err::<(), _>(refused_by_fit(Trainer::new(CrossEntropy), &data, None)),
        Error::Target { sample: 1200, index: 0, value: 2.0, .. }
    );
}

/// A schedule of the user's own that gives `self.0` from epoch `self.1` on.
#[derive(Debug)]
struct Given(f64, usize);

impl LrSchedule for Given {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(if progress.epoch < self.1 { 0.5 } else { self.0 })
    }
}

#[test]
fn a_schedule_that_gives_no_learning_rate() {
    for eta in NOT_POSITIVE {
        let trainer = Trainer::new(CrossEntropy).schedule(Given(eta, 1));
        let end = interrupted::<()>(Err(refused_by_fit(trainer, &exclusive_or(), None)));
        assert_eq!((end.epoch, end.step, end.kept), (1, 1, 0));
        assert_setting::<()>(Err(end.cause), "learning rate η", eta, "(0, ∞)");
        let later = Trainer::new(CrossEntropy).schedule(Given(eta, 3));
        let end = interrupted(later.fit(&mut sized(&[2, 2, 1]).unwrap(), &exclusive_or(), None));
        assert_eq!((end.epoch, end.step, end.kept), (3, 1, 2));
        assert_setting::<()>(Err(end.cause), "learning rate η", eta, "(0, ∞)");
    }
}

/// A learning rate that single precision turns into 0 or ∞ is none.
#[test]
fn a_learning_rate_beyond_single_precision() {
    let data = Dataset::<f32>::synthetic_digits(20, 1).unwrap();
    for eta in [1e-60, 1e60] {
        let mut network = Network::new(&[784, 10], Linear, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let before = network.clone();
        let trainer = Trainer::new(LogLikelihood).schedule(Constant::new(eta).unwrap());
        let end = interrupted(trainer.fit(&mut network, &data, None));
        assert_setting::<()>(Err(end.cause), "learning rate η", eta, "the numbers of f32, [1.4e-45, 3.4e38]");
        assert_eq!(network, before);
    }
}

#[test]
fn parameters_that_are_no_numbers() {
    let mut network = sized(&[2, 2, 1]).unwrap();
    network.hidden_mut()[0].weights[3] = f64::NAN;
    let result = Trainer::new(CrossEntropy).fit(&mut network, &exclusive_or(), None);
    assert_refused!(result, Error::NonFiniteParameter { what: "weight", layer: 1, index: 3, .. });
    network = sized(&[2, 2, 1]).unwrap();
    network.output_mut().weights = DMatrix::zeros(1, 7);
    let result = Trainer::new(CrossEntropy).fit(&mut network, &exclusive_or(), None);
    assert_refused!(result, Error::LayerMismatch { layer: 2, found: 7, expected: 2 });
    let evaluation = evaluate(&network, &CrossEntropy, &exclusive_or());
    assert_refused!(evaluation, Error::LayerMismatch { layer: 2, found: 7, expected: 2 });
    assert_refused!(
        network.predict(&DMatrix::zeros(2, 1)),
        Error::LayerMismatch { layer: 2, found: 7, expected: 2 }
    );
}

/// Rows beyond the classes would be counted as others, or be none of the table's.
#[test]
fn a_confusion_of_other_shapes() {
    let mut confusion = ConfusionMatrix::new(2).unwrap();
    let zeros = DMatrix::<f64>::zeros;
    assert_refused!(
        confusion.add_batch(&zeros(3, 4), &zeros(3, 4)),
        Error::SizeMismatch { found: 3, expected: 2, .. }
    );
    assert_refused!(
        confusion.add_batch(&zeros(3, 4), &zeros(2, 4)),
        Error::SizeMismatch { found: 3, expected: 2, .. }
    );
    assert_refused!(
        confusion.add_batch(&zeros(2, 5), &zeros(2, 4)),
        Error::SizeMismatch { found: 5, expected: 4, .. }
    );
    assert_refused!(
        ConfusionMatrix::new(3).unwrap().add_batch(&zeros(1, 4), &zeros(1, 4)),
        Error::SizeMismatch { found: 1, expected: 3, .. }
    );
    assert_eq!(confusion, ConfusionMatrix::new(2).unwrap());
    confusion.add_batch(&zeros(1, 4), &zeros(1, 4)).unwrap();
    assert_eq!((confusion.total(), confusion.get(0, 0)), (4, 4));
}

fn line() -> (Network<f64, Linear, Linear>, Dataset<f64>) {
    let x = DMatrix::from_fn(1, 20, |_, j| j as f64 / 10.0);
    let data = Dataset::new(x.clone(), x * 3.0).unwrap();
    (Network::new(&[1, 1], Linear, Linear, &ScaledGaussian, 1).unwrap(), data)
}

fn check_finite<H: Activation<f64>, O: Activation<f64>>(network: &Network<f64, H, O>) -> bool {
    network.parameters().flatten().all(|p| p.is_finite())
}

#[test]
fn a_run_that_diverges_says_so_and_keeps_its_history() {
    for eta in [10.0, 1e3, 1e100] {
        let (mut network, data) = line();
        let trainer =
            Trainer::new(Quadratic).schedule(Constant::new(eta).unwrap()).stop(MaxEpochs::new(1000).unwrap());
        let end = interrupted(trainer.fit(&mut network, &data, None));
        assert!(end.kept < end.epoch);
        assert!(end.history.epochs().iter().all(|record| record.running_cost.is_finite()));
        assert_refused!(
            Err::<(), _>(end.cause),
            Error::Diverged { value, learning_rate, .. } if !value.is_finite() && learning_rate == eta
        );
        assert!(check_finite(&network), "η = {eta}");
    }
}

/// With one step an epoch the cost of an epoch is measured before the step that ruins the parameters.
#[test]
fn a_last_step_that_overflows_is_a_divergence() {
    for epochs in [1, 2, 3] {
        let (mut network, data) = line();
        let initial = network.clone();
        let trainer = Trainer::new(Quadratic)
            .schedule(Constant::new(1.7e308).unwrap())
            .mini_batch(20)
            .stop(MaxEpochs::new(epochs).unwrap());
        let end = interrupted(trainer.fit(&mut network, &data, None));
        assert_eq!((end.epoch, end.kept), (1, 0));
        assert_refused!(
            Err::<(), _>(end.cause),
            Error::Diverged { quantity: "parameter", layer: Some(1), sample: None, .. }
        );
        assert_eq!(network, initial);
    }
}

/// With validation data the best parameters survive a divergence.
#[test]
fn a_divergence_leaves_the_best_epoch() {
    let (mut network, data) = line();
    let trainer = Trainer::new(Quadratic).schedule(Given(1e6, 4)).keep_best(Metric::validation_cost());
    let end = interrupted(trainer.fit(&mut network, &data, Some(&data)));
    assert!(matches!(end.cause, Error::Diverged { .. }), "{:?}", end.cause);
    assert_eq!(end.kept, 3);
    let evaluation = evaluate(&network, &Quadratic, &data).unwrap();
    assert_eq!(Some(&evaluation.scores), end.history.epochs()[2].validation.as_ref());
}

/// A source of samples of the user's own whose `fault` happens at call number `at`, counted from 0.
#[derive(Debug)]
struct Stream {
    calls: AtomicUsize,
    at: usize,
    fault: Fault,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Io,
    Input(f64),
    Target(f64),
}

impl Stream {
    fn new(at: usize, fault: Fault) -> Self {
        Self { calls: AtomicUsize::new(0), at, fault }
    }
}

impl Samples<f64> for Stream {
    fn len(&self) -> usize {
        40
    }

    fn n_inputs(&self) -> usize {
        2
    }

    fn n_outputs(&self) -> usize {
        1
    }

    fn gather(
        &self,
        epoch: u64,
        indices: &[usize],
        x: &mut DMatrix<f64>,
        y: &mut DMatrix<f64>,
    ) -> Result<()> {
        for (column, &index) in indices.iter().enumerate() {
            x.column_mut(column).fill(index as f64 / 40.0);
            y[column] = f64::from(u8::from(index > 20));
        }
        let fault = self.calls.fetch_add(1, Ordering::SeqCst) == self.at;
        match self.fault {
            Fault::Io if fault => {
                return Err(Error::Samples { epoch, source: "the disk is gone".into() });
            }
            Fault::Input(value) if fault => x[0] = value,
            Fault::Target(value) if fault => y[0] = value,
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn a_source_that_fails_passes_its_error_on() {
    // Before the first step, in the first epoch, in its last step, and in the third epoch.
    for (at, expected, expected_step) in [(0, 1, 0), (1, 1, 1), (4, 1, 4), (9, 3, 1)] {
        let mut network = sized(&[2, 2, 1]).unwrap();
        let before = network.clone();
        let result = Trainer::new(CrossEntropy).fit(&mut network, &Stream::new(at, Fault::Io), None);
        let result = match at {
            0 => result.map(drop),
            _ => {
                let end = interrupted(result);
                assert_eq!((end.epoch, end.step), (expected as usize, expected_step));
                Err(end.cause)
            }
        };
        match result {
            Err(Error::Samples { epoch, source }) => {
                assert_eq!((epoch, source.to_string().as_str()), (expected, "the disk is gone"));
            }
            other => panic!("{other:?}"),
        }
        assert!(check_finite(&network));
        assert!(at > 0 || network == before);
    }
}

#[test]
fn a_source_that_sends_no_numbers_is_reported() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for fault in [Fault::Input(bad), Fault::Target(bad)] {
            let error = refused_by_fit(Trainer::new(CrossEntropy), &Stream::new(0, fault), None);
            assert!(matches!(error, Error::NonFiniteSample { sample: 0, index: 0, .. }), "{error:?}");

            // In the first step, in the last of an epoch, and in a later epoch.
            for at in [1, 4, 7] {
                let mut network = sized(&[2, 2, 1]).unwrap();
                let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(at / 4 + 1).unwrap());
                let end = interrupted(trainer.fit(&mut network, &Stream::new(at, fault), None));
                assert!(
                    matches!(end.cause, Error::Diverged { .. } | Error::NonFiniteSample { .. }),
                    "{fault:?} at call {at}: {end:?}"
                );
                assert!(check_finite(&network), "{fault:?} at call {at}");
            }
        }
    }
}

#[derive(Debug)]
struct Nothing;

impl Samples<f64> for Nothing {
    fn len(&self) -> usize {
        0
    }

    fn n_inputs(&self) -> usize {
        2
    }

    fn n_outputs(&self) -> usize {
        1
    }

    fn gather(&self, _: u64, _: &[usize], _: &mut DMatrix<f64>, _: &mut DMatrix<f64>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_source_without_samples() {
    let data = exclusive_or();
    for (training, validation) in
        [(&Nothing as &dyn Samples<f64>, None), (&data, Some(&Nothing as &dyn Samples<f64>))]
    {
        let error = refused_by_fit(Trainer::new(CrossEntropy), training, validation);
        assert!(matches!(error, Error::Empty { .. }), "{error:?}");
    }
    assert_refused!(evaluate(&sized(&[2, 1]).unwrap(), &CrossEntropy, &Nothing), Error::Empty { .. });
}
