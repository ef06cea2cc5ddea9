//! Networks as ONNX files come back bit by bit, and other programs compute the same with them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use gradus::persist::Model;
use gradus::prelude::*;
use gradus::{Error, FileProblem, OnnxProblem};
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::other_readers::{columns, fixture, python, reply};

pub(super) type AnyNetwork<T> = Network<T, AnyActivation, AnyActivation>;

/// Every kind of activation, with parameters of few digits where it has any.
fn activation(kind: usize, rng: &mut impl Rng) -> AnyActivation {
    let name = AnyActivation::NAMES[kind % AnyActivation::NAMES.len()];
    let mut parameter = |from: u32, to: u32| f64::from(rng.random_range(from..to)) / 1000.0;
    match name {
        "leaky_relu" => LeakyRelu::new(parameter(0, 1000)).unwrap().into(),
        "elu" => Elu::new(parameter(1, 3000)).unwrap().into(),
        "softmax" => Softmax::with_sharpness(parameter(1, 4000)).unwrap().into(),
        name => name.parse().unwrap(),
    }
}

/// A network of random sizes, activations and parameters; an exponential is the output at most, because one after the other
/// they overflow.
pub(super) fn random<T: Real>(seed: u64) -> AnyNetwork<T> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let n_layers = rng.random_range(1..5);
    let sizes: Vec<usize> = (0..=n_layers).map(|_| rng.random_range(1..13)).collect();
    // So that the outputs have every kind in turn.
    let output = activation(seed as usize, rng);
    let mut network = AnyNetwork::new(&sizes, Linear.into(), output, &ScaledGaussian, seed).unwrap();
    for layer in network.hidden_mut() {
        layer.activation = loop {
            let hidden = activation(rng.random_range(0..100), rng);
            if hidden != Exponential.into() {
                break hidden;
            }
        };
    }
    network
}

/// Inputs for a network, one list for each sample.
fn inputs(n_inputs: usize, seed: u64) -> Vec<Vec<f64>> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    // As they are in single precision too, and as data are that were scaled: what larger ones lose in single precision is theirs.
    (0..7).map(|_| (0..n_inputs).map(|_| f64::from(rng.random_range(-1.0f32..1.0))).collect()).collect()
}

fn bits<T: Real>(network: &AnyNetwork<T>) -> Vec<u64> {
    network.parameters().flatten().map(|value| value.to_f64().to_bits()).collect()
}

fn activations<T: Real>(network: &AnyNetwork<T>) -> Vec<AnyActivation> {
    let hidden = network.hidden().iter().map(|layer| layer.activation);
    hidden.chain([network.output().activation]).collect()
}

fn assert_comes_back<T: Real>(network: &AnyNetwork<T>) {
    let again = AnyNetwork::<T>::from_onnx_bytes(&network.to_onnx_bytes().unwrap()).unwrap();
    assert_eq!(again.sizes(), network.sizes());
    assert_eq!(activations(&again), activations(network));
    assert_eq!(bits(&again), bits(network));
}

#[test]
fn networks_of_all_activations_come_back_bit_by_bit() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let network = random::<f32>(seed);
        seen.extend(
            activations(&network).iter().map(|f| f.to_string().split('(').next().unwrap().to_owned()),
        );
        assert_comes_back(&network);
        assert_comes_back(&random::<f64>(seed));
    }
    assert_eq!(seen.len(), AnyActivation::NAMES.len());
}

