//! Exercises 17 and 18: stopping rules replayed over long runs, with the epochs that each uses and the accuracy that
//! it keeps.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::Chart;
use shared::{parallel, plot};

mod shared;

/// Trains three networks for many epochs and replays stopping rules over the histories: where each would have stopped,
/// and the accuracy that it would have kept.
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// n of "no improvement in n epochs", comma-separated
    #[arg(long, value_delimiter = ',', default_value = "5,10,20")]
    no_improvement: Vec<usize>,
    /// n of the rolling averages, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "3,5,10")]
    rolling_average: Vec<usize>,
    /// Fixed numbers of epochs, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "10,30,60")]
    fixed: Vec<usize>,
    /// Seeds to average over; the first one's curve is drawn
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Epochs of each long run
    #[arg(long, default_value_t = 150)]
    epochs: usize,
    /// A few seconds instead of minutes: at most 1,000 images, 40 epochs, one seed
    #[arg(long)]
    quick: bool,
}

/// A network and how it learns.
struct Experiment {
    hidden: usize,
    images: usize,
    eta: f64,
    lambda: f64,
}

/// One network that soon fluctuates about its best accuracy, one that learns slowly, and one that has few images.
const EXPERIMENTS: [Experiment; 3] = [
    Experiment { hidden: 30, images: 50_000, eta: 0.5, lambda: 5.0 },
    Experiment { hidden: 100, images: 10_000, eta: 0.1, lambda: 1.0 },
    Experiment { hidden: 30, images: 1_000, eta: 0.5, lambda: 0.1 },
];

/// A rule and its name.
struct Rule {
    family: &'static str,
    n: usize,
    name: String,
    rule: Box<dyn StoppingRule>,
}

const FAMILIES: [&str; 3] = ["no improvement in", "rolling average of", "fixed number:"];

/// A wrong reading of "no improvement in n": each of the last n epochs was no better than the one *before it*.
#[derive(Debug)]
struct NoRise(usize);

impl StoppingRule for NoRise {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        let accuracies: Vec<f64> =
            history.values(&Metric::validation(Accuracy)).map(|(_, value)| value).collect();
        let falls = accuracies.windows(2).rev().take_while(|pair| pair[1] <= pair[0]).count();
        if falls < self.0 {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(StopReason::Other(format!("no rise in {} epochs", self.0)))
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![Metric::validation(Accuracy)]
    }
}

/// A long run, and the same run stopped live by [`LIVE`].
struct Run {
    history: History,
    /// Accuracy on the test images of the network that the long run keeps, in per cent.
    test: f64,
    /// Accuracy on the test images of the network that the live rule keeps, in per cent.
    live_test: f64,
    /// Whether the live rule stopped at the epoch of the replay, and kept the same epoch.
    agrees: bool,
}

/// n of the "no improvement in n epochs" that is run live as well as replayed.
const LIVE: usize = 10;

/// The result of a rule that is replayed over a run.
struct Outcome {
    /// The epoch after which the rule stops, `None` if it never does.
    stops: Option<usize>,
    /// The epochs used: all of them if the rule never stops.
    epochs: usize,
    /// The best epoch so far, and its validation accuracy in per cent.
    keeps: (usize, f64),
    /// Percentage points by which this accuracy is below the best of the whole run.
    lost: f64,
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
    let images = if options.quick { 1_000 } else { 50_000 };
    let data = shared::digits::<f32>(options.data.as_deref(), images, 10_000)?;
    let rules = rules(options)?;
    println!("{}\n{} epochs in each long run", data.source, options.epochs);
    println!("lost: percentage points below the best epoch of the whole run");

