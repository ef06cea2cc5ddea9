//! Trains a network on MNIST, or on synthetic digits if MNIST is not found, and prints the confusion matrix and the
//! report.
//!
//! `cargo run --release --example mnist -- --help` lists the options. The defaults are chapter 3's network of 30 hidden
//! neurons with cross-entropy, L2 regularization and scaled initial weights.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use gradus::cost::HasCosts;
use gradus::prelude::*;
use serde::Serialize;

mod shared;

/// Trains a network on images of digits, and prints the confusion matrix of the test images and the report
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Directory of the four MNIST files, plain or .gz [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Neurons of each layer, comma-separated, the inputs first
    #[arg(long, value_delimiter = ',', default_value = "784,30,10")]
    sizes: Vec<usize>,
    /// Cost function, such as focal(gamma=2); also sets the output layer: softmax for log-likelihood, sigmoid otherwise
    #[arg(long, default_value = "cross-entropy")]
    cost: String,
    /// Activation of the hidden layers, such as tanh or leaky-relu(slope=0.1)
    #[arg(long, value_parser = named::<AnyActivation>, default_value = "sigmoid")]
    hidden: AnyActivation,
    /// Update rule, such as "momentum(mu=0.5)" or "clip-by-norm(adam)"
    #[arg(long, value_parser = named::<AnyOptimizer>, default_value = "sgd")]
    optimizer: AnyOptimizer,
    /// Constant learning rate η [default: that of the optimizer, 0.5 for sgd]
    #[arg(long, conflicts_with = "schedule")]
    eta: Option<f64>,
    /// Learning-rate schedule instead of --eta, such as "cosine(eta=0.1, epochs=30)" or "halve-on-plateau(eta=0.5,
    /// patience=5)"
    #[arg(long, value_parser = named::<AnySchedule>)]
    schedule: Option<AnySchedule>,
    /// L1 regularization λ
    #[arg(long, default_value_t = 0.0)]
    l1: f64,
    /// L2 regularization λ
    #[arg(long, default_value_t = 5.0)]
    l2: f64,
    /// Regularizer by name, instead of --l1 and --l2, such as "group-lasso-by-input(lambda=0.5) then l2(lambda=5)"
    #[arg(long, value_parser = named::<AnyRegularizer>, conflicts_with_all = ["l1", "l2"])]
    regularizer: Option<AnyRegularizer>,
    /// Initial weights: scaled-gaussian = N(0, 1/n_in), large-gaussian = N(0, 1), by-activation = He, LeCun or Glorot
    /// by the layer's activation
    #[arg(long, value_parser = named::<AnyInitializer>, default_value = "scaled-gaussian")]
    init: AnyInitializer,
    /// Mini-batch size m
    #[arg(long, default_value_t = 10)]
    batch: usize,
    /// Maximum number of epochs
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// Stopping rule besides --epochs, such as "generalization-loss(alpha=5) or no-improvement(patience=5,
    /// monitor=training cost)"
    #[arg(long)]
    stop: Option<String>,
    /// Patience of --stop no-improvement, or window of --stop rolling-average, in epochs
    #[arg(long, default_value_t = 10)]
    stop_n: usize,
    /// Stop after the first epoch that ends later than this many seconds
    #[arg(long)]
    seconds: Option<f64>,
    /// Further measure after each epoch, such as roc-auc or top-k(k=3); may be given several times
    #[arg(long, value_parser = named::<AnyMeasure>)]
    measure: Vec<AnyMeasure>,
    /// Training images, from the beginning of the training set [default: 50000, or what a smaller set has]
    #[arg(long)]
    train: Option<usize>,
    /// Validation images, taken from the end of the training set; 0 trains without validation, and then without early
    /// stopping or halving [default: 10000, or a sixth of a smaller set]
    #[arg(long)]
    validation: Option<usize>,
    /// Floating-point numbers of 32 or 64 bits
    #[arg(long, value_enum, default_value = "f32")]
    precision: Precision,
    /// Threads for large matrix products; the result does not depend on them [default: the number of cores]
    #[arg(long)]
    threads: Option<usize>,
    /// Seed of the initial weights and of the order of the samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also evaluate the training data after each epoch
    #[arg(long)]
    monitor_training: bool,
    /// Write configuration, epochs and result to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    #[command(flatten)]
    keep: shared::keep::Keep,
    /// Write the trained network to this file as a Rust module without dependencies, for firmware (32 bits only)
    #[arg(long)]
    rust: Option<PathBuf>,
    /// Write the trained network to this file as ONNX, for other runtimes
    #[arg(long)]
    onnx: Option<PathBuf>,
    /// Draw the learning curves into this file, as SVG or PNG by its extension
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Evaluate the network in this file instead of training one; --cost must fit its output layer
    #[arg(long)]
    load: Option<PathBuf>,
    /// Print the result only
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Precision {
    F32,
    F64,
}

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let options = Options::parse();
    shared::exit(match options.precision {
        Precision::F32 => with_cost::<f32>(&options),
        Precision::F64 => with_cost::<f64>(&options),
    })
}

