//! Parts of messages that depend on the values.

use std::fmt::{Debug, Display, Formatter, Result};
use std::path::Path;

use super::{DownloadProblem, Error};

impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Display::fmt(self, f)
    }
}

/// A number without rows of zeros: 10, 0.5, 1e-300.
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

/// What to do about an input, target or output that is NaN or infinite.
pub(super) fn non_finite(what: &str) -> &'static str {
    match what {
        "output" => "the weights or the inputs are too large; scale the data, and train anew",
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