    let jobs: Vec<_> = EXPERIMENTS.iter().flat_map(|e| options.seeds.iter().map(move |&s| (e, s))).collect();
    let runs = parallel::map(&jobs, |&(experiment, seed)| learn(options, &data, experiment, seed))?;
    let seeds = options.seeds.len();
    let mut charts = Vec::new();
    let mut outcomes = Vec::new();
    for (experiment, runs) in EXPERIMENTS.iter().zip(runs.chunks(seeds)) {
        let replayed: Vec<Vec<Outcome>> = rules
            .iter()
            .map(|rule| runs.iter().map(|run| outcome(&*rule.rule, &run.history)).collect())
            .collect();
        print_table(&title(experiment, &data), &rules, &replayed);
        print_live(runs);
        charts.push(curve(&title(experiment, &data), &runs[0].history, &rules, &replayed));
        outcomes.push(replayed);
    }
    charts.push(trade_off(&rules, &outcomes));
    let title = "Stopping rules replayed over long runs";
    println!("\n{}", plot::save("early_stopping", title, 2, &charts)?.display());
    Ok(())
}

fn rules(options: &Options) -> gradus::Result<Vec<Rule>> {
    let mut rules = Vec::new();
    let mut add = |family, n, rule| rules.push(Rule { family, n, name: format!("{family} {n}"), rule });
    for &n in &options.no_improvement {
        add(FAMILIES[0], n, Box::new(NoImprovement::new(n)?) as Box<dyn StoppingRule>);
    }
    for &n in &options.rolling_average {
        add(FAMILIES[1], n, Box::new(RollingAverage::new(n)?));
    }
    for &n in &options.fixed {
        add(FAMILIES[2], n, Box::new(MaxEpochs::new(n)?));
    }
    add("no rise, times running:", LIVE, Box::new(NoRise(LIVE)));
    Ok(rules)
}

fn title(experiment: &Experiment, data: &shared::Digits<f32>) -> String {
    let Experiment { hidden, images, eta, lambda } = experiment;
    format!("784-{hidden}-10, {} images, η = {eta}, λ = {lambda}", images.min(&data.training.len()))
}

