//! What the examples have in common: where the digits come from, how runs share the cores and are watched, how a
//! picture is drawn.
#![allow(dead_code, reason = "every example is a program of its own and uses a part of this")]

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
    /// Where they come from, and how to get the real ones if they are drawn.
    pub source: String,
}

/// MNIST from `dir`, else from the directory in `GRADUS_MNIST`, else from `data/mnist`; drawn digits if none of the
/// last two is there. The first `training` images train, the last `validation` of the same set validate; of a smaller
/// set as many as there are, a sixth of them for validation.
///
/// # Errors
///
/// What is wrong with the files of a directory that was asked for.
pub fn digits<T: Real>(dir: Option<&Path>, training: usize, validation: usize) -> gradus::Result<Digits<T>> {
    let (all, test, source) = sets(dir)?;
    let n = all.len();
    let validation = validation.min(n / 6);
    let training = training.min(n - validation);
    Ok(Digits { training: all.slice(0..training)?, validation: all.slice(n - validation..n)?, test, source })
}

/// The same before the training set is divided: training set, test set, and where they come from.
///
/// # Errors
///
/// What is wrong with the files of a directory that was asked for.
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
            Ok((all, test, DRAWN.to_owned()))
        }
    }
}

const DRAWN: &str = "drawn digits, as no MNIST was found
          (for the real one download its four files, plain or .gz, from
          https://ossci-datasets.s3.amazonaws.com/mnist/ into data/mnist,
          or name their directory with --data or the variable GRADUS_MNIST)";

/// What an example's `main` returns: says on stderr what went wrong, if something did.
pub fn exit(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
