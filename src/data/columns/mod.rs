//! The meaning of a table's columns: how the texts of a row become the inputs of a network.

mod cell;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(super) use cell::{Cell, Syntax, lossy};
#[cfg(feature = "csv")]
pub(super) use cell::{looks_like_date, looks_like_number};

use crate::error::{Error, Result, TableError, TableProblem};
use crate::real::Real;

/// The columns of a table: the names of inputs and targets, the categories, and the fill values for missing values.
///
/// The columns are determined when a `Table` (feature `csv`) is read. With them, rows of other files and single rows
/// are encoded as the same inputs. They can be saved with the model.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use gradus::data::{Csv, Table};
///
/// let text = "size,colour,fruit\n7,red,apple\n8,green,apple\n3,red,cherry\n2,red,cherry\n";
/// let table: Table<f64> = Csv::new().target("fruit").read(text.as_bytes(), "fruit.csv")?;
/// let columns = &table.columns;
/// assert_eq!(columns.input_names(), ["size", "colour=green", "colour=red"]);
/// assert_eq!(columns.class_names(), ["apple", "cherry"]);
///
/// let mut x = [0.0; 3];
/// columns.encode(&["2.5", "red"], &mut x)?;
/// assert_eq!(x, [2.5, 0.0, 1.0]);
/// let error = columns.encode(&["2.5", "blue"], &mut x).unwrap_err();
/// assert!(error.to_string().contains("`blue` did not occur in the training data"));
/// # }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Columns {
    pub(super) inputs: Vec<Column>,
    pub(super) targets: TargetColumns,
    pub(super) unseen: Unseen,
    pub(super) syntax: Syntax,
}

/// A column of inputs.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use gradus::prelude::*;
///
/// let text = "size,colour,price\n1.5,red,0.5\n2.5,blue,0.7\n";
/// let table: Table<f64> = Csv::new().target("price").read(text.as_bytes(), "table.csv")?;
/// let [size, colour] = table.columns.inputs() else { panic!("expected two inputs") };
/// assert_eq!((&size.name[..], size.kind.n_inputs()), ("size", 1));
/// assert_eq!((&colour.name[..], colour.kind.n_inputs()), ("colour", 2));
/// # }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it contains.
    pub kind: ColumnKind,
}

/// What a column of inputs contains.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use gradus::data::ColumnKind;
/// use gradus::prelude::*;
///
/// let text = "size,colour,price\n1.5,red,0.5\n,red,0.7\n2.5,blue,0.6\n";
/// let csv = Csv::new().target("price").missing(Missing::Mean);
/// let table: Table<f64> = csv.read(text.as_bytes(), "table.csv")?;
/// let [size, colour] = table.columns.inputs() else { panic!("expected two inputs") };
/// assert_eq!(size.kind, ColumnKind::Number { fill: Some(2.0) });
/// let names = vec!["blue".to_owned(), "red".to_owned()];
/// assert_eq!(colour.kind, ColumnKind::Category { names, fill: Some(1) });
/// # }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Numbers, one input.
    Number {
        /// The number that replaces a missing value; with `None` a missing value is an error.
        fill: Option<f64>,
    },
    /// Categories, one-hot encoded: one input for each, 1 for the category of the row and 0 for the others.
    Category {
        /// The categories in the order of the inputs.
        names: Vec<String>,
        /// The index in `names` of the category that replaces a missing value; with `None` a missing value is an error.
        fill: Option<usize>,
    },
}

impl ColumnKind {
    /// Returns the number of inputs that the column becomes.
    pub fn n_inputs(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Category { names, .. } => names.len(),
        }
    }
}

