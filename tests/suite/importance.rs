//! Permutation importance is the drop of a score when a part of the inputs is permuted, and nothing else.

use gradus::Error;
use gradus::metrics::{MeanAbsoluteError, PermutationImportance, Spread};
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use proptest::prelude::*;
use rand::seq::SliceRandom;

/// Three inputs that do not follow from each other.
fn inputs(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(3, n, |i, j| ((j * [7, 11, 5][i] + j * j * (i + 1)) % 13) as f64 - 6.0)
}

/// a = w x
fn linear(w: [f64; 3]) -> Network<f64, Linear, Linear> {
    let weights = DMatrix::from_row_slice(1, 3, &w);
    Network::from_layers(Vec::new(), Dense { weights, biases: DVector::zeros(1), activation: Linear })
        .unwrap()
}

fn orders(seed: u64, repeat: u64, group: u64, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut generator(seed, Purpose::Permute, repeat, group));
    order
}

proptest! {
    /// By the definition: a matrix whose row is permuted, evaluated by itself. For a score that is to be high and one that
    /// is to be low, over more samples than go through the network at once.
    #[test]
    fn a_drop_is_the_difference_of_two_evaluations(n in prop::sample::select(vec![10usize, 40, 700]), seed: u64) {
        let (x, network) = (inputs(n), linear([1.0, 0.5, 0.0]));
        let y = DMatrix::from_fn(1, n, |_, j| x[(0, j)] + x[(1, j)] * 0.4 + ((j * 3) % 4) as f64);
        let score = |x: &DMatrix<f64>| {
            let data = Dataset::new(x.clone(), y.clone()).unwrap();
            gradus::metrics::evaluate_with(&network, &Quadratic, &data, &[&MeanAbsoluteError]).unwrap().scores
        };
        let data = Dataset::new(x.clone(), y.clone()).unwrap();
        let permutation = PermutationImportance::new(3).unwrap().seed(seed);
        let r2 = permutation.of(&network, &Quadratic, &data).unwrap();
        let absolute = permutation.clone().measure(MeanAbsoluteError).of(&network, &Quadratic, &data).unwrap();
        prop_assert_eq!(&r2.measure, "R²");
        prop_assert_eq!(Some(r2.score), score(&x).get("R²"));
        for input in 0..3 {
            prop_assert_eq!(&r2.inputs[input].name, &format!("input {input}"));
            for repeat in 0..3 {
                let order = orders(seed, repeat as u64, input as u64, n);
                let mut permuted = x.clone();
                (0..n).for_each(|j| permuted[(input, j)] = x[(input, order[j])]);
                let (before, after) = (score(&x), score(&permuted));
                let drop = |name: &str| before.get(name).unwrap() - after.get(name).unwrap();
                prop_assert_eq!(r2.inputs[input].drops[repeat], drop("R²"));
                prop_assert_eq!(absolute.inputs[input].drops[repeat], -drop(&absolute.measure));
            }
        }
        // The network does not use the last one.
        prop_assert_eq!(r2.inputs[2].spread().mean, 0.0);
        prop_assert!(absolute.inputs[0].spread().mean > 0.0, "worse means positive, also of a lower-is-better measure");
    }
}

#[test]
fn mean_and_deviation_are_those_of_the_drops() {
    let (x, network) = (inputs(50), linear([1.0, 0.5, 0.0]));
    let data = Dataset::new(x.clone(), network.predict(&x).unwrap()).unwrap();
    let importances = PermutationImportance::new(4).unwrap().seed(9).of(&network, &Quadratic, &data).unwrap();
    let drops = &importances.inputs[0].drops;
    assert!(drops.iter().any(|&drop| drop != drops[0]), "repeats differ");
    let mean = drops.iter().sum::<f64>() / 4.0;
    let variance = drops.iter().map(|drop| (drop - mean).powi(2)).sum::<f64>() / 3.0;
    let spread = importances.inputs[0].spread();
    assert!((spread.mean - mean).abs() < 1e-12 && (spread.deviation - variance.sqrt()).abs() < 1e-12);
    assert_eq!(Spread::of(drops), spread);
    assert!(Spread::of(&[1.0]).deviation.is_nan() && Spread::of(&[]).mean.is_nan());
    assert_eq!(Spread::of(&[1.0, 5.0, 3.0]).deviation, 2.0);
    assert_eq!(Spread::of(&[1.0, 3.0]).deviation, f64::sqrt(2.0));

    // Sorted and printed, the most important first.
    let names: Vec<&str> = importances.sorted().iter().map(|input| &input.name[..]).collect();
    assert_eq!(names, ["input 0", "input 1", "input 2"]);
    let reversed =
        PermutationImportance::new(2).unwrap().of(&linear([0.0, 0.5, 1.0]), &Quadratic, &data).unwrap();
    assert_eq!(reversed.sorted()[2].name, "input 0");
    let text = importances.to_string();
    assert!(text.starts_with("R² 1.00000") && text.lines().count() == 4 && text.contains(" ± "), "{text}");
    // The seed decides.
    let other = PermutationImportance::new(4).unwrap().seed(8).of(&network, &Quadratic, &data).unwrap();
    assert_ne!(other, importances);
}

