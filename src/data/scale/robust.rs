//! Robust scaling: scales by quantiles, which outliers hardly change.

use super::Scale;

/// Scales each row by its median and its interquartile range: c = q₀.₅, s = q₀.₇₅ − q₀.₂₅.
///
/// Quantiles between two values are interpolated linearly. A row half of whose values are equal may have no width: it
/// is then only shifted by its median.
///
/// # Examples
///
/// ```
/// use gradus::data::{Robust, Scale};
///
/// assert_eq!(Robust.center_and_width(&mut [4.0, 1e9, 2.0, 1.0, 3.0]), (3.0, 2.0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Robust;

impl Scale for Robust {
    fn center_and_width(&self, column: &mut [f64]) -> (f64, f64) {
        column.sort_unstable_by(f64::total_cmp);
        (quantile(column, 0.5), quantile(column, 0.75) - quantile(column, 0.25))
    }
}

/// Returns the `q`-quantile of the sorted values, interpolated linearly; NaN if there are none.
pub(in crate::data) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len().max(1) - 1) as f64;
    match (sorted.get(at.floor() as usize), sorted.get(at.ceil() as usize)) {
        // As a weighted sum, because the difference of two large values may overflow.
        (Some(low), Some(high)) if low != high => low * (1.0 - at.fract()) + high * at.fract(),
        (Some(value), _) => *value,
        _ => f64::NAN,
    }
}
