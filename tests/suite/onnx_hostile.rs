//! An ONNX file from a stranger gives a valid network or a typed error that says where.

use std::fs;

use gradus::prelude::*;
use gradus::{Error, FileProblem, OnnxProblem};

use super::message::part;
use crate::onnx::{AnyNetwork, exported, random};

fn problem<T: Real>(bytes: &[u8]) -> FileProblem {
    match AnyNetwork::<T>::from_onnx_bytes(bytes).unwrap_err() {
        Error::File { problem, .. } => problem,
        other => panic!("not about a file: {other}"),
    }
}

/// Whatever is read can be used, written, and read again.
fn check<T: Real>(bytes: &[u8]) -> bool {
    match AnyNetwork::<T>::from_onnx_bytes(bytes) {
        Ok(network) => {
            assert!(network.parameters().flatten().all(|value| value.to_f64().is_finite()));
            let again = AnyNetwork::<T>::from_onnx_bytes(&network.to_onnx_bytes().unwrap()).unwrap();
            assert_eq!(again.sizes(), network.sizes());
            let x = DMatrix::zeros(network.n_inputs(), 2);
            // Enormous weights may overflow, and then say so.
            assert!(network.predict(&x).is_ok_and(|y| y.ncols() == 2) || again.predict(&x).is_err());
            true
        }
        Err(error) => {
            assert!(matches!(error, Error::File { .. }) && !error.to_string().is_empty(), "{error}");
            false
        }
    }
}

/// Small files of this crate with every activation, and those of other programs.
fn files() -> Vec<(String, bool, Vec<u8>)> {
    let own = (0..12).flat_map(|seed| {
        let (single, double) = (random::<f32>(seed), random::<f64>(seed));
        let file = |double, bytes| (format!("random {seed}"), double, bytes);
        [file(false, single.to_onnx_bytes().unwrap()), file(true, double.to_onnx_bytes().unwrap())]
    });
    let others = exported().into_iter().map(|(path, dtype)| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), dtype == "f64", fs::read(&path).unwrap())
    });
    own.chain(others).collect()
}

fn check_either(double: bool, bytes: &[u8]) -> bool {
    if double { check::<f64>(bytes) } else { check::<f32>(bytes) }
}

#[test]
fn a_file_cut_anywhere_is_refused_or_a_network() {
    for (name, double, bytes) in files() {
        assert!(check_either(double, &bytes), "{name}");
        let read = (0..bytes.len()).filter(|&length| check_either(double, &bytes[..length])).count();
        // Only what comes after the graph and the version of the operators can be missing.
        assert!(read <= 3, "{name}: {read}");
    }
}

