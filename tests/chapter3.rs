//! The 23 exercises and problems of chapter 3 of the book, each as a law that holds for random inputs.
//!
//! Every law is compared with a reading of its definition that is written out here, in plain loops and with the
//! standard library's functions, and shares no code with the crate. `docs/chapter3.md` derives each of them.
//! Exercise 12, on rotated images, has a file of its own: `tests/augment.rs`.

use gradus::history::{History, Metric};
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use proptest::collection::vec;
use proptest::prelude::*;

const EPSILON: f64 = f64::EPSILON;

// ---------------------------------------------------------------------------------------------- definitions

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn tanh(z: f64) -> f64 {
    z.tanh()
}

fn identity(z: f64) -> f64 {
    z
}

fn softmax(z: &[f64]) -> Vec<f64> {
    let sum: f64 = z.iter().map(|z| z.exp()).sum();
    z.iter().map(|z| z.exp() / sum).collect()
}

/// −[y ln a + (1 − y) ln(1 − a)], the book's equation (57) for one output, with 0 ln 0 = 0 nowhere assumed.
fn cross_entropy(a: f64, y: f64) -> f64 {
    -(y * a.ln() + (1.0 - y) * (1.0 - a).ln())
}

/// The slope of `f` at 0 by a difference whose error is of order h⁴.
fn slope(mut f: impl FnMut(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}

#[track_caller]
fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "{found:e} is not {wanted:e}, up to {tolerance:e}");
}

// ------------------------------------------------------------------------------------------- the crate's side

fn column<T: Real>(values: &[T]) -> DMatrix<T> {
    DMatrix::from_column_slice(values.len(), 1, values)
}

fn activate<T: Real>(f: &impl Activation<T>, z: &[T]) -> Vec<T> {
    let mut a = DMatrix::zeros(z.len(), 1);
    f.activate(&column(z), &mut a);
    a.as_slice().to_vec()
}

/// The Jacobian J_jk = ∂a_j/∂z_k, a row for each output: Jᵀ applied to each unit vector.
fn jacobian<T: Real>(f: &impl Activation<T>, z: &[T]) -> DMatrix<T> {
    let a = column(&activate(f, z));
    let n = z.len();
    let mut rows = DMatrix::zeros(n, n);
    for j in 0..n {
        let mut unit = DMatrix::zeros(n, 1);
        unit[j] = T::one();
        f.pull_back(&column(z), &a, &mut unit);
        rows.set_row(j, &unit.column(0).transpose());
    }
    rows
}

/// C_x and δ of one example.
fn cost_and_delta<T: Real, A: Activation<T>>(cost: &impl Cost<T, A>, output: &A, z: &[T], y: &[T]) -> (T, Vec<T>) {
    let (z, a, y) = (column(z), column(&activate(output, z)), column(y));
    let mut delta = DMatrix::from_element(z.len(), 1, T::of(1e6));
    cost.delta(output, &z, &a, &y, &mut delta);
    (cost.value(output, &z, &a, &y), delta.as_slice().to_vec())
}

/// The gradient of the mean cost of a batch, by the crate's backpropagation.
fn gradient<H, O, C>(network: &Network<f64, H, O>, cost: &C, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Gradient<f64>
where
    H: Activation<f64>,
    O: Activation<f64>,
    C: Cost<f64, O>,
{
    let sizes = network.sizes();
    let (mut pass, mut gradient) = (Pass::new(&sizes, x.ncols()), Gradient::new(&sizes));
    pass.x.copy_from(x);
    pass.y.copy_from(y);
    network.forward(&mut pass);
    network.backward(cost, &mut pass, &mut gradient);
    gradient
}

/// A network's sizes and seed, and a batch for it.
#[derive(Debug, Clone)]
struct Batch {
    sizes: Vec<usize>,
    seed: u64,
    x: DMatrix<f64>,
    /// Targets in [0, 1].
    y: DMatrix<f64>,
}

impl Batch {
    fn network<H: Activation<f64> + Clone, O: Activation<f64>>(&self, hidden: H, output: O) -> Network<f64, H, O> {
        Network::new(&self.sizes, hidden, output, &ScaledGaussian, self.seed).unwrap()
    }
}

prop_compose! {
    /// Networks with `layers` layers of neurons, inputs included, and up to four examples.
    fn batches(layers: std::ops::Range<usize>)
        (sizes in vec(1usize..5, layers), examples in 1usize..5)
        (x in vec(-2.0..2.0, sizes[0] * examples),
         y in vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], sizes[sizes.len() - 1] * examples),
         seed in any::<u64>(), sizes in Just(sizes), examples in Just(examples)) -> Batch {
        let (inputs, outputs) = (sizes[0], sizes[sizes.len() - 1]);
        let x = DMatrix::from_vec(inputs, examples, x);
        let y = DMatrix::from_vec(outputs, examples, y);
        Batch { sizes, seed, x, y }
    }
}

