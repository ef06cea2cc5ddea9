//! `gradus::check` catches what it is there for: each of its laws is broken here by a part that breaks only it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use gradus::optimizer::{MAX_SLOTS, ParameterKind, Scope};
use gradus::prelude::*;
use gradus::real::{map, zip_map};
use gradus::{Error, Result, check};

/// Asserts that a check failed by the law whose text holds `expected`.
#[track_caller]
pub fn assert_breaks(result: Result<()>, expected: &str) {
    match result {
        Err(Error::Law { law, .. }) => assert!(law.contains(expected), "another law was broken: {law}"),
        other => panic!("{other:?}, and not a broken law: {expected}"),
    }
}

/// An activation function of two closures.
struct Function<F, G>(F, G);

impl<F, G> std::fmt::Debug for Function<F, G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Function")
    }
}

type Matrix = DMatrix<f64>;

impl<F, G> Activation<f64> for Function<F, G>
where
    F: Fn(&Matrix, &mut Matrix) + Send + Sync,
    G: Fn(&Matrix, &Matrix, &mut Matrix) + Send + Sync,
{
    fn activate(&self, z: &Matrix, a: &mut Matrix) {
        self.0(z, a);
    }

    fn pull_back(&self, z: &Matrix, a: &Matrix, grad: &mut Matrix) {
        self.1(z, a, grad);
    }
}

fn function<F, G>(f: F, g: G) -> Function<F, G>
where
    F: Fn(&Matrix, &mut Matrix) + Send + Sync,
    G: Fn(&Matrix, &Matrix, &mut Matrix) + Send + Sync,
{
    Function(f, g)
}

const JACOBIAN: &str = "pull_back applies the transposed Jacobian";

fn tanh_with_derivative_times(factor: f64) -> impl Activation<f64> + Clone {
    #[derive(Debug, Clone)]
    struct Scaled(f64);
    impl Activation<f64> for Scaled {
        fn activate(&self, z: &Matrix, a: &mut Matrix) {
            Tanh.activate(z, a);
        }
        fn pull_back(&self, z: &Matrix, a: &Matrix, grad: &mut Matrix) {
            Tanh.pull_back(z, a, grad);
            *grad *= self.0;
        }
    }
    Scaled(factor)
}

/// An error of one in a million is seen.
#[test]
fn a_derivative_that_is_slightly_wrong() {
    check::activation(&tanh_with_derivative_times(1.0)).unwrap();
    for factor in [1.0 + 1e-6, 1.0 - 1e-6, 2.0, -1.0, 0.0] {
        assert_breaks(check::activation(&tanh_with_derivative_times(factor)), JACOBIAN);
    }
}

#[test]
fn a_softmax_without_the_other_neurons() {
    let diagonal = function(
        |z, a| Softmax::default().activate(z, a),
        |_, a, grad| zip_map(a, grad, |a, g| g * a * (1.0 - a)),
    );
    assert_breaks(check::activation(&diagonal), JACOBIAN);
    let sharpness_forgotten = function(
        |z, a| Softmax::with_sharpness(2.0).unwrap().activate(z, a),
        |z, a, grad| Softmax::default().pull_back(z, a, grad),
    );
    assert_breaks(check::activation(&sharpness_forgotten), JACOBIAN);
}

/// One Jacobian for all examples, or one that is applied instead of its transpose.
#[test]
fn a_jacobian_that_is_not_transposed() {
    // a_0 = z_0 + z_1, the others as they are.
    let shear = |z: &Matrix, a: &mut Matrix| {
        a.copy_from(z);
        for mut column in a.column_iter_mut() {
            column[0] += column[1.min(column.len() - 1)];
        }
    };
    let right = function(shear, |_, _, grad| {
        grad.column_iter_mut().for_each(|mut g| g[1] += g[0]);
    });
    let wrong = function(shear, |_, _, grad| {
        grad.column_iter_mut().for_each(|mut g| g[0] += g[1]);
    });
    check::activation(&right).unwrap();
    assert_breaks(check::activation(&wrong), JACOBIAN);
}

