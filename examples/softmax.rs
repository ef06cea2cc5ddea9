//! Exercises 6 to 11: the outputs of a softmax layer, their derivatives, and the gradient of the log-likelihood.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot;
use shared::plot::{Chart, Scale};

mod shared;

/// A layer of softmax neurons: sum, Jacobian, dependence on one weighted input, inversion, the gradient of the
/// log-likelihood, and sharpness.
#[derive(Debug, Parser)]
struct Options {
    /// Weighted inputs z of the layer, comma-separated; the last is varied from −5 to 5, and its class is the target
    #[arg(long, value_delimiter = ',', default_value = "2.5,-1,3.2,0.5", allow_hyphen_values = true)]
    z: Vec<f64>,
    /// No effect; accepted as in the other examples
    #[arg(long)]
    quick: bool,
}

/// Weighted inputs with a tie of the two largest, and a third that is close to them.
const TIED: [f64; 4] = [1.0, 1.0, 0.9, 0.0];

fn main() -> ExitCode {
    shared::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let z = &options.z[..];
    if z.len() < 2 || z.iter().any(|z| !z.is_finite()) {
        return Err("--z needs at least two finite numbers, such as --z 2.5,-1,3.2,0.5".into());
    }
    println!("A layer with the weighted inputs z = {z:?}");
    sums(z);
    monotonicity(z);
    non_locality(z);
    inversion(z);
    log_likelihood(z)?;
    sharpness()?;

    let charts = [
        outputs_chart("Softmax: every output moves, the sum stays", &Softmax::default(), 1.7, z)?,
        outputs_chart("Sigmoid: one output moves, and the sum with it", &Sigmoid, 1.3 * z.len() as f64, z)?,
        jacobian_chart(z)?,
        inversion_chart(z),
        gradient_chart(z)?,
        sharpness_chart()?,
    ];
    let title = format!("A softmax layer of {} neurons", z.len());
    println!("\n{}", plot::save("softmax", &title, 2, &charts)?.display());
    Ok(())
}

/// Returns a = f(z) for one example.
fn activate(f: &impl Activation<f64>, z: &[f64]) -> Vec<f64> {
    let mut a = DMatrix::zeros(z.len(), 1);
    f.activate(&DMatrix::from_column_slice(z.len(), 1, z), &mut a);
    a.as_slice().to_vec()
}

fn softmax(z: &[f64]) -> Vec<f64> {
    activate(&Softmax::default(), z)
}

/// Returns ∂a_j/∂z_k with a row for each output j: row j is the transposed Jacobian times the unit vector e_j.
fn jacobian(f: &impl Activation<f64>, z: &[f64]) -> DMatrix<f64> {
    let n = z.len();
    let (z, a) = (DMatrix::from_column_slice(n, 1, z), DMatrix::from_column_slice(n, 1, &activate(f, z)));
    let mut jacobian = DMatrix::zeros(n, n);
    for j in 0..n {
        let mut row = DMatrix::zeros(n, 1);
        row[j] = 1.0;
        f.pull_back(&z, &a, &mut row);
        jacobian.set_row(j, &row.column(0).transpose());
    }
    jacobian
}

/// Returns the layer as a network whose biases are z and whose weights are 0.
fn layer(z: &[f64]) -> gradus::Result<Network<f64, Linear, Softmax>> {
    let (weights, biases) = (DMatrix::zeros(z.len(), 1), DVector::from_column_slice(z));
    Network::from_layers(vec![], Dense { weights, biases, activation: Softmax::default() })
}

/// Returns the log-likelihood cost and ∂C/∂b by backpropagation, with the last class as target.
fn cost_and_gradient(z: &[f64]) -> gradus::Result<(f64, Vec<f64>)> {
    let network = layer(z)?;
    let sizes = network.sizes();
    let (mut workspace, mut gradient) = (Workspace::new(&sizes, 1)?, ParameterArrays::zeros(&sizes));
    let mut batch = Batch::zeros(1, z.len(), 1)?;
    batch.y[z.len() - 1] = 1.0;
    network.forward(&batch.x, &mut workspace);
    network.backward(&LogLikelihood, &batch, &mut workspace, &mut gradient);
    let cost = network.cost(&LogLikelihood, &batch, &mut workspace);
    Ok((cost, gradient.biases(0).iter().copied().collect()))
}

