//! The optimizers against PyTorch's, over 1,000 steps; see tests/fixtures/optimizers.py.

use std::collections::BTreeMap;

use gradus::optimizer::{ParameterKind, Scope};
use gradus::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    steps: Vec<u64>,
    cases: BTreeMap<String, Vec<Vec<f64>>>,
}

fn optimizer(name: &str) -> Box<dyn Optimizer<f64>> {
    match name {
        "sgd" => Box::new(Sgd),
        "momentum" => Box::new(Momentum::new(0.9).unwrap()),
        "nesterov" => Box::new(Nesterov::new(0.9).unwrap()),
        "adam" => Box::new(Adam::default()),
        "adamw" => Box::new(AdamW::new(Adam::default(), 0.1).unwrap()),
        "rms_prop" => Box::new(RmsProp::default()),
        "adam, clipped by value" => Box::new(ClipByValue::new(Adam::default(), 0.25).unwrap()),
        "adam, clipped by norm" => Box::new(ClipByNorm::new(Adam::default(), 0.5).unwrap()),
        "adam, clipped by global norm" => Box::new(ClipByGlobalNorm::new(Adam::default(), 0.5).unwrap()),
        "sgd, largest norm" => Box::new(MaxNorm::new(Sgd, 0.6).unwrap()),
        other => panic!("no optimizer for the case {other}"),
    }
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
    assert_eq!(fixture.cases.len(), 10);
    for (name, wanted) in &fixture.cases {
        let rule = optimizer(name);
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
                found.push(parameters.values().to_vec());
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

/// Every optimizer obeys the laws, and so does each around another.
#[test]
fn optimizers_are_lawful() {
    let fixture: Fixture = serde_json::from_str(include_str!("../fixtures/optimizers.json")).unwrap();
    for name in fixture.cases.keys() {
        gradus::check::optimizer(&optimizer(name)).unwrap();
    }
    let nested = ClipByGlobalNorm::new(MaxNorm::new(AdamW::default(), 3.0).unwrap(), 1.0).unwrap();
    gradus::check::optimizer(&nested).unwrap();
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
        RmsProp::new(-0.1, 1e-8).err(),
        RmsProp::new(0.9, f64::INFINITY).err(),
        ClipByValue::new(Sgd, 0.0).err(),
        ClipByNorm::new(Sgd, f64::NAN).err(),
        ClipByGlobalNorm::new(Sgd, f64::INFINITY).err(),
        MaxNorm::new(Sgd, -1.0).err(),
        Dropout::new(1.0, 0.0).err(),
        Dropout::new(0.0, -0.1).err(),
    ];
    for (index, error) in bad.into_iter().enumerate() {
        assert!(matches!(error, Some(gradus::Error::Setting { .. })), "number {index}: {error:?}");
    }
}
