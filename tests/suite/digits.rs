//! The drawn digits are as hard as their page says: too hard for a linear classifier, and 1,000 of them are overfitted.

use gradus::prelude::*;

/// 12,000 images to learn from and 2,000 others.
fn sets() -> (Dataset<f32>, Dataset<f32>) {
    Dataset::synthetic_digits(14_000, 1).unwrap().split_at(12_000).unwrap()
}

/// Trains a softmax network without regularization; the accuracies on the training and the test data.
fn accuracies(
    sizes: &[usize],
    eta: f64,
    epochs: usize,
    training: &Dataset<f32>,
    test: &Dataset<f32>,
) -> (f64, f64) {
    let mut network = Network::new(sizes, Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    Trainer::new(LogLikelihood)
        .schedule(Constant::new(eta).unwrap())
        .stop(MaxEpochs::new(epochs).unwrap())
        .seed(1)
        .fit(&mut network, training, None)
        .unwrap();
    let accuracy = |data| evaluate(&network, &LogLikelihood, data).unwrap().scores.accuracy();
    (accuracy(training), accuracy(test))
}

#[test]
fn a_hidden_layer_reads_them_clearly_better_than_a_linear_classifier() {
    let (all, test) = sets();
    let training = all.slice(0..10_000).unwrap();
    let (_, linear) = accuracies(&[784, 10], 0.03, 12, &training, &test);
    let (_, hidden) = accuracies(&[784, 30, 10], 0.3, 12, &training, &test);
    println!("linear {linear}, 30 hidden neurons {hidden}");
    assert!((0.8..0.9).contains(&linear), "a softmax layer alone: {linear}");
    assert!(hidden > 0.93, "30 hidden neurons: {hidden}");
}

#[test]
fn a_thousand_of_them_are_overfitted() {
    let (all, test) = sets();
    let training = all.slice(0..1_000).unwrap();
    let (learned, new) = accuracies(&[784, 30, 10], 0.3, 50, &training, &test);
    println!("training {learned}, test {new}");
    assert!(learned >= 0.999, "every training image is learned: {learned}");
    assert!((0.8..0.9).contains(&new), "and new ones are not: {new}");
}
