//! Trains a network on handwritten digits, MNIST where it is found, and shows what it learned.
//!
//! `cargo run --release --example mnist -- --help` lists what can be varied; without anything it is the network with
//! which chapter 3 of the book begins.

use std::error::Error;
use std::fs;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use gradus::prelude::*;
use serde_json::{Value, json};

mod shared;

/// Trains a network on handwritten digits.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files, plain or .gz [else $GRADUS_MNIST, else data/mnist, else drawn digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Neurons of each layer, the inputs first
    #[arg(long, value_delimiter = ',', default_value = "784,30,10")]
    sizes: Vec<usize>,
    /// Cost function; it decides the output layer: sigmoid, sigmoid and softmax
    #[arg(long, value_enum, default_value = "cross-entropy")]
    cost: CostChoice,
    /// Activation of the hidden layers
    #[arg(long, value_enum, default_value = "sigmoid")]
    hidden: HiddenChoice,
    /// How gradients become steps
    #[arg(long, value_enum, default_value = "sgd")]
    optimizer: OptimizerChoice,
    /// Momentum μ, in [0, 1), for momentum and nesterov
    #[arg(long, default_value_t = 0.9)]
    mu: f64,
    /// Learning rate η
    #[arg(long, default_value_t = 0.5)]
    eta: f64,
    /// Whether η stays, or is halved when the validation accuracy does not improve
    #[arg(long, value_enum, default_value = "constant")]
    schedule: ScheduleChoice,
    /// Epochs without improvement before the schedule halves η
    #[arg(long, default_value_t = 10)]
    patience: usize,
    /// L1 regularization λ
    #[arg(long, default_value_t = 0.0)]
    l1: f64,
    /// L2 regularization λ
    #[arg(long, default_value_t = 5.0)]
    l2: f64,
    /// First weights: N(0, 1/n_in) or N(0, 1)
    #[arg(long, value_enum, default_value = "scaled")]
    init: InitChoice,
    /// Mini-batch size m
    #[arg(long, default_value_t = 10)]
    batch: usize,
    /// Epochs, at most
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// Rule for stopping earlier
    #[arg(long, value_enum, default_value = "none")]
    stop: StopChoice,
    /// n of the stopping rule: epochs without improvement, or epochs averaged over
    #[arg(long, default_value_t = 10)]
    stop_n: usize,
    /// Training images, from the beginning of the training set
    #[arg(long, default_value_t = 50_000)]
    train: usize,
    /// Validation images, from the end of the training set
    #[arg(long, default_value_t = 10_000)]
    validation: usize,
    /// Floating-point numbers of 32 or 64 bits
    #[arg(long, value_enum, default_value = "f32")]
    precision: Precision,
    /// Threads that share large products; the result does not depend on it [as many as there are cores]
    #[arg(long)]
    threads: Option<usize>,
    /// Seed of the first weights and of the order of the samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Measure the accuracy on the training data too
    #[arg(long)]
    monitor_training: bool,
    /// Write configuration, epochs and result to this file
    #[arg(long)]
    json: Option<PathBuf>,
    /// Print the result only
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CostChoice {
    CrossEntropy,
    Quadratic,
    LogLikelihood,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HiddenChoice {
    Sigmoid,
    Tanh,
    Relu,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OptimizerChoice {
    Sgd,
    Momentum,
    Nesterov,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScheduleChoice {
    Constant,
    Halve,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum InitChoice {
    Scaled,
    Large,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StopChoice {
    None,
    NoImprovement,
    RollingAverage,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Precision {
    F32,
    F64,
}

type Outcome = Result<(), Box<dyn Error>>;

fn main() {
    let options = Options::parse();
    let outcome = match options.precision {
        Precision::F32 => with_cost::<f32>(&options),
        Precision::F64 => with_cost::<f64>(&options),
    };
    if let Err(error) = outcome {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

/// The cost decides the type of the output layer.
fn with_cost<T: Real>(options: &Options) -> Outcome {
    match options.cost {
        CostChoice::CrossEntropy => run::<T, _, _>(options, CrossEntropy, Sigmoid),
        CostChoice::Quadratic => run::<T, _, _>(options, Quadratic, Sigmoid),
        CostChoice::LogLikelihood => run::<T, _, _>(options, LogLikelihood, Softmax::default()),
    }
}

fn run<T: Real, C: Cost<T, O> + Copy, O: Activation<T>>(options: &Options, cost: C, output: O) -> Outcome {
    let data = shared::digits::<T>(options.data.as_deref(), options.train, options.validation)?;
    let hidden: AnyActivation = match options.hidden {
        HiddenChoice::Sigmoid => Sigmoid.into(),
        HiddenChoice::Tanh => Tanh.into(),
        HiddenChoice::Relu => Relu.into(),
    };
    let initializer: &dyn Initializer<T> = match options.init {
        InitChoice::Scaled => &ScaledGaussian,
        InitChoice::Large => &LargeGaussian,
    };
    let mut network = Network::new(&options.sizes, hidden, output, initializer, options.seed)?;
    let trainer = trainer(options, cost)?;

    if !options.quiet {
        println!("data     {}", data.source);
        let (training, validation) = (data.training.len(), data.validation.len());
        println!("         {training} training, {validation} validation and {} test images", data.test.len());
        println!("network  {network}, {} parameters\n", network.n_parameters());
    }
    let report = trainer.fit(&mut network, &data.training, Some(&data.validation))?;
    let result = evaluate(&network, &cost, &data.test)?;
    println!("\n{}\n{report}", result.confusion);
    println!("test        cost {:.5}, accuracy {:.2} %", result.score.cost, 100.0 * result.score.accuracy);
    if let Some(file) = &options.json {
        fs::write(file, format!("{:#}\n", to_json(options, &data.source, &report, result.score)))
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn trainer<C>(options: &Options, cost: C) -> gradus::Result<Trainer<C, AnyOptimizer, Plus<L1, L2>>> {
    let optimizer = match options.optimizer {
        OptimizerChoice::Sgd => Sgd.into(),
        OptimizerChoice::Momentum => Momentum::new(options.mu)?.into(),
        OptimizerChoice::Nesterov => Nesterov::new(options.mu)?.into(),
    };
    let schedule: Box<dyn LrSchedule> = match options.schedule {
        ScheduleChoice::Constant => Box::new(Constant::new(options.eta)?),
        ScheduleChoice::Halve => Box::new(HalveOnPlateau::new(options.eta, options.patience)?),
    };
    let epochs = MaxEpochs::new(options.epochs)?;
    let stop: Box<dyn StoppingRule> = match options.stop {
        StopChoice::None => Box::new(epochs),
        StopChoice::NoImprovement => Box::new(NoImprovement::new(options.stop_n)?.or(epochs)),
        StopChoice::RollingAverage => Box::new(RollingAverage::new(options.stop_n)?.or(epochs)),
    };
    let mut trainer = Trainer::new(cost)
        .optimizer(optimizer)
        .regularizer(Plus(L1::new(options.l1)?, L2::new(options.l2)?))
        .schedule(schedule)
        .stop(stop)
        .mini_batch(options.batch)
        .monitor_training(options.monitor_training)
        .seed(options.seed);
    if let Some(threads) = options.threads {
        trainer = trainer.threads(threads);
    }
    Ok(match (options.quiet, std::io::stdout().is_terminal()) {
        (true, _) => trainer,
        (false, true) => trainer.observe(ProgressBar::new()),
        (false, false) => trainer.observe(Lines),
    })
}

/// Prints a plain line for each epoch.
#[derive(Debug)]
struct Lines;

impl Observer for Lines {
    fn on_epoch(&mut self, record: &EpochRecord) -> ControlFlow<()> {
        println!("{record}");
        ControlFlow::Continue(())
    }
}

fn to_json(options: &Options, source: &str, report: &Report, test: Score) -> Value {
    let epoch = |record: &EpochRecord| {
        let mut epoch = json!({
            "epoch": record.epoch,
            "learning_rate": record.learning_rate,
            "seconds": record.seconds,
            "training_cost": record.training_cost(),
            "validation_cost": record.validation.map(|score| score.cost),
            "validation_accuracy": record.validation.map(|score| score.accuracy),
        });
        if let Some(score) = record.training {
            epoch["training_accuracy"] = score.accuracy.into();
        }
        epoch
    };
    let name = |choice: &dyn std::fmt::Debug| format!("{choice:?}");
    json!({
        "config": {
            "data": source, "sizes": options.sizes, "cost": name(&options.cost), "hidden": name(&options.hidden),
            "optimizer": name(&options.optimizer), "mu": options.mu, "eta": options.eta,
            "schedule": name(&options.schedule), "patience": options.patience, "l1": options.l1, "l2": options.l2,
            "init": name(&options.init), "batch": options.batch, "epochs": options.epochs,
            "stop": name(&options.stop), "stop_n": options.stop_n, "train": options.train,
            "validation": options.validation, "precision": name(&options.precision), "seed": options.seed,
        },
        "epochs": report.history.epochs().iter().map(epoch).collect::<Vec<_>>(),
        "stop_reason": report.stop_reason.to_string(),
        "best_epoch": report.best_epoch,
        "test_accuracy": test.accuracy,
        "test_cost": test.cost,
    })
}
