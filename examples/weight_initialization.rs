//! Exercises 13 and 14: the initial spread of z, its effect on the accuracy, and how weight decay repairs large
//! weights.

use std::error::Error;
use std::f64::consts::TAU;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use shared::plot::Chart;
use shared::{parallel, plot};

mod shared;

/// Compares the initial weights N(0, 1/n_in) and N(0, 1): z at the start, accuracy and ‖w‖ after each epoch.
#[derive(Debug, Parser)]
#[command(allow_negative_numbers = true)]
struct Options {
    /// Directory of the four MNIST files [default: $GRADUS_MNIST, else data/mnist, else synthetic digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Inputs of the neuron whose z is drawn; half of them are 1, the others 0
    #[arg(long, default_value_t = 1000)]
    inputs: usize,
    /// Number of draws of z
    #[arg(long, default_value_t = 10_000)]
    draws: usize,
    /// Learning rate η
    #[arg(long, default_value_t = 0.1)]
    eta: f64,
    /// A larger η, with which ‖w‖ converges within the run
    #[arg(long, default_value_t = 0.5)]
    fast_eta: f64,
    /// λ of the L2 regularization
    #[arg(long, default_value_t = 5.0)]
    lambda: f64,
    /// Seeds to average the accuracy over; ‖w‖ is that of the first
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Epochs of each run
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// A few seconds instead of a minute: 1,000 images, 5 epochs, one seed
    #[arg(long)]
    quick: bool,
}

const SIZES: [usize; 3] = [784, 30, 10];
/// Examples in a mini-batch.
const M: usize = 10;

/// An initializer and its name.
type Start = (&'static str, &'static dyn Initializer<f32>);
const STARTS: [Start; 2] = [("N(0, 1/n_in)", &ScaledGaussian), ("N(0, 1)", &LargeGaussian)];

/// A cost that is always 0, so that only the penalty has a gradient.
#[derive(Debug, Clone, Copy)]
struct Nothing;

impl<T: Real, A: Activation<T>> Cost<T, A> for Nothing {
    fn values(&self, _: &A, _z: &DMatrix<T>, _a: &DMatrix<T>, _y: &DMatrix<T>, costs: &mut [f64]) {
        costs.fill(0.0);
    }

    fn delta(&self, _: &A, _z: &DMatrix<T>, _a: &DMatrix<T>, _y: &DMatrix<T>, delta: &mut DMatrix<T>) {
        delta.fill(T::zero());
    }
}

/// Norms of a layer's weights and of their gradient after an epoch.
struct Layer {
    norm: f64,
    /// ‖∂C₀/∂w‖, with the data cost C₀.
    slope: f64,
    /// The component of ∂C₀/∂w along w, which alone changes ‖w‖ to first order.
    along: f64,
}

/// The layers at the start and after each epoch.
type Weights = Vec<Vec<Layer>>;

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.epochs, options.draws) = (5, 1_000);
        options.seeds.truncate(1);
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if options.lambda == 0.0 {
        return Err(
            "--lambda 0 turns off the weight decay that is measured here; choose another, such as 5".into()
        );
    }
    // Settings that cannot work are errors before the first run.
    for eta in [options.eta, options.fast_eta] {
        trainer(options, CrossEntropy, eta, options.epochs)?;
    }
    let images = if options.quick { 1_000 } else { 50_000 };
    let data = shared::digits::<f32>(options.data.as_deref(), images, 10_000)?;
    println!("{}\n{} training images, {} epochs per run", data.source, data.training.len(), options.epochs);

    let mut charts = spread_of_z(options)?;
    charts.push(accuracies(options, &data)?);
    charts.push(decay(options, &data)?);
    let title = "Initial weights: N(0, 1/n_in) or N(0, 1)";
    println!("\n{}", plot::save("weight_initialization", title, 2, &charts)?.display());
    Ok(())
}

