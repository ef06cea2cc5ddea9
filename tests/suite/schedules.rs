//! Schedules: as PyTorch defines them, within an epoch too; and rules that depend on more than the history.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use gradus::prelude::*;
use gradus::{Error, Result, check};
use serde::Deserialize;

use crate::laws::assert_breaks;
use crate::tasks::parabola;

#[derive(Deserialize)]
struct Rates {
    cases: Vec<RateCase>,
}

/// PyTorch's rate before each step, and for some numbers of steps per epoch the name of the schedule.
#[derive(Deserialize)]
struct RateCase {
    highest: f64,
    names: Vec<(usize, String)>,
    rates: Vec<f64>,
    /// What the schedule reads, if it reads something.
    #[serde(default)]
    accuracies: Vec<f64>,
}

/// Every rate of PyTorch's schedulers to 1e-12 of the highest, whether the steps are epochs or parts of epochs.
#[test]
fn schedules_agree_with_pytorch() -> Result<()> {
    let fixture: Rates = serde_json::from_str(include_str!("../fixtures/schedules.json")).unwrap();
    let mut compared = 0;
    for case in &fixture.cases {
        for (per_epoch, name) in &case.names {
            let schedule: AnySchedule = name.parse()?;
            for (step, &wanted) in case.rates.iter().enumerate() {
                let history =
                    History::from_validation_accuracies(case.accuracies.get(..step).unwrap_or_default());
                let progress = Progress { epoch: step / per_epoch + 1, history: &history };
                let done = (step % per_epoch) as f64 / *per_epoch as f64;
                let rate = schedule.rate(&progress).unwrap();
                let found = schedule.rate_within(rate, &progress, done);
                assert!(
                    (found - wanted).abs() <= 1e-12 * case.highest,
                    "{name}, step {step}: {found}, not {wanted}"
                );
                assert!(done > 0.0 || (rate - wanted).abs() <= 1e-12 * case.highest);
                compared += 1;
            }
            check::schedule(&schedule)?;
        }
    }
    assert!(compared > 4000, "{compared} rates compared");
    Ok(())
}

/// Every schedule of the crate, as it may be written and as it prints.
const SCHEDULES: [(&str, &str); 14] = [
    ("constant", "constant(eta=0.5)"),
    ("step_decay(eta=0.1)", "step_decay(eta=0.1, every=10, factor=0.5, last=1e-10)"),
    (
        "multi_step_decay(after=[3,4, 9], last=0.01)",
        "multi_step_decay(eta=0.5, after=[3, 4, 9], factor=0.1, last=0.01)",
    ),
    ("multi_step_decay(after=[], last=0.5)", "multi_step_decay(eta=0.5, after=[], factor=0.1, last=0.5)"),
    ("exponential_decay(last=0.1)", "exponential_decay(eta=0.5, factor=0.9, last=0.1)"),
    ("polynomial_decay(power=0.9)", "polynomial_decay(eta=0.5, epochs=30, power=0.9, last=0)"),
    ("inverse_time_decay", "inverse_time_decay(eta=0.5, decay=0.1)"),
    ("cosine(last=0.1, epochs=7)", "cosine(eta=0.5, epochs=7, last=0.1)"),
    ("cosine_restarts(lengthen=2)", "cosine_restarts(eta=0.5, epochs=10, lengthen=2, last=0)"),
    ("cyclic(shrink=0.5)", "cyclic(low=0.05, high=0.5, epochs=4, shrink=0.5)"),
    (
        "one_cycle(rise=0.25)",
        "one_cycle(eta=0.5, epochs=30, rise=0.25, initial_divisor=25, last_divisor=10000)",
    ),
    (
        "halve_on_plateau(monitor=training cost)",
        "halve_on_plateau(eta=0.5, patience=10, floor=0.0078125, monitor=training cost)",
    ),
    (
        "reduce_on_plateau(cooldown=3, min_delta=0.01)",
        "reduce_on_plateau(eta=0.5, factor=0.1, patience=10, cooldown=3, min_delta=0.01, last=5e-10, monitor=main)",
    ),
    (
        "warm_up(warm_up(cosine), epochs=2.5)",
        "warm_up(warm_up(cosine(eta=0.5, epochs=30, last=0), epochs=1, from=0.1), epochs=2.5, from=0.1)",
    ),
];

