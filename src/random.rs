//! Randomness that is derived, not consumed: each draw belongs to a seed, a purpose, an epoch and a sample.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What random numbers are for. Different purposes never share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The weights and biases of a new network.
    Initialize = 1,
    /// The order of the samples in an epoch.
    Shuffle = 2,
    /// The distortion of a sample in an epoch.
    Augment = 3,
    /// The neurons that dropout leaves out, for a sample in an epoch.
    Dropout = 5,
    /// A choice of the user's own, such as a random search.
    User = 4,
    /// The partner of a sample in an epoch, and how much of it is mixed in.
    Mix = 17,
    /// The assignment of samples to the parts of a [`Split`](crate::data::Split).
    Split = 16,
    /// The order in which the values of an input are permuted, to measure its importance.
    Permute = 19,
    /// The settings of a trial of a [`Search`](crate::selection::Search).
    Search = 18,
}

/// The generator for `purpose` in `epoch` on `sample` of the run with this `seed`; 0 for what does not apply.
///
/// No stream is shared: what one sample draws cannot depend on how many were drawn before, or by which thread, so a
/// run has the same bits for any number of threads and from any place where it is taken up again. ChaCha with 8
/// rounds gives the same numbers on every machine; its 256-bit seed holds the four numbers as they are.
///
/// The traits that draw and shuffle are those of the crate `rand`, in the version that this crate uses:
/// `cargo add rand@0.10 --no-default-features`, and then `use rand::{Rng, RngExt}` or `use rand::seq::SliceRandom`.
///
/// # Examples
///
/// ```
/// use gradus::random::{Purpose, generator};
/// use rand::Rng;
///
/// let mut a = generator(42, Purpose::Augment, 3, 1000);
/// let mut b = generator(42, Purpose::Augment, 3, 1000);
/// assert_eq!(a.next_u64(), b.next_u64());
/// assert_ne!(a.next_u64(), generator(42, Purpose::Augment, 3, 1001).next_u64());
/// ```
pub fn generator(seed: u64, purpose: Purpose, epoch: u64, sample: u64) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    for (part, number) in bytes.chunks_exact_mut(8).zip([seed, purpose as u64, epoch, sample]) {
        part.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(bytes)
}