/// Exercise 13: draws z of a neuron, half of whose inputs are 1, and a = σ(z).
fn spread_of_z(options: &Options) -> Result<Vec<Chart>, Box<dyn Error>> {
    let Options { inputs, draws, .. } = *options;
    let ones = inputs / 2;
    let title = format!("z of a neuron with {ones} of {inputs} inputs 1");
    let mut of_z = Chart::new(&title, "weighted input z", "density");
    let mut of_a =
        Chart::new("What the sigmoid makes of it", "activation a = σ(z)", "neurons in %, in 20 bins");
    println!("\nz of a hidden neuron, {draws} draws, {ones} of its {inputs} inputs 1, the others 0\n");
    println!("weights        standard deviation of z    by theory    saturated: a < 0.01 or > 0.99");
    for ((name, initializer), variance) in STARTS.into_iter().zip([1.0 / inputs as f64, 1.0]) {
        // Each neuron of a layer is a draw.
        let layer = Network::new(&[inputs, draws], Linear, Linear, initializer, options.seeds[0])?;
        let x = DMatrix::from_fn(inputs, 1, |k, _| if k < ones { 1.0 } else { 0.0 });
        let z: Vec<f64> = layer.predict(&x)?.iter().map(|z| f64::from(*z)).collect();
        let a: Vec<f64> = z.iter().map(|&z| Sigmoid::eval(z)).collect();

        let expected = (ones as f64 * variance + 1.0).sqrt();
        print_spread(name, &z, expected, &a);
        let grid = (-300..=300).map(|i| f64::from(i) / 100.0 * expected);
        of_z = of_z
            .dots(name, density(&z, (-3.0 * expected, 3.0 * expected), 24))
            .dashed(&format!("normal, s.d. {expected:.2}"), grid.map(|z| (z, normal(z, expected))))
            .same_colour(1);
        let percent = density(&a, (0.0, 1.0), 20).into_iter().map(|(a, density)| (a, 100.0 / 20.0 * density));
        of_a = of_a.line(&format!("weights {name}"), percent);
    }
    Ok(vec![of_z, of_a])
}

fn print_spread(name: &str, z: &[f64], expected: f64, a: &[f64]) {
    let measured = (z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64).sqrt();
    let saturated = a.iter().filter(|a| (**a - 0.5).abs() > 0.49).count();
    let saturated = 100.0 * saturated as f64 / a.len() as f64;
    println!("{name:<14} {measured:<26.3} {expected:<12.3} {saturated:.2} %");
}

/// Returns the density of N(0, deviation²) at `z`.
fn normal(z: f64, deviation: f64) -> f64 {
    (-0.5 * (z / deviation).powi(2)).exp() / (deviation * f64::sqrt(TAU))
}

/// Returns a histogram of `values` with `bins` bins over a range: the middle of each bin, and the density there.
fn density(values: &[f64], (from, to): (f64, f64), bins: usize) -> Vec<(f64, f64)> {
    let width = (to - from) / bins as f64;
    let mut counts = vec![0.0; bins];
    for value in values.iter().filter(|value| (from..=to).contains(value)) {
        counts[(((value - from) / width) as usize).min(bins - 1)] += 1.0;
    }
    let middles = (0..).map(|i| from + (f64::from(i) + 0.5) * width);
    middles.zip(counts.into_iter().map(|count| count / width / values.len() as f64)).collect()
}

/// Trains with both initializers and each seed. Returns a chart of the mean validation accuracy in per cent.
fn accuracies(options: &Options, data: &shared::Digits<f32>) -> Result<Chart, Box<dyn Error>> {
    let jobs: Vec<_> =
        STARTS.iter().flat_map(|start| options.seeds.iter().map(move |&s| (start.1, s))).collect();
    let curves = parallel::map(&jobs, |&(initializer, seed)| {
        let mut network = Network::new(&SIZES, Sigmoid, Sigmoid, initializer, seed)?;
        let trainer = trainer(options, CrossEntropy, options.eta, options.epochs)?.seed(seed);
        let history = trainer.fit(&mut network, &data.training, Some(&data.validation))?.history;
        Ok(history.values(&Metric::validation(Accuracy)).map(|(_, share)| 100.0 * share).collect::<Vec<_>>())
    })?;

    let Options { eta, lambda, .. } = options;
    let seeds = options.seeds.len();
    println!("\nvalidation accuracy of 784-30-10, cross-entropy, η = {eta}, λ = {lambda}");
    println!("mean of {seeds} seed(s) (min … max), by the distribution of the initial weights\n");
    println!("after epoch   {:<28}{}", STARTS[0].0, STARTS[1].0);
    let [scaled, large] = [&curves[..seeds], &curves[seeds..]];
    let after =
        |curves: &[Vec<f64>], epoch: usize| parallel::spread(curves.iter().map(|curve| curve[epoch - 1]));
    for epoch in some_epochs(options.epochs) {
        let cell = |(mean, least, most)| format!("{mean:.2} % ({least:.2} … {most:.2})");
        println!("{epoch:<13} {:<28}{}", cell(after(scaled, epoch)), cell(after(large, epoch)));
    }
    let mean = |curves| (1..=options.epochs).map(move |epoch| (epoch as f64, after(curves, epoch).0));
    let title = format!("Accuracy, mean of {seeds} seed(s), η = {eta}");
    Ok(Chart::new(&title, "epoch", "validation accuracy in %")
        .line(&format!("weights {}", STARTS[0].0), mean(scaled))
        .line(&format!("weights {}", STARTS[1].0), mean(large)))
}

