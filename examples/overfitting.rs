//! The chapter's own experiment: 1,000 training images and 400 epochs, with and without regularization.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::{Chart, Scale};
use shared::{parallel, plot};

mod shared;

/// Cost and accuracy of 784-30-10 networks on a few training images and on the test images by epoch, for one or more λ
/// of L2.
///
/// As in the book the initial weights are N(0, 1), the cost is the cross-entropy and mini-batches have 10 images. The
/// test images are evaluated after each epoch, as in the book; nothing is chosen by them.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// λ of L2, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "0,0.1")]
    lambdas: Vec<f64>,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Epochs of each run
    #[arg(long, default_value_t = 400)]
    epochs: usize,
    /// Training images, from the beginning of the training set
    #[arg(long, default_value_t = 1_000)]
    train: usize,
    /// Learning rate η
    #[arg(long, default_value_t = 0.5)]
    eta: f64,
    /// A few seconds instead of half a minute: 40 epochs, one seed
    #[arg(long)]
    quick: bool,
}

/// Means over the seeds by epoch, for one λ.
struct Curves {
    lambda: f64,
    training_cost: Vec<f64>,
    test_cost: Vec<f64>,
    training_accuracy: Vec<f64>,
    test_accuracy: Vec<f64>,
    /// The test accuracy of each seed, averaged over the last tenth of the epochs.
    ends: Vec<f64>,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.epochs = 40;
        options.seeds.truncate(1);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Settings that cannot work are errors before the first run.
    options.lambdas.iter().try_for_each(|&lambda| L2::new(lambda).map(drop))?;
    let data = shared::digits::<f32>(options.data.as_deref(), options.train, 1)?;
    println!("{}", data.source);
    println!("{} training images, {} test images", data.training.len(), data.test.len());

    let jobs: Vec<_> =
        options.lambdas.iter().flat_map(|&l| options.seeds.iter().map(move |&s| (l, s))).collect();
    let histories =
        parallel::map(&jobs, |&(lambda, seed)| train(options, &data.training, &data.test, lambda, seed))?;
    let by_lambda = options.lambdas.iter().zip(histories.chunks(options.seeds.len().max(1)));
    let curves: Vec<Curves> = by_lambda.map(|(&lambda, histories)| Curves::new(lambda, histories)).collect();

    print_table(&curves, options.seeds.len());
    let (images, seeds) = (data.training.len(), options.seeds.len());
    let title =
        format!("{images} training images, with and without regularization: means of {seeds} seed(s)");
    println!("\n{}", plot::save("overfitting", &title, 2, &charts(&curves))?.display());
    Ok(())
}

/// Trains on `training` and evaluates `test` after each epoch; keeps the last parameters.
fn train(
    options: &Options,
    training: &Dataset<f32>,
    test: &Dataset<f32>,
    lambda: f64,
    seed: u64,
) -> gradus::Result<History> {
    let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &LargeGaussian, seed)?;
    let report = Trainer::new(CrossEntropy)
        .regularizer(L2::new(lambda)?)
        .schedule(Constant::new(options.eta)?)
        .stop(MaxEpochs::new(options.epochs)?)
        .seed(seed)
        .monitor_training(true)
        .keep_last()
        .threads(1)
        .fit(&mut network, training, Some(test))?;
    Ok(report.history)
}

impl Curves {
    fn new(lambda: f64, histories: &[History]) -> Self {
        let accuracies = |history: &History| -> Vec<f64> {
            history.values(&Metric::validation(Accuracy)).map(|(_, accuracy)| 100.0 * accuracy).collect()
        };
        let end = |accuracies: Vec<f64>| mean(&accuracies[accuracies.len() - tenth(accuracies.len())..]);
        Self {
            lambda,
            training_cost: means(histories, &Metric::training_cost(), 1.0),
            test_cost: means(histories, &Metric::validation_cost(), 1.0),
            training_accuracy: means(histories, &Metric::training(Accuracy), 100.0),
            test_accuracy: means(histories, &Metric::validation(Accuracy), 100.0),
            ends: histories.iter().map(accuracies).map(end).collect(),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    parallel::spread(values.iter().copied()).0
}

/// Returns the number of last epochs over which the end of a run is averaged.
fn tenth(epochs: usize) -> usize {
    epochs.div_ceil(10)
}

/// Returns `factor` times the mean of `metric` over the runs, by epoch.
fn means(histories: &[History], metric: &Metric, factor: f64) -> Vec<f64> {
    let epochs = histories.first().map_or(0, History::len);
    let value = |history: &History, epoch: usize| {
        history.epochs().get(epoch).and_then(|record| metric.value_in(record)).unwrap_or(f64::NAN)
    };
    let mean = |epoch| parallel::spread(histories.iter().map(|history| factor * value(history, epoch))).0;
    (0..epochs).map(mean).collect()
}

fn print_table(curves: &[Curves], seeds: usize) {
    println!("\nMeans over {seeds} seed(s); costs are without the penalty.\n");
    println!("                  training                   test");
    println!("     λ   epoch        cost   accuracy        cost   accuracy");
    for curves in curves {
        let last = curves.test_cost.len();
        for epoch in [1, 10, 30, 100, 200, last].into_iter().filter(|&e| e < last).chain([last]) {
            let at = epoch - 1;
            println!(
                "{:>6}  {epoch:>6}    {:>8.5}   {:>6.2} %    {:>8.5}   {:>6.2} %",
                curves.lambda,
                curves.training_cost[at],
                curves.training_accuracy[at],
                curves.test_cost[at],
                curves.test_accuracy[at],
            );
        }
        println!();
    }
    curves.iter().for_each(print_end);
}

/// Prints the conclusions from the rows of one λ.
fn print_end(curves: &Curves) {
    let least =
        (0..curves.test_cost.len()).min_by(|&a, &b| curves.test_cost[a].total_cmp(&curves.test_cost[b]));
    let (Some(least), Some(end)) = (least, curves.test_cost.last()) else { return };
    let course = match least + 1 {
        epoch if epoch == curves.test_cost.len() => "falls to the end".to_owned(),
        epoch => format!(
            "has its minimum after epoch {epoch} and is {:.2} times as high at the end",
            end / curves.test_cost[least]
        ),
    };
    let (accuracy, low, high) = parallel::spread(curves.ends.iter().copied());
    println!("λ = {}: the cost on the test images {course};", curves.lambda);
    let last = tenth(curves.test_cost.len());
    println!("    test accuracy over the last {last} epochs {accuracy:.2} % (seeds {low:.2} … {high:.2}).");
}

fn charts(all: &[Curves]) -> [Chart; 4] {
    let chart = |title: &str, y: &str, scale: Scale, values: fn(&Curves) -> &[f64]| {
        let chart = Chart::new(title, "epoch", y).y_scale(scale);
        all.iter().fold(chart, |chart, curves| {
            let points = (1..).map(f64::from).zip(values(curves).iter().copied());
            chart.line(&format!("λ = {}", curves.lambda), points)
        })
    };
    let linear = || Scale::Linear;
    [
        chart("Cost on the training images", "cost, penalty not included", Scale::Log, |c| &c.training_cost),
        chart("Cost on the test images", "cost, penalty not included", linear(), |c| &c.test_cost),
        chart("Accuracy on the training images", "accuracy in %", linear(), |c| &c.training_accuracy),
        chart("Accuracy on the test images", "accuracy in %", linear(), |c| &c.test_accuracy),
    ]
}
