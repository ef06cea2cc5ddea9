//! A table that was read, and a summary of the reading.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Csv;
use crate::data::Dataset;
use crate::data::columns::{ColumnKind, Columns, TargetColumns};
use crate::error::{Error, Result, TableError, TableProblem};
use crate::real::Real;

/// A table: its samples, the meaning of its columns, and a summary of dropped rows and filled values.
///
/// # Examples
///
/// From a file to a score:
///
/// ```
/// use gradus::prelude::*;
///
/// # let mut text = "length,width,kind\n".to_owned();
/// # (0..60).for_each(|i| text += &format!("{},{},{}\n", i % 7, i % 2 * 10 + i % 3, ["a", "b"][i % 2]));
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("table.csv");
/// # std::fs::write(&path, text)?;
/// let table = Table::<f64>::open(path, "kind")?;
/// println!("{table}");
/// let [training, test] = Split::stratified(1).fractions(&table.data, [0.75, 0.25])?;
/// let scaler = Standardize.fit(&training)?;
/// let (training, test) = (scaler.transform(training)?, scaler.transform(test)?);
/// let mut network = Network::new(&[2, 8, 2], Tanh, Softmax::default(), &ScaledGaussian, 1)?;
/// Trainer::new(LogLikelihood).fit(&mut network, &training, None)?;
/// assert_eq!(evaluate(&network, &LogLikelihood, &test)?.scores.accuracy(), 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Table<T> {
    /// The rows as samples.
    pub data: Dataset<T>,
    /// The meaning of inputs and targets.
    pub columns: Columns,
    /// A summary of dropped rows, filled values and the format of the file.
    pub summary: TableSummary,
    pub(super) path: PathBuf,
    pub(super) tags: Vec<Tag>,
}

/// A summary of reading a table: dropped rows, filled values and the format of the file.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let text = "a,b,c,y\n1.5,NA,1,0.5\n2,7,1,\n3,9,1,0.25\n,,,\n2,1,1,0.75\n";
/// let csv = Csv::new().target("y").missing(Missing::Mean);
/// let summary = csv.read::<f64>(text.as_bytes(), "table.csv")?.summary;
/// assert_eq!((summary.rows, summary.without_target, summary.empty_lines), (4, 1, 1));
/// assert_eq!(summary.filled, [("b".to_owned(), 1)]);
/// assert_eq!(summary.constant, ["c"]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct TableSummary {
    /// The number of rows of data in the file.
    pub rows: usize,
    /// The number of rows that were dropped because an input was missing.
    pub dropped: usize,
    /// The number of rows that were dropped because a target was missing.
    pub without_target: usize,
    /// The number of lines that contain only separators, which were ignored.
    pub empty_lines: usize,
    /// The columns whose missing values were filled, and how many.
    pub filled: Vec<(String, usize)>,
    /// The columns with the same value in all rows, from which nothing can be learned.
    pub constant: Vec<String>,
    /// The byte that separates values.
    pub separator: u8,
    /// Whether numbers have a decimal comma.
    pub decimal_comma: bool,
}

/// A column that is a property of the rows, not an input.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub name: String,
    pub values: Vec<u32>,
    pub texts: Vec<String>,
}

impl<T: Real> Table<T> {
    /// Reads the file at `path`, whose column `target` is to be predicted; for anything else see [`Csv`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Csv::open`].
    pub fn open(path: impl AsRef<Path>, target: impl Into<String>) -> Result<Self> {
        Csv::new().target(target).open(path)
    }

    /// Returns a number for the text of each sample in the tag `name`, equal for equal texts: for example the groups of
    /// [`Split::grouped`](crate::data::Split::grouped).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Table`] if there is no such tag; see [`Csv::tag`].
    pub fn tag(&self, name: &str) -> Result<&[u32]> {
        Ok(&self.find_tag(name)?.values)
    }

    /// Returns the samples with the text `value` in the tag `name`, as a view that shares the memory of the table's
    /// data.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Table`] if there is no such tag, and [`Error::Empty`] if no sample has this text in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::{Csv, Table};
    ///
    /// let text = "x,y,split\n1,0.5,train\n2,0.7,test\n3,0.9,train\n";
    /// let csv = Csv::new().target("y").tag("split");
    /// let table: Table<f64> = csv.read(text.as_bytes(), "table.csv")?;
    /// assert_eq!(table.tagged("split", "train")?.len(), 2);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn tagged(&self, name: &str, value: &str) -> Result<Dataset<T>> {
        let tag = self.find_tag(name)?;
        let number = tag.texts.iter().position(|text| text == value).map(|number| number as u32);
        let has = |index: &usize| tag.values.get(*index).copied() == number && number.is_some();
        self.data.select(&(0..self.data.len()).filter(has).collect::<Vec<_>>())
    }

    fn find_tag(&self, name: &str) -> Result<&Tag> {
        self.tags.iter().find(|tag| tag.name == name).ok_or_else(|| {
            let columns = self.tags.iter().map(|tag| tag.name.clone()).collect();
            let problem = TableProblem::NotATag { wanted: name.to_owned(), columns };
            Error::Table(Box::new(TableError { path: self.path.clone(), line: None, column: None, problem }))
        })
    }
}

impl<T: Real> fmt::Display for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data, columns, summary, .. } = self;
        let numbers = columns.inputs().iter().filter(|c| matches!(c.kind, ColumnKind::Number { .. })).count();
        let categories = columns.inputs().len() - numbers;
        write!(f, "{}: {} samples of {} inputs", self.path.display(), data.len(), columns.n_inputs())?;
        write!(f, " ({numbers} columns of numbers, {categories} of categories)")?;
        match columns.targets() {
            TargetColumns::Classes { column, names } => {
                write!(f, "\ntarget {column}: {} classes ({})", names.len(), some(names))?;
            }
            TargetColumns::Numbers { columns } => write!(f, "\ntarget {}: numbers", some(columns))?,
        }
        let counts = [
            (summary.dropped, "rows with a missing input left out"),
            (summary.without_target, "rows without a target left out"),
            (summary.empty_lines, "empty lines passed over"),
        ];
        for (count, what) in counts.into_iter().filter(|&(count, _)| count > 0) {
            write!(f, "\n{count} {what}")?;
        }
        for (column, count) in &summary.filled {
            write!(f, "\n{count} missing values filled in column {column}")?;
        }
        if !summary.constant.is_empty() {
            write!(
                f,
                "\nthe same value in all rows, so that nothing can be learned from it: {}",
                some(&summary.constant)
            )?;
        }
        Ok(())
    }
}

/// Formats the first ten names.
fn some(names: &[String]) -> String {
    let more = if names.len() > 10 { " …" } else { "" };
    names.iter().take(10).cloned().collect::<Vec<_>>().join(", ") + more
}
