//! Writes trained networks as Rust source, compiles them, and compares their outputs with the networks' bit by bit.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use gradus::export::RustSource;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::RngExt;

mod shared;

/// Trains two small networks and writes them as Rust source, which needs neither an allocator nor the standard library
///
/// `digits` reads digits, `digits_i8` is the same network with weights in 8 bits, and `flowers` classifies three kinds
/// of flowers by four lengths. Each is compiled and run on this machine, and with --device on a Cortex-M, where its
/// outputs must be bitwise those of the network.
#[derive(Debug, Parser)]
struct Options {
    /// Folder for the sources, with a folder for each network
    #[arg(long, default_value = "target/firmware")]
    out: PathBuf,
    /// Directory of the four MNIST files [default: synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Epochs
    #[arg(long, default_value_t = 15)]
    epochs: usize,
    /// Also build for a Cortex-M and run under qemu: calls tools/firmware/run, which installs Debian packages
    #[arg(long)]
    device: bool,
    /// About a second: 2 epochs
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.epochs = 2;
    }
    shared::exit(run(&options))
}

/// Number of samples that are compared.
const SAMPLES: usize = 20;

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (network, test) = digits(options)?;
    let source = RustSource::of(&network)?;
    let rounded = source.clone().in_eight_bits(&test)?;
    if let Some(loss) = rounded.loss() {
        println!("digits: {loss}\n");
    }
    let (mut flowers, lengths) = flowers(options)?;
    let flowers_source = RustSource::of_predictor(&flowers)?;
    let mut kinds = DMatrix::zeros(3, SAMPLES);
    flowers
        .predict_each(&lengths, |j, prediction| kinds.column_mut(j).copy_from_slice(prediction.values()))?;

    let mut x = DMatrix::zeros(784, SAMPLES);
    test.gather(1, &(0..SAMPLES).collect::<Vec<_>>(), &mut x, &mut DMatrix::zeros(10, SAMPLES))?;
    println!("network    multiply-adds  constants  bytes of source  compiled in  outputs on this machine");
    let mut folders = Vec::new();
    for (name, source, x, expected) in [
        ("digits", &source, &x, network.predict(&x)?),
        ("digits_i8", &rounded, &x, rounded.network().predict(&x)?),
        ("flowers", &flowers_source, &lengths, kinds),
    ] {
        let folder = options.out.join(name);
        write(&folder, source, x, &expected)?;
        let on_host = on_this_machine(&folder)?;
        let (operations, constants) = (source.multiply_adds(), source.constant_bytes());
        println!("{name:10} {operations:>13}  {constants:>9}  {:>15}  {on_host}", source.text().len());
        folders.push(folder);
    }
    if options.device {
        println!();
        let status = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tools/firmware/run"))
            .args(folders)
            .status()?;
        if !status.success() {
            return Err("tools/firmware/run failed; see its messages above".into());
        }
    }
    Ok(())
}

/// Writes the source, samples with the bits of their expected outputs, and a program that compares them.
fn write(
    folder: &Path,
    source: &RustSource,
    x: &DMatrix<f32>,
    expected: &DMatrix<f32>,
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    source.save(folder.join("network.rs"))?;
    let mut samples = "#[cfg_attr(target_os = \"none\", unsafe(link_section = \".samples\"))]\n".to_owned();
    writeln!(samples, "pub static SAMPLES: [([f32; N_INPUTS], [u32; N_OUTPUTS]); {}] = [", x.ncols())?;
    for (x, expected) in x.column_iter().zip(expected.column_iter()) {
        let bits: Vec<u32> = expected.iter().map(|output| output.to_bits()).collect();
        writeln!(samples, "    ({:?}, {bits:?}),", x.as_slice())?;
    }
    fs::write(folder.join("samples.rs"), samples + "];\n")?;
    let program = r#"#![deny(warnings)]
mod network;
mod samples {
    use super::network::{N_INPUTS, N_OUTPUTS};
    include!("samples.rs");
}
fn main() {
    let same = samples::SAMPLES.iter().all(|(x, expected)| network::predict(x).map(f32::to_bits) == *expected);
    println!("{}", if same { "same bits" } else { "OTHER BITS" });
}
"#;
    Ok(fs::write(folder.join("main.rs"), program)?)
}

/// Compiles and runs the program in `folder`. Returns the end of its row in the table.
fn on_this_machine(folder: &Path) -> Result<String, Box<dyn Error>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let start = Instant::now();
    let mut compiler = Command::new(rustc);
    compiler.current_dir(folder).args(["--edition=2024", "-O", "main.rs"]);
    match compiler.status() {
        Ok(status) if status.success() => {}
        Ok(_) => return Err(format!("{} does not compile", folder.display()).into()),
        Err(error) => {
            return Ok(format!("skipped: rustc cannot be run ({error}); set the variable RUSTC to its path"));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let output = Command::new(fs::canonicalize(folder)?.join("main")).output()?;
    let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match answer.as_str() {
        "same bits" => Ok(format!("{seconds:>9.1} s  {answer}")),
        _ => Err(format!("{}: the outputs differ from those of the network", folder.display()).into()),
    }
}

/// Returns a network that reads digits, and test digits.
fn digits(options: &Options) -> gradus::Result<(Network<f32, Sigmoid, Softmax>, Dataset<f32>)> {
    let (training, test) = match &options.data {
        Some(directory) => {
            let Mnist { training, test, .. } = Mnist::<f32>::load(directory)?;
            (training, test)
        }
        None => Dataset::<f32>::synthetic_digits(3000, 1)?.split_at(2000)?,
    };
    let mut network = Network::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    trainer(LogLikelihood, options)?.fit(&mut network, &training, None)?;
    Ok((network, test))
}

/// Returns a predictor of a flower's kind from four lengths in centimetres, and the lengths of some flowers.
fn flowers(options: &Options) -> gradus::Result<(Predictor<f32, Tanh, Softmax>, DMatrix<f32>)> {
    let kinds = [[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]];
    let mut rng = generator(1, Purpose::User, 0, 0);
    let labels: Vec<usize> = (0..600).map(|_| rng.random_range(0..3)).collect();
    let x =
        DMatrix::from_fn(4, labels.len(), |i, j| kinds[labels[j]][i] + 0.3 * f32::sample_normal(&mut rng));
    let data = Dataset::from_labels(x.clone(), &labels, 3)?;
    let scaler = Standardize.fit(&data)?;
    let meaning = Meaning::of(&data).with_input_scaler(scaler.clone()).with_class_names(&[
        "setosa",
        "versicolor",
        "virginica",
    ]);
    let mut network = Network::new(&[4, 16, 3], Tanh, Softmax::default(), &ByActivation, 1)?;
    trainer(LogLikelihood, options)?.fit(&mut network, &scaler.transform(data)?, None)?;
    Ok((Predictor::new(network, meaning)?, x.columns(0, SAMPLES).into_owned()))
}

fn trainer<C: Cost<f32, Softmax> + 'static>(cost: C, options: &Options) -> gradus::Result<Trainer<f32, C>> {
    Ok(Trainer::new(cost).optimizer(Adam::default()).stop(MaxEpochs::new(options.epochs)?).seed(1))
}