/// Classes are scored by the accuracy, and one is lost with the only input that tells them apart.
#[test]
fn classes_are_scored_by_the_accuracy() {
    let x = inputs(100);
    let labels: Vec<u32> = (0..100).map(|j| u32::from(x[(1, j)] > 0.0)).collect();
    let data = Dataset::from_labels(x, &labels, 2).unwrap();
    let weights = DMatrix::from_row_slice(2, 3, &[0.0, -9.0, 0.0, 0.0, 9.0, 0.0]);
    let output =
        Dense { weights, biases: DVector::from_column_slice(&[1.0, -1.0]), activation: Softmax::default() };
    let network = Network::<f64, Linear, _>::from_layers(Vec::new(), output).unwrap();
    let importances = PermutationImportance::new(5).unwrap().of(&network, &LogLikelihood, &data).unwrap();
    assert_eq!((&importances.measure[..], importances.score), ("accuracy", 1.0));
    assert!((0.3..0.7).contains(&importances.inputs[1].spread().mean), "{importances}");
    assert_eq!(importances.inputs[0].drops, [0.0; 5]);
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    assert!(matches!(PermutationImportance::new(0), Err(Error::Setting { .. })));
    let permutation = PermutationImportance::new(2).unwrap();
    let data = Dataset::new(DMatrix::zeros(2, 5), DMatrix::zeros(1, 5)).unwrap();
    assert!(matches!(
        permutation.of(&linear([1.0; 3]), &Quadratic, &data),
        Err(Error::SizeMismatch { found: 2, expected: 3, .. })
    ));
    let data = Dataset::new(inputs(5), DMatrix::from_row_slice(1, 5, &[0.1, 0.2, 0.3, 0.4, 0.5])).unwrap();
    let error = permutation.measure(Accuracy).of(&linear([1.0; 3]), &Quadratic, &data).unwrap_err();
    assert!(matches!(error, Error::Measure { .. }), "{error}");
}

/// The inputs of a category are exchanged together: a permuted sample still has exactly one category.
#[cfg(feature = "csv")]
#[test]
fn columns_of_categories_are_permuted_as_a_whole() {
    let mut text = "size,colour,y\n".to_owned();
    (0..30).for_each(|i| {
        text += &format!("{},{},{}\n", i * i % 7, ["r", "g", "b"][i % 3], (i % 3) as f64 * 1.5)
    });
    let table: Table<f64> = Csv::new().target("y").numbers().read(text.as_bytes(), "table.csv").unwrap();
    // a = Σ of the colours: always 1, and also after a permutation if they stay together.
    let of = |weights: [f64; 4]| {
        let weights = DMatrix::from_row_slice(1, 4, &weights);
        let output = Dense { weights, biases: DVector::zeros(1), activation: Linear };
        Network::<f64, Linear, _>::from_layers(Vec::new(), output).unwrap()
    };
    let network = of([0.0, 1.0, 1.0, 1.0]);
    let permutation = PermutationImportance::new(3).unwrap();
    let together = permutation.clone().columns(&table.columns).of(&network, &Quadratic, &table.data).unwrap();
    let names: Vec<&str> = together.inputs.iter().map(|input| &input.name[..]).collect();
    assert_eq!(names, ["size", "colour"]);
    assert_eq!(together.inputs[1].drops, [0.0; 3]);
    let apart = permutation.clone().of(&network, &Quadratic, &table.data).unwrap();
    assert!(apart.inputs[1].spread().mean > 0.0);
    // A number is a group of one.
    let network = of([1.0, 0.0, 0.0, 0.0]);
    let together = permutation.clone().columns(&table.columns).of(&network, &Quadratic, &table.data).unwrap();
    let apart = permutation.clone().of(&network, &Quadratic, &table.data).unwrap();
    assert_eq!(together.inputs[0].drops, apart.inputs[0].drops);
    assert_ne!(together.inputs[0].drops, [0.0; 3]);
    let other = linear([1.0; 3]);
    let error = permutation.columns(&table.columns).of(&other, &Quadratic, &table.data).unwrap_err();
    assert!(error.to_string().contains("4 given, 3 needed"), "{error}");
}

/// The weights of the samples count in the score before and after: a sample of weight 0 is not missed.
#[test]
fn samples_count_by_their_weights() {
    let (x, network) = (inputs(40), linear([1.0, 0.5, 0.0]));
    let mut y = network.predict(&x).unwrap();
    (0..20).for_each(|j| y[(0, j)] += 100.0);
    let data = Dataset::new(x, y).unwrap();
    let weights = (0..40).map(|j| f64::from(u8::from(j >= 20))).collect();
    let weighted = Weighted::new(&data, weights).unwrap();
    let permutation = PermutationImportance::new(2).unwrap().measure(MeanAbsoluteError);
    let importances = permutation.of(&network, &Quadratic, &weighted).unwrap();
    assert!(importances.score.abs() < 1e-12, "{importances}");
    assert!(importances.inputs[0].drops.iter().all(|drop| (0.0..10.0).contains(drop)), "{importances}");
    assert_eq!(importances.inputs[2].drops, [0.0; 2]);
}