#[test]
fn columns_that_influence_each_other() {
    // 0.1 for the second column alone: the derivative is that of the identity.
    let place = function(
        |z, a| {
            a.copy_from(z);
            a.column_iter_mut().enumerate().for_each(|(j, mut a)| a.add_scalar_mut(0.1 * j as f64));
        },
        |_, _, _| {},
    );
    assert_breaks(check::activation(&place), "alone and in a batch");
}

#[test]
fn overflow_and_hidden_nan() {
    let sigmoid = |z: &Matrix, a: &mut Matrix| map(z, a, |z| z.exp() / (1.0 + z.exp()));
    let naive = function(sigmoid, |z, a, grad| Sigmoid.pull_back(z, a, grad));
    assert_breaks(check::activation(&naive), "no NaN in activate");
    let naive = function(
        |z, a| Sigmoid.activate(z, a),
        |z, _, grad| zip_map(z, grad, |z, g| g * z.exp() / ((1.0 + z.exp()) * (1.0 + z.exp()))),
    );
    assert_breaks(check::activation(&naive), "no NaN in pull_back");
    let hiding = function(|z, a| map(z, a, |z| z.max(0.0)), |z, a, grad| Relu.pull_back(z, a, grad));
    assert_breaks(check::activation(&hiding), "NaN is passed on");
}

/// A cost function of two closures, for any output.
struct Price<V, D>(V, D);

impl<V, D> std::fmt::Debug for Price<V, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Price")
    }
}

impl<A, V, D> Cost<f64, A> for Price<V, D>
where
    A: Activation<f64>,
    V: Fn(&Matrix, &Matrix, &Matrix) -> f64 + Send + Sync,
    D: Fn(&Matrix, &Matrix, &Matrix, &mut Matrix) + Send + Sync,
{
    fn values(&self, _: &A, z: &Matrix, a: &Matrix, y: &Matrix, costs: &mut [f64]) {
        for (j, cost) in costs.iter_mut().enumerate() {
            let [z, a, y] = [z, a, y].map(|matrix| matrix.columns(j, 1).into_owned());
            *cost = self.0(&z, &a, &y);
        }
    }

    fn delta(&self, _: &A, z: &Matrix, a: &Matrix, y: &Matrix, delta: &mut Matrix) {
        self.1(z, a, y, delta);
    }

    fn check_targets(&self, y: &Matrix, first: usize) -> Result<()> {
        Cost::<f64, Softmax>::check_targets(&LogLikelihood, y, first)
    }
}

fn price<V, D>(value: V, delta: D) -> Price<V, D>
where
    V: Fn(&Matrix, &Matrix, &Matrix) -> f64 + Send + Sync,
    D: Fn(&Matrix, &Matrix, &Matrix, &mut Matrix) + Send + Sync,
{
    Price(value, delta)
}

fn difference(factor: f64) -> impl Fn(&Matrix, &Matrix, &Matrix, &mut Matrix) + Send + Sync {
    move |_, a, y, delta| delta.copy_from(&((a - y) * factor))
}

/// C_x divided by the number of examples, as is δ.
#[derive(Debug)]
struct MeanOfTheBatch;

impl Cost<f64, Linear> for MeanOfTheBatch {
    fn values(&self, _: &Linear, z: &Matrix, a: &Matrix, y: &Matrix, costs: &mut [f64]) {
        Quadratic.values(&Linear, z, a, y, costs);
        costs.iter_mut().for_each(|cost| *cost /= a.ncols() as f64);
    }

    fn delta(&self, _: &Linear, _: &Matrix, a: &Matrix, y: &Matrix, delta: &mut Matrix) {
        delta.copy_from(&((a - y) / a.ncols() as f64));
    }
}

fn half_square(_: &Matrix, a: &Matrix, y: &Matrix) -> f64 {
    (a - y).norm_squared() / 2.0
}

