//! Reads the rows of a table one by one: the names, then the fields, with line numbers for errors.

use std::fs::{self, File};
use std::io::{self, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::super::columns::Syntax;
use super::{Csv, sniff};
use crate::error::{Error, Result, TableError, TableProblem};

/// Number of bytes at the beginning of a file from which its format is detected.
const HEAD: u64 = 128 << 10;

/// A problem in a row, with its column, counted from 0, if it concerns one.
pub(super) type Fault = (Option<usize>, TableProblem);

/// Opens a regular file, and returns it with its length.
pub(super) fn open(path: &Path) -> Result<(File, u64)> {
    let refuse = |problem| {
        Error::Table(Box::new(TableError { path: path.to_path_buf(), line: None, column: None, problem }))
    };
    let unopened = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => refuse(TableProblem::NotFound),
        _ => refuse(TableProblem::Unreadable { source }),
    };
    let metadata = fs::metadata(path).map_err(unopened)?;
    // Checked before opening: opening a pipe blocks until a program writes to it.
    match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Ok((File::open(path).map_err(unopened)?, metadata.len())),
        (_, true) => Err(refuse(TableProblem::NotAFile { found: "a directory" })),
        _ => Err(refuse(TableProblem::NotAFile { found: "a pipe or a device" })),
    }
}

/// The beginning of the file, the rest, and a line break.
type Ended<R> = Chain<Chain<Cursor<Vec<u8>>, R>, &'static [u8]>;

/// A table that is being read.
pub(super) struct Rows<R> {
    reader: Reader<Ended<R>>,
    path: PathBuf,
    pub names: Vec<String>,
    /// The first rows, from which the kinds of the columns are determined.
    pub head: Vec<ByteRecord>,
    pub syntax: Syntax,
    pub separator: u8,
    /// An estimate of the number of rows from the length of the file; 0 without a length.
    pub expected: usize,
    /// How lines end. The second byte of `\r\n` is read with the next line.
    ends: LineEnd,
    record: ByteRecord,
    count: u64,
    /// The number of lines that contain only separators.
    pub empty: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum LineEnd {
    Lf,
    CrLf,
    Cr,
}

impl<R: Read> Rows<R> {
    pub fn new(csv: &Csv, mut reader: R, path: &Path, length: Option<u64>) -> Result<Self> {
        let refuse = |line, problem| {
            Error::Table(Box::new(TableError { path: path.to_path_buf(), line, column: None, problem }))
        };
        let mut head = Vec::new();
        let unreadable = |source| refuse(None, TableProblem::Unreadable { source });
        reader.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
        let bom = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        head.drain(..bom);
        sniff::check_format(&head).map_err(|problem| refuse(None, problem))?;

        // The last line of the beginning may be incomplete, so it is not used unless it is the only one.
        let whole = match head.iter().rposition(|&byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) if head.len() as u64 + bom as u64 == HEAD => &head[..=end],
            _ => &head[..],
        };
        let separator = csv.separator.unwrap_or_else(|| sniff::separator(whole));
        let mut records = sniff::records(whole, separator);
        let bytes = whole.len();
        if records.is_empty() {
            return Err(refuse(None, TableProblem::NoRows));
        }
        let first = records[0].clone();
        let has_header = csv.header.unwrap_or(true);
        if has_header {
            if csv.header.is_none()
                && let Some(value) = sniff::data_in_header(&first)
            {
                return Err(refuse(Some(1), TableProblem::NoHeader { value }));
            }
            records.remove(0);
        }
        let names = names(csv, &first, has_header).map_err(|(column, problem)| {
            let column = column.map(|at| (at + 1, name(&first, at)));
            Error::Table(Box::new(TableError { path: path.to_path_buf(), line: Some(1), column, problem }))
        })?;
        let rate = records.len() as u64 + u64::from(has_header);
        let expected = length.map_or(0, |length| length.saturating_mul(rate) / bytes.max(1) as u64);
        let ends = match head.iter().position(|&byte| byte == b'\n') {
            Some(at) if at > 0 && head[at - 1] == b'\r' => LineEnd::CrLf,
            Some(_) => LineEnd::Lf,
            None if head.contains(&b'\r') => LineEnd::Cr,
            None => LineEnd::Lf,
        };
        let syntax = csv.syntax(|| separator != b',' && sniff::decimal_comma(&records));
        // A line break is appended, so that the last line ends like the others.
        let last: &[u8] = if ends == LineEnd::CrLf { b"\r\n" } else { b"\n" };
        let stream = Cursor::new(head).chain(reader).chain(last);
        let reader = ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(has_header)
            .buffer_capacity(1 << 16)
            .from_reader(stream);
        let (path, record) = (path.to_path_buf(), ByteRecord::new());
        let expected = usize::try_from(expected + expected / 64).unwrap_or(usize::MAX);
        Ok(Self {
            reader,
            path,
            names,
            head: records,
            syntax,
            separator,
            expected,
            ends,
            record,
            count: u64::from(has_header),
            empty: 0,
        })
    }

