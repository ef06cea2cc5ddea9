//! L-BFGS: as good as SciPy's L-BFGS-B, and the same `fit` and report as for the other optimizers.

use gradus::data::augment::Augmented;
use gradus::init;
use gradus::optimizer::Minimum;
use gradus::prelude::*;
use gradus::{Error, Result};
use serde::Deserialize;

use crate::tasks::parabola;

#[derive(Deserialize)]
struct Fixture {
    rosenbrock: Vec<Case>,
    iris: Iris,
    regressions: Vec<Case>,
}

/// Where SciPy's L-BFGS-B arrives.
#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    lambda: f64,
    start: Vec<f64>,
    minimum: f64,
    at: Vec<f64>,
    evaluations: usize,
}

#[derive(Deserialize)]
struct Iris {
    x: Vec<Vec<f64>>,
    labels: Vec<usize>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../fixtures/lbfgs.json")).unwrap()
}

fn lbfgs() -> Lbfgs {
    Lbfgs::default().tolerance(1e-7).unwrap()
}

impl Case {
    fn assert_reached(&self, name: &str, found: Minimum, at: &[f64]) {
        assert!(found.converged, "{name}: {found:?}");
        let difference = (found.value - self.minimum).abs();
        assert!(difference <= 1e-8, "{name}: {found:?}, SciPy {}", self.minimum);
        for (found, wanted) in at.iter().zip(&self.at) {
            assert!(
                (found - wanted).abs() <= 1e-4 * wanted.abs().max(1.0),
                "{name}: {at:?}, SciPy {:?}",
                self.at
            );
        }
        let most = 1.5 * self.evaluations as f64;
        assert!(
            found.evaluations as f64 <= most,
            "{name}: {found:?}, SciPy {} evaluations",
            self.evaluations
        );
    }
}

/// Rosenbrock's valley in 2 to 20 dimensions.
#[test]
fn rosenbrock_is_minimized_as_by_scipy() {
    for case in fixture().rosenbrock {
        let mut x = case.start.clone();
        let found = lbfgs().minimize(&mut x, 5000, |x: &[f64], gradient: &mut [f64]| {
            gradient.fill(0.0);
            let mut value = 0.0;
            for i in 0..x.len() - 1 {
                let (valley, along) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
                value += 100.0 * valley * valley + along * along;
                gradient[i] += -400.0 * x[i] * valley - 2.0 * along;
                gradient[i + 1] += 200.0 * valley;
            }
            value
        });
        case.assert_reached(&format!("Rosenbrock from {:?}", case.start), found, &x);
    }
}

type Regression = Network<f64, Linear, Softmax>;

fn iris() -> Result<(Regression, Dataset<f64>)> {
    let iris = fixture().iris;
    let x = DMatrix::from_fn(4, iris.x.len(), |i, j| iris.x[j][i]);
    let y = DMatrix::from_fn(3, iris.x.len(), |i, j| f64::from(u8::from(iris.labels[j] == i)));
    let network = Network::new(&[4, 3], Linear, Softmax::default(), &init::Constant::new(0.0)?, 1)?;
    Ok((network, Dataset::new(x, y)?))
}

/// Softmax regression on iris: through `minimize` to count the evaluations, and through `fit`, which arrives at the same place.
#[test]
fn iris_is_fitted_as_by_scipy() -> Result<()> {
    for case in fixture().regressions {
        let (mut network, data) = iris()?;
        let (n, penalty) = (data.len(), L2::new(case.lambda)?);
        let mut batch = Batch::zeros(4, 3, n)?;
        batch.gather(&data, 1, &(0..n).collect::<Vec<_>>())?;
        let (mut workspace, mut x) = (Workspace::new(&[4, 3], n).unwrap(), case.start.clone());
        let mut slope = ParameterArrays::zeros(&[4, 3]);
        let found = lbfgs().minimize(&mut x, 1000, |x: &[f64], gradient: &mut [f64]| {
            network.parameters_mut().flatten().zip(x).for_each(|(w, x)| *w = *x);
            network.forward(&batch.x, &mut workspace);
            let cost = network.cost(&LogLikelihood, &batch, &mut workspace) / n as f64;
            network.backward(&LogLikelihood, &batch, &mut workspace, &mut slope);
            gradient.copy_from_slice(slope.values());
            let (weights, scale) = (&x[..12], 1.0 / n as f64);
            Regularizer::<f64>::add_gradient(
                &penalty,
                &LayerInfo::first(4),
                weights,
                scale,
                &mut gradient[..12],
            );
            cost + scale * Regularizer::<f64>::penalty(&penalty, &LayerInfo::first(4), weights)
        });
        case.assert_reached(&format!("iris with λ = {}", case.lambda), found, &x);

        let (mut network, data) = iris()?;
        let trainer =
            Trainer::new(LogLikelihood).optimizer(lbfgs()).regularizer(penalty).monitor_training(true);
        let report = trainer.stop(MaxEpochs::new(1000)?).fit(&mut network, &data, None)?;
        assert!(report.stop_reason.to_string().contains("gradient"), "{report}");
        assert_eq!(report.history.len(), found.iterations);
        let last = report.history.last().unwrap();
        let cost = last.training.as_ref().unwrap().cost() + last.penalty;
        assert!((cost - case.minimum).abs() <= 1e-8, "{cost}, SciPy {}", case.minimum);
        let parameters: Vec<f64> = network.parameters().flatten().copied().collect();
        assert!(parameters.iter().zip(&x).all(|(a, b)| (a - b).abs() <= 1e-9), "{parameters:?}, {x:?}");
        // Each epoch is one step: the running cost is that before it, without the penalty.
        for pair in report.history.epochs().windows(2) {
            let before = pair[0].training.as_ref().unwrap().cost();
            assert!((pair[1].running_cost - before).abs() <= 1e-12);
            let whole = |record: &EpochRecord| record.training.as_ref().unwrap().cost() + record.penalty;
            assert!(whole(&pair[1]) <= whole(&pair[0]) + 1e-15, "the cost rises in epoch {}", pair[1].epoch);
        }
    }
    Ok(())
}

