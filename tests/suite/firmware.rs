//! Networks as Rust source: compiled by the compiler that is there, they have the bits of `Network::predict`, and no panic.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gradus::export::RustSource;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::RngExt;

/// Random inputs of each network.
const INPUTS: usize = 1000;

/// The compiler, if there is one.
fn compiler() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let works = Command::new(&rustc).arg("--version").output().is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: there is no Rust compiler; name one in the variable RUSTC");
    }
    works.then_some(rustc)
}

fn compile(rustc: &Path, folder: &Path, arguments: &[&str]) {
    let output = Command::new(rustc).current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A network with parameters of all signs, biases included.
fn network(
    sizes: &[usize],
    hidden: &str,
    output: &str,
    seed: u64,
) -> Network<f32, AnyActivation, AnyActivation> {
    let (hidden, output): (AnyActivation, AnyActivation) = (hidden.parse().unwrap(), output.parse().unwrap());
    let mut network = Network::new(sizes, hidden, output, &ScaledGaussian, seed).unwrap();
    let mut rng = generator(seed, Purpose::User, 1, 0);
    for layer in network.hidden_mut() {
        layer.biases.apply(|b| *b = rng.random::<f32>() * 4.0 - 2.0);
    }
    network.output_mut().biases.apply(|b| *b = rng.random::<f32>() * 4.0 - 2.0);
    network
}

/// A module and its inputs, one sample after the other, with the expected outputs.
struct Case {
    name: String,
    source: RustSource,
    x: Vec<f32>,
    expected: Vec<f32>,
}

/// Inputs of all magnitudes that give finite outputs: most as data are, some large, tiny or 0.
fn inputs(n: usize, seed: u64) -> DMatrix<f32> {
    let mut rng = generator(seed, Purpose::User, 2, 0);
    DMatrix::from_fn(n, INPUTS, |_, sample| {
        let x = rng.random::<f32>() * 6.0 - 3.0;
        match sample % 10 {
            0 if rng.random::<bool>() => 0.0,
            1 => x * 20.0,
            2 => x * 1e-38,
            3 => x * 1e-3,
            _ => x,
        }
    })
}

fn case(name: &str, network: &Network<f32, AnyActivation, AnyActivation>, seed: u64) -> Case {
    let x = inputs(network.n_inputs(), seed);
    let expected = network.predict(&x).unwrap().as_slice().to_vec();
    let source = RustSource::of(network).unwrap();
    Case { name: name.to_owned(), source, x: x.as_slice().to_vec(), expected }
}

/// Every activation of the crate as a hidden one and as that of the outputs, and networks with more than one chain of sums.
fn plain_cases() -> Vec<Case> {
    let with_parameters =
        ["leaky_relu(slope=0.3)", "elu(alpha=0.7)", "softmax(sharpness=2.5)", "softmax(sharpness=1e300)"];
    let activations = AnyActivation::NAMES.iter().chain(&with_parameters);
    let mut cases = Vec::new();
    for (number, activation) in activations.enumerate() {
        let seed = number as u64;
        let mut rng = generator(seed, Purpose::User, 3, 0);
        let [inputs, first, second, outputs] = [(); 4].map(|()| rng.random_range(1..20));
        // Exponentials of exponentials are infinite soon.
        let hidden = if *activation == "exponential" { "tanh" } else { activation };
        let deep = network(&[inputs, first, second, outputs], hidden, activation, seed);
        cases.push(case(&format!("network_{number}"), &deep, seed));
    }
    for (number, inputs) in [1024, 1025, 2500].into_iter().enumerate() {
        let wide = network(&[inputs, 3, 2], "sigmoid", "linear", 100 + number as u64);
        cases.push(case(&format!("wide_{number}"), &wide, 100 + number as u64));
    }
    cases.push(case("single", &network(&[1, 1], "linear", "linear", 200), 200));
    let mut zeros = network(&[2, 1], "linear", "linear", 201);
    zeros.output_mut().weights.fill(-0.0);
    zeros.output_mut().biases.fill(-0.0);
    let zeros = case("zeros", &zeros, 201);
    assert!(zeros.expected.iter().any(|z| z.is_sign_negative()), "some sums are −0");
    cases.push(zeros);
    cases
}

/// One network with every activation of the crate in a layer of its own.
fn every_activation() -> Network<f32, AnyActivation, AnyActivation> {
    let layer = |(number, name): (usize, &&str)| {
        let seed = 500 + number as u64;
        network(&[5, 5], name, name, seed).output().clone()
    };
    let hidden = AnyActivation::NAMES.iter().enumerate().map(layer).collect();
    Network::from_layers(hidden, network(&[5, 2], "linear", "linear", 600).output().clone()).unwrap()
}

/// Networks whose weights have 8 bits.
fn rounded_cases() -> Vec<Case> {
    let shapes: [(&[usize], &str, &str); 2] =
        [(&[9, 7, 3], "gelu", "softmax"), (&[1500, 4, 1], "tanh", "linear")];
    let case = |(number, (sizes, hidden, output)): (usize, (&[usize], &str, &str))| {
        let seed = 300 + number as u64;
        let x = inputs(sizes[0], seed);
        let network = network(sizes, hidden, output, seed);
        let data = Dataset::new(x.clone(), network.predict(&x).unwrap()).unwrap();
        let source = RustSource::of(&network).unwrap().in_eight_bits(&data).unwrap();
        let expected = source.network().predict(&x).unwrap().as_slice().to_vec();
        assert_ne!(expected, network.predict(&x).unwrap().as_slice(), "rounding changes something");
        Case { name: format!("rounded_{number}"), source, x: x.as_slice().to_vec(), expected }
    };
    shapes.into_iter().enumerate().map(case).collect()
}

/// A predictor whose inputs and targets are scaled, and one with class names.
fn predictors() -> [(Predictor<f32>, DMatrix<f32>); 4] {
    let predictor = |outputs, output: &str, meaning: Meaning, seed| {
        let x = inputs(6, seed).map(|x| 100.0 + 7.0 * x);
        let data = Dataset::new(x.clone(), x.rows(0, outputs).map(|x| 3.0 * x)).unwrap();
        let mut meaning = meaning.with_input_scaler(Standardize.fit(&data).unwrap());
        if meaning.task() == Task::Regression {
            meaning = meaning.with_target_scaler(Robust.fit_targets(&data).unwrap());
        }
        (Predictor::new(network(&[6, 5, outputs], "silu", output, seed), meaning).unwrap(), x)
    };
    // Of letters, and of what ends texts, lines and blocks of the source.
    let names = ["\"]; fn main() { exit(0) } // a \"quoted\" one", "größer\n*/ }} {x}\u{202e}\0\r", "\\"];
    [
        predictor(2, "linear", Meaning::new(Task::Regression), 400),
        predictor(3, "softmax", Meaning::new(Task::Classes).with_class_names(&names), 401),
        predictor(
            1,
            "sigmoid",
            Meaning::new(Task::Binary { threshold: 0.5 }).with_class_names(&names[..2]),
            402,
        ),
        predictor(3, "sigmoid", Meaning::new(Task::Labels { threshold: 0.25 }), 403),
    ]
}

fn predictor_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, (mut predictor, x)) in predictors().into_iter().enumerate() {
        let mut expected = Vec::new();
        predictor.predict_each(&x, |_, prediction| expected.extend_from_slice(prediction.values())).unwrap();
        let source = RustSource::of_predictor(&predictor).unwrap();
        cases.push(Case { name: format!("predictor_{number}"), source, x: x.as_slice().to_vec(), expected });
    }
    cases
}