const DELTA: &str = "delta is the derivative of value";

#[test]
fn a_delta_that_is_wrong() {
    check::cost(&price(half_square, difference(1.0)), &Linear).unwrap();
    for factor in [1.0 + 1e-6, 1.0 - 1e-6, 2.0, -1.0, 0.0] {
        assert_breaks(check::cost(&price(half_square, difference(factor)), &Linear), DELTA);
    }
    let adds = price(half_square, |_, a, y, delta| *delta += a - y);
    assert_breaks(check::cost(&adds, &Linear), DELTA);
    let mean = price(half_square, |_, a, y, delta| delta.copy_from(&((a - y) / a.ncols() as f64)));
    assert_breaks(check::cost(&mean, &Linear), DELTA);
    // σ′ is missing: right for the cross-entropy, wrong for the quadratic cost.
    assert_breaks(check::cost(&price(half_square, difference(1.0)), &Sigmoid), DELTA);
}

/// δ = a − y is wrong by the factor c for a softmax of sharpness c.
#[test]
fn a_delta_without_the_sharpness() {
    let sharp = Softmax::with_sharpness(2.5).unwrap();
    let value = move |z: &Matrix, a: &Matrix, y: &Matrix| LogLikelihood.value(&sharp, z, a, y);
    check::cost(&price(value, difference(2.5)), &sharp).unwrap();
    assert_breaks(check::cost(&price(value, difference(1.0)), &sharp), DELTA);
}

#[test]
fn a_value_or_delta_that_depends_on_the_batch() {
    assert_breaks(check::cost(&MeanOfTheBatch, &Linear), "value of a column is the same alone");
    let batch = price(half_square, |_, a, y, delta: &mut Matrix| {
        delta.copy_from(&((a - y) * (1.0 + 1e-10 * a.ncols() as f64)));
    });
    assert_breaks(check::cost(&batch, &Linear), "alone and in a batch");
}

/// δ = a − y for a softmax is right for distributions only, and a cost that accepts other targets must be
/// right for them too.
#[test]
fn a_cost_that_accepts_targets_it_is_not_defined_for() {
    #[derive(Debug)]
    struct Unchecked(bool);
    impl Cost<f64, Softmax> for Unchecked {
        fn values(&self, output: &Softmax, z: &Matrix, a: &Matrix, y: &Matrix, costs: &mut [f64]) {
            LogLikelihood.values(output, z, a, y, costs);
        }
        fn delta(&self, output: &Softmax, z: &Matrix, a: &Matrix, y: &Matrix, delta: &mut Matrix) {
            LogLikelihood.delta(output, z, a, y, delta);
        }
        fn check_targets(&self, _: &Matrix, _: usize) -> Result<()> {
            if self.0 { Err(Error::Empty { what: "every target" }) } else { Ok(()) }
        }
    }
    assert_breaks(check::cost(&Unchecked(false), &Softmax::default()), DELTA);
    assert_breaks(check::cost(&Unchecked(true), &Softmax::default()), "accepts targets of some kind");
}

/// −Σ [y ln a + (1 − y) ln(1 − a)] as it is written: 0 ln 0 is NaN.
#[test]
fn a_cost_that_overflows() {
    let naive = price(
        |_, a, y| a.zip_fold(y, 0.0, |sum, a, y| sum - y * a.ln() - (1.0 - y) * (1.0 - a).ln()),
        difference(1.0),
    );
    assert_breaks(check::cost(&naive, &Sigmoid), "no NaN in value");
    let unfused = price(
        |z, a, y| CrossEntropy.value(&Sigmoid, z, a, y),
        |_, a, y, delta: &mut Matrix| {
            delta.copy_from(&a.zip_map(y, |a, y| (a - y) / (a * (1.0 - a)) * (a * (1.0 - a))));
        },
    );
    assert_breaks(check::cost(&unfused, &Sigmoid), "no NaN in delta");
}

/// A regularizer of two closures.
struct Penalty<P, G>(P, G);

