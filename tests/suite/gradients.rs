//! Every derivative of the crate agrees with differences of its own function, and every part obeys the laws of its trait.

use std::sync::Arc;

use gradus::check;
use gradus::prelude::*;
use proptest::prelude::*;

fn sharp(c: f64) -> Softmax {
    Softmax::with_sharpness(c).unwrap()
}

const SHARPNESSES: [f64; 5] = [0.1, 0.5, 1.0, 2.5, 10.0];

/// Every activation function, softmax at several sharpnesses.
fn activations() -> Vec<AnyActivation> {
    let mut all = vec![Sigmoid.into(), Tanh.into(), Relu.into(), Linear.into()];
    all.extend(SHARPNESSES.map(|c| AnyActivation::from(sharp(c))));
    all
}

#[test]
fn activations_are_lawful() {
    for f in activations() {
        check::activation(&f).unwrap();
        check::activation(&Box::new(f)).unwrap();
    }
}

#[test]
fn costs_are_lawful_with_every_output_that_they_are_paired_with() {
    for output in activations() {
        check::cost(&Quadratic, &output).unwrap();
    }
    check::cost(&CrossEntropy, &Sigmoid).unwrap();
    check::cost(&&CrossEntropy, &Sigmoid).unwrap();
    check::cost(&CrossEntropy, &&Sigmoid).unwrap();
    for c in SHARPNESSES {
        check::cost(&LogLikelihood, &sharp(c)).unwrap();
        check::cost(&LogLikelihood, &&sharp(c)).unwrap();
    }
}

#[test]
fn regularizers_are_lawful() {
    check::regularizer(&NoRegularizer).unwrap();
    for lambda in [0.0, 1e-3, 0.5, 5.0] {
        let (l1, l2) = (L1::new(lambda).unwrap(), L2::new(lambda).unwrap());
        let (neuron, input) = (GroupLasso::by_neuron(lambda).unwrap(), GroupLasso::by_input(lambda).unwrap());
        check::regularizer(&neuron).unwrap();
        check::regularizer(&input).unwrap();
        for width in [0.01, 0.5, 20.0] {
            check::regularizer(&HuberPenalty::new(lambda, width).unwrap()).unwrap();
        }
        check::regularizer(&PerLayer::new(l1).then(l2)).unwrap();
        check::regularizer(&PerLayer::new(l1).then(Plus(neuron, l2))).unwrap();
        check::regularizer(&l1).unwrap();
        check::regularizer(&l2).unwrap();
        check::regularizer(&Plus(l1, l2)).unwrap();
        check::regularizer(&Plus(Plus(l1, NoRegularizer), l2)).unwrap();
    }
}

