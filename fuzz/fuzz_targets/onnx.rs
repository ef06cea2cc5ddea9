//! Any bytes are a network in an ONNX file or a typed error.

#![no_main]

use gradus::prelude::*;
use libfuzzer_sys::fuzz_target;

type AnyNetwork<T> = Network<T, AnyActivation, AnyActivation>;

/// What is read can be written, and is the same when it is read again.
fn check<T: Real>(file: &[u8]) {
    if let Ok(network) = AnyNetwork::<T>::from_onnx_bytes(file) {
        assert!(network.parameters().flatten().all(|value| value.is_finite()));
        let again = AnyNetwork::<T>::from_onnx_bytes(&network.to_onnx_bytes().unwrap()).unwrap();
        assert_eq!(again.sizes(), network.sizes());
        assert!(again.parameters().eq(network.parameters()));
    }
}

/// The same for a predictor, whose scaling is written as nodes.
fn check_predictor<T: Real>(file: &[u8]) {
    if let Ok(predictor) = Predictor::<T>::from_onnx_bytes(file) {
        let again = Predictor::<T>::from_onnx_bytes(&predictor.to_onnx_bytes().unwrap()).unwrap();
        assert_eq!(again.meaning(), predictor.meaning());
        assert!(again.network().parameters().eq(predictor.network().parameters()));
    }
}

fuzz_target!(|file: &[u8]| {
    check::<f32>(file);
    check::<f64>(file);
    check_predictor::<f32>(file);
    check_predictor::<f64>(file);
});