/// a^{L−1} and z^L of a network for one example, neuron by neuron.
fn by_hand<H: Activation<f64>, O: Activation<f64>>(
    network: &Network<f64, H, O>,
    hidden: fn(f64) -> f64,
    x: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let (mut before, mut z) = (x.to_vec(), Vec::new());
    for (index, layer) in network.layers().enumerate() {
        if index > 0 {
            before = z.iter().copied().map(hidden).collect();
        }
        let weighted = |j: usize| {
            let inputs = before.iter().enumerate();
            layer.biases[j] + inputs.map(|(k, a)| layer.weights[(j, k)] * a).sum::<f64>()
        };
        z = (0..layer.biases.len()).map(weighted).collect();
    }
    (before, z)
}

/// The law of exercises 3, 4 and 10: for the output layer ∂C/∂w_jk is the mean of a_k^{L−1} (a_j − y_j), and ∂C/∂b_j
/// the mean of a_j − y_j. Both the formula and the slope of the cost are worked out by hand.
fn output_layer_learns_from_the_error<H, O>(
    mut network: Network<f64, H, O>,
    cost: &impl Cost<f64, O>,
    batch: &Batch,
    hidden: fn(f64) -> f64,
    outputs: fn(&[f64]) -> Vec<f64>,
    cost_of: fn(&[f64], &[f64]) -> f64,
) where
    H: Activation<f64>,
    O: Activation<f64>,
{
    let (x, y) = (&batch.x, &batch.y);
    let found = gradient(&network, cost, x, y);
    let (by_weights, by_biases) = &found.layers()[found.layers().len() - 1];
    let examples: Vec<(&[f64], &[f64])> =
        x.as_slice().chunks(x.nrows()).zip(y.as_slice().chunks(y.nrows())).collect();
    let m = examples.len() as f64;

    let mean_cost = |network: &Network<f64, H, O>| -> f64 {
        let of = |&(x, y): &(&[f64], &[f64])| cost_of(&outputs(&by_hand(network, hidden, x).1), y);
        examples.iter().map(of).sum::<f64>() / m
    };
    let here = mean_cost(&network);
    for j in 0..by_weights.nrows() {
        for k in 0..=by_weights.ncols() {
            let is_bias = k == by_weights.ncols();
            let terms = examples.iter().map(|&(x, y)| {
                let (before, z) = by_hand(&network, hidden, x);
                let a = outputs(&z);
                (if is_bias { 1.0 } else { before[k] }) * (a[j] - y[j])
            });
            let formula = terms.sum::<f64>() / m;
            let found = if is_bias { by_biases[j] } else { by_weights[(j, k)] };
            close(found, formula, 1e-13 * (1.0 + formula.abs()));

            let by_difference = slope(|h| {
                let output = network.output_mut();
                let parameter = if is_bias { &mut output.biases[j] } else { &mut output.weights[(j, k)] };
                let before = std::mem::replace(parameter, *parameter + h);
                let cost = mean_cost(&network);
                let output = network.output_mut();
                *(if is_bias { &mut output.biases[j] } else { &mut output.weights[(j, k)] }) = before;
                cost
            });
            close(found, by_difference, 1e-10 * (1.0 + here));
        }
    }
}

