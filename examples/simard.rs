//! A record with a plain network: 784-800-10 and images that are distorted anew in every epoch.
//!
//! Simard, Steinkraus and Platt (2003) reached 99.3 % on MNIST with this network. The settings here were chosen on the
//! last 10,000 training images (`--choose`); without it all 60,000 train, for a number of epochs that is fixed
//! beforehand, and the test images are looked at once, after the last. docs/records.md tells what came of it.

use std::cmp::Ordering;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use gradus::data::augment::Elastic;
use gradus::prelude::*;
use serde::Serialize;

mod shared;

use shared::plot::{self, Chart};

/// Trains 784-800-10 on MNIST with elastic distortion.
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Directory of the four MNIST files [else $GRADUS_MNIST, else data/mnist, else drawn digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Seed of the first weights, the order of the samples and the distortions
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An hour instead of ten minutes: three hidden layers and more epochs
    #[arg(long)]
    long: bool,
    /// Neurons of each hidden layer [default: 800, or 1500,1000,500 with --long]
    #[arg(long, value_delimiter = ',')]
    hidden: Vec<usize>,
    /// Epochs [default: 165, or 700 with --long]
    #[arg(long)]
    epochs: Option<usize>,
    /// Mini-batch size m
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Learning rate η at first
    #[arg(long, default_value_t = 0.1)]
    eta: f64,
    /// Learning rate η at the end
    #[arg(long, default_value_t = 0.0005)]
    last_eta: f64,
    /// Width σ, in pixels, over which an elastic distortion is smoothed
    #[arg(long, default_value_t = 6.0)]
    sigma: f64,
    /// Size α of the elastic distortion, in pixels
    #[arg(long, default_value_t = 50.0)]
    alpha: f64,
    /// Largest angle by which an image is turned, in degrees
    #[arg(long, default_value_t = 12.0)]
    angle: f64,
    /// Largest factor by which an image is made larger or smaller
    #[arg(long, default_value_t = 1.1)]
    scale: f64,
    /// Probability with which a hidden neuron is left out of a step
    #[arg(long, default_value_t = 0.0)]
    dropout: f64,
    /// By how much targets are less than certain (label smoothing ε)
    #[arg(long, default_value_t = 0.0)]
    smoothing: f64,
    /// The optimizer, by its name
    #[arg(long, default_value = "momentum(mu=0.9)")]
    optimizer: AnyOptimizer,
    /// How η falls: along half a cosine, or by the same factor in every epoch
    #[arg(long, value_enum, default_value_t = Fall::Cosine)]
    fall: Fall,
    /// Decay rate β of the average of the weights that is evaluated; 0 evaluates the weights themselves [default: 0.999]
    #[arg(long)]
    average: Option<f64>,
    /// Train on all but the last 10,000 training images and measure on these, after each epoch; leave the test images alone
    #[arg(long)]
    choose: bool,
    /// Threads [default: as many as there are cores]
    #[arg(long)]
    threads: Option<usize>,
    #[command(flatten)]
    keep: shared::keep::Keep,
    /// Write the result to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Print the result only
    #[arg(long)]
    quiet: bool,
    /// A few seconds instead of minutes: 2,000 images, 64 neurons, 5 epochs
    #[arg(long)]
    quick: bool,
}

impl Options {
    /// The sizes of all layers.
    fn sizes(&self) -> Vec<usize> {
        let hidden = match &self.hidden[..] {
            [] if self.quick => &[64][..],
            [] if self.long => &[1_500, 1_000, 500],
            [] => &[800],
            given => given,
        };
        [&[784], hidden, &[10]].concat()
    }

    fn epochs(&self) -> usize {
        self.epochs.unwrap_or(if self.quick {
            5
        } else if self.long {
            700
        } else {
            165
        })
    }
}

/// How the learning rate falls.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Fall {
    Cosine,
    Exponential,
}

