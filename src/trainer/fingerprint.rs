//! A hash by which data are recognized.

use crate::real::{Real, vectorized};

/// Lanes of the hash, so that the multiplications of neighbouring values do not wait for each other.
const LANES: usize = 8;

/// Accumulates a 64-bit hash of values: data that differ in a value or in its place have different hashes, except with
/// a probability of about 2⁻⁶⁴. It detects data that were mistaken for others, and does not protect from forgery.
///
/// Source: the hash FNV-1a of Fowler, Noll and Vo, on eight interleaved lanes.
#[derive(Debug)]
pub(super) struct Fingerprint {
    lanes: [u64; LANES],
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Default for Fingerprint {
    fn default() -> Self {
        Self { lanes: [OFFSET; LANES] }
    }
}

impl Fingerprint {
    /// Adds `values` and their number.
    pub(super) fn add<T: Real>(&mut self, values: &[T]) {
        let lanes = &mut self.lanes;
        vectorized(
            #[inline(always)]
            || {
                for chunk in values.chunks(LANES) {
                    for (lane, value) in lanes.iter_mut().zip(chunk) {
                        let mixed = (*lane ^ value.to_f64().to_bits()).wrapping_mul(PRIME);
                        // The highest bits of a number say the most, and a product moves bits only upwards.
                        *lane = mixed ^ (mixed >> 32);
                    }
                }
            },
        );
        lanes[0] = (lanes[0] ^ values.len() as u64).wrapping_mul(PRIME);
    }

    /// Adds a text and its length.
    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(LANES) {
            for (lane, &byte) in self.lanes.iter_mut().zip(chunk) {
                *lane = (*lane ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
        self.lanes[0] = (self.lanes[0] ^ bytes.len() as u64).wrapping_mul(PRIME);
    }

    /// Adds the number by which a source is known.
    pub(super) fn add_number(&mut self, number: u64) {
        self.lanes[1] = (self.lanes[1] ^ number).wrapping_mul(PRIME);
    }

    /// Returns the hash.
    pub(super) fn finish(&self) -> u64 {
        self.lanes.iter().fold(OFFSET, |hash, lane| {
            let mixed = (hash ^ lane).wrapping_mul(PRIME);
            mixed ^ (mixed >> 32)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> u64 {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(values);
        fingerprint.finish()
    }

    #[test]
    fn every_bit_and_every_place_counts() {
        let values: Vec<f64> = (0..37).map(f64::from).collect();
        for i in 0..values.len() {
            for bit in 0..64 {
                let mut changed = values.clone();
                changed[i] = f64::from_bits(changed[i].to_bits() ^ (1 << bit));
                assert_ne!(of(&changed), of(&values), "value {i}, bit {bit}");
            }
            let mut swapped = values.clone();
            swapped.swap(i, (i + 8) % values.len());
            assert_ne!(of(&swapped), of(&values), "value {i} in another place");
        }
        assert_ne!(of(&values[..36]), of(&values));
        assert_ne!(of(&[0.0]), of(&[0.0, 0.0]));
    }
}
