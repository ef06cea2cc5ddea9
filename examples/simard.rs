//! 99.45 % on MNIST with one dense hidden layer: 784-800-10 on images that are distorted afresh in each epoch.
//!
//! Simard, Steinkraus and Platt (2003) reached 99.3 % with this network. The settings were chosen on the last 10,000
//! training images (`--choose`). Without `--choose` all 60,000 train for a fixed number of epochs, and the test images
//! are evaluated once, at the end. docs/records.md has the results.

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
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Seed of the initial weights, of the order of the samples and of the distortions
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An hour instead of ten minutes: three hidden layers and more epochs
    #[arg(long)]
    long: bool,
    /// Neurons of each hidden layer, comma-separated [default: 800, or 1500,1000,500 with --long]
    #[arg(long, value_delimiter = ',')]
    hidden: Vec<usize>,
    /// Epochs [default: 165, or 700 with --long]
    #[arg(long)]
    epochs: Option<usize>,
    /// Mini-batch size m
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Initial learning rate η
    #[arg(long, default_value_t = 0.1)]
    eta: f64,
    /// Final learning rate η
    #[arg(long, default_value_t = 0.0005)]
    last_eta: f64,
    /// Standard deviation σ of the Gaussian kernel of the elastic distortion, in pixels
    #[arg(long, default_value_t = 6.0)]
    sigma: f64,
    /// Strength α of the elastic distortion, in pixels
    #[arg(long, default_value_t = 50.0)]
    alpha: f64,
    /// Largest angle by which an image is rotated, in degrees
    #[arg(long, default_value_t = 12.0)]
    angle: f64,
    /// Largest factor by which an image is enlarged or reduced
    #[arg(long, default_value_t = 1.1)]
    scale: f64,
    /// Probability that dropout leaves out a hidden neuron
    #[arg(long, default_value_t = 0.0)]
    dropout: f64,
    /// ε of label smoothing
    #[arg(long, default_value_t = 0.0)]
    smoothing: f64,
    /// Optimizer, such as "adam"
    #[arg(long, default_value = "momentum(mu=0.9)")]
    optimizer: AnyOptimizer,
    /// Schedule of η: half a cosine, or the same factor in each epoch
    #[arg(long, value_enum, default_value_t = Fall::Cosine)]
    fall: Fall,
    /// Decay rate β of the average of the weights, which is evaluated instead of the weights; 0 turns it off [default:
    /// 0.999, or 0 with --quick]
    #[arg(long)]
    average: Option<f64>,
    /// Train on the first 50,000 training images, evaluate the last 10,000 after each epoch, and do not use the test
    /// images
    #[arg(long)]
    choose: bool,
    /// Threads [default: the number of cores]
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

/// Accuracies on the test images in the literature, in %.
const LITERATURE: [(&str, f64); 4] = [
    ("Cireşan and others 2010, five hidden layers", 99.65),
    ("Simard and others 2003, 784-800-10", 99.3),
    ("Srivastava and others 2014, dropout, no distortion", 98.95),
    ("784-800-10 without distortion", 98.4),
];

/// The contents of the `--json` file.
#[derive(Serialize)]
struct Outcome {
    data: String,
    network: String,
    seed: u64,
    epochs: usize,
    /// Accuracy on the validation images with `--choose`; then there is no test accuracy.
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
    // A resumed run includes the epochs before the checkpoint.
    let training_seconds = (start.elapsed().as_secs_f64() - before).max(report.seconds());
    let trained = Instant::now();

    if report.history.len() < options.epochs() && !options.choose {
        println!(
            "\nstopped after {} of {} epochs, so the test images were not evaluated",
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
    println!("{}: the misclassified images", draw_errors(&network, &measured)?.display());
    if options.choose {
        println!("{}: the learning curve", draw_curve(&report.history)?.display());
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
        // Otherwise the best epoch would be kept with validation data, and the last one without.
        .keep_last()
        .mini_batch(options.batch)
        .seed(options.seed);
    // A quick run has so few steps that the average would still be near the initial weights.
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
        "95 % confidence interval for this number of images: {:.2} to {:.2} %",
        100.0 * low,
        100.0 * high
    );
    match is_mnist {
        true => println!("Simard, Steinkraus and Platt (2003): 99.3 % of the test images"),
        false => println!(
            "these are synthetic digits, not MNIST: the accuracy cannot be compared with the literature"
        ),
    }
}

/// Draws the misclassified images with captions `label → predicted class`.
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

/// Draws the accuracy on the validation images against minutes, beside test accuracies in the literature.
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
    plot::save("simard", "MNIST, distorted afresh in each epoch", 1, &[chart])
}

/// Returns Wilson's 95 % confidence interval of a fraction that was measured as `share` of `n`.
///
/// Source: Wilson, *Probable inference, the law of succession, and statistical inference*, 1927.
fn wilson(share: f64, n: f64) -> (f64, f64) {
    let z = 1.959_964;
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    ((middle - half) / whole, (middle + half) / whole)
}