/// What others reached on the test images, in %.
const LITERATURE: [(&str, f64); 4] = [
    ("Cireşan and others 2010, five hidden layers", 99.65),
    ("Simard and others 2003, 784-800-10", 99.3),
    ("Srivastava and others 2014, dropout, no distortion", 98.95),
    ("784-800-10 without distortion", 98.4),
];

/// What `--json` writes.
#[derive(Serialize)]
struct Outcome {
    data: String,
    network: String,
    seed: u64,
    epochs: usize,
    /// Of the validation images with `--choose`, and then there is no other.
    validation_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
    wrong: u64,
    images: usize,
    seconds: f64,
}

fn main() -> ExitCode {
    shared::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let trainer = trainer(options)?;
    shared::keep::check_writable(&[("--json", &options.json), ("--save", &options.keep.save)])?;
    let (all, test, source) = shared::sets::<f32>(options.data.as_deref())?;
    let is_mnist = source.starts_with("MNIST");
    let all = if options.quick { all.slice(0..all.len().min(2_000))? } else { all };
    let (training, measured, what) = if options.choose {
        let (training, measured) = all.split_at(all.len() - all.len() / 6)?;
        (training, measured, "validation")
    } else {
        (all, test, "test")
    };

    let mut network = Network::new(&options.sizes(), Relu, Softmax::default(), &ByActivation, options.seed)?;
    let distortion = Elastic::new(options.sigma, options.alpha)?
        .then(Rotation::up_to_degrees(options.angle)?)
        .then(Scaling::up_to(options.scale)?);
    let distorted = Augmented::new(&training, (28, 28), distortion, options.seed)?;
    if !options.quiet {
        println!(
            "data      {source}\n          {} training, {} {what} images",
            training.len(),
            measured.len()
        );
        println!("network   {network}, {} parameters", network.n_parameters());
        println!("training  {} epochs, seed {}\n", options.epochs(), options.seed);
    }

    let validation = options.choose.then_some(&measured as &dyn Samples<f32>);
    let before = start.elapsed().as_secs_f64();
    let report = options.keep.fit(trainer, &mut network, &distorted, validation)?;
    // Of a run that went on from a file, the epochs before count too.
    let training_seconds = (start.elapsed().as_secs_f64() - before).max(report.seconds());
    let trained = Instant::now();

    if report.history.len() < options.epochs() && !options.choose {
        println!(
            "\nended after {} of {} epochs: the test images were not looked at",
            report.history.len(),
            options.epochs()
        );
        return Ok(());
    }
    let evaluation = evaluate(&network, &LogLikelihood, &measured)?;
    let (accuracy, n) = (evaluation.scores.accuracy(), measured.len());
    let wrong = n as u64 - (accuracy * n as f64).round() as u64;
    let outcome = Outcome {
        data: source,
        network: network.to_string(),
        seed: options.seed,
        epochs: report.history.len(),
        validation_accuracy: options.choose.then_some(accuracy),
        test_accuracy: (!options.choose).then_some(accuracy),
        wrong,
        images: n,
        seconds: before + training_seconds + trained.elapsed().as_secs_f64(),
    };
    print_result(&outcome, what, accuracy, is_mnist);
    println!("{}: the images that are wrong", draw_errors(&network, &measured)?.display());
    if options.choose {
        println!("{}: the way there", draw_curve(&report.history)?.display());
    }
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&outcome)?;
        fs::write(file, json + "\n").map_err(|error| shared::keep::in_file("--json", file, error))?;
    }
    Ok(())
}

