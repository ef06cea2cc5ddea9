//! The main job on the real data: MNIST, read from its files and learned.
//!
//! The accuracies that the crate promises take minutes without optimization, so those tests are run by
//! `cargo test --release --test suite mnist -- --ignored`, with `GRADUS_MNIST` as for the others.

use gradus::prelude::*;
use gradus::trainer::Dropout;

/// The first 50,000 training images, the other 10,000, and the test images; `None` if nothing says where they are.
fn mnist() -> Option<(Dataset<f32>, Dataset<f32>, Dataset<f32>)> {
    let Some(directory) = std::env::var_os("GRADUS_MNIST") else {
        println!("skipped: GRADUS_MNIST does not say where the files of MNIST are");
        return None;
    };
    let mnist = Mnist::<f32>::load(directory).unwrap();
    assert_eq!((mnist.training.len(), mnist.test.len()), (60_000, 10_000));
    let (training, validation) = mnist.training.split_at(50_000).unwrap();
    Some((training, validation, mnist.test))
}

/// A run of the book: its settings, without the seed.
struct Run<C, O> {
    cost: C,
    output: O,
    initializer: &'static dyn Initializer<f32>,
    hidden: usize,
    eta: f64,
    lambda: f64,
    epochs: usize,
}

impl<C: Cost<f32, O> + Copy, O: Activation<f32> + Clone> Run<C, O> {
    /// The accuracy on the test images, with the parameters of the epoch that was best on the validation images.
    fn accuracy(
        &self,
        seed: u64,
        (training, validation, test): &(Dataset<f32>, Dataset<f32>, Dataset<f32>),
    ) -> f64 {
        let sizes = [784, self.hidden, 10];
        let mut network = Network::new(&sizes, Sigmoid, self.output.clone(), self.initializer, seed).unwrap();
        let report = Trainer::new(self.cost)
            .regularizer(L2::new(self.lambda).unwrap())
            .schedule(Constant::new(self.eta).unwrap())
            .stop(MaxEpochs::new(self.epochs).unwrap())
            .seed(seed)
            .fit(&mut network, training, Some(validation))
            .unwrap();
        let evaluation = evaluate(&network, &self.cost, test).unwrap();
        assert_eq!(evaluation.confusion.as_ref().unwrap().total(), 10_000);
        let accuracy = evaluation.scores.accuracy();
        println!("seed {seed}, {network}: {:.2} %\n{report}", 100.0 * accuracy);
        accuracy
    }

