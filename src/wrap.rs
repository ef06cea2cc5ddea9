//! Lines that fit a terminal.

/// The columns of a terminal.
pub(crate) const COLUMNS: usize = 80;

/// Joins `pieces` by spaces into lines of at most 80 columns. The text begins in column `start`, and its later lines
/// are indented by as much. A piece that is too long stands in a line of its own.
pub(crate) fn wrap<'a>(pieces: impl IntoIterator<Item = &'a str>, start: usize) -> String {
    let (mut text, mut column) = (String::new(), start);
    for piece in pieces {
        let width = piece.chars().count();
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
