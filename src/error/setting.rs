//! The checks of hyper-parameters.

use super::{Error, Result};

/// Returns [`Error::Setting`] unless `ok` is true.
pub(crate) fn check_setting(
    name: &'static str,
    value: f64,
    ok: bool,
    allowed: &'static str,
    why: &'static str,
) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::Setting { name, value, allowed, why }) }
}

/// Explains a patience, for the messages of rules and schedules that have one.
pub(crate) const PATIENCE: &str = "it counts epochs without improvement before the rule acts; try 10";

/// Returns [`Error::Setting`] if `count` is 0.
pub(crate) fn check_nonzero(name: &'static str, count: usize, why: &'static str) -> Result<()> {
    check_setting(name, count as f64, count > 0, "[1, ∞)", why)
}
