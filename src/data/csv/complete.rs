//! Finds the categories and classes that a table has beyond its beginning.

use std::io::Read;
use std::path::Path;

use csv::ByteRecord;

use super::dictionary::Dictionary;
use super::fit::targets::FEW;
use super::fit::{MAX_CATEGORIES, MAX_DECLARED};
use super::rows::{Fault, Rows};
use super::{Csv, Missing, Predicted};
use crate::data::columns::{Cell, ColumnKind, Columns, Syntax, TargetColumns};
use crate::error::{Result, TableProblem};

/// Reads all rows of some tables, and adds the categories and classes that are missing in `columns`. Returns the number
/// of rows.
pub(super) fn complete<'a>(
    csv: &Csv,
    columns: &mut Columns,
    tables: impl Iterator<Item = Result<(&'a Path, Box<dyn Read>)>>,
) -> Result<usize> {
    let mut seen = Seen::of(csv, columns);
    for table in tables {
        let (path, reader) = table?;
        let mut rows = Rows::new(csv, reader, path, None)?;
        let mut syntax = columns.syntax.clone();
        syntax.decimal_comma = rows.syntax.decimal_comma;
        let places = seen.columns.iter().map(|column| rows.find(&column.name)).collect::<Result<Vec<_>>>()?;
        // In the order of the file: the first missing value ends the reading of a row that is dropped.
        let mut order: Vec<(usize, usize)> = places.into_iter().zip(0..).collect();
        order.sort_unstable();
        rows.for_each(|record| seen.row(record, &order, &syntax))?;
    }
    let rows = seen.rows;
    seen.add_to(columns);
    Ok(rows)
}

/// What a column contains.
enum Holds {
    Numbers,
    Texts(Dictionary),
    /// Classes that are written as numbers.
    NumberClasses(Dictionary),
}

struct SeenColumn {
    name: String,
    holds: Holds,
    is_target: bool,
    most: usize,
}

/// The inputs of a table, and then its targets, with the texts that were seen in them.
struct Seen<'a> {
    csv: &'a Csv,
    columns: Vec<SeenColumn>,
    rows: usize,
}

impl<'a> Seen<'a> {
    fn of(csv: &'a Csv, columns: &Columns) -> Self {
        let dictionary = |names: &[String]| {
            let mut dictionary = Dictionary::default();
            // This cannot fail: the names are valid UTF-8.
            names.iter().for_each(|name| drop(dictionary.number(name.as_bytes())));
            dictionary
        };
        let mut seen = Vec::new();
        for column in &columns.inputs {
            let holds = match &column.kind {
                ColumnKind::Category { names, .. } => Holds::Texts(dictionary(names)),
                ColumnKind::Number { .. } => Holds::Numbers,
            };
            let is_declared = csv.categorical.contains(&column.name);
            let most = if is_declared { MAX_DECLARED } else { MAX_CATEGORIES };
            seen.push(SeenColumn { name: column.name.clone(), holds, is_target: false, most });
        }
        let target =
            |name: &String, holds, most| SeenColumn { name: name.clone(), holds, is_target: true, most };
        match &columns.targets {
            TargetColumns::Classes { column, names } => {
                let (are_numbers, declared) =
                    (names.iter().all(|name| name.parse::<f64>().is_ok()), csv.task == Predicted::Classes);
                seen.push(match (are_numbers, declared) {
                    (true, false) => target(column, Holds::NumberClasses(dictionary(names)), FEW),
                    (true, true) => target(column, Holds::NumberClasses(dictionary(names)), MAX_CATEGORIES),
                    (false, false) => target(column, Holds::Texts(dictionary(names)), MAX_CATEGORIES),
                    (false, true) => target(column, Holds::Texts(dictionary(names)), MAX_DECLARED),
                });
            }
            TargetColumns::Numbers { columns } => {
                seen.extend(columns.iter().map(|name| target(name, Holds::Numbers, 0)));
            }
        }
        Self { csv, columns: seen, rows: 0 }
    }

    fn row(
        &mut self,
        record: &ByteRecord,
        order: &[(usize, usize)],
        syntax: &Syntax,
    ) -> std::result::Result<(), Fault> {
        self.rows += 1;
        for &(at, number) in order {
            let (column, rows) = (&mut self.columns[number], self.rows);
            let Some(field) = record.get(at) else { continue };
            let is_missing = match &mut column.holds {
                Holds::Numbers => matches!(syntax.number(field), Cell::Missing),
                Holds::Texts(dictionary) => match syntax.text(field) {
                    Cell::Text(text) => dictionary.number(text).map(|_| false).map_err(|p| (Some(at), p))?,
                    _ => true,
                },
                Holds::NumberClasses(dictionary) => match syntax.number(field) {
                    // A fraction is not a class unless the user has declared classes; writing it then returns an error.
                    Cell::Number(value) if value.fract() == 0.0 || self.csv.task == Predicted::Classes => {
                        let name = (value + 0.0).to_string();
                        dictionary.number(name.as_bytes()).map(|_| false).map_err(|p| (Some(at), p))?
                    }
                    cell => matches!(cell, Cell::Missing),
                },
            };
            column.check(rows).map_err(|problem| (Some(at), problem))?;
            // Such a row is dropped, or an error when it is written.
            if is_missing && (column.is_target || self.csv.missing == Missing::DropRows) {
                break;
            }
        }
        Ok(())
    }

    /// Sets the categories and classes of `columns` to all that were seen, sorted by name.
    fn add_to(self, columns: &mut Columns) {
        for (number, SeenColumn { holds, .. }) in self.columns.into_iter().enumerate() {
            let (Holds::Texts(dictionary) | Holds::NumberClasses(dictionary)) = holds else { continue };
            let (sorted, places) = dictionary.sorted();
            match columns.inputs.get_mut(number).map(|column| &mut column.kind) {
                Some(ColumnKind::Category { names, fill }) => {
                    *fill = fill.map(|fill| places[fill] as usize);
                    *names = sorted;
                }
                Some(ColumnKind::Number { .. }) => {}
                None => {
                    if let TargetColumns::Classes { names, .. } = &mut columns.targets {
                        *names = sorted;
                    }
                }
            }
        }
    }
}

impl SeenColumn {
    fn check(&self, rows: usize) -> std::result::Result<(), TableProblem> {
        let (Holds::Texts(dictionary) | Holds::NumberClasses(dictionary)) = &self.holds else {
            return Ok(());
        };
        let (n, example) = (dictionary.len(), || dictionary.name(dictionary.len() - 1));
        match (n > self.most, self.is_target) {
            (false, _) => Ok(()),
            (true, true) => Err(TableProblem::TooManyClasses { classes: n, rows, example: example() }),
            (true, false) => Err(TableProblem::TooManyCategories { categories: n, rows, example: example() }),
        }
    }
}