#[test]
fn optimizers_are_lawful() {
    check::optimizer(&Sgd).unwrap();
    check::optimizer(&(Box::new(Sgd) as Box<dyn Optimizer<f64>>)).unwrap();
    for mu in [0.0, 0.5, 0.9, 0.99] {
        let (momentum, nesterov) = (Momentum::new(mu).unwrap(), Nesterov::new(mu).unwrap());
        check::optimizer(&momentum).unwrap();
        check::optimizer(&nesterov).unwrap();
        check::optimizer(&(Box::new(momentum) as Box<dyn Optimizer<f64>>)).unwrap();
        check::optimizer(&(Arc::new(nesterov) as Arc<dyn Optimizer<f64>>)).unwrap();
    }
    let adam = Adam::default();
    check::optimizer(&adam).unwrap();
    check::optimizer(&RmsProp::default()).unwrap();
    for size in [0.01, 1.0, 100.0] {
        check::optimizer(&AdamW::new(adam, size / 100.0).unwrap()).unwrap();
        check::optimizer(&ClipByValue::new(adam, size).unwrap()).unwrap();
        check::optimizer(&ClipByNorm::new(adam, size).unwrap()).unwrap();
        check::optimizer(&ClipByGlobalNorm::new(adam, size).unwrap()).unwrap();
        check::optimizer(&MaxNorm::new(adam, size).unwrap()).unwrap();
        let nest = ClipByNorm::new(ClipByValue::new(Nesterov::new(0.5).unwrap(), size).unwrap(), size);
        check::optimizer(&MaxNorm::new(nest.unwrap(), size).unwrap()).unwrap();
    }
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
fn schedules_are_lawful() {
    check::schedule(&Constant::new(0.5).unwrap()).unwrap();
    for metric in metrics() {
        for n in [1, 2, 10] {
            let halve = HalveOnPlateau::new(0.8, n).unwrap().monitor(metric.clone());
            check::schedule(&halve).unwrap();
            check::schedule(&halve.clone().floor(0.3).unwrap()).unwrap();
            check::schedule(&(Box::new(halve) as Box<dyn LrSchedule>)).unwrap();
        }
    }
}

#[test]
fn stopping_rules_are_lawful() {
    for epochs in [1, 5, 100] {
        check::stopping_rule(&MaxEpochs::new(epochs).unwrap()).unwrap();
    }
    check::stopping_rule(&CostExplosion::new(1.1).unwrap()).unwrap();
    for metric in metrics() {
        for n in [1, 2, 10] {
            let none = NoImprovement::new(n).unwrap().monitor(metric.clone());
            let average = RollingAverage::new(n).unwrap().monitor(metric.clone());
            let target = Target::new(metric.clone(), 0.8).unwrap();
            check::stopping_rule(&none.clone().min_delta(0.1).unwrap()).unwrap();
            let loss = GeneralizationLoss::new(5.0).unwrap().monitor(metric.clone());
            let quotient = ProgressQuotient::new(1.0).unwrap().strip(n).unwrap().monitor(metric.clone());
            let strips = SuccessiveStrips::new(2).unwrap().strip(n).unwrap().monitor(metric.clone());
            check::stopping_rule(&loss.or(quotient.clone())).unwrap();
            check::stopping_rule(&quotient).unwrap();
            check::stopping_rule(&strips).unwrap();
            check::stopping_rule(&none).unwrap();
            check::stopping_rule(&average).unwrap();
            check::stopping_rule(&target).unwrap();
            check::stopping_rule(&none.clone().or(average.clone())).unwrap();
            check::stopping_rule(&none.and(target.or(MaxEpochs::new(3).unwrap()))).unwrap();
            check::stopping_rule(&(Box::new(average) as Box<dyn StoppingRule>)).unwrap();
        }
    }
}

/// A network and a batch for it: no to three hidden layers, one to six neurons each, one to five examples.
#[derive(Debug, Clone)]
struct Case {
    sizes: Vec<usize>,
    hidden: AnyActivation,
    examples: usize,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = prop::collection::vec(1..=6usize, 2..=5);
    (sizes, prop::sample::select(activations()), 1..=5usize, any::<u64>())
        .prop_map(|(sizes, hidden, examples, seed)| Case { sizes, hidden, examples, seed })
}

impl Case {
    /// Checks the gradient of the case's network with this output and cost; targets are probability distributions.
    fn check<O, C>(&self, output: O, cost: &C) -> Result<(), TestCaseError>
    where
        O: Activation<f64> + Clone,
        C: Cost<f64, O>,
    {
        let initializer: &dyn Initializer<f64> =
            if self.seed.is_multiple_of(2) { &ScaledGaussian } else { &LargeGaussian };
        let network = Network::new(&self.sizes, self.hidden, output, initializer, self.seed).unwrap();
        let mut rng = gradus::random::generator(self.seed, gradus::random::Purpose::User, 0, 0);
        let x = DMatrix::from_fn(network.n_inputs(), self.examples, |_, _| f64::sample_normal(&mut rng));
        let mut y = DMatrix::from_fn(network.n_outputs(), self.examples, |_, _| {
            f64::sample_normal(&mut rng).abs() + 1e-3
        });
        for mut column in y.column_iter_mut() {
            let sum = column.sum();
            column /= sum;
        }
        check::gradient(&network, cost, &x, &y).map_err(|error| TestCaseError::fail(error.to_string()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Chapter 2 of the book, equations (BP1) to (BP4), for a network of any depth.
    #[test]
    fn backpropagation_gives_the_gradient(
        case in cases(), output in prop::sample::select(activations()), c in prop::sample::select(&SHARPNESSES)
    ) {
        case.check(output, &Quadratic)?;
        case.check(Sigmoid, &CrossEntropy)?;
        case.check(sharp(c), &LogLikelihood)?;
    }
}
