//! Exercise 19: a learning rate that is halved when the accuracy no longer improves, against constant rates.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::{Chart, Scale};
use shared::{parallel, plot};

mod shared;

/// Halves the learning rate η each time the validation accuracy has not improved for n epochs, until it reaches η/128,
/// and compares with constant learning rates for as many epochs.
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Initial learning rate η of the schedule
    #[arg(long, default_value_t = 0.5)]
    eta: f64,
    /// Epochs without improvement after which η is halved
    #[arg(long, default_value_t = 10)]
    n: usize,
    /// Constant learning rates to compare with, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "0.5,0.05")]
    constant: Vec<f64>,
    /// λ of the L2 regularization
    #[arg(long, default_value_t = 5.0)]
    lambda: f64,
    /// Seeds to average over; the first one's run is drawn
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// A few seconds instead of minutes: 1,000 images, n = 3, one seed
    #[arg(long)]
    quick: bool,
}

/// Number of last epochs over which the end of a run is averaged.
const LAST: usize = 10;

/// A run, and the accuracy on the test images of the network that it keeps, in per cent.
struct Run {
    history: History,
    reason: StopReason,
    test: f64,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.n = 3;
        options.seeds.truncate(1);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let halve = HalveOnPlateau::new(options.eta, options.n)?;
    let constants = options.constant.iter().map(|&eta| Constant::new(eta));
    let constants = constants.collect::<gradus::Result<Vec<_>>>()?;
    let images = if options.quick { 1_000 } else { 50_000 };
    let data = shared::digits::<f32>(options.data.as_deref(), images, 10_000)?;
    println!("{}\n{} training images, 784-30-10, cross-entropy", data.source, data.training.len());

    let halving = parallel::map(&options.seeds, |&seed| {
        // The schedule ends the run. The limit of 1,000 epochs holds if the accuracy keeps rising.
        learn(options, &data, halve.clone(), 1_000, seed)
    })?;
    let jobs: Vec<_> = constants
        .iter()
        .flat_map(|&constant| {
            options
                .seeds
                .iter()
                .zip(&halving)
                .map(move |(&seed, as_long)| (constant, seed, as_long.history.len()))
        })
        .collect();
    let constant =
        parallel::map(&jobs, |&(constant, seed, epochs)| learn(options, &data, constant, epochs, seed))?;

    let seeds = options.seeds.len();
    let names = options.constant.iter().map(|eta| format!("constant η = {eta}"));
    let names: Vec<String> = [format!("halving from η = {}", options.eta)].into_iter().chain(names).collect();
    let runs: Vec<&[Run]> = [&halving[..]].into_iter().chain(constant.chunks(seeds)).collect();
    print_halvings(&halving[0], options.seeds[0]);
    print_table(&names, &runs);
    let charts = [accuracy_chart(&names, &runs), rate_chart(&names, &runs)];
    let title = format!("η halved after {} epochs without improvement", options.n);
    println!("\n{}", plot::save("learning_rate_schedule", &title, 1, &charts)?.display());
    Ok(())
}

fn learn(
    options: &Options,
    data: &shared::Digits<f32>,
    schedule: impl LrSchedule + 'static,
    epochs: usize,
    seed: u64,
) -> gradus::Result<Run> {
    let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
    let report = Trainer::new(CrossEntropy)
        .regularizer(L2::new(options.lambda)?)
        .schedule(schedule)
        .stop(MaxEpochs::new(epochs)?)
        .seed(seed)
        .threads(1)
        .fit(&mut network, &data.training, Some(&data.validation))?;
    let test = 100.0 * evaluate(&network, &CrossEntropy, &data.test)?.scores.accuracy();
    Ok(Run { history: report.history, reason: report.stop_reason, test })
}