// --------------------------------------------------------------------------- the cross-entropy cost function

proptest! {
    /// Exercise 1, after equation (60): σ′(z) = σ(z) (1 − σ(z)). σ′ is compared with e^(−|z|)/(1 + e^(−|z|))², which
    /// nothing cancels in, and with the slope of σ. In f32 the numbers below 10⁻³⁸ are 0.
    #[test]
    fn exercise_01_derivative_of_the_sigmoid(z in prop_oneof![-700.0..700.0, -30.0..30.0]) {
        let e = f64::exp(-f64::abs(z));
        let exact = e / ((1.0 + e) * (1.0 + e));
        close(Sigmoid::derivative(z), exact, 12.0 * EPSILON * exact);
        close(slope(|h| Sigmoid::of(z + h)), Sigmoid::derivative(z), 1e-12);

        let a = Sigmoid::of(z);
        let right_side = a * (1.0 - a);
        prop_assert!(!a.is_nan() && !right_side.is_nan());
        close(right_side, exact, EPSILON); // 1 − a rounds, so absolutely and not relatively
        close(jacobian(&Sigmoid, &[z])[0], right_side, 0.0);

        // In f32: z itself is rounded, and e^z with it.
        let z = z as f32;
        let e = f64::exp(-f64::abs(z.f64()));
        let exact = e / ((1.0 + e) * (1.0 + e));
        let found = Sigmoid::derivative(z).f64();
        let epsilon = f32::EPSILON.f64();
        close(found, exact, 12.0 * epsilon * exact + 4.0 * f32::MIN_POSITIVE.f64());
        close(jacobian(&Sigmoid, &[z])[0].f64(), exact, epsilon);
    }

    /// Exercise 2, the roles of y and a: with them swapped the cost of a target of 0 or 1 is infinite for every
    /// output; the right way round it is finite for every z.
    #[test]
    fn exercise_02_swapped_roles_are_undefined(z in -30.0..30.0, y in prop_oneof![Just(0.0), Just(1.0)]) {
        let a = sigmoid(z);
        let swapped = cross_entropy(y, a);
        prop_assert!(!swapped.is_finite());

        let (value, delta) = cost_and_delta(&CrossEntropy, &Sigmoid, &[z], &[y]);
        let right = if y == 1.0 { (-z).exp().ln_1p() } else { z.exp().ln_1p() };
        close(value, right, 8.0 * EPSILON * right);
        prop_assert!(delta[0].is_finite());
    }

    /// Exercise 2, equation (64): for y in (0, 1) the cost is least at a = y, where it is the binary entropy H(y). By
    /// how much more it is elsewhere is the Kullback-Leibler divergence, which is at least 2 (a − y)² (Pinsker).
    #[test]
    fn exercise_02_least_at_the_target(y in 1e-6..0.999_999, z in -30.0..30.0) {
        let entropy = -(y * f64::ln(y) + (1.0 - y) * f64::ln(1.0 - y));
        let value = |z: f64| cost_and_delta(&CrossEntropy, &Sigmoid, &[z], &[y]).0;
        let at_target = f64::ln(y / (1.0 - y));
        close(value(at_target), entropy, 8.0 * EPSILON * (1.0 + at_target.abs()));
        prop_assert!(entropy > 0.0);

        let excess = value(z) - entropy;
        let bound = 2.0 * (sigmoid(z) - y) * (sigmoid(z) - y);
        prop_assert!(excess >= bound - 8.0 * EPSILON * (1.0 + z.abs()), "{excess:e} < {bound:e}");
    }

    /// Exercise 3, equations (66) and (67): with the cross-entropy δ^L = a − y, and ∂C/∂w_jk is the mean of
    /// a_k^{L−1} (a_j − y_j), in networks of several layers.
    #[test]
    fn exercise_03_cross_entropy_in_many_layers(batch in batches(3..5)) {
        for (z, y) in batch.x.iter().zip(batch.y.iter().cycle()) {
            close(cost_and_delta(&CrossEntropy, &Sigmoid, &[*z], &[*y]).1[0], sigmoid(*z) - y, 4.0 * EPSILON);
        }
        output_layer_learns_from_the_error(
            batch.network(Tanh, Sigmoid),
            &CrossEntropy,
            &batch,
            tanh,
            |z| z.iter().copied().map(sigmoid).collect(),
            |a, y| a.iter().zip(y).map(|(&a, &y)| cross_entropy(a, y)).sum(),
        );
    }

    /// Exercise 4, equations (68) to (70): with linear outputs the quadratic cost has the same gradient.
    #[test]
    fn exercise_04_quadratic_cost_with_linear_outputs(batch in batches(3..5)) {
        output_layer_learns_from_the_error(
            batch.network(Sigmoid, Linear),
            &Quadratic,
            &batch,
            sigmoid,
            |z| z.iter().copied().map(identity).collect(),
            |a, y| a.iter().zip(y).map(|(a, y)| (a - y) * (a - y) / 2.0).sum(),
        );
    }

    /// Exercise 4, the other half, equation (65): with sigmoid outputs the quadratic cost keeps σ′. For y = 0 its δ is
    /// a² (1 − a), which *falls* as the neuron becomes more wrong than a = 2/3, where that of the cross-entropy rises.
    #[test]
    fn exercise_04_quadratic_cost_with_sigmoid_outputs_slows_down(
        z in -30.0..30.0, y in 0.0..=1.0, wrong in 0.7..30.0, more in 0.01..5.0,
    ) {
        let delta = |z: f64, y: f64| cost_and_delta(&Quadratic, &Sigmoid, &[z], &[y]).1[0];
        let fast = |z: f64, y: f64| cost_and_delta(&CrossEntropy, &Sigmoid, &[z], &[y]).1[0];
        let a = sigmoid(z);
        close(delta(z, y), (a - y) * a * (1.0 - a), 4.0 * EPSILON);

        prop_assert!(delta(wrong + more, 0.0) < delta(wrong, 0.0));
        prop_assert!(fast(wrong + more, 0.0) >= fast(wrong, 0.0) && fast(wrong, 0.0) > 2.0 / 3.0);
    }
}

