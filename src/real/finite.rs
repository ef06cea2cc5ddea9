//! The search for values that are NaN or infinite.

use super::{Real, vectorized};

/// Whether no value is NaN or infinite, as a loop that vectorizes.
pub(crate) fn all_finite<T: Real>(values: &[T]) -> bool {
    vectorized(
        #[inline(always)]
        || {
            // 0 · x is 0 for finite x and NaN otherwise.
            let mut sums = [T::zero(); 16];
            for chunk in values.chunks(16) {
                for (sum, &value) in sums.iter_mut().zip(chunk) {
                    *sum += value * T::zero();
                }
            }
            sums.iter().all(|sum| *sum == T::zero())
        },
    )
}

/// The position of the first value that is NaN or infinite.
pub(crate) fn first_non_finite<T: Real>(values: &[T]) -> Option<usize> {
    if all_finite(values) { None } else { values.iter().position(|value| !value.is_finite()) }
}
