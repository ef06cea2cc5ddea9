//! Networks in files come back bit by bit, and only where they fit.

use std::borrow::Cow;
use std::str::FromStr;

use gradus::persist::Model;
use gradus::prelude::*;
use gradus::{Error, FileProblem};
use proptest::prelude::{any, prop, proptest};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

type AnyNetwork<T> = Network<T, AnyActivation, AnyActivation>;

/// A network of these sizes and activations whose parameters are taken from `values` in turn.
fn network<T: Real>(sizes: &[usize], names: &[&str], values: &[T]) -> AnyNetwork<T> {
    let (output, hidden) = names.split_last().unwrap();
    let mut network =
        AnyNetwork::new(sizes, AnyActivation::from(Tanh), output.parse().unwrap(), &ScaledGaussian, 1)
            .unwrap();
    for (layer, name) in network.hidden_mut().iter_mut().zip(hidden) {
        layer.activation = name.parse().unwrap();
    }
    let mut values = values.iter().cycle();
    for parameter in network.parameters_mut().flatten() {
        *parameter = *values.next().unwrap();
    }
    network
}

/// The bits of all parameters.
fn bits<H: Activation<f64>, O: Activation<f64>>(network: &Network<f64, H, O>) -> Vec<u64> {
    network.parameters().flatten().map(|value| value.to_bits()).collect()
}

/// The bits of all parameters.
fn bits32<H: Activation<f32>, O: Activation<f32>>(network: &Network<f32, H, O>) -> Vec<u32> {
    network.parameters().flatten().map(|value| value.to_bits()).collect()
}

fn problem<V: std::fmt::Debug>(result: gradus::Result<V>) -> FileProblem {
    match result.unwrap_err() {
        Error::File { problem, .. } => problem,
        other => panic!("not about a file: {other}"),
    }
}

const EXTREME: [f64; 8] = [0.0, -0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::MIN, f64::EPSILON, 0.1 + 0.2];

const EXTREME_32: [f32; 8] =
    [0.0, -0.0, 1e-45, f32::MIN_POSITIVE, f32::MAX, f32::MIN, f32::EPSILON, 16_777_217.0];

proptest! {
    /// Every finite number comes back with its bits, in safetensors and in JSON.
    #[test]
    fn bits_come_back_in_double_precision(
        sizes in prop::collection::vec(1usize..12, 3..5),
        random in prop::collection::vec(any::<u64>(), 40),
    ) {
        let random = random.into_iter().map(f64::from_bits).filter(|value| value.is_finite());
        let values: Vec<f64> = random.chain(EXTREME).collect();
        let names = ["tanh", "relu", "sigmoid", "softmax(sharpness=0.1)"];
        let network = network(&sizes, &names[4 - (sizes.len() - 1)..], &values);
        let again = AnyNetwork::<f64>::from_bytes(&network.to_bytes().unwrap()).unwrap();
        assert_eq!(again, network);
        assert_eq!(bits(&again), bits(&network));
        let json: AnyNetwork<f64> = serde_json::from_str(&serde_json::to_string(&network).unwrap()).unwrap();
        assert_eq!(json, network);
        assert_eq!(bits(&json), bits(&network));
    }

    /// The same in single precision, whose decimals are not rounded twice.
    #[test]
    fn bits_come_back_in_single_precision(
        sizes in prop::collection::vec(1usize..12, 2..5),
        random in prop::collection::vec(any::<u32>(), 40),
    ) {
        let random = random.into_iter().map(f32::from_bits).filter(|value| value.is_finite());
        let values: Vec<f32> = random.chain(EXTREME_32).collect();
        let names = ["tanh", "relu", "sigmoid", "linear"];
        let network = network(&sizes, &names[4 - (sizes.len() - 1)..], &values);
        let again = AnyNetwork::<f32>::from_bytes(&network.to_bytes().unwrap()).unwrap();
        assert_eq!(again, network);
        assert_eq!(bits32(&again), bits32(&network));
        let json: AnyNetwork<f32> = serde_json::from_str(&serde_json::to_string(&network).unwrap()).unwrap();
        assert_eq!(bits32(&json), bits32(&network));
    }
}

