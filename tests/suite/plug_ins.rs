//! A plug-in may be owned, borrowed or boxed, and of a kind that is known at run time only.
//!
//! Each function here takes a trait object, so it stops compiling when a trait is no longer object-safe.

use std::ops::ControlFlow;

use gradus::prelude::*;

const LAMBDA: f64 = 0.5;

fn data() -> Dataset<f64> {
    let x = DMatrix::from_fn(3, 30, |i, j| ((i * 7 + j * 5) % 11) as f64 / 10.0);
    let y = DMatrix::from_fn(2, 30, |i, j| f64::from(u8::from((j % 3 == 0) == (i == 0))));
    Dataset::new(x, y).unwrap()
}

fn network<H: Activation<f64> + Clone>(
    hidden: H,
    initializer: &dyn Initializer<f64>,
) -> Network<f64, H, Sigmoid> {
    Network::new(&[3, 4, 2], hidden, Sigmoid, initializer, 1).unwrap()
}

/// The parameters after three epochs.
fn trained<H, C, O, R>(trainer: Trainer<C, O, R>, mut network: Network<f64, H, Sigmoid>) -> Vec<f64>
where
    H: Activation<f64>,
    C: Cost<f64, Sigmoid>,
    O: Optimizer<f64>,
    R: Regularizer<f64>,
{
    let trainer = trainer.schedule(HalveOnPlateau::new(0.5, 1).unwrap()).stop(MaxEpochs::new(3).unwrap());
    trainer.fit(&mut network, &data(), Some(&data())).unwrap();
    network.parameters().flatten().copied().collect()
}

fn plain() -> Vec<f64> {
    let trainer = Trainer::new(CrossEntropy)
        .optimizer(Momentum::new(0.5).unwrap())
        .regularizer(L2::new(LAMBDA).unwrap());
    trained(trainer, network(Tanh, &ScaledGaussian))
}

#[derive(Debug)]
struct Nobody;

impl Observer for Nobody {
    fn on_epoch(&mut self, record: &EpochRecord) -> ControlFlow<()> {
        if record.epoch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn boxed_parts_train_to_the_same_bits() {
    let cost: Box<dyn Cost<f64, Sigmoid>> = Box::new(CrossEntropy);
    let optimizer: Box<dyn Optimizer<f64, State = Vec<f64>>> = Box::new(Momentum::new(0.5).unwrap());
    let regularizer: Box<dyn Regularizer<f64>> = Box::new(L2::new(LAMBDA).unwrap());
    let initializer: Box<dyn Initializer<f64>> = Box::new(ScaledGaussian);
    let trainer = Trainer::new(cost).optimizer(optimizer).regularizer(regularizer);
    assert_eq!(trained(trainer, network(Tanh, &initializer)), plain());
}

#[test]
fn borrowed_parts_train_to_the_same_bits() {
    let (cost, optimizer): (&dyn Cost<f64, Sigmoid>, _) = (&CrossEntropy, Momentum::new(0.5).unwrap());
    let regularizer: &dyn Regularizer<f64> = &L2::new(LAMBDA).unwrap();
    let hidden: &dyn Activation<f64> = &Tanh;
    let trainer = Trainer::new(cost).optimizer(&optimizer).regularizer(regularizer);
    assert_eq!(trained(trainer, network(hidden, &&ScaledGaussian)), plain());
}

fn stop_reads(rule: impl StoppingRule) -> Vec<Metric> {
    rule.metrics()
}

fn schedule_reads(rule: impl LrSchedule) -> Option<Metric> {
    rule.metric()
}

/// A forwarded rule still says what it reads, and an observer in a box still ends the run.
#[test]
fn boxed_rules_act_as_they_are() {
    let stop: Box<dyn StoppingRule> = Box::new(NoImprovement::new(1).unwrap());
    let schedule: Box<dyn LrSchedule> = Box::new(HalveOnPlateau::new(0.5, 1).unwrap());
    assert_eq!(stop_reads(&*stop), [Metric::ValidationAccuracy]);
    assert_eq!(stop_reads(stop), [Metric::ValidationAccuracy]);
    assert_eq!(schedule_reads(&*schedule), Some(Metric::ValidationAccuracy));
    assert_eq!(schedule_reads(schedule), Some(Metric::ValidationAccuracy));

    let samples: Box<dyn Samples<f64>> = Box::new(data());
    let observer: Box<dyn Observer> = Box::new(Nobody);
    let report = Trainer::new(CrossEntropy)
        .observe(observer)
        .fit(&mut network(Tanh, &ScaledGaussian), &samples, None)
        .unwrap();
    assert_eq!((report.history.len(), report.stop_reason), (2, StopReason::Observer));
}

/// What comes out of a file is held to the same range as what a program asks for.
#[test]
fn a_stored_activation_is_checked() {
    let all: [AnyActivation; 3] = [Sigmoid.into(), Relu.into(), Softmax::with_sharpness(2.5).unwrap().into()];
    for activation in all {
        let text = serde_json::to_string(&activation).unwrap();
        assert_eq!(serde_json::from_str::<AnyActivation>(&text).unwrap(), activation);
    }
    for sharpness in ["0.0", "-1.0"] {
        let text = format!(r#""softmax(sharpness={sharpness})""#);
        let error = serde_json::from_str::<AnyActivation>(&text).unwrap_err().to_string();
        assert!(error.contains("softmax sharpness c") && error.contains("(0, ∞)"), "{error}");
    }
}
