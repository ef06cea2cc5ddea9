//! Portable random numbers for one sample.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The purpose of a stream of random numbers; streams of different purposes are independent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Labels = 0x6c61_6265,
    Image = 0x696d_6167,
}

/// A stream of random numbers that depends on (seed, purpose, index) only.
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

    /// Draws an integer from `0..n` (0 if `n` is 0).
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.0.next_u32()) * n as u64) >> 32) as usize
    }

    /// Draws uniformly from [low, high).
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32;
        low + (high - low) * unit
    }

    /// Draws approximately from N(0, `deviation`²), never beyond three standard deviations.
    ///
    /// The sum of three uniform numbers in [−1, 1) has variance 3 · 1/3 = 1.
    pub(super) fn bell(&mut self, deviation: f32) -> f32 {
        let sum = self.between(-1.0, 1.0) + self.between(-1.0, 1.0) + self.between(-1.0, 1.0);
        deviation * sum
    }

    /// Returns `true` with the given probability.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }
}
