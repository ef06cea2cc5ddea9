//! Parts of messages that depend on the values.

use std::fmt::{Debug, Display, Formatter, Result};
use std::io;
use std::path::Path;

use super::{DownloadProblem, Error};

impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Display::fmt(self, f)
    }
}

/// Formats a number without long rows of zeros: 10, 0.5, 1e-300.
pub(crate) fn plain(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size.is_finite() && !(1e-4..1e7).contains(&size) {
        return format!("{value:e}");
    }
    value.to_string()
}

/// `values` after `title`, or nothing if there are none.
pub(super) fn listed(title: &str, values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("{value:.4e}")).collect();
    if values.is_empty() { String::new() } else { format!("{title}{}", values.join(", ")) }
}

/// What was noticed before the first step of a run that was interrupted.
pub(super) fn noticed(warnings: &[String]) -> String {
    warnings.iter().map(|warning| format!("; {warning}")).collect()
}

/// What to do about a file that cannot be read. Errors of a decompressor, unlike those of the system, have no error
/// number.
pub(super) fn unreadable(source: &io::Error) -> &'static str {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match source.kind() {
        InvalidData | InvalidInput | UnexpectedEof if source.raw_os_error().is_none() => {
            "the gzip stream is damaged, cut short, or followed by something else: copy the file again"
        }
        _ => "check that the file exists and that you may read it",
    }
}

/// What to do about a file that cannot be written.
pub(super) fn unwritable(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "its folder does not exist: create it, or choose another path",
        io::ErrorKind::NotADirectory => "a part of its path is a file and no folder: choose another path",
        io::ErrorKind::IsADirectory => "this is a folder: give the path of a file in it",
        io::ErrorKind::PermissionDenied => {
            "its folder is not writable for you: change that, or choose another path"
        }
        io::ErrorKind::ReadOnlyFilesystem => "its file system is mounted read-only: choose another path",
        io::ErrorKind::StorageFull => "the disk is full: free space, or choose another path",
        io::ErrorKind::QuotaExceeded => "your disk quota is used up: free space, or choose another path",
        io::ErrorKind::InvalidFilename => "no file can have this name: choose another",
        _ => "free space on the disk or check its permissions",
    }
}

/// What to do about values of another type than that of the network.
pub(super) fn other_numbers(found: &str) -> String {
    match found.to_lowercase().as_str() {
        found @ ("f32" | "f64") => format!(
            "name that type where the file is loaded, as in `Network::<{found}, …>::load`, `Predictor::<{found}>::load` or \
             `Run::<{found}>::load`"
        ),
        _ => "convert the file to one of the types f32 and f64".to_owned(),
    }
}

/// What to do about an input, target or output that is NaN or infinite.
pub(super) fn non_finite(what: &str) -> &'static str {
    match what {
        "output" => "the weights or the inputs are too large; scale the data, and train again",
        _ => "only finite numbers can be learned from; repair or drop the sample",
    }
}

/// The message of [`Transposed`](super::Error::Transposed).
pub(super) fn transposed(
    what: &str,
    x: &(usize, usize),
    y: &(usize, usize),
    f: &mut Formatter<'_>,
) -> Result {
    write!(
        f,
        "x is {} × {} and y is {} × {}: a column is an example, but {what} seem(s) to hold an example in each row; \
         transpose {what}",
        x.0, x.1, y.0, y.1
    )?;
    if what == "x and y" { f.write_str(", or use `Dataset::from_rows`") } else { Ok(()) }
}

/// The message of [`NoScale`](super::Error::NoScale).
pub(super) fn no_scale(
    what: &str,
    index: &usize,
    center: &f64,
    width: &f64,
    f: &mut Formatter<'_>,
) -> Result {
    let (center, width) = (plain(*center), plain(*width));
    write!(f, "{what} {index} cannot be scaled with center {center} and width {width}: ")?;
    f.write_str("both must be finite, and the width positive; repair the outliers of this column, or drop it")
}

/// The message of [`Label`](super::Error::Label).
pub(super) fn label(
    sample: &usize,
    label: &i64,
    smallest: &i64,
    n_classes: &usize,
    f: &mut Formatter<'_>,
) -> Result {
    let allowed = format!("an integer from 0 to below {n_classes}");
    write!(
        f,
        "the label of sample {sample} is {label}, but with {n_classes} classes it must be {allowed}; "
    )?;
    f.write_str(match smallest {
        1 => "the smallest label is 1: subtract 1 from each",
        _ => "is the number of classes right?",
    })
}

/// The message of [`Download`](super::Error::Download).
pub(super) fn download(path: &Path, attempts: &[(String, DownloadProblem)], f: &mut Formatter<'_>) -> Result {
    let attempts: Vec<String> = attempts.iter().map(|(url, problem)| format!("{url}: {problem}")).collect();
    let attempts = attempts.join("; ");
    write!(f, "{} could not be downloaded: {attempts}; ", path.display())?;
    f.write_str("check the connection and try again, or put the file there yourself")
}

/// The message of [`Diverged`](super::Error::Diverged).
pub(super) fn diverged(
    quantity: &str,
    layer: &Option<usize>,
    sample: &Option<usize>,
    value: &f64,
    learning_rate: &f64,
    penalty: &bool,
    f: &mut Formatter<'_>,
) -> Result {
    write!(f, "the {quantity} became {value}")?;
    if let Some(layer) = layer {
        write!(f, " in layer {layer} (the inputs are layer 0)")?;
    }
    if let Some(sample) = sample {
        write!(f, " for sample {sample}")?;
    }
    write!(f, " at learning rate {}: the run diverged; ", plain(*learning_rate))?;
    f.write_str(match penalty {
        true => "the penalty alone moves the weights beyond 0: lower λ",
        false => "lower the learning rate or scale the data",
    })
}
