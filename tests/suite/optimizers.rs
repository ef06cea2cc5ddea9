//! The optimizers against PyTorch's and optax's, over 1,000 steps (see tests/fixtures/optimizers.py), their names, and averages
//! against their definition.

use std::collections::BTreeMap;

use gradus::optimizer::{ParameterKind, Scope};
use gradus::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    steps: Vec<u64>,
    cases: BTreeMap<String, Vec<Vec<f64>>>,
}

/// Every optimizer of the crate, with a pair of settings each, and how it prints.
const OPTIMIZERS: [(&str, &str); 18] = [
    ("sgd", "sgd"),
    ("momentum", "momentum(mu=0.9)"),
    ("nesterov", "nesterov(mu=0.9)"),
    ("ada_grad", "ada_grad(epsilon=1e-10)"),
    ("ada_delta", "ada_delta(rho=0.9, epsilon=1e-6)"),
    ("rms_prop", "rms_prop(rho=0.99, epsilon=1e-8, centred=false, mu=0)"),
    (" rms_prop ( mu = 0.5 , centred = true ) ", "rms_prop(rho=0.99, epsilon=1e-8, centred=true, mu=0.5)"),
    ("adam", "adam(beta1=0.9, beta2=0.999, epsilon=1e-8)"),
    ("adamw(epsilon=1e-5)", "adamw(beta1=0.9, beta2=0.999, epsilon=1e-5, lambda=0.01)"),
    ("lion", "lion(beta1=0.9, beta2=0.99, lambda=0)"),
    ("lbfgs(memory=5)", "lbfgs(memory=5, tolerance=1e-5)"),
    ("clip_by_value(sgd)", "clip_by_value(sgd, limit=1)"),
    ("clip_by_norm(sgd, limit=0.1)", "clip_by_norm(sgd, limit=0.1)"),
    ("clip_by_global_norm(limit=0.5, sgd)", "clip_by_global_norm(sgd, limit=0.5)"),
    ("max_norm(momentum(mu=0.5), limit=4)", "max_norm(momentum(mu=0.5), limit=4)"),
    ("polyak_average(sgd, skip=1000)", "polyak_average(sgd, skip=1000)"),
    ("exponential_average(sgd)", "exponential_average(sgd, beta=0.999)"),
    (
        "clip_by_global_norm(max_norm(polyak_average(momentum), limit=2))",
        "clip_by_global_norm(max_norm(polyak_average(momentum(mu=0.9), skip=0), limit=2), limit=1)",
    ),
];

fn parse(name: &str) -> AnyOptimizer {
    name.parse().unwrap()
}

/// Every optimizer parses from its name and prints it back, wrappers too, also as JSON.
#[test]
fn optimizers_print_as_they_parse() {
    for (text, printed) in OPTIMIZERS {
        let optimizer = parse(text);
        assert_eq!(optimizer.to_string(), printed);
        assert_eq!(parse(printed), optimizer);
        let json = serde_json::to_string(&optimizer).unwrap();
        assert_eq!(serde_json::from_str::<AnyOptimizer>(&json).unwrap(), optimizer);
        gradus::check::optimizer(&optimizer).unwrap();
    }
    for name in AnyOptimizer::NAMES {
        assert!(OPTIMIZERS.iter().any(|(_, printed)| printed.split('(').next() == Some(name)), "{name}");
    }
    // No parameter at its default, and no two alike.
    for text in [
        "momentum(mu=0.3)",
        "nesterov(mu=0.4)",
        "ada_grad(epsilon=1e-7)",
        "ada_delta(rho=0.8, epsilon=1e-5)",
        "rms_prop(rho=0.7, epsilon=1e-6, centred=true, mu=0.25)",
        "adam(beta1=0.8, beta2=0.99, epsilon=1e-7)",
        "adamw(beta1=0.7, beta2=0.98, epsilon=1e-6, lambda=0.02)",
        "lion(beta1=0.8, beta2=0.95, lambda=0.03)",
        "lbfgs(memory=7, tolerance=0.0001)",
        "clip_by_value(momentum(mu=0.1), limit=2)",
        "clip_by_norm(momentum(mu=0.1), limit=3)",
        "clip_by_global_norm(momentum(mu=0.1), limit=4)",
        "max_norm(momentum(mu=0.1), limit=5)",
        "polyak_average(momentum(mu=0.1), skip=6)",
        "exponential_average(momentum(mu=0.1), beta=0.75)",
    ] {
        assert_eq!(parse(text).to_string(), text);
    }
    assert_eq!(
        PolyakAverage::new(MaxNorm::new(Sgd, 2.0).unwrap()).to_string(),
        "polyak_average(max_norm(sgd, limit=2), skip=0)"
    );
    assert_eq!("lion(beta1=0.5)".parse::<Lion>().unwrap(), Lion::new(0.5, 0.99).unwrap());
}

