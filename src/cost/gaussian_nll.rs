//! The Gaussian negative log-likelihood, for networks that predict means and variances.

use nalgebra::DMatrix;

use super::Cost;
use crate::activation::{Linear, Sigmoid};
use crate::error::{Error, Result, check_setting};
use crate::real::Real;
use crate::real::portable::ln;

/// C_x = ½ Σ_j [ln v_j + (y_j − m_j)²/v_j], for k targets and 2k linear outputs: the first k are the means
/// m_j, the others s_j, which give the variances v_j = v₀ + e^(s_j).
///
/// It is −ln of the density of y under N(m, v), without the constant ½ ln 2π per target. The variances are the
/// network's estimate of its own squared errors at each x: large residuals raise v, and examples of large v
/// have a smaller gradient with respect to the means.
///
/// ```text
/// δ = (m_j − y_j)/v_j for the means,   ½ (e^(s_j)/v_j) (1 − (y_j − m_j)²/v_j) for s_j
/// ```
///
/// The floor v₀ is `floor`, in the squared units of the targets; by default 10⁻⁶. Without a floor, an example
/// that is fitted exactly would drive its variance to 0 and the cost to −∞.
///
/// # Shapes
///
/// Targets have the shape of the outputs, 2k × examples. Rows k to 2k − 1 are 0: [`pad`](Self::pad) adds
/// them.
///
/// Source: Nix and Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let y = GaussianNll::pad(&DMatrix::from_element(1, 1, 3.0));
/// assert_eq!(y.as_slice(), [3.0, 0.0]);
/// // Mean 1 and variance e² + 10⁻⁶.
/// let z = DMatrix::from_column_slice(2, 1, &[1.0, 2.0]);
/// let cost = GaussianNll::default().value(&Linear, &z, &z, &y);
/// assert!((cost - 0.5 * (2.0 + 4.0 / f64::exp(2.0))).abs() < 1e-6);
/// gradus::check::cost(&GaussianNll::default(), &Linear).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianNll {
    floor: f64,
}

impl GaussianNll {
    /// Creates the cost for variances above `floor`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `floor` is outside [10⁻³⁰, 10³⁰].
    pub fn new(floor: f64) -> Result<Self> {
        check_setting(
            "floor of the variance",
            floor,
            (1e-30..=1e30).contains(&floor),
            "[1e-30, 1e30]",
            "without a floor an example that is fitted exactly drives the cost to −∞; take a millionth of the variance of the targets",
        )?;
        Ok(Self { floor })
    }

    /// Returns v₀.
    pub fn floor(&self) -> f64 {
        self.floor
    }

    /// Returns the targets `y` (k × examples) with k rows of zeros below, in the shape of the outputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let y = GaussianNll::pad(&DMatrix::from_row_slice(1, 2, &[3.0, 4.0]));
    /// assert_eq!(y, DMatrix::from_row_slice(2, 2, &[3.0, 4.0, 0.0, 0.0]));
    /// ```
    pub fn pad<T: Real>(y: &DMatrix<T>) -> DMatrix<T> {
        y.clone().resize_vertically(2 * y.nrows(), T::zero())
    }

    /// Returns (r/√v, 1/√v, ln v, e^s/v) for the residual `r` = m − y and the output `s`.
    ///
    /// With `log_floor` = ln v₀ and d = s − ln v₀, ln v is max(s, ln v₀) + ln(1 + e^(−|d|)), which does not
    /// overflow.
    #[inline(always)]
    fn terms<T: Real>(log_floor: T, r: T, s: T) -> (T, T, T, T) {
        let d = s - log_floor;
        let above = if d > T::zero() { s } else { log_floor };
        let log_variance = above + (-d.abs()).fast_exp().fast_ln_1p();
        let precision = (T::cast(-0.5) * log_variance).fast_exp();
        (r * precision, precision, log_variance, Sigmoid::eval(d))
    }
}

impl Default for GaussianNll {
    fn default() -> Self {
        Self { floor: 1e-6 }
    }
}

impl<T: Real> Cost<T, Linear> for GaussianNll {
    fn values(&self, _output: &Linear, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let (k, log_floor) = (a.nrows() / 2, T::cast(ln(self.floor)));
        for ((cost, a), y) in costs.iter_mut().zip(a.column_iter()).zip(y.column_iter()) {
            *cost = (0..k)
                .map(|j| {
                    let (scaled, _, log_variance, _) = Self::terms(log_floor, a[j] - y[j], a[k + j]);
                    0.5 * (log_variance.to_f64() + (scaled * scaled).to_f64())
                })
                .sum();
        }
    }

    fn delta(
        &self,
        _output: &Linear,
        _z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        let (k, log_floor) = (a.nrows() / 2, T::cast(ln(self.floor)));
        delta.fill(T::zero());
        for ((mut delta, a), y) in delta.column_iter_mut().zip(a.column_iter()).zip(y.column_iter()) {
            for j in 0..k {
                let (scaled, precision, _, share) = Self::terms(log_floor, a[j] - y[j], a[k + j]);
                delta[j] = scaled * precision;
                // A variance at its floor does not move, however large the residual.
                let pull = T::cast(0.5) * share * (T::one() - scaled * scaled);
                delta[k + j] = if share > T::zero() { pull } else { T::zero() * a[k + j] };
            }
        }
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        if !y.nrows().is_multiple_of(2) {
            let what = "rows of y for the Gaussian negative log-likelihood, which needs an even number: k targets and k zeros";
            return Err(Error::SizeMismatch { what, found: y.nrows(), expected: y.nrows() + 1 });
        }
        let k = y.nrows() / 2;
        for (sample, column) in (first..).zip(y.column_iter()) {
            if let Some(index) = (k..2 * k).find(|&index| column[index] != T::zero()) {
                let value = column[index].to_f64();
                let why = "the lower half of the targets belongs to the variances, which have none; use `GaussianNll::pad`";
                return Err(Error::Target { sample, index, value, allowed: "[0, 0]", why });
            }
        }
        Ok(())
    }
}
