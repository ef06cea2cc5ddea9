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

/// The settings of a schedule, and PyTorch's rate before each step.
#[derive(Deserialize)]
struct RateCase {
    schedule: String,
    eta: f64,
    rates: Vec<f64>,
    #[serde(default)]
    last: f64,
    #[serde(default)]
    rise: f64,
    #[serde(default)]
    initial: f64,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    steps: usize,
}

impl RateCase {
    /// The schedule for a run in which each epoch has `per_epoch` of the steps.
    fn schedule(&self, per_epoch: usize) -> Result<Box<dyn LrSchedule>> {
        let epochs = self.rates.len() / per_epoch;
        Ok(match &*self.schedule {
            "cosine" => Box::new(Cosine::new(self.eta, epochs)?.down_to(self.last)?),
            "one cycle" => {
                Box::new(OneCycle::new(self.eta, epochs)?.rise(self.rise)?.divisors(self.initial, self.last)?)
            }
            _ => {
                let epochs = self.steps as f64 / per_epoch as f64;
                Box::new(WarmUp::new(epochs, Constant::new(self.eta)?)?.from(self.start)?)
            }
        })
    }
}

/// Every rate of PyTorch's schedulers to 1e-12 of the highest, whether the steps are epochs or parts of epochs.
#[test]
fn schedules_agree_with_pytorch() -> Result<()> {
    let fixture: Rates = serde_json::from_str(include_str!("../fixtures/schedules.json")).unwrap();
    let history = History::new();
    let mut compared = 0;
    for case in &fixture.cases {
        for per_epoch in [1, 2, 3, 4, 12].into_iter().filter(|m| case.rates.len() % m == 0) {
            let schedule = case.schedule(per_epoch)?;
            for (step, &wanted) in case.rates.iter().enumerate() {
                let progress = Progress { epoch: step / per_epoch + 1, history: &history };
                let done = (step % per_epoch) as f64 / per_epoch as f64;
                let rate = schedule.rate(&progress).unwrap();
                let found = schedule.rate_within(rate, &progress, done);
                assert!(
                    (found - wanted).abs() <= 1e-12 * case.eta,
                    "{schedule:?}, step {step}: {found}, not {wanted}"
                );
                assert!(done > 0.0 || (rate - wanted).abs() <= 1e-12 * case.eta);
                compared += 1;
            }
            check::schedule(&schedule)?;
        }
    }
    assert!(compared > 500, "{compared} rates compared");
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
