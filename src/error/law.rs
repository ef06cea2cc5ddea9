//! By how much a plug-in breaks a law.

use std::fmt;

/// A value that breaks a law; see [`check`](crate::check).
///
/// # Examples
///
/// A regularizer whose gradient is half the derivative of its penalty:
///
/// ```
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct Wrong;
///
/// impl Regularizer<f64> for Wrong {
///     fn penalty(&self, _: &LayerInfo, w: &[f64]) -> f64 {
///         w.iter().map(|w| w * w).sum()
///     }
///     fn add_gradient(&self, _: &LayerInfo, w: &[f64], scale: f64, grad: &mut [f64]) {
///         grad.iter_mut().zip(w).for_each(|(g, w)| *g += scale * w);
///     }
/// }
/// match gradus::check::regularizer(&Wrong).unwrap_err() {
///     gradus::Error::Law { deviation: Some(deviation), .. } => {
///         assert!((deviation.wanted - 2.0 * deviation.found).abs() < deviation.tolerance);
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// The value that the plug-in returned.
    pub found: f64,
    /// The value that the law demands.
    pub wanted: f64,
    /// The largest difference that rounding explains.
    pub tolerance: f64,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, wanted, tolerance } = *self;
        let text = |v: f64| if v.abs() < 1e6 { format!("{v:.8}") } else { format!("{v:.8e}") };
        write!(f, ": got {}, expected {}", text(found), text(wanted))?;
        write!(f, " (difference {:.1e}, tolerance {tolerance:.1e})", (found - wanted).abs())
    }
}
