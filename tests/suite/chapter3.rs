//! The 23 exercises and problems of chapter 3 of the book, each as a law that holds for random inputs.
//!
//! Every law is compared with a reading of its definition that is written out here, in plain loops and with the
//! standard library's functions, and shares no code with the crate. `docs/chapter3.md` derives each of them.
//! Exercise 12, on rotated images, has a file of its own: `tests/suite/augment.rs`.

use gradus::history::{History, Metric};
use gradus::optimizer::ParameterKind;
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

/// −[y ln a + (1 − y) ln(1 − a)], the book's equation (57) for one output, as it stands: 0 ln 0 is NaN.
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
fn cost_and_delta<T: Real, A: Activation<T>>(
    cost: &impl Cost<T, A>,
    output: &A,
    z: &[T],
    y: &[T],
) -> (f64, Vec<T>) {
    let (z, a, y) = (column(z), column(&activate(output, z)), column(y));
    let mut delta = DMatrix::from_element(z.len(), 1, T::cast(1e6));
    cost.delta(output, &z, &a, &y, &mut delta);
    (cost.value(output, &z, &a, &y), delta.as_slice().to_vec())
}

/// Where a rule is tried out that does not care.
const AT: StepInfo = StepInfo { t: 1, layer: 0, kind: ParameterKind::Weights, rows: 1 };

