//! By how much a plug-in breaks a law.

use std::fmt;

/// A value that breaks a law; see [`check`](crate::check).
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
