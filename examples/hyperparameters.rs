//! Exercise 20: how η, λ, μ, mini-batch and hidden neurons are found instead: random search with successive halving.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::RngExt;
use shared::plot::{Chart, Scale};
use shared::{Digits, parallel, plot};

mod shared;

/// Random search with successive halving for η, λ, μ, the mini-batch and the hidden neurons of a 784-?-10 network.
///
/// Candidates are drawn at random and trained for a few epochs. The better half by validation accuracy is trained for
/// twice as long, and so on until two are left. So every round takes the same work, and most of it goes to what is
/// promising. The test images are used once, for the winner.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [else $GRADUS_MNIST, else data/mnist, else drawn digits]
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
    /// Seed of the draws, of the first weights and of the order of the images
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A few seconds instead of minutes: 1,000 images, 16 candidates
    #[arg(long)]
    quick: bool,
}

/// A hyper-parameter: what it is called, from where to where it is drawn, and where a candidate keeps it.
struct Parameter {
    name: &'static str,
    range: (f64, f64),
    of: fn(&Candidate) -> f64,
}

/// All are drawn log-uniformly: 0.01 to 0.1 is as likely as 0.1 to 1. For μ it is the friction 1 − μ.
const PARAMETERS: [Parameter; 5] = [
    Parameter { name: "learning rate η", range: (0.01, 10.0), of: |c| c.eta },
    Parameter { name: "regularization λ", range: (0.1, 100.0), of: |c| c.lambda },
    Parameter { name: "friction 1 − μ", range: (0.01, 1.0), of: |c| 1.0 - c.mu },
    Parameter { name: "mini-batch m", range: (5.0, 200.0), of: |c| c.batch as f64 },
    Parameter { name: "hidden neurons", range: (10.0, 200.0), of: |c| c.hidden as f64 },
];

/// How far the weights move for each image: momentum multiplies η by 1/(1 − μ), and m images share a step.
fn speed(candidate: &Candidate) -> f64 {
    candidate.eta / ((1.0 - candidate.mu) * candidate.batch as f64)
}

/// A choice of all hyper-parameters.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    eta: f64,
    lambda: f64,
    mu: f64,
    batch: usize,
    hidden: usize,
}

impl Candidate {
    /// Candidate number `index` of the search with this seed, whatever else is drawn.
    fn draw(seed: u64, index: usize) -> Self {
        let mut rng = generator(seed, Purpose::User, 0, index as u64);
        let [eta, lambda, friction, batch, hidden] = PARAMETERS.each_ref().map(|parameter| {
            let (from, to) = parameter.range;
            from * (to / from).powf(rng.random::<f64>())
        });
        Self {
            eta,
            lambda,
            mu: 1.0 - friction,
            batch: batch.round() as usize,
            hidden: hidden.round() as usize,
        }
    }
}

/// A candidate and the longest of its runs.
struct Entrant {
    number: usize,
    candidate: Candidate,
    rounds: usize,
    run: Option<Run>,
}

struct Run {
    network: Network<f32, Sigmoid, Sigmoid>,
    /// Validation accuracy after each epoch in per cent.
    accuracies: Vec<f64>,
}

impl Entrant {
    fn accuracies(&self) -> &[f64] {
        self.run.as_ref().map_or(&[], |run| &run.accuracies)
    }

    /// The best validation accuracy so far; 0 for a run that diverged before it had any.
    fn best(&self) -> f64 {
        self.accuracies().iter().copied().fold(0.0, f64::max)
    }
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.train, options.candidates) = (1_000, 16);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if options.candidates == 0 {
        return Err("a search without candidates finds nothing: --candidates 1 or more".into());
    }
    let data = shared::digits::<f32>(options.data.as_deref(), options.train, 10_000)?;
    println!("{}", data.source);
    println!("{} training and {} validation images\n", data.training.len(), data.validation.len());
    println!("Drawn log-uniformly, candidate by candidate (seed {}):", options.seed);
    for Parameter { name, range: (from, to), .. } in &PARAMETERS {
        println!("    {name:17} {from} … {to}");
    }

    let ranked = search(options, &data)?;
    print_leaders(&ranked);
    print_winner(&ranked, &data.test)?;
    let title = format!("Random search with successive halving: {} candidates", ranked.len());
    println!("\n{}", plot::save("hyperparameters", &title, 2, &charts(&ranked))?.display());
    Ok(())
}

