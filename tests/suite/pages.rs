//! The programs in Python of the page about other programs run on the files that its programs in Rust write.

use std::fs;
use std::path::Path;

use gradus::persist::{Network2, Network2Cost};
use gradus::prelude::*;

use crate::other_readers::python;

/// The programs in Python on a page.
fn programs(page: &str) -> Vec<&str> {
    page.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// The packages that a program needs.
fn packages(program: &str) -> String {
    let mut packages: Vec<&str> = program
        .lines()
        .filter_map(|line| {
            let from = || line.strip_prefix("from ")?.split(" import").next();
            line.strip_prefix("import ").or_else(from)
        })
        .flat_map(|names| names.split([',', ' ']))
        .map(|name| name.split('.').next().unwrap_or_default())
        .filter(|name| !["", "as", "np"].contains(name))
        .collect();
    if program.contains("torch.onnx.export") {
        // What PyTorch's exporter of today needs, which the page is about.
        packages.extend(["onnx", "onnxscript"]);
    }
    packages.join(", ")
}

/// What the programs in Rust leave in `target`.
fn write_files(target: &Path) -> gradus::Result<()> {
    let digits = Network::<f32, _, _>::new(&[784, 10, 10], Relu, Softmax::default(), &ByActivation, 1)?;
    digits.save(target.join("digits.safetensors"))?;
    digits.to_onnx(target.join("digits.onnx"))?;

    let x = DMatrix::from_column_slice(1, 6, &[170.0f32, 180.0, 175.0, 30.0, 40.0, 35.0]);
    let data = Dataset::from_class_names(x, &["human", "human", "human", "cat", "cat", "cat"])?;
    let scaler = Standardize.fit(&data)?;
    let meaning = Meaning::of(&data).with_input_scaler(scaler.clone());
    let mut network = Network::new(&[1, 3, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    Trainer::new(LogLikelihood).fit(&mut network, &scaler.transform(data)?, None)?;
    Predictor::new(network, meaning)?.to_onnx(target.join("cats.onnx"))?;

    let network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    Network2 { network, cost: Network2Cost::CrossEntropy }.save(target.join("book.json"))
}

#[test]
fn programs_in_python_run() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("target")).unwrap();
    write_files(&folder.join("target")).unwrap();
    let programs = programs(&page);
    assert_eq!(programs.len(), 5);
    let mut printed = String::new();
    for program in programs {
        let Some(mut python) = python(&packages(program)) else { continue };
        let output = python.current_dir(folder).arg("-c").arg(program).output().unwrap();
        assert!(output.status.success(), "{program}\n{}", String::from_utf8_lossy(&output.stderr));
        printed += &String::from_utf8_lossy(&output.stdout);
        if program.contains("onnxruntime") && program.contains("cats") {
            assert!(printed.contains("['human', 'cat']"), "{printed}");
        }
        if program.contains("torch.onnx.export") {
            let network = Network::<f32, Relu, Softmax>::from_onnx(folder.join("model.onnx")).unwrap();
            assert_eq!(network.sizes(), [4, 8, 3]);
        }
    }
}
