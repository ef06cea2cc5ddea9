//! From a CSV file to a saved model: split, scaling, selection by cross-validation, early stopping, evaluation.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use gradus::prelude::*;
use gradus::{TableError, TableProblem};

mod shared;

/// Learns to predict one column of a CSV file from the others.
///
/// Whether the column holds classes or numbers is detected. A column `split` with the words train and test divides the
/// rows; without it a random quarter of them is for the test. The activation of the hidden neurons, the strength of
/// weight decay and the number of epochs are chosen by cross-validation on the training rows, with early stopping in
/// each fold. Then the network is trained on all training rows, and the test rows are used once.
#[derive(Debug, Parser)]
struct Options {
    /// The CSV file, with the names of the columns in its first line [default: the iris data of the crate]
    #[arg(long, requires = "target")]
    data: Option<PathBuf>,
    /// The column to predict
    #[arg(long)]
    target: Option<String>,
    /// Columns to leave out, comma-separated
    #[arg(long, value_delimiter = ',')]
    ignore: Vec<String>,
    /// Write the results to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Save the model to this file
    #[arg(long, default_value = "target/table.safetensors")]
    save: PathBuf,
    /// Folds of the cross-validation
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Seed of splits, initial weights and the order of the rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Train one candidate only, without a choice
    #[arg(long)]
    quick: bool,
}

/// Settings from which the cross-validation chooses.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    activation: &'static str,
    /// λ of L2.
    lambda: f64,
}

/// Few and far apart, as each is trained once per fold.
const CANDIDATES: [Candidate; 4] = [
    Candidate { activation: "tanh", lambda: 0.01 },
    Candidate { activation: "tanh", lambda: 0.3 },
    Candidate { activation: "silu", lambda: 1.0 },
    Candidate { activation: "silu", lambda: 10.0 },
];

const HIDDEN: usize = 64;
const MINI_BATCH: usize = 32;
const RATE: f64 = 0.005;

/// Patience of a fold by validation cost, and its maximum number of epochs.
const PATIENCE: usize = 20;
const MAX_EPOCHS: usize = 1000;

/// The data, and the cost and output layer for the task.
struct Job<C, O> {
    table: Table<f32>,
    training: Dataset<f32>,
    test: Dataset<f32>,
    cost: C,
    output: O,
}

fn main() -> ExitCode {
    shared::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let table = read(options)?;
    println!("{table}");
    let (training, test) = split(&table, options.seed)?;
    println!("{} rows for training, {} for the test\n", training.len(), test.len());
    match table.data.task() {
        Task::Regression => learn(options, Job { table, training, test, cost: Quadratic, output: Linear }),
        _ => learn(options, Job { table, training, test, cost: LogLikelihood, output: Softmax::default() }),
    }
}

/// Reads the table. A column `split` is a tag and no input.
fn read(options: &Options) -> gradus::Result<Table<f32>> {
    let iris = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv"));
    let path = options.data.as_deref().unwrap_or(iris);
    let csv = Csv::new().target(options.target.as_deref().unwrap_or("species"));
    let csv = options.ignore.iter().fold(csv, |csv, column| csv.ignore(column));
    match csv.clone().tag("split").open(path) {
        Err(gradus::Error::Table(error)) if is_about_split(&error) => csv.open(path),
        table => table,
    }
}

fn is_about_split(error: &TableError) -> bool {
    matches!(&error.problem, TableProblem::UnknownColumn { wanted, .. } if wanted == "split")
}

/// Returns the rows for training and test: divided by the column `split`, or else a quarter for the test.
fn split(table: &Table<f32>, seed: u64) -> gradus::Result<(Dataset<f32>, Dataset<f32>)> {
    if table.tag("split").is_ok() {
        return Ok((table.tagged("split", "train")?, table.tagged("split", "test")?));
    }
    let split = match table.data.task() {
        Task::Regression => Split::shuffled(seed),
        _ => Split::stratified(seed),
    };
    let [training, test] = split.fractions(&table.data, [0.75, 0.25])?;
    Ok((training, test))
}

