//! Fits a noisy sine with outliers by several costs.

use std::error::Error;
use std::f64::consts::TAU;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::RngExt;
use shared::plot::{self, Chart};

mod shared;

/// Fits y = sin 2πx + noise, with outliers far above, by several costs.
///
/// The quadratic cost follows the outliers, because it squares the errors. Huber's cost, log-cosh and the median (the
/// quantile 0.5) grow only linearly with large errors, and stay near the sine. The quantiles 0.05 and 0.95 enclose
/// 90 % of the samples.
#[derive(Debug, Parser)]
struct Options {
    /// Number of samples
    #[arg(long, default_value_t = 400)]
    samples: usize,
    /// Standard deviation of the noise
    #[arg(long, default_value_t = 0.1)]
    noise: f64,
    /// Fraction of samples that are outliers
    #[arg(long, default_value_t = 0.15)]
    outliers: f64,
    /// Epochs of each run
    #[arg(long, default_value_t = 300)]
    epochs: usize,
    /// Seed of the samples, of the initial weights and of the order of the samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About a second: 30 epochs
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.epochs = 30;
    }
    shared::exit(run(&options))
}

/// Returns the values of x at which the fitted curves are evaluated.
fn grid() -> DMatrix<f64> {
    DMatrix::from_fn(1, 201, |_, j| j as f64 / 200.0)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let data = sample(options);
    let (x, y) = &data;
    println!("{} samples, {:.0} % of them outliers\n", options.samples, 100.0 * options.outliers);
    println!("cost          root mean square error against the sine");
    let curves = [
        ("quadratic", fit(options, &data, Quadratic)?),
        ("Huber", fit(options, &data, Huber::new(0.1)?)?),
        ("log-cosh", fit(options, &data, LogCosh)?),
        ("median", fit(options, &data, Quantile::new(0.5)?)?),
    ];
    let truth: Vec<(f64, f64)> = grid().iter().map(|&x| (x, (TAU * x).sin())).collect();
    for (name, curve) in &curves {
        let squares: f64 = curve.iter().zip(&truth).map(|(a, b)| (a.1 - b.1).powi(2)).sum();
        println!("{name:12}  {:.4}", (squares / truth.len() as f64).sqrt());
    }
    let quantiles = [fit(options, &data, Quantile::new(0.05)?)?, fit(options, &data, Quantile::new(0.95)?)?];

    let dots = || x.iter().copied().zip(y.iter().copied());
    let chart = |title| {
        let chart = Chart::new(title, "x", "y").y_range(-1.5, 8.0);
        chart.dots("samples", dots()).colour(7).dashed("sin 2πx", truth.clone())
    };
    let costs = curves.into_iter().fold(chart("Costs"), |chart, (name, curve)| chart.line(name, curve));
    let [low, high] = quantiles;
    let enclosed = chart("Quantiles").line("0.05", low).line("0.95", high);
    let path = plot::save("regression", "A noisy sine with outliers", 2, &[costs, enclosed])?;
    println!("\n{}", path.display());
    Ok(())
}

/// Draws x in [0, 1) and y = sin 2πx + noise; outliers are higher by 1 to 4.
fn sample(options: &Options) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = generator(options.seed, Purpose::User, 0, 0);
    let x = DMatrix::from_fn(1, options.samples, |_, _| rng.random::<f64>());
    let y = x.map(|x| {
        let noise = f64::sample_normal(&mut rng);
        let outlier =
            if rng.random::<f64>() < options.outliers { 1.0 + 3.0 * rng.random::<f64>() } else { 0.0 };
        (TAU * x).sin() + options.noise * noise + outlier
    });
    (x, y)
}

/// Returns the curve of a network that was trained on the samples with `cost`.
fn fit<C: Cost<f64, Linear> + 'static>(
    options: &Options,
    (x, y): &(DMatrix<f64>, DMatrix<f64>),
    cost: C,
) -> gradus::Result<Vec<(f64, f64)>> {
    let data = Dataset::new(x.clone(), y.clone())?;
    let scaler = Standardize.fit(&data)?;
    let mut network = Network::new(&[1, 30, 30, 1], Tanh, Linear, &ByActivation, options.seed)?;
    Trainer::new(cost)
        .optimizer(Adam::default())
        .schedule(Cosine::new(0.005, options.epochs)?)
        .stop(MaxEpochs::new(options.epochs)?)
        .mini_batch(20)
        .seed(options.seed)
        .fit(&mut network, &scaler.transform(data)?, None)?;
    let mut predictor = Predictor::new(network, Meaning::new(Task::Regression).with_input_scaler(scaler))?;
    let (grid, mut curve) = (grid(), Vec::new());
    predictor.predict_each(&grid, |j, prediction| curve.push((grid[j], prediction.values()[0])))?;
    Ok(curve)
}
