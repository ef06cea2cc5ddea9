//! Seven custom parts of different kinds: each verified by one line, then trained one by one and together, and compared
//! with the crate's parts.
//!
//! The parts are in `examples/plugins`, one file for each, to copy from. `cargo test --example custom_plugins` runs
//! their tests.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::check;
use gradus::prelude::*;
use plugins::{Gap, Lookahead, RobustCost, Softsign, Spherical, SquareRoot, WeightElimination, wrong};
use shared::plot::{Chart, Scale};
use shared::{Digits, parallel, plot};

mod plugins;
mod shared;

/// Checks custom parts, and trains 784-30-10 networks with them.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Training images, from the beginning of the training set: few, so that networks overfit
    #[arg(long, default_value_t = 5_000)]
    train: usize,
    /// Epochs of each run, at most
    #[arg(long, default_value_t = 40)]
    epochs: usize,
    /// A few seconds: 1,000 images, 5 epochs, one seed
    #[arg(long)]
    quick: bool,
}

/// The runs that are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Parts {
    /// The simplest parts of the crate.
    Plain,
    /// `Plain` with one custom part.
    WithSoftsign,
    WithRobust,
    WithWeightElimination,
    WithLookahead,
    WithSquareRoot,
    WithGap,
    /// All six together.
    AllOwn,
    /// The crate's counterparts of the six, where it has one.
    AllBuiltIn,
}

use Parts::*;

const ROWS: [(Parts, &str, &str); 9] = [
    (Plain, "plain", "sigmoid, log-likelihood, SGD, constant η, no penalty"),
    (WithSoftsign, "softsign", "plain, with a custom activation"),
    (WithRobust, "robust", "plain, with a custom cost"),
    (WithWeightElimination, "weights", "plain, with a custom regularizer"),
    (WithLookahead, "lookahead", "plain, with a custom optimizer"),
    (WithSquareRoot, "square root", "plain, with a custom schedule"),
    (WithGap, "gap", "plain, with a custom stopping rule"),
    (AllOwn, "all own", "all six custom parts"),
    (AllBuiltIn, "built-in", "tanh, L2, momentum, halving, no improvement in 10"),
];

struct Outcome {
    report: Report<f32>,
    /// Accuracy in per cent, and the log-likelihood, on the test data.
    accuracy: f64,
    cost: f64,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.train, options.epochs) = (1_000, 5);
        options.seeds.truncate(1);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    check_all()?;
    show_what_is_wrong();

    let data = shared::digits::<f32>(options.data.as_deref(), options.train, 10_000)?;
    println!(
        "\n{}\n{} training images, up to {} epochs per run",
        data.source,
        data.training.len(),
        options.epochs
    );
    let jobs: Vec<_> = ROWS.iter().flat_map(|row| options.seeds.iter().map(|&seed| (row.0, seed))).collect();
    let outcomes = parallel::map(&jobs, |&(parts, seed)| train(parts, &data, options.epochs, seed))?;
    let by_row: Vec<&[Outcome]> = outcomes.chunks(options.seeds.len().max(1)).collect();
    print_table(&by_row);

    let charts = [progress_chart(&by_row), accuracy_chart(&by_row), rate_chart(&by_row), loss_chart(&by_row)];
    println!("\n{}", plot::save("custom_plugins", "Custom parts, and the crate's", 2, &charts)?.display());
    Ok(())
}

/// Verifies each part in one line, and then the gradient of a network that is made of them.
fn check_all() -> gradus::Result<()> {
    check::activation(&Softsign)?;
    check::cost(&RobustCost { q: 0.3 }, &Softmax::default())?;
    check::regularizer(&WeightElimination { lambda: 1.0 })?;
    check::optimizer(&Lookahead::around(Adam::default()))?;
    check::schedule(&SquareRoot { eta: 0.005, rise: 5.0 })?;
    check::stopping_rule(&Gap { limit: 0.25 })?;
    check::measure(&Spherical)?;

    let network = Network::new(&[3, 5, 4], Softsign, Softmax::default(), &ScaledGaussian, 1)?;
    let x = DMatrix::from_fn(3, 4, |i, j| (i as f64 - j as f64) / 3.0);
    check::gradient(&network, &RobustCost { q: 0.3 }, &x, &DMatrix::identity(4, 4))?;
    println!("All seven parts obey the laws of their traits, and backpropagation through them is correct.");
    Ok(())
}

