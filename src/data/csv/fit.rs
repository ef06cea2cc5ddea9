//! Reads a table whose columns are not known yet: determines what they contain, and creates a data set.

mod finish;
mod plan;
pub(super) mod targets;

use std::io::Read;
use std::path::Path;

use csv::ByteRecord;

use self::plan::{Kind, Use};
use super::rows::{Fault, Rows};
use super::store::Store;
use super::{Csv, Missing, Table};
use crate::data::columns::{Cell, Columns, Syntax};
use crate::error::{Result, TableProblem};
use crate::real::Real;

/// Maximum number of categories of a column, unless the user declares it as categorical: more are too many inputs for a
/// dense network.
pub(super) const MAX_CATEGORIES: usize = 1000;

/// Maximum number of categories of a declared column; the number of a category is exact in `f32`.
pub(super) const MAX_DECLARED: usize = 1 << 16;

pub(super) fn read<T: Real>(
    csv: &Csv,
    reader: impl Read,
    path: &Path,
    length: Option<u64>,
) -> Result<Table<T>> {
    let mut rows = Rows::new(csv, reader, path, length)?;
    let mut fit = Fit::new(csv, &rows)?;
    rows.head = Vec::new();
    rows.for_each(|record| fit.row(record))?;
    fit.finish(&rows)
}

/// Returns the columns of a table without its samples. If the table is only the beginning of a larger one, all its
/// targets may be equal.
pub(super) fn columns<T: Real>(
    csv: &Csv,
    reader: impl Read,
    path: &Path,
    is_beginning: bool,
) -> Result<Columns> {
    let mut rows = Rows::new(csv, reader, path, None)?;
    let mut fit = Fit::<T>::new(csv, &rows)?;
    fit.is_beginning = is_beginning;
    rows.head = Vec::new();
    rows.for_each(|record| fit.row(record))?;
    Ok(fit.describe(&rows)?.columns)
}

/// The rows so far: a category is stored as its number, a missing input as NaN.
struct Fit<'a, T> {
    csv: &'a Csv,
    syntax: Syntax,
    /// The use of each column of the file.
    uses: Vec<Use>,
    /// The columns of the file that are inputs, and in `targets` those that are targets.
    inputs: Vec<usize>,
    targets: Vec<usize>,
    x: Store<T>,
    y: Store<T>,
    rows: usize,
    kept: usize,
    dropped: usize,
    without_target: usize,
    /// Whether the table is only the beginning of a larger one.
    is_beginning: bool,
}

/// Why a row is dropped: a missing input or a missing target.
enum Dropped {
    Input,
    Target,
}

impl<T: Real> Fit<'_, T> {
    fn row(&mut self, record: &ByteRecord) -> std::result::Result<(), Fault> {
        self.rows += 1;
        match self.fill(record)? {
            None => self.kept += 1,
            Some(dropped) => {
                self.x.pop();
                self.y.pop();
                for column in &mut self.uses {
                    if let Use::Tag { values, .. } = column {
                        values.truncate(self.kept);
                    }
                }
                match dropped {
                    Dropped::Input => self.dropped += 1,
                    Dropped::Target => self.without_target += 1,
                }
            }
        }
        Ok(())
    }

    /// Adds a row and fills it. Returns early if a missing value requires that the row be dropped.
    fn fill(&mut self, record: &ByteRecord) -> std::result::Result<Option<Dropped>, Fault> {
        let no_column = |problem| (None, problem);
        let x = self.x.push().map_err(no_column)?;
        let y = self.y.push().map_err(no_column)?;
        for (at, (column, field)) in self.uses.iter_mut().zip(record).enumerate() {
            let fault = |problem| (Some(at), problem);
            match column {
                Use::Ignore => {}
                Use::Tag { dictionary, values } => {
                    values.push(dictionary.number(field.trim_ascii()).map_err(fault)?);
                }
                Use::Input { slot, kind } => match kind
                    .value(&self.syntax, field, self.rows)
                    .map_err(fault)?
                {
                    Some(value) => x[*slot] = value,
                    None => match self.csv.missing {
                        Missing::Refuse => return Err(fault(missing(field))),
                        Missing::DropRows => return Ok(Some(Dropped::Input)),
                        Missing::Mean | Missing::Median | Missing::Value(_) => x[*slot] = T::cast(f64::NAN),
                    },
                },
                Use::Target { slot, kind } => {
                    match kind.value(&self.syntax, field, self.rows).map_err(fault)? {
                        Some(value) => y[*slot] = value,
                        None if self.csv.missing == Missing::Refuse => return Err(fault(missing(field))),
                        None => return Ok(Some(Dropped::Target)),
                    }
                }
            }
        }
        Ok(None)
    }
}

pub(super) fn missing(field: &[u8]) -> TableProblem {
    TableProblem::Missing { value: crate::data::columns::lossy(field) }
}

impl Kind {
    /// Returns the number in `field` or the number of its category; `None` if it is missing.
    fn value<T: Real>(
        &mut self,
        syntax: &Syntax,
        field: &[u8],
        rows: usize,
    ) -> std::result::Result<Option<T>, TableProblem> {
        let Self::Texts { dictionary, declared, target } = self else { return syntax.finite(field) };
        let Cell::Text(text) = syntax.text(field) else { return Ok(None) };
        let number = dictionary.number(text)?;
        let most = if *declared { MAX_DECLARED } else { MAX_CATEGORIES };
        if dictionary.len() > most {
            let (categories, example) = (dictionary.len(), dictionary.name(0));
            return Err(if *target {
                TableProblem::TooManyClasses { classes: categories, rows, example }
            } else {
                TableProblem::TooManyCategories { categories, rows, example }
            });
        }
        Ok(Some(T::cast(number.into())))
    }
}
