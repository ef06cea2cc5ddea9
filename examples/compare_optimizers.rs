//! Compares the optimizers of the crate, each with the learning rate that a range test finds for it.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use gradus::trainer::{RateRange, RateTest};
use shared::plot::{Chart, Scale};
use shared::{Digits, parallel, plot};

mod shared;

/// Trains the same network with several optimizers, each with the learning rate that a range test finds for it.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Names of the optimizers, separated by semicolons
    #[arg(
        long,
        value_delimiter = ';',
        default_value = "sgd;momentum;nesterov;ada_grad;ada_delta;rms_prop;adam;adamw;lion;clip_by_global_norm(adam);exponential_average(adam)"
    )]
    optimizers: Vec<AnyOptimizer>,
    /// Neurons of the hidden layer
    #[arg(long, default_value_t = 30)]
    hidden: usize,
    /// Mini-batch size m
    #[arg(long, default_value_t = 32)]
    batch: usize,
    /// Training images, from the beginning of the training set
    #[arg(long, default_value_t = 50_000)]
    train: usize,
    /// Epochs of each run
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// A few seconds: 2,000 images, 4 epochs, one seed
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.train, options.epochs) = (2_000, 4);
        options.seeds.truncate(1);
    }
    shared::exit(run(&options))
}

/// Results of a run; accuracies are in per cent.
struct Run {
    /// The running cost and the validation accuracy of each epoch.
    epochs: Vec<(f64, f64)>,
    test: f64,
    /// Seconds per epoch.
    seconds: f64,
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let data = shared::digits::<f32>(options.data.as_deref(), options.train, 10_000)?;
    let (n, hidden, epochs) = (data.training.len(), options.hidden, options.epochs);
    println!("{}\n{n} training images, 784-{hidden}-10, log-likelihood, {epochs} epochs", data.source);

    let tests = parallel::map(&options.optimizers, |optimizer| find_rate(options, optimizer, &data))?;
    let rates = tests.iter().map(|test| test.suggestion);
    let jobs: Vec<_> = options
        .optimizers
        .iter()
        .zip(rates)
        .flat_map(|(optimizer, eta)| options.seeds.iter().map(move |&seed| (optimizer, eta, seed)))
        .collect();
    let runs = parallel::map(&jobs, |&(optimizer, eta, seed)| train(options, optimizer, eta, seed, &data))?;
    let by_optimizer: Vec<&[Run]> = runs.chunks(options.seeds.len().max(1)).collect();

    print_table(options, &tests, &by_optimizer);
    let charts = [
        range_chart(&tests),
        learning_chart(options, &by_optimizer, "running cost", |epoch| epoch.0).y_scale(Scale::Log),
        learning_chart(options, &by_optimizer, "validation accuracy in %", |epoch| epoch.1),
        test_chart(options, &by_optimizer),
    ];
    println!("\n{}", plot::save("compare_optimizers", "Optimizers", 2, &charts)?.display());
    Ok(())
}

/// A network and its trainer.
type Job = (Network<f32, Relu, Softmax>, Trainer<f32, LogLikelihood>);

fn job(options: &Options, optimizer: &AnyOptimizer, seed: u64) -> gradus::Result<Job> {
    let sizes = [784, options.hidden, 10];
    let network = Network::new(&sizes, Relu, Softmax::default(), &ByActivation, seed)?;
    let trainer = Trainer::new(LogLikelihood).optimizer(optimizer.clone()).mini_batch(options.batch);
    Ok((network, trainer.seed(seed).threads(1)))
}

fn find_rate(options: &Options, optimizer: &AnyOptimizer, data: &Digits<f32>) -> gradus::Result<RateTest> {
    let (network, trainer) = job(options, optimizer, 0)?;
    trainer.find_rate(&network, &data.training, RateRange::default())
}

fn train(
    options: &Options,
    optimizer: &AnyOptimizer,
    eta: f64,
    seed: u64,
    data: &Digits<f32>,
) -> gradus::Result<Run> {
    let (mut network, trainer) = job(options, optimizer, seed)?;
    let trainer = trainer.schedule(Constant::new(eta)?).stop(MaxEpochs::new(options.epochs)?).keep_last();
    let report = trainer.fit(&mut network, &data.training, Some(&data.validation))?;
    let accuracy = |record: &EpochRecord| record.validation.as_ref().map_or(f64::NAN, Scores::accuracy);
    let epochs = report.history.epochs().iter().map(|record| (record.running_cost, 100.0 * accuracy(record)));
    let test = 100.0 * evaluate(&network, &LogLikelihood, &data.test)?.scores.accuracy();
    Ok(Run { epochs: epochs.collect(), test, seconds: report.seconds() / report.history.len() as f64 })
}