/// Returns the epochs that the tables show.
fn some_epochs(last: usize) -> Vec<usize> {
    let mut epochs: Vec<usize> = [1, 2, 5, 10, 20].into_iter().filter(|&epoch| epoch < last).collect();
    epochs.push(last);
    epochs
}

fn trainer<C>(options: &Options, cost: C, eta: f64, epochs: usize) -> gradus::Result<Trainer<f32, C>> {
    let trainer = Trainer::new(cost).regularizer(L2::new(options.lambda)?).schedule(Constant::new(eta)?);
    Ok(trainer.stop(MaxEpochs::new(epochs)?).mini_batch(M).threads(1))
}

/// Exercise 14: ‖w‖ after each epoch against ‖w₀‖ exp(−ηλt/m), with and without the gradient of the data cost.
fn decay(options: &Options, data: &shared::Digits<f32>) -> Result<Chart, Box<dyn Error>> {
    let [scaled, large] = STARTS;
    let Options { eta, fast_eta, lambda, .. } = *options;
    let jobs = [(large, eta, true), (large, eta, false), (large, fast_eta, true), (scaled, fast_eta, true)];
    let runs = parallel::map(&jobs, |&(start, eta, learns)| {
        if learns {
            watch(options, data, CrossEntropy, start, eta)
        } else {
            watch(options, data, Nothing, start, eta)
        }
    })?;
    let [slow, at_rest, fast, from_below] = &runs[..] else { unreachable!("four jobs have four results") };
    let law = |eta: f64| (0..=options.epochs).map(move |t| (-eta * lambda * t as f64 / M as f64).exp());
    let norms = |run: &Weights| run.iter().map(|layers| layers[0].norm).collect::<Vec<f64>>();
    let predicted = |eta: f64| law(eta).map(|share| share * slow[0][0].norm).collect::<Vec<f64>>();

    println!("\n‖w‖ of the hidden layer after t epochs, from N(0, 1), against ‖w₀‖ e^(−ηλt/m)\n");
    println!("          η = {eta:<41} η = {fast_eta}");
    println!("epoch t   no data gradient   law        measured     law        measured");
    let columns = [norms(at_rest), predicted(eta), norms(slow), predicted(fast_eta), norms(fast)];
    for epoch in [0].into_iter().chain(some_epochs(options.epochs)) {
        let [a, b, c, d, e] = columns.each_ref().map(|column| column[epoch]);
        println!("{epoch:<9} {a:<18.4} {b:<10.4} {c:<12.2} {d:<10.2} {e:.2}");
    }
    print_balance(slow, lambda / data.training.len() as f64);
    print_rest(fast, from_below);
    Ok(decay_chart(options, columns, norms(from_below)))
}

fn decay_chart(options: &Options, from_large: [Vec<f64>; 5], from_scaled: Vec<f64>) -> Chart {
    let Options { eta, fast_eta, .. } = options;
    let curve = |norms: Vec<f64>| (0..).map(f64::from).zip(norms);
    let [at_rest, law, measured, fast_law, fast] = from_large.map(curve);
    Chart::new("Weight decay: ‖w‖ of the hidden layer", "epoch t", "‖w‖")
        .line(&format!("from N(0, 1), η = {eta}"), measured)
        .colour(1)
        .dashed("‖w₀‖ exp(−ηλt/m)", law)
        .same_colour(1)
        .dots("without a data gradient", at_rest)
        .same_colour(2)
        .line(&format!("from N(0, 1), η = {fast_eta}"), fast)
        .colour(3)
        .dashed("", fast_law)
        .same_colour(1)
        .line(&format!("from N(0, 1/n_in), η = {fast_eta}"), curve(from_scaled))
        .colour(0)
}