/// Every schedule parses from its name and prints it back.
#[test]
fn schedules_print_as_they_parse() {
    let parse = |text: &str| text.parse::<AnySchedule>().unwrap();
    for (text, printed) in SCHEDULES {
        let schedule = parse(text);
        assert_eq!((schedule.to_string(), parse(printed)), (printed.to_owned(), schedule));
    }
    for name in AnySchedule::NAMES {
        assert!(SCHEDULES.iter().any(|(_, printed)| printed.split('(').next() == Some(name)), "{name}");
    }
    for name in
        ["main", "training cost", "validation accuracy", "validation r2", "validation balanced_accuracy"]
    {
        let text = format!("halve_on_plateau(eta=0.5, patience=10, floor=0.5, monitor={name})");
        assert_eq!(parse(&text).to_string(), text);
    }
    for (text, wanted) in [
        ("warmup", "choose one of: constant, step_decay"),
        ("cosine(epochs=2.5)", "epochs = `2.5` is not a whole number"),
        ("multi_step_decay(after=5)", "is not a list of whole numbers"),
        ("halve_on_plateau(monitor=cost)", "such as `validation cost`"),
        ("step_decay(last=1)", "final learning rate"),
        ("warm_up(epochs=2)", "it wraps another schedule"),
    ] {
        let error = text.parse::<AnySchedule>().unwrap_err().to_string();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

/// With one factor of ½ the two that watch a plateau reduce the rate in the same epochs.
#[test]
fn plateaus_are_counted_in_one_way() -> Result<()> {
    let reduce = ReduceOnPlateau::new(0.8, 0.5, 3)?;
    let halve = HalveOnPlateau::new(0.8, 3)?.floor(1e-9)?;
    let mut accuracies: Vec<f64> = (0..60).map(|i| 0.5 + 0.01 * f64::from(i * i * 7 % 23)).collect();
    (accuracies[0], accuracies[20]) = (f64::NAN, f64::NAN);
    for epoch in 1..=accuracies.len() + 1 {
        let history = History::from_validation_accuracies(&accuracies[..epoch - 1]);
        let progress = Progress { epoch, history: &history };
        assert_eq!(reduce.rate(&progress), halve.rate(&progress), "epoch {epoch}");
    }
    Ok(())
}

/// A warm-up is the product of a rising factor and whatever it wraps, also a schedule that reads a metric.
#[test]
fn a_warm_up_multiplies_any_schedule() -> Result<()> {
    let halving = HalveOnPlateau::new(0.8, 1)?.monitor(Metric::validation(Accuracy));
    let warm = WarmUp::new(4.0, halving.clone())?.from(0.2)?;
    assert_eq!(warm.metric(), halving.metric());
    let history = History::from_validation_accuracies(&[0.5; 2]);
    let progress = Progress { epoch: 3, history: &history };
    assert_eq!(halving.rate(&progress), Some(0.4));
    assert!((warm.rate(&progress).unwrap() - 0.6 * 0.4).abs() < 1e-15);
    assert!((warm.rate_within(0.24, &progress, 0.5) - 0.7 * 0.4).abs() < 1e-15);
    check::schedule(&warm)?;
    check::schedule(&WarmUp::new(0.5, OneCycle::new(0.3, 7)?)?)?;
    let long = Cosine::new(1e-3, 100_000)?;
    check::schedule(&long)
}

#[test]
fn settings_of_schedules_and_measures() {
    let refused = [
        (Cosine::new(0.0, 5).map(drop), "learning rate"),
        (Cosine::new(0.5, 0).map(drop), "epochs of the schedule"),
        (Cosine::new(0.5, 5).and_then(|c| c.down_to(0.6)).map(drop), "final learning rate"),
        (Cosine::new(0.5, 5).and_then(|c| c.down_to(f64::NAN)).map(drop), "final learning rate"),
        (StepDecay::new(0.5, 0, 0.5).map(drop), "epochs of the schedule"),
        (StepDecay::new(0.5, 1, 1.0).map(drop), "factor of η"),
        (StepDecay::new(0.5, 1, 0.5).and_then(|s| s.down_to(0.0)).map(drop), "final learning rate"),
        (MultiStepDecay::new(0.5, &[0], 0.5).map(drop), "epoch of a step"),
        (MultiStepDecay::new(0.5, &[3, 3], 0.5).map(drop), "epoch of a step"),
        (ExponentialDecay::new(0.5, 0.0).map(drop), "factor of η"),
        (ExponentialDecay::new(0.5, 0.5).and_then(|s| s.down_to(0.6)).map(drop), "final learning rate"),
        (PolynomialDecay::new(0.5, 5).and_then(|s| s.power(0.0)).map(drop), "power of the decay"),
        (InverseTimeDecay::new(0.5, -1.0).map(drop), "decay k"),
        (CosineRestarts::new(0.5, 5).and_then(|s| s.lengthen(0)).map(drop), "factor of the periods"),
        (Cyclic::new(0.5, 0.5, 5.0).map(drop), "upper bound"),
        (Cyclic::new(0.1, 0.5, 0.0).map(drop), "epochs of half a cycle"),
        (Cyclic::new(0.1, 0.5, 1.0).and_then(|s| s.shrink(1.5)).map(drop), "factor of the cycles"),
        (Cyclic::new(0.1, 0.5, 1.0).and_then(|s| s.shrink(0.0)).map(drop), "factor of the cycles"),
        (OneCycle::new(0.5, 5).and_then(|c| c.rise(0.0)).map(drop), "fraction of the rise"),
        (ReduceOnPlateau::new(0.5, 0.5, 0).map(drop), "patience"),
        (ReduceOnPlateau::new(0.5, 0.5, 1).and_then(|s| s.min_delta(-0.1)).map(drop), "smallest improvement"),
        (OneCycle::new(f64::NAN, 5).map(drop), "learning rate"),
        (OneCycle::new(0.5, 5).and_then(|c| c.rise(1.0)).map(drop), "fraction of the rise"),
        (OneCycle::new(0.5, 5).and_then(|c| c.divisors(0.5, 2.0)).map(drop), "initial divisor"),
        (OneCycle::new(0.5, 5).and_then(|c| c.divisors(2.0, f64::INFINITY)).map(drop), "last divisor"),
        (Constant::new(0.5).and_then(|c| WarmUp::new(0.0, c)).map(drop), "warm-up epochs"),
        (Constant::new(0.5).and_then(|c| WarmUp::new(1.0, c)?.from(0.0)).map(drop), "initial fraction"),
        (TopK::new(0).map(drop), "k"),
    ];
    for (result, wanted) in refused {
        match result {
            Err(Error::Setting { name, .. }) => assert!(name.contains(wanted), "{name}"),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

/// Notes the learning rate of every step.
#[derive(Debug, Clone, Default)]
struct Watch(Arc<Mutex<Vec<f64>>>);

impl Observer<f64> for Watch {
    fn on_step(&self, running: &Running<'_, f64>) -> ControlFlow<()> {
        self.0.lock().unwrap().push(running.learning_rate);
        ControlFlow::Continue(())
    }
}

/// A live run takes every step with the rate that the schedule gives for it, and records that of the first.
#[test]
fn a_run_takes_each_step_with_its_own_rate() -> Result<()> {
    let data = parabola()?;
    let schedule = WarmUp::new(1.5, Cosine::new(0.1, 3)?)?;
    let seen = Watch::default();
    let trainer = Trainer::new(Quadratic).schedule(schedule).mini_batch(64).observe(seen.clone());
    let mut network = Network::new(&[1, 3, 1], Tanh, Linear, &ScaledGaussian, 0)?;
    let report = trainer.fit(&mut network, &data, None)?;
    assert_eq!((report.history.len(), report.stop_reason), (3, StopReason::ScheduleEnded));
    let history = History::new();
    let rate = |epoch, step: usize| {
        let progress = Progress { epoch, history: &history };
        let rate = schedule.rate(&progress).unwrap();
        (rate, schedule.rate_within(rate, &progress, step as f64 / 4.0))
    };
    let wanted: Vec<f64> =
        (1..=3).flat_map(|epoch| (0..4).map(move |step| (epoch, step))).map(|(e, s)| rate(e, s).1).collect();
    assert_eq!(*seen.0.lock().unwrap(), wanted);
    for record in report.history.epochs() {
        assert_eq!(record.learning_rate, rate(record.epoch, 0).0);
    }
    Ok(())
}

struct Rule<F>(F);

impl<F> std::fmt::Debug for Rule<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rule")
    }
}

impl<F: Fn(&History) -> bool + Send + Sync> StoppingRule for Rule<F> {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        if (self.0)(history) { ControlFlow::Break(StopReason::Observer) } else { ControlFlow::Continue(()) }
    }
}

impl<F: Fn(&Progress<'_>, f64) -> f64 + Send + Sync> LrSchedule for Rule<F> {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some((self.0)(progress, 0.0))
    }
    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        (self.0)(progress, done)
    }
}

