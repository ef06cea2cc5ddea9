//! The quantile cost, whose minimum is a quantile of the targets.

use nalgebra::DMatrix;

use super::Cost;
use crate::activation::Linear;
use crate::error::{Result, check_setting};
use crate::real::{Real, zip_map, zip_sums};

/// C_x = Σ_j ρ(a_j − y_j), with ρ(r) = (1 − q) r for r ≥ 0 and −q r for r < 0, and δ = 1 − q or −q: for
/// linear outputs.
///
/// Also called pinball loss. Over many targets y of the same x, its minimum is at their q-quantile: a fraction
/// q of them lies below. At q = ½, the default, it is half the absolute error, whose minimum is at the median.
/// δ is 0 at a = y, where there is no derivative.
///
/// Source: Koenker and Bassett, "Regression quantiles", 1978.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (a, y) = (DMatrix::from_column_slice(2, 1, &[2.0, -2.0]), DMatrix::zeros(2, 1));
/// // A prediction that is too low costs nine times as much as one that is too high.
/// assert!((Quantile::new(0.9)?.value(&Linear, &a, &a, &y) - (0.2 + 1.8)).abs() < 1e-15);
/// assert_eq!(Quantile::default().value(&Linear, &a, &a, &y), 0.5 * (2.0 + 2.0));
/// gradus::check::cost(&Quantile::new(0.9)?, &Linear).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    q: f64,
}

impl Quantile {
    /// Creates a cost whose minimum is the `q`-quantile.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `q` is outside (0, 1).
    pub fn new(q: f64) -> Result<Self> {
        check_setting(
            "quantile q",
            q,
            q > 0.0 && q < 1.0,
            "(0, 1)",
            "at 0 or 1 errors in one direction cost nothing, so the output diverges in it",
        )?;
        Ok(Self { q })
    }

    /// Returns q.
    pub fn q(&self) -> f64 {
        self.q
    }

    /// Returns the slopes below and above the target, −q and 1 − q.
    fn slopes<T: Real>(&self) -> (T, T) {
        (T::cast(-self.q), T::cast(1.0 - self.q))
    }
}

impl Default for Quantile {
    fn default() -> Self {
        Self { q: 0.5 }
    }
}

impl<T: Real> Cost<T, Linear> for Quantile {
    fn values(&self, _output: &Linear, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let (below, above) = self.slopes::<T>();
        zip_sums(
            a,
            y,
            costs,
            #[inline(always)]
            move |a, y| (a - y) * if a < y { below } else { above },
        );
    }

    fn delta(
        &self,
        _output: &Linear,
        _z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        let (below, above) = self.slopes::<T>();
        delta.copy_from(a);
        zip_map(
            y,
            delta,
            #[inline(always)]
            move |y, a| {
                // A NaN, which is neither below nor above, is passed on.
                let side = if a > y { above } else { a - y };
                if a < y { below } else { side }
            },
        );
    }
}
