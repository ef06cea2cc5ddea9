//! Reads a table with the columns of another table.

use std::io::Read;
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use nalgebra::DMatrix;

use super::dictionary::Dictionary;
use super::fit::missing;
use super::rows::{Fault, Rows};
use super::store::Store;
use super::table::{Table, TableSummary, Tag};
use super::{Csv, Missing};
use crate::data::Dataset;
use crate::data::columns::{Columns, TargetColumns};
use crate::error::{Result, TableProblem};
use crate::real::Real;

pub(super) fn read<T: Real>(
    csv: &Csv,
    columns: &Columns,
    reader: impl Read,
    path: &Path,
    length: Option<u64>,
) -> Result<Table<T>> {
    let mut rows = Rows::new(csv, reader, path, length)?;
    let mut follow = Follow::new(csv, columns, &rows, true)?;
    rows.for_each(|record| follow.row(record))?;
    follow.check_rows(&rows)?;
    let summary = TableSummary {
        rows: follow.rows,
        dropped: follow.dropped,
        without_target: follow.without_target,
        empty_lines: rows.empty,
        filled: follow.filled(),
        separator: rows.separator,
        decimal_comma: follow.columns.syntax.decimal_comma,
        ..TableSummary::default()
    };
    let x = DMatrix::from_vec(columns.n_inputs(), follow.kept, follow.x.values);
    let data = match columns.targets() {
        TargetColumns::Classes { names, .. } => {
            Dataset::labelled(x, &follow.labels, names.len(), names.clone())?
        }
        TargetColumns::Numbers { columns } => {
            csv.with_numbers(x, DMatrix::from_vec(columns.len(), follow.kept, follow.y.values))?
        }
    };
    let tag = |(name, dictionary, values): (String, Dictionary, Vec<u32>)| {
        let (texts, places) = dictionary.sorted();
        Tag { name, values: values.iter().map(|&number| places[number as usize]).collect(), texts }
    };
    let tags = follow.tags.into_iter().map(tag).collect();
    Ok(Table { data, columns: columns.clone(), summary, path: PathBuf::from(path), tags })
}

pub(super) fn read_inputs<T: Real>(
    csv: &Csv,
    columns: &Columns,
    reader: impl Read,
    path: &Path,
    length: Option<u64>,
) -> Result<DMatrix<T>> {
    let mut rows = Rows::new(csv, reader, path, length)?;
    // Each prediction belongs to a row of the file, so no row may be dropped.
    let strict = Csv { missing: Missing::Refuse, tags: Vec::new(), ..csv.clone() };
    let mut follow = Follow::new(&strict, columns, &rows, false)?;
    rows.for_each(|record| follow.row(record))?;
    follow.check_rows(&rows)?;
    Ok(DMatrix::from_vec(columns.n_inputs(), follow.kept, follow.x.values))
}

/// The use of a column of the file.
#[derive(Clone, Copy)]
enum Use {
    Ignore,
    /// The column `number` of the inputs, whose first input is `offset`.
    Input {
        number: usize,
        offset: usize,
    },
    Target(usize),
    Class,
    Tag(usize),
}

pub(super) struct Follow<'a, T> {
    csv: &'a Csv,
    columns: Columns,
    uses: Vec<Use>,
    x: Store<T>,
    y: Store<T>,
    labels: Vec<u32>,
    /// How many values of each input column were filled, and in `filling` the columns that were filled in the current
    /// row.
    filled: Vec<usize>,
    filling: Vec<usize>,
    tags: Vec<(String, Dictionary, Vec<u32>)>,
    rows: usize,
    kept: usize,
    dropped: usize,
    without_target: usize,
}

impl<'a, T: Real> Follow<'a, T> {
    pub(super) fn new<R: Read>(
        csv: &'a Csv,
        columns: &Columns,
        rows: &Rows<R>,
        with_targets: bool,
    ) -> Result<Self> {
        let mut uses = vec![Use::Ignore; rows.names.len()];
        let mut offset = 0;
        for (number, column) in columns.inputs().iter().enumerate() {
            uses[rows.find(&column.name)?] = Use::Input { number, offset };
            offset += column.kind.n_inputs();
        }
        let mut n_targets = 0;
        match columns.targets() {
            _ if !with_targets => {}
            TargetColumns::Classes { column, .. } => uses[rows.find(column)?] = Use::Class,
            TargetColumns::Numbers { columns } => {
                for name in columns {
                    uses[rows.find(name)?] = Use::Target(n_targets);
                    n_targets += 1;
                }
            }
        }
        let mut tags = Vec::new();
        for name in &csv.tags {
            uses[rows.find(name)?] = Use::Tag(tags.len());
            tags.push((name.clone(), Dictionary::default(), Vec::new()));
        }
        // This file may have another decimal mark and other markers than the file of `columns`.
        let mut columns = columns.clone();
        columns.syntax.decimal_comma = rows.syntax.decimal_comma;
        columns.syntax.markers.extend_from_slice(&csv.markers);
        let (x, y) = (Store::new(offset, rows.expected), Store::new(n_targets, rows.expected));
        let (labels, filled, filling) = (Vec::new(), vec![0; columns.inputs.len()], Vec::new());
        Ok(Self {
            csv,
            filled,
            filling,
            columns,
            uses,
            x,
            y,
            labels,
            tags,
            rows: 0,
            kept: 0,
            dropped: 0,
            without_target: 0,
        })
    }

