//! Forward and backward agree with the definition: a loop over examples, layers and neurons, one number at a time.
//!
//! Each number of the loop carries a bound of the error that rounding to the precision under test, in any order of the
//! sums, can have made by then. So there is no tolerance to choose.

use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use proptest::prelude::*;

/// A number, and how far the rounded computation of it may lie from it.
#[derive(Debug, Clone, Copy, Default)]
struct Bounded {
    value: f64,
    error: f64,
}

/// Arithmetic with the rounding error of one precision.
#[derive(Debug, Clone, Copy)]
struct Precision {
    epsilon: f64,
}

impl Precision {
    fn of<T: Real>() -> Self {
        Self { epsilon: T::default_epsilon().to_f64() }
    }

    fn exact(value: f64) -> Bounded {
        Bounded { value, error: 0.0 }
    }

    /// Σ a b, in any order, fused or not: of n terms the error is at most n ε Σ |a b|, beside those that a and b bring.
    fn dot(self, terms: impl Iterator<Item = (Bounded, Bounded)>) -> Bounded {
        let (mut sum, mut magnitude, mut n) = (Bounded::default(), 0.0, 0.0);
        for (a, b) in terms {
            sum.value += a.value * b.value;
            sum.error += a.value.abs() * b.error + b.value.abs() * a.error + a.error * b.error;
            magnitude += (a.value.abs() + a.error) * (b.value.abs() + b.error);
            n += 1.0;
        }
        sum.error += (n + 1.0) * self.epsilon * magnitude;
        sum
    }

    fn times(self, a: Bounded, b: Bounded) -> Bounded {
        self.dot([(a, b)].into_iter())
    }

    fn minus(self, a: Bounded, b: Bounded) -> Bounded {
        let value = a.value - b.value;
        Bounded { value, error: a.error + b.error + self.epsilon * (value.abs() + a.error + b.error) }
    }
}

/// The activation functions that work on one neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Sigmoid,
    Tanh,
    Relu,
    Linear,
}

const KINDS: [Kind; 4] = [Kind::Sigmoid, Kind::Tanh, Kind::Relu, Kind::Linear];

impl Kind {
    fn activation(self) -> AnyActivation {
        match self {
            Self::Sigmoid => Sigmoid.into(),
            Self::Tanh => Tanh.into(),
            Self::Relu => Relu.into(),
            Self::Linear => Linear.into(),
        }
    }

    /// f(z): the error of z grows by at most the largest slope; the function's own is at most 4 ε.
    fn activate(self, p: Precision, z: Bounded) -> Bounded {
        let (value, slope) = match self {
            Self::Sigmoid => (1.0 / (1.0 + (-z.value).exp()), 0.25),
            Self::Tanh => (z.value.tanh(), 1.0),
            Self::Relu => (z.value.max(0.0), 1.0),
            Self::Linear => (z.value, 1.0),
        };
        let error = slope * z.error + 4.0 * p.epsilon * value.abs();
        Bounded { value, error }
    }

    /// g f′(z)
    fn pull_back(self, p: Precision, z: Bounded, a: Bounded, g: Bounded) -> Bounded {
        let one = Precision::exact(1.0);
        let minus_a = Bounded { value: -a.value, ..a };
        match self {
            Self::Sigmoid => p.times(p.times(a, p.minus(one, a)), g),
            Self::Tanh => p.times(p.times(p.minus(one, a), p.minus(one, minus_a)), g),
            Self::Linear => g,
            Self::Relu if z.value > z.error => g,
            Self::Relu if z.value < -z.error => Bounded::default(),
            // Too near the kink to know on which side rounding has put it.
            Self::Relu => {
                Bounded { value: if z.value > 0.0 { g.value } else { 0.0 }, error: g.value.abs() + g.error }
            }
        }
    }
}

/// The pairs of cost and output activation.
#[derive(Debug, Clone, Copy)]
enum Pair {
    Quadratic(Kind),
    CrossEntropy,
    LogLikelihood(f64),
}

