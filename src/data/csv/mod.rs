//! Tables of separated values: how they are to be read, and the reading.

mod complete;
mod convert;
mod dictionary;
mod fit;
mod follow;
mod rows;
mod sniff;
mod store;
mod table;

use std::io::Read;
use std::path::Path;

use nalgebra::DMatrix;

pub use table::{Table, TableSummary};

use super::columns::{Columns, Syntax, Unseen};
use crate::error::Result;
use crate::real::Real;

/// How a table of separated values is read: what is predicted, which columns are left out, what becomes of missing values.
///
/// The separator (comma, semicolon, tab or |) and a decimal comma are found out from the beginning of the file. The
/// first line holds the names of the columns. A column is one of numbers if nine of ten of its first values are, and
/// otherwise of categories, which become one input each. What cannot be meant is an error that names the line, the
/// column and the option that helps.
///
/// # Examples
///
/// ```
/// use gradus::data::{Csv, Missing, Table};
///
/// let text = "id;height;eyes;weight\n1;1,80;blue;80\n2;1,65;;58,5\n3;NA;brown;70\n";
/// let table: Table<f32> = Csv::new()
///     .target("weight")
///     .ignore("id")
///     .missing(Missing::Mean)
///     .read(text.as_bytes(), "people.csv")?;
/// assert_eq!((table.data.len(), table.data.n_inputs()), (3, 3));
/// assert_eq!(table.columns.input_names(), ["height", "eyes=blue", "eyes=brown"]);
/// assert_eq!(table.summary.filled, [("height".to_owned(), 1), ("eyes".to_owned(), 1)]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Csv {
    separator: Option<u8>,
    decimal: Option<char>,
    header: Option<bool>,
    names: Option<Vec<String>>,
    targets: Vec<String>,
    task: Predicted,
    ignored: Vec<String>,
    categorical: Vec<String>,
    numeric: Vec<String>,
    tags: Vec<String>,
    missing: Missing,
    markers: Vec<String>,
    unseen: Unseen,
}

/// What the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Predicted {
    /// Classes if it holds texts or few different integers, else numbers.
    #[default]
    Auto,
    Classes,
    Numbers,
}

/// What becomes of missing values: of empty cells, `NA`, `N/A`, `NaN`, `null` and `?`, in any case.
///
/// Rows without a target are left out by all but `Refuse`. What was left out or filled is counted in the
/// [`TableSummary`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Missing {
    /// The first missing value is an error. This is the default.
    #[default]
    Refuse,
    /// The row is left out.
    DropRows,
    /// It is filled with the mean of the column, a category with the most frequent one.
    Mean,
    /// It is filled with the median of the column, a category with the most frequent one.
    Median,
    /// It is filled with this number, a category with the most frequent one.
    Value(f64),
}

impl Csv {
    /// A table whose first line holds names; a [`target`](Self::target) is still to be named.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the column `name` to what is predicted.
    ///
    /// A single target is a class if it holds texts, or integers of which each occurs five times on average and there are 20 at most, or
    /// zeros and ones; else it is a number. [`classes`](Self::classes) and [`numbers`](Self::numbers) decide otherwise.
    /// Several targets are numbers.
    pub fn target(mut self, name: impl Into<String>) -> Self {
        self.targets.push(name.into());
        self
    }

    /// The target is a class, also if it holds numbers.
    pub fn classes(mut self) -> Self {
        self.task = Predicted::Classes;
        self
    }

    /// The target is a number, also if it holds few different integers.
    pub fn numbers(mut self) -> Self {
        self.task = Predicted::Numbers;
        self
    }

    /// Leaves out the column `name`, such as an identifier.
    pub fn ignore(mut self, name: impl Into<String>) -> Self {
        self.ignored.push(name.into());
        self
    }

    /// The column `name` holds categories, also if they are written as numbers or hardly repeat.
    pub fn categorical(mut self, name: impl Into<String>) -> Self {
        self.categorical.push(name.into());
        self
    }

    /// The column `name` holds numbers, also if they count the rows.
    pub fn numeric(mut self, name: impl Into<String>) -> Self {
        self.numeric.push(name.into());
        self
    }

    /// The column `name` is no input but says something of the row, such as the patient, or whether it is for training or test: see
    /// [`Table::tag`] and [`Table::tagged`].
    pub fn tag(mut self, name: impl Into<String>) -> Self {
        self.tags.push(name.into());
        self
    }