impl<P, G> std::fmt::Debug for Penalty<P, G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Penalty")
    }
}

impl<P, G> Regularizer<f64> for Penalty<P, G>
where
    P: Fn(f64) -> f64 + Send + Sync,
    G: Fn(f64, f64, f64) -> f64 + Send + Sync,
{
    fn penalty(&self, _: &LayerInfo, w: &[f64]) -> f64 {
        w.iter().map(|&w| self.0(w)).sum()
    }

    fn add_gradient(&self, _: &LayerInfo, w: &[f64], scale: f64, grad: &mut [f64]) {
        grad.iter_mut().zip(w).for_each(|(g, &w)| *g = self.1(w, scale, *g));
    }
}

#[test]
fn a_penalty_with_a_wrong_gradient() {
    let derivative = "derivative of penalty";
    let square = |w: f64| 0.5 * w * w;
    check::regularizer(&Penalty(square, |w, scale, g| g + scale * w)).unwrap();
    for factor in [1.0 + 1e-6, 2.0, 0.5, -1.0] {
        assert_breaks(check::regularizer(&Penalty(square, |w, scale, g| g + scale * factor * w)), derivative);
    }
    assert_breaks(check::regularizer(&Penalty(square, |w, _, g| g + w)), derivative);
    // sgn(0) may be anything in [−1, 1], and nothing else.
    let sign_at_zero =
        |zero: f64| move |w: f64, s: f64, g: f64| g + s * if w == 0.0 { zero } else { w.signum() };
    for zero in [-1.0, 0.0, 0.5, 1.0] {
        check::regularizer(&Penalty(f64::abs, sign_at_zero(zero))).unwrap();
    }
    for zero in [-1.01, 1.01, 5.0] {
        assert_breaks(check::regularizer(&Penalty(f64::abs, sign_at_zero(zero))), derivative);
    }
    let replaces = Penalty(square, |w, scale, _| scale * w);
    assert_breaks(check::regularizer(&replaces), "adds to what was there");
    let overflows = Penalty(
        |w: f64| w.abs(),
        |w: f64, s, g| g + s * if w == 0.0 { 0.0 } else { w.powi(3) / w.abs().powi(3) },
    );
    assert_breaks(check::regularizer(&overflows), "extreme weights give no NaN");
}

/// An optimizer without state, of a closure (w, g, η, number of the step in the process).
struct Rule<F>(F, AtomicUsize);

impl<F> std::fmt::Debug for Rule<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rule")
    }
}

impl<F: Fn(f64, f64, f64, usize) -> f64 + Send + Sync> Optimizer<f64> for Rule<F> {
    fn step(&self, _: &StepInfo, _: &mut [&mut [f64]], w: &mut [f64], gradient: &mut [f64], eta: f64) {
        let step = self.1.fetch_add(1, SeqCst);
        w.iter_mut().zip(gradient).for_each(|(w, &mut g)| *w = self.0(*w, g, eta, step));
    }
}

fn rule<F: Fn(f64, f64, f64, usize) -> f64 + Send + Sync>(f: F) -> Result<()> {
    check::optimizer(&Rule(f, AtomicUsize::new(0)))
}

#[test]
fn optimizers_that_go_astray() {
    rule(|w, g, eta, _| w - eta * g).unwrap();
    assert_breaks(rule(|w, g, eta, _| w + eta * g), "downhill");
    assert_breaks(rule(|w, _, _, _| w), "downhill");
    assert_breaks(rule(|w, g, eta, _| w * 0.999 - eta * g), "zeros does not move biases");
    // A rate that falls with a counter of the rule's own: two runs would share it.
    assert_breaks(rule(|w, g, eta, step| w - eta * g / (1.0 + step as f64)), "the same step");
    let late = |step| if step < 1000 { 1.0 } else { 0.5 };
    assert_breaks(rule(|w, g, eta, step| w - late(step) * eta * g), "the same step");
    assert_breaks(rule(|w, g, eta, _| w - 300.0 * eta * g), "closer to 0");
    assert_breaks(
        rule(|w, g, eta, _| w - eta * g / (if w != 0.0 && w.abs() < 0.01 { 0.0 * g } else { 1.0 })),
        "closer to 0",
    );
}