fn network() -> Result<Network<f64, Tanh, Linear>> {
    Network::new(&[1, 6, 1], Tanh, Linear, &ScaledGaussian, 3)
}

fn trainer(epochs: usize) -> Result<Trainer<f64, Quadratic>> {
    let trainer = Trainer::new(Quadratic).optimizer(Lbfgs::new(4)?).regularizer(L2::new(1e-3)?);
    Ok(trainer.stop(MaxEpochs::new(epochs)?))
}

/// A run that is saved and goes on after every step, with other numbers of threads, ends in the same bits.
#[test]
fn a_resumed_search_ends_in_the_same_bits() -> Result<()> {
    let data = parabola()?;
    let (mut whole, mut parts) = (network()?, network()?);
    let report = trainer(20)?.fit(&mut whole, &data, Some(&data))?;
    assert_eq!(report.history.len(), 20);
    let mut run = trainer(1)?.fit(&mut parts, &data, Some(&data))?.run;
    for epochs in 2..=20 {
        let run_again = Run::from_bytes(&run.to_bytes().unwrap()).unwrap();
        run = trainer(epochs)?.threads(1 + epochs % 2).resume(run_again, &mut parts, &data, Some(&data))?.run;
    }
    assert_eq!(parts, whole);
    let costs = [report.history.epochs().first(), report.history.last()].map(|r| r.unwrap().running_cost);
    assert!(costs[1] < 0.01 * costs[0], "{costs:?}");
    Ok(())
}

/// A learner searches on the batch that it is given, another one in each step.
#[test]
fn a_learner_searches_on_any_batch() -> Result<()> {
    let (mut network, trainer) = (network()?, trainer(1)?);
    let mut learner = trainer.learner(&network)?;
    let data = parabola()?;
    let mut batch = Batch::zeros(1, 1, 100)?;
    for step in 0..40 {
        batch.gather(&data, 1, &(0..100).map(|i| 2 * i + step % 2).collect::<Vec<_>>())?;
        learner.step(&mut network, &batch, 1.0)?;
    }
    assert!(evaluate(&network, &Quadratic, &data)?.scores.cost() < 0.01);
    Ok(())
}

/// In single precision rounding ends the run, not the number of epochs.
#[test]
fn rounding_ends_a_run_in_single_precision() -> Result<()> {
    let x = DMatrix::from_fn(1, 200, |_, j| j as f32 / 100.0 - 1.0);
    let data = Dataset::new(x.clone(), x.map(|x| 3.0 + x * x))?;
    let mut network = Network::new(&[1, 6, 1], Tanh, Linear, &ScaledGaussian, 3)?;
    let lbfgs = Lbfgs::default().tolerance(0.0)?;
    let trainer = Trainer::new(Quadratic).optimizer(lbfgs).stop(MaxEpochs::new(20_000)?);
    let report = trainer.fit(&mut network, &data, None)?;
    assert!(report.stop_reason.to_string().contains("rounding"), "{report}");
    Ok(())
}

/// What makes the cost another function in each step, and what cannot change a search, is an error that says so.
#[test]
fn what_does_not_go_with_a_search() -> Result<()> {
    let data = parabola()?;
    let refused = |trainer: Trainer<f64, Quadratic>, wanted: &str| {
        let error = trainer.fit(&mut network().unwrap(), &data, None).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    };
    refused(trainer(1)?.dropout(Dropout::new(0.0, 0.5)?), "remove the dropout");
    refused(trainer(1)?.optimizer("clip_by_norm(lbfgs)".parse::<AnyOptimizer>()?), "wraps an optimizer");
    let error = trainer(1)?.find_rate(&network()?, &data, RateRange::default()).unwrap_err();
    assert!(matches!(error, Error::Search { .. }), "{error}");

    let digits = Dataset::<f64>::synthetic_digits(20, 1)?;
    let augmented = Augmented::new(digits, (28, 28), Rotation::up_to_degrees(5.0)?, 1)?;
    let mut network = Network::new(&[784, 10], Tanh, Softmax::default(), &ScaledGaussian, 1)?;
    let trainer = Trainer::new(LogLikelihood).optimizer(Lbfgs::default());
    let error = trainer.fit(&mut network, &augmented, None).unwrap_err();
    assert!(error.to_string().contains("augmented data"), "{error}");
    for error in [Lbfgs::new(0).err(), Lbfgs::new(51).err(), Lbfgs::default().tolerance(-1.0).err()] {
        assert!(matches!(error, Some(Error::Setting { .. })), "{error:?}");
    }
    Ok(())
}