    /// The accuracies for several seeds, and their mean.
    fn accuracies(
        &self,
        seeds: &[u64],
        data: &(Dataset<f32>, Dataset<f32>, Dataset<f32>),
    ) -> (Vec<f64>, f64) {
        let all: Vec<f64> = seeds.iter().map(|&seed| self.accuracy(seed, data)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (all, mean)
    }
}

const CROSS_ENTROPY: Run<CrossEntropy, Sigmoid> = Run {
    cost: CrossEntropy,
    output: Sigmoid,
    initializer: &ScaledGaussian,
    hidden: 30,
    eta: 0.5,
    lambda: 5.0,
    epochs: 30,
};

/// 784-30-10 after two epochs: at least 93 % of the test images, which 30 epochs take to more than 95 %.
#[test]
fn two_epochs_on_mnist_reach_93_percent() {
    let Some(data) = mnist() else { return };
    let accuracy = Run { epochs: 2, ..CROSS_ENTROPY }.accuracy(1, &data);
    assert!(accuracy >= 0.93, "{accuracy}");
}

/// 30 hidden neurons, cross-entropy, η 0.5, λ 5: at least 95.5 % for each of three seeds, 95.8 % on average.
#[test]
#[ignore = "minutes without optimization"]
fn cross_entropy_reaches_95_8_percent() {
    let Some(data) = mnist() else { return };
    let (all, mean) = CROSS_ENTROPY.accuracies(&[1, 2, 3], &data);
    assert!(all.iter().all(|&accuracy| accuracy >= 0.955) && mean >= 0.958, "{all:?}, mean {mean}");
}

/// 100 hidden neurons, log-likelihood, η 0.1, λ 0, 60 epochs: 97.7 % on average. Single seeds lie about 0.13 % around
/// their mean of 97.8 %.
#[test]
#[ignore = "minutes without optimization"]
fn log_likelihood_reaches_97_7_percent() {
    let Some(data) = mnist() else { return };
    let run = Run {
        cost: LogLikelihood,
        output: Softmax::default(),
        initializer: &ScaledGaussian,
        hidden: 100,
        eta: 0.1,
        lambda: 0.0,
        epochs: 60,
    };
    let (all, mean) = run.accuracies(&[1, 2, 3, 4, 5], &data);
    assert!(all.iter().all(|&accuracy| accuracy >= 0.975) && mean >= 0.977, "{all:?}, mean {mean}");
}

/// 8 hidden layers of 64 neurons learn, if their initial weights suit them: SELU with LeCun's, and tanh with orthogonal
/// ones, reach at least 95 %.
#[test]
#[ignore = "minutes without optimization"]
fn eight_hidden_layers_reach_95_percent() {
    let Some((training, validation, test)) = mnist() else { return };
    let sizes = [&[784][..], &[64; 8], &[10]].concat();
    let parts: [(AnyActivation, &dyn Initializer<f32>); 2] =
        [(Selu.into(), &LeCunNormal), (Tanh.into(), &Orthogonal::default())];
    for (hidden, initializer) in parts {
        let mut network = Network::new(&sizes, hidden, Softmax::default(), initializer, 1).unwrap();
        let report = Trainer::new(LogLikelihood)
            .schedule(Constant::new(0.02).unwrap())
            .stop(MaxEpochs::new(6).unwrap())
            .seed(1)
            .fit(&mut network, &training, Some(&validation))
            .unwrap();
        let accuracy = evaluate(&network, &LogLikelihood, &test).unwrap().scores.accuracy();
        println!("{network}: {:.2} %\n{report}", 100.0 * accuracy);
        assert!(accuracy >= 0.95, "{network}: {accuracy}");
    }
}

/// 30 hidden neurons, quadratic cost, η 3, λ 0, large first weights: at least 94.5 %.
#[test]
#[ignore = "minutes without optimization"]
fn quadratic_cost_reaches_94_5_percent() {
    let Some(data) = mnist() else { return };
    let run = Run {
        cost: Quadratic,
        output: Sigmoid,
        initializer: &LargeGaussian,
        hidden: 30,
        eta: 3.0,
        lambda: 0.0,
        epochs: 30,
    };
    let (all, _) = run.accuracies(&[1, 2, 3], &data);
    assert!(all.iter().all(|&accuracy| accuracy >= 0.945), "{all:?}");
}

/// Issue: dropout helps where data are few: 1,000 images, judged on the test images.
#[test]
#[ignore = "minutes without optimization"]
fn dropout_helps_with_a_thousand_images() {
    let Some((training, _, test)) = mnist() else { return };
    let few = training.split_at(1_000).unwrap().0;
    for seed in 1..=3 {
        let accuracy = |dropout: Dropout| {
            let mut network =
                Network::new(&[784, 100, 10], Relu, Softmax::default(), &ByActivation, seed).unwrap();
            let trainer = Trainer::new(LogLikelihood)
                .optimizer(Momentum::new(0.9).unwrap())
                .schedule(Constant::new(0.01).unwrap())
                .dropout(dropout)
                .seed(seed);
            trainer.fit(&mut network, &few, None).unwrap();
            evaluate(&network, &LogLikelihood, &test).unwrap().scores.accuracy()
        };
        let (without, with) =
            (accuracy(Dropout::new(0.0, 0.0).unwrap()), accuracy(Dropout::new(0.2, 0.5).unwrap()));
        println!("seed {seed}: {:.2} % without dropout, {:.2} % with it", 100.0 * without, 100.0 * with);
        assert!(with > without, "seed {seed}: {without} without dropout, {with} with it");
    }
}

/// Issue: the gradient of 50,000 images at once, in `f32` against `f64`.
#[test]
#[ignore = "minutes without optimization"]
fn the_gradient_of_50_000_images() {
    fn gradient<T: Real>(
        x: &DMatrix<f64>,
        y: &DMatrix<f64>,
        initial: &Network<f64, Sigmoid, Sigmoid>,
    ) -> Vec<f64> {
        let mut network =
            Network::<T, _, _>::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
        for (to, from) in network.parameters_mut().zip(initial.parameters()) {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = T::cast(from));
        }
        let batch = Batch::new(x.map(T::cast), y.map(T::cast)).unwrap();
        let (mut workspace, mut gradient) = (
            Workspace::new(&network.sizes(), batch.examples()).unwrap(),
            ParameterArrays::zeros(&network.sizes()),
        );
        network.forward(&batch.x, &mut workspace);
        network.backward(&CrossEntropy, &batch, &mut workspace, &mut gradient);
        gradient.values().iter().map(|value| value.to_f64()).collect()
    }
    let Some((training, ..)) = mnist() else { return };
    let mut batch = Batch::<f32>::zeros(784, 10, 50_000).unwrap();
    batch.gather(&training, 1, &(0..50_000).collect::<Vec<_>>()).unwrap();
    let (x, y) = (batch.x.map(f64::from), batch.y.map(f64::from));
    let mut initial =
        Network::<f64, _, _>::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    // Numbers of both precisions.
    initial.parameters_mut().flatten().for_each(|value| *value = f64::from(*value as f32));
    let (found, exact) = (gradient::<f32>(&x, &y, &initial), gradient::<f64>(&x, &y, &initial));
    let largest = exact.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let error = found.iter().zip(&exact).fold(0.0f64, |error, (f, e)| error.max((f - e).abs())) / largest;
    println!("the largest error is {error:.1e} of the largest element");
    assert!(error < 2e-6, "{error}");
}

