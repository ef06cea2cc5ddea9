//! Any bytes are a checkpoint or a typed error, also if somebody made the checksum and the lengths right, and a run that was
//! read goes on or is refused.

#![no_main]

mod container;

use gradus::prelude::*;
use libfuzzer_sys::fuzz_target;

/// What is read can be written, and is the same when it is read again; it goes on only with what it was begun with.
fn check<T: Real>(file: &[u8]) {
    let Ok(run) = Run::<T>::from_bytes(file) else { return };
    let again = Run::<T>::from_bytes(&run.to_bytes().unwrap()).unwrap();
    assert_eq!(again.to_bytes().unwrap(), run.to_bytes().unwrap());
    let (mut network, data) = begun_with::<T>();
    let trainer = Trainer::new(Quadratic).optimizer(Adam::default()).mini_batch(2).stop(MaxEpochs::new(3).unwrap());
    match trainer.threads(1).resume(run, &mut network, &data, Some(&data)) {
        Ok(_) => assert!(network.parameters().flatten().all(|value| value.is_finite())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The network and the data of the seeds.
fn begun_with<T: Real>() -> (Network<T, Tanh, Linear>, Dataset<T>) {
    let number = |x: f64| nalgebra::convert::<f64, T>(x);
    let x = DMatrix::from_fn(2, 3, |i, j| number((i + 2 * j) as f64 / 4.0));
    let y = DMatrix::from_fn(1, 3, |_, j| number(j as f64));
    (Network::new(&[2, 2, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap(), Dataset::new(x, y).unwrap())
}

fuzz_target!(|input: &[u8]| {
    let file = container::file(input);
    check::<f32>(&file);
    check::<f64>(&file);
});
