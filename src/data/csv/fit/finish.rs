//! Creates the data set of a table when all its rows have been read.

use std::path::PathBuf;

use nalgebra::DMatrix;

use super::super::Missing;
use super::super::dictionary::Dictionary;
use super::super::rows::{Fault, Rows};
use super::super::table::{Table, TableSummary, Tag};
use super::Fit;
use super::plan::{Kind, Use};
use super::targets::Targets;
use crate::data::Dataset;
use crate::data::columns::{Column, ColumnKind, Columns, TargetColumns};
use crate::data::scale::quantile;
use crate::error::{Result, TableProblem};
use crate::real::Real;

/// Minimum number of rows or texts to decide that a column contains row numbers or hardly repeats.
const ENOUGH: usize = 10;

/// An input column whose rows have all been read.
struct Finished {
    column: Column,
    /// For each category its index in the sorted names, by its number; empty for numbers.
    places: Vec<u32>,
}

/// The description of a table, when all its rows have been read.
pub(super) struct Described {
    pub columns: Columns,
    targets: Targets,
    /// For each input column the indices of its categories; see [`Finished`].
    places: Vec<Vec<u32>>,
    tags: Vec<Tag>,
    summary: TableSummary,
}

impl<T: Real> Fit<'_, T> {
    pub(super) fn finish<R: std::io::Read>(mut self, rows: &Rows<R>) -> Result<Table<T>> {
        let Described { columns, targets, places, tags, summary } = self.describe(rows)?;
        self.expand(&columns, &places).map_err(|problem| rows.fail(None, (None, problem)))?;
        let mut x = self.x.values;
        x.shrink_to_fit();
        let x = DMatrix::from_vec(columns.n_inputs(), self.kept, x);
        let data = match targets {
            Targets::Classes { labels, names } => Dataset::labelled(x, &labels, names.len(), names)?,
            Targets::Numbers => {
                let y = DMatrix::from_vec(self.targets.len(), self.kept, self.y.values);
                self.csv.with_numbers(x, y)?
            }
        };
        Ok(Table { data, columns, summary, path: PathBuf::from(rows.path()), tags })
    }

    /// Determines what the columns contain, and fills missing values.
    pub(super) fn describe<R: std::io::Read>(&mut self, rows: &Rows<R>) -> Result<Described> {
        let fail = |fault: Fault| rows.fail(None, fault);
        if self.kept == 0 {
            let all = TableProblem::AllDropped { rows: self.rows };
            return Err(fail((None, if self.rows == 0 { TableProblem::NoRows } else { all })));
        }
        let mut summary = TableSummary {
            rows: self.rows,
            dropped: self.dropped,
            without_target: self.without_target,
            empty_lines: rows.empty,
            separator: rows.separator,
            decimal_comma: self.syntax.decimal_comma,
            ..TableSummary::default()
        };
        let targets = self.targets().map_err(fail)?;
        let (mut inputs, mut tags) = (Vec::new(), Vec::new());
        for (at, (column, name)) in std::mem::take(&mut self.uses).into_iter().zip(&rows.names).enumerate() {
            match column {
                Use::Input { slot, kind } => {
                    let kept = self.input(slot, kind, name, &mut summary).map_err(|p| fail((Some(at), p)))?;
                    inputs.push(kept);
                }
                Use::Tag { dictionary, values } => {
                    let (texts, places) = dictionary.sorted();
                    let values = values.iter().map(|&number| places[number as usize]).collect();
                    tags.push(Tag { name: name.clone(), values, texts });
                }
                Use::Target { .. } | Use::Ignore => {}
            }
        }
        let name = |&at: &usize| rows.names[at].clone();
        let target_columns = match &targets {
            Targets::Classes { names, .. } => TargetColumns::Classes {
                column: self.targets.first().map(name).unwrap_or_default(),
                names: names.clone(),
            },
            Targets::Numbers => TargetColumns::Numbers { columns: self.targets.iter().map(name).collect() },
        };
        let (inputs, places) = inputs.into_iter().map(|input| (input.column, input.places)).unzip();
        let (unseen, syntax) = (self.csv.unseen, self.syntax.clone());
        let columns = Columns { inputs, targets: target_columns, unseen, syntax };
        Ok(Described { columns, targets, places, tags, summary })
    }

    /// Finishes the input `slot`: fills missing values, and returns what the column contains.
    fn input(
        &mut self,
        slot: usize,
        kind: Kind,
        name: &str,
        summary: &mut TableSummary,
    ) -> std::result::Result<Finished, TableProblem> {
        let width = self.inputs.len();
        let column = || self.x.values.iter().skip(slot).step_by(width).map(|value| value.to_f64());
        let missing = column().filter(|value| value.is_nan()).count();
        if missing == self.kept {
            return Err(TableProblem::AllMissing);
        }
        let present = || column().filter(|value| !value.is_nan());
        let first = present().next().unwrap_or_default();
        if present().all(|value| value == first) {
            summary.constant.push(name.to_owned());
        }
        let (kind, places, fill) = match kind {
            Kind::Numbers => {
                let declared = self.csv.numeric.iter().any(|numeric| numeric == name);
                if !declared && width > 1 && missing == 0 && counts_rows(column(), self.rows) {
                    return Err(TableProblem::CountsRows { first });
                }
                let fill = self.fill_of_numbers(present);
                (ColumnKind::Number { fill }, Vec::new(), fill)
            }
            Kind::Texts { dictionary, declared, .. } => {
                if !declared && hardly_repeats(&dictionary, self.kept) {
                    let (categories, example) = (dictionary.len(), dictionary.name(0));
                    return Err(TableProblem::TooManyCategories { categories, rows: self.kept, example });
                }
                let frequent = most_frequent(present(), dictionary.len());
                let (names, places) = dictionary.sorted();
                let fill = matches!(self.csv.missing, Missing::Mean | Missing::Median | Missing::Value(_))
                    .then(|| places[frequent] as usize);
                (ColumnKind::Category { names, fill }, places, Some(frequent as f64))
            }
        };
        if missing > 0 {
            summary.filled.push((name.to_owned(), missing));
            let fill = T::cast(fill.unwrap_or_default());
            let values = self.x.values.iter_mut().skip(slot).step_by(width);
            values.filter(|value| value.is_nan()).for_each(|value| *value = fill);
        }
        Ok(Finished { column: Column { name: name.to_owned(), kind }, places })
    }

    /// Returns the fill value of a column of numbers, if missing values are filled.
    fn fill_of_numbers<I: Iterator<Item = f64>>(&self, present: impl Fn() -> I) -> Option<f64> {
        match self.csv.missing {
            Missing::Refuse | Missing::DropRows => None,
            Missing::Mean => {
                // Each value is divided first, because the sum may overflow.
                let n = present().count() as f64;
                Some(present().map(|value| value / n).sum())
            }
            Missing::Median => {
                let mut values: Vec<f64> = present().collect();
                values.sort_unstable_by(f64::total_cmp);
                Some(quantile(&values, 0.5))
            }
            Missing::Value(value) => Some(value),
        }
    }

    /// One-hot encodes the categories, in place and from the last row to the first, because rows only become longer.
    fn expand(&mut self, columns: &Columns, places: &[Vec<u32>]) -> std::result::Result<(), TableProblem> {
        let (n, narrow, wide) = (self.kept, columns.inputs.len(), columns.n_inputs());
        if places.iter().all(Vec::is_empty) {
            return Ok(());
        }
        let x = &mut self.x.values;
        let more = (wide - narrow).saturating_mul(n);
        x.try_reserve_exact(more).map_err(|_| TableProblem::OutOfMemory { rows: n })?;
        x.resize(n * wide, T::zero());
        let mut row = vec![T::zero(); narrow];
        for i in (0..n).rev() {
            row.copy_from_slice(&x[i * narrow..][..narrow]);
            let mut rest = &mut x[i * wide..][..wide];
            for ((value, column), places) in row.iter().zip(&columns.inputs).zip(places) {
                let (cells, after) = rest.split_at_mut(column.kind.n_inputs());
                if places.is_empty() {
                    cells.fill(*value);
                } else {
                    cells.fill(T::zero());
                    cells[places[value.to_f64() as usize] as usize] = T::one();
                }
                rest = after;
            }
        }
        Ok(())
    }
}

/// Returns whether the values look like row numbers of `rows` rows: increasing integers, of which some may be left out.
fn counts_rows(mut values: impl Iterator<Item = f64>, rows: usize) -> bool {
    let first = values.next().unwrap_or_default();
    let (mut last, mut n) = (first, 1);
    let rising = values.all(|value| {
        let rises = value > last && value.fract() == 0.0;
        (last, n) = (value, n + 1);
        rises
    });
    rising && n >= ENOUGH && first.fract() == 0.0 && last - first < rows as f64
}

pub(super) fn hardly_repeats(dictionary: &Dictionary, rows: usize) -> bool {
    dictionary.len() >= ENOUGH && 2 * dictionary.len() > rows
}

/// Returns the number that occurs most often; ties go to the smallest.
fn most_frequent(numbers: impl Iterator<Item = f64>, n: usize) -> usize {
    let mut counts = vec![0usize; n];
    numbers.for_each(|number| counts[number as usize] += 1);
    let most = counts.iter().max().copied().unwrap_or_default();
    counts.iter().position(|&count| count == most).unwrap_or_default()
}
