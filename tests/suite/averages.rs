//! Averages of the parameters in a run: what is evaluated, kept and returned, and that no step depends on them.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use gradus::Result;
use gradus::prelude::*;

use crate::doubles::interruption;
use crate::tasks::parabola;

type Net = Network<f64, Tanh, Linear>;

fn network() -> Result<Net> {
    Network::new(&[1, 5, 1], Tanh, Linear, &ScaledGaussian, 3)
}

fn trainer(optimizer: &str, epochs: usize) -> Result<Trainer<f64, Quadratic>> {
    let (optimizer, penalty) = (optimizer.parse::<AnyOptimizer>()?, L2::new(0.5)?);
    let trainer = Trainer::new(Quadratic).optimizer(optimizer).regularizer(penalty);
    Ok(trainer.schedule(Constant::new(0.2)?).mini_batch(20).stop(MaxEpochs::new(epochs)?).seed(7))
}

fn values(network: &Net) -> Vec<f64> {
    network.parameters().flatten().copied().collect()
}

/// Notes the parameters after every step.
#[derive(Debug, Clone, Default)]
struct Steps(Arc<Mutex<Vec<Vec<f64>>>>);

impl Observer<f64> for Steps {
    fn on_step(&self, running: &Running<'_, f64>) -> ControlFlow<()> {
        let layers = running.layers();
        let layers = layers.iter().flat_map(|layer| layer.weights.iter().chain(layer.biases.iter()));
        self.0.lock().unwrap().push(layers.copied().collect());
        ControlFlow::Continue(())
    }
}

fn assert_close(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1e-13 * wanted.abs().max(1.0), "{found}, not {wanted}");
    }
}

/// The network is evaluated and returned with the mean of the parameters after each step, and the steps are those of the
/// optimizer within.
#[test]
fn the_mean_is_evaluated_and_returned() -> Result<()> {
    let (data, steps) = (parabola()?, Steps::default());
    let (mut plain, mut averaged) = (network()?, network()?);
    let inner = trainer("momentum", 3)?.keep_last().observe(steps.clone()).fit(&mut plain, &data, None)?;
    let wrapped = trainer("polyak_average(momentum, skip=5)", 3)?.keep_last();
    let report = wrapped.fit(&mut averaged, &data, Some(&data))?;

    let steps = steps.0.lock().unwrap();
    let per_epoch = data.len().div_ceil(20);
    assert_eq!(steps.len(), 3 * per_epoch);
    assert_eq!(report.run.parameters, inner.run.parameters);
    let mean = |end: usize| -> Vec<f64> {
        let counted = &steps[5..end];
        let sum = |i: usize| counted.iter().map(|step| step[i]).sum::<f64>();
        (0..steps[0].len()).map(|i| sum(i) / counted.len() as f64).collect()
    };
    assert_close(&values(&averaged), &mean(3 * per_epoch));
    assert_close(report.run.kept.values(), &mean(3 * per_epoch));

    // Each epoch is recorded with the mean at its end.
    for record in report.history.epochs() {
        let mut network = network()?;
        let mut mean = mean(record.epoch * per_epoch).into_iter();
        network.parameters_mut().flatten().zip(&mut mean).for_each(|(w, mean)| *w = mean);
        let cost = evaluate(&network, &Quadratic, &data)?.scores.cost();
        let weights = network.layers().flat_map(|layer| layer.weights.iter().copied().collect::<Vec<_>>());
        let penalty = 0.25 * weights.map(|w| w * w).sum::<f64>() / data.len() as f64;
        let found = record.validation.as_ref().unwrap().cost();
        assert_close(&[found, record.penalty], &[cost, penalty]);
    }
    Ok(())
}

/// The parameters of the best epoch are averaged ones too, and so are those after an error.
#[test]
fn kept_parameters_are_averaged() -> Result<()> {
    let data = parabola()?;
    let mut best = network()?;
    let report = trainer("exponential_average(momentum, beta=0.8)", 6)?.fit(&mut best, &data, Some(&data))?;
    assert_close(
        &[evaluate(&best, &Quadratic, &data)?.scores.cost()],
        &[report.kept().unwrap().validation.as_ref().unwrap().cost()],
    );
    assert_ne!(report.run.parameters.values(), report.run.kept.values());

    // An error in the evaluation of the second epoch: the run goes on from the moved parameters, not the averaged ones.
    #[derive(Debug)]
    struct Failing;
    impl LrSchedule for Failing {
        fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
            Some(if progress.epoch > 2 { f64::NAN } else { 0.2 })
        }
    }
    let mut left = network()?;
    let failing = trainer("exponential_average(momentum, beta=0.8)", 6)?.schedule(Failing);
    let error = failing.fit(&mut left, &data, Some(&data)).unwrap_err();
    let run = interruption(error);
    let cost = run.history.epochs()[run.kept - 1].validation.as_ref().unwrap().cost();
    assert_close(&[evaluate(&left, &Quadratic, &data)?.scores.cost()], &[cost]);
    Ok(())
}

/// A run that goes on after every epoch ends in the bits of one that was never interrupted.
#[test]
fn a_resumed_run_has_the_same_average() -> Result<()> {
    let data = parabola()?;
    for optimizer in
        ["polyak_average(adam, skip=6)", "clip_by_global_norm(exponential_average(adam, beta=0.9))"]
    {
        let (mut whole, mut parts) = (network()?, network()?);
        trainer(optimizer, 4)?.fit(&mut whole, &data, Some(&data))?;
        let mut run = trainer(optimizer, 1)?.fit(&mut parts, &data, Some(&data))?.run;
        for epochs in 2..=4 {
            let bytes = run.to_bytes().unwrap();
            run = trainer(optimizer, epochs)?
                .threads(epochs)
                .resume(Run::from_bytes(&bytes).unwrap(), &mut parts, &data, Some(&data))?
                .run;
        }
        assert_eq!(parts, whole);
    }
    Ok(())
}
