//! By how much a plug-in breaks a law.

use std::fmt;

/// A number that is not what a law wants; see [`check`](crate::check).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// What the plug-in gives.
    pub found: f64,
    /// What the law wants.
    pub wanted: f64,
    /// The difference that rounding explains.
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
