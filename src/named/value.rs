//! The values of parameters, as text.

use crate::error::Result;
use crate::error::plain;

/// A value that is read from text and written back.
pub(crate) trait Value: Sized {
    /// The expected form of the text, for error messages.
    const EXPECTED: &'static str;

    /// Reads a value; `None` if the text is not of the expected form. Returns an error if it can say more.
    fn read(text: &str) -> Result<Option<Self>>;

    /// Writes the value, so that it reads back bitwise identical.
    fn text(&self) -> String;
}

impl Value for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(text: &str) -> Result<Option<Self>> {
        Ok(text.parse().ok())
    }

    fn text(&self) -> String {
        plain(*self)
    }
}

macro_rules! from_str {
    ($($type:ty: $expected:literal;)*) => { $(
        impl Value for $type {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Result<Option<Self>> {
                Ok(text.parse().ok())
            }

            fn text(&self) -> String {
                self.to_string()
            }
        }
    )* };
}
from_str! {
    usize: "a whole number from 0 on";
    u64: "a whole number from 0 on";
    bool: "true or false";
}

impl Value for Vec<usize> {
    const EXPECTED: &'static str = "a list of whole numbers, such as [30, 60]";

    fn read(text: &str) -> Result<Option<Self>> {
        let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
            return Ok(None);
        };
        let items = inside.split(',').map(str::trim).filter(|_| !inside.trim().is_empty());
        Ok(items.map(|item| item.parse().ok()).collect())
    }

    fn text(&self) -> String {
        format!("{self:?}")
    }
}