/// The mean over the seeds.
fn mean(runs: &[Run], value: impl Fn(&Run) -> f64) -> f64 {
    parallel::spread(runs.iter().map(value)).0
}

/// Returns the optimizer's name without parameters, and with the name of the optimizer that it wraps, if any.
fn short(optimizer: &AnyOptimizer) -> String {
    let text = optimizer.to_string();
    let Some((before, _)) = text.split_once('=') else { return text };
    let end = before.rfind(['(', ',']).unwrap_or(before.len());
    before[..end].replace('(', " of ")
}

fn print_table(options: &Options, tests: &[RateTest], runs: &[&[Run]]) {
    println!("\nMeans of {} seed(s); the accuracies are in %\n", options.seeds.len());
    println!(
        "optimizer                      η         running cost  validation accuracy     test      seconds"
    );
    println!(
        "                               found     last epoch    first      last epoch   accuracy  per epoch"
    );
    for ((optimizer, test), runs) in options.optimizers.iter().zip(tests).zip(runs) {
        let first = mean(runs, |run| run.epochs.first().map_or(f64::NAN, |epoch| epoch.1));
        let last =
            |value: fn(&(f64, f64)) -> f64| mean(runs, |run| run.epochs.last().map_or(f64::NAN, value));
        let (cost, accuracy) = (last(|epoch| epoch.0), last(|epoch| epoch.1));
        let (tested, seconds) = (mean(runs, |run| run.test), mean(runs, |run| run.seconds));
        println!(
            "{:<31}{:<10}{cost:<14.4}{first:<11.2}{accuracy:<13.2}{tested:<10.2}{seconds:.3}",
            short(optimizer),
            test.suggestion
        );
    }
}

/// Number of colours of a figure; further curves reuse them, dashed.
const COLOURS: usize = 8;

fn range_chart(tests: &[RateTest]) -> Chart {
    let chart = Chart::new("Range tests (smoothed cost)", "η", "cost").x_scale(Scale::Log).y_range(0.0, 3.0);
    (0..).zip(tests).fold(chart, |chart, (index, test)| {
        let points = test.points.iter().map(|point| (point.rate, point.smoothed));
        curve(chart, index, "", points.filter(|point| point.1 <= 3.0))
    })
}

/// Adds the curve of optimizer number `index`: dashed from `COLOURS` on, where the colours repeat.
fn curve(chart: Chart, index: usize, label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Chart {
    if index < COLOURS { chart.line(label, points) } else { chart.dashed(label, points) }
}

/// The means over the seeds by epoch. The chart of the accuracy has room for the legend, which serves all charts.
fn learning_chart(options: &Options, runs: &[&[Run]], y: &str, value: fn(&(f64, f64)) -> f64) -> Chart {
    let chart = Chart::new("Learning (means)", "epoch", y);
    let names = options.optimizers.iter().map(|optimizer| match y.contains("accuracy") {
        true => short(optimizer),
        false => String::new(),
    });
    names.zip(runs).enumerate().fold(chart, |chart, (index, (name, runs))| {
        let at = |epoch: usize| mean(runs, |run| run.epochs.get(epoch).map_or(f64::NAN, value));
        curve(chart, index, &name, (0..options.epochs).map(|epoch| (epoch as f64 + 1.0, at(epoch))))
    })
}

fn test_chart(options: &Options, runs: &[&[Run]]) -> Chart {
    let points = (0..).map(f64::from).zip(runs);
    let points = points.flat_map(|(x, runs)| runs.iter().map(move |run| (x, run.test)));
    let names = (1..=options.optimizers.len()).map(|number| number.to_string());
    let chart =
        Chart::new("After the last epoch", "optimizer, in the order of the legend", "test accuracy in %");
    chart.x_scale(Scale::Names(names.collect())).dots("", points)
}
