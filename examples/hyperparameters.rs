//! Exercise 20: random search with successive halving for η, λ, μ, the mini-batch size and the hidden neurons.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use gradus::prelude::*;
use gradus::selection::{Found, Trial, Tried};
use shared::plot::{Chart, Scale};
use shared::{Digits, plot};

mod shared;

/// Random search with successive halving for η, λ, μ, the mini-batch size and the hidden neurons of a 784-?-10 network
///
/// Candidates are drawn at random and trained for a few epochs. The better half by validation accuracy is trained for
/// twice as many epochs, and so on until one is left. Every round takes about the same time, and promising candidates
/// get most of it. The test images are used once, for the winner.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Candidates of the first round
    #[arg(long, default_value_t = 64)]
    candidates: usize,
    /// Epochs of the first round
    #[arg(long, default_value_t = 1)]
    epochs: usize,
    /// Training images, from the beginning of the training set
    #[arg(long, default_value_t = 50_000)]
    train: usize,
    /// Seed of the candidates, of the initial weights and of the order of the images
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Save the scores to this file, and resume an interrupted search from it
    #[arg(long)]
    scores: Option<PathBuf>,
    /// A few seconds instead of minutes: 1,000 images, 16 candidates
    #[arg(long)]
    quick: bool,
}

const ETA: &str = "η";
const LAMBDA: &str = "λ";
/// The friction 1 − μ, drawn instead of μ because momentum multiplies η by 1/(1 − μ).
const FRICTION: &str = "1 − μ";
const MINI_BATCH: &str = "m";
const HIDDEN: &str = "hidden";

/// Validation accuracies by epoch in per cent, of the longest run of each candidate, by the candidate's number.
type Curves = BTreeMap<usize, Vec<f64>>;

type Digit = Network<f32, Sigmoid, Sigmoid>;

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.train, options.candidates) = (1_000, 16);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let data = shared::digits::<f32>(options.data.as_deref(), options.train, 10_000)?;
    println!("{}", data.source);
    println!("{} training and {} validation images\n", data.training.len(), data.validation.len());

    let search = Search::halving(options.candidates, options.epochs)
        .log_uniform(ETA, 0.01, 10.0)
        .log_uniform(LAMBDA, 0.1, 100.0)
        .log_uniform(FRICTION, 0.01, 1.0)
        .log_integers(MINI_BATCH, 5, 200)
        .log_integers(HIDDEN, 10, 200)
        .seed(options.seed);
    let search = match &options.scores {
        Some(path) => search.resumable(path),
        None => search,
    };
    let curves = Mutex::new(Curves::new());
    let (found, network) = search.run(|trial| {
        let (network, accuracies) = train(options.seed, &data, trial)?;
        let best = accuracies.iter().copied().fold(0.0, f64::max);
        curves.lock().unwrap_or_else(PoisonError::into_inner).insert(trial.number, accuracies);
        Ok((best, network))
    })?;
    let curves = curves.into_inner().unwrap_or_else(PoisonError::into_inner);

    println!("budget: epochs; score: best validation accuracy in %, NaN if the run diverged");
    println!("{found}");
    print_winner(&found, &network, &data.test)?;
    let title = format!("Random search with successive halving: {} candidates", found.tried.len());
    println!("\n{}", plot::save("hyperparameters", &title, 2, &charts(&found, &curves)?)?.display());
    Ok(())
}

/// Trains a candidate from its initial weights. A longer run of a candidate repeats its shorter one bitwise, and
/// continues.
fn train(seed: u64, data: &Digits<f32>, trial: &Trial) -> gradus::Result<(Digit, Vec<f64>)> {
    let sizes = [784, trial.integer(HIDDEN)?, 10];
    let mut network = Network::new(&sizes, Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
    let report = Trainer::new(CrossEntropy)
        .optimizer(Momentum::new(1.0 - trial.number(FRICTION)?)?)
        .regularizer(L2::new(trial.number(LAMBDA)?)?)
        .schedule(Constant::new(trial.number(ETA)?)?)
        .stop(MaxEpochs::new(trial.budget)?)
        .mini_batch(trial.integer(MINI_BATCH)?)
        .seed(seed)
        .fit(&mut network, &data.training, Some(&data.validation))?;
    let accuracies =
        report.history.values(&Metric::validation(Accuracy)).map(|(_, accuracy)| 100.0 * accuracy);
    Ok((network, accuracies.collect()))
}

/// Prints the test accuracy of the winner: the only use of the test images.
fn print_winner(found: &Found, network: &Digit, test: &Dataset<f32>) -> gradus::Result<()> {
    let Some(Tried { trial, score }) = found.best() else { return Ok(()) };
    let accuracy = 100.0 * evaluate(network, &CrossEntropy, test)?.scores.accuracy();
    println!(
        "\nTrial {} wins with {score:.2} % on the validation images; as the best of many, this is optimistic.",
        trial.number
    );
    println!("On the test images, which are used only here, it has {accuracy:.2} %.");
    Ok(())
}

/// How far the weights move for each image: momentum multiplies η by 1/(1 − μ), and m images share a step.
fn speed(trial: &Trial) -> gradus::Result<f64> {
    Ok(trial.number(ETA)? / (trial.number(FRICTION)? * trial.number(MINI_BATCH)?))
}

/// The candidates that were dropped in the same rounds, with the name and colour of their group.
struct Group<'a> {
    name: String,
    colour: usize,
    tried: Vec<&'a Tried>,
}

