//! The figures of docs/parts.md: each activation function with its derivative, and each learning-rate schedule.

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
    /// No effect; accepted as in the other examples
    #[arg(long)]
    quick: bool,
}

/// Points of a curve.
const POINTS: usize = 48;
/// Range of the values in the charts.
const LOWEST: f64 = -2.0;
const HIGHEST: f64 = 3.0;
/// Epochs of the schedules.
const EPOCHS: usize = 30;
/// Points of a schedule's curve per epoch.
const WITHIN: usize = 4;

fn main() -> ExitCode {
    shared::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let names = AnyActivation::NAMES.iter().filter(|name| **name != "softmax");
    let charts: Vec<Chart> =
        names.map(|name| Ok(activation(&name.parse()?, options.range))).collect::<gradus::Result<_>>()?;
    println!("{}", plot::save("activations", "a = f(z) blue, its derivative orange", 3, &charts)?.display());
    let charts: Vec<Chart> = schedules()?.iter().map(schedule).collect();
    println!("{}", plot::save("schedules", "Learning rate η by epoch", 3, &charts)?.display());
    Ok(())
}

/// Draws a function and its derivative, which is `pull_back` applied to 1.
fn activation(f: &AnyActivation, range: f64) -> Chart {
    // Points close to both sides of 0, where the derivative may jump.
    let mut z: Vec<f64> = (0..=POINTS).map(|i| range * (2.0 * i as f64 / POINTS as f64 - 1.0)).collect();
    z.extend([-1e-9, 1e-9]);
    z.sort_by(f64::total_cmp);
    let z = DMatrix::from_row_slice(1, z.len(), &z);
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

/// Returns each schedule of the crate, with parameters that show its course within 30 epochs.
fn schedules() -> gradus::Result<Vec<AnySchedule>> {
    let example = |name: &&'static str| match *name {
        "halve_on_plateau" => "halve_on_plateau(patience=5)",
        "reduce_on_plateau" => "reduce_on_plateau(patience=5, factor=0.5)",
        "multi_step_decay" => "multi_step_decay(after=[10, 20], factor=0.3)",
        "warm_up" => "warm_up(cosine, epochs=5)",
        name => name,
    };
    AnySchedule::NAMES.iter().map(|name| example(name).parse()).collect()
}

/// Draws the rates of a run whose accuracy rises for the first third of its epochs only.
fn schedule(rule: &AnySchedule) -> Chart {
    let accuracies: Vec<f64> =
        (1..=EPOCHS).map(|epoch| epoch.min(EPOCHS / 3) as f64 / EPOCHS as f64).collect();
    let whole = History::from_validation_accuracies(&accuracies);
    // The title has no space for the parameters.
    let name = rule.to_string().split('(').next().unwrap_or_default().to_owned();
    let (mut history, mut points) = (History::new(), Vec::new());
    for record in whole.epochs() {
        let progress = Progress { epoch: record.epoch, history: &history };
        let Some(rate) = rule.rate(&progress) else { break };
        // Up to the end of the epoch, where the rate may jump.
        points.extend((0..=WITHIN).map(|step| {
            let done = (step as f64 / WITHIN as f64).min(1.0 - 1e-9);
            ((record.epoch - 1) as f64 + done, rule.rate_within(rate, &progress, done))
        }));
        history.push(record.clone());
    }
    Chart::new(&name, "epochs done", "η").y_range(0.0, 0.55).line("", points)
}