/// What cannot be an optimizer is an error that says why.
#[test]
fn names_of_no_optimizer() {
    for (text, wanted) in [
        ("", "choose one of: sgd, momentum"),
        ("adagrad", "choose one of: sgd, momentum, nesterov, ada_grad"),
        ("momentum(0.9)", "`0.9` is not of the form parameter=value"),
        ("momentum(mu=much)", "mu = `much` is not a number"),
        ("momentum(mu=0.9, mu=0.8)", "mu is given twice"),
        ("momentum(mu=1.5)", "outside [0, 1)"),
        ("rms_prop(centred=yes)", "centred = `yes` is not true or false"),
        ("polyak_average(sgd, skip=-1)", "is not a whole number"),
        ("clip_by_norm", "it wraps another optimizer, which comes first: clip_by_norm(…, parameter=value)"),
        ("clip_by_norm(limit=1)", "it wraps another optimizer"),
        ("clip_by_norm(sgd, adam)", "`adam` is one optimizer too many"),
        ("clip_by_norm(adam(beta=1))", "adam"),
        ("clip_by_norm(adam", "the closing parenthesis is missing"),
        ("clip_by_norm(sgd, limit=0)", "clipping limit"),
    ] {
        let error = text.parse::<AnyOptimizer>().unwrap_err().to_string();
        assert!(error.contains(wanted), "{text}: {error}");
    }
    let error = "sgd".parse::<Momentum>().unwrap_err().to_string();
    assert!(error.contains("momentum"), "{error}");
}

/// The gradient of step t: 0.5 p + c.
fn gradient(t: u64, parameters: &ParameterArrays<f64>) -> ParameterArrays<f64> {
    let mut gradient = parameters.clone();
    for (i, g) in (0..).zip(gradient.values_mut()) {
        let c = ((7 * i + 13 * t) % 64) as f64;
        *g = 0.5 * *g + (c - 31.5) / 32.0;
    }
    gradient
}

