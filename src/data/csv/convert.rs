//! From a table to a file of samples, one row at a time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::follow::Follow;
use super::rows::{self, Rows};
use super::{Csv, Table, fit};
use crate::data::columns::{Columns, TargetColumns};
use crate::data::stream::{Writer, encode};
use crate::data::{Samples, Task};
use crate::error::{Error, Result, TableError, TableProblem};
use crate::real::Real;

/// The beginning of a table from which columns, categories and classes are found out.
const HEAD: u64 = 64 << 20;

/// See [`Csv::write`].
pub(super) fn write<T: Real>(csv: &Csv, from: &Path, to: &Path) -> Result<Columns> {
    let unreadable = |source| {
        let problem = TableProblem::Unreadable { source };
        Error::Table(Box::new(TableError { path: from.to_path_buf(), line: None, column: None, problem }))
    };
    let mut head = Vec::new();
    open(from)?.take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    if head.len() as u64 == HEAD {
        head.truncate(last_line_end(&head));
    }
    let table: Table<T> = fit::read(csv, head.as_slice(), from, None)?;
    drop(head);

    let plain = Csv { tags: Vec::new(), ..csv.clone() };
    let Table { columns, data, .. } = table;
    let labels = matches!(columns.targets(), TargetColumns::Classes { .. });
    let (sizes, task) =
        ((data.n_inputs(), data.n_outputs()), Samples::task(&data).unwrap_or(Task::Regression));
    drop(data);
    let mut rows = Rows::new(&plain, open(from)?, from, None)?;
    let mut follow = Follow::<T>::new(&plain, &columns, &rows, true)?;
    let mut writer = Writer::of_numbers::<T>(to, labels, sizes, task)?;
    let (mut x, mut y, mut failed) = (Vec::new(), Vec::new(), None);
    rows.for_each(|record| {
        let Some(label) = follow.take(record, |x_row, y_row| {
            x.clear();
            y.clear();
            encode(x_row, &mut x);
            encode(y_row, &mut y);
        })?
        else {
            return Ok(());
        };
        if let Some(label) = label {
            y.clear();
            y.extend(label.to_le_bytes());
        }
        if failed.is_none() {
            failed = writer.push(&x, &y).err();
        }
        Ok(())
    })?;
    follow.check_rows(&rows)?;
    match failed {
        Some(error) => Err(error),
        None => writer.finish().map(|()| columns),
    }
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

/// The end of the last line that is not inside a quoted field.
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