/// Descent that wants a slot from its hundredth step on.
#[derive(Debug)]
struct Forgetful(AtomicUsize);

impl Optimizer<f64> for Forgetful {
    fn slots(&self) -> usize {
        usize::from(self.0.load(SeqCst) > 100)
    }

    fn step(&self, _: &StepInfo, _: &mut [&mut [f64]], w: &mut [f64], gradient: &mut [f64], eta: f64) {
        self.0.fetch_add(1, SeqCst);
        w.iter_mut().zip(gradient).for_each(|(w, g)| *w -= eta * *g);
    }
}

#[test]
fn an_optimizer_that_forgets_what_it_said() {
    assert_breaks(check::optimizer(&Forgetful(AtomicUsize::new(0))), "stay the same");
}

/// Descent whose weights are multiplied by a factor in each step, with so many slots that it does not use.
#[derive(Debug)]
struct Shrinking {
    factor: f64,
    slots: usize,
}

impl Optimizer<f64> for Shrinking {
    fn slots(&self) -> usize {
        self.slots
    }

    fn step(&self, at: &StepInfo, _: &mut [&mut [f64]], w: &mut [f64], gradient: &mut [f64], eta: f64) {
        let factor = if at.kind == ParameterKind::Weights { self.factor } else { 1.0 };
        w.iter_mut().zip(gradient).for_each(|(w, g)| *w = factor * *w - eta * *g);
    }
}

#[test]
fn weights_may_decay_and_not_grow() {
    let check = |factor, slots| check::optimizer(&Shrinking { factor, slots });
    for factor in [0.0, 0.999, 1.0] {
        check(factor, MAX_SLOTS).unwrap();
    }
    for factor in [1.001, -0.5, f64::NAN] {
        assert_breaks(check(factor, 0), "weights at most towards 0");
    }
    assert_breaks(check(1.0, MAX_SLOTS + 1), "no more slots");
}

/// A step along the gradient of length η, the size of the whole array's gradient left out: not elementwise.
#[derive(Debug)]
struct Normalized {
    claims: bool,
}

impl Optimizer<f64> for Normalized {
    fn scope(&self) -> Scope {
        if self.claims { Scope::Elementwise } else { Scope::PerArray }
    }

    fn step(&self, _: &StepInfo, _: &mut [&mut [f64]], w: &mut [f64], gradient: &mut [f64], eta: f64) {
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt().max(1e-9);
        w.iter_mut().zip(gradient).for_each(|(w, g)| *w -= eta * *g / norm);
    }
}

/// ‖w‖, whose gradient w/‖w‖ needs every weight.
#[derive(Debug)]
struct Norm {
    claims: bool,
}

impl Regularizer<f64> for Norm {
    fn penalty(&self, _: &LayerInfo, w: &[f64]) -> f64 {
        w.iter().map(|w| w * w).sum::<f64>().sqrt()
    }

    fn add_gradient(&self, _: &LayerInfo, w: &[f64], scale: f64, grad: &mut [f64]) {
        // Divided first, so that no square of a large weight overflows.
        let largest = w.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let norm = largest * w.iter().map(|w| (w / largest) * (w / largest)).sum::<f64>().sqrt();
        grad.iter_mut().zip(w).for_each(|(g, w)| *g += scale * w / norm);
    }

    fn elementwise(&self) -> bool {
        self.claims
    }
}

#[test]
fn rules_that_are_not_elementwise_may_not_say_so() {
    check::optimizer(&Normalized { claims: false }).unwrap();
    assert_breaks(check::optimizer(&Normalized { claims: true }), "elementwise");
    check::regularizer(&Norm { claims: false }).unwrap();
    assert_breaks(check::regularizer(&Norm { claims: true }), "elementwise");
}

