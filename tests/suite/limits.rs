//! Sizes that overflow, or for which there is no memory, are errors and end nothing.

use gradus::data::{augment, digits};
use gradus::prelude::*;
use gradus::{Error, MemoryProblem};

use crate::child;

/// 2⁶³, twice which is 0 in 64 bits.
const HALF: usize = 1 << (usize::BITS - 1);

macro_rules! assert_error {
    ($result:expr, $error:pat) => {{
        let error = $result.map(|_| ()).unwrap_err();
        assert!(matches!(error, $error), "{error:?}");
    }};
}

#[test]
fn data_sets_larger_than_the_memory() {
    for n_classes in [HALF, usize::MAX, 1 << 50] {
        let data = Dataset::<f64>::from_pixels(vec![0; 2], 1, vec![0, 1], n_classes);
        assert_error!(data, Error::Memory(MemoryProblem::Array { what: "the targets of a sample", .. }));
    }
    // One target fits, all of them together do not: 2¹⁶ of 2³⁴ bytes each.
    let data = Dataset::<f32>::from_pixels(vec![0; 1 << 16], 1, vec![0; 1 << 16], 1 << 32);
    match data {
        Ok(data) => assert_error!(data.to_floats(), Error::Memory(MemoryProblem::Array { .. })),
        Err(error) => assert!(matches!(error, Error::Memory(MemoryProblem::Array { .. })), "{error:?}"),
    }
    for count in [usize::MAX, HALF, 1 << 50] {
        assert_error!(Dataset::<f32>::synthetic_digits(count, 0), Error::Memory(MemoryProblem::Array { .. }));
        assert_error!(digits::generate(count, 0), Error::Memory(MemoryProblem::Array { .. }));
    }
}

/// nalgebra's product of 2 and 2⁶³ wraps to 0, and an element of such a matrix would be read from anywhere.
#[test]
fn batches_larger_than_the_memory() {
    for examples in [HALF, usize::MAX, 1 << 45] {
        assert_error!(Batch::<f64>::zeros(2, 2, examples), Error::Memory(MemoryProblem::Array { .. }));
        assert_error!(Batch::<f64>::zeros(examples, 1, 2), Error::Memory(MemoryProblem::Array { .. }));
        assert_error!(Batch::<f64>::zeros(1, examples, 2), Error::Memory(MemoryProblem::Array { .. }));
    }
}

#[test]
fn more_copies_than_fit_in_memory() {
    let digits = Dataset::<f32>::synthetic_digits(10, 1).unwrap();
    let rotation = Rotation::up_to_degrees(15.0).unwrap();
    let augmented = Augmented::new(digits, (28, 28), rotation, 1).unwrap();
    for copies in [usize::MAX, HALF, 1 << 45] {
        let error = augmented.expand::<f32>(copies).unwrap_err();
        assert!(matches!(error, Error::Memory(MemoryProblem::Copies { samples: 10, .. })), "{error:?}");
        let remedy = "copies of 10 samples do not fit in memory; use fewer, or train on `Augmented` itself, which stores none";
        assert_eq!(error.to_string(), format!("{copies} {remedy}"));
    }
}

/// Points of a wider image cannot be told apart in single precision.
#[test]
fn images_with_a_side_beyond_the_precision_of_a_grid() {
    let rotation = Rotation::up_to_degrees(15.0).unwrap();
    let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
    let mut image = vec![1.0f32; 16_777_218];
    for shape in [(1, 16_777_218), (16_777_218, 1)] {
        assert_error!(augment::distort(&rotation, &mut image, shape, &mut rng), Error::Setting { .. });
    }
    for shape in [(usize::MAX, 0), (0, usize::MAX)] {
        assert_error!(augment::distort(&rotation, &mut image[..0], shape, &mut rng), Error::Setting { .. });
    }
    let mut widest = vec![1.0f32; 1 << 20];
    let shift = Translation::by(1.0, 0.0).unwrap();
    augment::distort(&shift, &mut widest, (1, 1 << 20), &mut rng).unwrap();
    assert!(widest[0] == 0.0 && widest[1..].iter().all(|&v| v == 1.0));
    augment::distort(&shift, &mut widest, (1 << 20, 1), &mut rng).unwrap();
    assert!(widest.iter().all(|&v| v == 0.0));
}

#[test]
fn indices_beyond_all_samples() {
    let data = Dataset::<f64>::synthetic_digits(3, 1).unwrap();
    let (mut x, mut y) = (DMatrix::zeros(784, 1), DMatrix::zeros(10, 1));
    for index in [3, HALF, usize::MAX] {
        assert_error!(data.gather(1, &[index], &mut x, &mut y), Error::SizeMismatch { found: 3, .. });
    }
}

/// Outputs of 2²⁰ × 2²⁰ values, from inputs of 1 × 2²⁰.
#[test]
fn predictions_larger_than_the_memory() {
    let network = Network::<f64, _, _>::new(&[1, 1 << 20], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    assert_error!(network.predict(&DMatrix::zeros(1, 1 << 20)), Error::Memory(MemoryProblem::Array { .. }));
}

/// Two layers of 537 MB each where there is 1 GB.
#[test]
#[cfg(target_os = "linux")]
fn layers_that_fit_singly_and_not_together() {
    if !child::is_child() {
        let limits = "ulimit -v 1000000;";
        return child::assert_succeeds(module_path!(), "layers_that_fit_singly_and_not_together", limits);
    }
    let sizes = [8192; 3];
    assert_error!(
        Network::<f64, _, _>::new(&sizes, Sigmoid, Sigmoid, &ScaledGaussian, 1),
        Error::Memory(MemoryProblem::Array { .. })
    );
}

/// 2⁴⁰ or more samples, of which nobody can keep the order.
#[derive(Debug)]
struct Endless(usize);

impl Samples<f64> for Endless {
    fn len(&self) -> usize {
        self.0
    }
    fn n_inputs(&self) -> usize {
        1
    }
    fn n_outputs(&self) -> usize {
        1
    }
    fn gather(&self, _: u64, _: &[usize], x: &mut DMatrix<f64>, y: &mut DMatrix<f64>) -> gradus::Result<()> {
        x.fill(0.5);
        y.fill(0.5);
        Ok(())
    }
}

#[test]
fn more_samples_than_can_be_ordered() {
    let mut network = Network::<f64, _, _>::new(&[1, 1], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    for n in [1 << 45, HALF, usize::MAX] {
        for m in [10, usize::MAX] {
            let fit = Trainer::new(CrossEntropy).mini_batch(m).fit(&mut network, &Endless(n), None);
            assert_error!(fit, Error::Memory(MemoryProblem::Array { .. }));
        }
    }
}
