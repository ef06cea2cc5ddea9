//! Weights of samples: whatever samples pass through, they count as they should, and what cannot count is an error.

use gradus::prelude::*;
use gradus::{Error, Result, check};

const N: usize = 30;

/// Images of 4 × 4 numbers in 2 classes.
fn images() -> Dataset<f64> {
    let x = DMatrix::from_fn(16, N, |i, j| ((i * 7 + j * 5) % 13) as f64 / 12.0);
    Dataset::new(x, DMatrix::from_fn(2, N, |i, j| f64::from(u8::from((j % 3 == 0) == (i == 0))))).unwrap()
}

fn weights() -> Vec<f64> {
    (0..N).map(|index| (index % 4) as f64).collect()
}

fn weighted<S: Samples<f64>>(samples: S) -> Weighted<S> {
    Weighted::new(samples, weights()).unwrap()
}

fn augmented<S: Samples<f64>>(samples: S, degrees: f64) -> Augmented<S, Rotation> {
    Augmented::new(samples, (4, 4), Rotation::up_to_degrees(degrees).unwrap(), 1).unwrap()
}

fn network() -> Network<f64, Tanh, Softmax> {
    Network::new(&[16, 3, 2], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap()
}

fn trainer(epochs: usize) -> Trainer<f64, LogLikelihood> {
    Trainer::new(LogLikelihood).stop(MaxEpochs::new(epochs).unwrap()).monitor_training(true)
}

/// Weighted samples have the same weights behind every wrapper, and around it.
#[test]
fn weights_pass_through_every_wrapper() -> Result<()> {
    let all: [Box<dyn Samples<f64>>; 6] = [
        Box::new(weighted(images())),
        Box::new(augmented(weighted(images()), 15.0)),
        Box::new(weighted(augmented(images(), 15.0))),
        Box::new(augmented(augmented(weighted(images()), 15.0), 5.0)),
        Box::new(Mixup::new(weighted(images()), 0.2, 1)?),
        Box::new(weighted(Mixup::new(images(), 0.2, 1)?)),
    ];
    for samples in all {
        let mut found = vec![f64::NAN; N];
        samples.weights(&(0..N).collect::<Vec<_>>(), &mut found);
        assert_eq!(found, weights(), "{samples:?}");
        check::samples(&samples)?;
        // The training data are evaluated before augmentation and with their weights.
        let mut network = network();
        let report = trainer(2).fit(&mut network, &samples, None)?;
        let scores = evaluate(&network, &LogLikelihood, &weighted(images()))?.scores;
        assert_eq!(
            report.history.last().and_then(|record| record.training.clone()),
            Some(scores),
            "{samples:?}"
        );
    }
    Ok(())
}

/// A run is of its weights and of its augmentation, and does not go on with others.
#[test]
fn a_run_knows_its_weights_and_its_augmentation() -> Result<()> {
    let goes_on = |first: &dyn Samples<f64>, then: &dyn Samples<f64>| {
        let run = trainer(1).fit(&mut network(), first, None).unwrap().run;
        match trainer(2).resume(run, &mut network(), then, None) {
            Ok(_) => true,
            Err(Error::OtherSettings { name, .. }) if name == "fingerprint of the data" => false,
            Err(error) => panic!("{error}"),
        }
    };
    let mut other = weights();
    other[N - 1] += 1.0;
    let other = Weighted::new(images(), other)?;
    let weighted = weighted(images());
    assert!(goes_on(&weighted, &weighted) && goes_on(&images(), &images()));
    assert!(!goes_on(&weighted, &other) && !goes_on(&weighted, &images()));
    let turned = |degrees| augmented(images(), degrees);
    assert!(goes_on(&turned(15.0), &turned(15.0)));
    assert!(!goes_on(&turned(15.0), &turned(14.0)) && !goes_on(&turned(15.0), &images()));
    let seeds = [1, 2].map(|seed| Mixup::new(images(), 0.2, seed).unwrap());
    assert!(!goes_on(&seeds[0], &seeds[1]));
    Ok(())
}

/// Ten samples, all of one weight.
#[derive(Debug)]
struct OfWeight(f64);

impl Samples<f64> for OfWeight {
    fn len(&self) -> usize {
        10
    }

    fn n_inputs(&self) -> usize {
        16
    }

    fn n_outputs(&self) -> usize {
        2
    }

    fn gather(
        &self,
        epoch: u64,
        indices: &[usize],
        x: &mut DMatrix<f64>,
        y: &mut DMatrix<f64>,
    ) -> Result<()> {
        images().gather(epoch, indices, x, y)
    }

    fn weights(&self, indices: &[usize], weights: &mut [f64]) {
        // Only the last sample is wrong.
        let of = |index: &usize| if *index == 9 || self.0 == 0.0 { self.0 } else { 1.0 };
        weights.iter_mut().zip(indices).for_each(|(weight, index)| *weight = of(index));
    }
}

/// Issue: a weight of NaN made the run diverge, with the advice to lower the learning rate.
#[test]
fn weights_that_cannot_count_are_errors_before_the_first_step() {
    let is_refused = |error: Error, wanted: &str| {
        let Error::Setting { name, .. } = &error else { panic!("{error}") };
        assert!(name.contains(wanted), "{error}");
    };
    for weight in [-1.0, -1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let samples = OfWeight(weight);
        let mut trained = network();
        is_refused(trainer(1).fit(&mut trained, &samples, None).unwrap_err(), "weight of a sample");
        let validated = trainer(1).fit(&mut trained, &images(), Some(&samples));
        is_refused(validated.unwrap_err(), "weight of a sample");
        assert_eq!(trained, network());
        is_refused(evaluate(&trained, &LogLikelihood, &samples).unwrap_err(), "weight of a sample");
        let mut batch = Batch::zeros(16, 2, 1).unwrap();
        batch.gather(&samples, 1, &[0]).unwrap();
        is_refused(batch.gather(&samples, 1, &[9]).unwrap_err(), "weight of a sample");
        let error = check::samples(&samples).unwrap_err().to_string();
        assert!(error.contains("weights are finite and not negative"), "{error}");
    }
    let nothing = OfWeight(0.0);
    is_refused(trainer(1).fit(&mut network(), &nothing, None).unwrap_err(), "sum of the weights");
    is_refused(trainer(1).fit(&mut network(), &images(), Some(&nothing)).unwrap_err(), "sum of the weights");
    trainer(1).fit(&mut network(), &OfWeight(1e-300), None).unwrap();
}

/// Every class that occurs has the same weight in all, and the mean weight is 1; samples without classes have no such weights.
#[test]
fn balanced_weights_are_those_of_classes() -> Result<()> {
    let data = Weighted::balanced(images())?;
    let mut found = [0.0; N];
    data.weights(&(0..N).collect::<Vec<_>>(), &mut found);
    let sum_of = |class| (0..N).filter(|&j| images().label(j) == Some(class)).map(|j| found[j]).sum::<f64>();
    for class in 0..2 {
        assert!((sum_of(class) - N as f64 / 2.0).abs() < 1e-12, "{found:?}");
    }
    let bits = DMatrix::from_fn(2, 4, |i, j| f64::from(u8::from((j >> i) & 1 == 1)));
    for targets in [DMatrix::from_fn(1, 4, |_, j| j as f64), bits] {
        let error = Weighted::balanced(Dataset::new(DMatrix::zeros(1, 4), targets)?).unwrap_err();
        assert!(matches!(error, Error::Measure { .. }), "{error:?}");
        assert!(error.to_string().contains("choose each weight by `Weighted::new`"), "{error}");
    }
    Ok(())
}