/// The columns that are predicted.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use gradus::data::TargetColumns;
/// use gradus::prelude::*;
///
/// let text = "size,colour,fruit\n7,red,apple\n8,green,apple\n3,red,cherry\n";
/// let table: Table<f64> = Csv::new().target("fruit").read(text.as_bytes(), "table.csv")?;
/// match table.columns.targets() {
///     TargetColumns::Classes { column, names } => {
///         assert_eq!(column, "fruit");
///         assert_eq!(names[..], ["apple", "cherry"]);
///     }
///     other => panic!("{other:?}"),
/// }
/// # }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TargetColumns {
    /// A class.
    Classes {
        /// The name of the column.
        column: String,
        /// The names of the classes in the order of the labels.
        names: Vec<String>,
    },
    /// A number for each column.
    Numbers {
        /// The names of the columns.
        columns: Vec<String>,
    },
}

/// How a category is treated that did not occur in the training data.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use gradus::prelude::*;
///
/// let text = "size,colour,price\n1.5,red,0.5\n2.5,blue,0.7\n";
/// let read = |unseen| {
///     let csv = Csv::new().target("price").unseen(unseen);
///     csv.read::<f64>(text.as_bytes(), "table.csv")
/// };
/// let mut x = [0.0; 3];
/// assert!(read(Unseen::Refuse)?.columns.encode(&["3", "green"], &mut x).is_err());
/// read(Unseen::Zeros)?.columns.encode(&["3", "green"], &mut x)?;
/// assert_eq!(x, [3.0, 0.0, 0.0]);
/// # }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Unseen {
    /// It is an error.
    #[default]
    Refuse,
    /// All inputs of its column are 0.
    Zeros,
}

/// The deserialized form, not yet validated.
#[derive(Deserialize)]
struct Unchecked {
    inputs: Vec<Column>,
    targets: TargetColumns,
    unseen: Unseen,
    syntax: Syntax,
}

impl TryFrom<Unchecked> for Columns {
    type Error = String;

    fn try_from(file: Unchecked) -> std::result::Result<Self, String> {
        let Unchecked { inputs, targets, unseen, syntax } = file;
        for Column { name, kind } in &inputs {
            let ok = match kind {
                ColumnKind::Number { fill } => fill.is_none_or(f64::is_finite),
                ColumnKind::Category { names, fill } => {
                    !names.is_empty() && fill.is_none_or(|fill| fill < names.len())
                }
            };
            if !ok {
                return Err(format!(
                    "column `{name}` has no categories or a fill that is none of its values"
                ));
            }
        }
        let columns = Self { inputs, targets, unseen, syntax };
        if columns.n_inputs() == 0 || columns.n_outputs() == 0 {
            return Err("the columns hold no inputs or no targets".to_owned());
        }
        Ok(columns)
    }
}

impl Columns {
    /// Returns the columns of the inputs, in the order of the inputs.
    pub fn inputs(&self) -> &[Column] {
        &self.inputs
    }

    /// Returns the columns that are predicted.
    pub fn targets(&self) -> &TargetColumns {
        &self.targets
    }

    /// Returns the number of inputs of a sample.
    pub fn n_inputs(&self) -> usize {
        self.inputs.iter().map(|column| column.kind.n_inputs()).sum()
    }

    /// Returns the number of targets of a sample.
    pub fn n_outputs(&self) -> usize {
        match &self.targets {
            TargetColumns::Classes { names, .. } => names.len(),
            TargetColumns::Numbers { columns } => columns.len(),
        }
    }

    /// Returns a name for each input: the name of its column or, for a category, column and category, such as
    /// `colour=red`.
    pub fn input_names(&self) -> Vec<String> {
        let names = |column: &Column| match &column.kind {
            ColumnKind::Number { .. } => vec![column.name.clone()],
            ColumnKind::Category { names, .. } => {
                names.iter().map(|category| format!("{}={category}", column.name)).collect()
            }
        };
        self.inputs.iter().flat_map(names).collect()
    }

    /// Returns the names of the classes in the order of the labels; empty if numbers are predicted.
    pub fn class_names(&self) -> &[String] {
        match &self.targets {
            TargetColumns::Classes { names, .. } => names,
            TargetColumns::Numbers { .. } => &[],
        }
    }

