//! Exercises 3 to 5: one neuron that starts with a badly wrong output, with costs that match its activation and one
//! that does not; and the factor x of the gradient, which no cost removes.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot;
use shared::plot::{Chart, Scale};

mod shared;

/// Trains one neuron with the input 1 and the target 0 from a bad start and from a worse one, with three pairs of cost
/// and activation.
#[derive(Debug, Parser)]
struct Options {
    /// Learning rate η of the sigmoid neuron with quadratic cost; the other pairs get the η that makes their first step
    /// from the bad start equally long
    #[arg(long, default_value_t = 0.15, allow_negative_numbers = true)]
    eta: f64,
    /// Epochs of the learning curves
    #[arg(long, default_value_t = 300)]
    epochs: usize,
    /// Leave out the worst starts, beyond z = 5
    #[arg(long)]
    quick: bool,
}

/// w and b of the book's two starts, with z = 1.5 and z = 4 for the input 1.
const STARTS: [(f64, f64); 2] = [(0.6, 0.9), (2.0, 2.0)];
/// An output that counts as learned.
const LEARNED: f64 = 0.1;
/// Epochs after which a run ends without having learned.
const PATIENCE: usize = 200_000;

/// A cost, the activation of the neuron, and the weighted input at which its output is `LEARNED`.
struct Pair<C, O> {
    cost: C,
    output: O,
    z_learned: f64,
}

/// Results of one pair of cost and activation.
struct Study {
    name: &'static str,
    eta: f64,
    curves: Vec<Curve>,
    /// Epochs until the output is `LEARNED`, against z at the start.
    by_start: Vec<(f64, f64)>,
    /// δ against the output.
    error: Vec<(f64, f64)>,
}

/// A run from one of the `STARTS`.
struct Curve {
    /// The output before the first and after the last epoch.
    outputs: (f64, f64),
    /// The cost before the first epoch, and after each.
    costs: Vec<f64>,
    /// Epochs until the output is `LEARNED`.
    learned: f64,
}