/// The trial in which serde_json lost 2,343 of 23,860 numbers, for it was not asked to keep them.
#[test]
fn json_loses_no_digit() {
    let network =
        Network::<f64, _, _>::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 7).unwrap();
    let text = serde_json::to_string(&network).unwrap();
    let again: Network<f64, Sigmoid, Softmax> = serde_json::from_str(&text).unwrap();
    assert_eq!(network.n_parameters(), 23_860);
    assert_eq!(bits(&again), bits(&network));
}

/// Matrices larger than the squares in which they are transposed, with incomplete ones at both edges.
#[test]
fn weights_are_stored_row_by_row_for_every_reader_of_the_format() {
    let network = Network::<f32, _, _>::new(&[37, 26, 1], Relu, Sigmoid, &ScaledGaussian, 3).unwrap();
    let bytes = network.to_bytes().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.len(), 4);
    for (index, layer) in network.layers().enumerate() {
        let numbers = |name: &str| {
            let tensor = file.tensor(&format!("layers.{index}.{name}")).unwrap();
            assert_eq!(tensor.dtype(), Dtype::F32);
            let values = tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
            (tensor.shape().to_vec(), values.collect::<Vec<_>>())
        };
        let (shape, values) = numbers("weight");
        assert_eq!(shape, [layer.weights.nrows(), layer.weights.ncols()]);
        assert_eq!(values, layer.weights.transpose().as_slice());
        assert_eq!(numbers("bias"), (vec![layer.biases.len()], layer.biases.as_slice().to_vec()));
    }
    assert_eq!(network.to_bytes().unwrap(), bytes, "the same network gives the same bytes");
}

/// The documentation says where the checksum is and how it is computed.
#[test]
fn the_checksum_is_that_of_the_documentation() {
    let mut bytes = network(&[2, 3, 1], &["tanh", "sigmoid"], &[0.5f32]).to_bytes().unwrap();
    let digits = String::from_utf8(bytes[48..56].to_vec()).unwrap();
    bytes[48..56].fill(b'0');
    assert_eq!(digits, format!("{:08x}", crc32fast::hash(&bytes)));
}

#[test]
fn a_network_of_fixed_activations_takes_only_those() {
    let network = network(&[2, 3, 3, 2], &["tanh", "relu", "softmax(sharpness=2.5)"], &[0.25f64, -0.5]);
    let bytes = network.to_bytes().unwrap();
    assert_eq!(AnyNetwork::from_bytes(&bytes).unwrap(), network);

    match problem(Network::<f64, Tanh, Softmax>::from_bytes(&bytes)) {
        FileProblem::OtherActivation { layer: 2, found, expected } => {
            assert_eq!((found.as_str(), expected.as_str()), ("relu", "tanh"));
        }
        other => panic!("{other}"),
    }
    match problem(Network::<f64, AnyActivation, Sigmoid>::from_bytes(&bytes)) {
        FileProblem::OtherActivation { layer: 3, found, .. } => assert_eq!(found, "softmax(sharpness=2.5)"),
        other => panic!("{other}"),
    }
    let message = problem(Network::<f64, Tanh, Softmax>::from_bytes(&bytes)).to_string();
    assert!(message.contains("has the activation relu, not tanh"), "{message}");
    assert!(message.contains("a network of `AnyActivation`"), "{message}");
    let message = problem(Network::<f32, AnyActivation, AnyActivation>::from_bytes(&bytes)).to_string();
    assert!(
        message.contains("of type f64, not f32") && message.contains("`Predictor::<f64>::load`"),
        "{message}"
    );
    let typed = Network::<f64, AnyActivation, Softmax>::from_bytes(&bytes).unwrap();
    assert_eq!(typed.output().activation.sharpness(), 2.5);
}

#[test]
fn numbers_of_the_other_precision_are_not_converted() {
    let bytes = network(&[2, 1], &["sigmoid"], &[0.1f64]).to_bytes().unwrap();
    match problem(AnyNetwork::<f32>::from_bytes(&bytes)) {
        FileProblem::Dtype { found, expected, .. } => assert_eq!((found.as_str(), expected), ("f64", "f32")),
        other => panic!("{other}"),
    }
}

/// z to the power of p for positive z, else 0: an activation with a parameter, which its name tells.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Power(u8);

