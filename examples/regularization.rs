//! Exercise 15: L1 and L2 regularization of a network of 30 hidden neurons, over a sweep of λ.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::{Chart, Scale};
use shared::{Digits, parallel, plot};

mod shared;

/// Weights of a smaller magnitude are counted as near 0.
const SMALL: f32 = 0.01;

/// Test accuracy of 784-30-10 networks without regularization, with L1 and with L2, over a sweep of λ.
///
/// Runs with the same seed have the same initial weights and the same order of images, so that they differ by the
/// regularizer only. Each run keeps the network of its best epoch by validation accuracy.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// λ of L1, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "0.5,1,2,5,10")]
    l1: Vec<f64>,
    /// λ of L2, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "0.5,1,2,5,10")]
    l2: Vec<f64>,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4,5")]
    seeds: Vec<u64>,
    /// Epochs of each run
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// Training images, from the beginning of the training set
    #[arg(long, default_value_t = 50_000)]
    train: usize,
    /// A few seconds instead of minutes: 1,000 images, 5 epochs, two seeds, two λ
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    L1,
    L2,
    None,
}

/// A regularizer of the sweep.
#[derive(Debug, Clone, Copy)]
struct Rule {
    kind: Kind,
    lambda: f64,
}

/// Results of a run; accuracies are in per cent.
struct Outcome {
    training: f64,
    validation: f64,
    test: f64,
    /// |w| of the hidden layer, in ascending order.
    weights: Vec<f32>,
}

/// A regularizer and its runs, one for each seed.
struct Row<'a> {
    rule: Rule,
    outcomes: &'a [Outcome],
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.train, options.epochs) = (1_000, 5);
        options.seeds.truncate(2);
        // The penalty has the factor λ/n: these λ are as strong for 1,000 images as 1 and 5 are for 50,000.
        (options.l1, options.l2) = (vec![0.02, 0.1], vec![0.02, 0.1]);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Settings that cannot work are errors before the first run.
    options.l1.iter().try_for_each(|&lambda| L1::new(lambda).map(drop))?;
    options.l2.iter().try_for_each(|&lambda| L2::new(lambda).map(drop))?;
    let data = shared::digits::<f32>(options.data.as_deref(), options.train, 10_000)?;
    println!("{}\n{} training images, {} epochs per run", data.source, data.training.len(), options.epochs);

    let none = Rule { kind: Kind::None, lambda: 0.0 };
    let l1 = options.l1.iter().map(|&lambda| Rule { kind: Kind::L1, lambda });
    let l2 = options.l2.iter().map(|&lambda| Rule { kind: Kind::L2, lambda });
    let rules: Vec<Rule> = [none].into_iter().chain(l1).chain(l2).collect();

    let jobs: Vec<_> = rules.iter().flat_map(|&rule| options.seeds.iter().map(move |&s| (rule, s))).collect();
    let outcomes = parallel::map(&jobs, |&(rule, seed)| train(options.epochs, &data, rule, seed))?;
    let by_rule = rules.iter().zip(outcomes.chunks(options.seeds.len().max(1)));
    let rows: Vec<Row> = by_rule.map(|(&rule, outcomes)| Row { rule, outcomes }).collect();

    let Some((none, rest)) = rows.split_first() else { return Ok(()) };
    let (l1, l2) = rest.split_at(options.l1.len());
    print_table(&rows, options.seeds.len());
    print_chosen(none, &[l1, l2]);
    let (_, least, most) = parallel::spread(outcomes.iter().map(|outcome| outcome.test));
    let range = (least - 0.1, most + 0.1);
    let charts = [
        accuracy_chart("L1: Ω = λ Σ |w|", none, l1).y_range(range.0, range.1),
        accuracy_chart("L2: Ω = λ/2 Σ w²", none, l2).y_range(range.0, range.1),
        gap_chart(none, l1, l2),
        weights_chart([chosen(l1), chosen(l2), Some(none)]),
    ];
    let title = "What regularization gains for 30 hidden neurons";
    println!("\n{}", plot::save("regularization", title, 2, &charts)?.display());
    Ok(())
}

fn train(epochs: usize, data: &Digits<f32>, rule: Rule, seed: u64) -> gradus::Result<Outcome> {
    let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
    let report = Trainer::new(CrossEntropy)
        .regularizer(Plus(L1::new(rule.lambda_of(Kind::L1))?, L2::new(rule.lambda_of(Kind::L2))?))
        .schedule(Constant::new(0.5)?)
        .stop(MaxEpochs::new(epochs)?)
        .seed(seed)
        .threads(1)
        .fit(&mut network, &data.training, Some(&data.validation))?;

    let accuracy = |samples| Ok(100.0 * evaluate(&network, &CrossEntropy, samples)?.scores.accuracy());
    let best = report.kept().and_then(|record| record.validation.as_ref());
    let mut weights: Vec<f32> =
        network.parameters().next().unwrap_or_default().iter().map(|w| w.abs()).collect();
    weights.sort_by(f32::total_cmp);
    Ok(Outcome {
        training: accuracy(&data.training)?,
        validation: best.map_or(f64::NAN, |scores| 100.0 * scores.accuracy()),
        test: accuracy(&data.test)?,
        weights,
    })
}

impl Rule {
    fn name(&self) -> String {
        match self.kind {
            Kind::None => "none".to_owned(),
            kind => format!("{kind:?} λ = {}", self.lambda),
        }
    }