impl Pair {
    /// a, C_x and δ of the output layer for one example.
    fn output(self, p: Precision, z: &[Bounded], y: &[f64]) -> (Vec<Bounded>, Bounded, Vec<Bounded>) {
        match self {
            Self::Quadratic(kind) => {
                let a: Vec<_> = z.iter().map(|&z| kind.activate(p, z)).collect();
                let off: Vec<_> = a.iter().zip(y).map(|(&a, &y)| p.minus(a, Precision::exact(y))).collect();
                let cost = p.dot(off.iter().map(|&off| (off, off)));
                let delta = z.iter().zip(&a).zip(&off).map(|((&z, &a), &off)| kind.pull_back(p, z, a, off));
                let cost = Bounded { value: cost.value / 2.0, error: cost.error };
                (a.clone(), cost, delta.collect())
            }
            Self::CrossEntropy => {
                let a: Vec<_> = z.iter().map(|&z| Kind::Sigmoid.activate(p, z)).collect();
                let mut cost = Bounded::default();
                for (z, y) in z.iter().zip(y) {
                    let (softplus, linear) = (z.value.exp().ln_1p(), y * z.value);
                    cost.value += softplus - linear;
                    // ∂C/∂z = a − y is at most 1.
                    cost.error += z.error + 20.0 * p.epsilon * (softplus + linear.abs() + z.value.abs());
                }
                let delta = a.iter().zip(y).map(|(&a, &y)| p.minus(a, Precision::exact(y)));
                (a.clone(), cost, delta.collect())
            }
            Self::LogLikelihood(c) => {
                let largest = z.iter().map(|z| z.value).fold(f64::NEG_INFINITY, f64::max);
                let smallest = z.iter().map(|z| z.value).fold(f64::INFINITY, f64::min);
                let off = z.iter().map(|z| z.error).fold(0.0, f64::max);
                let exponent_error = c * (2.0 * off + 2.0 * p.epsilon * (largest - smallest));
                let n = z.len() as f64;
                let relative = exponent_error.exp_m1() + (n + 10.0) * p.epsilon;
                let powers: Vec<_> = z.iter().map(|z| (c * (z.value - largest)).exp()).collect();
                let sum: f64 = powers.iter().sum();
                let a: Vec<_> = powers
                    .iter()
                    .map(|power| Bounded { value: power / sum, error: power / sum * relative })
                    .collect();
                let value = z.iter().zip(y).map(|(z, y)| y * (sum.ln() + c * (largest - z.value))).sum();
                // Targets add up to 1.
                let size = sum.ln() + c * (largest - smallest) + 1.0;
                let cost =
                    Bounded { value, error: exponent_error + relative + (n + 10.0) * p.epsilon * size };
                let delta = a
                    .iter()
                    .zip(y)
                    .map(|(&a, &y)| p.times(Precision::exact(c), p.minus(a, Precision::exact(y))));
                (a.clone(), cost, delta.collect())
            }
        }
    }
}

/// What the loop finds for a batch.
struct Reference {
    outputs: Vec<Vec<Bounded>>,
    cost: Bounded,
    /// In the order of `Network::parameters`.
    gradient: Vec<Vec<Bounded>>,
}

