//! Exercises 21 and 22: learning curves for several momenta μ, and trajectories on a parabola with μ out of range.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::Chart;
use shared::{parallel, plot};

mod shared;

/// Learning curves of a network for several momenta μ, at the same η and at the same η/(1 − μ), and trajectories on a
/// parabola, also with μ > 1 and μ < 0, which the crate rejects.
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Momenta μ in [0, 1), comma-separated
    #[arg(long, value_delimiter = ',', default_value = "0,0.3,0.5,0.7,0.9,0.99")]
    mu: Vec<f64>,
    /// Learning rate η of the first comparison, the same for all μ
    #[arg(long, default_value_t = 0.02)]
    eta: f64,
    /// η/(1 − μ) of the second comparison, the same for all μ
    #[arg(long, default_value_t = 0.2)]
    reach: f64,
    /// λ of the L2 regularization
    #[arg(long, default_value_t = 5.0)]
    lambda: f64,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Epochs of each run
    #[arg(long, default_value_t = 15)]
    epochs: usize,
    /// η on the parabola ½ w²
    #[arg(long, default_value_t = 0.1)]
    parabola_eta: f64,
    /// A few seconds instead of minutes: 1,000 images, one seed
    #[arg(long)]
    quick: bool,
}

/// Momenta on the parabola: from 0 up to above 1, and from 0 down to below −1.
const UPWARDS: [f64; 5] = [0.0, 0.5, 0.9, 1.0, 1.05];
const DOWNWARDS: [f64; 4] = [0.0, -0.5, -0.9, -1.1];
/// Steps on the parabola.
const STEPS: usize = 40;
/// Range of w in the charts of the parabola, with room for the legend at the top.
const LOWEST: f64 = -2.0;
const HIGHEST: f64 = 3.0;

/// v → μ v − η g, w → w + v for any μ. [`Momentum::new`] returns an error if μ is outside [0, 1).
#[derive(Debug)]
struct Unchecked {
    mu: f64,
}

impl Optimizer<f64> for Unchecked {
    fn slots(&self) -> usize {
        1
    }

    fn step(
        &self,
        _: &StepInfo,
        slots: &mut [&mut [f64]],
        parameters: &mut [f64],
        gradient: &mut [f64],
        eta: f64,
    ) {
        let [velocity] = slots else { return };
        for ((w, v), g) in parameters.iter_mut().zip(velocity.iter_mut()).zip(gradient) {
            *v = self.mu * *v - eta * *g;
            *w += *v;
        }
    }
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.seeds.truncate(1);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let Options { eta, reach, .. } = options;
    // Settings that cannot work are errors before the first run.
    options.mu.iter().try_for_each(|&mu| Momentum::new(mu).map(drop))?;
    MaxEpochs::new(options.epochs)?;
    [*eta, *reach, options.parabola_eta].into_iter().try_for_each(|eta| Constant::new(eta).map(drop))?;
    let images = if options.quick { 1_000 } else { 50_000 };
    let data = shared::digits::<f32>(options.data.as_deref(), images, 10_000)?;
    println!(
        "{}\n{} training images, cross-entropy, {} epochs",
        data.source,
        data.training.len(),
        options.epochs
    );

    let mut charts = vec![
        curves(options, &data, &format!("784-30-10, η = {eta} for every μ"), |_| *eta)?,
        curves(options, &data, &format!("784-30-10, η = {reach} (1 − μ)"), |mu| reach * (1.0 - mu))?,
    ];
    println!("\nThe ball on the parabola ½ w², η = {}, from w = 1 at rest\n", options.parabola_eta);
    println!("μ       w after 10 steps   20 steps    40 steps    factor per step        converges if η is");
    charts.push(trajectories(options, "On a parabola: μ up to 1 and above", &UPWARDS)?);
    charts.push(trajectories(options, "On a parabola: μ below 0", &DOWNWARDS)?);
    print_refusals();
    println!("\n{}", plot::save("momentum", "Momentum", 2, &charts)?.display());
    Ok(())
}

fn print_refusals() {
    println!("\nThe crate's errors for the μ out of range\n");
    for mu in UPWARDS.iter().chain(&DOWNWARDS).filter(|mu| !(0.0..1.0).contains(*mu)) {
        if let Err(refusal) = Momentum::new(*mu) {
            println!("{refusal}");
        }
    }
}