    /// Fills `x` with the inputs of one row, whose texts are in the order of [`inputs`](Self::inputs).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Table`] if there are not as many texts as columns, if a text is not a number or an unseen
    /// category, and if a value is missing that cannot be filled. Returns [`Error::SizeMismatch`] if `x` has another
    /// length than [`n_inputs`](Self::n_inputs).
    pub fn encode<T: Real>(&self, row: &[impl AsRef<str>], x: &mut [T]) -> Result<()> {
        let failed = |column, problem| {
            let path = PathBuf::from("the given row");
            Error::Table(Box::new(TableError { path, line: None, column, problem }))
        };
        if row.len() != self.inputs.len() {
            let columns = self.inputs.iter().map(|column| column.name.clone()).collect();
            return Err(failed(None, TableProblem::Row { found: row.len(), columns }));
        }
        if x.len() != self.n_inputs() {
            let what = "inputs to be filled, one for each of `Columns::n_inputs`";
            return Err(Error::SizeMismatch { what, found: x.len(), expected: self.n_inputs() });
        }
        let mut rest = x;
        for (number, (column, text)) in (1..).zip(self.inputs.iter().zip(row)) {
            let (x, after) = rest.split_at_mut(column.kind.n_inputs());
            self.encode_cell(&column.kind, text.as_ref().as_bytes(), x)
                .map_err(|problem| failed(Some((number, column.name.clone())), problem))?;
            rest = after;
        }
        Ok(())
    }

    /// Fills the inputs `x` of one column, and returns whether the value was missing and has been replaced.
    pub(super) fn encode_cell<T: Real>(
        &self,
        kind: &ColumnKind,
        text: &[u8],
        x: &mut [T],
    ) -> std::result::Result<bool, TableProblem> {
        let missing = || TableProblem::Missing { value: lossy(text) };
        match kind {
            ColumnKind::Number { fill } => {
                let value = self.syntax.finite(text)?;
                x.fill(value.or(fill.map(T::cast)).ok_or_else(missing)?);
                Ok(value.is_none())
            }
            ColumnKind::Category { names, fill } => {
                let category = match self.syntax.text(text) {
                    Cell::Text(text) => Some(self.category(names, text)?),
                    _ => None,
                };
                x.fill(T::zero());
                let known = match category {
                    Some(known) => known,
                    None => Some(fill.ok_or_else(missing)?),
                };
                if let Some(one) = known.and_then(|category| x.get_mut(category)) {
                    *one = T::one();
                }
                Ok(category.is_none())
            }
        }
    }

    /// Returns the index of the category `text`; `None` if it is unseen and `Unseen::Zeros` was chosen.
    fn category(&self, names: &[String], text: &[u8]) -> std::result::Result<Option<usize>, TableProblem> {
        match names.iter().position(|name| name.as_bytes() == text) {
            None if self.unseen == Unseen::Refuse => {
                Err(TableProblem::UnseenCategory { value: lossy(text), known: names.to_vec() })
            }
            found => Ok(found),
        }
    }

    /// Returns the label of the class in `text`; `None` if it is missing.
    #[cfg(feature = "csv")]
    pub(super) fn label(
        &self,
        names: &[String],
        text: &[u8],
    ) -> std::result::Result<Option<usize>, TableProblem> {
        let Cell::Text(text) = self.syntax.text(text) else { return Ok(None) };
        let position = |text: &[u8]| names.iter().position(|name| name.as_bytes() == text);
        // Classes that are numbers may be written in several ways, such as 1 and 1.0.
        let as_number = || match self.syntax.number(text) {
            Cell::Number(value) => position(value.to_string().as_bytes()),
            _ => None,
        };
        match position(text).or_else(as_number) {
            Some(label) => Ok(Some(label)),
            None => Err(TableProblem::UnseenClass { value: lossy(text), known: names.to_vec() }),
        }
    }
}
