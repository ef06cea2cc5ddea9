//! Standardization: scales to mean 0 and standard deviation 1.

use super::{Scale, extremes};

/// Scales each row to mean 0 and standard deviation 1: c = 1/n Σ x, s² = 1/n Σ (x − c)².
///
/// The usual choice. A row that is constant in the training data has no width, and is only shifted to 0.
///
/// Source: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, *Efficient BackProp* (1998), section 4.3.
///
/// # Examples
///
/// ```
/// use gradus::data::{Scale, Standardize};
///
/// assert_eq!(Standardize.center_and_width(&mut [1.0, 3.0, 1.0, 3.0]), (2.0, 1.0));
/// assert_eq!(Standardize.center_and_width(&mut [0.1; 3]), (0.1, 0.0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standardize;

impl Scale for Standardize {
    fn center_and_width(&self, column: &mut [f64]) -> (f64, f64) {
        let (min, max) = extremes(column);
        // The rounding error of the mean would give a constant row a small width.
        if min == max {
            return (min, 0.0);
        }
        let n = column.len() as f64;
        let mean = column.iter().sum::<f64>() / n;
        let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        (mean, variance.sqrt())
    }
}