/// A schedule of a closure (history, number of the call), with the metric that it declares.
struct Plan<F>(F, Option<Metric>, AtomicUsize);

impl<F> std::fmt::Debug for Plan<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plan")
    }
}

impl<F: Fn(&History, usize) -> Option<f64> + Send + Sync> LrSchedule for Plan<F> {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        assert_eq!(progress.epoch, progress.history.len() + 1);
        self.0(progress.history, self.2.fetch_add(1, SeqCst))
    }

    fn metric(&self) -> Option<Metric> {
        self.1.clone()
    }
}

fn plan<F: Fn(&History, usize) -> Option<f64> + Send + Sync>(metric: Option<Metric>, f: F) -> Result<()> {
    check::schedule(&Plan(f, metric, AtomicUsize::new(0)))
}

/// η from the last value of `metric`, if it is measured.
fn by(metric: &Metric) -> impl Fn(&History, usize) -> Option<f64> + Send + Sync + use<> {
    let metric = metric.clone();
    move |history, _| Some(0.1 + history.last().and_then(|record| metric.value_in(record)).unwrap_or(7.0))
}

/// The metrics that the laws are tried with.
fn metrics() -> [Metric; 5] {
    [
        Metric::default(),
        Metric::validation(Accuracy),
        Metric::validation_cost(),
        Metric::training(Accuracy),
        Metric::training_cost(),
    ]
}

#[test]
fn schedules_that_break_their_laws() {
    plan(None, |history, _| Some(1.0 / (1.0 + history.len() as f64))).unwrap();
    assert_breaks(plan(None, |_, _| None), "the first epoch has a rate");
    for eta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let late = move |history: &History, _| Some(if history.len() < 20 { 0.5 } else { eta });
        assert_breaks(plan(None, late), "positive and finite");
        let early = move |history: &History, _| Some(if history.is_empty() { eta } else { 0.5 });
        assert_breaks(plan(None, early), "positive and finite");
    }
}

/// A counter of the rule's own is found at whichever call it strikes.
#[test]
fn a_schedule_with_a_counter() {
    for strikes in 1..90 {
        let counting = move |_: &History, call| Some(if call < strikes { 0.5 } else { 0.25 });
        assert!(plan(None, counting).is_err(), "a counter that strikes at call {strikes}");
    }
    assert_breaks(
        plan(None, |_, call| Some(1.0 / (1.0 + call as f64))),
        "the same history gives the same rate",
    );
}

#[test]
fn a_schedule_declares_what_it_reads() {
    let undeclared = "metric() declares";
    for read in metrics() {
        plan(Some(read.clone()), by(&read)).unwrap();
        assert_breaks(plan(None, by(&read)), undeclared);
        // The main metric is the accuracy in some runs and the cost in others, so that none stands for it.
        for declared in metrics().into_iter().filter(|declared| *declared != read) {
            assert_breaks(plan(Some(declared), by(&read)), undeclared);
        }
    }
}

/// A stopping rule of a closure (history, number of the call), with the metrics that it declares.
struct Stop<F>(F, Vec<Metric>, AtomicUsize);

impl<F> std::fmt::Debug for Stop<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stop")
    }
}

impl<F: Fn(&History, usize) -> bool + Send + Sync> StoppingRule for Stop<F> {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        match self.0(history, self.2.fetch_add(1, SeqCst)) {
            true => ControlFlow::Break(StopReason::Other("enough".to_owned())),
            false => ControlFlow::Continue(()),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        self.1.clone()
    }
}

fn stop<F: Fn(&History, usize) -> bool + Send + Sync>(metrics: &[Metric], f: F) -> Result<()> {
    check::stopping_rule(&Stop(f, metrics.to_vec(), AtomicUsize::new(0)))
}

#[test]
fn stopping_rules_that_break_their_laws() {
    stop(&[], |history, _| history.len() > 5).unwrap();
    assert_breaks(stop(&[], |history, _| history.is_empty()), "not stop before the first epoch");
    assert_breaks(stop(&[], |_, _| true), "not stop before the first epoch");
    assert_breaks(stop(&[], |_, call| call % 2 == 1), "the same history gives the same answer");
}