/// Groups the candidates: dropped in the first round, in the first half of the rounds, later, and the winner.
fn groups(found: &Found) -> Vec<Group<'_>> {
    let budgets = || found.tried.iter().map(|tried| tried.trial.budget);
    let first = budgets().min().unwrap_or(1);
    let round = |budget: usize| (budget / first).ilog2() + 1;
    let last = budgets().map(round).max().unwrap_or(1);
    let dropped = |from: u32, to: u32| match to {
        _ if from == to => format!("dropped after round {from}"),
        _ => format!("dropped after round {from} … {to}"),
    };
    let (half, before) = (last / 2, last.saturating_sub(1));
    let bounds = [(1, before.min(1), 5), (2, half, 0), (half.max(1) + 1, before, 1), (last, last, 6)];
    let groups = bounds.map(|(from, to, colour)| {
        let name = if from == last { "the winner".to_owned() } else { dropped(from, to) };
        let came_so_far = |tried: &&Tried| (from..=to).contains(&round(tried.trial.budget));
        Group { name, colour, tried: found.tried.iter().filter(came_so_far).collect() }
    });
    groups.into_iter().filter(|group| !group.tried.is_empty()).collect()
}

fn charts(found: &Found, curves: &Curves) -> gradus::Result<Vec<Chart>> {
    let groups = groups(found);
    // Candidates far below the best, or diverged, are drawn on the lower edge.
    let edge = (found.tried.iter().map(|tried| tried.score).fold(0.0, f64::max) - 8.0).floor().max(0.0);
    let y = format!("validation accuracy in % ({edge}: or less)");
    let by = |name: &str, x: &dyn Fn(&Trial) -> gradus::Result<f64>| {
        let chart = Chart::new(&format!("By {name}"), name, &y).x_scale(Scale::Log);
        dots(chart, &groups, &|tried| Ok((x(&tried.trial)?, tried.score.max(edge))))
    };
    let setting = |label: &str, name: &'static str| by(label, &move |trial| trial.number(name));
    let both = Chart::new("Neither η nor μ by itself", "learning rate η", "friction 1 − μ");
    let both = dots(both.x_scale(Scale::Log).y_scale(Scale::Log), &groups, &|tried| {
        Ok((tried.trial.number(ETA)?, tried.trial.number(FRICTION)?))
    })?;
    Ok(vec![
        learning(&groups, curves, edge, &y),
        both,
        by("speed η / ((1 − μ) m)", &speed)?,
        setting("regularization λ", LAMBDA)?,
        setting("hidden neurons", HIDDEN)?,
        setting("mini-batch m", MINI_BATCH)?,
    ])
}

/// A dot for every candidate, in the colours of the first chart.
fn dots(
    chart: Chart,
    groups: &[Group],
    point: &dyn Fn(&Tried) -> gradus::Result<(f64, f64)>,
) -> gradus::Result<Chart> {
    groups.iter().try_fold(chart, |chart, group| {
        let points: gradus::Result<Vec<_>> = group.tried.iter().map(|tried| point(tried)).collect();
        Ok(chart.dots("", points?).colour(group.colour))
    })
}

/// The validation accuracy of every candidate until it was dropped.
fn learning(groups: &[Group], curves: &Curves, edge: f64, y: &str) -> Chart {
    let chart = Chart::new("Each candidate until it is dropped", "epoch", y).x_scale(Scale::Log);
    groups.iter().fold(chart, |chart, group| {
        let of_group = group.tried.iter().filter_map(|tried| curves.get(&tried.trial.number));
        let lines: Vec<Vec<(f64, f64)>> = of_group
            .map(|accuracies| (1..).map(f64::from).zip(accuracies.iter().map(|a| a.max(edge))).collect())
            .collect();
        let ends: Vec<(f64, f64)> = lines.iter().filter_map(|line| line.last().copied()).collect();
        let chart = lines.into_iter().fold(chart, |chart, line| chart.line("", line).colour(group.colour));
        chart.dots(&group.name, ends).colour(group.colour)
    })
}