proptest! {
    /// Parameters of any value, zeros of both signs included, and settings of any digits: those in double precision come
    /// back, those in single precision compute the same bits.
    #[test]
    fn parameters_and_settings_come_back(
        values in prop::collection::vec(any::<f32>(), 9),
        slope in 0.0f64..1.0, alpha in 1e-3f64..10.0, sharpness in 1e-3f64..10.0,
    ) {
        let hidden = [AnyActivation::from(LeakyRelu::new(slope)?), Elu::new(alpha)?.into()];
        let output = Softmax::with_sharpness(sharpness)?;
        let mut double = AnyNetwork::<f64>::new(&[1, 1, 1, 3], Linear.into(), output.into(), &ScaledGaussian, 1)?;
        let mut single = AnyNetwork::<f32>::new(&[1, 1, 1, 3], Linear.into(), output.into(), &ScaledGaussian, 1)?;
        for (layer, &f) in hidden.iter().enumerate() {
            double.hidden_mut()[layer].activation = f;
            single.hidden_mut()[layer].activation = f;
        }
        double.parameters_mut().flatten().zip(&values).for_each(|(to, &value)| *to = f64::from(value) / 3.0);
        single.parameters_mut().flatten().zip(&values).for_each(|(to, &value)| *to = value);
        assert_comes_back(&double);
        let again = AnyNetwork::<f32>::from_onnx_bytes(&single.to_onnx_bytes()?)?;
        prop_assert_eq!(bits(&again), bits(&single));
        single.parameters_mut().flatten().for_each(|value| *value = 0.75);
        let mut again = again;
        again.parameters_mut().flatten().for_each(|value| *value = 0.75);
        for x in [-3.0f32, -0.1, 0.0, 2.0] {
            let x = DMatrix::from_element(1, 1, x);
            prop_assert_eq!(again.predict(&x)?, single.predict(&x)?);
        }
        prop_assert!(AnyNetwork::<f64>::from_onnx_bytes(&single.to_onnx_bytes()?).is_err(), "of another precision");
    }
}

#[test]
fn files_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.onnx");
    let network = random::<f32>(3);
    network.to_onnx(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), network.to_onnx_bytes().unwrap());
    assert_eq!(AnyNetwork::<f32>::from_onnx(&path).unwrap(), network);
    let missing = folder.path().join("none.onnx");
    for (error, path) in [
        (AnyNetwork::<f32>::from_onnx(&missing).unwrap_err(), &missing),
        (network.to_onnx(folder.path()).unwrap_err(), &folder.path().to_path_buf()),
    ] {
        assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    }
}

/// z², which calls itself whatever it is told.
#[derive(Debug)]
struct Square(&'static str);

impl<T: Real> Activation<T> for Square {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        gradus::real::map(z, a, |z| z * z);
    }
    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        gradus::real::zip_map(z, grad, |z, g| g * (z + z));
    }
    fn name(&self) -> Cow<'static, str> {
        self.0.into()
    }
}

#[test]
fn an_activation_of_the_users_own_is_refused_by_its_name() {
    for name in ["square", "relu", "softmax(sharpness=0)"] {
        let dense = |f| gradus::network::Dense {
            weights: DMatrix::from_element(1, 1, 1.0f32),
            biases: DVector::zeros(1),
            activation: f,
        };
        let network = Network::from_layers(vec![dense(Square("square"))], dense(Square(name))).unwrap();
        match network.to_onnx_bytes().unwrap_err() {
            Error::File {
                problem: FileProblem::Onnx(OnnxProblem::Activation { layer: 1, name, .. }),
                ..
            } => {
                assert_eq!(name, "square");
            }
            other => panic!("{other}"),
        }
        let network = Network::<f32, Tanh, _>::from_layers(vec![], dense(Square(name))).unwrap();
        let error = network.to_onnx_bytes().unwrap_err().to_string();
        assert!(error.contains("layer 1") && error.contains(name) && error.contains("leaky_relu"), "{error}");
    }
}

#[test]
fn networks_that_are_not_whole_are_refused() {
    let mut network = random::<f32>(5);
    network.output_mut().biases[0] = f32::NAN;
    let error = network.to_onnx_bytes().unwrap_err();
    assert!(matches!(error, Error::File { problem: FileProblem::Network { .. }, .. }), "{error}");
    let mut network = random::<f32>(5);
    network.output_mut().biases = DVector::zeros(50);
    assert!(network.to_onnx_bytes().is_err());
}

// Through other programs.

