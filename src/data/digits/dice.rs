//! Portable random numbers for one sample.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for; streams of different purposes are independent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Labels = 0x6c61_6265,
    Image = 0x696d_6167,
}

/// A stream that depends on nothing but (seed, purpose, index).
///
/// It draws only integers from the generator and uses only exactly rounded arithmetic, because `sin`, `ln` and the
/// like differ between platforms in their last bit.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip([seed, purpose as u64, 0, index]) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(bytes))
    }

    /// An integer in `0..n` (and 0 if `n` is 0).
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.0.next_u32()) * n as u64) >> 32) as usize
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32;
        low + (high - low) * unit
    }

    /// Bell-shaped around 0 with the given standard deviation, never beyond three of them.
    ///
    /// The sum of three uniform numbers in [−1, 1) has variance 3 · 1/3 = 1.
    pub(super) fn bell(&mut self, deviation: f32) -> f32 {
        let sum = self.between(-1.0, 1.0) + self.between(-1.0, 1.0) + self.between(-1.0, 1.0);
        deviation * sum
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }
}