/// A cost whose output error is whatever it is told to be: any cost there could be, as backpropagation sees it.
#[derive(Debug)]
struct AnyCost(Vec<f64>);

impl Cost<f64, Linear> for AnyCost {
    fn value(&self, _: &Linear, z: &DMatrix<f64>, _: &DMatrix<f64>, _: &DMatrix<f64>) -> f64 {
        z.iter().zip(self.0.iter().cycle()).map(|(z, delta)| z * delta).sum()
    }

    fn delta(&self, _: &Linear, _: &DMatrix<f64>, _: &DMatrix<f64>, _: &DMatrix<f64>, delta: &mut DMatrix<f64>) {
        delta.iter_mut().zip(self.0.iter().cycle()).for_each(|(d, &value)| *d = value);
    }
}

/// ∂C/∂w_jk = x_k ∂C/∂b_j for one example, and an input that is 0 in every example teaches nothing.
fn weights_learn_in_proportion_to_the_input<O: Activation<f64>>(batch: &Batch, output: O, cost: &impl Cost<f64, O>) {
    let mut y = batch.y.clone();
    for mut column in y.column_iter_mut() {
        // A probability distribution, for the log-likelihood.
        column.add_scalar_mut(0.1);
        let sum = column.sum();
        column /= sum;
    }
    let network = batch.network(Linear, output);
    let alone = (batch.x.columns(0, 1).into_owned(), y.columns(0, 1).into_owned());
    let (by_weights, by_biases) = &gradient(&network, cost, &alone.0, &alone.1).layers()[0];
    for ((j, k), &found) in (0..by_weights.ncols())
        .flat_map(|k| (0..by_weights.nrows()).map(move |j| (j, k)))
        .zip(by_weights.iter())
    {
        let wanted = alone.0[k] * by_biases[j];
        close(found, wanted, 2.0 * EPSILON * wanted.abs());
    }

    let mut silent = batch.x.clone();
    silent.row_mut(0).fill(0.0);
    let by_weights = &gradient(&network, cost, &silent, &y).layers()[0].0;
    assert!(by_weights.column(0).iter().all(|&g| g == 0.0), "{by_weights}");
}