#[test]
fn optimizers_agree_with_pytorch() {
    let fixture: Fixture = serde_json::from_str(include_str!("../fixtures/optimizers.json")).unwrap();
    assert_eq!(fixture.cases.len(), 20);
    for (name, wanted) in &fixture.cases {
        let rule: &dyn Optimizer<f64> = &parse(name);
        let start =
            (0..12).map(|i| (f64::from(i) - 5.5) / 8.0).chain((0..3).map(|i| (f64::from(i) - 1.0) / 4.0));
        let mut parameters = ParameterArrays::from_values(vec![4, 3], start.collect()).unwrap();
        let mut slots = vec![ParameterArrays::zeros(&[4, 3]); rule.slots()];
        let mut found = Vec::new();
        for t in 1..=1000 {
            let mut gradient = gradient(t, &parameters);
            if rule.scope() == Scope::Global {
                rule.prepare(&mut gradient);
            }
            let kinds = [ParameterKind::Weights, ParameterKind::Biases];
            let arrays = parameters.arrays_mut().zip(gradient.arrays_mut()).enumerate();
            for (index, (parameters, gradient)) in arrays {
                let at = StepInfo { t, kind: kinds[index], ..StepInfo::first(3) };
                let mut slots: Vec<&mut [f64]> =
                    slots.iter_mut().map(|slot| slot.arrays_mut().nth(index).unwrap()).collect();
                rule.step(&at, &mut slots, parameters, gradient, 0.01);
            }
            if fixture.steps.contains(&t) {
                found.push(rule.average_slot().map_or(&parameters, |slot| &slots[slot]).values().to_vec());
            }
        }
        for (step, (found, wanted)) in fixture.steps.iter().zip(found.iter().zip(wanted)) {
            for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                let difference = (found - wanted).abs();
                assert!(difference <= 1e-12, "{name}, step {step}, parameter {i}: {found} for {wanted}");
            }
        }
    }
}

/// The norm of a gradient whose squares overflow, or underflow, is that of the scaled gradient.
#[test]
fn gradients_of_any_size_are_clipped_to_the_limit() {
    fn clipped<T: Real>(optimizer: &dyn Optimizer<T>, g: f64) -> Vec<f64> {
        let mut gradient =
            ParameterArrays::from_values(vec![3, 1], [0.3, 0.0, 0.4, 0.0].map(|x| T::cast(g * x)).into());
        let gradient = gradient.as_mut().unwrap();
        optimizer.prepare(gradient);
        let mut w = [T::zero(); 4];
        optimizer.step(&StepInfo::first(1), &mut [], &mut w, gradient.values_mut(), T::one());
        w.iter().map(|w| -w.to_f64()).collect()
    }
    fn assert_clipped<T: Real>(g: f64, limit: f64, tolerance: f64) {
        let rules: [&dyn Optimizer<T>; 2] =
            [&ClipByNorm::new(Sgd, limit).unwrap(), &ClipByGlobalNorm::new(Sgd, limit).unwrap()];
        for rule in rules {
            for (found, wanted) in clipped(rule, g).iter().zip([0.6, 0.0, 0.8, 0.0]) {
                assert!((found / limit - wanted).abs() <= tolerance, "{g}, {rule:?}: {found}");
            }
        }
    }
    for g in [1.0, 1e100, 1e154, 1e200, 1.7e308, -1e308, 1e-100, 1e-160, 1e-300] {
        for limit in [1e-301, 1e-120, 0.1, 1e100].into_iter().filter(|limit| *limit < 0.4 * f64::abs(g)) {
            assert_clipped::<f64>(g * g.signum(), limit, 1e-14);
        }
    }
    for g in [1.0, 1e15, 1e19, 1e25, 3e38, 1e-15, 1e-25] {
        for limit in [1e-26, 1e-12, 0.1, 1e18].into_iter().filter(|limit| *limit < 0.4 * g) {
            assert_clipped::<f32>(g, limit, 1e-6);
        }
    }
    // What is not finite is passed on, to be reported.
    for g in [f64::INFINITY, f64::NAN] {
        assert!(clipped::<f64>(&ClipByNorm::new(Sgd, 1.0).unwrap(), g).iter().any(|w| w.is_nan()));
    }
    // A row of weights likewise.
    let mut w = [3e200, 1.0, 4e200, 0.0];
    MaxNorm::new(Sgd, 5.0).unwrap().step(&StepInfo::first(2), &mut [], &mut w, &mut [0.0; 4], 0.1);
    assert!((w[0] - 3.0f64).abs() < 1e-14 && (w[2] - 4.0).abs() < 1e-14 && w[1] == 1.0, "{w:?}");
}