/// Returns the norms at the start and after each epoch. Each epoch is a separate `fit`, so that the network can be
/// inspected in between; gradient descent has no state that this would lose.
fn watch<C: Cost<f32, Sigmoid> + Copy>(
    options: &Options,
    data: &shared::Digits<f32>,
    cost: C,
    (_, initializer): Start,
    eta: f64,
) -> gradus::Result<Weights> {
    let mut network = Network::new(&SIZES, Sigmoid, Sigmoid, initializer, options.seeds[0])?;
    let mut weights = vec![look(&network, cost, &data.training)?];
    for epoch in 1..=options.epochs as u64 {
        trainer(options, cost, eta, 1)?.seed(epoch).fit(&mut network, &data.training, None)?;
        weights.push(look(&network, cost, &data.training)?);
    }
    Ok(weights)
}

/// Returns the norms of each layer, with the gradient of the cost of the first 10,000 training images.
fn look<C: Cost<f32, Sigmoid>>(
    network: &Network<f32, Sigmoid, Sigmoid>,
    cost: C,
    training: &Dataset<f32>,
) -> gradus::Result<Vec<Layer>> {
    let images: Vec<usize> = (0..training.len().min(10_000)).collect();
    let sizes = network.sizes();
    let (mut workspace, mut gradient) =
        (Workspace::new(&sizes, images.len())?, ParameterArrays::zeros(&sizes));
    let mut batch = Batch::zeros(sizes[0], network.n_outputs(), images.len())?;
    batch.gather(training, 1, &images)?;
    network.forward(&batch.x, &mut workspace);
    network.backward(&cost, &batch, &mut workspace, &mut gradient);
    Ok(network
        .layers()
        .enumerate()
        .map(|(index, layer)| {
            let (norm, slope) = (f64::from(layer.weights.norm()), gradient.weights(index));
            Layer { norm, slope: slope.norm().into(), along: f64::from(slope.dot(layer.weights)) / norm }
        })
        .collect())
}

/// Prints the gradient of the data cost C₀, its component along w, and the gradient of the penalty, which is along w.
fn print_balance(weights: &Weights, lambda_over_n: f64) {
    println!(
        "\nThe gradients of these weights. Only the component along w changes ‖w‖; a negative one makes it grow.\n"
    );
    println!("epoch t   layer     ‖w‖       ‖∂C₀/∂w‖   component along w  penalty: λ‖w‖/n");
    let last = weights.len() - 1;
    for epoch in [0, 1, 5].into_iter().filter(|&epoch| epoch < last).chain([last]) {
        for (name, Layer { norm, slope, along }) in ["hidden", "output"].iter().zip(&weights[epoch]) {
            let decay = lambda_over_n * norm;
            println!("{epoch:<9} {name:<9} {norm:<9.2} {slope:<10.4} {along:<+18.4} {decay:.4}");
        }
    }
}

/// Prints the norm to which all weights converge, from large and from scaled initial weights.
fn print_rest(from_above: &Weights, from_below: &Weights) {
    let n_weights: usize = SIZES.windows(2).map(|size| size[0] * size[1]).sum();
    let size = |layers: &[Layer]| layers.iter().map(|layer| layer.norm.powi(2)).sum::<f64>().sqrt();
    println!("\n‖w‖ of all {n_weights} weights at the larger η\n");
    println!("weights        at the start   at the end   root mean square of a weight");
    for ((name, _), weights) in STARTS.iter().zip([from_below, from_above]) {
        let (first, last) = (size(&weights[0]), size(&weights[weights.len() - 1]));
        println!("{name:<14} {first:<14.2} {last:<12.2} {:.4}", last / (n_weights as f64).sqrt());
    }
    println!("1/√W is {:.4}", 1.0 / (n_weights as f64).sqrt());
}
