//! A checkpoint from a stranger gives a run or a typed error, as a model does in `hostile_files`.

use std::ops::ControlFlow;

use gradus::Error;
use gradus::prelude::*;
use proptest::prelude::{any, prop, prop_assert_eq, proptest};

use super::doubles::interruption;
use super::hostile_files::signed;

fn data() -> Dataset<f32> {
    let x = DMatrix::from_fn(2, 3, |i, j| (i + 2 * j) as f32 / 4.0);
    Dataset::new(x, DMatrix::from_fn(1, 3, |_, j| j as f32)).unwrap()
}

fn network() -> Network<f32, Tanh, Linear> {
    Network::new(&[2, 2, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap()
}

fn trainer() -> Trainer<f32, Quadratic> {
    Trainer::new(Quadratic).optimizer(Adam::default()).mini_batch(2).stop(MaxEpochs::new(2).unwrap())
}

/// Ends a run in the middle of its second epoch.
#[derive(Debug)]
struct Leave;

impl Observer<f32> for Leave {
    fn on_step(&self, running: &Running<'_, f32>) -> ControlFlow<()> {
        if running.epoch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn run() -> Run<f32> {
    trainer().observe(Leave).fit(&mut network(), &data(), Some(&data())).unwrap().run
}

#[test]
fn a_run_cut_anywhere_or_with_any_bit_flipped_is_refused() {
    let run = run();
    let bytes = run.to_bytes().unwrap();
    assert_eq!(Run::from_bytes(&bytes).unwrap(), run);
    for length in 0..bytes.len() {
        assert!(Run::<f32>::from_bytes(&bytes[..length]).is_err(), "{length}");
        assert!(Run::<f32>::from_bytes(&signed(bytes[..length].to_vec())).is_err(), "{length}, signed");
    }
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Run::<f32>::from_bytes(&flipped).is_err(), "bit {bit}");
    }
    assert!(Run::<f32>::from_bytes(&signed([&bytes[..], &[0]].concat())).is_err());
    assert!(Run::<f64>::from_bytes(&bytes).is_err());
}

/// Every single number of the file in turn, with the right checksum. The order of the tensors is that of their names:
/// the kept parameters, the parameters, the two slots of Adam, nine numbers each.
#[test]
fn a_parameter_that_is_not_finite_and_a_slot_of_nan_are_neither_read_nor_written() {
    let bytes = run().to_bytes().unwrap();
    let start = bytes.len() - 4 * 4 * 9;
    for (number, value) in
        (0..4 * 9).flat_map(|number| [f32::NAN, f32::INFINITY].map(|value| (number, value)))
    {
        let mut changed = bytes.clone();
        changed[start + 4 * number..][..4].copy_from_slice(&value.to_le_bytes());
        let accepted = number >= 2 * 9 && value.is_infinite();
        assert_eq!(Run::<f32>::from_bytes(&signed(changed)).is_ok(), accepted, "{value} at {number}");
    }
    let with = |change: fn(&mut Run<f32>) -> &mut ParameterArrays<f32>, value| {
        let mut run = run();
        change(&mut run).arrays_mut().last().unwrap()[0] = value;
        run.to_bytes()
    };
    assert!(with(|run| &mut run.parameters, f32::INFINITY).is_err());
    assert!(with(|run| &mut run.kept, f32::NAN).is_err());
    assert!(with(|run| &mut run.slots[1], f32::NAN).is_err());
    assert!(with(|run| &mut run.slots[1], f32::INFINITY).is_ok());
}

/// Its third step makes every parameter infinite.
#[derive(Debug)]
struct Overflowing;

impl Optimizer<f32> for Overflowing {
    fn step(&self, at: &StepInfo, _: &mut [&mut [f32]], w: &mut [f32], _: &mut [f32], _: f32) {
        if at.t == 3 {
            w.fill(f32::INFINITY);
        }
    }
}

/// The step that makes a parameter infinite is found before the checkpoint that is due after it is written.
#[test]
fn the_checkpoint_of_a_run_that_diverges_is_the_last_finite_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let trainer = Trainer::new(Quadratic)
        .optimizer(Overflowing)
        .stop(MaxEpochs::new(50).unwrap())
        .checkpoint(&path, Every::Steps(1));
    let error = trainer.fit(&mut network(), &data(), None).unwrap_err();
    let run = interruption(error);
    assert!(matches!(run.cause, Error::Diverged { .. }), "{run}");
    let run = Run::<f32>::load(&path).unwrap();
    assert_eq!(run.t, 2);
    assert!(run.parameters.arrays().flatten().all(|value| value.is_finite()));
}

proptest! {
    /// Random damage behind which somebody made the checksum right: an error, or a run that is saved and loaded again, and
    /// goes on or is refused.
    #[test]
    fn forged_runs_give_an_error_or_a_run(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = run().to_bytes().unwrap();
        for (index, byte) in changes {
            let length = bytes.len();
            bytes[index.index(length)] = byte;
        }
        if let Ok(run) = Run::<f32>::from_bytes(&signed(bytes)) {
            let bytes = run.to_bytes().unwrap();
            prop_assert_eq!(Run::<f32>::from_bytes(&bytes).unwrap().to_bytes().unwrap(), bytes);
            let _ = trainer().resume(run, &mut network(), &data(), Some(&data()));
        }
    }
}
