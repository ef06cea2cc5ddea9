//! Detects the format of a table from its beginning: separator, decimal comma, and whether the first line has names.

use csv::{ByteRecord, ReaderBuilder};

use super::super::columns::{Cell, Syntax, looks_like_number, lossy};
use crate::error::TableProblem;

/// The possible separators in the order of preference: a comma is the last, because it may be a decimal comma.
const SEPARATORS: [u8; 4] = [b'\t', b';', b'|', b','];

/// The first bytes of files that are often mistaken for tables of text: the format, and the advice.
const FORMATS: [(&[u8], &str, &str); 8] = [
    (b"PK\x03\x04", "an Excel or zip file", "save the sheet as CSV (UTF-8), or unpack the file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "save the sheet as CSV (UTF-8)"),
    (b"\x1f\x8b", "a gzip file", "unpack it, or pass a decoder to `Csv::read`"),
    (b"\xff\xfe", "a text in UTF-16", "save it as CSV (UTF-8)"),
    (b"\xfe\xff", "a text in UTF-16", "save it as CSV (UTF-8)"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"<", "a web page or XML", "download the file itself, not the page that shows it"),
    (b"{", "JSON", "write it as CSV"),
];

/// Returns an error if `head` begins like a file of another format.
pub(super) fn check_format(head: &[u8]) -> Result<(), TableProblem> {
    let start = head.trim_ascii_start();
    match FORMATS.iter().find(|(magic, ..)| start.starts_with(magic)) {
        Some(&(_, found, then)) => Err(TableProblem::Format { found, then }),
        None if head.contains(&0) => {
            Err(TableProblem::Format { found: "a binary file", then: "write it as CSV (UTF-8)" })
        }
        None => Ok(()),
    }
}

/// Returns the records of `head`; the last one may be incomplete.
pub(super) fn records(head: &[u8], separator: u8) -> Vec<ByteRecord> {
    let mut reader =
        ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(head);
    // This cannot fail: a slice can always be read, and records may have any length.
    reader.byte_records().map_while(Result::ok).collect()
}

/// Returns the separator that gives the most lines the same number of fields.
pub(super) fn separator(head: &[u8]) -> u8 {
    let agreement = |separator: u8| {
        let records = records(head, separator);
        let lengths: Vec<usize> = records.iter().map(ByteRecord::len).filter(|&n| n > 1).collect();
        let count = |n: usize| lengths.iter().filter(|&&m| m == n).count();
        let most = lengths.iter().map(|&n| count(n)).max().unwrap_or(0);
        most as f64 / records.len().max(1) as f64
    };
    let mut best = (0.0, b',');
    for separator in SEPARATORS {
        let agreement = agreement(separator);
        if agreement > best.0 {
            best = (agreement, separator);
        }
    }
    best.1
}

/// Returns whether numbers have a decimal comma: some have a comma, and none has a dot.
pub(super) fn decimal_comma(rows: &[ByteRecord]) -> bool {
    let syntax = Syntax { decimal_comma: true, ..Syntax::default() };
    let cells = || rows.iter().flat_map(|row| row.iter()).map(<[u8]>::trim_ascii);
    let is_number = |cell: &[u8]| matches!(syntax.number(cell), Cell::Number(_));
    cells().any(|cell| looks_like_number(cell) && is_number(cell))
        && !cells().any(|cell| cell.contains(&b'.') && is_number(cell))
}

/// Returns a value of the first line that looks like data, if the line does not look like names.
pub(super) fn data_in_header(first: &ByteRecord) -> Option<String> {
    let syntax = Syntax { decimal_comma: true, ..Syntax::default() };
    let number = |cell: &[u8]| match syntax.number(cell) {
        Cell::Number(value) => Some(value),
        _ => None,
    };
    let numbers: Vec<Option<f64>> = first.iter().map(number).collect();
    // Other programs name unnamed columns 0, 1, 2 …
    let counted = numbers.windows(2).all(|pair| match pair {
        [Some(a), Some(b)] => a + 1.0 == *b,
        _ => false,
    });
    let all = numbers.iter().all(Option::is_some);
    let fraction = numbers.iter().position(|n| n.is_some_and(|n| n.fract() != 0.0));
    match (all && !(counted && numbers.len() > 1), fraction) {
        (_, Some(at)) => first.get(at).map(lossy),
        (true, None) => first.get(0).map(lossy),
        (false, None) => None,
    }
}