/// Writes the modules into a library without `std`.
fn write_library(folder: &Path, cases: &[Case]) {
    let mut library = "#![no_std]\n#![deny(warnings)]\n#![forbid(unsafe_code)]\n".to_owned();
    for Case { name, source, .. } in cases {
        source.save(folder.join(format!("{name}.rs"))).unwrap();
        writeln!(library, "pub mod {name};").unwrap();
    }
    fs::write(folder.join("networks.rs"), library).unwrap();
}

/// A program that reads inputs and writes the outputs of each module, computed in both ways.
fn program(cases: &[Case]) -> String {
    let mut text = r#"
use std::fs;
fn run<const N: usize, const M: usize>(name: &str, predict: impl Fn(&[f32; N]) -> [f32; M], ending: &str) {
    let x: Vec<f32> = fs::read(name.to_owned() + ".in").unwrap().chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    let outputs: Vec<u8> = x.chunks_exact(N)
        .flat_map(|x| predict(x.try_into().unwrap())).flat_map(f32::to_le_bytes).collect();
    fs::write(name.to_owned() + ending, outputs).unwrap();
}
fn main() {
"#
    .to_owned();
    for Case { name, .. } in cases {
        writeln!(text, "    run({name:?}, networks::{name}::predict, \".software\");").unwrap();
        writeln!(text, "    run({name:?}, |x| networks::{name}::predict_with(f32::mul_add, x), \".std\");")
            .unwrap();
    }
    text + "}\n"
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().copied().flat_map(f32::to_le_bytes).collect()
}

#[test]
fn compiled_source_has_the_bits_of_the_network() {
    let Some(rustc) = compiler() else { return };
    let cases: Vec<Case> =
        plain_cases().into_iter().chain(rounded_cases()).chain(predictor_cases()).collect();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_library(folder, &cases);
    fs::write(folder.join("main.rs"), program(&cases)).unwrap();
    for case in &cases {
        fs::write(folder.join(format!("{}.in", case.name)), bytes(&case.x)).unwrap();
    }
    // The oldest edition that has arrays by value is enough.
    compile(&rustc, folder, &["--edition=2021", "--crate-type=rlib", "-Copt-level=2", "networks.rs"]);
    compile(
        &rustc,
        folder,
        &["--edition=2021", "-Copt-level=1", "-L.", "--extern=networks=libnetworks.rlib", "main.rs"],
    );
    assert!(Command::new(folder.join("main")).current_dir(folder).status().unwrap().success());
    for case in &cases {
        for ending in ["software", "std"] {
            let found = fs::read(folder.join(format!("{}.{ending}", case.name))).unwrap();
            let found: Vec<u32> =
                found.chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect();
            let expected: Vec<u32> = case.expected.iter().map(|value| value.to_bits()).collect();
            let header = case.source.text().lines().next().unwrap_or_default().to_owned();
            let first = found.iter().zip(&expected).position(|(found, expected)| found != expected);
            assert_eq!(found.len(), expected.len(), "{header}");
            assert_eq!(first, None, "{ending}, {header}");
        }
    }
}

/// A host program asks for the classes, names and labels.
#[test]
fn compiled_source_knows_the_classes() {
    let Some(rustc) = compiler() else { return };
    let (cases, folder) = (predictor_cases(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let mut text = "#![deny(warnings)]\n".to_owned();
    for Case { name, source, .. } in &cases {
        fs::write(folder.join(format!("{name}.rs")), source.text()).unwrap();
        writeln!(text, "mod {name};").unwrap();
    }
    text += "fn main() {\n";
    let mut wanted = String::new();
    for (number, (mut predictor, x)) in predictors().into_iter().enumerate() {
        for x in x.column_iter().take(20) {
            let x = x.as_slice();
            let prediction = predictor.predict(x).unwrap();
            let predict = format!("&predictor_{number}::predict(&{x:?})");
            match number {
                1 | 2 => {
                    writeln!(text, "println!(\"{{:?}}\", predictor_{number}::class_name({predict}));")
                        .unwrap();
                    writeln!(wanted, "{:?}", prediction.class_name()).unwrap();
                }
                3 => {
                    writeln!(text, "println!(\"{{:?}}\", predictor_{number}::labels({predict}));").unwrap();
                    writeln!(wanted, "{:?}", prediction.labels().collect::<Vec<_>>()).unwrap();
                }
                _ => {}
            }
        }
    }
    // Equal outputs, outputs at a threshold, and NaN.
    let binary = Task::Binary { threshold: 0.5 };
    for (module, task, outputs) in [
        ("predictor_1", Task::Classes, vec![0.5, 1.0, 1.0]),
        ("predictor_1", Task::Classes, vec![-3.0, -2.0, -2.5]),
        ("predictor_1", Task::Classes, vec![1.0, 0.0, f32::NAN]),
        ("predictor_2", binary, vec![0.5]),
        ("predictor_2", binary, vec![0.499_999_97]),
        ("predictor_2", binary, vec![f32::NAN]),
    ] {
        let numbers: Vec<String> =
            outputs.iter().map(|x: &f32| format!("f32::from_bits({})", x.to_bits())).collect();
        writeln!(text, "println!(\"{{:?}}\", {module}::class(&[{}]));", numbers.join(", ")).unwrap();
        writeln!(wanted, "{:?}", task.class(&outputs)).unwrap();
    }
    text += "println!(\"{:?}\", predictor_3::labels(&[0.25, 0.24, f32::NAN]));\n";
    wanted += "[true, false, false]\n";
    // Used, so that no warning says that it is not.
    text += "let _ = predictor_0::predict(&[0.0; predictor_0::N_INPUTS]);\n}\n";
    fs::write(folder.join("main.rs"), text).unwrap();
    compile(&rustc, folder, &["--edition=2024", "main.rs"]);
    let output = Command::new(folder.join("main")).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), wanted);
    assert!(wanted.contains("quoted") && wanted.contains("größer") && wanted.contains("false"));
}

/// Whether the object file of a library names a panic.
fn can_panic(rustc: &Path, folder: &Path, source: &str, settings: &[&str]) -> bool {
    let arguments =
        ["--edition=2021", "--crate-type=lib", "--emit=obj", "-Cpanic=abort", "-oobject.o", source];
    compile(rustc, folder, &[&arguments, settings].concat());
    let object = fs::read(folder.join("object.o")).unwrap();
    let holds = |text: &[u8]| object.windows(text.len()).any(|bytes| bytes == text);
    let functions: &[&[u8]] = if source == "indexed.rs" {
        &[b"at"]
    } else {
        &[b"integers_every_activation", b"with_predictor_3", b"labels_predictor_3"]
    };
    assert!(functions.iter().all(|function| holds(function)), "the functions are in the object");
    holds(b"panic")
}

#[test]
fn optimized_source_has_no_panic() {
    let Some(rustc) = compiler() else { return };
    // It may be infinite, which does not matter here.
    let source = RustSource::of(&every_activation()).unwrap();
    let every = Case { name: "every_activation".to_owned(), source, x: Vec::new(), expected: Vec::new() };
    let cases: Vec<Case> = [every].into_iter().chain(rounded_cases()).chain(predictor_cases()).collect();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_library(folder, &cases);
    // What is generic or small is compiled where it is used.
    let mut library = fs::read_to_string(folder.join("networks.rs")).unwrap();
    for Case { name, source, .. } in &cases {
        let (inputs, outputs) = (source.network().n_inputs(), source.network().n_outputs());
        let x = format!("x: &[f32; {inputs}]");
        let mut function = |kind: &str, arguments: &str, result: &str, body: &str| {
            writeln!(
                library,
                "#[inline(never)]\npub fn {kind}_{name}({arguments}) -> {result} {{ {name}::{body} }}"
            )
            .unwrap();
        };
        let outputs_type = format!("[f32; {outputs}]");
        function("integers", &x, &outputs_type, "predict(x)");
        let with = format!("f: fn(f32, f32, f32) -> f32, {x}");
        function("with", &with, &outputs_type, "predict_with(f, x)");
        let text = source.text();
        let y = format!("y: &{outputs_type}");
        if text.contains("fn class_name(") {
            function("name", &y, "Option<&'static str>", "class_name(y)");
        }
        if text.contains("fn labels(") {
            function("labels", &y, &format!("[bool; {outputs}]"), "labels(y)");
        }
    }
    fs::write(folder.join("networks.rs"), library).unwrap();
    let indexed = "#![no_std]\n#[inline(never)]\npub fn at(x: &[f32], i: usize) -> f32 { x[i] }\n";
    fs::write(folder.join("indexed.rs"), indexed).unwrap();
    assert!(
        can_panic(&rustc, folder, "indexed.rs", &["-Copt-level=3"]),
        "a panic is found where there is one"
    );
    for level in ["-Copt-level=1", "-Copt-level=2", "-Copt-level=3", "-Copt-level=s", "-Copt-level=z"] {
        assert!(!can_panic(&rustc, folder, "networks.rs", &[level]), "{level}");
    }
    assert!(!can_panic(&rustc, folder, "networks.rs", &["-Copt-level=2", "-Coverflow-checks=yes"]));
}

/// Settings and thresholds that a double holds, and single precision does not, are infinite or 0 there.
#[test]
fn numbers_beyond_single_precision_compile() {
    let Some(rustc) = compiler() else { return };
    let plain = |name: &str, hidden: &str| {
        let source = RustSource::of(&network(&[2, 2, 1], hidden, "linear", 1)).unwrap();
        Case { name: name.to_owned(), source, x: Vec::new(), expected: Vec::new() }
    };
    let judged = |name: &str, n: usize, task| {
        let predictor = Predictor::new(network(&[2, n], "tanh", "sigmoid", 1), Meaning::new(task)).unwrap();
        let source = RustSource::of_predictor(&predictor).unwrap();
        Case { name: name.to_owned(), source, x: Vec::new(), expected: Vec::new() }
    };
    let cases = [
        plain("steep", "elu(alpha=1e300)"),
        plain("flat", "elu(alpha=1e-300)"),
        judged("high", 1, Task::Binary { threshold: 1e300 }),
        judged("low", 2, Task::Labels { threshold: -1e300 }),
        judged("zero", 2, Task::Labels { threshold: 1e-300 }),
    ];
    let folder = tempfile::tempdir().unwrap();
    write_library(folder.path(), &cases);
    compile(&rustc, folder.path(), &["--edition=2021", "--crate-type=lib", "--emit=metadata", "networks.rs"]);
    assert!(cases[0].source.text().contains("elu(*z, 1.0, f32::INFINITY)"));
    assert!(cases[2].source.text().contains("*output >= f32::INFINITY"));
    assert!(cases[3].source.text().contains("output >= f32::NEG_INFINITY"));
}

/// Without a warning of clippy, and of the pedantic ones if the module is declared with the attribute that the page names.
#[test]
fn clippy_has_nothing_to_say() {
    let works =
        Command::new("clippy-driver").arg("--version").output().is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: there is no clippy-driver");
        return;
    }
    let source = RustSource::of(&every_activation()).unwrap();
    let every = Case { name: "every_activation".to_owned(), source, x: Vec::new(), expected: Vec::new() };
    let single = case("single", &network(&[1, 1], "linear", "linear", 200), 200);
    let cases: Vec<Case> =
        [every, single].into_iter().chain(rounded_cases()).chain(predictor_cases()).collect();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_library(folder, &cases);
    let check = ["--edition=2024", "--crate-type=lib", "--emit=metadata", "networks.rs"];
    compile(Path::new("clippy-driver"), folder, &check);
    let library = fs::read_to_string(folder.join("networks.rs")).unwrap();
    let allowed = library.replace("pub mod", "#[allow(clippy::pedantic)]\npub mod");
    fs::write(folder.join("networks.rs"), allowed).unwrap();
    compile(Path::new("clippy-driver"), folder, &[&check[..], &["-Wclippy::pedantic"]].concat());
    // The same attribute is needed: the warnings are looked for.
    fs::write(folder.join("networks.rs"), library).unwrap();
    let output =
        Command::new("clippy-driver").current_dir(folder).args(check).arg("-Wclippy::pedantic").output();
    assert!(!output.unwrap().status.success());
}

