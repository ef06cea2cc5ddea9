//! Exercise 12: rotated training images: the gain in accuracy by the largest angle, and the confusion of 6 and 9.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::{Chart, Scale};
use shared::{parallel, plot};

mod shared;

/// Test accuracy of 784-100-10 networks against the largest angle by which their training images are rotated.
///
/// Each image is rotated afresh in each epoch, by an angle drawn from −angle to +angle. All networks take the same
/// number of steps and are tested on the same upright images.
#[derive(Debug, Parser)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Largest angles in degrees, comma-separated; the others are compared with the first
    #[arg(long, value_delimiter = ',', default_value = "0,5,10,15,30,45,90,180")]
    angles: Vec<f64>,
    /// Seeds to average over
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Epochs of each run
    #[arg(long, default_value_t = 15)]
    epochs: usize,
    /// Training images, from the beginning of the training set
    #[arg(long, default_value_t = 50_000)]
    train: usize,
    /// Learning rate η of the first epoch; it falls linearly towards 0
    #[arg(long, default_value_t = 0.5)]
    eta: f64,
    /// A few seconds instead of minutes: 1,000 images, 5 epochs, one seed, four angles
    #[arg(long)]
    quick: bool,
}

/// Results of a network on the test images, in per cent.
struct Outcome {
    accuracy: f64,
    /// Sixes predicted as nines, and nines predicted as sixes.
    six_as_nine: f64,
    nine_as_six: f64,
    /// Sixes predicted as nines and nines predicted as sixes if the images are upside down.
    six_as_nine_turned: f64,
    nine_as_six_turned: f64,
    /// Images of the other eight digits with a wrong prediction.
    others_wrong: f64,
}

/// The means over the seeds at one angle.
struct Row {
    angle: f64,
    accuracy: (f64, f64, f64),
    six_as_nine: f64,
    nine_as_six: f64,
    six_as_nine_turned: f64,
    nine_as_six_turned: f64,
    others_wrong: f64,
}

/// Falls linearly from η in the first epoch towards 0. As the images change in each epoch, the gradient keeps
/// fluctuating, and only smaller steps let the parameters settle.
#[derive(Debug)]
struct Falling {
    eta: f64,
    epochs: usize,
}

impl LrSchedule for Falling {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        let left = (self.epochs + 1).checked_sub(progress.epoch).filter(|&left| left > 0)?;
        Some(self.eta * left as f64 / self.epochs as f64)
    }
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.train, options.epochs) = (1_000, 5);
        options.seeds.truncate(1);
        options.angles = vec![0.0, 10.0, 45.0, 180.0];
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Settings that cannot work are errors before the first run.
    options.angles.iter().try_for_each(|&angle| Rotation::up_to_degrees(angle).map(drop))?;
    let data = shared::digits::<f32>(options.data.as_deref(), options.train, 10_000)?;
    println!("{}\n{} training images, {} epochs per run", data.source, data.training.len(), options.epochs);

    let jobs: Vec<_> =
        options.angles.iter().flat_map(|&a| options.seeds.iter().map(move |&s| (a, s))).collect();
    let outcomes =
        parallel::map(&jobs, |&(angle, seed)| train(options, &data.training, &data.test, angle, seed))?;
    let by_angle: Vec<&[Outcome]> = outcomes.chunks(options.seeds.len().max(1)).collect();
    let rows: Vec<Row> =
        options.angles.iter().zip(&by_angle).map(|(&angle, all)| Row::new(angle, all)).collect();

    print_table(&rows, options.seeds.len());
    print_result(&rows, &by_angle);
    let charts = [accuracy_chart(&rows, &by_angle), six_and_nine_chart(&rows)];
    let title = "Training images rotated by a random angle, test images upright";
    println!("\n{}", plot::save("expand_data", title, 2, &charts)?.display());
    Ok(())
}

/// Trains on images rotated by up to `angle` degrees, and tests on upright ones and on upside-down ones.
fn train(
    options: &Options,
    training: &Dataset<f32>,
    test: &Dataset<f32>,
    angle: f64,
    seed: u64,
) -> gradus::Result<Outcome> {
    let turned = Augmented::new(training, (28, 28), Rotation::up_to_degrees(angle)?, seed)?;
    let mut network = Network::new(&[784, 100, 10], Sigmoid, Softmax::default(), &ScaledGaussian, seed)?;
    Trainer::new(LogLikelihood)
        .schedule(Falling { eta: options.eta, epochs: options.epochs })
        .stop(MaxEpochs::new(options.epochs)?)
        .seed(seed)
        .threads(1)
        .fit(&mut network, &turned, None)?;

    let confusion =
        |evaluation: Evaluation| evaluation.confusion.map_or_else(|| ConfusionMatrix::new(10), Ok);
    let upright = evaluate(&network, &LogLikelihood, test)?;
    let accuracy = 100.0 * upright.scores.accuracy();
    let upright = confusion(upright)?;
    let upside_down = Augmented::new(test, (28, 28), Rotation::by_degrees(180.0)?, 0)?;
    let upside_down = confusion(evaluate(&network, &LogLikelihood, &upside_down)?)?;

    let total = |truth: usize| (0..10).map(|answer| upright.get(truth, answer)).sum::<u64>() as f64;
    let taken = |confusion: &ConfusionMatrix, truth, answer| {
        100.0 * confusion.get(truth, answer) as f64 / total(truth)
    };
    let others = || (0..10).filter(|digit| ![6, 9].contains(digit));
    let wrong = |truth: usize| total(truth) - upright.get(truth, truth) as f64;
    Ok(Outcome {
        accuracy,
        six_as_nine: taken(&upright, 6, 9),
        nine_as_six: taken(&upright, 9, 6),
        six_as_nine_turned: taken(&upside_down, 6, 9),
        nine_as_six_turned: taken(&upside_down, 9, 6),
        others_wrong: 100.0 * others().map(wrong).sum::<f64>() / others().map(total).sum::<f64>(),
    })
}

