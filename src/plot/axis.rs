//! The axes of a chart: ranges, marks and their texts.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;

use crate::real::portable::{ln, pow};

/// How the numbers of an axis are spread.
///
/// # Examples
///
/// ```
/// use gradus::plot::{Chart, Scale};
///
/// let names = ["cat", "human"].map(str::to_owned).to_vec();
/// let chart = Chart::new("Errors", "class", "rate").x_scale(Scale::Names(names)).y_scale(Scale::Log);
/// let chart = chart.dots("test", [(0.0, 0.01), (1.0, 0.2)]);
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("errors.svg");
/// gradus::plot::save(&path, "", 1, &[chart])?;
/// assert!(std::fs::read_to_string(&path).unwrap().contains("human"));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Scale {
    /// Equal distances for equal differences.
    Linear,
    /// Equal distances for equal ratios, with marks at powers of ten.
    Log,
    /// 0, 1, 2 … have names.
    Names(Vec<String>),
}

#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub label: String,
    pub scale: Scale,
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// The range asked for, else one that holds every value, with a little room.
    pub fn extent(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        let log = |v: f64| if self.scale == Scale::Log { log10(v) } else { v };
        if let Some((from, to)) = self.range.map(|(from, to)| (log(from), log(to)))
            && is_drawable(from)
            && is_drawable(to)
            && to - from > 1e-9 * from.abs().max(to.abs())
        {
            return (from, to);
        }
        if let Scale::Names(names) = &self.scale {
            return (-0.5, names.len() as f64 - 0.5);
        }
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let (width, magnitude) = (most - least, least.abs().max(most.abs()));
        match width {
            width if !width.is_finite() || width < 0.0 => (0.0, 1.0),
            // As good as constant: marks between such values would be the same number, and without end.
            width if width <= 1e-9 * magnitude => {
                let half = (1e-3 * magnitude).max(0.5);
                (least - half, most + half)
            }
            width => (least - 0.03 * width, most + 0.03 * width),
        }
    }

    /// The range, with marks where numbers are round: whole ones if all `values` are, such as epochs.
    pub fn marked(&self, (from, to): (f64, f64), mut values: impl Iterator<Item = f64>) -> Marked {
        let range = RangedCoordf64::from(from..to);
        let marks = match &self.scale {
            Scale::Linear if values.all(|v| v == v.round()) => {
                range.key_points(9).into_iter().filter(|v| (v - v.round()).abs() < 1e-9).collect()
            }
            Scale::Linear => range.key_points(9),
            Scale::Log => log_marks(from, to),
            Scale::Names(names) => (0..names.len()).map(|i| i as f64).collect(),
        };
        Marked { range, marks }
    }

    /// The text at `v` on an axis of length `width`.
    pub fn name(&self, v: f64, width: f64) -> String {
        let whole = (v - v.round()).abs() < 1e-9;
        match &self.scale {
            Scale::Linear => {
                let digits = (2.0 - log10(width / 2.0).floor()).clamp(0.0, 6.0) as usize;
                let text = format!("{v:.digits$}");
                let text =
                    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                if text == "-0" { "0".to_owned() } else { text.to_owned() }
            }
            Scale::Log => format!("{:.*}", (-v.floor()).max(0.0) as usize, pow(10.0, v)),
            Scale::Names(names) if whole && v > -0.5 => {
                names.get(v.round() as usize).cloned().unwrap_or_default()
            }
            _ => String::new(),
        }
    }
}

/// Whether a value is finite, with space for an axis around it: the marks of an infinite range have no end.
pub(super) fn is_drawable(value: f64) -> bool {
    value.abs() < 1e300
}

/// A range and its marks.
pub(super) struct Marked {
    range: RangedCoordf64,
    marks: Vec<f64>,
}

impl Ranged for Marked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.marks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.range()
    }
}

/// Logarithms from `from` to `to` of 1, 2, 5, 10, 20 …, or of powers of ten only where these are enough.
fn log_marks(from: f64, to: f64) -> Vec<f64> {
    let digits = if to - from < 3.0 { &[1.0, 2.0, 5.0][..] } else { &[1.0] };
    let powers = from.floor() as i32..=to.ceil() as i32;
    let marks = powers.flat_map(|power| digits.iter().map(move |digit| f64::from(power) + log10(*digit)));
    marks.filter(|mark| (from..=to).contains(mark)).collect()
}

/// The logarithm to base 10.
pub(super) fn log10(v: f64) -> f64 {
    ln(v) / std::f64::consts::LN_10
}
