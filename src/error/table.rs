//! What can be wrong with a table, and in which line and column.

use std::path::PathBuf;
use std::{fmt, io};

use super::text;

/// Where a table is wrong, and how.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use gradus::Error;
/// use gradus::prelude::*;
///
/// let csv = Csv::new().numeric("size").target("price");
/// let text = "size,price\n50,1.5\nlarge,2.5\n";
/// match csv.read::<f64>(text.as_bytes(), "houses.csv").unwrap_err() {
///     Error::Table(error) => {
///         assert_eq!((error.line, &error.column), (Some(3), &Some((1, "size".into()))));
///         let place = "houses.csv, line 3, column 1 `size`: `large` is not a number";
///         assert!(error.to_string().starts_with(place));
///     }
///     other => panic!("{other}"),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
pub struct TableError {
    /// The file, or the name that the caller gave to the stream.
    pub path: PathBuf,
    /// The line, counted from 1, if it is one line that is wrong.
    pub line: Option<u64>,
    /// The number of the column, counted from 1, and its name, if it is one column that is wrong.
    pub column: Option<(usize, String)>,
    /// What is wrong.
    pub problem: TableProblem,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some((number, name)) = &self.column {
            write!(f, ", column {number} `{name}`")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// What is wrong with a table.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use gradus::prelude::*;
/// use gradus::{Error, TableProblem};
///
/// let csv = Csv::new().target("Price");
/// let read = csv.read::<f64>("size,price\n50,1.5\n70,2.5\n".as_bytes(), "houses.csv");
/// let Err(Error::Table(error)) = read else { panic!("expected an error") };
/// match error.problem {
///     TableProblem::UnknownColumn { near, columns, .. } => {
///         assert_eq!((near.as_deref(), columns.len()), (Some("price"), 2));
///     }
///     other => panic!("{other}"),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableProblem {
    /// There is no such file.
    #[error("there is no such file; check the path")]
    NotFound,

    /// The path leads to a directory, a pipe or a device.
    #[error("this is {found}, not a file; give the path of a file, or pass a reader to `Csv::read`")]
    NotAFile {
        /// What it is.
        found: &'static str,
    },

    /// The operating system, or the caller's reader, failed.
    #[error("cannot be read: {source}; {}", text::unreadable(source))]
    Unreadable {
        /// The failure.
        source: io::Error,
    },

    /// The file is of another format.
    #[error("this is {found}, not a text of separated values: {then}")]
    Format {
        /// What the first bytes show.
        found: &'static str,
        /// What to do.
        then: &'static str,
    },

    /// A name or a category is not UTF-8.
    #[error("`{value}` is not UTF-8; save the file in the encoding UTF-8")]
    NotUtf8 {
        /// The text, with replacement characters.
        value: String,
    },

    /// There is no row of data.
    #[error(
        "there are no rows of data; check that the file is complete, or say `.header(false)` if its only line is one"
    )]
    NoRows,

    /// Every row was dropped, because a value was missing in each.
    #[error(
        "all {rows} rows have a missing value and were dropped; leave out the columns with most of them by `.ignore(…)`, or fill them by `.missing(Missing::Mean)`"
    )]
    AllDropped {
        /// The number of rows in the file.
        rows: usize,
    },

    /// A line has another number of fields than the first.
    #[error("the line has {found} fields and the first one {expected}{}", if *quoted { "; is a quotation mark (\") not closed here or in a line above?" } else { "; put texts that hold the separator in quotation marks (\"), or choose another one by `.separator(…)`" })]
    Fields {
        /// The number of fields in this line.
        found: usize,
        /// The number of fields in the first line.
        expected: usize,
        /// Whether a field continues over several lines.
        quoted: bool,
    },

    /// The first line holds data in place of names.
    #[error(
        "the first line looks like data (`{value}`), not like names of columns: say `.header(false)`, and the columns are named `column 1`, `column 2` …, or `.header(true)` if it does hold names"
    )]
    NoHeader {
        /// The value that looks like data.
        value: String,
    },

    /// Two columns have the same name.
    #[error("column {first} has the same name; rename one of them, or give new names to all by `.names(…)`")]
    DuplicateName {
        /// The number of the first column of this name, counted from 1.
        first: usize,
    },

    /// Another number of names was given than there are columns.
    #[error("{given} names were given for {columns} columns; give one for each, in the order of the file")]
    Names {
        /// How many names were given.
        given: usize,
        /// How many columns there are.
        columns: usize,
    },

    /// There is no column of the given name.
    #[error("there is no column `{wanted}`{}; the columns are {}", near.as_ref().map(|name| format!(", did you mean `{name}`?")).unwrap_or_default(), list(columns))]
    UnknownColumn {
        /// The name that was given.
        wanted: String,
        /// The most similar name, if one is similar.
        near: Option<String>,
        /// The names of all columns.
        columns: Vec<String>,
    },

    /// A column was not kept as a tag.
    #[error("there is no tag `{wanted}`, only {}; keep the column by `Csv::tag`", if columns.is_empty() { "none".to_owned() } else { list(columns) })]
    NotATag {
        /// The name that was given.
        wanted: String,
        /// The tags that were kept.
        columns: Vec<String>,
    },

    /// No target column was named.
    #[error(
        "no target was named: say which column is to be predicted by `.target(…)`; the columns are {}",
        list(columns)
    )]
    NoTarget {
        /// The names of all columns.
        columns: Vec<String>,
    },

    /// A column was given two uses that exclude each other.
    #[error("the column is to be both {first} and {second}; choose one")]
    TwoUses {
        /// One use.
        first: &'static str,
        /// The other.
        second: &'static str,
    },

    /// No column is left for the inputs.
    #[error(
        "no column is left for the inputs, of {columns}; if the values are separated by another character than a comma, a semicolon, a tab or |, name it by `.separator(…)`"
    )]
    NoInputs {
        /// The number of columns in the file.
        columns: usize,
    },

    /// A value is missing.
    #[error(
        "the value is missing ({}); leave out such rows by `.missing(Missing::DropRows)`, fill them by `.missing(Missing::Mean)`, or leave out the column by `.ignore(…)`",
        quoted(value)
    )]
    Missing {
        /// The text in its place.
        value: String,
    },

    /// A text stands in a column of numbers.
    #[error("`{value}` is not a number, but the column holds numbers: {then}")]
    NotANumber {
        /// The text.
        value: String,
        /// What to do.
        then: &'static str,
    },

    /// A number is infinite.
    #[error(
        "`{value}` is not finite; repair it, or have it treated as missing by `.missing_marker(\"{value}\")`"
    )]
    NotFinite {
        /// The text.
        value: String,
    },

    /// A number is too large for the precision of the table.
    #[error("`{value}` is too large for {precision}; read a table of `f64`, or repair the value")]
    TooLarge {
        /// The text.
        value: String,
        /// The scalar type of the table.
        precision: &'static str,
    },

    /// A column of dates.
    #[error(
        "the column holds dates such as `{example}`, which are neither numbers nor categories: replace them by numbers (the year, the month, days since the first), or leave them out by `.ignore(…)`"
    )]
    Dates {
        /// One of them.
        example: String,
    },

    /// A column of texts that hardly repeat.
    #[error(
        "the column holds {categories} different texts such as `{example}` in {rows} rows, as names, identifiers and free text do: leave it out by `.ignore(…)`, or say `.categorical(…)` if they are categories"
    )]
    TooManyCategories {
        /// The number of different texts so far.
        categories: usize,
        /// The number of rows so far.
        rows: usize,
        /// One of the texts.
        example: String,
    },

    /// A target with nearly as many classes as rows.
    #[error(
        "the target has {classes} different classes such as `{example}` in {rows} rows: is it the right column? if it holds numbers to be predicted, say `.numbers()`"
    )]
    TooManyClasses {
        /// The number of different classes so far.
        classes: usize,
        /// The number of rows so far.
        rows: usize,
        /// One of the classes.
        example: String,
    },

    /// A column that counts the rows.
    #[error("the column counts the rows ({first}, {} …): from it a network learns the order of the file; leave it out by `.ignore(…)`, or say `.numeric(…)` if it is to be an input", first + 1.0)]
    CountsRows {
        /// The value in the first row.
        first: f64,
    },

    /// All rows have the same target.
    #[error(
        "all {rows} rows have the same target `{value}`, so that there is nothing to learn: is it the right column, and does the file hold all classes?"
    )]
    OneTarget {
        /// The target.
        value: String,
        /// The number of rows.
        rows: usize,
    },

    /// A category that did not occur in the training data.
    #[error(
        "the category `{value}` did not occur in the training data, which has {}; repair it, or make the columns with `.unseen(Unseen::Zeros)`",
        list(known)
    )]
    UnseenCategory {
        /// The category.
        value: String,
        /// The known categories.
        known: Vec<String>,
    },

    /// A class that did not occur in the training data.
    #[error(
        "the class `{value}` did not occur in the training data, which has {}; repair it, or train with samples of it",
        list(known)
    )]
    UnseenClass {
        /// The class.
        value: String,
        /// The known classes.
        known: Vec<String>,
    },

    /// A column has no values, so that its missing ones cannot be filled.
    #[error(
        "all values are missing, so that nothing is known to fill them with; leave out the column by `.ignore(…)`"
    )]
    AllMissing,

    /// A row has another number of values than there are input columns.
    #[error("{found} values were given for the {} inputs {}; give one for each, in this order", columns.len(), list(columns))]
    Row {
        /// How many values were given.
        found: usize,
        /// The input columns.
        columns: Vec<String>,
    },

    /// There is no memory for the rows that arrive.
    #[error(
        "there is no memory for {rows} more rows; end other programs, leave out columns by `.ignore(…)`, or read a table of `f32`"
    )]
    OutOfMemory {
        /// How many more rows memory was needed for.
        rows: usize,
    },
}

/// A text in backquotes, or the word "empty".
fn quoted(value: &str) -> String {
    if value.is_empty() { "empty".to_owned() } else { format!("`{value}`") }
}

/// The names in backquotes, at most twenty of them.
fn list(names: &[String]) -> String {
    let mut text = names.iter().take(20).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 20 {
        text += &format!(" and {} more", names.len() - 20);
    }
    text
}