/// Chapter 2 of the book, equations (BP1) to (BP4), example by example.
fn by_definition<T: Real, O: Activation<T>>(
    network: &Network<T, AnyActivation, O>,
    hidden: Kind,
    pair: Pair,
    x: &DMatrix<T>,
    y: &DMatrix<T>,
) -> Reference {
    let p = Precision::of::<T>();
    let layers: Vec<_> = network.layers().collect();
    let examples = x.ncols();
    let (mut outputs, mut costs) = (Vec::new(), Vec::new());
    // Of each layer: δ and the activations before it, example by example.
    let (mut deltas, mut all_before) = (vec![Vec::new(); layers.len()], vec![Vec::new(); layers.len()]);
    for example in 0..examples {
        let mut a: Vec<Bounded> = x.column(example).iter().map(|x| Precision::exact(x.to_f64())).collect();
        let (mut zs, mut activations) = (Vec::new(), Vec::new());
        for (index, layer) in layers.iter().enumerate() {
            let mut z = Vec::new();
            for j in 0..layer.weights.nrows() {
                let bias = (Precision::exact(layer.biases[j].to_f64()), Precision::exact(1.0));
                let inputs = a.iter().enumerate();
                let inputs = inputs.map(|(k, &a)| (Precision::exact(layer.weights[(j, k)].to_f64()), a));
                z.push(p.dot(inputs.chain([bias])));
            }
            activations.push(a);
            a = match index + 1 == layers.len() {
                true => Vec::new(),
                false => z.iter().map(|&z| hidden.activate(p, z)).collect(),
            };
            zs.push(z);
        }
        let targets: Vec<f64> = y.column(example).iter().map(|y| y.to_f64()).collect();
        let (output, cost, mut delta) = pair.output(p, &zs[layers.len() - 1], &targets);
        outputs.push(output);
        costs.push(cost);
        for index in (0..layers.len()).rev() {
            let before = activations[index].clone();
            let earlier: Vec<Bounded> = (0..before.len())
                .filter(|_| index > 0)
                .map(|k| {
                    let weights = layers[index].weights.column(k);
                    let terms =
                        weights.iter().zip(&delta).map(|(w, &delta)| (Precision::exact(w.to_f64()), delta));
                    hidden.pull_back(p, zs[index - 1][k], before[k], p.dot(terms))
                })
                .collect();
            deltas[index].push(delta);
            all_before[index].push(before);
            delta = earlier;
        }
    }

    let mean = Precision::exact(1.0 / examples as f64);
    let mut gradient = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let (rows, columns) = layer.weights.shape();
        let sum = |j: usize, k: Option<usize>| {
            let terms = deltas[index].iter().zip(&all_before[index]);
            let sum = p.dot(terms.map(|(delta, a)| (delta[j], k.map_or(Precision::exact(1.0), |k| a[k]))));
            // Divided by m, or multiplied by 1/m.
            p.times(p.times(sum, mean), Precision::exact(1.0))
        };
        gradient.push(
            (0..columns).flat_map(|k| (0..rows).map(move |j| (j, k))).map(|(j, k)| sum(j, Some(k))).collect(),
        );
        gradient.push((0..rows).map(|j| sum(j, None)).collect());
    }
    let one = Precision::exact(1.0);
    Reference { outputs, cost: p.dot(costs.into_iter().map(|cost| (cost, one))), gradient }
}

/// One error for each of the two computations: for `f64` the loop has rounded as well.
fn agrees(what: &str, found: f64, wanted: Bounded) -> Result<(), TestCaseError> {
    let off = (found - wanted.value).abs();
    prop_assert!(off <= 2.0 * wanted.error, "{what}: {found:e} for {wanted:?}, off by {off:e}");
    Ok(())
}

fn compare<T, O, C>(
    sizes: &[usize],
    hidden: Kind,
    (pair, output, cost): (Pair, O, C),
    m: usize,
    seed: u64,
) -> Result<(), TestCaseError>
where
    T: Real,
    O: Activation<T>,
    C: Cost<T, O>,
{
    let p = Precision::of::<T>();
    let network = Network::<T, _, _>::new(sizes, hidden.activation(), output, &ScaledGaussian, seed).unwrap();
    let mut rng = generator(seed, Purpose::User, 0, 0);
    let mut batch = Batch::zeros(network.n_inputs(), network.n_outputs(), m).unwrap();
    batch.x.apply(|x| *x = T::sample_normal(&mut rng));
    for (j, mut y) in batch.y.column_iter_mut().enumerate() {
        // A probability distribution whose numbers are exact in both precisions: 1, or ¼ and ¾.
        let last = y.len() - 1;
        y.fill(T::zero());
        y[j % (last + 1)] += T::cast(0.25);
        y[last] += T::cast(0.75);
    }
    let (mut workspace, mut gradient) = (Workspace::new(sizes, m).unwrap(), ParameterArrays::zeros(sizes));
    network.forward(&batch.x, &mut workspace);
    network.backward(&cost, &batch, &mut workspace, &mut gradient);

    let wanted = by_definition(&network, hidden, pair, &batch.x, &batch.y);
    for (found, wanted) in workspace.outputs().column_iter().zip(&wanted.outputs) {
        for (found, &wanted) in found.iter().zip(wanted) {
            agrees("output", found.to_f64(), wanted)?;
        }
    }
    agrees("cost", network.cost(&cost, &batch, &mut workspace), wanted.cost)?;
    let (mut largest, mut error) = (0.0f64, 0.0f64);
    for (array, (found, wanted)) in gradient.arrays().zip(&wanted.gradient).enumerate() {
        prop_assert_eq!(found.len(), wanted.len());
        for (i, (found, &wanted)) in found.iter().zip(wanted).enumerate() {
            agrees(&format!("element {i} of array {array}"), found.to_f64(), wanted)?;
            largest = largest.max(wanted.value.abs());
            error += wanted.error / (gradient.len() as f64);
        }
    }
    // In double precision the bounds mean something: they are far below what they bound. Those of single precision are
    // the same, 2²⁹ times as large.
    if p.epsilon == f64::EPSILON {
        prop_assert!(
            error <= 1e-9 * largest || largest == 0.0,
            "bounds of {error:e}, numbers up to {largest:e}"
        );
    }
    Ok(())
}