/// Halves the candidates round by round; returns all, the best of the last round first.
fn search(options: &Options, data: &Digits<f32>) -> gradus::Result<Vec<Entrant>> {
    let entrant =
        |number| Entrant { number, candidate: Candidate::draw(options.seed, number), rounds: 0, run: None };
    let mut all: Vec<Entrant> = (1..=options.candidates).map(entrant).collect();
    let (mut staying, mut epochs) = (all.len(), options.epochs);
    println!("\nround  candidates  epochs    validation accuracy: best  median  worst");
    for round in 1.. {
        let runs =
            parallel::map(&all[..staying], |entrant| train(options.seed, data, entrant.candidate, epochs))?;
        for (entrant, run) in all.iter_mut().zip(runs) {
            (entrant.rounds, entrant.run) = (round, Some(run));
        }
        // Those that are equal stay in their order, so that the search has one result.
        all[..staying].sort_by(|a, b| b.best().total_cmp(&a.best()));
        print_round(round, epochs, &all[..staying]);
        if staying <= 2 {
            break;
        }
        (staying, epochs) = (staying.div_ceil(2), epochs.saturating_mul(2));
    }
    Ok(all)
}

/// Trains from the beginning: a longer run of a candidate repeats its shorter one bit for bit and goes on.
fn train(seed: u64, data: &Digits<f32>, candidate: Candidate, epochs: usize) -> gradus::Result<Run> {
    let Candidate { eta, lambda, mu, batch, hidden } = candidate;
    let mut network = Network::new(&[784, hidden, 10], Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
    let outcome = Trainer::new(CrossEntropy)
        .optimizer(Momentum::new(mu)?)
        .regularizer(L2::new(lambda)?)
        .schedule(Constant::new(eta)?)
        .stop(MaxEpochs::new(epochs)?)
        .mini_batch(batch)
        .seed(seed)
        .threads(1)
        .fit(&mut network, &data.training, Some(&data.validation));
    let history = match outcome {
        Ok(report) => report.history,
        // Too large an η is a finding as well. The network is left at its best.
        Err(gradus::Error::Interrupted { history, cause, .. })
            if matches!(*cause, gradus::Error::Diverged { .. }) =>
        {
            *history
        }
        Err(error) => return Err(error),
    };
    let accuracies =
        history.values(&Metric::validation(Accuracy)).map(|(_, accuracy)| 100.0 * accuracy).collect();
    Ok(Run { network, accuracies })
}

/// A line about a round, whose entrants are given best first.
fn print_round(round: usize, epochs: usize, entrants: &[Entrant]) {
    let [best, median, worst] = [0, entrants.len() / 2, entrants.len().saturating_sub(1)]
        .map(|at| entrants.get(at).map_or(f64::NAN, Entrant::best));
    let n = entrants.len();
    println!("{round:>5}  {n:>10}  {epochs:>6}    {best:>25.2}  {median:>6.2}  {worst:>5.2}");
}

fn print_leaders(ranked: &[Entrant]) {
    println!("\n                                                            validation accuracy in %");
    println!("rank  candidate       η       λ       μ     m  hidden  epochs  after epoch 1    best");
    for (rank, entrant) in (1..).zip(ranked).take(8) {
        let Candidate { eta, lambda, mu, batch, hidden } = entrant.candidate;
        let (number, best, accuracies) = (entrant.number, entrant.best(), entrant.accuracies());
        let (epochs, first) = (accuracies.len(), accuracies.first().unwrap_or(&0.0));
        println!(
            "{rank:>4}  {number:>9}  {eta:>6.3}  {lambda:>6.2}  {mu:>6.3}  {batch:>4}  {hidden:>6}  {epochs:>6}  {first:>13.2}  {best:>6.2}"
        );
    }
}

/// Tells the test accuracy of the winner: the only look at the test images.
fn print_winner(ranked: &[Entrant], test: &Dataset<f32>) -> gradus::Result<()> {
    let Some((winner, run)) = ranked.first().and_then(|first| Some((first, first.run.as_ref()?))) else {
        return Ok(());
    };
    let (number, best) = (winner.number, winner.best());
    let accuracy = 100.0 * evaluate(&run.network, &CrossEntropy, test)?.scores.accuracy();
    println!(
        "\nCandidate {number} wins, with {best:.2} % on the validation images. To be the best of many flatters it."
    );
    println!("On the test images, used here for the first and only time, it has {accuracy:.2} %.");
    Ok(())
}

/// Those who came equally far: their name, their colour and who they are.
struct Group<'a> {
    name: String,
    colour: usize,
    entrants: Vec<&'a Entrant>,
}

