//! The search for values that are NaN or infinite.

use super::{Real, vectorized};

/// Whether no value is NaN or infinite, as a loop that vectorizes.
pub(crate) fn all_finite<T: Real>(values: &[T]) -> bool {
    vectorized(
        #[inline(always)]
        || {
            // 0 · x is 0 for finite x and NaN otherwise. A disjunction of integers, which may be taken in any order, so that
            // the compiler keeps several registers of them: a sum of floats would be one chain.
            let bad = values.iter().fold(0, |bad, &value| bad | u32::from(value * T::zero() != T::zero()));
            bad == 0
        },
    )
}

/// The position of the first value that is NaN or infinite.
pub(crate) fn first_non_finite<T: Real>(values: &[T]) -> Option<usize> {
    if all_finite(values) { None } else { values.iter().position(|value| !value.is_finite()) }
}