fn with_last(z: &[f64], last: f64) -> Vec<f64> {
    let (_, others) = z.split_last().unwrap_or((&0.0, &[]));
    others.iter().copied().chain([last]).collect()
}

// ---------------------------------------------------------------------------------------------------- tables

/// Prints a row of the table: its name and its values.
fn line(name: &str, values: impl IntoIterator<Item = f64>) {
    let cells: String = values.into_iter().map(|value| format!("{value:>10.4}")).collect();
    println!("{name:<28}{cells}");
}

fn sums(z: &[f64]) {
    println!(
        "\nExercise 6. Outputs, with their sum in the last column: 1 for softmax, any value for sigmoids.\n"
    );
    for (name, a) in [("sigmoid", activate(&Sigmoid, z)), ("softmax", softmax(z))] {
        let sum = a.iter().sum();
        line(name, a.into_iter().chain([sum]));
    }
}

fn monotonicity(z: &[f64]) {
    println!(
        "\nExercise 7. ∂a_j/∂z_k, a row for each a_j and a column for each z_k: > 0 for j = k, < 0 elsewhere.\n"
    );
    let jacobian = jacobian(&Softmax::default(), z);
    for (j, row) in jacobian.row_iter().enumerate() {
        let cells: String = row.iter().map(|value| format!("{value:>+10.4}")).collect();
        println!("{:<28}{cells}", format!("a_{}", j + 1));
    }
}

fn non_locality(z: &[f64]) {
    let n = z.len();
    println!("\nExercise 8. Outputs for three values of z_{n}, and the ratio a_1/a_2:");
    println!(
        "all softmax outputs change, and only this ratio stays; of the sigmoids only the last changes.\n"
    );
    for last in [-4.0, 0.0, 4.0] {
        let a = softmax(&with_last(z, last));
        let ratio = a[0] / a[1];
        line(&format!("softmax, z_{n} = {last}"), a.into_iter().chain((n > 2).then_some(ratio)));
    }
    for last in [-4.0, 0.0, 4.0] {
        line(&format!("sigmoid, z_{n} = {last}"), activate(&Sigmoid, &with_last(z, last)));
    }
}

fn inversion(z: &[f64]) {
    println!(
        "\nExercise 9. z_j − ln a_j = C = ln Σ e^z is the same for all j. C depends on z, and the outputs do"
    );
    println!("not determine it: with 100 added to every z they are the same.\n");
    let examples = [("z", z.to_vec()), ("−z", z.iter().map(|z| -z).collect())];
    let shifted = ("z + 100", z.iter().map(|z| z + 100.0).collect::<Vec<_>>());
    for (name, z) in examples.into_iter().chain([shifted]) {
        let a = softmax(&z);
        line(&format!("{name}: outputs"), a.iter().copied());
        line(&format!("{name}: z_j − ln a_j"), z.iter().zip(&a).map(|(z, a)| z - a.ln()));
    }
}

fn log_likelihood(z: &[f64]) -> gradus::Result<()> {
    let n = z.len();
    println!(
        "\nExercise 10. C = −ln a_{n} depends on one output directly, but its gradient is nonzero for all of them.\n"
    );
    let a = softmax(z);
    let error = |(j, a): (usize, &f64)| if j + 1 == n { a - 1.0 } else { *a };
    line("a_j − y_j", a.iter().enumerate().map(error));
    line("∂C/∂b_j, backpropagation", cost_and_gradient(z)?.1);
    let h = 1e-5;
    let difference = |j: usize| {
        let cost = |h: f64| {
            let mut z = z.to_vec();
            z[j] += h;
            Ok(cost_and_gradient(&z)?.0)
        };
        Ok((cost(h)? - cost(-h)?) / (2.0 * h))
    };
    line("∂C/∂b_j, differences", (0..n).map(difference).collect::<gradus::Result<Vec<_>>>()?);
    Ok(())
}