/// Parses the name of a part, which may be written with hyphens, as command lines usually are.
fn named<P: FromStr<Err = gradus::Error>>(text: &str) -> gradus::Result<P> {
    let mut name: String = text.to_owned();
    // A hyphen before a letter; that of a number, such as 1e-3, stays.
    for (at, _) in text.match_indices('-') {
        if text[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic()) {
            name.replace_range(at..=at, "_");
        }
    }
    match name.as_str() {
        "scaled" => "scaled_gaussian".parse(),
        "large" => "large_gaussian".parse(),
        name => name.parse(),
    }
}

/// Runs with the output layer that belongs to the cost: sigmoid neurons if the cost can be paired with them, otherwise
/// softmax.
fn with_cost<T: Real>(options: &Options) -> Outcome {
    match named::<AnyCost<T, Sigmoid>>(&options.cost) {
        Ok(cost) => run(options, cost, Sigmoid, "sigmoid"),
        Err(gradus::Error::UnknownName { .. }) => {
            let cost = named::<AnyCost<T, Softmax>>(&options.cost).map_err(|error| match error {
                gradus::Error::UnknownName { kind, found, known } => {
                    let sigmoid = <Sigmoid as HasCosts<T>>::COSTS.join(", ");
                    let known = format!("{sigmoid} with sigmoid outputs; {known} with softmax outputs");
                    gradus::Error::UnknownName { kind, found, known }
                }
                other => other,
            });
            run(options, cost?, Softmax::default(), "softmax")
        }
        Err(other) => Err(other.into()),
    }
}

fn run<T: Real, O: Activation<T> + FromStr<Err = gradus::Error>>(
    options: &Options,
    cost: AnyCost<T, O>,
    output: O,
    output_name: &str,
) -> Outcome {
    let trainer = trainer(options, cost.clone())?;
    if options.rust.is_some() && matches!(options.precision, Precision::F64) {
        return Err("--rust writes networks of 32 bits: leave out --precision f64".into());
    }
    let mut network = network(options, output)?;
    let data = Data::load(options)?;
    if let Some(file) = &options.load {
        network = Network::load(file)?;
        let test = evaluate(&network, &cost, &data.test)?;
        let (right, n) = (100.0 * test.scores.accuracy(), data.test.len());
        println!("{network} from {}: {right:.2} % of {n} test images are correct", file.display());
        return Ok(());
    }
    let Options { json, onnx, plot, rust, keep, .. } = options;
    let files =
        [("--json", json), ("--onnx", onnx), ("--plot", plot), ("--rust", rust), ("--save", &keep.save)];
    shared::keep::check_writable(&files)?;
    if !options.quiet {
        print_plan(options, &data, &network, &cost, output_name)?;
    }
    let validation = data.validation.as_ref().map(|data| data as &dyn Samples<T>);
    let report = options.keep.fit(trainer, &mut network, &data.training, validation)?;
    if let Some(file) = &options.rust {
        // T is f32 here, as checked above; the bytes carry the network to that type.
        Network::<f32, AnyActivation, AnyActivation>::from_bytes(&network.to_bytes()?)?.to_rust(file)?;
    }
    if let Some(file) = &options.onnx {
        network.to_onnx(file)?;
    }
    if let Some(file) = &options.plot {
        report.plot(file)?;
    }
    let test = evaluate(&network, &cost, &data.test)?;
    print_result(options, &report, &test);
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&Outline::new(options, &data, &report, &test)?)?;
        fs::write(file, json + "\n").map_err(|error| shared::keep::in_file("--json", file, error))?;
    }
    Ok(())
}

/// The images, divided by --train and --validation.
struct Data<T> {
    training: Dataset<T>,
    validation: Option<Dataset<T>>,
    test: Dataset<T>,
    source: String,
}

