//! Compares the activation functions of the crate: how fast the same network learns with each of them.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::Chart;
use shared::{parallel, plot};

mod shared;

/// Trains one network with each activation function in its hidden layers, from initial weights that suit the function,
/// and compares what they reach.
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Activation functions to compare, separated by spaces, such as "relu elu(alpha=0.5)" [default: all but softmax
    /// and exponential]
    #[arg(long, value_delimiter = ' ')]
    activations: Option<Vec<AnyActivation>>,
    /// Neurons of each hidden layer, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "64,64")]
    hidden: Vec<usize>,
    /// Learning rate η of Adam
    #[arg(long, default_value_t = 0.001)]
    eta: f64,
    /// Mini-batch size m
    #[arg(long, default_value_t = 32)]
    batch: usize,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Epochs of each run
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// A few seconds instead of minutes: 1,000 images, one seed, three epochs
    #[arg(long)]
    quick: bool,
}

/// Number of colours of a chart.
const COLOURS: usize = 8;

/// Results of a run: validation accuracy and running cost by epoch, test accuracy and seconds. Accuracies are in %.
struct Run {
    accuracies: Vec<f64>,
    costs: Vec<f64>,
    test: f64,
    seconds: f64,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.seeds.truncate(1);
        options.epochs = options.epochs.min(3);
    }
    shared::exit(run(&options))
}

/// Returns the activations to compare. The default leaves out softmax, which is for outputs, and the exponential, which
/// grows without bound from layer to layer.
fn activations(options: &Options) -> gradus::Result<Vec<AnyActivation>> {
    match &options.activations {
        Some(activations) => Ok(activations.clone()),
        None => {
            let names = AnyActivation::NAMES.iter().filter(|name| !["softmax", "exponential"].contains(name));
            names.map(|name| name.parse()).collect()
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let activations = activations(options)?;
    // Settings that cannot work are errors before anything is trained.
    MaxEpochs::new(options.epochs)?;
    Constant::new(options.eta)?;
    let images = if options.quick { 1_000 } else { 50_000 };
    let data = shared::digits::<f32>(options.data.as_deref(), images, 10_000)?;
    let sizes = [&[784], &options.hidden[..], &[10]].concat();
    let shown: Vec<String> = sizes.iter().map(usize::to_string).collect();
    println!(
        "{}\n{} training images, {} with softmax outputs, Adam, η {}, mini-batches of {}, {} epochs, {} seed(s)\n",
        data.source,
        data.training.len(),
        shown.join("-"),
        options.eta,
        options.batch,
        options.epochs,
        options.seeds.len()
    );

    let jobs: Vec<(AnyActivation, u64)> = activations
        .iter()
        .flat_map(|&activation| options.seeds.iter().map(move |&seed| (activation, seed)))
        .collect();
    let runs = parallel::map(&jobs, |&(activation, seed)| train(options, &sizes, &data, activation, seed))?;

    println!("activation             validation accuracy in % after epoch              test accuracy in %");
    let told: Vec<usize> =
        [1, 2, 5].into_iter().filter(|&e| e < options.epochs).chain([options.epochs]).collect();
    let heads: String = told.iter().map(|e| format!("{e:<9}")).collect();
    println!("{:<22} {heads:<45} mean (min … max)        seconds", "");
    let mut accuracy = Chart::new("Validation accuracy", "epoch", "accuracy in %");
    let mut cost = Chart::new("Training cost", "epoch", "−ln a of the class").y_scale(plot::Scale::Log);
    let of_each = activations.iter().zip(runs.chunks(options.seeds.len().max(1)));
    for (index, (activation, runs)) in of_each.enumerate() {
        let mean = |value: &dyn Fn(&Run) -> f64| parallel::spread(runs.iter().map(value)).0;
        let accuracies: Vec<f64> = (0..options.epochs).map(|e| mean(&|run| run.accuracies[e])).collect();
        let costs: Vec<f64> = (0..options.epochs).map(|e| mean(&|run| run.costs[e])).collect();
        let row: String = told.iter().map(|e| format!("{:<9.2}", accuracies[e - 1])).collect();
        let (test, least, most) = parallel::spread(runs.iter().map(|run| run.test));
        let range = format!("{test:.2} ({least:.2} … {most:.2})");
        println!("{:<22} {row:<45} {range:<23} {:.1}", activation.to_string(), mean(&|run| run.seconds));
        let name = activation.to_string();
        let (accuracies, costs) = [accuracies, costs].map(|values| (1..).map(f64::from).zip(values)).into();
        // Dashed lines reuse the colours: there are fewer colours than functions.
        (accuracy, cost) = match index < COLOURS {
            true => (accuracy.line(&name, accuracies), cost.line(&name, costs)),
            false => (accuracy.dashed(&name, accuracies), cost.dashed(&name, costs)),
        };
    }
    println!("\nSeconds are those of one run on one thread, while other runs use the other cores.");
    let title = "Activation functions of the hidden layers";
    println!("{}", plot::save("compare_activations", title, 2, &[accuracy, cost])?.display());
    Ok(())
}

/// Trains one network. The initial weights are those that suit the activation function (`ByActivation`).
fn train(
    options: &Options,
    sizes: &[usize],
    data: &shared::Digits<f32>,
    activation: AnyActivation,
    seed: u64,
) -> gradus::Result<Run> {
    let mut network = Network::new(sizes, activation, Softmax::default(), &ByActivation, seed)?;
    let start = Instant::now();
    let history = Trainer::new(LogLikelihood)
        .optimizer(Adam::default())
        .schedule(Constant::new(options.eta)?)
        .stop(MaxEpochs::new(options.epochs)?)
        .mini_batch(options.batch)
        .seed(seed)
        .threads(1)
        .fit(&mut network, &data.training, Some(&data.validation))?
        .history;
    let seconds = start.elapsed().as_secs_f64();
    let test = evaluate(&network, &LogLikelihood, &data.test)?.scores.accuracy();
    Ok(Run {
        accuracies: history
            .values(&Metric::validation(Accuracy))
            .map(|(_, accuracy)| 100.0 * accuracy)
            .collect(),
        costs: history.epochs().iter().map(|record| record.running_cost).collect(),
        test: 100.0 * test,
        seconds,
    })
}