    /// Returns λ if this is a rule of `kind`, otherwise 0.
    fn lambda_of(&self, kind: Kind) -> f64 {
        if self.kind == kind { self.lambda } else { 0.0 }
    }

    fn colour(&self) -> usize {
        match self.kind {
            Kind::L1 => 0,
            Kind::L2 => 1,
            Kind::None => 6,
        }
    }
}

impl Row<'_> {
    /// Returns mean, minimum and maximum of a value over the seeds.
    fn spread(&self, value: impl Fn(&Outcome) -> f64) -> (f64, f64, f64) {
        parallel::spread(self.outcomes.iter().map(value))
    }

    fn mean(&self, value: impl Fn(&Outcome) -> f64) -> f64 {
        self.spread(value).0
    }

    /// Returns the mean gain in test accuracy over `other`, and the number of seeds with a gain.
    fn gain(&self, other: &Row) -> (f64, usize) {
        let pairs = self.outcomes.iter().zip(other.outcomes);
        let better = pairs.filter(|(this, other)| this.test > other.test).count();
        (self.mean(|o| o.test) - other.mean(|o| o.test), better)
    }
}

/// Returns the percentage of `weights` below `size`; `weights` are in ascending order.
fn share_below(weights: &[f32], size: f32) -> f64 {
    100.0 * weights.partition_point(|&w| w < size) as f64 / weights.len() as f64
}

fn print_table(rows: &[Row], seeds: usize) {
    println!("\nMeans over {seeds} seed(s); accuracies in %, weights are those of the hidden layer.\n");
    println!("{:12}                           test                       seeds", "");
    println!(
        "{:12}  training  validation    (min … max)           gain    better   |w| < {SMALL}",
        "regularizer"
    );
    for row in rows {
        let (test, least, most) = row.spread(|o| o.test);
        let (gain, better) = row.gain(&rows[0]);
        println!(
            "{:12}  {:>8.2}  {:>10.2}    {test:.2} ({least:.2} … {most:.2})  {gain:>+5.2}   {better:>7}   {:>7.1} %",
            row.rule.name(),
            row.mean(|o| o.training),
            row.mean(|o| o.validation),
            row.mean(|o| share_below(&o.weights, SMALL)),
        );
    }
}

/// Returns the row with the best mean validation accuracy, chosen without the test images.
fn chosen<'a>(rows: &'a [Row<'a>]) -> Option<&'a Row<'a>> {
    rows.iter().max_by(|a, b| a.mean(|o| o.validation).total_cmp(&b.mean(|o| o.validation)))
}

fn print_chosen(none: &Row, kinds: &[&[Row]]) {
    println!();
    for row in kinds.iter().filter_map(|rows| chosen(rows)) {
        let (gain, better) = row.gain(none);
        println!(
            "The validation images choose {}: test accuracy {gain:+.2} on average, better for {better} of {} seeds.",
            row.rule.name(),
            row.outcomes.len(),
        );
    }
}

fn accuracy_chart(title: &str, none: &Row, rows: &[Row]) -> Chart {
    let colour = rows.first().map_or(0, |row| row.rule.colour());
    let places = || (0..).map(f64::from);
    let each = places().zip(rows).flat_map(|(x, row)| row.outcomes.iter().map(move |o| (x, o.test)));
    let means = places().zip(rows.iter().map(|row| row.mean(|o| o.test)));
    let ends = [-0.5, rows.len() as f64 - 0.5];
    Chart::new(title, "λ", "test accuracy in %")
        .x_scale(Scale::Names(rows.iter().map(|row| row.rule.lambda.to_string()).collect()))
        .line("mean over the seeds", means)
        .colour(colour)
        .dots("each seed", each)
        .colour(colour)
        .dashed("no regularization, mean", ends.map(|x| (x, none.mean(|o| o.test))))
        .colour(none.rule.colour())
}

/// Draws the gap between training and test accuracy, a measure of overfitting.
fn gap_chart(none: &Row, l1: &[Row], l2: &[Row]) -> Chart {
    let gap = |row: &Row| row.mean(|o| o.training - o.test);
    let line = |rows: &[Row]| -> Vec<_> { rows.iter().map(|row| (row.rule.lambda, gap(row))).collect() };
    let (_, least, most) = parallel::spread(l1.iter().chain(l2).map(|row| row.rule.lambda));
    Chart::new("What overfitting is left", "λ", "training − test accuracy in %")
        .x_scale(Scale::Log)
        .line("L1", line(l1))
        .line("L2", line(l2))
        .dashed("none", [(least, gap(none)), (most, gap(none))])
        .colour(none.rule.colour())
}

/// Draws the distribution of the weights of the first seed.
fn weights_chart(rows: [Option<&Row>; 3]) -> Chart {
    let chart =
        Chart::new("What becomes of the weights (first seed)", "|w|", "hidden weights below |w| in %")
            .x_scale(Scale::Log);
    rows.iter().flatten().fold(chart, |chart, row| {
        let weights = row.outcomes.first().map_or(&[][..], |outcome| &outcome.weights);
        let sizes = (-50..=10).map(|tenths| 10f32.powf(tenths as f32 / 10.0));
        let points = sizes.map(|size| (f64::from(size), share_below(weights, size)));
        chart.line(&row.rule.name(), points).colour(row.rule.colour())
    })
}
