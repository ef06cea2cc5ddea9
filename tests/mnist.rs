//! The main job on the real data: MNIST, read from its files and learned.

use gradus::prelude::*;

/// 784-30-10 after two epochs: at least 93 % of the test images, which 30 epochs take to more than 95 %.
#[test]
fn two_epochs_on_mnist_reach_93_percent() {
    let Some(directory) = std::env::var_os("GRADUS_MNIST") else {
        println!("skipped: GRADUS_MNIST does not say where the files of MNIST are");
        return;
    };
    let mnist = Mnist::<f32>::load(directory).unwrap();
    assert_eq!((mnist.training.len(), mnist.test.len()), (60_000, 10_000));
    let (training, validation) = mnist.training.split_at(50_000).unwrap();

    let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let report = Trainer::new(CrossEntropy)
        .regularizer(L2::new(5.0).unwrap())
        .schedule(Constant::new(0.5).unwrap())
        .stop(MaxEpochs::new(2).unwrap())
        .seed(1)
        .fit(&mut network, &training, Some(&validation))
        .unwrap();
    let test = evaluate(&network, &CrossEntropy, &mnist.test).unwrap();
    println!("{report}\ntest accuracy {:.2} %", 100.0 * test.score.accuracy);
    assert!(test.score.accuracy >= 0.93, "{}", test.score.accuracy);
    assert_eq!(test.confusion.total(), 10_000);
}
