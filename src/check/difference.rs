//! Derivatives by differences.

use std::fmt::Debug;

use crate::error::Result;

/// A derivative has to agree with differences to this relative error.
const RELATIVE: f64 = 1e-7;

/// Compares `found` with the derivative of `f` at 0, estimated by differences.
///
/// The estimate is (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h, whose error is of order h⁴. Where the estimates from h
/// and h/2 disagree, or those from either side do, f has a kink nearby; there the derivative has to lie between those
/// from either side. `magnitude` is the size of the numbers that f adds up, which bounds what rounding does to a
/// difference. A function that is NaN or infinite nearby has no derivative, and breaks the law too.
pub(super) fn derivative(
    subject: &dyn Debug,
    law: &'static str,
    at: impl FnOnce() -> String,
    found: f64,
    magnitude: f64,
    mut f: impl FnMut(f64) -> f64,
) -> Result<()> {
    let h = 1e-3;
    let mut central = |h: f64| (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h);
    let (coarse, fine) = (central(h), central(h / 2.0));
    let rounding = 1e-11 * (1.0 + magnitude.abs());
    let tolerance = RELATIVE * fine.abs() + rounding;
    let smooth = (coarse - fine).abs() <= tolerance;
    if smooth && tolerance.is_finite() && (found - fine).abs() <= tolerance {
        return Ok(());
    }
    let value = f(0.0);
    let tiny = 1e-6;
    let (left, right) = ((value - f(-tiny)) / tiny, (f(tiny) - value) / tiny);
    if ![coarse, tolerance, left, right].into_iter().all(f64::is_finite) {
        let at = || format!("{}, where the function itself is NaN or infinite", at());
        return super::check_that(subject, law, at, false);
    }
    let (low, high) = (left.min(right), left.max(right));
    let slack = 1e-4 * (1.0 + magnitude.abs() + low.abs().max(high.abs()));
    // The two sides of a kink at 0 itself, such as that of |w|, cancel in every central difference.
    if smooth && high - low <= slack {
        return super::check_close(subject, law, at, found, fine, tolerance);
    }
    super::check_close(subject, law, at, found, found.clamp(low - slack, high + slack), 0.0)
}
