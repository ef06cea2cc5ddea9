//! A history as a table: aligned for reading, and as CSV.

use std::borrow::Cow;
use std::fmt;

use super::{EpochRecord, History, Split};
use crate::metrics::Scores;
use crate::wrap::{COLUMNS, broken, number, printable, right, width};

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
    /// [`EpochRecord::values`], and numbers have as many digits as are needed to read back the same number. A value that was
    /// not measured in an epoch, before a resumed run added its measure, is left empty. Returns an empty text if no epoch has
    /// ended.
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

    /// The names of the columns of a table of all epochs; none before the first epoch. Measures that a resumed run adds
    /// come last.
    pub(crate) fn columns(&self) -> Vec<Cow<'static, str>> {
        let mut columns = Vec::new();
        for (name, _) in self.epochs().iter().flat_map(EpochRecord::values) {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        columns
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
    /// A table with a line for each epoch, numbers aligned, of at most 80 columns: columns that have no space follow in
    /// further tables, each with the epochs. The penalty is left out where it is 0 in all epochs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.columns();
        let is_shown = |name: &&Cow<'static, str>| {
            **name != "penalty" || self.epochs().iter().any(|record| record.penalty != 0.0)
        };
        let shown: Vec<_> = names.iter().filter(is_shown).collect();
        let columns: Vec<Column> = shown.iter().map(|name| Column::new(name, self.epochs())).collect();
        let Some((epoch, others)) = columns.split_first() else { return write!(f, "no epoch has ended") };
        let all: usize = columns.iter().map(|column| column.width).sum();
        // One space between the columns if two would break the table.
        let gap = if all + 2 * others.len() > COLUMNS && all + others.len() <= COLUMNS { 1 } else { 2 };
        let mut rest = others;
        loop {
            let mut width = epoch.width;
            let fits = |column: &&Column| {
                width += gap + column.width;
                width <= COLUMNS
            };
            // At least one column, however wide.
            let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
            let (table, later) = rest.split_at(count);
            write_table(f, epoch, table, gap)?;
            if later.is_empty() {
                return Ok(());
            }
            f.write_str("\n\n")?;
            rest = later;
        }
    }
}

/// The most columns of a word in the head of a column; longer ones are broken.
const MAX_WORD: usize = 24;

/// A column of a printed table: the words of its name, which stand below each other, and the values.
struct Column {
    head: Vec<String>,
    cells: Vec<String>,
    width: usize,
}

impl Column {
    fn new(name: &str, epochs: &[EpochRecord]) -> Self {
        let name_in_line = printable(name);
        let head: Vec<String> =
            name_in_line.split_whitespace().flat_map(|word| broken(word, MAX_WORD)).collect();
        let cells: Vec<String> = epochs.iter().map(|record| cell(name, record)).collect();
        let width = head.iter().chain(&cells).map(|text| width(text)).max().unwrap_or(0);
        Self { head, cells, width }
    }

    /// Line `line` of the head, whose last word is in line `height` − 1.
    fn word(&self, line: usize, height: usize) -> &str {
        let index = (line + self.head.len()).checked_sub(height);
        index.and_then(|index| self.head.get(index)).map_or("", String::as_str)
    }
}

fn write_table(f: &mut fmt::Formatter<'_>, epoch: &Column, columns: &[Column], gap: usize) -> fmt::Result {
    let height = columns.iter().chain([epoch]).map(|column| column.head.len()).max().unwrap_or(0);
    let rows = epoch.cells.len();
    for line in 0..height + rows {
        let text = |column: &'_ Column| match line.checked_sub(height) {
            None => column.word(line, height).to_owned(),
            Some(row) => column.cells.get(row).cloned().unwrap_or_default(),
        };
        f.write_str(&right(&text(epoch), epoch.width))?;
        for column in columns {
            f.write_str(&right(&text(column), gap + column.width))?;
        }
        if line + 1 < height + rows {
            f.write_str("\n")?;
        }
    }
    Ok(())
}

/// The value of a column as a person reads it.
fn cell(name: &str, record: &EpochRecord) -> String {
    let values = record.values();
    let splits = [(Split::Training, &record.training), (Split::Validation, &record.validation)];
    let is_fraction = splits.iter().any(|(split, scores)| {
        let mut scores = scores.iter().flatten();
        scores.any(|score| score.is_fraction && name == format!("{split} {}", score.name))
    });
    let Some((_, value)) = values.iter().find(|(found, _)| found == name) else { return String::new() };
    match (name, value.abs()) {
        ("epoch", _) => value.to_string(),
        _ if is_fraction => number(100.0 * value, 2) + " %",
        ("seconds", _) => number(*value, 3),
        (_, size) if size > 0.0 && size.is_finite() && !(1e-3..1e7).contains(&size) => format!("{value:.2e}"),
        ("learning rate", _) => format!("{value:.4}"),
        _ => format!("{value:.5}"),
    }
}