    /// Sets what becomes of missing values. By default the first one is an error, [`Missing::Refuse`].
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// The text `marker` stands for a missing value too, such as `-999`.
    pub fn missing_marker(mut self, marker: impl Into<String>) -> Self {
        self.markers.push(marker.into());
        self
    }

    /// Sets what becomes of a category in new rows that this table does not have. By default it is an error, [`Unseen::Refuse`].
    pub fn unseen(mut self, unseen: Unseen) -> Self {
        self.unseen = unseen;
        self
    }

    /// Values are separated by the byte `separator`.
    pub fn separator(mut self, separator: u8) -> Self {
        self.separator = Some(separator);
        self
    }

    /// The decimal mark, `'.'` or `','`; any other counts as `'.'`.
    pub fn decimal(mut self, mark: char) -> Self {
        self.decimal = Some(mark);
        self
    }

    /// Whether the first line holds names. Without them the columns are named `column 1`, `column 2` …
    pub fn header(mut self, header: bool) -> Self {
        self.header = Some(header);
        self
    }

    /// Names the columns, in place of the names in the first line if there are any.
    pub fn names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Reads the file at `path`.
    ///
    /// Numbers are read in double precision and rounded to `T`. They are written where they stay; beside them no more
    /// memory is taken than for the beginning of the file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Table`](crate::Error::Table) with the file, the line, the column and a
    /// [`TableProblem`](crate::TableProblem) for what cannot be read or cannot be meant.
    pub fn open<T: Real>(&self, path: impl AsRef<Path>) -> Result<Table<T>> {
        let (file, length) = rows::open(path.as_ref())?;
        fit::read(self, file, path.as_ref(), Some(length))
    }

    /// Reads a table from `reader`; `name` stands in for the path in an error.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open).
    pub fn read<T: Real>(&self, reader: impl Read, name: impl AsRef<Path>) -> Result<Table<T>> {
        fit::read(self, reader, name.as_ref(), None)
    }

