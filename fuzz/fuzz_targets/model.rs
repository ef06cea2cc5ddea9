//! Any bytes are a model or a typed error, also if somebody made the checksum and the lengths right.

#![no_main]

use gradus::persist::Model;
use gradus::prelude::*;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

type AnyNetwork<T> = Network<T, AnyActivation, AnyActivation>;

/// The place of the checksum in every file.
const DIGITS: std::ops::Range<usize> = 48..56;

/// Between the header and the data in an input that is put together.
const SEPARATOR: u8 = 0xff;

/// A first byte of 0: the file as it is. Else: a header and data, without lengths and spaces.
fn file(input: &[u8]) -> Vec<u8> {
    let Some((mode, rest)) = input.split_first() else { return Vec::new() };
    let mut file = rest.to_vec();
    if *mode != 0 {
        let mut parts = rest.splitn(2, |byte| *byte == SEPARATOR);
        let mut header = parts.next().unwrap_or_default().to_vec();
        header.resize(header.len().next_multiple_of(8), b' ');
        file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header);
        file.extend(parts.next().unwrap_or_default());
    }
    if file.len() >= DIGITS.end {
        file[DIGITS].fill(b'0');
        let digits = format!("{:08x}", crc32fast::hash(&file));
        file[DIGITS].copy_from_slice(digits.as_bytes());
    }
    file
}

/// What is read can be written, and is the same when it is read again.
fn check<T: Real>(file: &[u8]) {
    if let Ok(network) = AnyNetwork::<T>::from_bytes(file) {
        assert!(network.parameters().flatten().all(|value| value.is_finite()));
        let again = AnyNetwork::<T>::from_bytes(&network.to_bytes().unwrap()).unwrap();
        assert_eq!(again, network);
    }
    if let Ok(model) = Model::<AnyNetwork<T>, Value>::from_bytes(file) {
        let again = Model::<AnyNetwork<T>, Value>::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(again, model);
    }
}

fuzz_target!(|input: &[u8]| {
    let file = file(input);
    check::<f32>(&file);
    check::<f64>(&file);
});
