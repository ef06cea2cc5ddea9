//! Any bytes are a model or a typed error, also if somebody made the checksum and the lengths right.

#![no_main]

mod container;

use gradus::persist::Model;
use gradus::prelude::*;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

type AnyNetwork<T> = Network<T, AnyActivation, AnyActivation>;

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
    let file = container::file(input);
    check::<f32>(&file);
    check::<f64>(&file);
});