/// The gradient of the mean cost of a batch, by the crate's backpropagation.
fn gradient<H, O, C>(
    network: &Network<f64, H, O>,
    cost: &C,
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
) -> ParameterArrays<f64>
where
    H: Activation<f64>,
    O: Activation<f64>,
    C: Cost<f64, O>,
{
    let sizes = network.sizes();
    let batch = gradus::data::Batch::new(x.clone(), y.clone()).unwrap();
    let (mut workspace, mut gradient) =
        (Workspace::new(&sizes, x.ncols()).unwrap(), ParameterArrays::zeros(&sizes));
    network.forward(x, &mut workspace);
    network.backward(cost, &batch, &mut workspace, &mut gradient);
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
    fn network<H: Activation<f64> + Clone, O: Activation<f64>>(
        &self,
        hidden: H,
        output: O,
    ) -> Network<f64, H, O> {
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
    let last = found.sizes().len() - 2;
    let (by_weights, by_biases) = (found.weights(last), found.biases(last));
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
        close(slope(|h| Sigmoid::eval(z + h)), Sigmoid::derivative(z), 1e-12);

        let a = Sigmoid::eval(z);
        let right_side = a * (1.0 - a);
        prop_assert!(!a.is_nan() && !right_side.is_nan());
        close(right_side, exact, EPSILON); // 1 − a rounds, so absolutely and not relatively
        // Backpropagation does not lose σ′ in the tails, where 1 − a has rounded: it keeps the promise of `Sigmoid`'s page.
        close(jacobian(&Sigmoid, &[z])[0], exact, 40.0 * EPSILON * exact);

        // In f32: z itself is rounded, and e^z with it.
        let z = z as f32;
        let e = f64::exp(-f64::abs(z.to_f64()));
        let exact = e / ((1.0 + e) * (1.0 + e));
        let found = Sigmoid::derivative(z).to_f64();
        let epsilon = f32::EPSILON.to_f64();
        close(found, exact, 12.0 * epsilon * exact + 4.0 * f32::MIN_POSITIVE.to_f64());
        let tolerance = 40.0 * epsilon * exact + 4.0 * f32::MIN_POSITIVE.to_f64();
        close(jacobian(&Sigmoid, &[z])[0].to_f64(), exact, tolerance);
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
    fn values(&self, _: &Linear, z: &DMatrix<f64>, _: &DMatrix<f64>, _: &DMatrix<f64>, costs: &mut [f64]) {
        let mut deltas = self.0.iter().cycle();
        for (cost, z) in costs.iter_mut().zip(z.column_iter()) {
            *cost = z.iter().zip(&mut deltas).map(|(z, delta)| z * delta).sum();
        }
    }

    fn delta(
        &self,
        _: &Linear,
        _: &DMatrix<f64>,
        _: &DMatrix<f64>,
        _: &DMatrix<f64>,
        delta: &mut DMatrix<f64>,
    ) {
        delta.iter_mut().zip(self.0.iter().cycle()).for_each(|(d, &value)| *d = value);
    }
}

/// ∂C/∂w_jk = x_k ∂C/∂b_j for one example, and an input that is 0 in every example teaches nothing.
fn weights_learn_in_proportion_to_the_input<O: Activation<f64>>(
    batch: &Batch,
    output: O,
    cost: &impl Cost<f64, O>,
) {
    let mut y = batch.y.clone();
    for mut column in y.column_iter_mut() {
        // A probability distribution, for the log-likelihood.
        column.add_scalar_mut(0.1);
        let sum = column.sum();
        column /= sum;
    }
    let network = batch.network(Linear, output);
    let alone = (batch.x.columns(0, 1).into_owned(), y.columns(0, 1).into_owned());
    let found = gradient(&network, cost, &alone.0, &alone.1);
    let (by_weights, by_biases) = (found.weights(0), found.biases(0));
    for ((j, k), &found) in (0..by_weights.ncols())
        .flat_map(|k| (0..by_weights.nrows()).map(move |j| (j, k)))
        .zip(by_weights.iter())
    {
        let wanted = alone.0[k] * by_biases[j];
        close(found, wanted, 2.0 * EPSILON * wanted.abs());
    }

    let mut silent = batch.x.clone();
    silent.row_mut(0).fill(0.0);
    let found = gradient(&network, cost, &silent, &y);
    let by_weights = found.weights(0);
    assert!(by_weights.column(0).iter().all(|&g| g == 0.0), "{by_weights}");
}

proptest! {
    /// Exercise 5, on equation (61): ∂C/∂w_j is proportional to x_j, whatever the cost. Every cost of the crate, with
    /// every output activation that it is paired with, and a cost with an arbitrary δ.
    #[test]
    fn exercise_05_the_input_is_a_factor_of_the_gradient(
        batch in batches(2..3), c in 0.1..5.0, delta in vec(-9.0..9.0, 4),
    ) {
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
    fn exercise_06_softmax_outputs_sum_to_one(z in weighted_inputs(), more in 0.01..2.0f64) {
        let a = activate(&Softmax::default(), &z);
        prop_assert!(a.iter().all(|&a| a > 0.0));
        close(a.iter().sum(), 1.0, 8.0 * EPSILON);
        for (a, exact) in a.iter().zip(softmax(&z)) {
            close(*a, exact, 32.0 * EPSILON * exact);
        }
        let narrow: Vec<f32> = z.iter().map(|&z| z as f32).collect();
        close(activate(&Softmax::default(), &narrow).iter().map(|a| a.to_f64()).sum(), 1.0, 8.0 * f32::EPSILON.to_f64());

        let raised: Vec<f64> = z.iter().map(|z| z + more).collect();
        let sum = |z: &[f64]| activate(&Sigmoid, z).iter().sum::<f64>();
        prop_assert!(sum(&raised) > sum(&z));
    }

    /// Exercise 7: ∂a_j/∂z_k is positive for j = k and negative for j ≠ k; and so is the change of a_j by a step of any
    /// length in z_k, which needs no derivative to be seen.
    #[test]
    fn exercise_07_monotonicity_of_softmax(z in weighted_inputs(), more in 0.01..4.0f64) {
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
    fn exercise_08_non_locality_of_softmax(
        z in weighted_inputs(), k in any::<prop::sample::Index>(), by in 0.01..4.0f64, up in any::<bool>(),
    ) {
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
    fn exercise_09_inverting_softmax(
        z in vec(-8192i32..8192, 2..7), c in 0.1..3.0, power in 0i32..40,
        right in any::<prop::sample::Index>(),
    ) {
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
        let cost = |z: &[f64]| cost_and_delta(&LogLikelihood, &f, z, &y);
        prop_assert_eq!(cost(&shifted), cost(&z));
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
        close(found.biases(found.sizes().len() - 2).sum(), 0.0, 16.0 * EPSILON);
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
    let z: Vec<T> = steps.iter().map(|&z| T::cast(f64::from(z) / 4.0)).collect();
    let a: Vec<f64> = activate(&Softmax::with_sharpness(c).unwrap(), &z).iter().map(|a| a.to_f64()).collect();
    let epsilon = T::default_epsilon().to_f64();
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
    fn exercise_11_sharpness_of_softmax(
        steps in vec(-12i32..12, 1..7), exponent in prop_oneof![-300.0..300.0, -2.0..2.0],
    ) {
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
    fn exercise_11_cost_of_a_sharp_softmax(
        steps in vec(-12i32..12, 2..7), exponent in prop_oneof![-300.0..306.0, -2.0..2.0],
        right in any::<prop::sample::Index>(),
    ) {
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

// ---------------------------------------------------------------------- initialization and regularization

/// Weighted inputs of one layer's neurons, half of whose inputs are 1 and the others 0: the sum of their squares over
/// that which the standard deviation `expected` makes expect.
fn spread_of_z<T: Real>(
    initializer: &dyn Initializer<T>,
    n_in: usize,
    neurons: usize,
    seed: u64,
    expected: f64,
) -> f64 {
    let network = Network::new(&[n_in, neurons], Linear, Linear, initializer, seed).unwrap();
    let x = DMatrix::from_fn(n_in, 1, |k, _| if k < n_in / 2 { T::one() } else { T::zero() });
    let z = network.predict(&x).unwrap();
    z.iter().map(|z| z.to_f64() * z.to_f64()).sum::<f64>() / (neurons as f64 * expected * expected)
}

/// Exercise 13, "Weight initialization": with n_in inputs of which half are 1, z has the standard deviation √(3/2)
/// under `ScaledGaussian` and √(n_in/2 + 1) under `LargeGaussian`.
///
/// z is normal with mean 0, so Σ z²/σ² over N neurons is χ² with N degrees of freedom: over N it is 1 with standard
/// deviation √(2/N). N = 10,000, and 5 standard deviations are allowed: a right initializer fails a fresh seed with
/// a probability of about 10⁻⁶, all 16 draws together about 10⁻⁵. The seeds are fixed, so it does not come and go.
/// A standard deviation that is wrong by 7 % or more fails almost surely: without the bias it would be wrong by 18 %.
#[test]
fn exercise_13_spread_of_the_weighted_inputs() {
    const NEURONS: usize = 10_000;
    let allowed = 5.0 * (2.0 / NEURONS as f64).sqrt();
    for (seed, n_in) in [(1, 10), (2, 100), (3, 400), (4, 784)] {
        let large = (n_in as f64 / 2.0 + 1.0).sqrt();
        close(spread_of_z::<f64>(&ScaledGaussian, n_in, NEURONS, seed, 1.5f64.sqrt()), 1.0, allowed);
        close(spread_of_z::<f64>(&LargeGaussian, n_in, NEURONS, seed, large), 1.0, allowed);
        close(spread_of_z::<f32>(&ScaledGaussian, n_in, NEURONS, seed, 1.5f64.sqrt()), 1.0, allowed);
        close(spread_of_z::<f32>(&LargeGaussian, n_in, NEURONS, seed, large), 1.0, allowed);
    }
}

/// A network with no data gradient: the inputs are 0 and the targets are its biases, so that δ = 0 exactly.
fn at_rest(n: usize, seed: u64) -> (Network<f64, Linear, Linear>, Dataset<f64>) {
    let network = Network::new(&[3, 2], Linear, Linear, &ScaledGaussian, seed).unwrap();
    let y = DMatrix::from_fn(2, n, |j, _| network.output().biases[j]);
    let data = Dataset::new(DMatrix::zeros(3, n), y).unwrap();
    (network, data)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Exercise 14, weight decay alone: a step multiplies every weight by 1 − ηλ/n, an epoch of k steps by
    /// (1 − ηλ/n)^k, and biases stay. With x = ηλ/m and k = n/m this is (1 − x/k)^k, which falls short of exp(−ηλ/m) by at
    /// most x²/k of it: to first order the same.
    #[test]
    fn exercise_14_weight_decay(
        n in 1usize..40, m in 1usize..10, epochs in 1usize..4,
        eta in 0.01..2.0, share in 0.0..1.0, seed in any::<u64>(),
    ) {
        let lambda = share * n as f64 / eta; // so that ηλ/n is in [0, 1)
        let (mut network, data) = at_rest(n, seed);
        let before = network.clone();
        Trainer::new(Quadratic)
            .regularizer(L2::new(lambda).unwrap())
            .schedule(Constant::new(eta).unwrap())
            .stop(MaxEpochs::new(epochs).unwrap())
            .mini_batch(m)
            .threads(1)
            .fit(&mut network, &data, None)
            .unwrap();

        let steps = epochs * n.div_ceil(m);
        let decay = 1.0 - eta * lambda / n as f64;
        let factor = (0..steps).fold(1.0, |factor, _| factor * decay);
        prop_assert_eq!(&network.output().biases, &before.output().biases);
        for (w, w0) in network.output().weights.iter().zip(before.output().weights.iter()) {
            // η · (λ/n w) and w − that each round, in terms that are not larger than w.
            close(*w, factor * w0, 4.0 * EPSILON * steps as f64 * w0.abs());
        }

        if n % m == 0 && epochs == 1 {
            let (k, x) = ((n / m) as f64, eta * lambda / m as f64);
            let first_order = (-x).exp();
            prop_assert!(factor <= first_order * (1.0 + 4.0 * EPSILON * k));
            prop_assert!(factor >= first_order * (1.0 - x * x / k) - 4.0 * EPSILON * k);
        }
    }
}

proptest! {
    /// Exercise 15, equations (93) and (97): one step of either, against its closed form,
    /// L2: w → (1 − ηλ/n) w − η g, L1: w → w − ηλ/n sgn(w) − η g with sgn(0) = 0.
    #[test]
    fn exercise_15_l1_and_l2_updates(
        w in vec(prop_oneof![Just(0.0), Just(-0.0), -3.0..3.0], 1..8), g in vec(-3.0..3.0, 8),
        eta in 0.01..2.0, lambda in 0.0..9.0, n in 1usize..1000,
    ) {
        let (n, l1, l2) = (n as f64, L1::new(lambda).unwrap(), L2::new(lambda).unwrap());
        let stepped = |regularizer: &dyn Regularizer<f64>| {
            let (mut after, mut gradient) = (w.clone(), g[..w.len()].to_vec());
            regularizer.add_gradient(&LayerInfo::first(1), &w, 1.0 / n, &mut gradient);
            Sgd.step(&AT, &mut [], &mut after, &mut gradient, eta);
            after
        };
        let (by_l1, by_l2) = (stepped(&l1), stepped(&l2));
        for (i, (&w, &g)) in w.iter().zip(&g).enumerate() {
            let rounding = 8.0 * EPSILON * (w.abs() + eta * (g.abs() + lambda / n * (1.0 + w.abs())));
            close(by_l2[i], (1.0 - eta * lambda / n) * w - eta * g, rounding);
            let sign = if w > 0.0 { 1.0 } else if w < 0.0 { -1.0 } else { 0.0 };
            close(by_l1[i], w - eta * lambda / n * sign - eta * g, rounding);
            if w == 0.0 {
                prop_assert_eq!(by_l1[i], -(eta * g)); // of λ not a trace
            }
        }

        let (sum, squares) = w.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w.abs(), squares + w * w));
        close(l1.penalty(&LayerInfo::first(1), &w), lambda * sum, 8.0 * EPSILON * lambda * sum);
        close(l2.penalty(&LayerInfo::first(1), &w), lambda / 2.0 * squares, 8.0 * EPSILON * lambda * squares);
    }

    /// Exercise 15, what L1 does near 0: with no other gradient a weight marches to 0 in equal steps of s = ηλ/n and
    /// then stays within s of it, but stepping over 0 and back it becomes 0 only if it hits it.
    #[test]
    fn exercise_15_l1_marches_to_zero_and_stays_near(w0 in -3.0..3.0f64, s in 0.01..0.5f64) {
        let mut w = [w0];
        let steps = (w0.abs() / s).floor() as usize;
        for step in 1..=steps + 20 {
            let mut gradient = [0.0];
            L1::new(1.0).unwrap().add_gradient(&LayerInfo::first(1), &w, 1.0, &mut gradient);
            Sgd.step(&AT, &mut [], &mut w, &mut gradient, s);
            if step <= steps {
                close(w[0].abs(), w0.abs() - step as f64 * s, 1e-13);
            } else {
                prop_assert!(w[0].abs() <= s + 1e-13);
            }
        }
    }
}

/// A saturated sigmoid in one precision: the outputs are 0 or 1 to the last bit.
fn saturated<T: Real>(z: T, y: T) {
    let a = activate(&Sigmoid, &[z])[0];
    assert!(a == T::zero() || a == T::one());
    let by_a = (a - y) / (a * (T::one() - a));
    let unfused = by_a * (a * (T::one() - a));
    assert!(!by_a.is_finite() && unfused.is_nan());

    let (value, delta) = cost_and_delta(&CrossEntropy, &Sigmoid, &[z], &[y]);
    assert_eq!(delta[0], a - y);
    // ln(1 + e^(−|z|)) is nothing beside |z|, unless y is right, when it is everything.
    let wrong = (z > T::zero()) != (y > T::zero());
    let exact = if wrong { z.abs().to_f64() } else { 0.0 };
    assert!((value - exact).abs() <= f64::exp(-z.abs().to_f64()), "{value:?} for {z:?}, {y:?}");

    // The same for softmax: ∂C/∂a = −y/a has a 0 below it, δ = a − y has not.
    let (value, delta) = cost_and_delta(&LogLikelihood, &Softmax::default(), &[z, -z], &[y, T::one() - y]);
    assert!(value.is_finite() && delta[0] == activate(&Softmax::default(), &[z, -z])[0] - y);
}

proptest! {
    /// Exercise 16, `cost_derivative` of `network.py` for the cross-entropy: (a − y)/(a(1 − a)) is infinite or 0/0 where
    /// a rounds to 0 or 1, and times σ′ = 0 it is NaN; the fused δ = a − y is right there, and so is the value.
    #[test]
    fn exercise_16_fused_delta_stays_finite(
        exponent in 2.9..300.0, up in any::<bool>(), y in prop_oneof![Just(0.0), Just(1.0)],
    ) {
        let z = 10f64.powf(exponent) * if up { 1.0 } else { -1.0 };
        saturated::<f64>(z, y);
        saturated::<f32>(10f32.powf(2.0 + exponent as f32 / 9.0) * if up { 1.0 } else { -1.0 }, y as f32);
    }
}

// ------------------------------------------------------------------------- stopping rules and the learning rate

/// Validation accuracies on 10,000 images, which tie often.
fn accuracies() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![vec(9000u32..9010, 1..60), vec(9000u32..9800, 1..60)]
}

fn history_of(correct: &[u32]) -> History {
    let shares: Vec<f64> = correct.iter().map(|&correct| f64::from(correct) / 10_000.0).collect();
    History::from_validation_accuracies(&shares)
}

/// The first epoch e after which the best of the last n accuracies is not above the best of those before.
fn no_improvement_by_hand(correct: &[u32], n: usize) -> Option<usize> {
    (n + 1..=correct.len()).find(|&e| {
        let (before, last) = correct[..e].split_at(e - n);
        last.iter().max() <= before.iter().max()
    })
}

/// The first epoch e ≥ 2n after which the last n accuracies sum to no more than the n before.
fn rolling_average_by_hand(correct: &[u32], n: usize) -> Option<usize> {
    (2 * n..=correct.len()).find(|&e| {
        let sum = |range: std::ops::Range<usize>| correct[range].iter().sum::<u32>();
        sum(e - n..e) <= sum(e - 2 * n..e - n)
    })
}

/// Two classes of points that overlap, so that the accuracy of what learns them wavers.
fn overlapping_classes(n: usize, seed: u64) -> Dataset<f64> {
    let mut rng = generator(seed, Purpose::User, 0, 0);
    let x = DMatrix::from_fn(2, n, |_, _| f64::sample_normal(&mut rng));
    let first: Vec<bool> = x.column_iter().map(|x| x[0] + f64::sample_normal(&mut rng) > 0.0).collect();
    let y = DMatrix::from_fn(2, n, |j, sample| if first[sample] == (j == 0) { 1.0 } else { 0.0 });
    Dataset::new(x, y).unwrap()
}

/// What is the same whenever a run is repeated: everything but the time it took.
fn without_seconds(history: &History) -> Vec<EpochRecord> {
    history.epochs().iter().map(|record| EpochRecord { seconds: 0.0, ..record.clone() }).collect()
}

/// A run that a rule stops, against the rule replayed over a longer run that it did not stop, and against the rule
/// by hand. Returns at which epochs runs were stopped.
fn replay_agrees_with_live_runs<R>(
    rule: impl Fn(usize) -> R,
    by_hand: fn(&[u32], usize) -> Option<usize>,
) -> Vec<usize>
where
    R: StoppingRule + Clone + 'static,
{
    const EPOCHS: usize = 25;
    const VALIDATION: usize = 60;
    let mut stopped = Vec::new();
    for seed in 0..6 {
        let (training, validation) = overlapping_classes(40 + VALIDATION, seed).split_at(40).unwrap();
        let run = |rule: Box<dyn StoppingRule>| {
            let mut network =
                Network::new(&[2, 4, 2], Tanh, Softmax::default(), &ScaledGaussian, seed).unwrap();
            let trainer = Trainer::new(LogLikelihood).schedule(Constant::new(1.0).unwrap()).stop(rule);
            trainer.seed(seed).threads(1).fit(&mut network, &training, Some(&validation)).unwrap()
        };
        let long = run(Box::new(MaxEpochs::new(EPOCHS).unwrap()));
        let accuracies = long.history.values(&Metric::validation(Accuracy));
        let correct: Vec<u32> =
            accuracies.map(|(_, share)| (share * VALIDATION as f64).round() as u32).collect();

        for n in [1, 2, 4, 7] {
            let rule = rule(n);
            let live = run(Box::new(rule.clone().or(MaxEpochs::new(EPOCHS).unwrap())));
            let replayed = rule.replay(&long.history);
            assert_eq!(replayed.as_ref().map(|(epoch, _)| *epoch), by_hand(&correct, n));
            let (epoch, reason) = replayed.unwrap_or((EPOCHS, StopReason::MaxEpochs { epochs: EPOCHS }));
            assert_eq!(live.stop_reason, reason);
            assert_eq!(without_seconds(&live.history), without_seconds(&long.history)[..epoch]);
            stopped.extend((epoch < EPOCHS).then_some(epoch));
        }
    }
    stopped
}

proptest! {
    /// Exercise 17: no improvement in n epochs, on random histories.
    #[test]
    fn exercise_17_no_improvement_in_n(correct in accuracies(), n in 1usize..12) {
        let replayed = NoImprovement::new(n).unwrap().replay(&history_of(&correct));
        prop_assert_eq!(replayed.map(|(epoch, _)| epoch), no_improvement_by_hand(&correct, n));
    }

    /// Exercise 18: a rolling average that no longer rises, on random histories, and on such whose second half repeats
    /// the first in another order, where the means are equal but for rounding.
    #[test]
    fn exercise_18_rolling_average(correct in accuracies(), n in 1usize..12, again in any::<bool>()) {
        let mut correct = correct;
        if again {
            correct.extend(correct.clone().iter().rev());
        }
        let n = if again { correct.len() / 2 } else { n };
        let replayed = RollingAverage::new(n).unwrap().replay(&history_of(&correct));
        prop_assert_eq!(replayed.map(|(epoch, _)| epoch), rolling_average_by_hand(&correct, n));
    }
}

/// Exercise 17: `replay` says of a run what the rule does to it live.
#[test]
fn exercise_17_replay_agrees_with_a_live_run() {
    let stopped = replay_agrees_with_live_runs(|n| NoImprovement::new(n).unwrap(), no_improvement_by_hand);
    assert!(stopped.len() >= 12, "too few runs were stopped to say anything: {stopped:?}");
}

/// Exercise 18: `replay` says of a run what the rule does to it live.
#[test]
fn exercise_18_replay_agrees_with_a_live_run() {
    let stopped = replay_agrees_with_live_runs(|n| RollingAverage::new(n).unwrap(), rolling_average_by_hand);
    assert!(stopped.len() >= 12, "too few runs were stopped to say anything: {stopped:?}");
}

/// The learning rate of each epoch, in units of the first, until the schedule ends: halved after an epoch if none of
/// the last n beat all before it and none of them was followed by a halving, and over at 1/128.
fn halvings_by_hand(correct: &[u32], n: usize) -> Vec<f64> {
    let is_record = |e: usize| correct[..e].iter().all(|&before| before < correct[e]);
    let (mut rates, mut changed) = (vec![1.0], 0);
    for e in 1..=correct.len() {
        let mut rate = rates[e - 1];
        if e >= changed + n && !(e - n..e).any(is_record) {
            (rate, changed) = (rate / 2.0, e);
        }
        if rate == 1.0 / 128.0 {
            break;
        }
        rates.push(rate);
    }
    rates
}

proptest! {
    /// Exercise 19: η is halved at the right epochs and the schedule ends at 1/128, on random histories.
    #[test]
    fn exercise_19_halving_schedule(correct in accuracies(), n in 1usize..6, eta in 0.001..9.0) {
        let schedule = HalveOnPlateau::new(eta, n).unwrap();
        let wanted = halvings_by_hand(&correct, n);
        for epoch in 1..=correct.len() + 1 {
            let history = history_of(&correct[..epoch - 1]);
            let rate = schedule.rate(&Progress { epoch, history: &history });
            prop_assert_eq!(rate, wanted.get(epoch - 1).map(|share| share * eta)); // powers of two: exact
        }
    }
}

/// Exercise 19, live: where the accuracy never rises after the first epoch, η is halved after epochs 1 + n, 1 + 2n, …,
/// and the seventh halving ends the run after epoch 1 + 7n.
#[test]
fn exercise_19_ends_a_live_run_at_one_128th() {
    for n in [1, 2, 5] {
        // One class only: every accuracy is 1.
        let data = Dataset::new(DMatrix::from_element(1, 4, 0.5), DMatrix::from_element(1, 4, 1.0)).unwrap();
        let mut network = Network::new(&[1, 1], Linear, Linear, &ScaledGaussian, 1).unwrap();
        network.output_mut().weights.fill(0.0);
        network.output_mut().biases.fill(0.9);
        let trainer = Trainer::new(Quadratic)
            .schedule(HalveOnPlateau::new(0.5, n).unwrap().monitor(Metric::validation(Accuracy)))
            .stop(MaxEpochs::new(100).unwrap());
        let report = trainer.threads(1).fit(&mut network, &data, Some(&data)).unwrap();
        assert_eq!(report.stop_reason, StopReason::ScheduleEnded);
        let rates: Vec<f64> = report.history.epochs().iter().map(|record| record.learning_rate).collect();
        let wanted: Vec<f64> =
            (1..=1 + 7 * n).map(|epoch| 0.5 / 2f64.powi((epoch.saturating_sub(2) / n) as i32)).collect();
        assert_eq!(rates, wanted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Exercise 20, λ: ∂C/∂λ = Ω/(nλ) ≥ 0 does not depend on λ, so that gradient descent on the cost takes λ to 0 in
    /// steps of equal length, and the constructor refuses what would come next.
    #[test]
    fn exercise_20_descent_finds_lambda_zero(
        w in vec(-3.0..3.0, 1..8), lambda in 0.1..9.0f64, n in 1usize..100, rate in 0.5..5.0f64,
    ) {
        let n = n as f64;
        let l1_slope = w.iter().map(|w| f64::abs(*w)).sum::<f64>() / n;
        let l2_slope = w.iter().map(|w| w * w).sum::<f64>() / (2.0 * n);
        let l1 = |lambda| L1::new(lambda).unwrap().penalty(&LayerInfo::first(1), &w) / n;
        let l2 = |lambda| L2::new(lambda).unwrap().penalty(&LayerInfo::first(1), &w) / n;
        close(slope(|h| l1(lambda + h)), l1_slope, 1e-11 * (1.0 + l1(lambda)));
        close(slope(|h| l2(lambda + h)), l2_slope, 1e-11 * (1.0 + l2(lambda)));
        prop_assert!(l2_slope >= 0.0 && l2(lambda) >= l2(0.0) && l1_slope >= 0.0 && l1(lambda) >= l1(0.0));

        prop_assume!(l2_slope > 1e-4);
        let planned = (lambda / (rate * l2_slope)).ceil() as usize;
        let mut descending = lambda;
        for step in 1..=planned + 1 {
            descending -= rate * l2_slope;
            prop_assert!(step >= planned - 1 || descending > 0.0);
        }
        prop_assert!(descending < 0.0 && L2::new(descending).is_err() && L1::new(descending).is_err());
    }

    /// Exercise 20, η: of a fixed network the cost is the same for every η, to the bit. Only after a step does it
    /// depend on η, and at η = 0 it then falls with −‖∇C‖²: a slope that speaks of the next step, not of the run.
    #[test]
    fn exercise_20_the_cost_does_not_know_the_learning_rate(
        batch in batches(3..4), eta in 0.01..1.0, times in 1.5..9.0,
    ) {
        let data = Dataset::new(batch.x.clone(), batch.y.clone()).unwrap();
        let run = |eta: f64| {
            let mut network = batch.network(Tanh, Sigmoid);
            let trainer = Trainer::new(CrossEntropy).schedule(Constant::new(eta).unwrap());
            let trainer = trainer.stop(MaxEpochs::new(1).unwrap()).mini_batch(data.len()).threads(1);
            // The one step of the epoch is taken after the cost.
            let cost = trainer.fit(&mut network, &data, None).unwrap().history.epochs()[0].running_cost;
            (cost, network)
        };
        let ((cost, network), (same_cost, other)) = (run(eta), run(eta * times));
        prop_assert_eq!(cost, same_cost);

        let start = batch.network(Tanh, Sigmoid);
        let downhill = gradient(&start, &CrossEntropy, &batch.x, &batch.y);
        let squares: f64 = downhill.arrays().flatten().map(|g| g * g).sum();
        prop_assert!(squares < 1e-9 || network != other);
        let after_a_step = |eta: f64| {
            let mut network = start.clone();
            for (w, g) in network.parameters_mut().zip(downhill.arrays()) {
                w.iter_mut().zip(g).for_each(|(w, g)| *w -= eta * g);
            }
            evaluate(&network, &CrossEntropy, &data).unwrap().scores.cost()
        };
        close(slope(after_a_step), -squares, 1e-9 * (1.0 + squares * squares * squares));
    }
}

// ----------------------------------------------------------------------------------------------------- momentum

/// Equations (107) and (108) with no one to ask whether μ makes sense.
#[derive(Debug, Clone, Copy)]
struct Unchecked {
    mu: f64,
}

impl Optimizer<f64> for Unchecked {
    fn slots(&self) -> usize {
        1
    }

    fn step(&self, _: &StepInfo, slots: &mut [&mut [f64]], w: &mut [f64], gradient: &mut [f64], eta: f64) {
        let [velocity] = slots else { unreachable!("one slot") };
        for ((w, v), g) in w.iter_mut().zip(velocity.iter_mut()).zip(gradient) {
            *v = self.mu * *v - eta * *g;
            *w += *v;
        }
    }
}

/// The velocities of an optimizer from `start` on, under these gradients.
fn velocities(
    rule: &impl Optimizer<f64>,
    start: f64,
    gradients: impl IntoIterator<Item = f64>,
    eta: f64,
) -> Vec<f64> {
    let (mut v, mut w) = ([start], [0.0]);
    let step = |g| {
        rule.step(&AT, &mut [&mut v], &mut w, &mut [g], eta);
        v[0]
    };
    gradients.into_iter().map(step).collect()
}

proptest! {
    /// Exercise 21, μ > 1: under a constant gradient the velocity grows by more than the factor μ in every step, as
    /// v_t = −η g (μ^t − 1)/(μ − 1); with μ = 1 as −η g t. The constructors refuse both and say why.
    #[test]
    fn exercise_21_momentum_above_one_runs_away(
        mu in 1.001..3.0, g in prop_oneof![0.1..3.0, -3.0..-0.1], eta in 0.01..1.0,
    ) {
        let steps = 30;
        let mut bare = 0.0;
        let found = velocities(&Unchecked { mu }, 0.0, vec![g; steps], eta);
        for (t, pair) in (2..).zip(found.windows(2)) {
            prop_assert!(pair[1].abs() > mu * pair[0].abs());
            let closed: f64 = -eta * g * (0..t).map(|i| mu.powi(i)).sum::<f64>();
            close(pair[1], closed, 1e-13 * closed.abs());
        }
        for v in found {
            bare = mu * bare - eta * g;
            prop_assert_eq!(v, bare);
        }
        for (v, t) in velocities(&Unchecked { mu: 1.0 }, 0.0, vec![g; steps], eta).iter().zip(1..) {
            close(*v, -eta * g * f64::from(t), 1e-13 * v.abs());
        }

        for mu in [1.0, mu, f64::INFINITY] {
            let message = Momentum::new(mu).unwrap_err().to_string();
            let explained = message.contains(&format!("{mu}")) && message.contains("grows without bound");
            prop_assert!(explained, "{}", message);
            prop_assert!(Nesterov::new(mu).is_err());
        }
        prop_assert!(Momentum::new(f64::NAN).is_err());
    }

    /// Exercise 21, μ < 0: what is carried over turns round at every step. A ball that coasts (g = 0) changes its
    /// direction each time. One that is pushed by a constant gradient overshoots its last velocity −η g/(1 − μ) and
    /// falls short of it by turns, which changes its direction too only if μ < −1. The constructors refuse μ < 0 and
    /// say why.
    #[test]
    fn exercise_21_negative_momentum_turns_back(
        mu in prop_oneof![-3.0..-0.01, -1.0..-0.01], g in prop_oneof![0.1..3.0, -3.0..-0.1],
        eta in 0.01..1.0,
    ) {
        let steps = 12;
        let coasting = velocities(&Unchecked { mu }, 1.0, vec![0.0; steps], eta);
        let mut bare = 1.0;
        for v in coasting {
            prop_assert!(v * bare < 0.0);
            bare *= mu;
            prop_assert_eq!(v, bare);
        }

        let limit = -eta * g / (1.0 - mu);
        let pushed = velocities(&Unchecked { mu }, 0.0, vec![g; steps], eta);
        prop_assert!(limit.abs() < (eta * g).abs()); // slower than with no momentum at all
        for pair in pushed.windows(2) {
            let (off, off_next) = (pair[0] - limit, pair[1] - limit);
            close(off_next, mu * off, 1e-13 * (limit.abs() + off_next.abs()));
            if off.abs() > 1e-12 * limit.abs() && off_next.abs() > 1e-12 * limit.abs() {
                prop_assert!(off * off_next < 0.0);
            }
            prop_assert_eq!(pair[0] * pair[1] < 0.0, mu < -1.0);
        }

        let message = Momentum::new(mu).unwrap_err().to_string();
        prop_assert!(message.contains(&format!("{mu}")) && message.contains("negative"), "{}", message);
        prop_assert!(Nesterov::new(mu).is_err());
    }

    /// Exercise 21, for comparison: with μ in [0, 1) the velocity of the crate's rule goes up to −η g/(1 − μ) and never
    /// beyond.
    #[test]
    fn exercise_21_momentum_in_range_has_a_last_velocity(
        mu in 0.0..0.99f64, g in prop_oneof![0.1..3.0f64, -3.0..-0.1], eta in 0.01..1.0f64,
    ) {
        let limit = (eta * g / (1.0 - mu)).abs();
        let found = velocities(&Momentum::new(mu).unwrap(), 0.0, vec![g; 3000], eta);
        prop_assert!(found.iter().all(|v| v * g < 0.0 && v.abs() <= limit * (1.0 + 1e-12)));
        close(found[2999].abs(), limit, 1e-11 * limit);
    }
}

/// Steps of momentum 0 and of plain descent, side by side.
fn momentum_zero_is_sgd<T: Real>(w: &[T], gradients: &[Vec<T>], eta: T) {
    let momentum = Momentum::new(0.0).unwrap();
    let (mut moved, mut plain) = (w.to_vec(), w.to_vec());
    let mut velocity = vec![T::zero(); w.len()];
    for gradient in gradients {
        momentum.step(&AT, &mut [&mut velocity], &mut moved, &mut gradient.clone(), eta);
        Sgd.step(&AT, &mut [], &mut plain, &mut gradient.clone(), eta);
        for (i, (a, b)) in moved.iter().zip(&plain).enumerate() {
            let bits = |x: &T| (x.to_f64().to_bits(), x.to_f64().is_sign_negative());
            assert_eq!(bits(a), bits(b), "{a:?} is not {b:?}, from {:?} along {:?}", w[i], gradient[i]);
        }
    }
}

/// Any number, the two zeros among them.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -3.0..3.0, 1 => Just(0.0), 1 => Just(-0.0)]
}

proptest! {
    /// Exercise 22: with μ = 0 momentum is plain descent, bit for bit, the sign of a zero included; after any number of
    /// steps.
    #[test]
    fn exercise_22_momentum_zero_is_sgd(
        w in vec(number(), 1..20), g in vec(vec(number(), 20), 1..6), eta in 0.001..3.0,
    ) {
        momentum_zero_is_sgd(&w, &g, eta);
        let narrow = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<_>>();
        let gradients: Vec<Vec<f32>> = g.iter().map(|g| narrow(g)).collect();
        momentum_zero_is_sgd(&narrow(&w), &gradients, eta as f32);
    }

    /// Exercise 22, equations (107) and (108): v_t = −η Σ_s μ^(t−s) g_s and w_t = w_0 + Σ v_s, which is the recurrence
    /// written out.
    #[test]
    fn exercise_22_velocity_is_a_fading_sum(
        w0 in -3.0..3.0, g in vec(-3.0..3.0, 1..20), eta in 0.01..1.0f64, mu in 0.0..0.999f64,
    ) {
        let rule = Momentum::new(mu).unwrap();
        let (mut w, mut v) = ([w0], [0.0]);
        let velocity = |t: usize| -eta * (0..=t).map(|s| f64::powi(mu, (t - s) as i32) * g[s]).sum::<f64>();
        for (t, &gradient) in g.iter().enumerate() {
            rule.step(&AT, &mut [&mut v], &mut w, &mut [gradient], eta);
            close(v[0], velocity(t), 1e-12);
            close(w[0], w0 + (0..=t).map(velocity).sum::<f64>(), 1e-12);
        }
    }
}

/// Exercise 22, by hand on the parabola ½ w²: η = ½, μ = ½, from w = 8 at rest. All numbers are exact in binary.
#[test]
fn exercise_22_steps_by_hand() {
    let rule = Momentum::new(0.5).unwrap();
    let (mut w, mut v) = ([8.0], [0.0]);
    // v = ½ v − ½ w, w = w + v:
    //   0 − 4 = −4, 8 − 4 = 4;   −2 − 2 = −4, 4 − 4 = 0;   −2 − 0 = −2, 0 − 2 = −2;   −1 + 1 = 0, −2 + 0 = −2;
    //   0 + 1 = 1, −2 + 1 = −1
    for (velocity, position) in [(-4.0, 4.0), (-4.0, 0.0), (-2.0, -2.0), (0.0, -2.0), (1.0, -1.0)] {
        let mut slope = w;
        rule.step(&AT, &mut [&mut v], &mut w, &mut slope, 0.5);
        assert_eq!((v[0], w[0]), (velocity, position));
    }
}

/// Exercise 22, live: a whole run with μ = 0 has the bits of a run of plain descent; one with μ = ½ has not.
#[test]
fn exercise_22_momentum_zero_trains_like_sgd() {
    fn run(optimizer: impl Optimizer<f64> + 'static) -> Vec<u64> {
        let data = overlapping_classes(53, 1);
        let mut network = Network::new(&[2, 4, 2], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let trainer = Trainer::new(LogLikelihood).optimizer(optimizer).regularizer(L2::new(0.1).unwrap());
        trainer.stop(MaxEpochs::new(5).unwrap()).threads(1).fit(&mut network, &data, None).unwrap();
        network.parameters().flatten().map(|w| w.to_bits()).collect()
    }
    assert_eq!(run(Momentum::new(0.0).unwrap()), run(Sgd));
    assert_ne!(run(Momentum::new(0.5).unwrap()), run(Sgd));
}

// --------------------------------------------------------------------------------------------- tanh and sigmoid

/// A layer of tanh neurons t for a layer of sigmoid neurons a = (1 + t)/2: z/2 = ½ (W a' + b), where a' are the inputs
/// themselves in the first layer and (1 + t')/2 after it.
fn tanh_layer<A: Activation<f64>>(layer: &Dense<f64, A>, first: bool) -> (DMatrix<f64>, DVector<f64>) {
    if first {
        return (&layer.weights / 2.0, &layer.biases / 2.0);
    }
    (&layer.weights / 4.0, &layer.biases / 2.0 + layer.weights.column_sum() / 4.0)
}

/// The other way: σ neurons a for tanh neurons t = 2a − 1, with 2z = 2 (W t' + b).
fn sigmoid_layer<A: Activation<f64>>(layer: &Dense<f64, A>, first: bool) -> (DMatrix<f64>, DVector<f64>) {
    if first {
        return (&layer.weights * 2.0, &layer.biases * 2.0);
    }
    (&layer.weights * 4.0, &layer.biases * 2.0 - layer.weights.column_sum() * 2.0)
}

type Rescale<A> = fn(&Dense<f64, A>, bool) -> (DMatrix<f64>, DVector<f64>);

/// The network with every layer rescaled, and of another activation.
fn converted<A: Activation<f64> + Copy, B: Activation<f64> + Copy>(
    network: &Network<f64, A, A>,
    activation: B,
    rescale: Rescale<A>,
) -> Network<f64, B, B> {
    let layer = |index: usize, layer: &Dense<f64, A>| {
        let (weights, biases) = rescale(layer, index == 0);
        Dense { weights, biases, activation }
    };
    let hidden: Vec<_> = network.hidden().iter().enumerate().map(|(i, l)| layer(i, l)).collect();
    let output = layer(hidden.len(), network.output());
    Network::from_layers(hidden, output).unwrap()
}

proptest! {
    /// Exercise 23, equation (111): σ(z) = (1 + tanh(z/2))/2, for the crate's functions and up to every magnitude.
    #[test]
    fn exercise_23_tanh_is_a_rescaled_sigmoid(z in prop_oneof![-40.0..40.0, -1e308..1e308]) {
        close(Sigmoid::eval(z), (1.0 + Tanh::eval(z / 2.0)) / 2.0, 2.0 * EPSILON);
        close(Sigmoid::eval(z), (1.0 + f64::tanh(z / 2.0)) / 2.0, 2.0 * EPSILON);
        close(Tanh::eval(z), 2.0 * sigmoid(2.0 * z) - 1.0, 4.0 * EPSILON);
        let z = z as f32;
        close(Sigmoid::eval(z).to_f64(), ((1.0 + Tanh::eval(z / 2.0)) / 2.0).to_f64(), 2.0 * f32::EPSILON.to_f64());
    }

    /// Exercise 23: a tanh network with rescaled weights *and shifted biases* computes what a sigmoid network computes,
    /// up to the (1 + t)/2 of the outputs; and the other way round. With rescaled weights alone it does not.
    #[test]
    fn exercise_23_tanh_network_computes_what_a_sigmoid_network_computes(batch in batches(3..6)) {
        let sigmoids = batch.network(Sigmoid, Sigmoid);
        let wanted = sigmoids.predict(&batch.x).unwrap();
        let tanhs = converted(&sigmoids, Tanh, tanh_layer);
        let found = tanhs.predict(&batch.x).unwrap().map(|t| (1.0 + t) / 2.0);
        for (found, wanted) in found.iter().zip(wanted.iter()) {
            close(*found, *wanted, 1e-14);
        }

        let back = converted(&tanhs, Sigmoid, sigmoid_layer).predict(&batch.x).unwrap();
        for (found, wanted) in back.iter().zip(wanted.iter()) {
            close(*found, *wanted, 1e-14);
        }

        let mut unshifted = tanhs;
        let biases = sigmoids.output().biases.clone() / 2.0;
        let shift = (&unshifted.output().biases - &biases).norm();
        unshifted.output_mut().biases = biases;
        let found = unshifted.predict(&batch.x).unwrap().map(|t| (1.0 + t) / 2.0);
        prop_assert!(shift < 1e-3 || (found - wanted).norm() > 1e-9);
    }
}
