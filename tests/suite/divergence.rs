//! What goes wrong within a run: numbers that are not finite, panics, neurons that fall silent.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use gradus::Error;
use gradus::network::ParameterArrays;
use gradus::optimizer::{ParameterKind, Scope};
use gradus::prelude::*;
use gradus::trainer::Warning;
use proptest::prelude::*;

use super::doubles::{Hooked, interruption};

const SAMPLES: usize = 40;
const STEPS: u64 = 4;

fn data() -> Dataset<f64> {
    let x = DMatrix::from_fn(3, SAMPLES, |i, j| ((i * 31 + j * 17) % 23) as f64 / 23.0);
    Dataset::new(x.clone(), x.rows(0, 1).map(|x| if x > 0.5 { 1.0 } else { 0.0 })).unwrap()
}

fn network() -> Network<f64, Tanh, Sigmoid> {
    Network::new(&[3, 5, 1], Tanh, Sigmoid, &ScaledGaussian, 1).unwrap()
}

fn trainer() -> Trainer<f64, CrossEntropy> {
    Trainer::new(CrossEntropy).mini_batch(SAMPLES / STEPS as usize).seed(3).stop(MaxEpochs::new(3).unwrap())
}

/// Adam, until it does something else with some array in some step.
#[derive(Debug)]
struct Faulty<T: Real> {
    step: u64,
    layer: usize,
    kind: ParameterKind,
    fault: fn(&mut [T]),
}

impl<T: Real> Optimizer<T> for Faulty<T> {
    fn slots(&self) -> usize {
        2
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        0.01
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], w: &mut [T], g: &mut [T], eta: T) {
        Adam::default().step(at, slots, w, g, eta);
        if (at.t, at.layer, at.kind) == (self.step, self.layer, self.kind) {
            (self.fault)(w);
        }
    }
}

/// Keeps the costs that it is told.
#[derive(Debug, Default)]
struct Costs(Mutex<Vec<f64>>);

impl Observer<f64> for Costs {
    fn on_step(&self, running: &Running<'_, f64>) -> ControlFlow<()> {
        self.0.lock().unwrap().push(running.cost);
        ControlFlow::Continue(())
    }
}

/// Issue: the first parameter that is not finite ends the run within the step, not at the end of the epoch; the error says
/// where, and the costs before.
#[test]
fn a_parameter_that_becomes_infinite() {
    for (step, layer) in (1..=2 * STEPS).flat_map(|step| [(step, 0), (step, 1)]) {
        for kind in [ParameterKind::Weights, ParameterKind::Biases] {
            let costs = Arc::new(Costs::default());
            let faulty = Faulty { step, layer, kind, fault: |w: &mut [f64]| w[w.len() - 1] = f64::INFINITY };
            let error = trainer().optimizer(faulty).observe(costs.clone()).fit(&mut network(), &data(), None);
            let run = interruption(error.unwrap_err());
            assert_eq!((run.epoch as u64 - 1) * STEPS + run.step as u64, step);
            let Error::Diverged { quantity: "parameter", layer: Some(named), sample: None, value, .. } =
                run.cause
            else {
                panic!("{run}");
            };
            assert_eq!((named, value), (layer + 1, f64::INFINITY));
            let costs = costs.0.lock().unwrap();
            assert_eq!(costs.len() as u64, step, "no step is made with it");
            assert_eq!(run.last_costs, costs[costs.len().saturating_sub(5)..]);
        }
    }
}