/// What another program computes with each file, or `None` for one that it has not the operators for.
fn runtime(engine: &str, jobs: &Value) -> Option<Vec<Option<Vec<Vec<f64>>>>> {
    let mut python = python(&format!("numpy, onnx, {engine}"))?;
    python.arg(fixture("onnx_outputs.py")).arg(engine);
    Some(serde_json::from_slice(&reply(python, jobs)).unwrap())
}

/// The largest difference of outputs, relative to the larger of 1 and the output.
fn deviation<T: Real>(found: &[Vec<f64>], wanted: &DMatrix<T>) -> f64 {
    assert_eq!((found[0].len(), found.len()), wanted.shape());
    let pairs = found.iter().flatten().zip(wanted.iter().map(|y| y.to_f64()));
    pairs.map(|(found, wanted)| (found - wanted).abs() / wanted.abs().max(1.0)).fold(0.0, f64::max)
}

fn job(folder: &Path, name: &str, bytes: &[u8], inputs: &[Vec<f64>]) -> Value {
    let file = folder.join(name);
    std::fs::write(&file, bytes).unwrap();
    json!({ "file": file, "inputs": inputs })
}

fn assert_runtime_agrees<T: Real>(engine: &str, tolerance: f64) {
    let folder = tempfile::tempdir().unwrap();
    let networks: Vec<AnyNetwork<T>> = (0..50).map(random).collect();
    let inputs = |seed: usize| inputs(networks[seed].n_inputs(), seed as u64);
    let jobs = networks.iter().enumerate().map(|(seed, network)| {
        job(folder.path(), &format!("{seed}.onnx"), &network.to_onnx_bytes().unwrap(), &inputs(seed))
    });
    let Some(found) = runtime(engine, &jobs.collect()) else { return };
    let mut worst = 0.0_f64;
    for (seed, (found, network)) in found.iter().zip(&networks).enumerate() {
        let has_erf = activations(network).contains(&Gelu.into());
        let Some(found) = found else {
            // It has no error function in double precision.
            assert!(size_of::<T>() == 8 && has_erf, "{:?}", activations(network));
            continue;
        };
        let deviation = deviation(found, &network.predict(&columns(&inputs(seed))).unwrap());
        // tract's error function itself is off by 1.6e-6, and ONNX Runtime's by 5e-8.
        let tolerance = if engine == "tract" && has_erf { 1e-5 } else { tolerance };
        assert!(deviation <= tolerance, "{deviation:e} of {network}: {:?}", activations(network));
        worst = worst.max(deviation);
    }
    println!("largest deviation {worst:e}");
}

#[test]
fn onnx_runtime_computes_the_same_in_single_precision() {
    assert_runtime_agrees::<f32>("onnxruntime", 1e-6);
}

#[test]
fn tract_computes_the_same_in_single_precision() {
    assert_runtime_agrees::<f32>("tract", 1e-6);
}

#[test]
fn onnx_runtime_computes_the_same_in_double_precision() {
    assert_runtime_agrees::<f64>("onnxruntime", 1e-12);
}

/// Inputs around a large center, and targets of a large size, whose digits single precision would lose.
fn predictor<T: Real>() -> (Predictor<T>, Vec<Vec<f64>>) {
    let rows: Vec<Vec<f64>> =
        (0..40).map(|j| vec![2019.3 + f64::from(j % 7) / 8.0, f64::from(j * j % 11) * 1e-3, 5.0]).collect();
    let x: DMatrix<T> = columns(&rows);
    let y = DMatrix::from_fn(2, 40, |i, j| T::cast(1e4 + (i * 100 + j * 13 % 29) as f64));
    let data = Dataset::new(x, y).unwrap();
    let meaning = Meaning::of(&data)
        .with_input_scaler(Standardize.fit(&data).unwrap())
        .with_target_scaler(Standardize.fit_targets(&data).unwrap());
    let network = AnyNetwork::<T>::new(&[3, 6, 2], Tanh.into(), Linear.into(), &ByActivation, 1).unwrap();
    (Predictor::new(network, meaning).unwrap(), rows)
}