/// Trains with each μ and the learning rate `eta(μ)`. Returns a chart of the validation accuracy by epoch.
fn curves(
    options: &Options,
    data: &shared::Digits<f32>,
    title: &str,
    eta: impl Fn(f64) -> f64 + Sync,
) -> Result<Chart, Box<dyn Error>> {
    let jobs: Vec<_> =
        options.mu.iter().flat_map(|&mu| options.seeds.iter().map(move |&seed| (mu, seed))).collect();
    let runs = parallel::map(&jobs, |&(mu, seed)| {
        let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
        let history = Trainer::new(CrossEntropy)
            .optimizer(Momentum::new(mu)?)
            .regularizer(L2::new(options.lambda)?)
            .schedule(Constant::new(eta(mu))?)
            .stop(MaxEpochs::new(options.epochs)?)
            .seed(seed)
            .threads(1)
            .fit(&mut network, &data.training, Some(&data.validation))?
            .history;
        Ok(history.values(&Metric::validation(Accuracy)).map(|(_, share)| 100.0 * share).collect::<Vec<_>>())
    })?;

    println!("\n{title}: validation accuracy in %, mean of {} seed(s)\n", options.seeds.len());
    let told: Vec<usize> =
        [1, 2, 5, 10].into_iter().filter(|&e| e < options.epochs).chain([options.epochs]).collect();
    println!(
        "μ       η         {}",
        told.iter().map(|e| format!("{:<10}", format!("epoch {e}"))).collect::<String>()
    );
    let mut chart = Chart::new(title, "epoch", "validation accuracy in %");
    for (&mu, runs) in options.mu.iter().zip(runs.chunks(options.seeds.len())) {
        let mean: Vec<f64> =
            (0..options.epochs).map(|epoch| parallel::spread(runs.iter().map(|run| run[epoch])).0).collect();
        let row: String = told.iter().map(|e| format!("{:<10.2}", mean[e - 1])).collect();
        println!("{mu:<7} {:<9.4} {row}", eta(mu));
        chart = chart.line(&format!("μ = {mu}"), (1..).map(f64::from).zip(mean));
    }
    Ok(chart)
}

/// Returns w after each step on the parabola ½ w², whose gradient is w, from w = 1 at rest.
fn path(mu: f64, eta: f64) -> Vec<f64> {
    let rule = Unchecked { mu };
    let (mut velocity, mut w) = ([0.0], [1.0]);
    let step = |_| {
        let mut slope = w;
        rule.step(&StepInfo::first(1), &mut [&mut velocity], &mut w, &mut slope, eta);
        w[0]
    };
    [1.0].into_iter().chain((0..STEPS).map(step)).collect()
}

/// Returns the factor by which |w| changes per step in the long run: with w_{t+1} = (1 + μ − η) w_t − μ w_{t−1}, the
/// larger |r| of the two roots of r² − (1 + μ − η) r + μ = 0. Both are below 1 exactly if |μ| < 1 and
/// 0 < η < 2 (1 + μ).
fn factor(mu: f64, eta: f64) -> f64 {
    let half = (1.0 + mu - eta) / 2.0;
    let square = half * half - mu;
    if square < 0.0 { mu.sqrt() } else { half.abs() + square.sqrt() }
}

fn trajectories(options: &Options, title: &str, momenta: &[f64]) -> Result<Chart, Box<dyn Error>> {
    let eta = options.parabola_eta;
    let mut chart = Chart::new(title, "step", "w").y_range(LOWEST, HIGHEST);
    for &mu in momenta {
        let path = path(mu, eta);
        println!(
            "{mu:<7} {:<+18.4} {:<+11.4} {:<+11.4} {:<22.4} {}",
            path[10],
            path[20],
            path[40],
            factor(mu, eta),
            if mu.abs() < 1.0 { format!("below {:.1}", 2.0 * (1.0 + mu)) } else { "never".to_owned() }
        );
        let within = (0..).map(f64::from).zip(path).take_while(|(_, w)| (LOWEST..=HIGHEST).contains(w));
        chart = chart.line(&format!("μ = {mu}").replace('-', "−"), within);
    }
    Ok(chart)
}
