//! Reads tables of separated values (CSV).

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
use super::{Dataset, Task};
use crate::error::Result;
use crate::real::Real;

/// A reader of tables of separated values (CSV), with options: which columns are predicted or left out, and how missing
/// values are treated.
///
/// The separator (comma, semicolon, tab or |) and a decimal comma are detected from the beginning of the file. The
/// first line contains the names of the columns. A column holds numbers if at least nine of ten of its first values are
/// numbers, and otherwise categories, which are one-hot encoded. Implausible data are an error that names the line, the
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
    /// Classes if the target contains texts or few different integers, otherwise numbers.
    #[default]
    Auto,
    Classes,
    Numbers,
}

/// How missing values are treated: empty cells, `NA`, `N/A`, `#N/A`, `NaN`, `null` and `?`, in any letter case.
///
/// All variants but `Refuse` drop rows without a target. The [`TableSummary`] counts dropped rows and filled values.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let text = "size,price\n1,0.5\nNA,0.7\n4,0.6\n4,0.9\n";
/// let read = |missing| {
///     let csv = Csv::new().target("price").missing(missing);
///     csv.read::<f64>(text.as_bytes(), "table.csv")
/// };
/// assert!(read(Missing::Refuse).is_err());
/// assert_eq!(read(Missing::DropRows)?.data.len(), 3);
/// let mut x = [0.0];
/// read(Missing::Median)?.columns.encode(&["NA"], &mut x)?;
/// assert_eq!(x, [4.0]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Missing {
    /// A missing value is an error; the default.
    #[default]
    Refuse,
    /// Rows with a missing value are dropped.
    DropRows,
    /// A missing number is filled with the mean of its column, a missing category with the most frequent one.
    Mean,
    /// A missing number is filled with the median of its column, a missing category with the most frequent one.
    Median,
    /// A missing number is filled with this value, a missing category with the most frequent one.
    Value(f64),
}

impl Csv {
    /// Creates a reader for tables whose first line contains names; a [`target`](Self::target) has to be added.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the column `name` to the targets.
    ///
    /// A single target contains classes if its values are texts, or 0 and 1, or at most 20 different integers that
    /// occur five times on average; otherwise it contains numbers. [`classes`](Self::classes) and
    /// [`numbers`](Self::numbers) override this. Several targets are numbers.
    pub fn target(mut self, name: impl Into<String>) -> Self {
        self.targets.push(name.into());
        self
    }

    /// Declares that the target contains classes, even if they are written as numbers.
    pub fn classes(mut self) -> Self {
        self.task = Predicted::Classes;
        self
    }

    /// Declares that the target contains numbers, even if they are few different integers.
    pub fn numbers(mut self) -> Self {
        self.task = Predicted::Numbers;
        self
    }

    /// Leaves out the column `name`, such as an identifier.
    pub fn ignore(mut self, name: impl Into<String>) -> Self {
        self.ignored.push(name.into());
        self
    }

    /// Declares that the column `name` contains categories, even if they are written as numbers or hardly repeat.
    pub fn categorical(mut self, name: impl Into<String>) -> Self {
        self.categorical.push(name.into());
        self
    }

    /// Declares that the column `name` contains numbers, even if they look like row numbers.
    pub fn numeric(mut self, name: impl Into<String>) -> Self {
        self.numeric.push(name.into());
        self
    }

    /// Declares that the column `name` is a tag: not an input, but a property of the row, such as the patient, or
    /// training or test; see [`Table::tag`] and [`Table::tagged`].
    pub fn tag(mut self, name: impl Into<String>) -> Self {
        self.tags.push(name.into());
        self
    }

    /// Sets how missing values are treated, [`Missing::Refuse`] by default.
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Adds a marker of missing values, such as `-999`.
    pub fn missing_marker(mut self, marker: impl Into<String>) -> Self {
        self.markers.push(marker.into());
        self
    }

    /// Sets how a category in new rows is treated that this table does not have, [`Unseen::Refuse`] by default.
    pub fn unseen(mut self, unseen: Unseen) -> Self {
        self.unseen = unseen;
        self
    }

    /// Sets the byte that separates values; by default it is detected.
    pub fn separator(mut self, separator: u8) -> Self {
        self.separator = Some(separator);
        self
    }

    /// Sets the decimal mark, `'.'` or `','` (any other counts as `'.'`); by default it is detected.
    pub fn decimal(mut self, mark: char) -> Self {
        self.decimal = Some(mark);
        self
    }

    /// Sets whether the first line contains names. If not, the columns are named `column 1`, `column 2`, and so on.
    pub fn header(mut self, header: bool) -> Self {
        self.header = Some(header);
        self
    }

    /// Names the columns; these names replace those in the first line.
    pub fn names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Reads the file at `path`.
    ///
    /// Numbers are parsed in double precision and rounded to `T`. Beside the data set, memory holds only the beginning
    /// of the file and the texts of categories and tags.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Table`](crate::Error::Table) with the file, the line, the column and a
    /// [`TableProblem`](crate::TableProblem) if the file cannot be read, or its content is invalid or implausible.
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

