//! Names that are put together from others: where the parts are, and how they are written.

use std::fmt;

use super::{Value, write};
use crate::error::{Result, check_setting};

/// A name with its parameters, which prints as it parses.
pub(crate) struct Named<'a>(pub(crate) &'a str, pub(crate) &'a [(&'a str, f64)]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.1.iter().map(|(name, value)| (*name, value.text())).collect();
        write(f, self.0, None, &parameters)
    }
}

/// Cuts `text` at each `separator` that is in no parentheses.
pub(crate) fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    for (at, character) in text.char_indices() {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 && at >= from && text[at..].starts_with(separator) {
            parts.push(text[from..at].trim());
            from = at + separator.len();
        }
    }
    parts.push(text[from..].trim());
    parts
}

/// Returns what is inside the parentheses around all of `text`, if there are any.
pub(crate) fn inside(text: &str) -> Option<&str> {
    text.strip_prefix('(')?.strip_suffix(')')
}

/// Returns a parameter that is a whole number.
pub(crate) fn whole(name: &'static str, value: f64) -> Result<usize> {
    let is_whole = value.fract() == 0.0 && (0.0..=1e15).contains(&value);
    check_setting(name, value, is_whole, "whole numbers from 0 on", "it is a count, or a number of a class")?;
    Ok(value as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_parentheses_do_not_cut() {
        assert_eq!(split("a or (b or c) or d", " or "), ["a", "(b or c)", "d"]);
        assert_eq!(split("a", " or "), ["a"]);
        assert_eq!(split("", " or "), [""]);
        assert_eq!(split(" or ", " or "), ["", ""]);
        assert_eq!(split("f(x=1, y=2) on é or ü", " or "), ["f(x=1, y=2) on é", "ü"]);
        assert_eq!(split(")) or a", " or "), [")) or a"]);
        assert_eq!((inside("(a) or (b)"), inside("a"), inside("(a)")), (Some("a) or (b"), None, Some("a")));
    }
}
