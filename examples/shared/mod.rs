//! Code that the examples share: the digits, independent runs in parallel, progress and Ctrl-C, saving, and figures.
#![allow(dead_code, reason = "every example is a separate program and uses only some of these functions")]

pub mod keep;
pub mod parallel;
pub mod plot;
pub mod sheet;
pub mod watch;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gradus::prelude::*;

/// The digits for an example: training data, validation data and test data.
pub struct Digits<T> {
    pub training: Dataset<T>,
    pub validation: Dataset<T>,
    pub test: Dataset<T>,
    /// Where the digits come from, and how to get MNIST if they are synthetic.
    pub source: String,
}

/// Returns MNIST from `dir`, else from the directory in `GRADUS_MNIST`, else from `data/mnist` if it exists, else
/// synthetic digits.
///
/// The first `training` images train, the last `validation` of the same set validate. At most a sixth of the set is
/// for validation, and at most the rest for training.
///
/// # Errors
///
/// Returns an error if the files of the directory cannot be read.
pub fn digits<T: Real>(dir: Option<&Path>, training: usize, validation: usize) -> gradus::Result<Digits<T>> {
    let (all, test, source) = sets(dir)?;
    let n = all.len();
    let validation = validation.min(n / 6);
    let training = training.min(n - validation);
    Ok(Digits { training: all.slice(0..training)?, validation: all.slice(n - validation..n)?, test, source })
}

/// Returns the whole training set, the test set, and where they come from, as [`digits`] does before it divides them.
///
/// # Errors
///
/// Returns an error if the files of the directory cannot be read.
pub fn sets<T: Real>(dir: Option<&Path>) -> gradus::Result<(Dataset<T>, Dataset<T>, String)> {
    let variable = std::env::var_os("GRADUS_MNIST").filter(|value| !value.is_empty());
    let asked_for = dir.map(Path::to_path_buf).or(variable.map(PathBuf::from));
    let default = PathBuf::from("data/mnist");
    match asked_for.or_else(|| default.is_dir().then_some(default)) {
        Some(dir) => {
            let Mnist { training, test, .. } = Mnist::load(&dir)?;
            Ok((training, test, format!("MNIST from {}", dir.display())))
        }
        None => {
            let (all, test) = Dataset::synthetic_digits(14_000, 1)?.split_at(12_000)?;
            Ok((all, test, SYNTHETIC.to_owned()))
        }
    }
}

const SYNTHETIC: &str = "synthetic digits, as no MNIST was found
          (for MNIST download its four files, plain or .gz, from
          https://ossci-datasets.s3.amazonaws.com/mnist/ into data/mnist,
          or name their directory with --data or the variable GRADUS_MNIST)";

/// Returns the exit code of an example, and prints the error to stderr if there is one.
pub fn exit(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