    /// Reads the file at `path` with the columns of another table: the same inputs in the same order, the same categories,
    /// classes and fillings. Other columns are left out.
    ///
    /// Of the options those count that say how the file is written, [`tag`](Self::tag), and [`Missing::DropRows`] for
    /// rows with values missing that cannot be filled.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Table`](crate::Error::Table) for every reason of [`open`](Self::open), if a column is not there,
    /// and for classes and, unless [`Unseen::Zeros`] was chosen, categories that the other table does not have.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::{Csv, Table};
    ///
    /// let csv = Csv::new().target("class");
    /// let training: Table<f64> = csv.read("x,class\n1,b\n2,a\n3,b\n".as_bytes(), "training.csv")?;
    /// let test: Table<f64> = csv.read_like(&training.columns, "class,x\na,5\n".as_bytes(), "test.csv")?;
    /// assert_eq!((test.data.len(), test.data.n_outputs(), test.data.label(0)), (1, 2, Some(0)));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn open_like<T: Real>(&self, columns: &Columns, path: impl AsRef<Path>) -> Result<Table<T>> {
        let (file, length) = rows::open(path.as_ref())?;
        follow::read(self, columns, file, path.as_ref(), Some(length))
    }

    /// Reads from `reader` as [`open_like`](Self::open_like) does; `name` stands in for the path in an error.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_like`](Self::open_like).
    pub fn read_like<T: Real>(
        &self,
        columns: &Columns,
        reader: impl Read,
        name: impl AsRef<Path>,
    ) -> Result<Table<T>> {
        follow::read(self, columns, reader, name.as_ref(), None)
    }

    /// Reads only the inputs from the file at `path`, which need not have the target: a column for each row of the file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_like`](Self::open_like); a missing value that cannot be filled is always an error.
    pub fn open_inputs<T: Real>(&self, columns: &Columns, path: impl AsRef<Path>) -> Result<DMatrix<T>> {
        let (file, length) = rows::open(path.as_ref())?;
        follow::read_inputs(self, columns, file, path.as_ref(), Some(length))
    }

    /// Reads only the inputs from `reader` as [`open_inputs`](Self::open_inputs) does.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_inputs`](Self::open_inputs).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::{Csv, Table};
    ///
    /// let csv = Csv::new().target("y");
    /// let table: Table<f64> = csv.read("a,b,y\n1,2,0.3\n3,4,0.7\n".as_bytes(), "training.csv")?;
    /// let x = csv.read_inputs::<f64>(&table.columns, "b,a\n20,10\n".as_bytes(), "new.csv")?;
    /// assert_eq!(x.as_slice(), [10.0, 20.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn read_inputs<T: Real>(
        &self,
        columns: &Columns,
        reader: impl Read,
        name: impl AsRef<Path>,
    ) -> Result<DMatrix<T>> {
        follow::read_inputs(self, columns, reader, name.as_ref(), None)
    }

    /// Writes the table at `from`, plain or gzip, to a file of samples at `to`, for [`Streamed`](super::Streamed), and returns
    /// the meaning of its columns. It may be of any size: memory holds what the first 16 MiB come to as numbers, and then one
    /// block of rows at a time.
    ///
    /// Whether a column holds numbers or categories, and what fills missing values, is found out from these 16 MiB. A larger
    /// table is then read once more for its categories and classes, so that one that is sorted has all of them. Numbers are
    /// rounded to `T`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open) and [`open_like`](Self::open_like), and
    /// [`Error::Stream`](crate::Error::Stream) if the file cannot be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::{Csv, Streamed};
    /// use gradus::prelude::*;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let (from, to) = (dir.path().join("table.csv"), dir.path().join("table.samples"));
    /// std::fs::write(&from, "length,kind\n1.5,a\n2.5,b\n0.5,a\n")?;
    /// let columns = Csv::new().target("kind").write::<f32>(&from, &to)?;
    /// let streamed = Streamed::open([to])?;
    /// assert_eq!((Samples::<f32>::len(&streamed), columns.class_names().len()), (3, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write<T: Real>(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Columns> {
        convert::write::<T>(self, &[from.as_ref()], to.as_ref())
    }

    /// Writes several tables, plain or gzip, to one file of samples, as [`write`](Self::write) writes one: their rows follow
    /// each other. They have the same columns, in any order.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`write`](Self::write), and [`Error::Empty`](crate::Error::Empty) without a table.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::{Csv, Streamed};
    /// use gradus::prelude::*;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let [monday, tuesday, wednesday, training, validation] =
    /// #     ["1.csv", "2.csv", "3.csv", "training", "validation"].map(|name| dir.path().join(name));
    /// std::fs::write(&monday, "length,kind\n1.5,a\n2.5,b\n")?;
    /// std::fs::write(&tuesday, "kind,length\nc,0.5\n")?;
    /// std::fs::write(&wednesday, "length,kind\n1.0,c\n")?;
    ///
    /// let csv = Csv::new().target("kind");
    /// let columns = csv.write_all::<f32>(&[monday, tuesday], &training)?;
    /// assert_eq!(columns.class_names(), ["a", "b", "c"]);
    /// csv.write_like::<f32>(&columns, wednesday, &validation)?;
    /// let (training, validation) = (Streamed::open([training])?, Streamed::open([validation])?);
    /// assert_eq!((Samples::<f32>::len(&training), Samples::<f32>::n_outputs(&validation)), (3, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_all<T: Real>(&self, from: &[impl AsRef<Path>], to: impl AsRef<Path>) -> Result<Columns> {
        let from: Vec<&Path> = from.iter().map(AsRef::as_ref).collect();
        convert::write::<T>(self, &from, to.as_ref())
    }

    /// Writes the table at `from`, plain or gzip, to a file of samples at `to` with the columns of another table, such as
    /// validation data with those of the training data. See [`open_like`](Self::open_like) for what that means.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_like`](Self::open_like), and [`Error::Stream`](crate::Error::Stream) if the file cannot be
    /// written.
    pub fn write_like<T: Real>(
        &self,
        columns: &Columns,
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
    ) -> Result<()> {
        convert::write_like::<T>(self, columns, &[from.as_ref()], to.as_ref())
    }

    /// How numbers and missing values are written, if `guess` says whether with a decimal comma.
    fn syntax(&self, guess: impl FnOnce() -> bool) -> Syntax {
        let decimal_comma = self.decimal.map_or_else(guess, |mark| mark == ',');
        Syntax { decimal_comma, markers: self.markers.clone() }
    }
}
