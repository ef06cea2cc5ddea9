//! Derivatives by finite differences.

use std::fmt::Debug;

use crate::error::Result;

/// A derivative has to agree with finite differences to this relative error.
const RELATIVE: f64 = 1e-7;

/// Compares `found` with the derivative of `f` at 0, estimated by finite differences.
///
/// The estimate is (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h, whose error is of order h⁴. Where the estimates with h
/// and h/2 disagree, or the one-sided derivatives do, f has a kink nearby; there `found` has to lie between the
/// one-sided derivatives. `magnitude` is the magnitude of the terms of which f is a sum, which bounds the rounding
/// error of a difference. A function that is NaN or infinite nearby has no derivative, and breaks the law too.
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
    // Central differences do not see a kink at 0 itself, such as that of |w|: its two sides cancel.
    if smooth && high - low <= slack {
        return super::check_close(subject, law, at, found, fine, tolerance);
    }
    super::check_close(subject, law, at, found, found.clamp(low - slack, high + slack), 0.0)
}