proptest! {
    /// Exercise 5, on equation (61): ∂C/∂w_j is proportional to x_j, whatever the cost. Every cost of the crate, with
    /// every output activation that it is paired with, and a cost with an arbitrary δ.
    #[test]
    fn exercise_05_the_input_is_a_factor_of_the_gradient(batch in batches(2..3), c in 0.1..5.0, delta in vec(-9.0..9.0, 4)) {
        let sharp = Softmax::with_sharpness(c).unwrap();
        weights_learn_in_proportion_to_the_input(&batch, Sigmoid, &Quadratic);
        weights_learn_in_proportion_to_the_input(&batch, Tanh, &Quadratic);
        weights_learn_in_proportion_to_the_input(&batch, Relu, &Quadratic);
        weights_learn_in_proportion_to_the_input(&batch, Linear, &Quadratic);
        weights_learn_in_proportion_to_the_input(&batch, sharp, &Quadratic);
        weights_learn_in_proportion_to_the_input(&batch, Sigmoid, &CrossEntropy);
        weights_learn_in_proportion_to_the_input(&batch, Softmax::default(), &LogLikelihood);
        weights_learn_in_proportion_to_the_input(&batch, sharp, &LogLikelihood);
        weights_learn_in_proportion_to_the_input(&batch, Linear, &AnyCost(delta));
    }
}

// ----------------------------------------------------------------------------------------------------- softmax

/// Weighted inputs of two to six neurons that no output underflows for.
fn weighted_inputs() -> impl Strategy<Value = Vec<f64>> {
    vec(-8.0..8.0, 2..7)
}

/// Exercise 6: an explicit sigmoid layer whose outputs do not sum to 1.
#[test]
fn exercise_06_sigmoid_outputs_need_not_sum_to_one() {
    assert_eq!(activate(&Sigmoid, &[0.0, 0.0, 0.0]), [0.5, 0.5, 0.5]);
    assert_eq!(activate(&Sigmoid, &[1000.0, 1000.0]).iter().sum::<f64>(), 2.0);
    assert_eq!(activate(&Sigmoid, &[-1000.0, -1000.0]).iter().sum::<f64>(), 0.0);
}