#[test]
fn a_file_with_any_bit_flipped_is_refused_or_a_network() {
    let mut short: Vec<_> = files().into_iter().filter(|(.., bytes)| bytes.len() < 1300).collect();
    for f in [AnyActivation::from(Selu), Softplus.into(), Gelu.into(), Elu::default().into()] {
        let network = AnyNetwork::<f64>::new(&[1, 1], f, f, &ScaledGaussian, 1).unwrap();
        short.push((f.to_string(), true, network.to_onnx_bytes().unwrap()));
    }
    assert!(short.len() >= 8);
    for (_, double, mut bytes) in short {
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            check_either(double, &bytes);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

// Files that are put together by hand.

/// A field of an integer below 128.
fn int(field: u8, value: u8) -> Vec<u8> {
    assert!(value < 128);
    if field < 16 { vec![field << 3, value] } else { vec![field << 3 | 0x80, field >> 4, value] }
}

/// A matrix or vector of numbers in single precision.
fn tensor(name: &str, dims: &[u8], values: &[f32]) -> Vec<u8> {
    let dims = dims.iter().map(|&dim| int(1, dim));
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    dims.chain([int(2, 1), part(8, name), part(9, raw)]).flatten().collect()
}

/// A node: its operator, inputs and outputs with spaces between them, and attributes.
fn node(operator: &str, inputs: &str, outputs: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let words = |field, words: &str| words.split(' ').flat_map(|name| part(field, name)).collect::<Vec<_>>();
    let inputs = if inputs.is_empty() { vec![] } else { words(1, inputs) };
    let mut node = [inputs, words(2, outputs), part(4, operator)].concat();
    attributes.iter().for_each(|attribute| node.extend(part(5, attribute)));
    node
}

fn int_attribute(name: &str, value: u8) -> Vec<u8> {
    [part(1, name), int(3, value), int(20, 2)].concat()
}

fn float_attribute(name: &str, value: f32) -> Vec<u8> {
    [part(1, name), vec![2 << 3 | 5], value.to_le_bytes().to_vec(), int(20, 1)].concat()
}

/// The tensors that the graphs below have: w, 3 × 2, and its transpose v; u and r, 3 × 3; b and c, three biases; numbers.
fn tensors() -> Vec<Vec<u8>> {
    vec![
        tensor("w", &[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        tensor("v", &[2, 3], &[1.0, 3.0, 5.0, 2.0, 4.0, 6.0]),
        tensor("u", &[3, 3], &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
        tensor("r", &[3, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
        tensor("b", &[3], &[0.25, 0.5, 0.75]),
        tensor("c", &[1, 3], &[0.25, 0.5, 0.75]),
        tensor("two", &[], &[2.0]),
        tensor("one", &[1], &[1.0]),
    ]
}

/// A file with these tensors and nodes, from `x` to the outputs.
fn file(tensors: Vec<Vec<u8>>, nodes: &[Vec<u8>], outputs: &[&str]) -> Vec<u8> {
    let mut graph: Vec<u8> = nodes.iter().flat_map(|node| part(1, node)).collect();
    graph.extend(tensors.iter().flat_map(|tensor| part(5, tensor)));
    graph.extend(part(11, part(1, "x")));
    graph.extend(outputs.iter().flat_map(|output| part(12, part(1, output))));
    [int(1, 7), part(7, graph), part(8, int(2, 13))].concat()
}

fn read(nodes: &[Vec<u8>]) -> gradus::Result<AnyNetwork<f32>> {
    AnyNetwork::from_onnx_bytes(&file(tensors(), nodes, &["y"]))
}

/// a = tanh(w x + b) in every way of writing it.
#[test]
fn ways_of_writing_a_layer_are_the_same() {
    let trans_b = &[int_attribute("transB", 1)];
    let tanh = || node("Tanh", "z", "y", &[]);
    let ways: Vec<Vec<Vec<u8>>> = vec![
        vec![node("Gemm", "x w b", "z", trans_b), tanh()],
        vec![node("Gemm", "x v c", "z", &[]), tanh()],
        vec![
            node("Gemm", "x v c", "z", &[float_attribute("alpha", 1.0), float_attribute("beta", 1.0)]),
            tanh(),
        ],
        vec![node("MatMul", "x v", "p", &[]), node("Add", "p b", "z", &[]), tanh()],
        vec![node("MatMul", "x v", "p", &[]), node("Add", "c p", "z", &[]), tanh()],
        vec![node("Gemm", "x v ", "p", &[]), node("Add", "p b", "z", &[]), tanh()],
        vec![node("Transpose", "w", "t", &[]), node("Gemm", "x t b", "z", &[]), tanh()],
        vec![
            node("Transpose", "w", "t", &[[part(1, "perm"), part(8, [1, 0]), int(20, 7)].concat()]),
            node("Gemm", "x t b", "z", &[]),
            tanh(),
        ],
        vec![
            node("Cast", "x", "x1", &[int_attribute("to", 1)]),
            node("Flatten", "x1", "x2", &[]),
            node("Identity", "x2", "x3", &[]),
            node("Gemm", "x3 w b", "z1", trans_b),
            node("Dropout", "z1", "z", &[]),
            tanh(),
        ],
    ];
    let weights = DMatrix::from_row_slice(3, 2, &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
    for (way, nodes) in ways.iter().enumerate() {
        let network = read(nodes).unwrap_or_else(|error| panic!("{way}: {error}"));
        let layer = network.output();
        assert_eq!((network.hidden().len(), layer.activation), (0, Tanh.into()), "{way}");
        assert_eq!((&layer.weights, layer.biases.as_slice()), (&weights, &[0.25, 0.5, 0.75][..]), "{way}");
    }
    // Without biases, with one for all, and multiplied.
    let nodes = [node("MatMul", "x v", "y", &[])];
    assert_eq!(read(&nodes).unwrap().output().biases.as_slice(), [0.0; 3]);
    let attributes = [float_attribute("alpha", 0.5), float_attribute("beta", 4.0)];
    let network = read(&[node("Gemm", "x v two", "y", &attributes)]).unwrap();
    assert_eq!(
        (&network.output().weights * 2.0, network.output().biases.as_slice()),
        (weights, &[8.0; 3][..])
    );
}

/// Nodes that change nothing, and attributes whose 0 is left out.
#[test]
fn what_changes_nothing_is_read_over() {
    let gemm = || node("Gemm", "x v b", "z", &[]);
    let bool_tensor = |value: u8| [int(2, 9), part(8, "training"), part(9, [value])].concat();
    let with = |training, nodes: &[Vec<u8>]| {
        let tensors = [tensors(), vec![bool_tensor(training)]].concat();
        AnyNetwork::<f32>::from_onnx_bytes(&file(tensors, nodes, &["y"]))
    };
    let dropout = node("Dropout", "z two training", "y", &[]);
    let minus = [part(1, "axis"), [vec![3 << 3], vec![0xff; 9], vec![1]].concat(), int(20, 2)].concat();
    for nodes in [
        vec![gemm(), dropout.clone()],
        vec![gemm(), node("Flatten", "z", "y", std::slice::from_ref(&minus))],
        vec![node("Flatten", "x", "f", &[minus]), node("Gemm", "f v b", "y", &[])],
    ] {
        assert_eq!(with(0, &nodes).unwrap().output().biases.as_slice(), [0.25, 0.5, 0.75]);
    }
    let error = with(1, &[gemm(), dropout]).unwrap_err().to_string();
    assert!(error.contains("Dropout") && error.contains("training"), "{error}");
    let without = |name: &str, kind| [part(1, name), int(20, kind)].concat();
    let attributes = [without("beta", 1), without("transA", 2)];
    let network = read(&[node("Gemm", "x v b", "y", &attributes)]).unwrap();
    assert_eq!(network.output().biases.as_slice(), [0.0; 3]);
}

/// A graph that says two things, or another thing than it computes.
#[test]
fn graphs_that_contradict_themselves_are_refused() {
    let gemm = |outputs: &str| node("Gemm", "x v b", outputs, &[]);
    let with = |tensor: Vec<u8>, nodes: &[Vec<u8>]| {
        problem::<f32>(&file([tensors(), vec![tensor]].concat(), nodes, &["y"]))
    };
    let twice = with(tensor("v", &[2, 3], &[9.0; 6]), &[gemm("y")]);
    assert!(
        matches!(&twice, FileProblem::Onnx(OnnxProblem::Tensor { name, .. }) if name == "v"),
        "two tensors of one name: {twice}"
    );
    let alpha = |value| float_attribute("alpha", value);
    let typed =
        |kind| [part(1, "alpha"), vec![2 << 3 | 5], 0.5f32.to_le_bytes().to_vec(), int(20, kind)].concat();
    let reference = [alpha(0.5), part(21, "alpha")].concat();
    for (what, attributes) in [("two alphas", vec![alpha(0.5), alpha(2.0)]), ("no name", vec![int(20, 1)])] {
        let found = problem::<f32>(&file(tensors(), &[node("Gemm", "x v b", "y", &attributes)], &["y"]));
        assert!(matches!(found, FileProblem::Onnx(OnnxProblem::Malformed { .. })), "{what}: {found}");
    }
    for (what, attribute) in [("of another type", typed(2)), ("of a function", reference)] {
        let found = problem::<f32>(&file(tensors(), &[node("Gemm", "x v b", "y", &[attribute])], &["y"]));
        let named =
            matches!(&found, FileProblem::Onnx(OnnxProblem::Node { operator, .. }) if operator == "Gemm");
        assert!(named, "{what}: {found}");
    }
    let whole = file(tensors(), &[gemm("y")], &["y"]);
    let versions = problem::<f32>(&[whole.clone(), part(8, int(2, 12))].concat());
    assert!(matches!(versions, FileProblem::Onnx(OnnxProblem::Malformed { .. })), "{versions}");
    let nothing = problem::<f32>(&file(tensors(), &[vec![]], &["y"]));
    assert!(matches!(nothing, FileProblem::Onnx(OnnxProblem::Malformed { .. })), "{nothing}");

    // A number of three dimensions makes matrices of the samples, and a softmax after it adds up other outputs.
    let cube = tensor("cube", &[1, 1, 1], &[2.0]);
    let found = with(cube, &[gemm("z"), node("Mul", "z cube", "p", &[]), node("Softmax", "p", "y", &[])]);
    assert!(found.to_string().contains("`cube`"), "{found}");
    // 1 − p and p of more than two classes.
    let both = [
        gemm("z"),
        node("Sigmoid", "z", "p", &[]),
        node("Sub", "one p", "q", &[]),
        node("Concat", "q p", "y", &[int_attribute("axis", 1)]),
    ];
    assert!(read(&both).unwrap_err().to_string().contains("of type Concat"));

    // Inputs and outputs of a type that the layers do not take.
    let port = |name: &str, element: u8| [part(1, name), part(2, part(1, int(1, element)))].concat();
    let typed = |input, output, nodes: &[Vec<u8>]| {
        let mut graph: Vec<u8> = nodes.iter().flat_map(|node| part(1, node)).collect();
        graph.extend(tensors().iter().flat_map(|tensor| part(5, tensor)));
        graph.extend([part(11, port("x", input)), part(12, port("y", output))].concat());
        AnyNetwork::<f32>::from_onnx_bytes(&[part(7, graph), part(8, int(2, 13))].concat())
    };
    assert!(typed(1, 1, &[gemm("y")]).is_ok());
    for (input, output, named) in [(11, 1, "the inputs"), (1, 11, "output `y`"), (10, 1, "the inputs")] {
        match typed(input, output, &[gemm("y")]).unwrap_err() {
            Error::File { problem: FileProblem::Dtype { name, .. }, .. } => {
                assert!(name.contains(named), "{name}")
            }
            other => panic!("{input} {output}: {other}"),
        }
    }
    let cast = node("Cast", "x", "floats", &[int_attribute("to", 1)]);
    assert!(typed(11, 1, &[cast.clone(), node("Gemm", "floats v b", "y", &[])]).is_ok());
    assert!(typed(11, 1, &[cast, gemm("y")]).is_err());
}

/// Numbers in a list, in one piece, in several, or one by one.
#[test]
fn ways_of_writing_numbers_are_the_same() {
    let raw: Vec<u8> =
        [1.0f32, 3.0, 5.0, 2.0, 4.0, 6.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let head = [part(1, [2, 3]), int(2, 1), part(8, "v")].concat();
    let one_by_one: Vec<u8> = raw.chunks(4).flat_map(|bytes| [&[4 << 3 | 5], bytes].concat()).collect();
    for data in [part(9, &raw), part(4, &raw), [part(4, &raw[..8]), part(4, &raw[8..])].concat(), one_by_one]
    {
        let bytes = file(vec![[head.clone(), data].concat()], &[node("MatMul", "x v", "y", &[])], &["y"]);
        let network = AnyNetwork::<f32>::from_onnx_bytes(&bytes).unwrap();
        assert_eq!(network.output().weights, DMatrix::from_row_slice(3, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    }
}

/// Every node that does not belong to a chain is refused by its name and operator, and the offset is where it begins.
#[test]
fn other_nodes_are_refused_by_their_names() {
    let gemm = || node("Gemm", "x v b", "z", &[]);
    let tanh = || node("Tanh", "z", "a", &[]);
    let domain = |domain: &str, node: Vec<u8>| [node, part(7, domain)].concat();
    let ends: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("Cosh", vec![gemm(), node("Cosh", "z", "y", &[])]),
        ("Conv", vec![node("Conv", "x w", "y", &[])]),
        ("Sub", vec![node("Sub", "x two", "y", &[])]),
        ("Relu", vec![node("Relu", "x", "y", &[])]),
        ("Gemm", vec![node("Gemm", "x v b", "y", &[int_attribute("transA", 1)])]),
        ("Gemm", vec![node("Gemm", "x v b", "y", &[int_attribute("broadcast", 1)])]),
        ("Gemm", vec![node("Gemm", "x v b", "y", &[int_attribute("alpha", 1)])]),
        ("Gemm", vec![node("Gemm", "x v w", "y", &[])]),
        ("Gemm", vec![node("Gemm", "v x b", "y", &[])]),
        ("Gemm", vec![node("Gemm", "x b", "y", &[])]),
        ("Gemm", vec![gemm(), node("Gemm", "z u x", "y", &[])]),
        ("Gemm", vec![gemm(), node("Gemm", "z v b", "y", &[])]),
        ("Gemm", vec![gemm(), node("Gemm", "x u b", "y", &[])]),
        ("MatMul", vec![gemm(), node("MatMul", "z z", "y", &[])]),
        // Weights of two layers.
        ("MatMul", vec![gemm(), node("MatMul", "z u", "p", &[]), node("MatMul", "p u", "y", &[])]),
        // Around a layer.
        ("Add", vec![gemm(), tanh(), node("MatMul", "a u", "p", &[]), node("Add", "p a", "y", &[])]),
        ("MatMul", vec![gemm(), tanh(), node("MatMul", "a u", "p", &[]), node("MatMul", "a r", "y", &[])]),
        (
            "Mul",
            vec![
                gemm(),
                node("Sigmoid", "z", "g", &[]),
                node("MatMul", "g u", "p", &[]),
                node("Mul", "p g", "y", &[]),
            ],
        ),
        // Two layers of biases.
        ("Add", vec![gemm(), node("Add", "z b", "y", &[])]),
        ("Mul", vec![gemm(), node("Mul", "z b", "y", &[])]),
        ("Mul", vec![gemm(), node("Mul", "z two", "y", &[])]),
        ("Tanh", vec![gemm(), tanh(), node("Tanh", "a", "y", &[])]),
        ("Softmax", vec![gemm(), node("Softmax", "z", "y", &[int_attribute("axis", 0)])]),
        ("LeakyRelu", vec![gemm(), node("LeakyRelu", "z", "y", &[float_attribute("alpha", 1.5)])]),
        (
            "Elu",
            vec![
                gemm(),
                node("Elu", "z", "a", &[float_attribute("alpha", -1.0)]),
                node("MatMul", "a u", "y", &[]),
            ],
        ),
        ("Selu", vec![gemm(), node("Selu", "z", "y", &[float_attribute("gamma", 1.5)])]),
        ("Gelu", vec![gemm(), node("Gelu", "z", "y", &[[part(1, "approximate"), part(4, "tanh")].concat()])]),
        ("com.microsoft.Gelu", vec![gemm(), domain("com.microsoft", node("Gelu", "z", "y", &[]))]),
        ("ai.onnx.ml.Scaler", vec![domain("ai.onnx.ml", node("Scaler", "x", "y", &[]))]),
        ("Concat", vec![gemm(), node("Concat", "z z", "y", &[int_attribute("axis", 1)])]),
        (
            "Tanh",
            vec![gemm(), node("ArgMax", "z", "l", &[int_attribute("axis", 1)]), node("Tanh", "l", "y", &[])],
        ),
        ("ArgMax", vec![gemm(), node("ArgMax", "z", "y", &[])]),
        ("Cast", vec![gemm(), node("Cast", "z", "y", &[int_attribute("to", 10)])]),
        ("Flatten", vec![gemm(), node("Flatten", "z", "y", &[int_attribute("axis", 0)])]),
        ("Reshape", vec![gemm(), node("Reshape", "z b", "y", &[])]),
        ("Where", vec![gemm(), node("Where", "z z z", "y", &[])]),
        ("Tanh", vec![gemm(), node("Tanh", "nothing", "y", &[])]),
        ("Tanh", vec![gemm(), node("Tanh", "z", "z", &[])]),
        ("If", vec![gemm(), node("If", "z", "y", &[])]),
    ];
    for (case, (expected, nodes)) in ends.iter().enumerate() {
        let bytes = file(tensors(), nodes, &["y"]);
        match problem::<f32>(&bytes) {
            FileProblem::Onnx(OnnxProblem::Node { name, operator, offset, why }) => {
                assert_eq!(operator, *expected, "case {case}: {why}");
                assert!(!name.is_empty() && !why.is_empty(), "case {case}");
                let found = nodes.iter().any(|node| bytes[offset as usize..].starts_with(node));
                assert!(found, "case {case}: no node begins at {offset}");
            }
            other => panic!("case {case}: {other}"),
        }
    }
}

/// max(z, z s) is a leaky ReLU for any order of the arguments, and a product too deep to be taken apart is nothing.
#[test]
fn formulas_are_recognized_in_any_order() {
    let slope = || tensor("s", &[], &[0.25]);
    let with = |nodes: &[Vec<u8>]| {
        let nodes = [&[node("Gemm", "x v b", "z", &[])], nodes].concat();
        AnyNetwork::<f32>::from_onnx_bytes(&file([tensors(), vec![slope()]].concat(), &nodes, &["y"]))
    };
    for (product, max) in [("z s", "z p"), ("s z", "p z")] {
        let network = with(&[node("Mul", product, "p", &[]), node("Max", max, "y", &[])]).unwrap();
        assert_eq!(network.output().activation, LeakyRelu::new(0.25).unwrap().into());
    }
    for (product, sigmoid) in [("z g", "z"), ("g z", "z")] {
        let network = with(&[node("Sigmoid", sigmoid, "g", &[]), node("Mul", product, "y", &[])]).unwrap();
        assert_eq!(network.output().activation, Silu.into());
    }
    let sigmoid = |above: &str| {
        let sum = [node("Neg", "z", "n", &[]), node("Exp", "n", "e", &[]), node("Add", "one e", "d", &[])];
        let nodes = [&sum[..], &[node("Div", &format!("{above} d"), "y", &[])]].concat();
        with(&nodes).map(|network| network.output().activation)
    };
    assert_eq!((sigmoid("z").unwrap(), sigmoid("one").unwrap()), (Silu.into(), Sigmoid.into()));
    assert!(sigmoid("two").is_err());
    let network = with(&[node("Div", "z s", "p", &[]), node("Softmax", "p", "y", &[])]).unwrap();
    assert_eq!(network.output().activation, Softmax::with_sharpness(4.0).unwrap().into());
    // ½ z (1 + erf(c z)) is a GELU for c = 1/√2 alone, and not twice or half of it.
    let gelu = |scale: f32, factor: f32| {
        let numbers = [tensor("scale", &[], &[scale]), tensor("factor", &[], &[factor])];
        let nodes = [
            node("MatMul", "x v", "z", &[]),
            node("Mul", "z scale", "p", &[]),
            node("Erf", "p", "e", &[]),
            node("Add", "one e", "d", &[]),
            node("Mul", "d factor", "f", &[]),
            node("Mul", "f z", "y", &[]),
        ];
        AnyNetwork::<f32>::from_onnx_bytes(&file([tensors(), numbers.to_vec()].concat(), &nodes, &["y"]))
    };
    let root = std::f32::consts::FRAC_1_SQRT_2;
    assert_eq!(gelu(root, 0.5).unwrap().output().activation, Gelu.into());
    assert!(gelu(1.0, 0.5).is_err() && gelu(root, 1.0).is_err() && gelu(0.7, 0.5).is_err());
    let mut nodes = vec![node("Mul", "z z", "p0", &[])];
    nodes.extend((0..60).map(|i| node("Mul", &format!("p{i} p{i}"), &format!("p{}", i + 1), &[])));
    nodes.push(node("Identity", "p60", "y", &[]));
    assert!(with(&nodes).is_err());
}

#[test]
fn graphs_that_are_no_chain_are_refused() {
    let layer = || node("Gemm", "x v b", "y", &[]);
    let whole = file(tensors(), &[layer()], &["y"]);
    assert!(check::<f32>(&whole));
    let graph = |nodes: &[Vec<u8>], outputs: &[&str]| problem::<f32>(&file(tensors(), nodes, outputs));
    let softmax = node("Softmax", "y", "s", &[]);
    for (found, wanted) in [
        (graph(&[layer()], &[]), "no output"),
        (graph(&[layer()], &["q"]), "`q`"),
        (graph(&[layer()], &["x"]), "`x`"),
        (graph(&[layer()], &["w"]), "`w`"),
        (graph(&[], &["x"]), "`x`"),
        (graph(&[layer(), softmax.clone()], &["y", "s"]), "`s`"),
        (graph(&[layer(), node("MatMul", "y u", "z", &[])], &["y"]), "`y`"),
    ] {
        let graph = matches!(found, FileProblem::Onnx(OnnxProblem::Graph { .. }));
        assert!(graph && found.to_string().contains(wanted), "{found}, not {wanted}");
    }
    let two = [whole.clone(), part(7, part(11, part(1, "x")))].concat();
    assert!(matches!(problem::<f32>(&two), FileProblem::Onnx(OnnxProblem::Malformed { .. })));
    let functions = [whole.clone(), part(25, part(1, "f"))].concat();
    assert!(matches!(problem::<f32>(&functions), FileProblem::Onnx(OnnxProblem::Graph { .. })));
    let old = [&whole[..whole.len() - 1], &[6]].concat();
    assert!(matches!(problem::<f32>(&old), FileProblem::Onnx(OnnxProblem::Opset { found: 6, least: 7 })));
    let other = [&whole[..whole.len() - 4], &part(8, [part(1, "ai.onnx.ml"), int(2, 13)].concat())].concat();
    assert!(matches!(problem::<f32>(&other), FileProblem::Onnx(OnnxProblem::Missing { .. })));
    assert!(matches!(problem::<f32>(b""), FileProblem::Onnx(OnnxProblem::Missing { what: "graph" })));
    assert!(matches!(problem::<f64>(&whole), FileProblem::Dtype { expected: "f64", .. }));
}

#[test]
fn tensors_that_lie_are_refused() {
    let data = |bytes: usize| part(9, vec![0; bytes]);
    let w = |dims: Vec<u8>, rest: Vec<u8>| {
        let tensor = [dims, int(2, 1), part(8, "t"), rest].concat();
        problem::<f32>(&file(vec![tensor], &[node("MatMul", "x t", "y", &[])], &["y"]))
    };
    let dims = |dims: &[i64]| {
        let varint = |value: i64| -> Vec<u8> {
            let bits =
                |shift: usize| (value as u64 >> shift) as u8 & 0x7f | if shift < 63 { 0x80 } else { 0 };
            (0..=63).step_by(7).map(bits).collect()
        };
        dims.iter().flat_map(|&dim| [vec![8], varint(dim)].concat()).collect::<Vec<u8>>()
    };
    let large = 1_i64 << 32;
    for found in [
        w(dims(&[2, 3]), data(20)),
        w(dims(&[2, 3]), data(28)),
        w(dims(&[2, 3]), data(25)),
        w(dims(&[2, 3]), vec![]),
        w(dims(&[large, large]), data(24)),
        w(dims(&[i64::MAX, i64::MAX]), data(24)),
        w(dims(&[1 << 62, 4]), vec![]),
    ] {
        assert!(
            matches!(&found, FileProblem::Onnx(OnnxProblem::Tensor { name, .. }) if name == "t"),
            "{found}"
        );
    }
    for found in [
        w(dims(&[0, 3]), data(0)),
        w(dims(&[-2, -3]), data(24)),
        w(dims(&[6]), data(24)),
        w(vec![], data(24)),
    ] {
        assert!(matches!(&found, FileProblem::Onnx(OnnxProblem::Node { .. })), "{found}");
    }
    let external = w(dims(&[2, 3]), [data(24), int(14, 1)].concat());
    assert!(external.to_string().contains("external_data=False"), "{external}");
    let twice = w(dims(&[2, 3]), [data(24), part(4, [0; 24])].concat());
    assert!(matches!(twice, FileProblem::Onnx(OnnxProblem::Malformed { .. })), "{twice}");
    let doubles = w(dims(&[2, 3]), part(10, [0; 48]));
    assert!(matches!(doubles, FileProblem::Onnx(OnnxProblem::Malformed { .. })), "{doubles}");
    let nan = part(9, [f32::NAN.to_le_bytes(), 1f32.to_le_bytes()].concat());
    assert!(matches!(w(dims(&[1, 2]), nan), FileProblem::Network { .. }));
    let many = w(int(1, 1).repeat(40), data(4));
    assert!(matches!(many, FileProblem::Onnx(OnnxProblem::TooMany { allowed: 32, .. })), "{many}");
}

#[test]
fn more_nodes_than_a_chain_has_are_refused() {
    let nodes = vec![node("Tanh", "x", "y", &[]); 5000];
    let found = problem::<f32>(&file(tensors(), &nodes, &["y"]));
    assert!(
        matches!(found, FileProblem::Onnx(OnnxProblem::TooMany { what: "nodes", allowed: 4096, .. })),
        "{found}"
    );
}

#[test]
fn other_files_are_no_onnx_files() {
    let safetensors = random::<f32>(1).to_bytes().unwrap();
    for bytes in
        [&safetensors[..], b"{\"sizes\": [2, 1]}", b"<!doctype html><html></html>", b"\x7fELF\x02\x01\x01\0"]
    {
        let found = problem::<f32>(bytes);
        let malformed =
            matches!(found, FileProblem::Onnx(OnnxProblem::Malformed { .. } | OnnxProblem::Missing { .. }));
        assert!(malformed, "{found}");
    }
}
