//! Networks go to and come from other programs: the book's `network2.py`, numpy and PyTorch.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gradus::persist::{Network2, Network2Cost};
use gradus::prelude::*;
use serde::Deserialize;

/// A file in the folder of fixtures.
pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What numpy computes with the network in `network2.json`; see `make_network2.py`.
#[derive(Deserialize)]
struct Expected {
    inputs: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
    gradients: std::collections::BTreeMap<String, Gradients>,
}

#[derive(Deserialize)]
struct Gradients {
    weights: Vec<Vec<Vec<f64>>>,
    biases: Vec<Vec<f64>>,
}

fn expected() -> Expected {
    serde_json::from_slice(&std::fs::read(fixture("network2_expected.json")).unwrap()).unwrap()
}

/// One example in each column.
pub(super) fn columns<T: Real>(examples: &[Vec<f64>]) -> DMatrix<T> {
    DMatrix::from_fn(examples[0].len(), examples.len(), |row, column| T::cast(examples[column][row]))
}

fn assert_close(found: f64, wanted: f64, relative: f64) {
    let difference = (found - wanted).abs();
    assert!(difference <= relative * wanted.abs().max(f64::MIN_POSITIVE), "{found} is not {wanted}");
}

#[test]
fn a_network_of_the_book_computes_what_numpy_computes() {
    let Network2 { network, cost } = Network2::load(fixture("network2.json")).unwrap();
    assert_eq!(cost, Network2Cost::CrossEntropy);
    assert_eq!(network.sizes(), [6, 5, 4, 3]);
    let expected = expected();
    let outputs = network.predict(&columns(&expected.inputs)).unwrap();
    for (found, &wanted) in outputs.iter().zip(expected.outputs.iter().flatten()) {
        assert_close(*found, wanted, 1e-12);
    }
}

fn assert_gradients<C: Cost<f64, Sigmoid>>(cost: &C, name: &str) {
    let Network2 { network, .. } = Network2::load(fixture("network2.json")).unwrap();
    let expected = expected();
    let batch = Batch::new(columns(&expected.inputs), columns(&expected.targets)).unwrap();
    let mut workspace = Workspace::new(&network.sizes(), expected.inputs.len()).unwrap();
    let mut gradient = ParameterArrays::zeros(&network.sizes());
    network.forward(&batch.x, &mut workspace);
    network.backward(cost, &batch, &mut workspace, &mut gradient);
    let wanted = &expected.gradients[name];
    for layer in 0..network.sizes().len() - 1 {
        let (dw, db) = (gradient.weights(layer), gradient.biases(layer));
        // Sums over examples cancel: what is compared is each gradient on the scale of its layer.
        let close = |found: f64, wanted: f64| {
            assert!(
                (found - wanted).abs() <= 1e-12 * dw.amax(),
                "{name}, layer {layer}: {found} is not {wanted}"
            );
        };
        for (row, wanted) in dw.row_iter().zip(&wanted.weights[layer]) {
            row.iter().zip(wanted).for_each(|(&found, &wanted)| close(found, wanted));
        }
        db.iter().zip(&wanted.biases[layer]).for_each(|(&found, &wanted)| close(found, wanted));
    }
}

#[test]
fn a_network_of_the_book_has_the_gradients_of_numpy() {
    assert_gradients(&CrossEntropy, "CrossEntropyCost");
    assert_gradients(&Quadratic, "QuadraticCost");
}

#[test]
fn a_network_of_the_book_comes_back_bit_by_bit() {
    let text = std::fs::read_to_string(fixture("network2.json")).unwrap();
    let book = Network2::from_json(text.as_bytes()).unwrap();
    let again = book.to_json().unwrap();
    assert_eq!(Network2::from_json(&again).unwrap(), book);
    // Every number has the digits that Python wrote, so that it is the same there too.
    let numbers = |text: &str| -> Vec<f64> {
        text.split(|c: char| "[]{}, :".contains(c)).filter_map(|word| word.parse().ok()).collect()
    };
    let (before, after) = (numbers(&text), numbers(&String::from_utf8(again).unwrap()));
    assert_eq!(before.len(), 4 + book.network.n_parameters());
    assert_eq!(before, after);
}