proptest! {
    /// Exercise 6, equation (79): softmax outputs are positive and sum to 1. A sigmoid layer's sum is 1 only by chance:
    /// it rises with each of its weighted inputs.
    #[test]
    fn exercise_06_softmax_outputs_sum_to_one(z in weighted_inputs(), more in 0.01..2.0) {
        let a = activate(&Softmax::default(), &z);
        prop_assert!(a.iter().all(|&a| a > 0.0));
        close(a.iter().sum(), 1.0, 8.0 * EPSILON);
        for (a, exact) in a.iter().zip(softmax(&z)) {
            close(*a, exact, 32.0 * EPSILON * exact);
        }
        let narrow: Vec<f32> = z.iter().map(|&z| z as f32).collect();
        close(activate(&Softmax::default(), &narrow).iter().map(|a| a.f64()).sum(), 1.0, 8.0 * f32::EPSILON.f64());

        let raised: Vec<f64> = z.iter().map(|z| z + more).collect();
        let sum = |z: &[f64]| activate(&Sigmoid, z).iter().sum::<f64>();
        prop_assert!(sum(&raised) > sum(&z));
    }

    /// Exercise 7: ∂a_j/∂z_k is positive for j = k and negative for j ≠ k; and so is the change of a_j by a step of any
    /// length in z_k, which needs no derivative to be seen.
    #[test]
    fn exercise_07_monotonicity_of_softmax(z in weighted_inputs(), more in 0.01..4.0) {
        let jacobian = jacobian(&Softmax::default(), &z);
        let (a, exact) = (activate(&Softmax::default(), &z), softmax(&z));
        for k in 0..z.len() {
            let mut moved = z.clone();
            moved[k] += more;
            let after = activate(&Softmax::default(), &moved);
            for j in 0..z.len() {
                let kronecker = if j == k { 1.0 } else { 0.0 };
                let formula = exact[j] * (kronecker - exact[k]);
                close(jacobian[(j, k)], formula, 8.0 * EPSILON);
                if j == k {
                    prop_assert!(jacobian[(j, k)] > 0.0 && after[j] > a[j]);
                } else {
                    prop_assert!(jacobian[(j, k)] < 0.0 && after[j] < a[j]);
                }
            }
        }
    }

    /// Exercise 8: every softmax output moves with every weighted input, where a sigmoid output moves with its own
    /// only. What does not move is the ratio of two outputs whose weighted inputs stayed.
    #[test]
    fn exercise_08_non_locality_of_softmax(z in weighted_inputs(), k in any::<prop::sample::Index>(), by in 0.01..4.0, up in any::<bool>()) {
        let k = k.index(z.len());
        let mut moved = z.clone();
        moved[k] += if up { by } else { -by };
        let (a, after) = (activate(&Softmax::default(), &z), activate(&Softmax::default(), &moved));
        let (local, local_after) = (activate(&Sigmoid, &z), activate(&Sigmoid, &moved));
        let first = usize::from(k == 0);
        for j in 0..z.len() {
            prop_assert!(a[j] != after[j]);
            prop_assert_eq!(local[j] != local_after[j], j == k);
            if j != k {
                close(after[j] / after[first], a[j] / a[first], 32.0 * EPSILON * a[j] / a[first]);
            }
        }
    }

    /// Exercise 9: z_j = ln a_j + C with the same C for all j, namely C = ln Σ_k e^(z_k); with sharpness c it is c z_j.
    /// The outputs do not say what C is: the same is added to every z, and neither they nor their cost change. (Numbers
    /// of 10 binary places and a shift by a power of two, so that z + shift is exact.)
    #[test]
    fn exercise_09_inverting_softmax(z in vec(-8192i32..8192, 2..7), c in 0.1..3.0, power in 0i32..40, right in any::<prop::sample::Index>()) {
        let z: Vec<f64> = z.iter().map(|&z| f64::from(z) / 1024.0).collect();
        let f = Softmax::with_sharpness(c).unwrap();
        let a = activate(&f, &z);
        let constant = z.iter().map(|z| (c * z).exp()).sum::<f64>().ln();
        for (z, a) in z.iter().zip(&a) {
            close(a.ln() + constant, c * z, 32.0 * EPSILON * (1.0 + (c * z).abs() + constant.abs()));
        }

        let shifted: Vec<f64> = z.iter().map(|z| z + 2f64.powi(power)).collect();
        prop_assert_eq!(activate(&f, &shifted), a);
        let mut y = vec![0.0; z.len()];
        y[right.index(z.len())] = 1.0;
        let (here, there) = (cost_and_delta(&LogLikelihood, &f, &z, &y), cost_and_delta(&LogLikelihood, &f, &shifted, &y));
        prop_assert_eq!(here, there);
    }

    /// Exercise 10, equations (81) and (82): ∂C/∂b_j = a_j − y_j and ∂C/∂w_jk = a_k^{L−1} (a_j − y_j), for *every* output
    /// j although C = −ln a_y names but one; the ∂C/∂b_j sum to 0, for softmax does not see a common shift.
    #[test]
    fn exercise_10_log_likelihood_with_softmax(batch in batches(3..5), soft in any::<bool>()) {
        let mut batch = batch;
        for mut column in batch.y.column_iter_mut() {
            let right = column.argmax().0;
            if !soft {
                column.fill(0.0);
            }
            column[right] += 1.0;
            let sum = column.sum();
            column /= sum;
        }
        let network = batch.network(Tanh, Softmax::default());
        let found = gradient(&network, &LogLikelihood, &batch.x, &batch.y);
        close(found.layers()[found.layers().len() - 1].1.sum(), 0.0, 16.0 * EPSILON);
        output_layer_learns_from_the_error(
            network,
            &LogLikelihood,
            &batch,
            tanh,
            softmax,
            |a, y| a.iter().zip(y).map(|(a, y)| -y * a.ln()).sum(),
        );
    }
}

