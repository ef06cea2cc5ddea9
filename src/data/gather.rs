//! Gathering from a source that may be anybody's.

use nalgebra::DMatrix;

use super::Samples;
use crate::error::{Error, Result};
use crate::real::Real;

/// Gathers like [`Samples::gather`], and verifies that the source has left `x` and `y` in the shapes in which it got
/// them: every loop over a batch relies on these.
///
/// # Errors
///
/// Returns what the source returns, and [`Error::SizeMismatch`] if it has changed the shape of `x` or `y`.
pub(crate) fn gather_checked<T: Real>(
    samples: &dyn Samples<T>,
    epoch: u64,
    indices: &[usize],
    x: &mut DMatrix<T>,
    y: &mut DMatrix<T>,
) -> Result<()> {
    let before = [x.shape(), y.shape()];
    samples.gather(epoch, indices, x, y)?;
    let (x, y) = (x.shape(), y.shape());
    for (what, found, expected) in [
        ("rows of x after `gather`, which must not change them", x.0, before[0].0),
        ("columns of x after `gather`, which must not change them", x.1, before[0].1),
        ("rows of y after `gather`, which must not change them", y.0, before[1].0),
        ("columns of y after `gather`, which must not change them", y.1, before[1].1),
    ] {
        if found != expected {
            return Err(Error::SizeMismatch { what, found, expected });
        }
    }
    Ok(())
}
