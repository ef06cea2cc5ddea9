//! Allocation that returns an error where `vec!` would abort the process and nalgebra would let the product of sizes
//! wrap.

use nalgebra::DMatrix;

use crate::error::{Error, MemoryProblem, Result};
use crate::real::Real;

/// Requests below this many bytes are not compared with the available memory, which takes a read of a system file.
const SMALL: usize = 64 << 20;

/// Returns a matrix of zeros.
///
/// # Errors
///
/// Returns [`Error::Memory`] if `rows` · `columns` overflows or the elements do not fit in memory.
pub(crate) fn zeros<T: Real>(what: &'static str, rows: usize, columns: usize) -> Result<DMatrix<T>> {
    let mut elements = reserve(what, rows, columns)?;
    elements.resize(rows * columns, T::zero());
    Ok(DMatrix::from_vec(rows, columns, elements))
}

/// Returns an empty vector with capacity for `rows` · `columns` elements.
///
/// # Errors
///
/// Returns [`Error::Memory`] if `rows` · `columns` overflows or the elements do not fit in memory.
pub(crate) fn reserve<V>(what: &'static str, rows: usize, columns: usize) -> Result<Vec<V>> {
    check::<V>(what, [(rows, columns)])?;
    let mut elements = Vec::new();
    match elements.try_reserve_exact(rows * columns) {
        Ok(()) => Ok(elements),
        Err(_) => Err(Error::Memory(MemoryProblem::Array { what, rows, columns })),
    }
}

/// Checks that arrays of these shapes fit in memory together. An allocator may grant requests that do not fit in memory
/// together; the process is then killed when it writes to them.
///
/// # Errors
///
/// Returns [`Error::Memory`] with the shape of the first array that does not fit beside those before it.
pub(crate) fn check<V>(what: &'static str, shapes: impl IntoIterator<Item = (usize, usize)>) -> Result<()> {
    let mut total = 0_usize;
    for (rows, columns) in shapes {
        let sum = rows.checked_mul(columns).and_then(|elements| total.checked_add(elements));
        total = sum.filter(|&elements| fits::<V>(elements)).ok_or(Error::Memory(MemoryProblem::Array {
            what,
            rows,
            columns,
        }))?;
    }
    Ok(())
}

/// Whether the machine can provide this many elements at once.
pub(crate) fn fits<V>(elements: usize) -> bool {
    let Some(bytes) = elements.checked_mul(size_of::<V>()).filter(|&bytes| bytes <= isize::MAX as usize)
    else {
        return false;
    };
    if bytes < SMALL {
        return true;
    }
    available().is_none_or(|available| bytes as u64 <= available)
        && Vec::<V>::new().try_reserve_exact(elements).is_ok()
}

/// The bytes that the system can still provide, swap space included; `None` if it does not say.
///
/// Linux grants far more than it has, and afterwards kills the process that uses it.
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    let machine = field("MemAvailable")?.saturating_add(field("SwapFree").unwrap_or(0));
    // The limit of a container: version 2 of control groups, then version 1.
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits.iter().find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse().ok());
    Some(limit.map_or(machine, |limit: u64| machine.min(limit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_that_overflow_or_exceed_the_memory_are_errors() {
        let sizes =
            [(2, usize::MAX), (1 << 32, 1 << 32), (1 << 63, 2), (1 << 31, 1 << 31), (1, isize::MAX as usize)];
        for (rows, columns) in sizes {
            let error = zeros::<f64>("x", rows, columns).unwrap_err();
            assert!(
                matches!(error, Error::Memory(MemoryProblem::Array { what: "x", rows: r, columns: c }) if (r, c) == (rows, columns))
            );
            assert!(reserve::<u8>("x", rows, columns).is_err());
        }
        assert_eq!(zeros::<f32>("x", 3, 2).unwrap(), DMatrix::zeros(3, 2));
        assert!(zeros::<f32>("x", 0, usize::MAX).unwrap().is_empty());
    }

    /// Each array alone fits: it takes a quarter of the available memory.
    #[test]
    fn arrays_that_fit_singly_and_not_together_are_an_error() {
        let Some(available) = available() else { return };
        let quarter = available as usize / 4;
        assert!(check::<u8>("x", [(quarter, 1)]).is_ok());
        assert!(check::<u8>("x", [(quarter, 1); 6]).is_err());
        assert!(check::<u8>("x", [(usize::MAX, 1), (1, 1)]).is_err());
    }
}