/// Prints after which epochs the schedule halved η in one run, and the best accuracy so far.
fn print_halvings(Run { history, reason, .. }: &Run, seed: u64) {
    println!("\nseed {seed}: the halvings\n");
    println!("after epoch   η from     to         best accuracy so far");
    let epochs = history.epochs();
    let mut until_then = History::new();
    for (at, record) in epochs.iter().enumerate() {
        until_then.push(record.clone());
        let next = epochs.get(at + 1).map(|next| next.learning_rate);
        if next == Some(record.learning_rate) {
            continue;
        }
        let to = next.map_or("the end".to_owned(), |eta| format!("{eta:.6}"));
        let (best, accuracy) = until_then.best(&Metric::validation(Accuracy)).unwrap_or((0, f64::NAN));
        println!(
            "{:<13} {:<10.6} {to:<10} {:.2} % in epoch {best}",
            record.epoch,
            record.learning_rate,
            100.0 * accuracy
        );
    }
    println!("stopped: {reason}");
}

/// Validation accuracies in per cent, by epoch.
fn accuracies(run: &Run) -> Vec<f64> {
    run.history.values(&Metric::validation(Accuracy)).map(|(_, share)| 100.0 * share).collect()
}

fn print_table(names: &[String], runs: &[&[Run]]) {
    println!(
        "\nmean of {} seed(s), accuracies in %; each constant η runs as many epochs as the schedule\n",
        runs[0].len()
    );
    println!(
        "learning rate           epochs   best validation   last {LAST} epochs: mean   min … max      test, kept epoch"
    );
    for (name, runs) in names.iter().zip(runs) {
        let mean = |value: &dyn Fn(&Run) -> f64| parallel::spread(runs.iter().map(value)).0;
        let end = |run: &Run| {
            let all = accuracies(run);
            parallel::spread(all[all.len().saturating_sub(LAST)..].iter().copied())
        };
        println!(
            "{name:<23} {:<8.1} {:<17.2} {:<22.2} {:.2} … {:.2}  {:.2}",
            mean(&|run| run.history.len() as f64),
            mean(&|run| parallel::spread(accuracies(run)).2),
            mean(&|run| end(run).0),
            mean(&|run| end(run).1),
            mean(&|run| end(run).2),
            mean(&|run| run.test),
        );
    }
}

fn accuracy_chart(names: &[String], runs: &[&[Run]]) -> Chart {
    let best = parallel::spread(runs.iter().flat_map(|runs| accuracies(&runs[0]))).2;
    let floor = best - 2.5;
    let mut chart = Chart::new("Accuracy", "epoch", "validation accuracy in %")
        .x_range(0.0, runs[0][0].history.len() as f64 + 1.0)
        .y_range(floor, best + 0.1);
    // The schedule is drawn last, over the others.
    for (colour, (name, runs)) in names.iter().zip(runs).enumerate().rev() {
        let curve = (1..).map(f64::from).zip(accuracies(&runs[0])).filter(|(_, accuracy)| *accuracy >= floor);
        chart = chart.line(name, curve).colour(colour);
    }
    chart
}

fn rate_chart(names: &[String], runs: &[&[Run]]) -> Chart {
    let first = runs[0][0].history.epochs().first().map_or(f64::NAN, |record| record.learning_rate);
    let shares: Vec<String> =
        (0..8).rev().map(|k| if k == 0 { "η".to_owned() } else { format!("η/{}", 1 << k) }).collect();
    let mut chart = Chart::new("Learning rate", "epoch", "η")
        .x_range(0.0, runs[0][0].history.len() as f64 + 1.0)
        .y_scale(Scale::Names(shares));
    for (colour, (name, runs)) in names.iter().zip(runs).enumerate().rev() {
        // η is constant within an epoch.
        let steps = runs[0].history.epochs().iter().flat_map(|record| {
            let height = 7.0 + (record.learning_rate / first).log2();
            [(record.epoch as f64 - 1.0, height), (record.epoch as f64, height)]
        });
        chart = chart.line(name, steps).colour(colour);
    }
    chart
}