/// Name of a pair, and x_j with ∂C/∂w_j of each input of a neuron with nine, and its ∂C/∂b.
type Factor = (&'static str, (Vec<(f64, f64)>, f64));

/// The cost e^(a − y), an arbitrary example to show that the factor x stays with any cost.
#[derive(Debug, Clone, Copy)]
struct Exponential;

impl<T: Real, A: Activation<T>> Cost<T, A> for Exponential {
    fn values(&self, _output: &A, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        gradus::real::zip_sums(a, y, costs, |a, y| (a - y).exp());
    }

    fn delta(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>) {
        delta.copy_from(&a.zip_map(y, |a, y| (a - y).exp()));
        output.pull_back(z, a, delta);
    }
}

fn main() -> ExitCode {
    shared::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let first_step = options.eta * start_error(Quadratic, Sigmoid)?;
    let z_learned = (LEARNED / (1.0 - LEARNED)).ln();
    let quadratic = Pair { cost: Quadratic, output: Sigmoid, z_learned };
    let entropy = Pair { cost: CrossEntropy, output: Sigmoid, z_learned };
    let linear = Pair { cost: Quadratic, output: Linear, z_learned: LEARNED };
    let studies = [
        quadratic.study("sigmoid neuron, quadratic cost", first_step, options)?,
        entropy.study("sigmoid neuron, cross-entropy", first_step, options)?,
        linear.study("linear neuron, quadratic cost", first_step, options)?,
    ];
    let book = 0.005 * start_error(CrossEntropy, Sigmoid)?;
    let book = entropy.study("sigmoid, cross-entropy, book's η", book, options)?;
    let factors = [
        ("sigmoid, quadratic cost", factor(Quadratic, Sigmoid)?),
        ("sigmoid, cross-entropy", factor(CrossEntropy, Sigmoid)?),
        ("linear, quadratic cost", factor(Quadratic, Linear)?),
        ("sigmoid, e^(a − y)", factor(Exponential, Sigmoid)?),
    ];

    print_curves(&studies, &book, options.epochs);
    print_starts(&studies);
    print_factors(&factors);
    let mut charts: Vec<Chart> = studies.iter().map(curves_chart).collect();
    charts.extend([starts_chart(&studies), error_chart(&studies), factor_chart(&factors)]);
    let title = "One neuron learns that its output for x = 1 should be 0";
    println!("\n{}", plot::save("learning_slowdown", title, 2, &charts)?.display());
    Ok(())
}

/// A neuron with one input.
fn neuron<O: Activation<f64>>(output: O, (w, b): (f64, f64)) -> gradus::Result<Network<f64, Linear, O>> {
    let (weights, biases) = (DMatrix::from_element(1, 1, w), DVector::from_element(1, b));
    Network::from_layers(vec![], Dense { weights, biases, activation: output })
}

/// Returns the output of `network` for the input 1.
fn output_of<O: Activation<f64>>(network: &Network<f64, Linear, O>) -> gradus::Result<f64> {
    Ok(network.predict(&DMatrix::from_element(1, 1, 1.0))?[0])
}

/// Returns ∂C/∂w of each weight and ∂C/∂b, for the inputs `x` and the target 0.
fn gradient<O: Activation<f64>>(
    network: &Network<f64, Linear, O>,
    cost: impl Cost<f64, O>,
    x: &[f64],
) -> gradus::Result<(Vec<f64>, f64)> {
    let sizes = network.sizes();
    let (mut workspace, mut gradient) = (Workspace::new(&sizes, 1)?, ParameterArrays::zeros(&sizes));
    let mut batch = Batch::zeros(x.len(), 1, 1)?;
    batch.x.copy_from_slice(x);
    network.forward(&batch.x, &mut workspace);
    network.backward(&cost, &batch, &mut workspace, &mut gradient);
    Ok((gradient.weights(0).iter().copied().collect(), gradient.biases(0)[0]))
}

/// δ at the first of the `STARTS`.
fn start_error<O: Activation<f64>>(cost: impl Cost<f64, O>, output: O) -> gradus::Result<f64> {
    Ok(gradient(&neuron(output, STARTS[0])?, cost, &[1.0])?.1)
}

impl<C: Cost<f64, O> + Copy, O: Activation<f64> + Copy> Pair<C, O> {
    /// Returns the results of the pair, with the η that makes η δ at the first of the `STARTS` equal to `first_step`.
    fn study(&self, name: &'static str, first_step: f64, options: &Options) -> gradus::Result<Study> {
        let eta = first_step / start_error(self.cost, self.output)?;
        let curves = STARTS.map(|start| self.curve(eta, start, options.epochs));
        let starts = if options.quick { 3..=10 } else { 3..=16 };
        let starts = starts.map(|half| f64::from(half) / 2.0);
        let by_start = starts.map(|z| Ok((z, self.learned(eta, (z / 2.0, z / 2.0))?)));
        let error = (-160..=160).map(|i| {
            let network = neuron(self.output, (0.0, f64::from(i) / 20.0))?;
            Ok((output_of(&network)?, gradient(&network, self.cost, &[1.0])?.1))
        });
        Ok(Study {
            name,
            eta,
            curves: curves.into_iter().collect::<gradus::Result<_>>()?,
            by_start: by_start.collect::<gradus::Result<_>>()?,
            error: error.collect::<gradus::Result<_>>()?,
        })
    }

    fn train(
        &self,
        network: &mut Network<f64, Linear, O>,
        eta: f64,
        stop: impl StoppingRule + 'static,
    ) -> gradus::Result<History> {
        let trainer = Trainer::new(self.cost).schedule(Constant::new(eta)?).stop(stop);
        Ok(trainer.monitor_training(true).threads(1).fit(network, &example()?, None)?.history)
    }

    fn cost(&self, network: &Network<f64, Linear, O>) -> gradus::Result<f64> {
        Ok(evaluate(network, &self.cost, &example()?)?.scores.cost())
    }

    fn curve(&self, eta: f64, start: (f64, f64), epochs: usize) -> gradus::Result<Curve> {
        let mut network = neuron(self.output, start)?;
        let (before, first) = (self.cost(&network)?, output_of(&network)?);
        let history = self.train(&mut network, eta, MaxEpochs::new(epochs)?)?;
        let after = history.values(&Metric::training_cost()).map(|(_, cost)| cost);
        Ok(Curve {
            outputs: (first, output_of(&network)?),
            costs: [before].into_iter().chain(after).collect(),
            learned: self.learned(eta, start)?,
        })
    }

    /// Returns the epochs until the output is `LEARNED`, or NaN if it is not within `PATIENCE` epochs.
    fn learned(&self, eta: f64, start: (f64, f64)) -> gradus::Result<f64> {
        let enough = self.cost(&neuron(self.output, (0.0, self.z_learned))?)?;
        let stop = Target::new(Metric::training_cost(), enough)?.or(MaxEpochs::new(PATIENCE)?);
        let epochs = self.train(&mut neuron(self.output, start)?, eta, stop)?.len();
        Ok(if epochs < PATIENCE { epochs as f64 } else { f64::NAN })
    }
}

/// The one example: input 1, target 0.
fn example() -> gradus::Result<Dataset<f64>> {
    Dataset::new(DMatrix::from_element(1, 1, 1.0), DMatrix::zeros(1, 1))
}

/// x_j and ∂C/∂w_j of each input of a neuron with nine, and ∂C/∂b.
fn factor<O: Activation<f64>>(cost: impl Cost<f64, O>, output: O) -> gradus::Result<(Vec<(f64, f64)>, f64)> {
    let x: Vec<f64> = (-4..=4).map(|j| f64::from(j) / 4.0).collect();
    let (weights, biases) = (DMatrix::from_element(1, x.len(), 0.5), DVector::from_element(1, 1.5));
    let network = Network::from_layers(vec![], Dense { weights, biases, activation: output })?;
    let (by_weights, by_bias) = gradient(&network, cost, &x)?;
    Ok((x.into_iter().zip(by_weights).collect(), by_bias))
}

fn print_curves(studies: &[Study], book: &Study, epochs: usize) {
    println!(
        "One neuron, input 1, target 0, from a bad start, w = 0.6 and b = 0.9, and a worse one, w = b = 2."
    );
    println!(
        "In the first three rows η makes the first step from the bad start equally long, so that the runs"
    );
    println!("from the worse start can be compared. The ratio hardly depends on η: compare the last row.\n");
    println!("{:43}initial output → after {epochs} epochs   epochs until output {LEARNED}", "");
    println!("{:36}η     bad start      worse start          bad   worse   ratio", "");
    for Study { name, eta, curves, .. } in studies.iter().chain([book]) {
        let outputs = curves.iter().map(|c| format!("{:.2} → {:.2}", c.outputs.0, c.outputs.1));
        let outputs = outputs.collect::<Vec<_>>().join("    ");
        let (bad, worse) = (curves[0].learned, curves[1].learned);
        println!("{name:<32} {eta:.4}   {outputs}       {bad:>6}  {worse:>6}   {:>5.2}", worse / bad);
    }
}

fn print_starts(studies: &[Study]) {
    println!("\nEpochs until the output is {LEARNED}, by weighted input at the start:\n");
    let even =
        |study: &Study| study.by_start.iter().copied().filter(|(z, _)| z % 2.0 == 0.0).collect::<Vec<_>>();
    let heads: String =
        even(&studies[0]).iter().map(|(z, _)| format!("{:>10}", format!("z = {z}"))).collect();
    println!("{:<30}{heads}", "weighted input at the start");
    for study in studies {
        let cells: String = even(study).iter().map(|(_, epochs)| format!("{epochs:>10}")).collect();
        println!("{:<30}{cells}", study.name);
    }
}

fn print_factors(factors: &[Factor]) {
    println!("\nA neuron with nine inputs x_j from −1 to 1: ∂C/∂w_j = x_j ∂C/∂b for every cost.\n");
    println!("{:<26}∂C/∂b    ∂C/∂w_j at x_j = −1     −0.5        0      0.5        1", "");
    for (name, (points, by_bias)) in factors {
        let some: String = points.iter().step_by(2).map(|(_, gradient)| format!("{gradient:>9.4}")).collect();
        println!("{name:<26}{by_bias:.4}               {some}");
    }
}

fn curves_chart(study: &Study) -> Chart {
    let title = format!("{}, η = {}", study.name, (study.eta * 1e4).round() / 1e4);
    let mut chart = Chart::new(&title, "epoch", "cost");
    let names = ["from w = 0.6, b = 0.9", "from w = b = 2"];
    for (name, curve) in names.iter().zip(&study.curves) {
        chart = chart.line(name, (0..).map(f64::from).zip(curve.costs.iter().copied()));
    }
    chart
}

fn starts_chart(studies: &[Study]) -> Chart {
    let mut chart = Chart::new(
        "How long it takes",
        "weighted input z at the start",
        &format!("epochs until the output is {LEARNED}"),
    )
    .y_scale(Scale::Log);
    for study in studies {
        chart = chart.line(study.name, study.by_start.iter().copied());
    }
    chart
}

fn error_chart(studies: &[Study]) -> Chart {
    let mut chart = Chart::new("What drives learning", "output a (the target is 0)", "∂C/∂b = δ")
        .x_range(0.0, 1.0)
        .y_range(0.0, 1.0);
    for (study, dashed) in studies.iter().zip([false, false, true]) {
        let inside = study.error.iter().copied().filter(|(a, _)| (0.0..=1.0).contains(a));
        chart = if dashed { chart.dashed(study.name, inside) } else { chart.line(study.name, inside) };
    }
    chart
}

fn factor_chart(factors: &[Factor]) -> Chart {
    let mut chart =
        Chart::new("The factor x, in every cost", "input x_j", "∂C/∂w_j (dots), x_j ∂C/∂b (line)");
    for (name, (points, by_bias)) in factors {
        chart = chart.dots(name, points.iter().copied());
        chart = chart.line("", points.iter().map(|&(x, _)| (x, x * by_bias))).same_colour(1);
    }
    chart
}