#[test]
fn a_stopping_rule_with_a_counter() {
    for strikes in 1..90 {
        assert!(stop(&[], |_, call| call >= strikes).is_err(), "a counter that strikes at call {strikes}");
        assert!(stop(&[], |_, call| call == strikes).is_err(), "a slip at call {strikes}");
    }
}

#[test]
fn a_stopping_rule_declares_what_it_reads() {
    let undeclared = "metrics() declares";
    for read in metrics() {
        let below = |history: &History, _: usize| {
            history.last().and_then(|record| read.value_in(record)).is_some_and(|value| value < 0.75)
        };
        stop(std::slice::from_ref(&read), below).unwrap();
        assert_breaks(stop(&[], below), undeclared);
        for declared in metrics().into_iter().filter(|declared| *declared != read) {
            assert_breaks(stop(&[declared], below), undeclared);
        }
    }
}

/// Rules that compare the validation cost with the training cost see runs in which the two come apart.
#[test]
fn rules_that_look_for_overfitting_are_tried() {
    let overfits = |history: &History, _: usize| {
        let costs =
            history.last().map(|record| (Metric::validation_cost().value_in(record), record.running_cost));
        matches!(costs, Some((Some(validation), training)) if validation > training + 0.2)
    };
    stop(&[Metric::validation_cost()], overfits).unwrap();
    assert_breaks(stop(&[], overfits), "metrics() declares");
    let halved = |history: &History, epoch: usize| Some(if overfits(history, epoch) { 0.05 } else { 0.1 });
    plan(Some(Metric::validation_cost()), halved).unwrap();
    assert!(plan(None, halved).is_err());
}

#[test]
fn a_replay_of_ones_own_has_to_find_the_first_epoch() {
    #[derive(Debug)]
    struct Late;
    impl StoppingRule for Late {
        fn check(&self, history: &History) -> ControlFlow<StopReason> {
            MaxEpochs::new(2).unwrap().check(history)
        }
        fn replay(&self, history: &History) -> Option<(usize, StopReason)> {
            (history.len() >= 3).then_some((3, StopReason::Other("late".to_owned())))
        }
    }
    assert_breaks(check::stopping_rule(&Late), "replay finds the first epoch");
}

/// A wrong derivative anywhere in a network, and a δ that is wrong, show in its gradient.
#[test]
fn a_network_with_a_wrong_part() {
    let gradient = "backward gives the gradient";
    let x = Matrix::from_fn(3, 5, |i, j| (i as f64 - j as f64) / 3.0);
    let y = Matrix::from_fn(2, 5, |i, j| ((i + j) % 2) as f64);
    let network = |factor| {
        Network::new(&[3, 4, 4, 2], tanh_with_derivative_times(factor), Sigmoid, &ScaledGaussian, 1).unwrap()
    };
    check::gradient(&network(1.0), &CrossEntropy, &x, &y).unwrap();
    assert_breaks(check::gradient(&network(1.0 + 1e-6), &CrossEntropy, &x, &y), gradient);
    assert_breaks(check::gradient(&network(1.0), &price(half_square, difference(1.0)), &x, &y), gradient);
}

#[test]
fn a_batch_that_does_not_fit_the_network() {
    let network = Network::<f64, _, _>::new(&[3, 4, 2], Tanh, Sigmoid, &ScaledGaussian, 1).unwrap();
    let check = |x: (usize, usize), y: (usize, usize)| {
        check::gradient(&network, &CrossEntropy, &Matrix::zeros(x.0, x.1), &Matrix::zeros(y.0, y.1))
            .unwrap_err()
    };
    assert!(matches!(check((4, 5), (2, 5)), Error::SizeMismatch { found: 4, expected: 3, .. }));
    assert!(matches!(check((3, 5), (1, 5)), Error::SizeMismatch { found: 1, expected: 2, .. }));
    assert!(matches!(check((3, 5), (2, 4)), Error::SizeMismatch { found: 4, expected: 5, .. }));
    assert!(matches!(check((3, 0), (2, 0)), Error::Empty { .. }));
}