/// The averages are those of their definitions over the parameters after each step, whatever moves these.
#[test]
fn averages_are_those_of_the_parameters_after_each_step() {
    let (mut parameters, mut polyak, mut exponential) = (Vec::new(), Vec::new(), Vec::new());
    for (name, averages) in [
        ("polyak_average(max_norm(momentum, limit=0.9), skip=3)", &mut polyak),
        ("exponential_average(max_norm(momentum, limit=0.9), beta=0.75)", &mut exponential),
    ] {
        let rule: &dyn Optimizer<f64> = &parse(name);
        let slot = rule.average_slot().unwrap();
        assert_eq!((slot, rule.slots()), (1, 2));
        let (mut w, mut slots) = ([0.25, -0.5], [[0.0; 2]; 2]);
        parameters.clear();
        for t in 1..=20 {
            let at = StepInfo { t, ..StepInfo::first(1) };
            let mut gradient = [w[0] + f64::sin(t as f64), w[1] - f64::cos(t as f64)];
            let [velocity, mean] = &mut slots;
            rule.step(&at, &mut [velocity, mean], &mut w, &mut gradient, 0.3);
            parameters.push(w);
            averages.push(*mean);
        }
    }
    for i in 0..2 {
        for t in 1..=20 {
            let averaged = &parameters[if t <= 3 { t - 1 } else { 3 }..t];
            let mean = averaged.iter().map(|w| w[i]).sum::<f64>() / averaged.len() as f64;
            assert!((polyak[t - 1][i] - mean).abs() < 1e-14, "after step {t}");

            // w_1 has the weight β^(t − 1), the later w_s have (1 − β) β^(t − s).
            let weight = |s: usize| if s == 1 { 1.0 } else { 0.25 } * 0.75f64.powi((t - s) as i32);
            let mean: f64 = (1..=t).map(|s| weight(s) * parameters[s - 1][i]).sum();
            assert!((exponential[t - 1][i] - mean).abs() < 1e-14, "after step {t}");
        }
    }
}

/// A momentum just below 1 stays below 1 in single precision.
#[test]
fn a_momentum_near_1_has_friction_in_f32() {
    let momentum = Momentum::new(1.0 - 1e-9).unwrap();
    let (mut w, mut v) = ([0.0f32], [1.0f32]);
    momentum.step(&StepInfo::first(1), &mut [&mut v], &mut w, &mut [0.0], 0.1);
    assert!(v[0] < 1.0);
}

/// Settings that cannot work are errors with the value.
#[test]
fn settings_outside_their_range() {
    let bad = [
        Adam::new(1.0, 0.999, 1e-8).err(),
        Adam::new(0.9, f64::NAN, 1e-8).err(),
        Adam::new(0.9, 0.999, 0.0).err(),
        AdamW::new(Adam::default(), -0.1).err(),
        AdaGrad::new(0.0).err(),
        AdaDelta::new(1.0, 1e-6).err(),
        AdaDelta::new(0.9, f64::NAN).err(),
        Lion::new(0.9, 1.0).err(),
        Lion::new(-0.1, 0.9).err(),
        Lion::default().weight_decay(f64::INFINITY).err(),
        ExponentialAverage::new(Sgd, 1.0).err(),
        RmsProp::default().momentum(1.0).err(),
        RmsProp::new(-0.1, 1e-8).err(),
        RmsProp::new(0.9, f64::INFINITY).err(),
        ClipByValue::new(Sgd, 0.0).err(),
        ClipByNorm::new(Sgd, f64::NAN).err(),
        ClipByGlobalNorm::new(Sgd, f64::INFINITY).err(),
        MaxNorm::new(Sgd, -1.0).err(),
        MaxNorm::new(Sgd, 0.0).err(),
        Dropout::new(1.0, 0.0).err(),
        Dropout::new(0.0, -0.1).err(),
    ];
    for (index, error) in bad.into_iter().enumerate() {
        assert!(matches!(error, Some(gradus::Error::Setting { .. })), "number {index}: {error:?}");
    }
}