#[test]
fn numbers_in_the_source_are_the_parameters() {
    let mut network = network(&[2, 2], "linear", "linear", 1);
    let values = [f32::MIN_POSITIVE / 8.0, -0.0, f32::MAX, -1.0e-45];
    network.output_mut().weights.copy_from_slice(&values);
    let text = RustSource::of(&network).unwrap().text();
    let (_, text) = text.split_once("WEIGHTS_1: [[f32; 2]; 2] = [").unwrap();
    let (text, _) = text.split_once(';').unwrap();
    let read: Vec<u32> = text
        .split(|c: char| c.is_whitespace() || "[],".contains(c))
        .filter(|number| !number.is_empty())
        .map(|number| number.parse::<f32>().unwrap().to_bits())
        .collect();
    // Row after row, where a matrix is stored column after column.
    assert_eq!(read, [values[0], values[2], values[1], values[3]].map(f32::to_bits));
}

/// An activation of a user's own, with a name of its own or that of another one.
#[derive(Debug, Clone)]
struct Cube(&'static str);

impl Activation<f32> for Cube {
    fn activate(&self, z: &DMatrix<f32>, a: &mut DMatrix<f32>) {
        gradus::real::map(z, a, |z| z * z * z);
    }

    fn pull_back(&self, z: &DMatrix<f32>, _: &DMatrix<f32>, grad: &mut DMatrix<f32>) {
        gradus::real::zip_map(z, grad, |z, grad| 3.0 * z * z * grad);
    }

    fn name(&self) -> std::borrow::Cow<'static, str> {
        self.0.into()
    }
}