/// Relative to the spread of the outputs, and not to their center.
fn assert_runtime_scales<T: Real>(tolerance: f64) {
    let (mut predictor, rows) = predictor::<T>();
    let folder = tempfile::tempdir().unwrap();
    let jobs = json!([job(folder.path(), "predictor.onnx", &predictor.to_onnx_bytes().unwrap(), &rows)]);
    let Some(found) = runtime("onnxruntime", &jobs) else { return };
    for (row, found) in rows.iter().zip(found[0].as_ref().unwrap()) {
        let x: DMatrix<T> = columns(std::slice::from_ref(row));
        let prediction = predictor.predict(x.as_slice()).unwrap();
        for (&wanted, &found) in prediction.values().iter().zip(found) {
            assert!((found - wanted.to_f64()).abs() <= tolerance, "{found} is not {wanted}");
        }
    }
}

#[test]
fn onnx_runtime_scales_as_the_predictor_does() {
    // Outputs of 10,000 have 0.001 as their last place in single precision.
    assert_runtime_scales::<f32>(2.0 * 0.001);
    assert_runtime_scales::<f64>(1e-11);
}

/// The deviation of scaled inputs that a center in one number of single precision would make: 2019.3 is 2019.3000488….
#[test]
fn centers_keep_their_digits_in_single_precision() {
    let rows = [vec![2019.25, 0.0, 5.0], vec![2020.0, 0.004, 5.0]];
    let (mut predictor, _) = predictor::<f32>();
    let folder = tempfile::tempdir().unwrap();
    let bytes = predictor.to_onnx_bytes().unwrap();
    let text = |name: &str| bytes.windows(name.len()).any(|text| text == name.as_bytes());
    assert!(text("inputs.center_low") && text("outputs.center_low") && text("gradus.description"));
    // With a network that hands its inputs through, the outputs are the scaled inputs.
    let (_, meaning) = predictor.into_parts();
    let mut network = AnyNetwork::new(&[3, 3], Linear.into(), Linear.into(), &ScaledGaussian, 1).unwrap();
    network.output_mut().weights = DMatrix::identity(3, 3);
    network.output_mut().biases.fill(0.0);
    let meaning = Meaning::new(Task::Regression).with_input_scaler(meaning.input_scaler().unwrap().clone());
    predictor = Predictor::new(network, meaning).unwrap();
    let jobs = json!([job(folder.path(), "scaled.onnx", &predictor.to_onnx_bytes().unwrap(), &rows)]);
    let Some(found) = runtime("onnxruntime", &jobs) else { return };
    for (row, found) in rows.iter().zip(found[0].as_ref().unwrap()) {
        let x: Vec<f32> = row.iter().map(|&x| x as f32).collect();
        for (&wanted, &found) in predictor.predict(&x).unwrap().values().iter().zip(found) {
            let wanted = f64::from(wanted);
            assert!((found - wanted).abs() <= 3e-7 * wanted.abs().max(0.1), "{found} is not {wanted}");
        }
    }
}