/// The learning rate of a trainer without a schedule: with momentum, steps along one gradient come to the same as
/// without it; Adam's falls with the steps of an epoch; and a rule that wraps another has that one's.
#[test]
fn learning_rates_without_a_schedule() {
    let rate = |name: &str| Optimizer::<f64>::default_rate(&parse(name));
    let rate_for = |name: &str, steps: usize| Optimizer::<f64>::default_rate_for(&parse(name), steps);
    let rates = [
        ("sgd", 0.5),
        ("momentum(mu=0.75)", 0.5 * 0.25),
        ("nesterov(mu=0.75)", 0.5 * 0.25),
        ("ada_grad", 0.01),
        ("ada_delta", 1.0),
        ("rms_prop", 0.01),
        ("rms_prop(mu=0.75)", 0.01 * 0.25),
        ("adam", 0.001),
        ("adamw", 0.001),
        ("lion", 0.0001),
        ("lbfgs", 1.0),
    ];
    for (name, wanted) in rates {
        assert_eq!(rate(name), wanted, "{name}");
        for (steps, adams) in [(0, 0.01), (10, 0.01), (250, 0.004), (60_000, 0.001)] {
            let wanted = if name.starts_with("adam") { adams } else { wanted };
            assert_eq!(rate_for(name, steps), wanted, "{name}, {steps} steps");
        }
    }
    for wrapper in [
        "clip_by_value",
        "clip_by_norm",
        "clip_by_global_norm",
        "max_norm",
        "polyak_average",
        "exponential_average",
    ] {
        for name in ["lion", "adam"] {
            let wrapped = format!("{wrapper}({name})");
            assert_eq!(rate(&wrapped), rate(name), "{wrapped}");
            assert_eq!(rate_for(&wrapped, 250), rate_for(name, 250), "{wrapped}");
        }
    }
}

/// What each rule keeps for a parameter, and what it says of a setting that is out of range.
#[test]
fn slots_and_reasons() {
    let slots = |name: &str| Optimizer::<f64>::slots(&parse(name));
    for (name, wanted) in [
        ("rms_prop", 1),
        ("rms_prop(mu=0.5)", 2),
        ("rms_prop(centred=true)", 2),
        ("rms_prop(centred=true, mu=0.5)", 3),
        ("lbfgs(memory=5)", 13),
    ] {
        assert_eq!(slots(name), wanted, "{name}");
    }
    for (mu, reason) in [(-0.5, "negative momentum"), (f64::NAN, "NaN"), (1.0, "friction")] {
        for error in [Momentum::new(mu).unwrap_err(), Nesterov::new(mu).unwrap_err()] {
            assert!(error.to_string().contains(reason), "{mu}: {error}");
        }
    }
    // A single step of L-BFGS, without its search, is one of plain descent.
    let mut w = [1.0, -2.0];
    Lbfgs::default().step(&StepInfo::first(1), &mut [], &mut w, &mut [0.5, 3.0], 0.25);
    assert_eq!(w, [0.875, -2.75]);
}

/// A function with one value and one slope everywhere.
struct Everywhere(f64, f64);

impl gradus::optimizer::Objective<f64> for Everywhere {
    fn read(&self, parameters: &mut [f64]) {
        parameters.fill(1.0);
    }
    fn evaluate(&mut self, _: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(self.1);
        self.0
    }
}

/// A search says that its function is not finite, also where only the gradient is not.
#[test]
fn a_search_reports_what_is_not_finite() {
    let (lbfgs, at) = (Lbfgs::default(), gradus::optimizer::SearchInfo { t: 1, eta: 1.0, known: None });
    for (value, slope) in [(1.0, f64::INFINITY), (1.0, f64::NAN), (f64::INFINITY, 1.0), (f64::NAN, 1.0)] {
        let mut slots = vec![ParameterArrays::<f64>::zeros(&[2, 1]); Optimizer::<f64>::slots(&lbfgs)];
        let found = lbfgs.search(&at, &mut slots, &mut Everywhere(value, slope)).unwrap();
        assert!(!found.before.is_finite() && found.converged.is_none(), "{value}, {slope}: {found:?}");
    }
}