fn learn<C, O>(options: &Options, job: Job<C, O>) -> Result<(), Box<dyn Error>>
where
    C: Cost<f32, O> + Clone + 'static,
    O: Activation<f32> + Clone + std::str::FromStr<Err = gradus::Error>,
{
    let start = Instant::now();
    let (candidate, epochs) = choose(options, &job)?;

    let Job { table, training, test, cost, output } = job;
    let scaler = Standardize.fit(&training)?;
    let (mut meaning, mut data) =
        (table.meaning().with_input_scaler(scaler.clone()), scaler.transform(training.clone())?);
    let mut test = scaler.transform(test)?;
    let mut unit = None;
    if table.data.task() == Task::Regression {
        let targets = Standardize.fit_targets(&training)?;
        (data, test) = (targets.transform_targets(data)?, targets.transform_targets(test)?);
        unit = Some(targets.widths().to_vec());
        meaning = meaning.with_target_scaler(targets);
    }
    let mut network = begin(&data, candidate, &output, options.seed)?;
    let report = trainer(&cost, candidate, options.seed)?.stop(MaxEpochs::new(epochs)?).fit(
        &mut network,
        &data,
        None,
    )?;
    let seconds = start.elapsed().as_secs_f64();
    println!("\nTrained on all training rows for {epochs} epochs.\n{report}");

    let measures: &[&dyn Measure] = match table.data.task() {
        Task::Regression => &[&MeanAbsoluteError],
        _ => &[&BalancedAccuracy, &F1::macro_average()],
    };
    let evaluation = evaluate_with(&network, &cost, &test, measures)?;
    println!("\nOn the test rows: {}", evaluation.scores);
    if let (Some(error), Some([width])) = (evaluation.scores.get("mean absolute error"), unit.as_deref()) {
        println!("The mean absolute error is {:.4} in the units of the target.", error * width);
    }
    if let Some(confusion) = evaluation.confusion {
        print!("{}", confusion.with_class_names(table.columns.class_names())?);
    }
    let importance = PermutationImportance::new(10)?.seed(options.seed).columns(&table.columns);
    println!("\n{}", importance.of(&network, &cost, &test)?);

    if let Some(parent) = options.save.parent() {
        fs::create_dir_all(parent)?;
    }
    Predictor::new(network, meaning)?.save(&options.save)?;
    println!("\nsaved to {}", options.save.display());
    let score = evaluation.scores.get(if unit.is_some() { "R²" } else { "accuracy" });
    if let Some(path) = &options.json {
        let results = serde_json::json!({ "test_score": score, "seconds": seconds, "kept_epoch": epochs });
        fs::write(path, format!("{results:#}\n"))?;
    }
    Ok(())
}

/// Returns the candidate with the lowest validation cost over the folds, and the median of its best epochs.
fn choose<C, O>(options: &Options, job: &Job<C, O>) -> Result<(Candidate, usize), Box<dyn Error>>
where
    C: Cost<f32, O> + Clone + 'static,
    O: Activation<f32> + Clone,
{
    let regression = job.table.data.task() == Task::Regression;
    let split = if regression { Split::shuffled(options.seed) } else { Split::stratified(options.seed) };
    let validation = CrossValidation::new(options.folds).split(split).scale_inputs(Standardize);
    let validation = if regression { validation.scale_targets(Standardize) } else { validation };
    let cost = Metric::validation(MeanCost);
    let mut best: Option<(f64, Candidate, usize)> = None;
    println!("chosen by cross-validation:\nactivation       λ  validation cost      score  epochs");
    for candidate in CANDIDATES.into_iter().take(if options.quick { 1 } else { CANDIDATES.len() }) {
        let Candidate { activation, lambda } = candidate;
        let folds = validation.map(&job.training, |fold| {
            let mut network = begin(&fold.training, candidate, &job.output, options.seed)?;
            let rule = NoImprovement::new(PATIENCE)?.monitor(cost.clone()).or(MaxEpochs::new(MAX_EPOCHS)?);
            let trainer = trainer(&job.cost, candidate, options.seed)?.stop(rule).keep_best(cost.clone());
            let report = trainer.fit(&mut network, &fold.training, Some(&fold.validation))?;
            Ok((report.kept_epoch, evaluate(&network, &job.cost, &fold.validation)?.scores))
        })?;
        let (mut epochs, scores): (Vec<usize>, Vec<Scores>) = folds.into_iter().unzip();
        epochs.sort_unstable();
        let (epochs, scores) = (epochs[epochs.len() / 2].max(1), CrossValidated { folds: scores });
        let score =
            scores.spread(if regression { "R²" } else { "accuracy" }).map_or(f64::NAN, |spread| spread.mean);
        let mean = scores.spread("cost").map_or(f64::INFINITY, |spread| spread.mean);
        println!("{activation:>10}  {lambda:>6}  {mean:>15.5}  {score:>9.4}  {epochs:>6}");
        if best.is_none_or(|(lowest, ..)| mean < lowest) {
            best = Some((mean, candidate, epochs));
        }
    }
    best.map(|(_, candidate, epochs)| (candidate, epochs)).ok_or_else(|| "there are no candidates".into())
}

fn begin<O: Activation<f32> + Clone>(
    data: &Dataset<f32>,
    candidate: Candidate,
    output: &O,
    seed: u64,
) -> gradus::Result<Network<f32, AnyActivation, O>> {
    let sizes = [data.n_inputs(), HIDDEN, data.n_outputs()];
    let activation: AnyActivation = candidate.activation.parse()?;
    Network::new(&sizes, activation, output.clone(), &ByActivation, seed)
}

fn trainer<C: Clone>(cost: &C, candidate: Candidate, seed: u64) -> gradus::Result<Trainer<f32, C>> {
    Ok(Trainer::new(cost.clone())
        .optimizer(Adam::default())
        .regularizer(L2::new(candidate.lambda)?)
        .schedule(Constant::new(RATE)?)
        .mini_batch(MINI_BATCH)
        .seed(seed))
}