fn show_what_is_wrong() {
    println!("\nThe errors that the checks report for four faulty parts:");
    let results = [
        check::activation(&wrong::SoftsignWithoutQuotientRule),
        check::cost(&wrong::RobustInValueOnly, &Softmax::default()),
        check::schedule(&wrong::LineToZero),
        check::stopping_rule(&wrong::UndeclaredGap),
    ];
    for message in results.into_iter().filter_map(Result::err) {
        println!("\n  {message}");
    }
}

/// The simplest trainer for `cost`. Later calls of the same setters replace these settings.
fn plain<C>(cost: C, epochs: usize, seed: u64) -> gradus::Result<Trainer<f32, C>> {
    let (schedule, stop) = (Constant::new(0.3)?, MaxEpochs::new(epochs)?);
    Ok(Trainer::new(cost).schedule(schedule).stop(stop).seed(seed).threads(1))
}

fn train(parts: Parts, data: &Digits<f32>, epochs: usize, seed: u64) -> gradus::Result<Outcome> {
    let trainer = plain(LogLikelihood, epochs, seed)?;
    let robust = plain(RobustCost { q: 0.3 }, epochs, seed)?;
    let elimination = WeightElimination { lambda: 1.0 };
    let gap = Gap { limit: 0.25 }.or(MaxEpochs::new(epochs)?);
    match parts {
        Plain => fit(Sigmoid, trainer, data, seed),
        WithSoftsign => fit(Softsign, trainer, data, seed),
        WithRobust => fit(Sigmoid, robust, data, seed),
        WithWeightElimination => fit(Sigmoid, trainer.regularizer(elimination), data, seed),
        WithLookahead => fit(
            Sigmoid,
            trainer.optimizer(Lookahead::around(Adam::default())).schedule(Constant::new(0.002)?),
            data,
            seed,
        ),
        WithSquareRoot => fit(Sigmoid, trainer.schedule(SquareRoot { eta: 0.3, rise: 5.0 }), data, seed),
        WithGap => fit(Sigmoid, trainer.stop(gap), data, seed),
        AllOwn => {
            let trainer = robust.regularizer(elimination).optimizer(Lookahead::around(Adam::default()));
            fit(Softsign, trainer.schedule(SquareRoot { eta: 0.005, rise: 5.0 }).stop(gap), data, seed)
        }
        AllBuiltIn => {
            let trainer = trainer.regularizer(L2::new(5.0)?).optimizer(Momentum::new(0.9)?);
            let stop = NoImprovement::new(10)?.or(MaxEpochs::new(epochs)?);
            fit(Tanh, trainer.schedule(HalveOnPlateau::new(0.02, 4)?).stop(stop), data, seed)
        }
    }
}

/// Trains a network with the hidden activation `hidden`. Every network is evaluated by the log-likelihood, whatever
/// cost it minimized.
fn fit<H, C>(hidden: H, trainer: Trainer<f32, C>, data: &Digits<f32>, seed: u64) -> gradus::Result<Outcome>
where
    H: Activation<f32> + Clone,
    C: Cost<f32, Softmax>,
{
    let mut network = Network::new(&[784, 30, 10], hidden, Softmax::default(), &ScaledGaussian, seed)?;
    let report = trainer.fit(&mut network, &data.training, Some(&data.validation))?;
    let scores = evaluate(&network, &LogLikelihood, &data.test)?.scores;
    Ok(Outcome { report, accuracy: 100.0 * scores.accuracy(), cost: scores.cost() })
}