impl<T: Real> Activation<T> for Power {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        gradus::real::map(z, a, |z| z.max(T::zero()).powi(self.0.into()));
    }
    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        let p = T::from_byte(self.0);
        gradus::real::zip_map(z, grad, |z, g| g * p * z.max(T::zero()).powi(i32::from(self.0) - 1));
    }
    fn name(&self) -> Cow<'static, str> {
        // One name does not parse, and one gives an activation of another name.
        match self.0 {
            0 => "power".into(),
            1 => "power(p=01)".into(),
            9 => "power(p=1)".into(),
            p => format!("power(p={p})").into(),
        }
    }
}

impl FromStr for Power {
    type Err = Error;
    fn from_str(name: &str) -> gradus::Result<Self> {
        let p = name.strip_prefix("power(p=").and_then(|rest| rest.strip_suffix(')')?.parse().ok());
        p.map(Self).ok_or_else(|| Error::UnknownName {
            kind: "activation",
            found: name.to_string(),
            known: "power(p=…)".to_string(),
        })
    }
}

#[test]
fn an_activation_of_ones_own_comes_back_by_its_name() {
    let of = |p| Network::<f64, _, _>::new(&[2, 3, 1], Power(p), Sigmoid, &ScaledGaussian, 5).unwrap();
    let bytes = of(2).to_bytes().unwrap();
    assert_eq!(Network::<f64, Power, Sigmoid>::from_bytes(&bytes).unwrap(), of(2));
    match problem(AnyNetwork::<f64>::from_bytes(&bytes)) {
        FileProblem::Activation { layer: 1, found, .. } => assert_eq!(found, "power(p=2)"),
        other => panic!("{other}"),
    }
    // What could not be read is not written.
    assert!(matches!(problem(of(0).to_bytes()), FileProblem::Activation { layer: 1, .. }));
    match problem(of(9).to_bytes()) {
        FileProblem::ActivationName { layer: 1, name, again } => {
            assert_eq!((name.as_str(), again.as_str()), ("power(p=1)", "power(p=01)"));
        }
        other => panic!("{other}"),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scaling {
    means: Vec<f64>,
    classes: Vec<String>,
}

#[test]
fn a_description_travels_with_its_network_and_never_gets_lost() {
    let network = network(&[2, 1], &["sigmoid"], &[0.1f32]);
    let description =
        Scaling { means: EXTREME.to_vec(), classes: vec!["\"é\\\n\u{0}".into(), String::new()] };
    let model = Model { network: network.clone(), description };
    let bytes = model.to_bytes().unwrap();
    let again = Model::<AnyNetwork<f32>, Scaling>::from_bytes(&bytes).unwrap();
    assert_eq!(again, model);

    assert!(matches!(problem(AnyNetwork::<f32>::from_bytes(&bytes)), FileProblem::Described));
    let bare = network.to_bytes().unwrap();
    assert!(matches!(
        problem(Model::<AnyNetwork<f32>, Scaling>::from_bytes(&bare)),
        FileProblem::Undescribed
    ));
    // Another type of description.
    assert!(matches!(
        problem(Model::<AnyNetwork<f32>, Vec<u8>>::from_bytes(&bytes)),
        FileProblem::Json { .. }
    ));
}

#[test]
fn a_description_that_could_not_be_read_is_not_written() {
    let network = network(&[2, 1], &["sigmoid"], &[0.1f32]);
    let with = |nothing: Option<u8>| Model { network: network.clone(), description: nothing };
    assert!(matches!(problem(with(None).to_bytes()), FileProblem::Undescribed));
    assert!(with(Some(1)).to_bytes().is_ok());
    let nan =
        Model { network: network.clone(), description: Scaling { means: vec![f64::NAN], classes: vec![] } };
    assert!(matches!(problem(nan.to_bytes()), FileProblem::Json { .. }));

    let nested = |depth| (0..depth).fold(serde_json::Value::Bool(true), |inner, _| vec![inner].into());
    let deep = |depth| Model { network: network.clone(), description: nested(depth) }.to_bytes();
    assert!(deep(100).is_ok());
    assert!(matches!(problem(deep(200)), FileProblem::Json { .. }));
}

#[test]
fn numbers_that_are_not_finite_are_neither_written_nor_read() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let good = network(&[2, 2, 1], &["tanh", "sigmoid"], &[0.5]);
        for bad_index in 0..good.n_parameters() {
            let mut bad = good.clone();
            *bad.parameters_mut().flatten().nth(bad_index).unwrap() = value;
            match problem(bad.to_bytes()) {
                FileProblem::Network { source } => {
                    assert!(matches!(*source, Error::NonFiniteParameter { .. }))
                }
                other => panic!("{other}"),
            }
            assert!(serde_json::to_string(&bad).is_err());
        }
        let bytes = good.to_bytes().unwrap();
        for at in (1..=good.n_parameters()).map(|back| bytes.len() - 8 * back) {
            let mut bytes = bytes.clone();
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            bytes[48..56].fill(b'0');
            let digits = format!("{:08x}", crc32fast::hash(&bytes));
            bytes[48..56].copy_from_slice(digits.as_bytes());
            match problem(AnyNetwork::<f64>::from_bytes(&bytes)) {
                FileProblem::Network { source } => {
                    assert!(matches!(*source, Error::NonFiniteParameter { .. }))
                }
                other => panic!("{other}"),
            }
        }
    }
    for bad in ["null", "1e999", "NaN", "\"NaN\""] {
        let text =
            format!(r#"{{"hidden":[],"output":{{"weights":[[{bad}]],"biases":[0.5],"activation":"tanh"}}}}"#);
        assert!(serde_json::from_str::<AnyNetwork<f64>>(&text).is_err(), "{bad}");
    }
}

#[test]
fn layers_that_do_not_fit_are_neither_written_nor_read() {
    let mut bad = network(&[2, 2, 1], &["tanh", "sigmoid"], &[0.5]);
    bad.output_mut().weights = DMatrix::zeros(1, 3);
    assert!(matches!(problem(bad.to_bytes()), FileProblem::Network { .. }));
    assert!(serde_json::to_string(&bad).is_err());

    let layer = |weights: &str, biases: &str| {
        format!(r#"{{"weights":{weights},"biases":{biases},"activation":"tanh"}}"#)
    };
    let read = |hidden: &str, output: &str| {
        serde_json::from_str::<AnyNetwork<f64>>(&format!(r#"{{"hidden":[{hidden}],"output":{output}}}"#))
    };
    let good = layer("[[1,2],[3,4]]", "[5,6]");
    assert!(read(&good, &good).is_ok());
    assert!(read(&good, &layer("[[1,2,3],[3,4,5]]", "[5,6]")).is_err());
    for bad in [
        layer("[[1,2],[3]]", "[5,6]"),
        layer("[[1,2],[3,4]]", "[5]"),
        layer("[]", "[]"),
        layer("[[],[]]", "[5,6]"),
        layer("[[1,2],[3,4]]", "[5,6]").replace("tanh", "softmax(sharpness=-1)"),
        layer("[[1,2],[3,4]]", "[5,6]").replace("tanh", "tan"),
        layer("[[1,2],[3,4]]", "[5,6]").replace('}', ",\"more\":1}"),
        layer("[[1,2],[3,4]]", "[5,6]").replace('}', ",\"biases\":[5,6]}"),
    ] {
        assert!(read(&good, &bad).is_err(), "{bad}");
        assert!(read(&bad, &good).is_err(), "{bad}");
    }
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let network = network(&[2, 1], &["sigmoid"], &[0.1f32]);
    network.save(&path).unwrap();
    assert_eq!(AnyNetwork::<f32>::load(&path).unwrap(), network);
    let model = Model { network: network.clone(), description: 7u8 };
    model.save(&path).unwrap();
    assert_eq!(Model::<AnyNetwork<f32>, u8>::load(&path).unwrap(), model);
    for error in [
        AnyNetwork::<f32>::load(&path).unwrap_err(),
        Model::<AnyNetwork<f64>, u8>::load(&path).unwrap_err(),
        network.save(folder.path()).unwrap_err(),
        network.save(folder.path().join("none/model")).unwrap_err(),
    ] {
        assert!(error.to_string().starts_with(&folder.path().display().to_string()), "{error}");
    }
}