/// Trains the long run, and the same network again with a live rule.
fn learn(
    options: &Options,
    data: &shared::Digits<f32>,
    experiment: &Experiment,
    seed: u64,
) -> gradus::Result<Run> {
    let &Experiment { hidden, images, eta, lambda } = experiment;
    let training = data.training.slice(0..images.min(data.training.len()))?;
    let fit = |rule: Box<dyn StoppingRule>| {
        let mut network = Network::new(&[784, hidden, 10], Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
        let report = Trainer::new(CrossEntropy)
            .regularizer(L2::new(lambda)?)
            .schedule(Constant::new(eta)?)
            .stop(rule)
            .seed(seed)
            .threads(1)
            .fit(&mut network, &training, Some(&data.validation))?;
        let test = 100.0 * evaluate(&network, &CrossEntropy, &data.test)?.scores.accuracy();
        gradus::Result::Ok((report, test))
    };
    let (all, rule) = (MaxEpochs::new(options.epochs)?, NoImprovement::new(LIVE)?);
    let (long, test) = fit(Box::new(all))?;
    let (live, live_test) = fit(Box::new(rule.clone().or(all)))?;
    let replayed = outcome(&rule, &long.history);
    let agrees = (live.history.len(), live.kept_epoch) == (replayed.epochs, replayed.keeps.0);
    Ok(Run { history: long.history, test, live_test, agrees })
}

/// Replays `rule` over the history of a long run.
fn outcome(rule: &dyn StoppingRule, history: &History) -> Outcome {
    let stops = rule.replay(history).map(|(epoch, _)| epoch);
    let epochs = stops.unwrap_or(history.len());
    let best = |history: &History| history.best(&Metric::validation(Accuracy)).unwrap_or((0, f64::NAN));
    let mut until_then = History::new();
    history.epochs().iter().take(epochs).for_each(|record| until_then.push(record.clone()));
    let (epoch, kept) = best(&until_then);
    Outcome { stops, epochs, keeps: (epoch, 100.0 * kept), lost: 100.0 * (best(history).1 - kept) }
}

fn print_table(title: &str, rules: &[Rule], replayed: &[Vec<Outcome>]) {
    let seeds = replayed.first().map_or(0, Vec::len);
    println!("\n{title}: mean of {seeds} seed(s) (min … max)\n");
    println!("rule                        epochs used         best epoch     accuracy kept   lost");
    for (Rule { name, .. }, outcomes) in rules.iter().zip(replayed) {
        let mean = |value: fn(&Outcome) -> f64| parallel::spread(outcomes.iter().map(value));
        let ((epochs, least, most), (best, ..)) = (mean(|o| o.epochs as f64), mean(|o| o.keeps.0 as f64));
        let epochs = format!("{epochs:.1} ({least} … {most})");
        let (kept, lost) = (mean(|o| o.keeps.1).0, mean(|o| o.lost).0);
        print!("{name:<27} {epochs:<19} {best:<14.1} {kept:.2} %         {lost:.2}");
        match outcomes.iter().filter(|outcome| outcome.stops.is_none()).count() {
            0 => println!(),
            never => println!("   {never} of {seeds} never stopped"),
        }
    }
}

/// Prints whether the live rule agrees with its replay, and the test accuracy of the networks that were kept.
fn print_live(runs: &[Run]) {
    let agree = runs.iter().filter(|run| run.agrees).count();
    println!(
        "\nno improvement in {LIVE}, live: {agree} of {} runs stopped and kept the same epochs as in the replay",
        runs.len()
    );
    let live = parallel::spread(runs.iter().map(|run| run.live_test)).0;
    let long = parallel::spread(runs.iter().map(|run| run.test)).0;
    println!(
        "test accuracy of the network that it kept {live:.2} %, of the one that the whole run keeps {long:.2} %"
    );
}

/// The first seed's run, and where each rule stops it.
fn curve(title: &str, history: &History, rules: &[Rule], replayed: &[Vec<Outcome>]) -> Chart {
    let (black, grey) = (6, 7);
    let accuracies =
        || history.values(&Metric::validation(Accuracy)).map(|(e, share)| (e as f64, 100.0 * share));
    let best = accuracies().map(|(_, accuracy)| accuracy).fold(f64::NEG_INFINITY, f64::max);
    let best_so_far = accuracies().scan(f64::NEG_INFINITY, |best, (epoch, accuracy)| {
        *best = best.max(accuracy);
        Some((epoch, *best))
    });
    let floor = best - 2.5;
    let mut chart = Chart::new(title, "epoch", "validation accuracy in %")
        .y_range(floor, best + 0.1)
        .x_range(0.0, history.len() as f64)
        .line("after each epoch", accuracies().filter(|(_, accuracy)| *accuracy >= floor))
        .colour(grey)
        .line("best so far", best_so_far.filter(|(_, accuracy)| *accuracy >= floor))
        .colour(black);
    let marked = rules.iter().zip(replayed).filter(|(rule, _)| rule.family != FAMILIES[2]);
    for (colour, (Rule { name, .. }, outcomes)) in marked.enumerate() {
        let stop = outcomes.first().filter(|outcome| outcome.stops.is_some());
        let stop = stop.map(|outcome| (outcome.epochs as f64, outcome.keeps.1));
        if let Some(stop) = stop {
            chart = chart.dots(name, [stop]).colour(colour);
        }
    }
    chart
}

/// Epochs used against accuracy lost, both as means over all runs of all experiments.
fn trade_off(rules: &[Rule], outcomes: &[Vec<Vec<Outcome>>]) -> Chart {
    let mut chart = Chart::new(
        "All runs: what more epochs buy",
        "epochs used, mean",
        "accuracy lost, in percentage points",
    );
    for family in FAMILIES {
        let mean = |rule: usize, value: fn(&Outcome) -> f64| {
            parallel::spread(outcomes.iter().flat_map(|replayed| replayed[rule].iter().map(value))).0
        };
        let rules = rules.iter().enumerate().filter(|(_, rule)| rule.family == family);
        let ns: Vec<String> = rules.clone().map(|(_, rule)| rule.n.to_string()).collect();
        let points: Vec<_> =
            rules.map(|(i, _)| (mean(i, |o| o.epochs as f64), mean(i, |o| o.lost))).collect();
        chart = chart
            .line(&format!("{family} {}", ns.join(", ")), points.clone())
            .dots("", points)
            .same_colour(1);
    }
    chart
}
