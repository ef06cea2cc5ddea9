//! The learning-rate range test: what it suggests, that it leaves the network alone, and what it refuses.

use gradus::prelude::*;
use gradus::{Error, Result};

use crate::tasks::parabola;

fn digits() -> Result<(Dataset<f32>, Dataset<f32>)> {
    Dataset::synthetic_digits(2_500, 1)?.split_at(2_000)
}

fn network(seed: u64) -> Result<Network<f32, Sigmoid, Softmax>> {
    Network::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, seed)
}

/// The suggestion trains synthetic digits well, whatever the optimizer and the seed.
#[test]
fn the_suggested_rate_trains_well() -> Result<()> {
    let (training, validation) = digits()?;
    for (optimizer, least, most) in [("sgd", 0.1, 1.0), ("momentum", 0.01, 0.1), ("adam", 2e-3, 0.02)] {
        for seed in [1, 2] {
            let trainer =
                Trainer::new(LogLikelihood).optimizer(optimizer.parse::<AnyOptimizer>()?).seed(seed);
            let mut network = network(seed)?;
            let test = trainer.find_rate(&network, &training, RateRange::default())?;
            assert!((least..most).contains(&test.suggestion), "{optimizer}, seed {seed}: {test}");
            let trainer = trainer.schedule(Constant::new(test.suggestion)?).stop(MaxEpochs::new(10)?);
            let report = trainer.fit(&mut network, &training, Some(&validation))?;
            let accuracy = report.kept().unwrap().validation.as_ref().unwrap().accuracy();
            assert!(accuracy > 0.85, "{optimizer}, seed {seed}, η = {}: {accuracy}", test.suggestion);
        }
    }
    Ok(())
}

/// The rates rise by one factor from the first to the last, the costs are those of a run with these rates, the smoothed ones
/// their exponentially weighted means, and the network stays as it is.
#[test]
fn the_curve_is_that_of_a_run_with_rising_rates() -> Result<()> {
    /// The rate of step k, which is epoch k + 1 of one step.
    #[derive(Debug)]
    struct Sweep;
    impl LrSchedule for Sweep {
        fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
            let k = progress.epoch - 1;
            (k < 40).then(|| 1e-4 * (0.1f64 / 1e-4).powf(k as f64 / 39.0))
        }
    }
    let data = parabola()?;
    let range = RateRange::new(1e-4, 0.1, 40)?;
    let before: Network<f64, _, _> = Network::new(&[1, 5, 1], Tanh, Linear, &ScaledGaussian, 3)?;
    let network = before.clone();
    let trainer = Trainer::new(Quadratic).mini_batch(200).seed(4);
    let test = trainer.find_rate(&network, &data, range)?;
    assert_eq!(network, before);
    assert_eq!(test, trainer.clone().threads(1).find_rate(&network, &data, range)?);

    let mut network = before.clone();
    let history = trainer.schedule(Sweep).stop(MaxEpochs::new(50)?).fit(&mut network, &data, None)?.history;
    assert_eq!((history.len(), test.points.len()), (40, 40));
    let (mut sum, mut weight) = (0.0, 0.0);
    for (point, record) in test.points.iter().zip(history.epochs()) {
        assert!((point.rate / record.learning_rate - 1.0).abs() < 1e-12);
        assert!((point.cost / record.running_cost - 1.0).abs() < 1e-12, "{point:?}, {record}");
        (sum, weight) = (0.98 * sum + 0.02 * point.cost, 0.98 * weight + 0.02);
        assert!((point.smoothed / (sum / weight) - 1.0).abs() < 1e-12);
    }
    Ok(())
}

/// A suggestion is a tenth of the rate of the lowest smoothed cost, and the text says so.
#[test]
fn the_suggestion_has_a_reason() -> Result<()> {
    let (training, _) = digits()?;
    let test = Trainer::new(LogLikelihood).find_rate(&network(1)?, &training, RateRange::default())?;
    let lowest = test.points.iter().min_by(|a, b| a.smoothed.total_cmp(&b.smoothed)).unwrap();
    assert!((10.0 * test.suggestion / lowest.rate - 1.0).abs() < 0.06, "{test}");
    let text = test.to_string();
    assert!(text.contains("a tenth of that") && text.contains("and rose after it"), "{text}");
    assert!(text.lines().count() > 10, "{text}");
    Ok(())
}

/// Where no rate of the range lowers the cost, the error says why.
#[test]
fn ranges_without_a_rate() -> Result<()> {
    let (training, _) = digits()?;
    let error = |from, to| {
        let range = RateRange::new(from, to, 100).unwrap();
        Trainer::new(LogLikelihood).find_rate(&network(1).unwrap(), &training, range).unwrap_err().to_string()
    };
    assert!(error(1e-9, 1e-7).contains("did not fall"), "{}", error(1e-9, 1e-7));
    let huge = parabola()?;
    let network: Network<f64, _, _> = Network::new(&[1, 5, 1], Tanh, Linear, &ScaledGaussian, 3)?;
    let range = RateRange::new(1e200, 1e300, 100)?;
    let error = Trainer::new(Quadratic).find_rate(&network, &huge, range).unwrap_err();
    assert!(error.to_string().contains("diverged at once"), "{error}");
    for range in [
        RateRange::new(0.0, 1.0, 100),
        RateRange::new(1.0, 1.0, 100),
        RateRange::new(1e-3, f64::INFINITY, 100),
        RateRange::new(1e-3, 1.0, 19),
    ] {
        assert!(matches!(range, Err(Error::Setting { .. })), "{range:?}");
    }
    Ok(())
}