#[test]
fn an_activation_of_a_users_own_is_refused_by_name() {
    let refused = |hidden, output| {
        let network =
            Network::<f32, _, _>::new(&[2, 3, 1], Cube(hidden), Cube(output), &ScaledGaussian, 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("network.rs");
        let error = network.to_rust(&file).unwrap_err();
        assert!(matches!(error, gradus::Error::File { problem: gradus::FileProblem::Activation { .. }, .. }));
        assert!(!file.exists());
        error.to_string()
    };
    assert!(refused("cube", "cube").contains("layer 1 (the inputs are layer 0) has the activation cube"));
    let impostor = refused("tanh", "tanh");
    assert!(impostor.contains("layer 1") && impostor.contains("same outputs"), "{impostor}");
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let mut broken = network(&[2, 2], "linear", "linear", 1);
    broken.output_mut().weights[1] = f32::NAN;
    assert!(matches!(RustSource::of(&broken), Err(gradus::Error::NonFiniteParameter { .. })));
    let large = network(&[2000, 2000], "linear", "linear", 1);
    let error = RustSource::of(&large).unwrap_err().to_string();
    assert!(error.contains("4002000") && error.contains("4000000"), "{error}");
}

#[test]
fn rounded_weights_are_the_nearest_multiples_of_their_scale() {
    let mut network = network(&[50, 20, 3], "tanh", "softmax", 7);
    network.hidden_mut()[0].weights.row_mut(3).fill(0.0);
    let data =
        Dataset::from_labels(inputs(50, 7), &(0..INPUTS).map(|i| i % 3).collect::<Vec<_>>(), 3).unwrap();
    let source = RustSource::of(&network).unwrap().in_eight_bits(&data).unwrap();
    for (before, after) in network.layers().zip(source.network().layers()) {
        assert_eq!(before.biases, after.biases);
        for (before, after) in before.weights.row_iter().zip(after.weights.row_iter()) {
            let scale = before.iter().fold(0.0f32, |most, w| most.max(w.abs())) / 127.0;
            for (before, after) in before.iter().zip(after.iter()) {
                assert!((before - after).abs() <= 0.5001 * scale, "{before} {after} {scale}");
            }
            // 255 values at most, all in use up to the largest.
            assert!(after.iter().all(|w| *w == 0.0 || (w / scale).abs() >= 0.999));
            assert!(scale == 0.0 || after.iter().any(|w| (w / scale).abs() > 126.99));
        }
    }
    let loss = source.loss().unwrap();
    let accuracy = |network| evaluate(network, &Quadratic, &data).unwrap().scores.accuracy();
    assert_eq!(loss.before.accuracy(), accuracy(&network));
    assert_eq!(loss.after.accuracy(), accuracy(source.network()));
    assert_ne!(loss.before.cost(), loss.after.cost());
    assert!(source.text().contains(&format!("// {loss}.")), "the file says what the rounding has cost");
}

/// The scale of the largest number there is must not take it beyond, and that of the smallest may be 0.
#[test]
fn the_largest_and_smallest_weights_can_be_rounded() {
    let mut network = network(&[2, 2], "linear", "linear", 1);
    network.output_mut().weights.copy_from_slice(&[f32::MAX, 1e-44, f32::MIN, -1e-45]);
    let x = DMatrix::from_element(2, 3, 1e-30f32);
    let data = Dataset::new(x.clone(), DMatrix::from_element(2, 3, 0.25)).unwrap();
    let source = RustSource::of(&network).unwrap().in_eight_bits(&data).unwrap();
    let rounded = &source.network().output().weights;
    for (&found, wanted) in rounded.row(0).iter().zip([f32::MAX, f32::MIN]) {
        assert!((found / wanted - 1.0).abs() < 1e-6, "{found:e}");
    }
    assert_eq!(rounded.row(1).iter().copied().collect::<Vec<_>>(), [0.0, 0.0]);
}

/// What the files hold is what is counted.
#[test]
fn constants_are_counted() {
    let source = RustSource::of(&network(&[5, 4, 3], "tanh", "softmax", 1)).unwrap();
    let weights = 5 * 4 + 4 * 3;
    assert_eq!((source.multiply_adds(), source.constant_bytes()), (weights, 4 * (weights + 7)));
    let data = Dataset::from_labels(inputs(5, 1), &[1; INPUTS], 3).unwrap();
    let rounded = source.in_eight_bits(&data).unwrap();
    assert_eq!((rounded.multiply_adds(), rounded.constant_bytes()), (weights, weights + (4 + 4) * 7));
    let [(scaled, _), ..] = predictors();
    let source = RustSource::of_predictor(&scaled).unwrap();
    // Two numbers in double precision for each of 6 inputs and 2 outputs.
    assert_eq!(source.constant_bytes(), 4 * (6 * 5 + 5 + 5 * 2 + 2) + 2 * 8 * (6 + 2));
}
