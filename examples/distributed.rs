//! Several processes train one network; the result is bitwise that of one process.
//!
//! ```sh
//! cargo build --release --features mpi --example distributed
//! mpirun -n 4 target/release/examples/distributed --leaves 4 --epochs 3
//! target/release/examples/distributed --leaves 4 --epochs 3 # one process, the same bits
//! ```

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use gradus::data::augment::Elastic;
use gradus::prelude::*;

/// Trains on MNIST or on synthetic digits, as one process or as several that `mpirun` starts (feature `mpi`)
///
/// The last line is a hash of all parameters and of the history. It is the same for any number of ranks and threads.
#[derive(Parser)]
struct Arguments {
    /// Directory of the four MNIST files, or a file of `Streamed` whose name ends in .samples [default: synthetic
    /// digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Neurons of each layer, the inputs first
    #[arg(long, value_delimiter = ',', default_value = "784,100,10")]
    sizes: Vec<usize>,
    /// Mini-batch size m
    #[arg(long, default_value_t = 128)]
    batch: usize,
    /// Leaves: parts of a mini-batch whose gradients are summed in a fixed tree; at least as many as ranks
    #[arg(long, default_value_t = 4)]
    leaves: usize,
    /// Epochs
    #[arg(long, default_value_t = 3)]
    epochs: usize,
    /// Seed of the initial weights, of the order of the samples and of the synthetic digits
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads of each rank
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Synthetic training digits, without --data
    #[arg(long, default_value_t = 12_000)]
    train: usize,
    /// Train in double precision
    #[arg(long)]
    f64: bool,
    /// Train with dropout, clipped Adam and elastic distortion
    #[arg(long)]
    rich: bool,
    /// Save the run to this file after each epoch, and resume from it if it exists
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// Save the run after this number of steps instead of after each epoch
    #[arg(long, requires = "checkpoint")]
    every: Option<u64>,
    /// Seconds after which a rank that does not answer is reported as lost
    #[arg(long, default_value_t = 30.0)]
    patience: f64,
    /// A few seconds: 2,000 digits, 2 epochs
    #[arg(long)]
    quick: bool,
}

fn main() -> std::process::ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        (arguments.train, arguments.epochs) = (2_000, 2);
    }
    let result = if arguments.f64 { train::<f64>(&arguments) } else { train::<f32>(&arguments) };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn train<T: Real>(arguments: &Arguments) -> gradus::Result<()> {
    #[cfg(feature = "mpi")]
    let ranks = std::sync::Arc::new(gradus::ranks::Mpi::start()?);
    #[cfg(feature = "mpi")]
    let agreed = |result| gradus::ranks::agree(&ranks, result);
    #[cfg(not(feature = "mpi"))]
    let agreed = |result| result;
    #[cfg(feature = "mpi")]
    let is_first = gradus::ranks::Communicator::rank(&ranks) == 0;
    #[cfg(not(feature = "mpi"))]
    let is_first = true;
    #[cfg(feature = "mpi")]
    if gradus::ranks::Communicator::size(&ranks) > 1 {
        // If a rank is killed, `mpirun` says which process it was.
        eprintln!("{ranks:?}, has the number {}", std::process::id());
    }

    let (training, validation) = agreed(data::<T>(arguments))?;
    let distortion = Elastic::new(4.0, 30.0)?;
    let distorted;
    let training: &dyn Samples<T> = if arguments.rich {
        distorted = Augmented::new(&training, (28, 28), distortion, arguments.seed)?;
        &distorted
    } else {
        &training
    };

    let mut trainer = Trainer::new(LogLikelihood)
        .schedule(Constant::new(if arguments.rich { 0.001 } else { 0.1 })?)
        .stop(MaxEpochs::new(arguments.epochs)?)
        .mini_batch(arguments.batch)
        .leaves(arguments.leaves)
        .seed(arguments.seed)
        .threads(arguments.threads)
        .patience(
            std::time::Duration::try_from_secs_f64(arguments.patience).unwrap_or(std::time::Duration::MAX),
        );
    if arguments.rich {
        let adam = ClipByGlobalNorm::new(Adam::default(), 1.0)?;
        trainer = trainer.optimizer(adam).dropout(Dropout::new(0.1, 0.2)?);
    }
    if let Some(path) = &arguments.checkpoint {
        trainer = trainer.checkpoint(path, arguments.every.map_or(Every::Epochs(1), Every::Steps));
    }
    #[cfg(feature = "mpi")]
    {
        trainer = trainer.ranks(ranks);
    }

    let mut network =
        Network::<T, _, _>::new(&arguments.sizes, Relu, Softmax::default(), &ByActivation, arguments.seed)?;
    let saved = arguments.checkpoint.as_ref().filter(|path| path.exists());
    let start = Instant::now();
    let report = match saved {
        Some(path) => trainer.resume(Run::load(path)?, &mut network, training, Some(&validation))?,
        None => trainer.fit(&mut network, training, Some(&validation))?,
    };
    if is_first {
        let seconds: f64 = report.history.epochs().iter().map(|record| record.seconds).sum();
        println!("{report}");
        println!("seconds: {:.3}, of these in training steps {seconds:.3}", start.elapsed().as_secs_f64());
        println!("bits: {:016x}", hash(&network, &report));
    }
    Ok(())
}

/// Training and validation data.
#[allow(clippy::type_complexity)]
fn data<T: Real>(arguments: &Arguments) -> gradus::Result<(Box<dyn Samples<T>>, Dataset<T>)> {
    match &arguments.data {
        Some(path) if path.extension().is_some_and(|extension| extension == "samples") => {
            let validation = Dataset::synthetic_digits(1_000, arguments.seed + 1)?;
            Ok((Box::new(Streamed::open([path])?), validation))
        }
        Some(directory) => {
            let mnist = Mnist::load(directory)?;
            Ok((Box::new(mnist.training), mnist.test))
        }
        None => {
            let digits = Dataset::synthetic_digits(arguments.train + 1_000, arguments.seed)?;
            let (training, validation) = digits.split_at(arguments.train)?;
            Ok((Box::new(training), validation))
        }
    }
}

/// FNV-1a hash of all parameters, of the history without its seconds, and of the kept epoch.
fn hash<T: Real>(network: &Network<T, Relu, Softmax>, report: &Report<T>) -> u64 {
    let parameters = ParameterArrays::from_network(network);
    let parameters = parameters.values().iter().map(|value| value.to_f64());
    let history = report.history.epochs().iter().flat_map(|record| {
        let scores = record.validation.iter().flat_map(|scores| [scores.cost(), scores.accuracy()]);
        [record.learning_rate, record.running_cost, record.penalty]
            .into_iter()
            .chain(scores)
            .collect::<Vec<_>>()
    });
    let all = parameters.chain(history).chain([report.kept_epoch as f64]);
    all.flat_map(|value| value.to_bits().to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
