//! A cost and an output activation that do not belong together do not compile, and the message names the pairs that do.
//!
//! Only what the crate itself decides is pinned: the error's number, its sentence and its note. How the compiler lays
//! out the rest changes from release to release.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Compiles tests/compile_fail/pairs.rs against `library`, with one of its wrong pairs or with none.
fn compile(library: &Path, wrong: Option<&str>) -> Output {
    let dependencies = library.parent().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut external = std::ffi::OsString::from("gradus=");
    external.push(library);
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--emit", "metadata", "--crate-name", "pairs", "-o"]);
    rustc.arg(directory.path().join("pairs.rmeta"));
    rustc.arg("-L").arg(format!("dependency={}", dependencies.display())).arg("--extern").arg(external);
    if let Some(wrong) = wrong {
        rustc.args(["--cfg", &format!("wrong={wrong:?}")]);
    }
    rustc.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail/pairs.rs"));
    rustc.output().unwrap()
}

/// The library that this test was built with: the newest, beside it, that right pairs compile with.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let mut libraries: Vec<_> = std::fs::read_dir(test.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            let name = entry.file_name().into_string().unwrap_or_default();
            name.starts_with("libgradus-") && name.ends_with(".rlib")
        })
        .map(|entry| (entry.metadata().unwrap().modified().unwrap(), entry.path()))
        .collect();
    libraries.sort();
    let mut messages = String::new();
    for (_, library) in libraries.into_iter().rev() {
        let output = compile(&library, None);
        if output.status.success() {
            return library;
        }
        messages += &String::from_utf8_lossy(&output.stderr);
    }
    panic!("right pairs do not compile: {messages}");
}

#[test]
fn wrong_pairs_do_not_compile() {
    let library = library();
    let wrong = [
        ("cross-entropy with linear, by fit", "CrossEntropy", "Linear"),
        ("cross-entropy with softmax", "CrossEntropy", "Softmax"),
        ("cross-entropy with an activation chosen at run time", "CrossEntropy", "AnyActivation"),
        ("log-likelihood with sigmoid", "LogLikelihood", "Sigmoid"),
        ("evaluation of log-likelihood with linear", "LogLikelihood", "Linear"),
        ("focal with linear", "Focal", "Linear"),
        ("label smoothing with tanh", "LabelSmoothing", "Tanh"),
        ("Huber with sigmoid", "Huber", "Sigmoid"),
        ("log-cosh with softmax", "LogCosh", "Softmax"),
        ("quantile with exponential", "Quantile", "Exponential"),
        ("Gaussian with sigmoid", "GaussianNll", "Sigmoid"),
        ("Poisson with softplus", "Poisson", "Softplus"),
    ];
    for (name, cost, output) in wrong {
        let result = compile(&library, Some(name));
        // Some compilers print the names with their paths.
        let message = String::from_utf8_lossy(&result.stderr);
        let message = message.replace("gradus::cost::", "").replace("gradus::activation::", "");
        assert!(!result.status.success(), "{name} compiles");
        let sentence = format!("the cost `{cost}` cannot be paired with the output activation `{output}`");
        let pairs = "the pairs are: `CrossEntropy` with `Sigmoid`, `LogLikelihood` with `Softmax`, `Quadratic` with any \
                     activation, `Focal` and `LabelSmoothing` with `Sigmoid` or `Softmax`, `Huber`, `LogCosh`, `Quantile` \
                     and `GaussianNll` with `Linear`, `Poisson` with `Exponential`";
        for part in ["error[E0277]", &sentence, "no such pair", pairs] {
            assert!(message.contains(part), "{name}: no {part:?} in\n{message}");
        }
        assert_eq!(message.matches("error[").count(), 1, "{name}: more is wrong than the pair:\n{message}");
    }
}
