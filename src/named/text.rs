//! Splitting names that are composed of others.

/// Splits `text` at each `separator` outside of parentheses.
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

/// Returns `text` without its first and last character if these are an opening and a closing parenthesis.
pub(crate) fn inside(text: &str) -> Option<&str> {
    text.strip_prefix('(')?.strip_suffix(')')
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
        assert_eq!(split("f(x=1 or 2) é or ü", " or "), ["f(x=1 or 2) é", "ü"]);
        assert_eq!(split(")) or a", " or "), [")) or a"]);
        assert_eq!((inside("(a) or (b)"), inside("a"), inside("(a)")), (Some("a) or (b"), None, Some("a")));
    }
}