fn print_table(by_row: &[&[Outcome]]) {
    println!("\n            test accuracy in %, mean          test   epochs   best");
    println!("            (min … max)             gain      cost     run   epoch");
    let mean = |row: &[Outcome], of: fn(&Outcome) -> f64| parallel::spread(row.iter().map(of)).0;
    for ((_, name, what), row) in ROWS.iter().zip(by_row) {
        let (accuracy, least, most) = parallel::spread(row.iter().map(|outcome| outcome.accuracy));
        let gain = accuracy - mean(by_row[0], |outcome| outcome.accuracy);
        let cost = mean(row, |outcome| outcome.cost);
        let epochs = mean(row, |outcome| outcome.report.history.len() as f64);
        let best = mean(row, |outcome| outcome.report.kept_epoch as f64);
        println!(
            "{name:<12}{accuracy:.2}  ({least:.2} … {most:.2})  {gain:>+6.2}    {cost:.4}   {epochs:>5.1}   {best:>5.1}   {what}"
        );
    }
    if let Some(outcome) = ROWS.iter().position(|row| row.0 == WithGap).and_then(|at| by_row[at].first()) {
        println!(
            "\n\"gap\" with the first seed stopped after epoch {}: {}",
            outcome.report.history.len(),
            outcome.report.stop_reason
        );
    }
}

/// The first seed's run with `parts`.
fn first<'a>(by_row: &[&'a [Outcome]], parts: Parts) -> Option<&'a History> {
    let at = ROWS.iter().position(|row| row.0 == parts)?;
    by_row.get(at)?.first().map(|outcome| &outcome.report.history)
}

/// Adds to `chart` the curve of `value` by epoch for each of `parts`.
fn curves(
    mut chart: Chart,
    by_row: &[&[Outcome]],
    parts: &[(Parts, &str)],
    value: impl Fn(&EpochRecord, &History) -> Option<f64>,
) -> Chart {
    for (parts, name) in parts {
        if let Some(history) = first(by_row, *parts) {
            let points = history.epochs().iter().filter_map(|r| Some((r.epoch as f64, value(r, history)?)));
            chart = chart.line(name, points);
        }
    }
    chart
}

fn progress_chart(by_row: &[&[Outcome]]) -> Chart {
    let parts = [(Plain, "plain"), (AllOwn, "all own"), (AllBuiltIn, "built-in")];
    let chart = Chart::new("Learning (first seed)", "epoch", "validation accuracy in %");
    curves(chart, by_row, &parts, |record, _| Some(100.0 * record.validation.as_ref()?.accuracy()))
}

fn accuracy_chart(by_row: &[&[Outcome]]) -> Chart {
    let each = (0..).map(f64::from).zip(by_row);
    let each = each.flat_map(|(x, row)| row.iter().map(move |outcome| (x, outcome.accuracy)));
    let mean = |row: &&[Outcome]| parallel::spread(row.iter().map(|outcome| outcome.accuracy)).0;
    let plain = by_row.first().map_or(f64::NAN, mean);
    let names = Scale::Names(ROWS.iter().map(|row| row.1.to_owned()).collect());
    Chart::new("What each part does", "", "test accuracy in %")
        .x_scale(names)
        .dots("each seed", each)
        .dashed("plain, mean", [-0.5, by_row.len() as f64 - 0.5].map(|x| (x, plain)))
}

fn rate_chart(by_row: &[&[Outcome]]) -> Chart {
    let parts =
        [(Plain, "constant"), (WithSquareRoot, "square root (own)"), (AllBuiltIn, "halved on a plateau")];
    let chart = Chart::new("Schedules (first seed)", "epoch", "η / initial η");
    let share = |record: &EpochRecord, history: &History| {
        Some(record.learning_rate / history.epochs().first()?.learning_rate)
    };
    curves(chart.y_range(0.0, 1.4), by_row, &parts, share)
}

fn loss_chart(by_row: &[&[Outcome]]) -> Chart {
    let parts = [(Plain, "plain"), (WithWeightElimination, "with weight elimination (own)")];
    let least = first(by_row, Plain).and_then(|history| history.best(&Metric::validation_cost()));
    let least = least.map_or(0.0, |(_, least)| least);
    let chart = Chart::new("Overfitting, and who stops it (first seed)", "epoch", "validation cost")
        .y_range(0.9 * least, 1.6 * least);
    let chart = curves(chart, by_row, &parts, |record, _| Some(record.validation.as_ref()?.cost()));
    let stopped = first(by_row, WithGap).and_then(History::last);
    let stopped = stopped.and_then(|record| Some((record.epoch as f64, record.validation.as_ref()?.cost())));
    chart.dots("stopped by the gap (own)", stopped)
}