impl<T: Real> Data<T> {
    fn load(options: &Options) -> gradus::Result<Self> {
        let (all, test, source) = shared::sets::<T>(options.data.as_deref())?;
        let n = all.len();
        let validation = options.validation.unwrap_or(usize::min(10_000, n / 6));
        let training = options.train.unwrap_or(n.saturating_sub(validation).clamp(1, 50_000));
        if training == 0 {
            return Err(gradus::Error::Empty { what: "the training set" });
        }
        let expected = training.saturating_add(validation);
        if expected > n {
            let what = "images in the training set, for --train and --validation together";
            return Err(gradus::Error::SizeMismatch { what, found: n, expected });
        }
        let validation = if validation > 0 { Some(all.slice(n - validation..n)?) } else { None };
        Ok(Self { training: all.slice(0..training)?, validation, test, source })
    }

    fn n_validation(&self) -> usize {
        self.validation.as_ref().map_or(0, Dataset::len)
    }
}

fn network<T: Real, O: Activation<T>>(
    options: &Options,
    output: O,
) -> gradus::Result<Network<T, AnyActivation, O>> {
    Network::new(&options.sizes, options.hidden, output, &options.init, options.seed)
}

/// Returns the penalty of `--regularizer`, or else of `--l1` and `--l2`.
fn regularizer(options: &Options) -> gradus::Result<AnyRegularizer> {
    match &options.regularizer {
        Some(regularizer) => Ok(regularizer.clone()),
        None => format!("l1(lambda={}) + l2(lambda={})", options.l1, options.l2).parse(),
    }
}

/// Returns the rule of `--stop`, joined with the number of epochs.
fn stopping_rule(options: &Options) -> gradus::Result<AnyStoppingRule> {
    let (n, epochs) = (options.stop_n, format!("max_epochs(epochs={})", options.epochs));
    match options.stop.as_deref() {
        None | Some("none") => epochs.parse(),
        Some("no-improvement") => format!("no_improvement(patience={n}) or {epochs}").parse(),
        Some("rolling-average") => format!("rolling_average(window={n}) or {epochs}").parse(),
        Some(rule) => named(&format!("{rule} or {epochs}")),
    }
}

/// Builds the trainer. Every setting is checked, also one that the other settings leave without effect.
fn trainer<T: Real, C>(options: &Options, cost: C) -> gradus::Result<Trainer<T, C>> {
    NoImprovement::new(options.stop_n)?;
    let mut trainer = Trainer::new(cost)
        .optimizer(options.optimizer.clone())
        .regularizer(regularizer(options)?)
        .schedule(schedule(options)?)
        .stop(stopping_rule(options)?)
        .mini_batch(options.batch)
        .monitor_training(options.monitor_training)
        .seed(options.seed);
    if let Some(threads) = options.threads {
        trainer = trainer.threads(threads);
    }
    if let Some(seconds) = options.seconds {
        let budget = Duration::try_from_secs_f64(seconds).map_err(|_| gradus::Error::Setting {
            name: "--seconds",
            value: seconds,
            allowed: "[0, ∞)",
            why: "it is a time budget",
        })?;
        trainer = trainer.time_budget(budget);
    }
    for measure in &options.measure {
        trainer = trainer.measure(measure.clone());
    }
    Ok(shared::watch::watched(trainer, options.quiet))
}

/// Returns the schedule of `--schedule`, or else a constant η.
fn schedule(options: &Options) -> gradus::Result<AnySchedule> {
    let usual = Optimizer::<f64>::default_rate(&options.optimizer);
    match &options.schedule {
        Some(schedule) => Ok(schedule.clone()),
        None => Ok(Constant::new(options.eta.unwrap_or(usual))?.into()),
    }
}

