//! The records of a run as lines of JSON.

use std::borrow::Cow;
use std::path::Path;

use super::epoch_file::{EpochFile, Format, observe_with_file};
use crate::error::Result;
use crate::history::EpochRecord;

/// An observer that writes a line for each epoch when it has ended: a JSON object with the values of the record by name.
///
/// The names are those of [`EpochRecord::values`]. JSON has no NaN and no infinity: `null` stands for them. See [the
/// module](super) for what happens on resuming and on a full disk.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::watch::JsonLines;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("run.jsonl");
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(3)?).observe(JsonLines::new(&path)?);
/// let report = trainer.fit(&mut network, &data, None)?;
///
/// let text = std::fs::read_to_string(&path).unwrap();
/// let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
/// assert_eq!(last["epoch"], 3.0);
/// assert_eq!(last["running cost"], report.history.last().unwrap().running_cost);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug)]
pub struct JsonLines(EpochFile<Lines>);

impl JsonLines {
    /// Creates a log in the file at `path`, which is created or replaced when the first epoch has ended.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) if the file cannot be opened for writing.
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        EpochFile::new(path.as_ref(), Lines).map(Self)
    }
}

#[derive(Debug)]
struct Lines;

impl Format for Lines {
    fn begin(&self, _: &[Cow<'static, str>]) -> Vec<u8> {
        Vec::new()
    }

    fn record(&self, _: &[Cow<'static, str>], record: &EpochRecord) -> Vec<u8> {
        let values = record.values();
        let member = |(name, value): &(Cow<'static, str>, f64)| {
            let number = if value.is_finite() { value.to_string() } else { "null".to_owned() };
            format!("{}:{number}", serde_json::Value::from(&**name))
        };
        let members: Vec<_> = values.iter().map(member).collect();
        format!("{{{}}}\n", members.join(",")).into_bytes()
    }
}

observe_with_file!(JsonLines);
