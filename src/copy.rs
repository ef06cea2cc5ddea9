//! Copies slices of scalars, which are often short.

use std::hint::black_box;

/// From this length on, the call of `memcpy` takes less time than the copy.
const LONG: usize = 64;

/// Copies scalars; short slices without a call of `memcpy`.
#[inline(always)]
pub(crate) fn scalars<T: Copy>(from: &[T], to: &mut [T]) {
    assert_eq!(from.len(), to.len(), "scalars to copy, and places for them");
    if from.len() >= LONG {
        return to.copy_from_slice(from);
    }
    let ((groups, from), (to_groups, to)) = (from.as_chunks::<8>(), to.as_chunks_mut::<8>());
    for (group, to) in groups.iter().zip(to_groups) {
        // The compiler would replace a plain loop with a call of `memcpy`.
        *to = *black_box(group);
    }
    let ((pairs, from), (to_pairs, to)) = (from.as_chunks::<2>(), to.as_chunks_mut::<2>());
    match (pairs, to_pairs) {
        ([a], [x]) => *x = *a,
        ([a, b], [x, y]) => (*x, *y) = (*a, *b),
        ([a, b, c], [x, y, z]) => (*x, *y, *z) = (*a, *b, *c),
        _ => {}
    }
    if let ([from], [to]) = (from, to) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::scalars;

    #[test]
    fn every_number_is_copied_and_no_other() {
        for length in 0..70 {
            let from: Vec<u32> = (1..=length).collect();
            let mut to = vec![0; from.len() + 1];
            scalars(&from, &mut to[..from.len()]);
            assert_eq!((&to[..from.len()], to.last()), (&*from, Some(&0)));
        }
    }

    #[test]
    #[should_panic(expected = "places")]
    fn another_length_panics() {
        scalars(&[1, 2], &mut [0]);
    }
}