    /// Passes each row to `take`; an error of `take` is returned with its line and column.
    pub fn for_each(
        &mut self,
        mut take: impl FnMut(&ByteRecord) -> std::result::Result<(), Fault>,
    ) -> Result<()> {
        let mut record = std::mem::take(&mut self.record);
        loop {
            match self.reader.read_byte_record(&mut record) {
                Ok(true) => self.count += 1,
                Ok(false) => break,
                Err(error) => {
                    let source = match error.into_kind() {
                        csv::ErrorKind::Io(source) => source,
                        other => io::Error::other(format!("{other:?}")),
                    };
                    return Err(self.fail(None, (None, TableProblem::Unreadable { source })));
                }
            }
            if record.iter().all(|field| field.trim_ascii().is_empty()) && self.names.len() > 1 {
                self.empty += 1;
                continue;
            }
            let outcome =
                if record.len() == self.names.len() { take(&record) } else { Err(self.unequal(&record)) };
            outcome.map_err(|fault| self.fail(Some(self.line(&record)), fault))?;
        }
        Ok(())
    }

    fn unequal(&self, record: &ByteRecord) -> Fault {
        let (found, expected) = (record.len(), self.names.len());
        (None, TableProblem::Fields { found, expected, quoted: record.as_slice().contains(&b'\n') })
    }

    /// Returns the line at which `record`, the last that was read, begins.
    fn line(&self, record: &ByteRecord) -> u64 {
        let after = self.reader.position().line();
        // After an unclosed quotation mark, the last line break belongs to the field and does not end the record.
        let open = record.as_slice().ends_with(b"\n") && record.len() != self.names.len();
        let inside = record.as_slice().iter().filter(|&&byte| byte == b'\n').count() as u64;
        match self.ends {
            LineEnd::Lf if !open => after.saturating_sub(inside + 1),
            LineEnd::Lf | LineEnd::CrLf => after.saturating_sub(inside),
            LineEnd::Cr => self.count,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the error of a fault in a line; without a line, it concerns the whole table.
    pub fn fail(&self, line: Option<u64>, (column, problem): Fault) -> Error {
        let column = column.and_then(|at| Some((at + 1, self.names.get(at)?.clone())));
        Error::Table(Box::new(TableError { path: self.path.clone(), line, column, problem }))
    }

    /// Returns the index of the column `wanted`, or an error if there is none.
    pub fn find(&self, wanted: &str) -> Result<usize> {
        self.names.iter().position(|name| name == wanted).ok_or_else(|| {
            let (wanted, columns) = (wanted.to_owned(), self.names.clone());
            let simple = |name: &str| name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
            let near = columns.iter().find(|name| simple(name) == simple(&wanted)).cloned();
            self.fail(None, (None, TableProblem::UnknownColumn { wanted, near, columns }))
        })
    }
}

fn name(first: &ByteRecord, at: usize) -> String {
    first.get(at).map(super::super::columns::lossy).unwrap_or_default()
}

/// Returns the names of the columns, or an error if a name occurs twice or is not UTF-8.
fn names(csv: &Csv, first: &ByteRecord, has_header: bool) -> std::result::Result<Vec<String>, Fault> {
    let mut names: Vec<String> = Vec::new();
    for (at, field) in first.iter().enumerate() {
        let unnamed = || format!("column {}", at + 1);
        let name = match std::str::from_utf8(field.trim_ascii()) {
            _ if !has_header || csv.names.is_some() => unnamed(),
            Ok("") => unnamed(),
            Ok(name) => name.to_owned(),
            Err(_) => return Err((Some(at), TableProblem::NotUtf8 { value: name(first, at) })),
        };
        names.push(name);
    }
    if let Some(given) = &csv.names {
        if given.len() != names.len() {
            return Err((None, TableProblem::Names { given: given.len(), columns: names.len() }));
        }
        names.clone_from(given);
    }
    for (at, name) in names.iter().enumerate() {
        if let Some(before) = names.iter().take(at).position(|other| other == name) {
            return Err((Some(at), TableProblem::DuplicateName { first: before + 1 }));
        }
    }
    Ok(names)
}
