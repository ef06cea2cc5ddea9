//! The Huber cost: quadratic near the target, linear far away.

use nalgebra::DMatrix;

use super::Cost;
use crate::activation::Linear;
use crate::error::{Result, check_setting};
use crate::real::{Real, zip_map, zip_sums};

/// C_x = Σ_j ρ(a_j − y_j), with ρ(r) = ½ r² for |r| ≤ d and d (|r| − ½ d) beyond, and δ = ρ′(a − y) = a − y
/// clamped to [−d, d]: for linear outputs.
///
/// The gradient of an outlier is at most d, so that a few outliers do not dominate the fit. d is `threshold`,
/// in the units of the targets; by default 1, for targets of standard deviation 1.
///
/// Source: Huber, "Robust estimation of a location parameter", 1964.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (a, y) = (DMatrix::from_column_slice(2, 1, &[0.5, 10.0]), DMatrix::zeros(2, 1));
/// assert_eq!(Huber::new(1.0)?.value(&Linear, &a, &a, &y), 0.125 + 9.5);
/// gradus::check::cost(&Huber::default(), &Linear).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    threshold: f64,
}

impl Huber {
    /// Creates a Huber cost that is quadratic up to `threshold`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `threshold` is not a positive finite number.
    pub fn new(threshold: f64) -> Result<Self> {
        check_setting(
            "threshold of the Huber cost",
            threshold,
            threshold > 0.0 && threshold.is_finite(),
            "(0, ∞)",
            "residuals up to it are squared; to square none use `Quantile`, to square all `Quadratic`",
        )?;
        Ok(Self { threshold })
    }

    /// Returns the threshold d.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }
}

impl Default for Huber {
    fn default() -> Self {
        Self { threshold: 1.0 }
    }
}

impl<T: Real> Cost<T, Linear> for Huber {
    fn values(&self, _output: &Linear, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let (d, half) = (T::cast(self.threshold), T::cast(0.5));
        zip_sums(
            a,
            y,
            costs,
            #[inline(always)]
            move |a, y| {
                let r = (a - y).abs();
                if r > d { d * (r - half * d) } else { half * r * r }
            },
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
        let d = T::cast(self.threshold);
        delta.copy_from(a);
        zip_map(
            y,
            delta,
            #[inline(always)]
            move |y, a| {
                let r = a - y;
                let r = if r > d { d } else { r };
                if r < -d { -d } else { r }
            },
        );
    }
}