/// Every pair of cost and output activation, in both precisions.
fn compare_all(sizes: &[usize], hidden: Kind, m: usize, seed: u64) -> Result<(), TestCaseError> {
    fn both<O, C>(
        sizes: &[usize],
        hidden: Kind,
        parts: (Pair, O, C),
        m: usize,
        seed: u64,
    ) -> Result<(), TestCaseError>
    where
        O: Activation<f32> + Activation<f64> + Copy,
        C: Cost<f32, O> + Cost<f64, O> + Copy,
    {
        compare::<f32, O, C>(sizes, hidden, parts, m, seed)?;
        compare::<f64, O, C>(sizes, hidden, parts, m, seed)
    }
    both(sizes, hidden, (Pair::CrossEntropy, Sigmoid, CrossEntropy), m, seed)?;
    for c in [1.0, 2.5] {
        let softmax = Softmax::with_sharpness(c).unwrap();
        both(sizes, hidden, (Pair::LogLikelihood(c), softmax, LogLikelihood), m, seed)?;
    }
    let kind = KINDS[seed as usize % KINDS.len()];
    both(sizes, hidden, (Pair::Quadratic(kind), kind.activation(), Quadratic), m, seed)
}

/// Every batch size from 1 to 40, over networks that are narrower and wider than a register, a tile and a block.
#[test]
fn every_batch_size_agrees_with_the_definition() {
    for m in 1..=40 {
        for (sizes, hidden) in [
            (&[7, 30, 33, 10][..], Kind::Sigmoid),
            (&[33, 1, 7][..], Kind::Tanh),
            (&[1, 1][..], Kind::Linear),
        ] {
            compare_all(sizes, hidden, m, m as u64)
                .unwrap_or_else(|error| panic!("{sizes:?}, m = {m}: {error}"));
        }
    }
}

/// The sizes of MNIST, longer than one block of the product.
#[test]
fn large_layers_agree_with_the_definition() {
    for (m, hidden) in [(1, Kind::Tanh), (10, Kind::Sigmoid), (33, Kind::Relu), (40, Kind::Linear)] {
        for sizes in [&[784, 30, 10][..], &[784, 100, 33, 7]] {
            compare_all(sizes, hidden, m, 1).unwrap_or_else(|error| panic!("{sizes:?}, m = {m}: {error}"));
        }
    }
    compare_all(&[30, 300, 784, 1], Kind::Sigmoid, 12, 2).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_networks_agree_with_the_definition(
        sizes in prop::collection::vec(1..=50usize, 2..=5), hidden in prop::sample::select(&KINDS), m in 1..=40usize,
        seed in any::<u64>()
    ) {
        compare_all(&sizes, hidden, m, seed)?;
    }
}

/// `predict` is the forward pass for any number of examples, and each example's outputs are its own: those of small
/// matrices and of large ones, of one block and of several, on one thread and on more.
#[test]
fn an_example_is_predicted_alike_alone_and_in_a_batch() {
    fn check<T: Real>(sizes: &[usize], examples: usize) {
        let network =
            Network::<T, _, _>::new(sizes, Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let x = DMatrix::from_fn(sizes[0], examples, |i, j| T::cast(((i * 7 + j * 13) % 256) as f64 / 255.0));
        let together = network.predict(&x).unwrap();
        let mut workspace = Workspace::new(sizes, examples).unwrap();
        network.forward(&x, &mut workspace);
        assert!(&together == workspace.outputs(), "{sizes:?}, {examples} examples");
        for j in (0..examples).step_by(examples / 45 + 1).chain(examples.checked_sub(1)) {
            for few in [1, 3].into_iter().filter(|few| j + few <= examples) {
                let alone = network.predict(&x.columns(j, few).into_owned()).unwrap();
                assert!(alone == together.columns(j, few), "{sizes:?}, {examples} examples, {few} from {j}");
            }
        }
    }
    for examples in [0, 1, 45, 255, 256, 257, 700] {
        check::<f64>(&[784, 30, 10], examples);
        check::<f32>(&[20, 300, 290, 3], examples);
    }
    check::<f32>(&[1100, 600, 2], 777);
}