/// What is wrong, where and by how much, in words and numbers that a person can read.
#[test]
fn a_message_says_what_where_and_by_how_much() {
    let message = |result: Result<()>| result.unwrap_err().to_string();
    let of_an_activation = message(check::activation(&tanh_with_derivative_times(1.5)));
    assert!(of_an_activation.starts_with("Scaled(1.5) breaks a law: pull_back applies the transposed"));
    assert!(of_an_activation.contains("; at ∂⟨g, f(z)⟩/∂z[0] at z = ["), "{of_an_activation}");
    assert!(of_an_activation.contains("]: got ") && of_an_activation.contains(", tolerance "));

    let hiding = function(|z, a| map(z, a, |z| z.max(0.0)), |z, a, grad| Relu.pull_back(z, a, grad));
    let of_a_statement = message(check::activation(&hiding));
    let wanted = "Function breaks a law: a NaN is passed on and not hidden; at z = [0.5, NaN, −0.5]";
    assert_eq!(of_a_statement, wanted);
    let sigmoid = |z: &Matrix, a: &mut Matrix| map(z, a, |z| z.exp() / (1.0 + z.exp()));
    let overflowing = function(sigmoid, |z, a, grad| Sigmoid.pull_back(z, a, grad));
    let of_an_overflow = message(check::activation(&overflowing));
    assert!(of_an_overflow.ends_with("[1000.0000, -1000.0000, 0.0000] and [1000.0000, 1000.0000, 1.0000]"));

    let of_a_cost = message(check::cost(&price(half_square, difference(2.0)), &Linear));
    assert!(of_a_cost.contains("; at ∂C/∂z[0] at z = [") && of_a_cost.contains("], y = ["));
    let of_a_run = message(plan(None, |history, _| Some(if history.len() < 20 { 0.5 } else { 0.0 })));
    let run = "a run of 20 epoch(s), validation accuracy [0.7500, 0.8333, 0.8750] … [0.9737, 0.9750, 0.9762]";
    assert!(of_a_run.ends_with(run), "{of_a_run}");
    for message in [of_an_activation, of_a_statement, of_an_overflow, of_a_cost, of_a_run] {
        assert!(message.len() < 400 && !message.contains("0e0"), "{message}");
    }
}

/// What an observer may do wrong: panic when it is told of an error, or when it is told of two runs at once.
#[derive(Debug)]
enum Unlawful {
    Hopeful,
    Alone(std::sync::Mutex<Option<std::thread::ThreadId>>),
}

impl<T: Real> Observer<T> for Unlawful {
    fn on_epoch(&self, _: &Running<'_, T>) -> ControlFlow<()> {
        if let Self::Alone(first) = self {
            let here = std::thread::current().id();
            let first = *first.lock().unwrap_or_else(|error| error.into_inner()).get_or_insert(here);
            assert_eq!(first, here, "told of by another thread");
        }
        ControlFlow::Continue(())
    }

    fn on_end(&self, outcome: &gradus::trainer::Outcome<'_, T>) {
        if matches!(self, Self::Hopeful) {
            outcome.result.unwrap();
        }
    }
}

/// Ends each run after some steps, which it may.
#[derive(Debug)]
struct Impatient(usize);

impl<T: Real> Observer<T> for Impatient {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        if running.run().t as usize == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn observers() {
    use std::sync::Arc;

    assert_breaks(check::observer::<f64>(Arc::new(Unlawful::Hopeful)), "does not panic");
    assert_breaks(check::observer::<f32>(Arc::new(Unlawful::Alone(Default::default()))), "does not panic");
    for steps in 1..8 {
        check::observer::<f64>(Arc::new(Impatient(steps))).unwrap();
    }
}
