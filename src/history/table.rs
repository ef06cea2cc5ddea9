//! A history as a table: aligned for reading, and as CSV.

use std::borrow::Cow;
use std::fmt;

use super::{EpochRecord, History, Split};
use crate::metrics::Scores;

impl EpochRecord {
    /// Returns the recorded values with their names, in the order of a table's columns: the epoch, the learning rate,
    /// the seconds, the running cost, the penalty, and then each score with the data on which it was measured, such
    /// as `validation accuracy`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let history = History::from_validation_accuracies(&[0.9]);
    /// let values = history.epochs()[0].values();
    /// assert_eq!(values[0], ("epoch".into(), 1.0));
    /// assert_eq!(values.last(), Some(&("validation accuracy".into(), 0.9)));
    /// ```
    pub fn values(&self) -> Vec<(Cow<'static, str>, f64)> {
        let Self { epoch, learning_rate, seconds, running_cost, penalty, training, validation } = self;
        let mut values: Vec<(Cow<'static, str>, f64)> = vec![
            ("epoch".into(), *epoch as f64),
            ("learning rate".into(), *learning_rate),
            ("seconds".into(), *seconds),
            ("running cost".into(), *running_cost),
            ("penalty".into(), *penalty),
        ];
        let mut add = |split: Split, scores: &Option<Scores>| {
            let scores = scores.iter().flatten();
            values.extend(scores.map(|score| (format!("{split} {}", score.name).into(), score.value)));
        };
        add(Split::Training, training);
        add(Split::Validation, validation);
        values
    }
}

impl History {
    /// Returns the history as CSV: a header and a line for each epoch. The columns are those of
    /// [`EpochRecord::values`], and numbers have as many digits as are needed to read back the same number. Empty if
    /// no epoch has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let csv = History::from_validation_accuracies(&[0.5, 0.75]).to_csv();
    /// let mut lines = csv.lines();
    /// assert!(lines.next().unwrap().starts_with("epoch,learning rate,seconds,running cost,penalty,training cost"));
    /// assert_eq!(lines.next(), Some("1,1,0,0.5,0,0.5,0.5,0.5,0.5"));
    /// assert_eq!(lines.count(), 1);
    /// ```
    pub fn to_csv(&self) -> String {
        let columns = self.columns();
        if columns.is_empty() {
            return String::new();
        }
        let rows = self.epochs().iter().map(|record| csv_row(&columns, record));
        std::iter::once(csv_header(&columns)).chain(rows).collect()
    }

    /// The names of the columns of a table of all epochs; none before the first epoch.
    pub(crate) fn columns(&self) -> Vec<Cow<'static, str>> {
        let first = self.epochs().first().map(EpochRecord::values);
        first.into_iter().flatten().map(|(name, _)| name).collect()
    }
}

/// The first line of a table with these columns.
pub(crate) fn csv_header(columns: &[Cow<'static, str>]) -> String {
    let names: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
    names.join(",") + "\n"
}

/// The line of an epoch. A value that was not measured is left empty.
pub(crate) fn csv_row(columns: &[Cow<'static, str>], record: &EpochRecord) -> String {
    let values = record.values();
    let value = |name: &Cow<'static, str>| values.iter().find(|(found, _)| found == name);
    let cells: Vec<_> = columns
        .iter()
        .map(|name| value(name).map_or(String::new(), |(_, value)| value.to_string()))
        .collect();
    cells.join(",") + "\n"
}

/// A name as a CSV field, in quotation marks if necessary.
fn quoted(name: &str) -> Cow<'_, str> {
    match name.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")).into(),
        false => name.into(),
    }
}

impl fmt::Display for History {
    /// A table with a line for each epoch, numbers aligned. The penalty is left out if it is 0 in all epochs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns();
        if columns.is_empty() {
            return write!(f, "no epoch has ended");
        }
        let shown: Vec<_> = columns
            .iter()
            .filter(|name| **name != "penalty" || self.epochs().iter().any(|record| record.penalty != 0.0))
            .collect();
        let rows: Vec<Vec<String>> = self.epochs().iter().map(|record| cells(&shown, record)).collect();
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([shown[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..shown.len()).map(width).collect();
        let header: Vec<_> = shown.iter().map(|name| name.to_string()).collect();
        for (index, row) in std::iter::once(&header).chain(&rows).enumerate() {
            let cells: Vec<_> =
                row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
            let line = cells.join("  ");
            write!(f, "{}{}", if index > 0 { "\n" } else { "" }, line)?;
        }
        Ok(())
    }
}

/// The values of `columns`, formatted for reading.
fn cells(columns: &[&Cow<'static, str>], record: &EpochRecord) -> Vec<String> {
    let values = record.values();
    let splits = [(Split::Training, &record.training), (Split::Validation, &record.validation)];
    let is_fraction = |name: &str| {
        splits.iter().any(|(split, scores)| {
            let mut scores = scores.iter().flatten();
            scores.any(|score| score.is_fraction && name == format!("{split} {}", score.name))
        })
    };
    let cell = |name: &str| {
        let Some((_, value)) = values.iter().find(|(found, _)| found == name) else { return String::new() };
        match (name, value.abs()) {
            ("epoch", _) => value.to_string(),
            _ if is_fraction(name) => format!("{:.2} %", 100.0 * value),
            ("seconds", _) => format!("{value:.3}"),
            (_, size) if size > 0.0 && size.is_finite() && !(1e-3..1e7).contains(&size) => {
                format!("{value:.2e}")
            }
            ("learning rate", _) => format!("{value:.4}"),
            _ => format!("{value:.5}"),
        }
    };
    columns.iter().map(|name| cell(name)).collect()
}