/// The Python in `GRADUS_PYTHON`, else `python3`, if it has these modules. Without them the test says so and ends.
pub(super) fn python(modules: &str) -> Option<Command> {
    let name = std::env::var_os("GRADUS_PYTHON").unwrap_or_else(|| "python3".into());
    let imports = Command::new(&name).arg("-c").arg(format!("import {modules}")).output();
    if imports.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(name));
    }
    eprintln!("skipped: {} cannot import {modules}; set GRADUS_PYTHON to a Python that can", name.display());
    None
}

/// The outputs that `outputs.py` computes with a file, one list for each example.
fn outputs(mut python: Command, format: &str, file: &Path, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
    python.arg(fixture("outputs.py")).arg(format).arg(file);
    serde_json::from_slice(&reply(python, &inputs)).unwrap()
}

/// What a script prints that is given `input` as JSON.
pub(super) fn reply(mut script: Command, input: &impl serde::Serialize) -> Vec<u8> {
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(input).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script:?} failed");
    output.stdout
}

fn assert_same_outputs<T: Real>(
    network: &impl Predict<T>,
    found: &[Vec<f64>],
    inputs: &[Vec<f64>],
    relative: f64,
) {
    let wanted = network.predicted(&columns(inputs));
    assert_eq!(wanted.shape(), (found[0].len(), found.len()));
    for (&found, wanted) in found.iter().flatten().zip(wanted.iter()) {
        assert_close(found, wanted.to_f64(), relative);
    }
}

/// `predict`, whatever the activations are.
trait Predict<T: Real> {
    fn predicted(&self, x: &DMatrix<T>) -> DMatrix<T>;
}

impl<T: Real, H: Activation<T>, O: Activation<T>> Predict<T> for Network<T, H, O> {
    fn predicted(&self, x: &DMatrix<T>) -> DMatrix<T> {
        self.predict(x).unwrap()
    }
}

#[test]
fn numpy_reads_a_network_of_the_book_that_was_saved_here() {
    let Some(python) = python("numpy") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    let network = Network::new(&[6, 7, 3], Sigmoid, Sigmoid, &ScaledGaussian, 5).unwrap();
    let book = Network2 { network, cost: Network2Cost::Quadratic };
    book.save(&path).unwrap();
    let inputs = expected().inputs;
    assert_same_outputs(&book.network, &outputs(python, "network2", &path, &inputs), &inputs, 1e-12);
}

/// Networks of both precisions, saved, read by Python in this way, and computed there.
fn assert_readable(format: &str, modules: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let inputs = expected().inputs;
    let Some(run) = python(modules) else { return };
    let network =
        Network::<f64, _, _>::new(&[6, 9, 3], Tanh, Softmax::default(), &ScaledGaussian, 5).unwrap();
    network.save(&path).unwrap();
    assert_same_outputs(&network, &outputs(run, format, &path, &inputs), &inputs, 1e-12);

    let Some(run) = python(modules) else { return };
    let mut network =
        Network::<f32, AnyActivation, _>::new(&[6, 9, 8, 3], Relu.into(), Sigmoid, &ScaledGaussian, 6)
            .unwrap();
    network.hidden_mut()[1].activation = Linear.into();
    network.save(&path).unwrap();
    assert_same_outputs(&network, &outputs(run, format, &path, &inputs), &inputs, 1e-4);
}

#[test]
fn numpy_reads_a_saved_network() {
    assert_readable("safetensors", "numpy");
}

#[test]
fn pytorch_reads_a_saved_network() {
    assert_readable("torch", "torch, numpy, safetensors");
}