impl Row {
    fn new(angle: f64, outcomes: &[Outcome]) -> Self {
        let mean = |value: fn(&Outcome) -> f64| parallel::spread(outcomes.iter().map(value)).0;
        Self {
            angle,
            accuracy: parallel::spread(outcomes.iter().map(|outcome| outcome.accuracy)),
            six_as_nine: mean(|outcome| outcome.six_as_nine),
            nine_as_six: mean(|outcome| outcome.nine_as_six),
            six_as_nine_turned: mean(|outcome| outcome.six_as_nine_turned),
            nine_as_six_turned: mean(|outcome| outcome.nine_as_six_turned),
            others_wrong: mean(|outcome| outcome.others_wrong),
        }
    }
}

fn print_table(rows: &[Row], seeds: usize) {
    println!("\nMeans over {seeds} seed(s), in per cent of the test images.\n");
    println!("                                              upright images            upside down");
    println!("rotation    accuracy (min … max)      gain    6 as 9  9 as 6  others    6 as 9  9 as 6");
    for row in rows {
        let (mean, least, most) = row.accuracy;
        let gain = mean - rows[0].accuracy.0;
        let Row {
            angle, six_as_nine, nine_as_six, six_as_nine_turned, nine_as_six_turned, others_wrong, ..
        } = row;
        println!(
            "≤ {angle:>4}°     {mean:>6.2}  ({least:.2} … {most:.2})   {gain:>+6.2}   {six_as_nine:>6.2}  \
             {nine_as_six:>6.2}  {others_wrong:>6.2}    {six_as_nine_turned:>6.2}  {nine_as_six_turned:>6.2}"
        );
    }
}

/// Prints the conclusions from the table.
fn print_result(rows: &[Row], by_angle: &[&[Outcome]]) {
    let all = rows.iter().zip(by_angle);
    let best = all.max_by(|(a, _), (b, _)| a.accuracy.0.total_cmp(&b.accuracy.0));
    let (Some((best, outcomes)), Some((first, seeds)), Some(last)) =
        (best, rows.first().zip(by_angle.first()), rows.last())
    else {
        return;
    };
    let better = outcomes.iter().zip(*seeds).filter(|(this, first)| this.accuracy > first.accuracy).count();
    println!(
        "\nBest is ≤ {}°: {:+.2} over ≤ {}°, better for {better} of {} seed(s).",
        best.angle,
        best.accuracy.0 - first.accuracy.0,
        first.angle,
        seeds.len(),
    );
    println!(
        "Upside down, {:.0} % of the sixes are predicted as 9 after training with ≤ {}°, {:.0} % with ≤ {}°.",
        first.six_as_nine_turned, first.angle, last.six_as_nine_turned, last.angle,
    );
}

/// Pairs each value with the place of its angle on the axis.
fn placed(values: impl Iterator<Item = f64>) -> impl Iterator<Item = (f64, f64)> {
    (0..).map(f64::from).zip(values)
}

fn angles(rows: &[Row]) -> Scale {
    Scale::Names(rows.iter().map(|row| format!("{}°", row.angle)).collect())
}

fn accuracy_chart(rows: &[Row], by_angle: &[&[Outcome]]) -> Chart {
    let each = (0..).map(f64::from).zip(by_angle);
    let each = each.flat_map(|(x, all)| all.iter().map(move |outcome| (x, outcome.accuracy)));
    let ends = [-0.5, rows.len() as f64 - 0.5];
    let upright = rows.first().map_or(f64::NAN, |row| row.accuracy.0);
    Chart::new("What small rotations gain", "largest angle in training", "test accuracy in %")
        .x_scale(angles(rows))
        .line("mean over the seeds", placed(rows.iter().map(|row| row.accuracy.0)))
        .dots("each seed", each)
        .same_colour(1)
        .dashed("at the first angle", ends.map(|x| (x, upright)))
}

fn six_and_nine_chart(rows: &[Row]) -> Chart {
    Chart::new(
        "What large rotations do to 6 and 9",
        "largest angle in training",
        "wrong in % of these images",
    )
    .x_scale(angles(rows))
    .line("6 predicted as 9", placed(rows.iter().map(|row| row.six_as_nine)))
    .line("9 predicted as 6", placed(rows.iter().map(|row| row.nine_as_six)))
    .dashed("other digits predicted wrongly", placed(rows.iter().map(|row| row.others_wrong)))
}
