//! Mean and standard deviation of repeated measurements.

use std::fmt;

/// The mean of n values v and their sample standard deviation.
///
/// ```text
/// mean = 1/n Σ v        deviation = √(Σ (v − mean)² / (n − 1))
/// ```
///
/// The deviation of fewer than two values is NaN, as is the mean of no values. It prints as `mean ± deviation`.
///
/// # Examples
///
/// ```
/// use gradus::metrics::Spread;
///
/// let spread = Spread::of(&[1.0, 2.0, 3.0, 6.0]);
/// assert_eq!((spread.mean, spread.deviation), (3.0, (14.0f64 / 3.0).sqrt()));
/// assert_eq!(spread.to_string(), "3.00000 ± 2.16025");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of a single value, not of the mean.
    pub deviation: f64,
    /// The number of values.
    pub n: usize,
}

impl Spread {
    /// Computes mean and deviation of `values`.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let deviation = if n < 2 { f64::NAN } else { (squares / (n - 1) as f64).sqrt() };
        Self { mean, deviation, n }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(5);
        write!(f, "{:.digits$}", self.mean)?;
        if self.deviation.is_nan() { Ok(()) } else { write!(f, " ± {:.digits$}", self.deviation) }
    }
}