    /// Reads the file at `path` with the columns of another table: the same inputs in the same order, the same
    /// categories, classes and fill values. Other columns are ignored.
    ///
    /// Only these options are used: those for the format of the file ([`separator`](Self::separator),
    /// [`decimal`](Self::decimal), [`header`](Self::header), [`names`](Self::names),
    /// [`missing_marker`](Self::missing_marker)), [`tag`](Self::tag), and [`missing`](Self::missing). All variants of
    /// [`Missing`] but `Refuse` drop rows without a target, and `DropRows` also drops rows with a missing input for
    /// which the other table has no fill value.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open). Also returns [`Error::Table`](crate::Error::Table) if a column is
    /// not there, for a class that the other table does not have and, unless [`Unseen::Zeros`] was chosen for it, for
    /// such a category.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::{Csv, Table};
    ///
    /// let csv = Csv::new().target("class");
    /// let (training, test) = ("x,class\n1,b\n2,a\n3,b\n", "class,x\na,5\n");
    /// let training: Table<f64> = csv.read(training.as_bytes(), "training.csv")?;
    /// let test: Table<f64> = csv.read_like(&training.columns, test.as_bytes(), "test.csv")?;
    /// assert_eq!((test.data.len(), test.data.n_outputs(), test.data.label(0)), (1, 2, Some(0)));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn open_like<T: Real>(&self, columns: &Columns, path: impl AsRef<Path>) -> Result<Table<T>> {
        let (file, length) = rows::open(path.as_ref())?;
        follow::read(self, columns, file, path.as_ref(), Some(length))
    }

    /// Reads a table from `reader` with the columns of another table, like [`open_like`](Self::open_like); `name`
    /// stands in for the path in an error.
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

    /// Reads only the inputs from the file at `path`, which need not have the target. The matrix has one column for
    /// each row of the file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_like`](Self::open_like); a missing value that cannot be filled is always an error.
    pub fn open_inputs<T: Real>(&self, columns: &Columns, path: impl AsRef<Path>) -> Result<DMatrix<T>> {
        let (file, length) = rows::open(path.as_ref())?;
        follow::read_inputs(self, columns, file, path.as_ref(), Some(length))
    }

    /// Reads only the inputs from `reader`, like [`open_inputs`](Self::open_inputs); `name` stands in for the path in
    /// an error.
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

    /// Returns the data set of inputs and numeric targets; zeros and ones that the user declares as numbers are not classes.
    fn with_numbers<T: Real>(&self, x: DMatrix<T>, y: DMatrix<T>) -> Result<Dataset<T>> {
        let data = Dataset::new(x, y)?;
        if self.task == Predicted::Numbers { data.with_task(Task::Regression) } else { Ok(data) }
    }

    /// Converts the table at `from`, plain or gzip, to a file of samples at `to` for [`Streamed`](super::Streamed), and
    /// returns its columns. The table may be of any size: memory holds its first 16 MiB, encoded, and then one block of
    /// rows at a time.
    ///
    /// The kinds of the columns (numbers or categories) and the fill values are determined from these 16 MiB. A larger
    /// table is then read once more for all its categories and classes, also if it is sorted by them. Numbers are
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

    /// Converts several tables, plain or gzip, to one file of samples, like [`write`](Self::write): the rows of the
    /// second follow those of the first. The tables have the same columns, in any order.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`write`](Self::write), and [`Error::Empty`](crate::Error::Empty) if there is no table.
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
    /// assert_eq!(Samples::<f32>::len(&training), 3);
    /// assert_eq!(Samples::<f32>::n_outputs(&validation), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_all<T: Real>(&self, from: &[impl AsRef<Path>], to: impl AsRef<Path>) -> Result<Columns> {
        let from: Vec<&Path> = from.iter().map(AsRef::as_ref).collect();
        convert::write::<T>(self, &from, to.as_ref())
    }

    /// Converts the table at `from`, plain or gzip, to a file of samples at `to` with the columns of another table,
    /// such as validation data with the columns of the training data; see [`open_like`](Self::open_like).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_like`](Self::open_like), and [`Error::Stream`](crate::Error::Stream) if the file
    /// cannot be written.
    pub fn write_like<T: Real>(
        &self,
        columns: &Columns,
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
    ) -> Result<()> {
        convert::write_like::<T>(self, columns, &[from.as_ref()], to.as_ref())
    }

    /// Returns the syntax of numbers and missing values; `guess` tells whether there is a decimal comma, if no option
    /// does.
    fn syntax(&self, guess: impl FnOnce() -> bool) -> Syntax {
        let decimal_comma = self.decimal.map_or_else(guess, |mark| mark == ',');
        Syntax { decimal_comma, markers: self.markers.clone() }
    }
}
