//! The checks of hyper-parameters.

use super::{Error, Result};

/// Returns an error for a hyper-parameter that is not `ok`.
pub(crate) fn check_setting(
    name: &'static str,
    value: f64,
    ok: bool,
    allowed: &'static str,
    why: &'static str,
) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::Setting { name, value, allowed, why }) }
}

/// What a patience is, for the messages of those that have one.
pub(crate) const PATIENCE: &str = "it counts epochs without improvement before the rule acts; try 10";

/// Returns an error for a count of 0.
pub(crate) fn check_nonzero(name: &'static str, count: usize, why: &'static str) -> Result<()> {
    check_setting(name, count as f64, count > 0, "[1, ∞)", why)
}