/// A rule that wraps another passes on what that one asks for: its average, and the whole gradient before the steps.
#[test]
fn wrappers_pass_on_what_the_wrapped_rule_needs() {
    for wrapper in ["clip_by_value", "clip_by_norm", "clip_by_global_norm", "max_norm"] {
        let averaged = parse(&format!("{wrapper}(polyak_average(momentum))"));
        assert_eq!(Optimizer::<f64>::average_slot(&averaged), Some(1), "{wrapper}");
        let rule = parse(&format!("{wrapper}(sgd)"));
        assert_eq!(Optimizer::<f64>::average_slot(&rule), None, "{wrapper}");
    }
    for wrapper in ["clip_by_value", "clip_by_norm", "max_norm", "polyak_average", "exponential_average"] {
        let rule = parse(&format!("{wrapper}(clip_by_global_norm(sgd, limit=0.5))"));
        let mut gradient = ParameterArrays::<f64>::from_values(vec![1, 1], vec![3.0, 4.0]).unwrap();
        rule.prepare(&mut gradient);
        assert!((gradient.values()[0] - 0.3).abs() < 1e-15, "{wrapper}: {gradient:?}");
    }
}

/// The variance of a gradient that stays the same is 0, and rounding does not make it less.
#[test]
fn a_constant_gradient_has_no_negative_variance() {
    for (rho, g) in [(0.5, 0.7), (0.5, 1e-3), (0.5, 3.3), (0.3, 1.1), (0.7, 3.3), (0.9, 3.3)] {
        let (rule, mut w, mut slots) = (RmsProp::new(rho, 1e-8).unwrap().centred(), [0.0], [[0.0]; 2]);
        for t in 1..=500 {
            let [v, m] = &mut slots;
            rule.step(&StepInfo { t, ..StepInfo::first(1) }, &mut [v, m], &mut w, &mut [g], 1e-8);
            assert!(f64::is_finite(w[0]), "{g} after {t} steps");
        }
    }
}

/// Half of the squared distance from 0, which notes where it is asked.
struct Bowl {
    x: Vec<f64>,
    asked: Vec<Vec<f64>>,
}

impl gradus::optimizer::Objective<f64> for Bowl {
    fn read(&self, parameters: &mut [f64]) {
        parameters.copy_from_slice(&self.x);
    }
    fn evaluate(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        self.x.copy_from_slice(parameters);
        self.asked.push(parameters.to_vec());
        gradient.copy_from_slice(parameters);
        0.5 * parameters.iter().map(|w| w * w).sum::<f64>()
    }
}

/// Without a memory the first point that L-BFGS tries is η along the gradient, and no farther than η away; and a memory
/// whose step has been lost to overflow is forgotten.
#[test]
fn the_first_step_of_a_search() {
    let search = |x: f64, eta: f64, slots: &mut [ParameterArrays<f64>], known: Option<f64>| {
        let mut bowl = Bowl { x: vec![x, 0.0], asked: Vec::new() };
        let at = gradus::optimizer::SearchInfo { t: 1, eta, known };
        let found = Lbfgs::new(2).unwrap().search(&at, slots, &mut bowl).unwrap();
        (bowl.asked, found)
    };
    let empty = || vec![ParameterArrays::<f64>::zeros(&[1, 1]); 7];
    for eta in [0.25, 1.0] {
        for (x, moved) in [(4.0, eta), (0.5, 0.5 * eta)] {
            let (asked, found) = search(x, eta, &mut empty(), None);
            assert_eq!(asked[..2], [[x, 0.0], [x - moved, 0.0]]);
            assert!(found.after < found.before && found.before == 0.5 * x * x, "{found:?}");
        }
    }
    // g, x, d, and of the two pairs (s, y) the newer: y·y overflows, and of the direction nothing is left.
    let mut slots = empty();
    let values =
        [[4.0, 0.0], [4.0, 0.0], [0.0, 0.0], [1e-300, 0.0], [1e-300, 0.0], [1e200, 0.0], [1e200, 0.0]];
    for (slot, value) in slots.iter_mut().zip(values) {
        slot.values_mut().copy_from_slice(&value);
    }
    let (asked, found) = search(4.0, 1.0, &mut slots, Some(8.0));
    assert_eq!(asked[0], [3.0, 0.0], "as without a memory");
    assert!(found.after < found.before, "{found:?}");
    let older = slots[3..].iter().filter(|slot| slot.values()[0] == 0.0).count();
    assert_eq!(older, 2, "{slots:?}");
}