/// Softmax of every sharpness, in one precision: a distribution that keeps the order of z, with every output that is
/// not the largest at most e^(−c gap), and so with the shared argmax as its limit.
fn softmax_of_any_sharpness<T: Real>(steps: &[i32], c: f64) {
    let z: Vec<T> = steps.iter().map(|&z| T::of(f64::from(z) / 4.0)).collect();
    let a: Vec<f64> = activate(&Softmax::with_sharpness(c).unwrap(), &z).iter().map(|a| a.f64()).collect();
    let epsilon = T::default_epsilon().f64();
    assert!(a.iter().all(|&a| (0.0..=1.0).contains(&a)), "c = {c:e}: {a:?}");
    close(a.iter().sum(), 1.0, 8.0 * epsilon);
    for j in 0..z.len() {
        for k in 0..z.len() {
            assert!(z[j] > z[k] || a[j] <= a[k], "c = {c:e}: {a:?} for {z:?}");
        }
    }

    let largest = steps.iter().max().unwrap();
    let ties = steps.iter().filter(|&z| z == largest).count() as f64;
    let others = steps.len() as f64 - ties;
    for (&step, a) in steps.iter().zip(&a) {
        let limit = if step == *largest { 1.0 / ties } else { 0.0 };
        let gap = if step == *largest { 0.25 } else { f64::from(largest - step) / 4.0 };
        let bound = if step == *largest { others } else { 1.0 } * (-c * gap).exp();
        close(*a, limit, bound * (1.0 + 1e-4) + 4.0 * epsilon);
    }
}

proptest! {
    /// Exercise 11, equation (83): a probability distribution for every c > 0; as c → ∞ the argmax, shared equally
    /// among ties; as c → 0 the same for all. For c from 10⁻³⁰⁰ to 10³⁰⁰, f32's included.
    #[test]
    fn exercise_11_sharpness_of_softmax(steps in vec(-12i32..12, 1..7), exponent in prop_oneof![-300.0..300.0, -2.0..2.0]) {
        let c = 10f64.powf(exponent);
        softmax_of_any_sharpness::<f64>(&steps, c);
        softmax_of_any_sharpness::<f32>(&steps, c);
        let z: Vec<f64> = steps.iter().map(|&z| f64::from(z)).collect();
        for a in activate(&Softmax::with_sharpness(c.min(1.0) * 1e-18).unwrap(), &z) {
            close(a, 1.0 / z.len() as f64, 4.0 * EPSILON);
        }
        for refused in [0.0, -c, f64::NAN, f64::INFINITY] {
            prop_assert!(Softmax::with_sharpness(refused).is_err());
        }
    }

    /// Exercise 11, and the cost that belongs to it: −ln a_y = ln Σ_k e^(c (z_k − z_y)), which is a number for every c.
    #[test]
    fn exercise_11_cost_of_a_sharp_softmax(steps in vec(-12i32..12, 2..7), exponent in prop_oneof![-300.0..306.0, -2.0..2.0], right in any::<prop::sample::Index>()) {
        let (c, right) = (10f64.powf(exponent), right.index(steps.len()));
        let z: Vec<f64> = steps.iter().map(|&z| f64::from(z) / 4.0).collect();
        let mut y = vec![0.0; z.len()];
        y[right] = 1.0;
        let (value, delta) = cost_and_delta(&LogLikelihood, &Softmax::with_sharpness(c).unwrap(), &z, &y);
        let largest = z.iter().copied().fold(f64::MIN, f64::max);
        let exact = c * (largest - z[right]) + z.iter().map(|z| (c * (z - largest)).exp()).sum::<f64>().ln();
        close(value, exact, 16.0 * EPSILON * (1.0 + exact.abs()));
        prop_assert!(delta.iter().all(|d| d.is_finite()));
    }
}