/// Issue: λ = 5000 is the cause, and not the learning rate.
#[test]
fn a_penalty_that_is_too_strong_is_named() {
    let cause = |optimizer: &str, lambda, eta| {
        let trainer = Trainer::new(Quadratic)
            .optimizer(optimizer.parse::<AnyOptimizer>().unwrap())
            .regularizer(L2::new(lambda).unwrap())
            .schedule(Constant::new(eta).unwrap());
        let mut network = Network::<f64, _, _>::new(&[3, 5, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap();
        let error = trainer.stop(MaxEpochs::new(1000).unwrap()).fit(&mut network, &data(), None).unwrap_err();
        interruption(error).cause
    };
    // The larger λ is, the fewer weights are still finite when the run ends.
    for lambda in [5000.0, 1e30, 1e200, 1e308] {
        let by_penalty = cause("sgd", lambda, 0.5);
        assert!(matches!(by_penalty, Error::Diverged { penalty: true, .. }), "{lambda}: {by_penalty}");
        assert!(by_penalty.to_string().contains("lower λ"), "{by_penalty}");
    }
    // In single precision λ itself is infinite from 10³⁹ on.
    for lambda in [5000.0, 1e30, 1e38, 1e39, 1e300] {
        let data =
            Dataset::new(DMatrix::from_element(3, 4, 0.5f32), DMatrix::from_element(1, 4, 1.0)).unwrap();
        let trainer = Trainer::new(Quadratic).regularizer(L2::new(lambda).unwrap());
        let mut network = Network::new(&[3, 5, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap();
        let error = trainer.fit(&mut network, &data, None).unwrap_err().to_string();
        assert!(error.contains("lower λ"), "{lambda}: {error}");
    }
    let by_rate = cause("sgd", 0.01, 50.0);
    assert!(matches!(by_rate, Error::Diverged { penalty: false, .. }), "{by_rate}");
    assert!(by_rate.to_string().contains("lower the learning rate"), "{by_rate}");
    // A search takes no step that raises the cost: only a cost that is infinite from the beginning ends it.
    let by_search = cause("lbfgs", f64::MAX, 1.0);
    assert!(matches!(by_search, Error::Diverged { penalty: true, .. }), "{by_search}");
}

/// Ends a run after some steps.
#[derive(Debug)]
struct EndAfter(u64);

impl<T: Real> Observer<T> for EndAfter {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        if running.run().t == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// L2, whose gradient panics in its n-th call.
#[derive(Debug)]
struct PanicsInCall(Mutex<usize>);

impl Regularizer<f64> for PanicsInCall {
    fn penalty(&self, at: &LayerInfo, w: &[f64]) -> f64 {
        Regularizer::<f64>::penalty(&L2::new(0.1).unwrap(), at, w)
    }

    fn add_gradient(&self, at: &LayerInfo, w: &[f64], scale: f64, gradient: &mut [f64]) {
        let left = {
            let mut left = self.0.lock().unwrap();
            *left = left.wrapping_sub(1);
            *left
        };
        assert!(left != 0, "this call panics");
        L2::new(0.1).unwrap().add_gradient(at, w, scale, gradient);
    }

    fn elementwise(&self) -> bool {
        true
    }
}

/// Issue: a panic in a plug-in reaches the caller, and leaves the network as it was before the step. Here layer 1 has moved
/// when the optimizer panics in layer 2, or the regularizer there.
#[test]
fn a_panic_undoes_its_step() {
    for step in 1..=2 * STEPS {
        let mut wanted = network();
        let started = ParameterArrays::from_network(&wanted);
        let none = |_: &mut [f64]| {};
        let adam = Faulty { step: 0, layer: 0, kind: ParameterKind::Weights, fault: none };
        let reference = trainer().optimizer(adam).observe(EndAfter(step - 1));
        let wanted = match step {
            1 => started,
            _ => reference.fit(&mut wanted, &data(), None).unwrap().run.parameters,
        };
        let panics =
            Faulty { step, layer: 1, kind: ParameterKind::Biases, fault: |_: &mut [f64]| panic!("a panic") };
        let mut left = network();
        let run = || trainer().optimizer(panics).fit(&mut left, &data(), None).map(drop);
        let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
        assert_eq!(panic.downcast_ref(), Some(&"a panic"));
        assert!(ParameterArrays::from_network(&left) == wanted, "step {step}");

        let mut wanted = network();
        let l2 = trainer().regularizer(L2::new(0.1).unwrap());
        let wanted = match step {
            1 => ParameterArrays::from_network(&wanted),
            _ => l2.observe(EndAfter(step - 1)).fit(&mut wanted, &data(), None).unwrap().run.parameters,
        };
        let mut left = network();
        let panics = PanicsInCall(Mutex::new(2 * step as usize));
        let run = || trainer().regularizer(panics).fit(&mut left, &data(), None).map(drop);
        catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
        assert!(ParameterArrays::from_network(&left) == wanted, "step {step}");
    }
}

/// Adam until its fuse has burnt down, and then a panic. It prints itself as the same all the time, so that its run can go
/// on.
struct Fragile(AtomicUsize, Scope);

impl std::fmt::Debug for Fragile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fragile")
    }
}

impl Optimizer<f64> for Fragile {
    fn slots(&self) -> usize {
        2
    }

    fn scope(&self) -> Scope {
        self.1
    }

    fn default_rate(&self) -> f64 {
        0.01
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [f64]], w: &mut [f64], g: &mut [f64], eta: f64) {
        Adam::default().step(at, slots, w, g, eta);
        assert!(self.0.fetch_sub(1, SeqCst) != 1, "burnt down");
    }
}

/// Keeps how runs ended, and panics at their end if it is to.
#[derive(Debug, Default)]
struct Ends {
    told: Mutex<Vec<(Option<String>, Run<f64>)>>,
    panics: bool,
}

impl Observer<f64> for Ends {
    fn on_end(&self, outcome: &Outcome<'_, f64>) {
        let error = outcome.result.err().map(Error::to_string);
        self.told.lock().unwrap().push((error, outcome.run.clone()));
        assert!(!self.panics, "at the end");
    }
}

/// Observers are told once of the end of a run in which a part panics, whichever of them panics too, and the run that they are
/// told of goes on to the bits of one without a panic.
#[test]
fn observers_are_told_of_a_panic() {
    for scope in [Scope::Elementwise, Scope::PerArray, Scope::Global] {
        let fragile = |fuse| Arc::new(Fragile(AtomicUsize::new(fuse), scope));
        let mut whole = network();
        trainer().optimizer(fragile(0)).fit(&mut whole, &data(), None).unwrap();
        // Four arrays are moved in each step.
        let (per_epoch, epochs) = (4 * STEPS as usize, 3);
        for fuse in 1..=per_epoch * epochs + 1 {
            let (bad, good) = (Arc::new(Ends { panics: true, ..Ends::default() }), Arc::new(Ends::default()));
            let optimizer = fragile(fuse);
            let observed = trainer().optimizer(optimizer.clone()).observe(bad.clone()).observe(good.clone());
            let mut left = network();
            let run = || observed.fit(&mut left, &data(), None).map(drop);
            let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
            let (message, told) = (panic.downcast_ref::<&str>(), good.told.lock().unwrap().pop());
            assert_eq!(bad.told.lock().unwrap_or_else(|told| told.into_inner()).len(), 1);
            let Some((error, run)) = told else { panic!("not told") };
            assert!(good.told.lock().unwrap().is_empty());
            if fuse > per_epoch * epochs {
                // No part but the observer has panicked, and all was learned.
                assert_eq!((message, error, run.history.len()), (Some(&"at the end"), None, epochs));
                assert_eq!(left, whole);
                continue;
            }
            let wanted = (fuse - 1) / per_epoch;
            let wanted = format!("a component panicked after {wanted} whole epoch(s): burnt down");
            assert_eq!((error, message), (Some(wanted), Some(&"burnt down")));
            assert!(run.parameters == ParameterArrays::from_network(&left));
            let mut resumed = network();
            trainer().optimizer(optimizer).resume(run, &mut resumed, &data(), None).unwrap();
            assert_eq!(resumed, whole, "{scope:?}, fuse {fuse}");
        }
    }
}

/// A panic at any call of a source reaches the caller and, once the run has begun, the observers: also the last call, which
/// looks for silent neurons.
#[test]
fn observers_are_told_of_a_panic_after_the_last_epoch() {
    let calls = |last: usize| {
        let ends = Arc::new(Ends::default());
        let samples = Hooked::new(data(), |call, _| if call == last { panic!("lost") } else { Ok(()) });
        let trainer = trainer().observe(ends.clone());
        let run = || trainer.fit(&mut network(), &samples, None).map(drop);
        let panics = catch_unwind(AssertUnwindSafe(run)).is_err();
        let told = ends.told.lock().unwrap().pop();
        (panics, told, samples.calls())
    };
    let (panics, told, last) = calls(usize::MAX);
    assert!(!panics && told.is_some_and(|(error, _)| error.is_none()));
    let (panics, told, _) = calls(last);
    let (error, run) = told.unwrap();
    assert!(panics && run.history.len() == 3, "{error:?}");
    assert_eq!(error.as_deref(), Some("a component panicked after 3 whole epoch(s): lost"));
}

/// The same within a search, whichever of its evaluations panics: the network is that of one of the steps, which come in order.
#[test]
fn a_panic_undoes_its_search() {
    let trainer = || trainer().optimizer(Lbfgs::default()).stop(MaxEpochs::new(6).unwrap());
    let parameters = |network: &_| ParameterArrays::from_network(network);
    let mut steps = vec![parameters(&network())];
    for t in 1..=6 {
        let l2 = trainer().regularizer(L2::new(0.1).unwrap()).observe(EndAfter(t));
        steps.push(l2.fit(&mut network(), &data(), None).unwrap().run.parameters);
    }
    let mut at = 0;
    for call in 1.. {
        let mut left = network();
        let panics = trainer().regularizer(PanicsInCall(Mutex::new(call)));
        if catch_unwind(AssertUnwindSafe(|| panics.fit(&mut left, &data(), None).map(drop))).is_ok() {
            break;
        }
        let left = parameters(&left);
        at += usize::from(steps[at] != left);
        assert!(steps[at] == left, "call {call}: the network is not that of step {at}");
    }
    assert!(at >= 4, "{at}");
}

/// The same on a thread that is not the caller's: nothing hangs.
#[test]
fn a_panic_on_another_thread() {
    let data = Dataset::<f32>::synthetic_digits(300, 1).unwrap();
    let new = || Network::<f32, _, _>::new(&[784, 300, 10], Tanh, Sigmoid, &ScaledGaussian, 1).unwrap();
    let trainer = || Trainer::new(CrossEntropy).mini_batch(100).stop(MaxEpochs::new(2).unwrap()).threads(2);
    let faulty = |step, fault| Faulty { step, layer: 0, kind: ParameterKind::Weights, fault };
    let mut network = new();
    let reference = trainer().optimizer(faulty(0, |_: &mut [f32]| {})).observe(EndAfter(4));
    let wanted = reference.fit(&mut network, &data, None).unwrap().run.parameters;
    for _ in 0..3 {
        let mut left = new();
        // Every block of the first layer panics, on whichever thread.
        let panics = faulty(5, |_: &mut [f32]| panic!("a panic"));
        let run = || trainer().optimizer(panics).fit(&mut left, &data, None).map(drop);
        catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
        assert!(ParameterArrays::from_network(&left) == wanted);
    }
}

/// A panic while the averaged parameters are evaluated leaves the network with its own.
#[test]
fn a_panic_in_the_evaluation_of_an_average() {
    let trainer = || trainer().optimizer(PolyakAverage::new(Sgd));
    let mut network_after_two = network();
    let two = trainer().stop(MaxEpochs::new(2).unwrap());
    let wanted = two.fit(&mut network_after_two, &data(), None).unwrap().run.parameters;
    assert!(ParameterArrays::from_network(&network_after_two) != wanted, "the average is another");
    let mut left = network();
    // In the evaluation of epoch 2.
    let validation =
        Hooked::new(data(), |call, _| if call == 3 { panic!("this call panics") } else { Ok(()) });
    let run = || trainer().fit(&mut left, &data(), Some(&validation)).map(drop);
    catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    assert!(ParameterArrays::from_network(&left) == wanted);
}

/// Issue: a ReLU network at the default learning rate dies; the report says so.
#[test]
fn neurons_that_fell_silent_are_reported() {
    let data = Dataset::<f32>::synthetic_digits(1000, 1).unwrap();
    let mut network = Network::new(&[784, 30, 10], Relu, Relu, &ScaledGaussian, 1).unwrap();
    let report =
        Trainer::new(Quadratic).stop(MaxEpochs::new(2).unwrap()).fit(&mut network, &data, None).unwrap();
    let dead = Warning::SilentNeurons { layer: 2, silent: 10, neurons: 10, samples: 1000, unscaled: false };
    assert!(report.warnings.contains(&dead), "{report}");
    assert!(report.to_string().contains("warning     10 of 10 neurons of layer 2 are silent"), "{report}");

    // As its authors found, and with the book's neurons, none is.
    let mut network = Network::new(&[784, 30, 10], Relu, Softmax::default(), &ByActivation, 1).unwrap();
    let trainer =
        Trainer::new(LogLikelihood).stop(MaxEpochs::new(2).unwrap()).schedule(Constant::new(0.1).unwrap());
    assert_eq!(trainer.fit(&mut network, &data, None).unwrap().warnings, []);
    let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(2).unwrap());
    assert_eq!(trainer.fit(&mut network, &data, None).unwrap().warnings, []);
}

proptest! {
    /// Silent neurons by their definition: those of ReLU are 0 for every column.
    #[test]
    fn silent_neurons_are_those_of_the_definition(seed: u64, shift in -2.0f64..1.0, m in 1usize..250) {
        let mut network = Network::<f64, _, _>::new(&[3, 6, 5, 2], Relu, Softmax::default(), &ByActivation, seed).unwrap();
        for layer in network.hidden_mut() {
            layer.biases.iter_mut().enumerate().for_each(|(j, bias)| *bias = shift * j as f64 / 3.0);
        }
        let x = DMatrix::from_fn(3, m, |i, j| ((i * 37 + j * 11) % 29) as f64 / 29.0 - 0.4);
        let mut workspace = Workspace::new(&network.sizes(), m).unwrap();
        network.forward(&x, &mut workspace);
        let silent = |layer| workspace.activations(layer).row_iter().filter(|row| row.iter().all(|&a| a == 0.0)).count();
        prop_assert_eq!(network.silent_neurons(&x).unwrap(), [silent(0), silent(1), 0]);
    }
}

/// A neuron without weights gives the same output for every sample, but it still learns.
#[test]
fn a_constant_neuron_with_a_slope_is_not_silent() {
    let mut network = Network::<f64, _, _>::new(&[2, 20, 3], Tanh, Linear, &ScaledGaussian, 1).unwrap();
    network.hidden_mut()[0].weights.fill(0.0);
    let x = DMatrix::from_fn(2, 30, |i, j| ((i * 7 + j * 11) % 13) as f64 / 13.0);
    assert_eq!(network.silent_neurons(&x).unwrap(), [0, 0]);
}

/// Issue: `predict` and `evaluate` gave NaN as a success.
#[test]
fn outputs_that_are_not_finite_are_errors() {
    let (data, x) = (data(), DMatrix::from_element(3, 4, 0.5));
    let mut broken = network();
    broken.output_mut().weights[3] = f64::NAN;
    for error in [broken.predict(&x).unwrap_err(), evaluate(&broken, &CrossEntropy, &data).unwrap_err()] {
        assert!(
            matches!(error, Error::NonFiniteParameter { what: "weight", layer: 2, index: 3, .. }),
            "{error}"
        );
    }
    let mut bad = x.clone();
    bad[(1, 2)] = f64::NAN;
    let error = network().predict(&bad).unwrap_err();
    assert!(matches!(error, Error::NonFiniteSample { what: "input", sample: 2, index: 1, .. }), "{error}");

    let mut large = Network::<f64, _, _>::new(&[3, 5, 1], Linear, Linear, &ScaledGaussian, 1).unwrap();
    large.hidden_mut().iter_mut().for_each(|layer| layer.weights.fill(1e200));
    large.output_mut().weights.fill(1e200);
    for error in [large.predict(&x).unwrap_err(), evaluate(&large, &Quadratic, &data).unwrap_err()] {
        assert!(matches!(error, Error::NonFiniteSample { what: "output", index: 0, .. }), "{error}");
    }
}

/// A penalty that can be made infinite.
#[derive(Debug, Default)]
struct Switched(AtomicBool);

impl Regularizer<f64> for Switched {
    fn penalty(&self, _at: &LayerInfo, _w: &[f64]) -> f64 {
        if self.0.load(SeqCst) { f64::INFINITY } else { 0.0 }
    }

    fn add_gradient(&self, _at: &LayerInfo, _w: &[f64], _scale: f64, _gradient: &mut [f64]) {}
}

/// An error names what is not finite in this step, although the buffers still hold a batch before it that had a NaN: for
/// batches that several threads share, and for those whose gradient they sum in pieces.
#[test]
fn an_error_is_not_that_of_a_batch_before() {
    let quantity = |result: gradus::Result<f64>| match result {
        Err(Error::Diverged { quantity, .. }) => quantity,
        other => panic!("{other:?}"),
    };
    for (sizes, m) in [([6, 60, 40, 3], 2100), ([6, 60, 40, 3], 2048), ([6, 60, 400, 3], 200)] {
        let batch = |y| Batch::new(DMatrix::from_element(6, m, 0.5), DMatrix::from_element(3, m, y)).unwrap();
        let mut bad = batch(0.0);
        bad.x[(3, m - 3)] = f64::NAN;
        let mut network = Network::new(&sizes, Tanh, Linear, &ScaledGaussian, 1).unwrap();

        let trainer = Trainer::new(Quadratic);
        let mut learner = trainer.learner(&network).unwrap();
        assert_eq!(quantity(learner.step(&mut network, &bad, 0.1)), "weighted input z");
        // Each cost is finite, and their sum is not.
        assert_eq!(quantity(learner.step(&mut network, &batch(1e154), 0.1)), "cost");
        learner.step(&mut network, &batch(0.5), 0.01).unwrap();

        let switched = Arc::new(Switched::default());
        let trainer = Trainer::new(Quadratic).optimizer(Lbfgs::default()).regularizer(switched.clone());
        let mut learner = trainer.learner(&network).unwrap();
        assert_eq!(quantity(learner.step(&mut network, &bad, 1.0)), "weighted input z");
        switched.0.store(true, SeqCst);
        let found = quantity(learner.step(&mut network, &batch(0.5), 1.0));
        assert!(found.starts_with("cost with its penalty"), "{found}");
    }
}