#[test]
fn scales_beyond_single_precision_are_refused() {
    let scaler = |center: f64, width: f64| -> gradus::data::Scaler {
        serde_json::from_value(json!({ "centers": [0.0, center], "widths": [1.0, width] })).unwrap()
    };
    let network = || Network::<f32, _, _>::new(&[2, 2], Linear, Linear, &ScaledGaussian, 1).unwrap();
    for (center, width, what) in [(1e39, 1e39, "center"), (0.0, 1e39, "width"), (0.0, 1e-40, "width")] {
        let meaning = Meaning::new(Task::Regression).with_input_scaler(scaler(center, width));
        match Predictor::new(network(), meaning).unwrap().to_onnx_bytes().unwrap_err() {
            Error::File {
                problem: FileProblem::Onnx(OnnxProblem::Scale { what: found, index: 1, .. }),
                ..
            } => {
                assert_eq!(found, what);
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn descriptions_and_class_names_are_in_the_metadata() {
    let x = DMatrix::from_column_slice(1, 4, &[170.0f32, 180.0, 30.0, 40.0]);
    let data = Dataset::from_class_names(x, &["human", "human", "cat", "cät"]).unwrap();
    let network = Network::<f32, _, _>::new(&[1, 3], Tanh, Softmax::default(), &ByActivation, 1).unwrap();
    let meaning = Meaning::of(&data);
    let names = serde_json::to_string(meaning.class_names()).unwrap();
    let bytes = Predictor::new(network.clone(), meaning.clone()).unwrap().to_onnx_bytes().unwrap();
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|found| found == text.as_bytes());
    assert!(has(&bytes, "class_names") && has(&bytes, &names));
    assert!(has(&bytes, "gradus.description") && has(&bytes, &serde_json::to_string(&meaning).unwrap()));
    let bytes = Model { network: network.clone(), description: meaning.clone() }.to_onnx_bytes().unwrap();
    assert!(has(&bytes, &serde_json::to_string(&meaning).unwrap()) && !has(&bytes, "Sub"));
    // A network that does not scale comes back with or without them.
    assert_eq!(Network::<f32, Tanh, Softmax>::from_onnx_bytes(&bytes).unwrap(), network);
    let scaled = Predictor::new(network, meaning.with_input_scaler(Standardize.fit(&data).unwrap())).unwrap();
    let error = Network::<f32, Tanh, Softmax>::from_onnx_bytes(&scaled.to_onnx_bytes().unwrap()).unwrap_err();
    assert!(error.to_string().contains("of type Sub") && error.to_string().contains("scale"), "{error}");
}

/// Predictors of both precisions, with scaled inputs and targets, one of them or none, and with class names.
fn predictors<T: Real>() -> Vec<Predictor<T>> {
    let (both, _) = predictor::<T>();
    let (network, meaning) = both.clone().into_parts();
    let one = Predictor::new(
        network,
        Meaning::new(Task::Regression).with_target_scaler(meaning.target_scaler().unwrap().clone()),
    );
    let scaler: gradus::data::Scaler =
        serde_json::from_value(json!({ "centers": [0.0, 1e-3], "widths": [1.0, 1.0] })).unwrap();
    let classes = |meaning: Meaning| {
        let names = ["a \"cat\"", "käfer\n\0"];
        let network =
            AnyNetwork::<T>::new(&[2, 2], Tanh.into(), Softmax::default().into(), &ByActivation, 1).unwrap();
        Predictor::new(network, meaning.with_class_names(&names)).unwrap()
    };
    let plain = Meaning::new(Task::Classes);
    vec![both, one.unwrap(), classes(plain.clone()), classes(plain.with_input_scaler(scaler))]
}

fn assert_predictors_come_back<T: Real>() {
    for mut predictor in predictors::<T>() {
        let bytes = predictor.to_onnx_bytes().unwrap();
        let mut again = Predictor::<T>::from_onnx_bytes(&bytes).unwrap();
        assert_eq!(again.meaning(), predictor.meaning());
        assert_eq!(bits(again.network()), bits(predictor.network()));
        let x: DMatrix<T> = columns(&inputs(predictor.network().n_inputs(), 3));
        for x in x.column_iter() {
            let x = x.as_slice();
            assert_eq!(again.predict(x).unwrap().values(), predictor.predict(x).unwrap().values());
        }
        assert_eq!(again.to_onnx_bytes().unwrap(), bytes);
        // In the other precision, or without its scaling, it is refused.
        let scales =
            predictor.meaning().input_scaler().is_some() || predictor.meaning().target_scaler().is_some();
        assert_eq!(AnyNetwork::<T>::from_onnx_bytes(&bytes).is_err(), scales);
        let other = if size_of::<T>() == 4 {
            Predictor::<f64>::from_onnx_bytes(&bytes).unwrap_err()
        } else {
            Predictor::<f32>::from_onnx_bytes(&bytes).unwrap_err()
        };
        assert!(matches!(other, Error::File { problem: FileProblem::Dtype { .. }, .. }), "{other}");
    }
}

#[test]
fn predictors_come_back_bit_by_bit() {
    assert_predictors_come_back::<f32>();
    assert_predictors_come_back::<f64>();
}

/// The description and the nodes of a file have to scale in the same way.
#[test]
fn predictors_whose_nodes_scale_otherwise_are_refused() {
    let (predictor, _) = predictor::<f64>();
    let bytes = predictor.to_onnx_bytes().unwrap();
    let refused = |bytes: &[u8]| match Predictor::<f64>::from_onnx_bytes(bytes).unwrap_err() {
        Error::File { problem: FileProblem::Onnx(problem), .. } => problem.to_string(),
        other => panic!("{other}"),
    };
    let changed = |from: &[u8], to: &[u8]| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|found| found == from).unwrap();
        [&bytes[..at], to, &bytes[at + from.len()..]].concat()
    };
    let (inputs, outputs) =
        (predictor.meaning().input_scaler().unwrap(), predictor.meaning().target_scaler().unwrap());
    for number in [inputs.centers()[0], inputs.widths()[1], outputs.centers()[1], outputs.widths()[0]] {
        let other = f64::from_bits(number.to_bits() ^ 1);
        assert!(
            refused(&changed(&number.to_le_bytes(), &other.to_le_bytes()))
                .contains("as the description says")
        );
    }
    assert!(refused(&changed(b"\x22\x03Sub", b"\x22\x03Mul")).contains("as the description says"));
    assert!(refused(&changed(b"\x22\x03Mul", b"\x22\x03Div")).contains("as the description says"));
    // Without the nodes, with the same description; and the other way round.
    let (network, meaning) = predictor.into_parts();
    let unscaled = Model { network: network.clone(), description: meaning.clone() }.to_onnx_bytes().unwrap();
    assert!(refused(&unscaled).contains("inputs as the description says"));
    let targets = Meaning::new(Task::Regression).with_target_scaler(meaning.target_scaler().unwrap().clone());
    let unscaled = Model { network, description: targets }.to_onnx_bytes().unwrap();
    assert!(refused(&unscaled).contains("outputs"));
}

#[test]
fn descriptions_come_back_or_are_missed() {
    let network = random::<f32>(3);
    let model = Model { network: network.clone(), description: vec![0.1, 1e300] };
    let bytes = model.to_onnx_bytes().unwrap();
    assert_eq!(Model::<AnyNetwork<f32>, Vec<f64>>::from_onnx_bytes(&bytes).unwrap(), model);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    model.to_onnx(&path).unwrap();
    assert_eq!(Model::<AnyNetwork<f32>, Vec<f64>>::from_onnx(&path).unwrap(), model);
    let problem = |result: gradus::Result<()>| match result.unwrap_err() {
        Error::File { problem, .. } => problem,
        other => panic!("{other}"),
    };
    let other = Predictor::<f32>::from_onnx_bytes(&bytes).map(|_| ());
    assert!(matches!(problem(other), FileProblem::Json { what: "description", .. }));
    let plain = network.to_onnx_bytes().unwrap();
    let missing = Predictor::<f32>::from_onnx_bytes(&plain).map(|_| ());
    assert!(matches!(problem(missing), FileProblem::Undescribed));
    let missing = Model::<AnyNetwork<f32>, Vec<f64>>::from_onnx_bytes(&plain).map(|_| ());
    assert!(matches!(problem(missing), FileProblem::Undescribed));
    // A second description, behind the first.
    let entry = |text: &str| {
        [
            &[0x72, text.len() as u8 + 22, 10, 18][..],
            b"gradus.description",
            &[18, text.len() as u8][..],
            text.as_bytes(),
        ]
        .concat()
    };
    let one = [plain.clone(), entry("[1.5]")].concat();
    assert_eq!(Model::<AnyNetwork<f32>, Vec<f64>>::from_onnx_bytes(&one).unwrap().description, [1.5]);
    let two =
        Model::<AnyNetwork<f32>, Vec<f64>>::from_onnx_bytes(&[one, entry("[2.5]")].concat()).map(|_| ());
    assert!(matches!(problem(two), FileProblem::Onnx(OnnxProblem::Malformed { .. })));
}

#[test]
fn parameters_beyond_single_precision_are_refused() {
    for name in ["elu(alpha=1e300)", "elu(alpha=1e-60)", "leaky_relu(slope=0.99999999999)"] {
        let f: AnyActivation = name.parse().unwrap();
        let network = Network::<f32, _, _>::new(&[2, 2, 1], Tanh, f, &ScaledGaussian, 1).unwrap();
        match network.to_onnx_bytes().unwrap_err() {
            Error::File {
                problem: FileProblem::Onnx(OnnxProblem::Parameter { layer: 2, name: found }),
                ..
            } => {
                assert!(found.starts_with(name.split('(').next().unwrap()), "{found}");
            }
            other => panic!("{other}"),
        }
        assert_comes_back(&AnyNetwork::<f64>::new(&[2, 2, 1], f, f, &ScaledGaussian, 1).unwrap());
    }
}

// From other programs.

#[derive(Deserialize)]
struct Expected {
    dtype: String,
    activations: Vec<String>,
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
}

pub(super) fn exported() -> Vec<(PathBuf, String)> {
    let expected: std::collections::BTreeMap<String, Expected> = expected();
    expected.into_iter().map(|(name, expected)| (fixture("onnx").join(name), expected.dtype)).collect()
}

fn expected() -> std::collections::BTreeMap<String, Expected> {
    serde_json::from_slice(&std::fs::read(fixture("onnx/expected.json")).unwrap()).unwrap()
}

fn assert_reads<T: Real>(name: &str, expected: &Expected, tolerance: f64) {
    let network = AnyNetwork::<T>::from_onnx(fixture("onnx").join(name)).unwrap();
    let names: Vec<String> = activations(&network).iter().map(ToString::to_string).collect();
    assert_eq!(names, expected.activations, "{name}");
    let outputs = network.predict(&columns(&expected.inputs)).unwrap();
    let deviation = deviation(&expected.outputs, &outputs);
    assert!(deviation <= tolerance, "{name}: {deviation:e}");
}

/// Files of PyTorch and scikit-learn, read without them.
#[test]
fn networks_of_other_programs_compute_what_they_did_there() {
    let expected = expected();
    assert_eq!(expected.len(), 12);
    for (name, expected) in &expected {
        match expected.dtype.as_str() {
            "f32" => assert_reads::<f32>(name, expected, 1e-6),
            // PyTorch's softplus, and its constants in single precision.
            _ => assert_reads::<f64>(name, expected, if name.starts_with("torch") { 1e-8 } else { 1e-12 }),
        }
    }
}

/// And what was read is written, and read again.
#[test]
fn networks_of_other_programs_come_back() {
    for (file, dtype) in exported() {
        if dtype == "f32" {
            assert_comes_back(&AnyNetwork::<f32>::from_onnx(file).unwrap());
        } else {
            assert_comes_back(&AnyNetwork::<f64>::from_onnx(file).unwrap());
        }
    }
}

#[test]
fn a_network_of_another_program_goes_on_training() {
    let path = fixture("onnx/sklearn_classes.onnx");
    let mut network = Network::<f32, Tanh, Softmax>::from_onnx(path).unwrap();
    let x = DMatrix::from_fn(4, 30, |i, j| ((i * 7 + j * 3) % 10) as f32);
    let data = Dataset::from_labels(x, &(0..30).map(|j| j % 3).collect::<Vec<_>>(), 3).unwrap();
    let before = evaluate(&network, &LogLikelihood, &data).unwrap().scores.cost();
    Trainer::new(LogLikelihood).stop(MaxEpochs::new(5).unwrap()).fit(&mut network, &data, None).unwrap();
    assert!(evaluate(&network, &LogLikelihood, &data).unwrap().scores.cost() < before);
}