fn nanoseconds() -> u32 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos()
}

/// A random number in [0, 1) that no seed decides; two of them are hardly ever equal.
pub fn coin() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let bits = std::collections::hash_map::RandomState::new().build_hasher().finish();
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// Issue: rules that read the clock or random numbers are caught.
#[test]
fn rules_that_depend_on_more_than_the_history() {
    let stop = |rule: &dyn StoppingRule| check::stopping_rule(rule);
    assert_breaks(
        stop(&Rule(|h: &History| !h.is_empty() && (nanoseconds() / 100).is_multiple_of(2))),
        "same history",
    );
    assert_breaks(stop(&Rule(|h: &History| !h.is_empty() && coin() < 0.5)), "same history");
    let slow = |h: &History| h.epochs().iter().map(|record| record.seconds).sum::<f64>() > 60.0;
    assert_breaks(stop(&Rule(slow)), "seconds");

    let schedule = |rule: &dyn LrSchedule| check::schedule(rule);
    let clock = |_: &Progress<'_>, _: f64| 0.1 + f64::from(nanoseconds()) * 1e-12;
    assert_breaks(schedule(&Rule(clock)), "same history");
    assert_breaks(schedule(&Rule(|_: &Progress<'_>, _: f64| 0.1 + coin())), "same history");
    let within = |_: &Progress<'_>, done: f64| if done > 0.0 { 0.1 + coin() } else { 0.1 };
    assert_breaks(schedule(&Rule(within)), "same history");
    let slow = |p: &Progress<'_>, _: f64| 0.1 + p.history.last().map_or(0.0, |record| record.seconds);
    assert_breaks(schedule(&Rule(slow)), "seconds");
}

/// Issue: a schedule that gives 0 somewhere is caught, however late.
#[test]
fn schedules_that_reach_zero() {
    let breaks = |rule: &dyn LrSchedule| assert_breaks(check::schedule(rule), "positive and finite");
    breaks(&Rule(|p: &Progress<'_>, _: f64| 0.5 * (1.0 - p.epoch as f64 / 777.0)));
    breaks(&Rule(|p: &Progress<'_>, _: f64| 0.5f64.powi(p.epoch as i32)));
    breaks(&Rule(|p: &Progress<'_>, _: f64| 0.95f64.powi(p.epoch as i32)));
    breaks(&Rule(|_: &Progress<'_>, done: f64| if done > 0.9 { 0.0 } else { 0.1 }));
    breaks(&Rule(|_: &Progress<'_>, done: f64| 0.1 / done.min(0.5)));
    breaks(&Rule(|_: &Progress<'_>, done: f64| 0.1 * (1.0 + (std::f64::consts::PI * done).cos())));
    check::schedule(&Rule(|p: &Progress<'_>, done: f64| 0.5 / (p.epoch as f64 + done))).unwrap();
}

/// What a constructor leaves at its default is what a name leaves at its default, and a name that gives every parameter
/// prints as it was written.
#[test]
fn names_and_constructors_have_the_same_defaults() -> Result<()> {
    let same = |name: &str, schedule: AnySchedule| assert_eq!(name.parse::<AnySchedule>().unwrap(), schedule);
    same("constant(eta=0.3)", Constant::new(0.3)?.into());
    same("step_decay(eta=0.3, every=7, factor=0.4)", StepDecay::new(0.3, 7, 0.4)?.into());
    same(
        "multi_step_decay(eta=0.3, after=[3, 5], factor=0.4)",
        MultiStepDecay::new(0.3, &[3, 5], 0.4)?.into(),
    );
    same("exponential_decay(eta=0.3, factor=0.8)", ExponentialDecay::new(0.3, 0.8)?.into());
    same("polynomial_decay(eta=0.3, epochs=7)", PolynomialDecay::new(0.3, 7)?.into());
    same("inverse_time_decay(eta=0.3, decay=0.2)", InverseTimeDecay::new(0.3, 0.2)?.into());
    same("cosine(eta=0.3, epochs=7)", Cosine::new(0.3, 7)?.into());
    same("cosine_restarts(eta=0.3, epochs=7)", CosineRestarts::new(0.3, 7)?.into());
    same("cyclic(low=0.1, high=0.3, epochs=2.5)", Cyclic::new(0.1, 0.3, 2.5)?.into());
    same("one_cycle(eta=0.3, epochs=7)", OneCycle::new(0.3, 7)?.into());
    same("halve_on_plateau(eta=0.3, patience=7)", HalveOnPlateau::new(0.3, 7)?.into());
    same("reduce_on_plateau(eta=0.3, factor=0.4, patience=7)", ReduceOnPlateau::new(0.3, 0.4, 7)?.into());
    let warm_up = WarmUp::new(2.5, Constant::new(0.3)?)?;
    assert_eq!(warm_up.to_string(), "warm_up(constant(eta=0.3), epochs=2.5, from=0.1)");
    assert_eq!(warm_up.metric(), None);
    let plateau = HalveOnPlateau::new(0.3, 7)?.monitor(Metric::training_cost());
    assert_eq!(WarmUp::new(2.5, plateau)?.metric(), Some(Metric::training_cost()));
    for name in [
        "constant(eta=0.3)",
        "step_decay(eta=0.3, every=7, factor=0.4, last=0.02)",
        "multi_step_decay(eta=0.3, after=[3, 5], factor=0.4, last=0.02)",
        "exponential_decay(eta=0.3, factor=0.4, last=0.02)",
        "polynomial_decay(eta=0.3, epochs=7, power=2.5, last=0.02)",
        "inverse_time_decay(eta=0.3, decay=0.2)",
        "cosine(eta=0.3, epochs=7, last=0.02)",
        "cosine_restarts(eta=0.3, epochs=7, lengthen=3, last=0.02)",
        "cyclic(low=0.1, high=0.3, epochs=2.5, shrink=0.4)",
        "one_cycle(eta=0.3, epochs=7, rise=0.4, initial_divisor=5, last_divisor=50)",
        "halve_on_plateau(eta=0.3, patience=7, floor=0.02, monitor=validation cost)",
        "reduce_on_plateau(eta=0.3, factor=0.4, patience=7, cooldown=2, min_delta=0.05, last=0.02, monitor=training cost)",
        "warm_up(constant(eta=0.3), epochs=2.5, from=0.4)",
    ] {
        assert_eq!(name.parse::<AnySchedule>()?.to_string(), name);
    }
    Ok(())
}
