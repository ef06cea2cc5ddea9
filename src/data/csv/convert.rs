//! Converts tables to a file of samples, one row at a time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::complete::complete;
use super::follow::Follow;
use super::rows::{self, Rows};
use super::{Csv, Predicted, fit};
use crate::data::TaskFinder;
use crate::data::columns::{Columns, TargetColumns};
use crate::data::stream::{Writer, encode};
use crate::error::{Error, Result, TableError, TableProblem};
use crate::real::Real;

/// Number of bytes at the beginning of a table from which kinds of columns and fill values are determined.
const HEAD: u64 = 16 << 20;

/// See [`Csv::write_all`].
pub(super) fn write<T: Real>(csv: &Csv, from: &[&Path], to: &Path) -> Result<Columns> {
    let columns = columns::<T>(csv, from, HEAD)?;
    write_like::<T>(csv, &columns, from, to)?;
    Ok(columns)
}

/// Returns the columns of some tables: kinds and fill values from the first `most` bytes, categories and classes from
/// all rows.
fn columns<T: Real>(csv: &Csv, from: &[&Path], most: u64) -> Result<Columns> {
    let Some(first) = from.first() else { return Err(Error::Empty { what: "the list of tables" }) };
    let refuse = |problem| {
        Error::Table(Box::new(TableError { path: first.to_path_buf(), line: None, column: None, problem }))
    };
    let unreadable = |source| refuse(TableProblem::Unreadable { source });
    let mut head = Vec::new();
    open(first)?.take(most).read_to_end(&mut head).map_err(unreadable)?;
    let is_cut = head.len() as u64 == most;
    if is_cut {
        head.truncate(last_line_end(&head));
    }
    let has_more = is_cut || from.len() > 1;
    let mut columns = fit::columns::<T>(csv, head.as_slice(), first, has_more)?;
    drop(head);
    if has_more {
        let rows = complete(csv, &mut columns, from.iter().map(|&path| Ok((path, open(path)?))))?;
        if let [value] = columns.class_names() {
            return Err(refuse(TableProblem::OneTarget { value: value.clone(), rows }));
        }
    }
    Ok(columns)
}

/// See [`Csv::write_like`].
pub(super) fn write_like<T: Real>(csv: &Csv, columns: &Columns, from: &[&Path], to: &Path) -> Result<()> {
    let plain = Csv { tags: Vec::new(), ..csv.clone() };
    let labels = matches!(columns.targets(), TargetColumns::Classes { .. });
    let mut writer = Writer::of_numbers::<T>(to, labels, (columns.n_inputs(), columns.n_outputs()))?;
    let (mut x, mut y, mut finder) = (Vec::new(), Vec::new(), TaskFinder::new());
    for path in from {
        let mut rows = Rows::new(&plain, open(path)?, path, None)?;
        let mut follow = Follow::<T>::new(&plain, columns, &rows, true)?;
        let mut unwritable = None;
        let read = rows.for_each(|record| {
            let taken = follow.take(record, |x_row, y_row| {
                x.clear();
                y.clear();
                encode(x_row, &mut x);
                encode(y_row, &mut y);
                if !labels {
                    finder.add_sample(y_row);
                }
            })?;
            let Some(label) = taken else { return Ok(()) };
            if let Some(label) = label {
                y.clear();
                y.extend(label.to_le_bytes());
            }
            writer.push(&x, &y).map_err(|error| {
                unwritable = Some(error);
                // A placeholder that ends the loop; the error above is returned.
                (None, TableProblem::NoRows)
            })
        });
        if let Some(error) = unwritable {
            return Err(error);
        }
        read.and_then(|()| follow.check_rows(&rows))?;
    }
    if !labels && csv.task != Predicted::Numbers {
        writer.set_task(finder.finish());
    }
    writer.finish()
}

/// Opens a table, plain or gzip.
fn open(path: &Path) -> Result<Box<dyn Read>> {
    let (mut file, _) = rows::open(path)?;
    let mut start = Vec::new();
    let begun = Read::by_ref(&mut file).take(2).read_to_end(&mut start);
    if begun.is_ok() && start == [0x1f, 0x8b] {
        return Ok(Box::new(MultiGzDecoder::new(io::Cursor::new(start).chain(file))));
    }
    Ok(Box::new(io::Cursor::new(start).chain::<File>(file)))
}

/// Returns the end of the last line that is not inside a quoted field.
fn last_line_end(head: &[u8]) -> usize {
    let (mut quoted, mut end) = (false, head.len());
    for (at, byte) in head.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Missing, Table};
    use super::*;

    /// For any size of the beginning, the columns are those of all rows: in tables that are sorted by class, with
    /// categories that occur late, and with dropped rows.
    #[test]
    fn late_categories_and_classes_are_found() -> Result<()> {
        let folder =
            tempfile::tempdir().map_err(|error| Error::Samples { epoch: 1, source: error.into() })?;
        let (all, one, two) = ["all", "one", "two"].map(|name| folder.path().join(name)).into();
        let header = "number,colour,kind\n";
        let row = |i: usize| {
            let colour = ["red", "blue", "", "green", "10", "9"][i / 50];
            format!("{}.5,{colour},{}\n", i % 13, ["b", "a", "c"][i / 100])
        };
        let rows = |range: std::ops::Range<usize>| range.map(row).collect::<String>();
        let write = |path: &Path, text: String| fs::write(path, text).unwrap();
        write(&all, header.to_owned() + &rows(0..300));
        write(&one, header.to_owned() + &rows(0..120));
        write(&two, header.to_owned() + &rows(120..300));
        for missing in [Missing::Value(0.25), Missing::DropRows] {
            for target in ["kind", "number", "colour"] {
                let csv = Csv::new().target(target).missing(missing);
                let table: Table<f64> = csv.open(&all)?;
                for most in [150, 1_000, 1 << 20] {
                    assert_eq!(columns::<f64>(&csv, &[&all], most)?, table.columns, "{target}, {most}");
                }
                assert_eq!(columns::<f64>(&csv, &[&one, &two], 1 << 20)?, table.columns, "{target}");
            }
        }
        // A single class is an error, however many tables have it.
        write(&one, header.to_owned() + &rows(0..90));
        let csv = Csv::new().target("kind").missing(Missing::DropRows);
        for tables in [&[&*one, &*one][..], &[&*one]] {
            let refused = columns::<f64>(&csv, tables, 150);
            let Err(Error::Table(error)) = refused else { panic!("{refused:?}") };
            assert!(matches!(error.problem, TableProblem::OneTarget { .. }), "{error}");
        }
        // More than 20 different numbers are not classes.
        let many: String =
            (0..200).map(|i| format!("1.5,red,{}\n", if i < 150 { i % 2 } else { i })).collect();
        write(&two, header.to_owned() + &many);
        let refused = columns::<f64>(&csv, &[&two], 150);
        let Err(Error::Table(error)) = refused else { panic!("{refused:?}") };
        assert!(matches!(error.problem, TableProblem::TooManyClasses { classes: 21, .. }), "{error}");
        Ok(())
    }
}