fn sharpness() -> gradus::Result<()> {
    println!(
        "\nExercise 11. Outputs for z = {TIED:?} and sharpness c: from a uniform distribution to the maximum,"
    );
    println!("which two outputs share. The third is close, and falls only when c times the gap is large.\n");
    for c in [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0] {
        line(&format!("c = {c}"), activate(&Softmax::with_sharpness(c)?, &TIED));
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- pictures

/// Returns values from −5 to 5.
fn slider() -> impl Iterator<Item = f64> + Clone {
    (-100..=100).map(|i| f64::from(i) / 20.0)
}

/// Adds a line for each neuron: the values of `of` while the last z varies.
fn lines(
    mut chart: Chart,
    name: &str,
    z: &[f64],
    of: impl Fn(&[f64]) -> gradus::Result<Vec<f64>>,
) -> gradus::Result<Chart> {
    let values = slider().map(|last| Ok((last, of(&with_last(z, last))?)));
    let values = values.collect::<gradus::Result<Vec<_>>>()?;
    for j in 0..z.len() {
        let name = name.replace('#', &(j + 1).to_string());
        chart = chart.line(&name, values.iter().map(|(last, values)| (*last, values[j])));
    }
    Ok(chart)
}

fn moving(title: &str, z: &[f64], y: &str) -> Chart {
    let x = format!("z_{0}, the others being {1:?}", z.len(), &z[..z.len() - 1]);
    Chart::new(title, &x, y)
}

fn outputs_chart(title: &str, f: &impl Activation<f64>, top: f64, z: &[f64]) -> gradus::Result<Chart> {
    let chart = moving(title, z, "output a_j").y_range(0.0, top);
    let sum = |last: f64| activate(f, &with_last(z, last)).iter().sum();
    let sums = slider().map(|last| (last, sum(last)));
    Ok(lines(chart, "a_#", z, |z| Ok(activate(f, z)))?.dashed("sum", sums).colour(6))
}

fn jacobian_chart(z: &[f64]) -> gradus::Result<Chart> {
    let last = z.len() - 1;
    let column = |z: &[f64]| Ok(jacobian(&Softmax::default(), z).column(last).iter().copied().collect());
    let y = format!("∂a_j/∂z_{}", z.len());
    lines(moving("One slope is positive, the others are negative", z, &y), "j = #", z, column)
}

/// ln a_j against z_j for the neurons of two examples, on lines of slope 1.
fn inversion_chart(z: &[f64]) -> Chart {
    let mut chart = Chart::new("Inverted: ln a_j = z_j − C, with C for the example", "z_j", "ln a_j");
    let others: Vec<f64> = z.iter().map(|z| -z).collect();
    for (name, z) in [("z", z), ("−z", &others)] {
        let points: Vec<(f64, f64)> = z.iter().zip(softmax(z)).map(|(&z, a)| (z, a.ln())).collect();
        let constant = points[0].0 - points[0].1;
        chart = chart.dots(&format!("the layer with {name}, C = {constant:.2}"), points);
        let (least, most) = z.iter().fold((z[0], z[0]), |(a, b), &z| (a.min(z), b.max(z)));
        chart = chart.line("", [least, most].map(|z| (z, z - constant))).same_colour(1);
    }
    chart
}

fn gradient_chart(z: &[f64]) -> gradus::Result<Chart> {
    let title = format!("Log-likelihood, {} being right: all outputs learn", z.len());
    let chart = moving(&title, z, "∂C/∂b_j = a_j − y_j").y_range(-1.05, 1.8);
    lines(chart, "j = #", z, |z| Ok(cost_and_gradient(z)?.1))
}

fn sharpness_chart() -> gradus::Result<Chart> {
    let exponents = (-40..=80).map(|i| f64::from(i) / 40.0);
    let of = |c: f64| Ok((c, activate(&Softmax::with_sharpness(c)?, &TIED)));
    let all: Vec<(f64, Vec<f64>)> = exponents.map(|e| of(10f64.powf(e))).collect::<gradus::Result<_>>()?;
    let mut chart = Chart::new("Sharper: from everyone's share to the maximum", "sharpness c", "output a_j")
        .x_scale(Scale::Log)
        .y_range(0.0, 0.6);
    let names = ["z = 1, twice", "", "z = 0.9", "z = 0"];
    for (j, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        chart = chart.line(name, all.iter().map(|(c, a)| (*c, a[j])));
    }
    Ok(chart)
}
