//! Texts that fit a terminal: their width in columns, and lines of at most 80.

use std::ops::RangeInclusive;

/// The columns of a terminal.
pub(crate) const COLUMNS: usize = 80;

/// Letters that take two columns: those of East Asia in their usual width, and pictograms (Unicode, annex 11).
const WIDE: [RangeInclusive<char>; 12] = [
    '\u{1100}'..='\u{115f}',
    '\u{2e80}'..='\u{303e}',
    '\u{3041}'..='\u{a4cf}',
    '\u{a960}'..='\u{a97c}',
    '\u{ac00}'..='\u{d7a3}',
    '\u{f900}'..='\u{faff}',
    '\u{fe30}'..='\u{fe6f}',
    '\u{ff01}'..='\u{ff60}',
    '\u{ffe0}'..='\u{ffe6}',
    '\u{1f300}'..='\u{1f64f}',
    '\u{1f680}'..='\u{1faff}',
    '\u{20000}'..='\u{3fffd}',
];

/// Marks that combine with the letter before them, and invisible characters.
const NARROW: [RangeInclusive<char>; 6] = [
    '\u{0300}'..='\u{036f}',
    '\u{1ab0}'..='\u{1aff}',
    '\u{1dc0}'..='\u{1dff}',
    '\u{200b}'..='\u{200f}',
    '\u{20d0}'..='\u{20ff}',
    '\u{fe00}'..='\u{fe0f}',
];

/// Returns how many columns a character takes on a terminal.
fn columns_of(c: char) -> usize {
    match c {
        ' '..='~' => 1,
        c if NARROW.iter().any(|range| range.contains(&c)) => 0,
        c if WIDE.iter().any(|range| range.contains(&c)) => 2,
        _ => 1,
    }
}

/// Returns how many columns `text` takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Returns `text` with a space for each control character, which would move the cursor or end the line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns `text` with spaces before it up to a width of `columns`.
pub(crate) fn right(text: &str, columns: usize) -> String {
    format!("{:1$}{text}", "", columns.saturating_sub(width(text)))
}

/// Returns the pieces of `text` of at most `most` columns.
pub(crate) fn broken(text: &str, most: usize) -> Vec<String> {
    let (mut pieces, mut column) = (vec![String::new()], 0);
    for c in text.chars() {
        if column > 0 && column + columns_of(c) > most {
            pieces.push(String::new());
            column = 0;
        }
        column += columns_of(c);
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}

/// Returns `text`, printable, and shortened to `most` columns with an ellipsis.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text = printable(text);
    match width(&text) <= most {
        true => text,
        false => broken(&text, most.saturating_sub(1)).swap_remove(0) + "…",
    }
}

/// Returns `value` with `digits` decimals, or with an exponent from 10⁷ on, where the digits would fill the line.
pub(crate) fn number(value: f64, digits: usize) -> String {
    match value.abs() {
        size if size >= 1e7 && size.is_finite() => format!("{value:.2e}"),
        _ => format!("{value:.digits$}"),
    }
}

/// Joins `pieces` by spaces into lines of at most 80 columns. The text begins in column `start`, and its later lines
/// are indented by as much. A piece that is too long stands in a line of its own.
pub(crate) fn wrap<'a>(pieces: impl IntoIterator<Item = &'a str>, start: usize) -> String {
    let (mut text, mut column) = (String::new(), start);
    for piece in pieces {
        let width = width(piece);
        if column > start && column + 1 + width > COLUMNS {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', start));
            column = start;
        } else if column > start {
            text.push(' ');
            column += 1;
        }
        text.push_str(piece);
        column += width;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_a_terminal() {
        assert_eq!((width(""), width("Öl"), width("漢字"), width("e\u{301}"), width("🙂")), (0, 2, 4, 1, 2));
        assert_eq!(printable("a\nb\u{1b}[2J\t"), "a b [2J ");
        assert_eq!((right("漢", 4), right("long", 2)), ("  漢".to_owned(), "long".to_owned()));
        assert_eq!(broken("漢字漢", 5), ["漢字", "漢"]);
        assert_eq!((broken("", 5), broken("漢字", 1)), (vec![String::new()], vec!["漢".into(), "字".into()]));
        assert_eq!(
            (shortened("漢字漢", 6), shortened("漢字漢", 5)),
            ("漢字漢".to_owned(), "漢字…".to_owned())
        );
        assert_eq!((number(-1e300, 2), number(9_999_999.0, 1)), ("-1.00e300".into(), "9999999.0".to_owned()));
    }

    #[test]
    fn lines_are_full_and_none_is_longer() {
        let words = "the quick brown fox jumps over the lazy dog ".repeat(20);
        let text = wrap(words.split_whitespace(), 12);
        let lines: Vec<&str> = text.split("\n            ").collect();
        for pair in lines.windows(2) {
            let next = pair[1].split(' ').next().unwrap();
            assert!(12 + pair[0].len() <= COLUMNS && 12 + pair[0].len() + 1 + next.len() > COLUMNS);
        }
        assert_eq!(lines.join(" "), words.trim_end());
        assert_eq!(wrap([], 3), "");
        assert_eq!(wrap(["a", &"b".repeat(90), "c"], 0), format!("a\n{}\nc", "b".repeat(90)));
    }
}