fn trainer(options: &Options) -> gradus::Result<Trainer<f32, LabelSmoothing>> {
    let epochs = options.epochs();
    let stop = MaxEpochs::new(epochs)?;
    if options.last_eta.partial_cmp(&options.eta) != Some(Ordering::Less) {
        return Err(gradus::Error::Setting {
            name: "--last-eta",
            value: options.last_eta,
            allowed: "(0, --eta)",
            why: "the learning rate falls",
        });
    }
    let factor = (options.last_eta / options.eta).powf(1.0 / epochs as f64);
    let mut trainer = Trainer::new(LabelSmoothing::new(options.smoothing)?)
        .schedule(match options.fall {
            Fall::Cosine => AnySchedule::from(Cosine::new(options.eta, epochs)?.down_to(options.last_eta)?),
            Fall::Exponential => AnySchedule::from(ExponentialDecay::new(options.eta, factor)?),
        })
        .stop(stop)
        // With validation data the epoch that did best on them would be kept: another choice than without.
        .keep_last()
        .mini_batch(options.batch)
        .seed(options.seed);
    // Of the few steps of a quick run an average would still hold the first.
    let average = options.average.unwrap_or(if options.quick { 0.0 } else { 0.999 });
    trainer = match average {
        0.0 => trainer.optimizer(options.optimizer.clone()),
        beta => trainer.optimizer(ExponentialAverage::new(options.optimizer.clone(), beta)?),
    };
    if options.dropout > 0.0 {
        trainer = trainer.dropout(Dropout::new(0.0, options.dropout)?);
    }
    if let Some(threads) = options.threads {
        trainer = trainer.threads(threads);
    }
    Ok(shared::watch::watched(trainer, options.quiet))
}

fn print_result(outcome: &Outcome, what: &str, accuracy: f64, is_mnist: bool) {
    let Outcome { wrong, images, seconds, epochs, .. } = outcome;
    let (low, high) = wilson(accuracy, *images as f64);
    println!(
        "\n{what} accuracy {:.2} %: {wrong} of {images} images wrong, after {epochs} epochs and {seconds:.0} s",
        100.0 * accuracy
    );
    println!(
        "with so many images a network as good as this one gets {:.2} to {:.2} % (95 %)",
        100.0 * low,
        100.0 * high
    );
    match is_mnist {
        true => println!("Simard, Steinkraus and Platt (2003): 99.3 %, of the test images"),
        false => println!("these are drawn digits and not MNIST: the figure says nothing about a record"),
    }
}

/// Draws the images of which the network says something else than their labels, as `what it is → what the network says`.
fn draw_errors(
    network: &Network<f32, Relu, Softmax>,
    measured: &Dataset<f32>,
) -> Result<PathBuf, Box<dyn Error>> {
    let mut wrong = Vec::new();
    for index in 0..measured.len() {
        let mut image = Batch::zeros(784, 10, 1)?;
        image.gather(measured, 1, &[index])?;
        let (said, label) = (network.predict(&image.x)?.column(0).argmax().0, image.y.column(0).argmax().0);
        if said != label {
            let values = image.x.as_slice().to_vec();
            wrong.push(shared::sheet::Captioned { values, caption: format!("{label} → {said}") });
        }
    }
    shared::sheet::save("simard_errors", 12, 28, &wrong)
}

/// Draws the accuracy on the validation images against minutes, beside what others reached on the test images.
fn draw_curve(history: &History) -> Result<PathBuf, Box<dyn Error>> {
    let mut minutes = 0.0;
    let curve: Vec<(f64, f64)> = history
        .epochs()
        .iter()
        .map(|record| {
            minutes += record.seconds / 60.0;
            (minutes, 100.0 * record.validation.as_ref().map_or(f64::NAN, Scores::accuracy))
        })
        .collect();
    let mut chart = Chart::new("", "minutes of training", "accuracy in %")
        .y_range(98.0, 99.8)
        .line("784-800-10, on validation images", curve);
    for (who, accuracy) in LITERATURE {
        chart = chart.dashed(who, [(0.0, accuracy), (minutes, accuracy)]);
    }
    plot::save("simard", "MNIST, distorted anew in every epoch", 1, &[chart])
}

/// The interval in which a share is with 95 % certainty that was seen as `share` among `n`.
///
/// Source: Wilson, *Probable inference, the law of succession, and statistical inference*, 1927.
fn wilson(share: f64, n: f64) -> (f64, f64) {
    let z = 1.959_964;
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    ((middle - half) / whole, (middle + half) / whole)
}