    fn row(&mut self, record: &ByteRecord) -> std::result::Result<(), Fault> {
        self.rows += 1;
        self.filling.clear();
        let outcome = self.fill(record);
        let (target, fault) = match outcome {
            Ok(()) => {
                self.kept += 1;
                self.filling.iter().for_each(|&number| self.filled[number] += 1);
                return Ok(());
            }
            Err((at, problem @ TableProblem::Missing { .. })) if self.csv.missing != Missing::Refuse => {
                let target = at.and_then(|at| self.uses.get(at));
                (matches!(target, Some(Use::Target(_) | Use::Class)), (at, problem))
            }
            Err(fault) => return Err(fault),
        };
        // A missing input without a fill value is an error, unless such rows are to be dropped.
        if !target && self.csv.missing != Missing::DropRows {
            return Err(fault);
        }
        self.x.pop();
        self.y.pop();
        self.labels.truncate(self.kept);
        self.tags.iter_mut().for_each(|(_, _, values)| values.truncate(self.kept));
        *if target { &mut self.without_target } else { &mut self.dropped } += 1;
        Ok(())
    }

    /// Passes the inputs and targets of a row to `take` without storing them. Returns `None` if the row is dropped,
    /// `Some(Some(label))` if the target is a class, and `Some(None)` otherwise.
    pub(super) fn take(
        &mut self,
        record: &ByteRecord,
        take: impl FnOnce(&[T], &[T]),
    ) -> std::result::Result<Option<Option<u32>>, Fault> {
        let before = self.kept;
        self.row(record)?;
        let kept = self.kept > before;
        if kept {
            take(&self.x.values, &self.y.values);
        }
        let label = self.labels.last().copied();
        self.x.values.clear();
        self.y.values.clear();
        self.labels.clear();
        Ok(kept.then_some(label))
    }

    fn fill(&mut self, record: &ByteRecord) -> std::result::Result<(), Fault> {
        let no_column = |problem| (None, problem);
        let x = self.x.push().map_err(no_column)?;
        let y = self.y.push().map_err(no_column)?;
        let columns = &self.columns;
        for (at, (column, field)) in self.uses.iter().zip(record).enumerate() {
            let fault = |problem| (Some(at), problem);
            match *column {
                Use::Ignore => {}
                Use::Input { number, offset } => {
                    let kind = &columns.inputs[number].kind;
                    let cells = &mut x[offset..][..kind.n_inputs()];
                    self.filling
                        .extend(columns.encode_cell(kind, field, cells).map_err(fault)?.then_some(number));
                }
                Use::Target(slot) => {
                    let value = columns.syntax.finite(field).map_err(fault)?;
                    y[slot] = value.ok_or_else(|| fault(missing(field)))?;
                }
                Use::Class => {
                    let label = columns.label(columns.class_names(), field).map_err(fault)?;
                    self.labels.push(label.ok_or_else(|| fault(missing(field)))? as u32);
                }
                Use::Tag(number) => {
                    let (_, dictionary, values) = &mut self.tags[number];
                    values.push(dictionary.number(field.trim_ascii()).map_err(fault)?);
                }
            }
        }
        Ok(())
    }

    /// Returns the names of the columns with filled values, and how many were filled.
    fn filled(&self) -> Vec<(String, usize)> {
        let columns = self.columns.inputs.iter().zip(&self.filled);
        columns.filter(|&(_, &n)| n > 0).map(|(column, &n)| (column.name.clone(), n)).collect()
    }

    pub(super) fn check_rows<R: Read>(&self, rows: &Rows<R>) -> Result<()> {
        let problem = match (self.kept, self.rows) {
            (0, 0) => TableProblem::NoRows,
            (0, rows) => TableProblem::AllDropped { rows },
            _ => return Ok(()),
        };
        Err(rows.fail(None, (None, problem)))
    }
}