/// A minimization counts its iterations and evaluations, and ends where it is told to.
#[test]
fn iterations_and_evaluations_are_counted() {
    let (mut x, mut calls) = ([-1.2, 1.0], 0);
    let found = Lbfgs::default().minimize(&mut x, 5, |x, gradient| {
        calls += 1;
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        gradient.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
        a * a + 100.0 * b * b
    });
    assert_eq!((found.iterations, found.evaluations, found.converged), (5, calls, false));
    let found = Lbfgs::default().minimize(&mut [0.0, 0.0], 5, |x, gradient| {
        gradient.copy_from_slice(x);
        0.0
    });
    assert_eq!((found.iterations, found.evaluations, found.converged), (1, 1, true));
}

/// The direction from two pairs is that of the matrix which BFGS forms from them, the older first.
#[test]
fn two_pairs_give_the_direction_of_bfgs() {
    let (s, y) = ([[1.0, 0.5], [-0.5, 1.0]], [[2.0, 0.25], [0.25, 1.5]]);
    let x = [4.0, -1.0];
    let mut slots = vec![ParameterArrays::<f64>::zeros(&[1, 1]); 7];
    for (slot, value) in slots.iter_mut().zip([x, x, [0.0; 2], s[0], s[1], y[0], y[1]]) {
        slot.values_mut().copy_from_slice(&value);
    }
    let known = Some(0.5 * (x[0] * x[0] + x[1] * x[1]));
    let mut bowl = Bowl { x: x.to_vec(), asked: Vec::new() };
    let at = gradus::optimizer::SearchInfo { t: 1, eta: 1.0, known };
    Lbfgs::new(2).unwrap().search(&at, &mut slots, &mut bowl).unwrap();

    // At t = 1 of two places, 0 holds the newer pair. H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ with ρ = 1/(s·y).
    let vector = |v: [f64; 2]| DVector::from_column_slice(&v);
    let mut h = DMatrix::identity(2, 2) * (vector(s[0]).dot(&vector(y[0])) / vector(y[0]).norm_squared());
    for place in [1, 0] {
        let (s, y) = (vector(s[place]), vector(y[place]));
        let rho = 1.0 / s.dot(&y);
        let left = DMatrix::identity(2, 2) - &s * y.transpose() * rho;
        h = &left * h * left.transpose() + &s * s.transpose() * rho;
    }
    let wanted = vector(x) - h * vector(x);
    for (found, wanted) in bowl.asked[0].iter().zip(&wanted) {
        assert!((found - wanted).abs() < 1e-13, "{:?} instead of {wanted}", bowl.asked[0]);
    }
}

/// Arrays for a network without layers hold nothing.
#[test]
fn arrays_without_layers_are_empty() {
    let (none, one) = (ParameterArrays::<f64>::zeros(&[3]), ParameterArrays::<f64>::zeros(&[1, 1]));
    assert_eq!((none.is_empty(), none.len()), (true, 0));
    assert_eq!((one.is_empty(), one.len()), (false, 2));
}
