//! The pictures of docs/parts.md: each activation function with its derivative, and each schedule of the learning rate.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot;
use shared::plot::Chart;

mod shared;

/// Draws each activation function and each learning-rate schedule of the crate.
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Largest |z| of the activation functions
    #[arg(long, default_value_t = 4.0)]
    range: f64,
    /// Epochs of the schedules
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// Nothing changes: the pictures take no time
    #[arg(long)]
    quick: bool,
}

/// Points of a curve.
const POINTS: usize = 48;
/// What is drawn of the values.
const LOWEST: f64 = -2.0;
const HIGHEST: f64 = 3.0;
/// Points of a schedule within each epoch.
const WITHIN: usize = 4;

fn main() -> ExitCode {
    shared::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let names = AnyActivation::NAMES.iter().filter(|name| **name != "softmax");
    let charts: Vec<Chart> =
        names.map(|name| Ok(activation(&name.parse()?, options.range))).collect::<gradus::Result<_>>()?;
    println!("{}", plot::save("activations", "a = f(z) blue, its derivative orange", 3, &charts)?.display());
    let charts: Vec<Chart> = schedules(options.epochs)?
        .iter()
        .map(|(name, rule)| schedule(name, &**rule, options.epochs))
        .collect();
    println!("{}", plot::save("schedules", "Learning rate η by epoch", 3, &charts)?.display());
    Ok(())
}

/// A function and its derivative, which is what the backward pass multiplies 1 with.
fn activation(f: &AnyActivation, range: f64) -> Chart {
    let z = DMatrix::from_fn(1, POINTS + 1, |_, i| range * (2.0 * i as f64 / POINTS as f64 - 1.0));
    let mut a = DMatrix::zeros(1, z.len());
    f.activate(&z, &mut a);
    let mut slope = DMatrix::from_element(1, z.len(), 1.0);
    f.pull_back(&z, &a, &mut slope);
    let points = |values: &DMatrix<f64>| {
        let points = z.iter().copied().zip(values.iter().copied());
        points.filter(|(_, value)| (LOWEST..=HIGHEST).contains(value)).collect::<Vec<_>>()
    };
    Chart::new(&f.to_string(), "z", "a")
        .x_range(-range, range)
        .y_range(LOWEST, HIGHEST)
        .line("", points(&a))
        .line("", points(&slope))
}

/// The schedules of the crate, for a run of so many epochs.
fn schedules(epochs: usize) -> gradus::Result<Vec<(&'static str, Box<dyn LrSchedule>)>> {
    let n = epochs;
    Ok(vec![
        ("Constant", Box::new(Constant::new(0.5)?)),
        ("HalveOnPlateau", Box::new(HalveOnPlateau::new(0.5, (n / 6).max(1))?)),
        ("Cosine", Box::new(Cosine::new(0.5, n)?)),
        ("OneCycle", Box::new(OneCycle::new(0.5, n)?)),
        ("WarmUp before Cosine", Box::new(WarmUp::new(n as f64 / 6.0, Cosine::new(0.5, n)?)?)),
    ])
}

/// The rates of a run whose accuracy rises for a third of its epochs, and then does not.
fn schedule(name: &str, rule: &dyn LrSchedule, epochs: usize) -> Chart {
    let accuracies: Vec<f64> =
        (1..=epochs).map(|epoch| (epoch.min(epochs / 3) as f64) / epochs as f64).collect();
    let whole = History::from_validation_accuracies(&accuracies);
    let (mut history, mut points) = (History::new(), Vec::new());
    for record in whole.epochs() {
        let progress = Progress { epoch: record.epoch, history: &history };
        let Some(rate) = rule.rate(&progress) else { break };
        points.extend((0..WITHIN).map(|step| {
            let done = step as f64 / WITHIN as f64;
            ((record.epoch - 1) as f64 + done, rule.rate_within(rate, &progress, done))
        }));
        history.push(record.clone());
    }
    Chart::new(name, "epochs done", "η").y_range(0.0, 0.55).line("", points)
}