/// Who was dropped in the first round, in the first half of the rounds and later, and who came to the last.
fn groups(ranked: &[Entrant]) -> Vec<Group<'_>> {
    let last = ranked.first().map_or(0, |entrant| entrant.rounds);
    let dropped = |from: usize, to: usize| match to {
        _ if from == to => format!("dropped after round {from}"),
        _ => format!("dropped after round {from} … {to}"),
    };
    let (half, before) = (last / 2, last.saturating_sub(1));
    let bounds = [(1, before.min(1), 5), (2, half, 0), (half.max(1) + 1, before, 1), (last, last, 6)];
    let groups = bounds.map(|(from, to, colour)| {
        let name = if from == last { "in the last round".to_owned() } else { dropped(from, to) };
        let entrants = ranked.iter().filter(|entrant| (from..=to).contains(&entrant.rounds)).collect();
        Group { name, colour, entrants }
    });
    groups.into_iter().filter(|group| !group.entrants.is_empty()).collect()
}

fn charts(ranked: &[Entrant]) -> Vec<Chart> {
    let groups = groups(ranked);
    // Those far below the best are drawn on the lower edge.
    let edge = (ranked.iter().map(Entrant::best).fold(0.0, f64::max) - 8.0).floor().max(0.0);
    let y = format!("validation accuracy in % ({edge}: or less)");
    let by = |name: &str, x: &dyn Fn(&Candidate) -> f64| {
        dots(Chart::new(&format!("By {name}"), name, &y).x_scale(Scale::Log), &groups, &|entrant| {
            (x(&entrant.candidate), entrant.best().max(edge))
        })
    };
    let [eta, lambda, friction, batch, hidden] = &PARAMETERS;
    let both = Chart::new("Neither η nor μ by itself", eta.name, friction.name);
    let both = dots(both.x_scale(Scale::Log).y_scale(Scale::Log), &groups, &|entrant| {
        ((eta.of)(&entrant.candidate), (friction.of)(&entrant.candidate))
    });
    vec![
        curves(&groups, edge, &y),
        both,
        by("speed η / ((1 − μ) m)", &speed),
        by(lambda.name, &lambda.of),
        by(hidden.name, &hidden.of),
        by(batch.name, &batch.of),
    ]
}

/// A dot for every entrant, in the colours of the first chart.
fn dots(chart: Chart, groups: &[Group], point: &dyn Fn(&Entrant) -> (f64, f64)) -> Chart {
    groups.iter().fold(chart, |chart, group| {
        chart.dots("", group.entrants.iter().map(|entrant| point(entrant))).colour(group.colour)
    })
}

/// The validation accuracy of every entrant as far as it came.
fn curves(groups: &[Group], edge: f64, y: &str) -> Chart {
    let chart = Chart::new("Each candidate until it is dropped", "epoch", y).x_scale(Scale::Log);
    groups.iter().fold(chart, |chart, group| {
        let points = |entrant: &Entrant| -> Vec<(f64, f64)> {
            (1..).map(f64::from).zip(entrant.accuracies().iter().map(|a| a.max(edge))).collect()
        };
        let lines = group.entrants.iter().map(|entrant| points(entrant));
        let chart = lines.fold(chart, |chart, line| chart.line("", line).colour(group.colour));
        let ends = group.entrants.iter().filter_map(|entrant| points(entrant).pop());
        chart.dots(&group.name, ends).colour(group.colour)
    })
}