/// Returns the name of a choice on the command line.
fn name(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Prints all settings of the run, defaults included.
fn print_plan<T: Real, O: Activation<T>>(
    options: &Options,
    data: &Data<T>,
    network: &Network<T, AnyActivation, O>,
    cost: &AnyCost<T, O>,
    output: &str,
) -> gradus::Result<()> {
    let Options { hidden, optimizer, init, batch, seed, .. } = options;
    println!("data      {}", data.source);
    let (training, validation, test) = (data.training.len(), data.n_validation(), data.test.len());
    println!("          {training} training, {validation} validation and {test} test images");
    println!("network   {network}: {hidden} neurons, {output} outputs");
    println!("          {} parameters, {init} initialization", network.n_parameters());
    println!("cost      {cost}, regularizer {}", regularizer(options)?);
    println!("training  {optimizer}, η {}, mini-batches of {batch}", schedule(options)?);
    println!("          until {}", stopping_rule(options)?);
    println!("          seed {seed}, {}\n", name(&options.precision));
    Ok(())
}

fn print_result<T: Real>(options: &Options, report: &Report<T>, test: &Evaluation) {
    let Evaluation { scores, confusion: Some(confusion) } = test else { return };
    println!("{}{confusion}\n{report}", if options.quiet { "" } else { "\n" });
    let classes = 0..confusion.n_classes();
    let right: u64 = classes.clone().map(|class| confusion.get(class, class)).sum();
    let total = confusion.total();
    let percent = 100.0 * scores.accuracy();
    println!(
        "test        {right} of {total} images correct: accuracy {percent:.2} %, cost {:.5}",
        scores.cost()
    );
    let pairs = classes.clone().flat_map(|truth| classes.clone().map(move |answer| (truth, answer)));
    let mistakes = pairs.filter(|(truth, answer)| truth != answer);
    if let Some((truth, answer)) = mistakes.max_by_key(|&(truth, answer)| confusion.get(truth, answer)) {
        let times = confusion.get(truth, answer);
        println!("            most frequent error: {truth} predicted as {answer}, {times} times");
    }
    if !options.quiet {
        println!("\nEvery part can be exchanged, see --help. For example:");
        println!("  --cost log-likelihood --sizes 784,100,10 --eta 0.1 --l2 0 --epochs 60");
        println!(
            "  --sizes 784,100,10 --hidden relu --eta 0.1 --init he-normal --stop 'no-improvement(patience=5)'"
        );
        println!(
            "  --hidden gelu --optimizer 'adamw(lambda=0.1)' --schedule 'one-cycle(eta=0.005, epochs=30)' --l2 0"
        );
        println!("  --cost 'focal(gamma=1)' --regularizer 'l1(lambda=0.1) + l2(lambda=3)' --measure roc-auc");
    }
}

/// The contents of the `--json` file.
#[derive(Serialize)]
struct Outline {
    config: Config,
    epochs: Vec<Epoch>,
    stop_reason: String,
    kept_epoch: usize,
    test_accuracy: f64,
    test_cost: f64,
}

/// The settings on which the result depends. The number of threads is not one of them.
#[derive(Serialize)]
struct Config {
    data: String,
    sizes: Vec<usize>,
    cost: String,
    hidden: String,
    optimizer: String,
    schedule: String,
    regularizer: String,
    init: String,
    batch: usize,
    stop: String,
    train: usize,
    validation: usize,
    precision: String,
    seed: u64,
}

#[derive(Serialize)]
struct Epoch {
    epoch: usize,
    learning_rate: f64,
    seconds: f64,
    training_cost: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    training_accuracy: Option<f64>,
    validation_cost: Option<f64>,
    validation_accuracy: Option<f64>,
}

impl Outline {
    fn new<T: Real>(
        options: &Options,
        data: &Data<T>,
        report: &Report<T>,
        test: &Evaluation,
    ) -> gradus::Result<Self> {
        Ok(Self {
            config: Config::new(options, data)?,
            epochs: report.history.epochs().iter().map(Epoch::new).collect(),
            stop_reason: report.stop_reason.to_string(),
            kept_epoch: report.kept_epoch,
            test_accuracy: test.scores.accuracy(),
            test_cost: test.scores.cost(),
        })
    }
}

impl Config {
    fn new<T: Real>(options: &Options, data: &Data<T>) -> gradus::Result<Self> {
        Ok(Self {
            data: data.source.lines().next().unwrap_or_default().to_owned(),
            sizes: options.sizes.clone(),
            cost: options.cost.clone(),
            hidden: options.hidden.to_string(),
            optimizer: options.optimizer.to_string(),
            schedule: schedule(options)?.to_string(),
            regularizer: regularizer(options)?.to_string(),
            init: options.init.to_string(),
            batch: options.batch,
            stop: stopping_rule(options)?.to_string(),
            train: data.training.len(),
            validation: data.n_validation(),
            precision: name(&options.precision),
            seed: options.seed,
        })
    }
}

impl Epoch {
    fn new(record: &EpochRecord) -> Self {
        Self {
            epoch: record.epoch,
            learning_rate: record.learning_rate,
            seconds: record.seconds,
            training_cost: record.training_cost(),
            training_accuracy: record.training.as_ref().map(Scores::accuracy),
            validation_cost: record.validation.as_ref().map(Scores::cost),
            validation_accuracy: record.validation.as_ref().map(Scores::accuracy),
        }
    }
}
