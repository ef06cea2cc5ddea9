//! Cross-validation is what one would write by hand, fold by fold, with nothing of the validation data in the training.

use gradus::Error;
use gradus::prelude::*;

fn regression(n: usize) -> Dataset<f64> {
    let x = DMatrix::from_fn(2, n, |i, j| ((j * (7 + 4 * i) + j * j) % 17) as f64 * 10f64.powi(2 * i as i32));
    let y = DMatrix::from_fn(1, n, |_, j| 500.0 + 20.0 * x[(0, j)] - 0.1 * x[(1, j)] + (j % 3) as f64);
    Dataset::new(x, y).unwrap()
}

fn train(fold: &Fold<f64>, seed: u64) -> gradus::Result<Scores> {
    let mut network = Network::new(&[2, 6, 1], Tanh, Linear, &ByActivation, seed)?;
    let trainer = Trainer::new(Quadratic).optimizer(Adam::default()).stop(MaxEpochs::new(20)?).seed(seed);
    trainer.fit(&mut network, &fold.training, None)?;
    Ok(evaluate(&network, &Quadratic, &fold.validation)?.scores)
}

fn gathered(data: &Dataset<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let (mut x, mut y) =
        (DMatrix::zeros(data.n_inputs(), data.len()), DMatrix::zeros(data.n_outputs(), data.len()));
    data.gather(1, &(0..data.len()).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
    (x, y)
}

#[test]
fn the_scores_are_those_of_folds_that_are_scaled_and_trained_by_hand() {
    let data = regression(53);
    let by_hand: Vec<Scores> = Split::shuffled(4)
        .folds(&data, 4)
        .unwrap()
        .into_iter()
        .map(|Fold { number, training, validation }| {
            let (x, y) = (Standardize.fit(&training).unwrap(), Robust.fit_targets(&training).unwrap());
            let scaled = |data| y.transform_targets(x.transform(data).unwrap()).unwrap();
            let fold = Fold { number, training: scaled(training), validation: scaled(validation) };
            train(&fold, number as u64).unwrap()
        })
        .collect();
    let validation =
        CrossValidation::new(4).split(Split::shuffled(4)).scale_inputs(Standardize).scale_targets(Robust);
    let validated = validation.run(&data, |fold| train(fold, fold.number as u64)).unwrap();
    assert_eq!(validated.folds, by_hand);

    let r2: Vec<f64> = by_hand.iter().map(|scores| scores.get("R²").unwrap()).collect();
    let mean = r2.iter().sum::<f64>() / 4.0;
    let deviation = (r2.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    let spread = validated.spread("R²").unwrap();
    assert!((spread.mean - mean).abs() < 1e-15 && (spread.deviation - deviation).abs() < 1e-15);
    assert_eq!(validated.spread("accuracy"), None);
    let text = validated.to_string();
    assert!(text.starts_with("cost ") && text.contains(&format!("R² {mean:.5} ± {deviation:.5}")), "{text}");
    // Again, and from a pool of its own: the same bits.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = pool.install(|| validation.run(&data, |fold| train(fold, fold.number as u64)).unwrap());
    assert_eq!(again, validated);
}

/// Each fold's training inputs have mean 0 and deviation 1 by themselves; those of the validation data do not, and so the
/// scaling did not see them.
#[test]
fn scaling_is_fitted_inside_each_fold() {
    let data = regression(31);
    let validation = CrossValidation::new(3).scale_inputs(Standardize).scale_targets(Standardize);
    let folds = validation.folds(&data).unwrap();
    assert_eq!(folds.iter().map(|fold| fold.number).collect::<Vec<_>>(), [0, 1, 2]);
    for fold in folds {
        let moments = |m: &DMatrix<f64>, row: usize| {
            let mean = m.row(row).mean();
            (mean, (m.row(row).map(|v| (v - mean).powi(2)).mean()).sqrt())
        };
        let ((x, y), (other_x, other_y)) = (gathered(&fold.training), gathered(&fold.validation));
        for (training, other) in [(&x, &other_x), (&y, &other_y)] {
            for row in 0..training.nrows() {
                let (mean, deviation) = moments(training, row);
                assert!(mean.abs() < 1e-12 && (deviation - 1.0).abs() < 1e-12);
                let (mean, deviation) = moments(other, row);
                assert!(mean.abs() > 1e-6 && (deviation - 1.0).abs() > 1e-6);
            }
        }
    }
    // Without a rule nothing is scaled.
    let fold = &CrossValidation::new(3).folds(&data).unwrap()[0];
    let whole = gathered(&data).0;
    assert!(gathered(&fold.training).0.column_iter().all(|x| whole.column_iter().any(|y| x == y)));
}

#[test]
fn an_error_of_a_fold_is_returned() {
    let data = regression(20);
    let first = CrossValidation::new(5).run(&data, |fold| match fold.number {
        0 => train(fold, 1),
        layer => Err(Error::EmptyLayer { layer }),
    });
    assert!(matches!(first, Err(Error::EmptyLayer { layer: 1 })));
    assert!(matches!(CrossValidation::new(1).run(&data, |fold| train(fold, 1)), Err(Error::Split(_))));
    assert!(matches!(CrossValidation::new(21).run(&data, |fold| train(fold, 1)), Err(Error::Split(_))));
    let labels = Dataset::from_labels(gathered(&data).0, &[0u8, 1].repeat(10), 2).unwrap();
    let scaled = CrossValidation::new(2).scale_targets(Standardize).folds(&labels);
    assert!(matches!(scaled, Err(Error::ScaledClasses)));
}