/// The accuracy on the test images of a network of `hidden` neurons with softmax outputs, as `trainer` trains it.
fn accuracy_of<H: Activation<f32> + Clone>(
    (activation, hidden): (H, usize),
    initializer: &dyn Initializer<f32>,
    trainer: &Trainer<f32, LogLikelihood>,
    seed: u64,
    (training, validation, test): &(Dataset<f32>, Dataset<f32>, Dataset<f32>),
) -> f64 {
    let mut network =
        Network::new(&[784, hidden, 10], activation, Softmax::default(), initializer, seed).unwrap();
    let report = trainer.clone().seed(seed).fit(&mut network, training, Some(validation)).unwrap();
    let accuracy = evaluate(&network, &LogLikelihood, test).unwrap().scores.accuracy();
    println!("seed {seed}, {network}: {:.2} %\n{report}", 100.0 * accuracy);
    accuracy
}

/// 784-100-10 with Adam at its defaults, 10 epochs: at least 97.5 % for each of three seeds.
#[test]
#[ignore = "minutes without optimization"]
fn adam_at_its_defaults_reaches_97_5_percent() {
    let Some(data) = mnist() else { return };
    let trainer = Trainer::new(LogLikelihood).optimizer(Adam::default()).mini_batch(32);
    let trainer = trainer.stop(MaxEpochs::new(10).unwrap());
    let all = [1, 2, 3].map(|seed| accuracy_of((Relu, 100), &ByActivation, &trainer, seed, &data));
    assert!(all.iter().all(|&accuracy| accuracy >= 0.975), "{all:?}");
}

/// 784-100-10 with ReLU, He's initializer and η 0.1, 10 epochs: at least 97.5 % for each of three seeds.
#[test]
#[ignore = "minutes without optimization"]
fn relu_with_he_reaches_97_5_percent() {
    let Some(data) = mnist() else { return };
    let trainer = Trainer::new(LogLikelihood).schedule(Constant::new(0.1).unwrap());
    let trainer = trainer.stop(MaxEpochs::new(10).unwrap());
    let all = [1, 2, 3].map(|seed| accuracy_of((Relu, 100), &HeNormal, &trainer, seed, &data));
    assert!(all.iter().all(|&accuracy| accuracy >= 0.975), "{all:?}");
}

/// 784-30-10 with the rate that a range test suggests, 5 epochs: at least 94 % for each of three seeds.
#[test]
#[ignore = "minutes without optimization"]
fn a_suggested_rate_reaches_94_percent_in_5_epochs() {
    let Some(data) = mnist() else { return };
    for optimizer in ["sgd", "momentum", "adam"] {
        let optimizer: AnyOptimizer = optimizer.parse().unwrap();
        for seed in [1, 2, 3] {
            let trainer = Trainer::new(LogLikelihood).optimizer(optimizer.clone());
            let trainer = trainer.stop(MaxEpochs::new(5).unwrap());
            let network =
                Network::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, seed).unwrap();
            let found =
                trainer.clone().seed(seed).find_rate(&network, &data.0, RateRange::default()).unwrap();
            println!("{optimizer}, seed {seed}\n{found}");
            let trainer = trainer.schedule(Constant::new(found.suggestion).unwrap());
            let accuracy = accuracy_of((Sigmoid, 30), &ScaledGaussian, &trainer, seed, &data);
            assert!(accuracy >= 0.94, "{optimizer}, seed {seed}, η = {}: {accuracy}", found.suggestion);
        }
    }
}
