//! Randomness that is derived, not consumed: each draw belongs to a seed, a purpose, an epoch and a sample.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The purpose of random numbers. Different purposes never share a stream.
///
/// # Examples
///
/// ```
/// use gradus::random::{Purpose, generator};
/// use gradus::rand::Rng;
/// use gradus::rand::seq::SliceRandom;
///
/// // The order of the samples in epoch 3 of a custom training loop.
/// let mut order: Vec<usize> = (0..10).collect();
/// order.shuffle(&mut generator(42, Purpose::Shuffle, 3, 0));
///
/// // Another purpose has another stream.
/// let draw = |purpose| generator(42, purpose, 3, 0).next_u64();
/// assert_ne!(draw(Purpose::Shuffle), draw(Purpose::User));
/// ```
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
    /// Draws of the caller's program.
    User = 4,
    /// The partner of a sample in an epoch, and how much of it is mixed in.
    Mix = 17,
    /// The assignment of samples to the subsets of a [`Split`](crate::data::Split).
    Split = 16,
    /// The order in which the values of an input are permuted, to measure its importance.
    Permute = 19,
    /// The settings of a trial of a [`Search`](crate::selection::Search).
    Search = 18,
}

/// Returns the generator for `purpose` in `epoch` on `sample` of the run with this `seed`. Pass 0 for an argument that
/// does not apply.
///
/// No stream is shared: the draws for one sample depend neither on earlier draws nor on the thread, so a run is bitwise
/// reproducible for any number of threads and from any point at which it is resumed. ChaCha with 8 rounds gives the
/// same numbers on every machine; its 256-bit seed holds the four numbers as they are.
///
/// The traits that draw and shuffle are those of the crate `rand`, re-exported as `gradus::rand`:
/// `use gradus::rand::{Rng, RngExt}` or `use gradus::rand::seq::SliceRandom`.
///
/// # Examples
///
/// ```
/// use gradus::random::{Purpose, generator};
/// use gradus::rand::Rng;
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
