//! The values of parameters, as text.

use crate::error::plain;
use crate::history::Metric;
use crate::metrics::{Accuracy, BalancedAccuracy, MeanAbsoluteError, MeanCost, Measure, R2};

/// A value that is read from text and written back.
pub(crate) trait Value: Sized {
    /// What the text has to be, for the message of an error.
    const EXPECTED: &'static str;

    /// Reads a value.
    fn read(text: &str) -> Option<Self>;

    /// Writes the value, so that it reads back bitwise identical.
    fn text(&self) -> String;
}

impl Value for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> String {
        plain(*self)
    }
}

macro_rules! from_str {
    ($($type:ty: $expected:literal;)*) => { $(
        impl Value for $type {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
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

    fn read(text: &str) -> Option<Self> {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?.trim();
        if inside.is_empty() {
            return Some(Vec::new());
        }
        inside.split(',').map(|item| item.trim().parse().ok()).collect()
    }

    fn text(&self) -> String {
        format!("{self:?}")
    }
}

impl Value for Metric {
    const EXPECTED: &'static str = "main, or training or validation and the name of a measure without parameters, such as `validation cost`";

    fn read(text: &str) -> Option<Self> {
        fn named<M: Measure + 'static>(measure: M, split: &str, name: &str) -> Option<Metric> {
            match split {
                _ if measure.name() != name => None,
                "training" => Some(Metric::training(measure)),
                "validation" => Some(Metric::validation(measure)),
                _ => None,
            }
        }
        if text == "main" {
            return Some(Self::default());
        }
        let (split, name) = text.split_once(' ')?;
        named(MeanCost, split, name)
            .or_else(|| named(Accuracy, split, name))
            .or_else(|| named(BalancedAccuracy, split, name))
            .or_else(|| named(MeanAbsoluteError, split, name))
            .or_else(|| named(R2, split, name))
    }

    fn text(&self) -> String {
        if self.measure().is_none() { "main".to_owned() } else { self.to_string() }
    }
}
