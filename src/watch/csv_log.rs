//! The records of a run as CSV.

use std::borrow::Cow;
use std::path::Path;

use super::epoch_file::{EpochFile, Format, observe_with_file};
use crate::error::Result;
use crate::history::{EpochRecord, csv_header, csv_row};

/// An observer that writes a CSV table: a header, and a line for each epoch when it has ended.
///
/// The columns are those of [`EpochRecord::values`], and the file is that of [`History::to_csv`](crate::history::History::to_csv).
/// See [the module](super) for what happens on resuming and on a full disk.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::watch::CsvLog;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("run.csv");
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(3)?).observe(CsvLog::new(&path)?);
/// let report = trainer.fit(&mut network, &data, Some(&data))?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), report.history.to_csv());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug)]
pub struct CsvLog(EpochFile<Csv>);

impl CsvLog {
    /// Creates a log in the file at `path`, which is created or replaced when the first epoch has ended.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) if the file cannot be opened for writing.
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        EpochFile::new(path.as_ref(), Csv).map(Self)
    }
}

#[derive(Debug)]
struct Csv;

impl Format for Csv {
    fn begin(&self, columns: &[Cow<'static, str>]) -> Vec<u8> {
        csv_header(columns).into_bytes()
    }

    fn record(&self, columns: &[Cow<'static, str>], record: &EpochRecord) -> Vec<u8> {
        csv_row(columns, record).into_bytes()
    }
}

observe_with_file!(CsvLog);
