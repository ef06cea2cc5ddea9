//! Exercise 15: what L1 and L2 regularization do for a network of 30 hidden neurons, over a sweep of λ.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::{Chart, Scale};
use shared::{parallel, plot};

mod shared;

/// Test accuracy of 784-30-10 networks without regularization, with L1 and with L2, over a sweep of λ.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [else $GRADUS_MNIST, else data/mnist, else drawn digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// λ of L1, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "0.5,1,2,5,10")]
    l1: Vec<f64>,
    /// λ of L2, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "0.5,1,2,5,10")]
    l2: Vec<f64>,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Epochs of each run
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// A few seconds instead of minutes: 1,000 images, 5 epochs
    #[arg(long)]
    quick: bool,
}

/// A row of the table: L1 and L2 parameters, of which one or both are 0.
struct Row {
    name: String,
    lambdas: (f64, f64),
}

fn main() -> ExitCode {
    shared::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (images, epochs) = if options.quick { (1_000, 5) } else { (50_000, options.epochs) };
    let data = shared::digits::<f32>(options.data.as_deref(), images, 10_000)?;
    println!("{}\n{} training images, {epochs} epochs a run", data.source, data.training.len());

    let none = Row { name: "none".to_owned(), lambdas: (0.0, 0.0) };
    let l1 = options.l1.iter().map(|&l| Row { name: format!("L1 λ = {l}"), lambdas: (l, 0.0) });
    let l2 = options.l2.iter().map(|&l| Row { name: format!("L2 λ = {l}"), lambdas: (0.0, l) });
    let rows: Vec<Row> = [none].into_iter().chain(l1).chain(l2).collect();

    let jobs: Vec<_> = rows.iter().flat_map(|row| options.seeds.iter().map(|&s| (row.lambdas, s))).collect();
    let accuracies = parallel::map(&jobs, |&((l1, l2), seed)| {
        let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, seed)?;
        Trainer::new(CrossEntropy)
            .regularizer(Plus(L1::new(l1)?, L2::new(l2)?))
            .schedule(Constant::new(0.5)?)
            .stop(MaxEpochs::new(epochs)?)
            .seed(seed)
            .threads(1)
            .fit(&mut network, &data.training, Some(&data.validation))?;
        Ok(100.0 * evaluate(&network, &CrossEntropy, &data.test)?.score.accuracy)
    })?;
    let by_row: Vec<&[f64]> = accuracies.chunks(options.seeds.len().max(1)).collect();

    println!("\n{:<14} test accuracy, mean of {} seeds (least … most)", "regularizer", options.seeds.len());
    let means: Vec<f64> = by_row.iter().map(|row| parallel::spread(row.iter().copied()).0).collect();
    for (row, accuracies) in rows.iter().zip(&by_row) {
        let (mean, least, most) = parallel::spread(accuracies.iter().copied());
        println!("{:<14} {mean:.2} %  ({least:.2} … {most:.2})  {:+.2}", row.name, mean - means[0]);
    }
    let names = |lambdas: &[f64]| Scale::Names(lambdas.iter().map(ToString::to_string).collect());
    let (_, least, most) = parallel::spread(accuracies.iter().copied());
    let chart = |title: &str, lambdas: &[f64], first: usize| {
        let here = first..first + lambdas.len();
        let seeds = by_row[here.clone()].iter().zip(0..);
        let all = seeds.flat_map(|(row, i)| row.iter().map(move |&accuracy| (f64::from(i), accuracy)));
        let ends = [-0.5, lambdas.len() as f64 - 0.5];
        Chart::new(title, "λ", "test accuracy in %")
            .x_scale(names(lambdas))
            .y_range(least - 0.1, most + 0.1)
            .line("mean over the seeds", (0..).map(f64::from).zip(means[here].iter().copied()))
            .dots("each seed", all)
            .same_colour(1)
            .dashed("no regularization, mean", ends.map(|x| (x, means[0])))
    };
    let charts = [
        chart("L1: Ω = λ Σ |w|", &options.l1, 1),
        chart("L2: Ω = λ/2 Σ w²", &options.l2, 1 + options.l1.len()),
    ];
    let title = "What regularization gains for 30 hidden neurons";
    println!("\n{}", plot::save("regularization", title, 2, &charts)?.display());
    Ok(())
}
