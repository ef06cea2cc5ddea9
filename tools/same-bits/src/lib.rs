//! The training runs of the test `same_bits`, for machines on which a test harness does not run.

#[path = "../../../tests/suite/same_bits/runs.rs"]
pub mod runs;

use gradus::prelude::*;

/// The number of runs.
#[unsafe(no_mangle)]
pub extern "C" fn count() -> u32 {
    runs::jobs().len() as u32
}

/// The hash of run number `index`. Panics if the run fails, which ends a WebAssembly module.
#[unsafe(no_mangle)]
pub extern "C" fn hash(index: u32) -> u64 {
    (runs::jobs()[index as usize].run)().unwrap()
}

/// Trains 784-30-10 for an epoch of `samples` drawn digits, in single precision, to measure the time.
#[unsafe(no_mangle)]
pub extern "C" fn epoch(samples: u32) {
    let data = Dataset::<f32>::synthetic_digits(samples as usize, 1).unwrap();
    let mut network =
        Network::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(1).unwrap()).threads(1);
    trainer.fit(&mut network, &data, None).unwrap();
}
