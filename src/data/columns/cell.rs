//! Parses the text of a cell: a number, a category, or a marker of a missing value.

use serde::{Deserialize, Serialize};

use crate::error::TableProblem;
use crate::real::Real;

/// The usual markers of missing values, in any letter case.
const MARKERS: [&str; 7] = ["", "na", "n/a", "#n/a", "nan", "null", "?"];

/// How numbers and missing values are written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::data) struct Syntax {
    pub decimal_comma: bool,
    /// Additional markers of missing values.
    pub markers: Vec<String>,
}

pub(in crate::data) enum Cell<'a> {
    /// A number, finite or not.
    Number(f64),
    Missing,
    Text(&'a [u8]),
}

impl Syntax {
    /// Parses `field` in a column of numbers.
    pub fn number<'a>(&self, field: &'a [u8]) -> Cell<'a> {
        let text = field.trim_ascii();
        match self.parse(text) {
            // The usual case, so it is tried first. The user's markers may be numbers, such as -999.
            Some(value) if value.is_finite() && !self.is_own_marker(text) => Cell::Number(value),
            _ if self.is_missing(text) => Cell::Missing,
            Some(value) => Cell::Number(value),
            None => Cell::Text(text),
        }
    }

    /// Parses `field` in a column of texts.
    pub fn text<'a>(&self, field: &'a [u8]) -> Cell<'a> {
        let text = field.trim_ascii();
        if self.is_missing(text) { Cell::Missing } else { Cell::Text(text) }
    }

    fn parse(&self, text: &[u8]) -> Option<f64> {
        let parse = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        if !(self.decimal_comma && text.contains(&b',')) {
            return parse(text);
        }
        if text.contains(&b'.') {
            return None;
        }
        let mut copy = [0; 64];
        let copy = copy.get_mut(..text.len())?;
        copy.copy_from_slice(text);
        copy.iter_mut().filter(|byte| **byte == b',').for_each(|byte| *byte = b'.');
        parse(copy)
    }

    fn is_missing(&self, text: &[u8]) -> bool {
        MARKERS.iter().any(|marker| text.eq_ignore_ascii_case(marker.as_bytes())) || self.is_own_marker(text)
    }

    fn is_own_marker(&self, text: &[u8]) -> bool {
        self.markers.iter().any(|marker| text == marker.as_bytes())
    }

    /// Returns the number in `field` in the precision of `T`; `None` if it is missing.
    pub fn finite<T: Real>(&self, field: &[u8]) -> Result<Option<T>, TableProblem> {
        match self.number(field) {
            Cell::Number(value) => {
                let rounded = T::cast(value);
                if rounded.is_finite() {
                    return Ok(Some(rounded));
                }
                let text = lossy(field);
                Err(if value.is_finite() {
                    TableProblem::TooLarge { value: text, precision: std::any::type_name::<T>() }
                } else {
                    TableProblem::NotFinite { value: text }
                })
            }
            Cell::Missing => Ok(None),
            Cell::Text(text) => Err(TableProblem::NotANumber { value: lossy(text), then: self.advice(text) }),
        }
    }

    /// Returns the advice for a text that is not a number.
    fn advice(&self, text: &[u8]) -> &'static str {
        if looks_like_date(text) {
            "replace dates by numbers, such as days since the first, or leave out the column by `.ignore(…)`"
        } else if looks_like_number(text) && !self.decimal_comma {
            "if the comma is a decimal comma, say `.decimal(',')`; remove commas between thousands"
        } else if looks_like_number(text) {
            "remove the dots between thousands, or say `.decimal('.')` if the dot is a decimal point"
        } else if text.iter().any(u8::is_ascii_digit) {
            "remove units and signs, so that only the number is left; or treat the column as categories by `.categorical(…)`"
        } else {
            "repair it, or treat it as missing by `.missing_marker(…)`, or the column as categories by `.categorical(…)`"
        }
    }
}

/// Returns the text of a field for messages, at most 80 characters.
pub(in crate::data) fn lossy(field: &[u8]) -> String {
    // After an unclosed quotation mark, the rest of the file is one field.
    const MAX: usize = 80;
    let text = String::from_utf8_lossy(field.trim_ascii());
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// Returns whether a text consists of the characters of a number and has a comma.
pub(in crate::data) fn looks_like_number(text: &[u8]) -> bool {
    let digits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b',' | b'.' | b'-' | b'+' | b'e' | b'E');
    text.first().is_some_and(|first| first.is_ascii_digit() || matches!(first, b'-' | b'+' | b',' | b'.'))
        && text.contains(&b',')
        && text.iter().all(digits)
}

/// Returns whether a text is three groups of digits like 2021-03-04, 4.3.2021 or 3/4/21, perhaps followed by a time.
pub(in crate::data) fn looks_like_date(text: &[u8]) -> bool {
    let day = text.split(|byte| matches!(byte, b' ' | b'T')).next().unwrap_or_default();
    let Some(separator) = day.iter().copied().find(|byte| !byte.is_ascii_digit()) else { return false };
    let groups: Vec<&[u8]> = day.split(|&byte| byte == separator).collect();
    let digits = groups.iter().all(|group| !group.is_empty() && group.iter().all(u8::is_ascii_digit));
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    matches!(separator, b'-' | b'/' | b'.')
        && digits
        && matches!(lengths[..], [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4])
}
