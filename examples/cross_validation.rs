//! How many hidden neurons? Cross-validation answers, with the spread over the folds.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use gradus::metrics::Spread;
use gradus::prelude::*;

mod shared;

/// Compares numbers of hidden neurons by cross-validation on a table of classes.
///
/// For each fold, the scaling and early stopping use rows of the other folds only, so that the rows of the fold serve
/// for nothing but the score. The accuracy on the training rows is printed beside it.
#[derive(Debug, Parser)]
struct Options {
    /// The CSV file, with the names of the columns in its first line [default: the iris data of the crate]
    #[arg(long, requires = "target")]
    data: Option<PathBuf>,
    /// The column that holds the classes
    #[arg(long)]
    target: Option<String>,
    /// Hidden neurons, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64")]
    hidden: Vec<usize>,
    /// Folds
    #[arg(long, default_value_t = 10)]
    folds: usize,
    /// Seed of folds, initial weights and the order of the rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About a second: 3 folds
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.folds = 3;
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let data = read(options)?;
    let validation =
        CrossValidation::new(options.folds).split(Split::stratified(options.seed)).scale_inputs(Standardize);
    println!("{} rows, {} folds\n", data.len(), options.folds);
    println!("hidden      accuracy on training rows   on rows of the fold      epochs");
    for &hidden in &options.hidden {
        let folds = validation.map(&data, |fold| score(fold, hidden, options.seed))?;
        let spread = |f: fn(&[f64; 3]) -> f64| Spread::of(&folds.iter().map(f).collect::<Vec<_>>());
        let (learned, other, epochs) = (spread(|f| 100.0 * f[0]), spread(|f| 100.0 * f[1]), spread(|f| f[2]));
        let [learned, other] = [learned, other].map(|accuracy| format!("{accuracy:.2} %"));
        println!("{hidden:>6}  {learned:>29}  {other:>20}  {:>10}", format!("{epochs:.0}"));
    }
    println!(
        "\nMean ± standard deviation over the folds. Take the smallest network within one deviation of the best."
    );
    Ok(())
}

/// Reads the table, without the column `split` of the iris flowers.
fn read(options: &Options) -> gradus::Result<Dataset<f64>> {
    let iris = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv"));
    let table = match (&options.data, &options.target) {
        (Some(path), Some(target)) => Csv::new().target(target).classes().open(path)?,
        _ => Csv::new().target("species").ignore("split").open(iris)?,
    };
    println!("{table}");
    Ok(table.data)
}

/// Returns the accuracy on the training rows, the accuracy on the rows of the fold, and the kept epoch.
fn score(fold: &Fold<f64>, hidden: usize, seed: u64) -> gradus::Result<[f64; 3]> {
    let [training, stopping] = Split::stratified(seed).fractions(&fold.training, [0.8, 0.2])?;
    let sizes = [training.n_inputs(), hidden, training.n_outputs()];
    let mut network = Network::new(&sizes, Tanh, Softmax::default(), &ByActivation, seed)?;
    let cost = Metric::validation(MeanCost);
    let report = Trainer::new(LogLikelihood)
        .optimizer(Adam::default())
        .schedule(Constant::new(0.01)?)
        .stop(NoImprovement::new(20)?.monitor(cost.clone()).or(MaxEpochs::new(300)?))
        .keep_best(cost)
        .seed(seed)
        .fit(&mut network, &training, Some(&stopping))?;
    let accuracy = |data| Ok(evaluate(&network, &LogLikelihood, data)?.scores.accuracy());
    Ok([accuracy(&training)?, accuracy(&fold.validation)?, report.kept_epoch as f64])
}
