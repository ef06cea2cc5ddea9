//! Plug-ins that break their word, or meet NaN: an error that names them, and no panic.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use gradus::data::augment::{Grid, distort};
use gradus::prelude::*;
use gradus::{Error, check};
use rand::Rng;

/// Ten samples, 0.1 apart, of two inputs and one target, that lie in one way.
#[derive(Debug)]
struct Liar {
    lie: Lie,
    calls: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Lie {
    None,
    /// The first input is the number of calls so far.
    Counts,
    /// The input is that of the column of the batch.
    DependsOnPlace,
    /// The first target is never written.
    LeavesTarget,
    /// `len` falls to 0 after some calls.
    LosesSamples,
    GrowsX,
    ShrinksY,
    /// The weight is the number of calls so far.
    CountsInWeights,
    /// Two inputs of five are shared by all threads for a while.
    SharesBuffer,
    /// No samples.
    IsEmpty,
}

impl Lie {
    fn told(self) -> Liar {
        Liar { lie: self, calls: AtomicUsize::new(0) }
    }
}

impl Samples<f64> for Liar {
    fn len(&self) -> usize {
        match self.lie {
            Lie::LosesSamples if self.calls.load(SeqCst) > 0 => 0,
            Lie::IsEmpty => 0,
            _ => 10,
        }
    }
    fn is_empty(&self) -> bool {
        false
    }
    fn n_inputs(&self) -> usize {
        2
    }
    fn n_outputs(&self) -> usize {
        1
    }
    fn weights(&self, _: &[usize], weights: &mut [f64]) {
        let count = if self.lie == Lie::CountsInWeights { self.calls.load(SeqCst) } else { 1 };
        weights.fill(count as f64);
    }
    fn gather(
        &self,
        epoch: u64,
        indices: &[usize],
        x: &mut DMatrix<f64>,
        y: &mut DMatrix<f64>,
    ) -> gradus::Result<()> {
        let call = self.calls.fetch_add(1, SeqCst);
        for (j, &index) in indices.iter().enumerate() {
            x[(0, j)] = index as f64 / 10.0;
            x[(1, j)] = epoch as f64 / 10.0;
            match self.lie {
                Lie::Counts => x[(0, j)] = call as f64,
                Lie::DependsOnPlace => x[(0, j)] = j as f64,
                _ => {}
            }
            if self.lie != Lie::LeavesTarget {
                y[j] = 0.5;
            }
        }
        match self.lie {
            Lie::GrowsX => *x = DMatrix::zeros(3, indices.len()),
            Lie::ShrinksY => *y = DMatrix::zeros(1, 0),
            Lie::SharesBuffer => {
                self.calls.store(indices[0], SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(1));
                x[(0, 0)] = self.calls.load(SeqCst) as f64 / 10.0;
            }
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn the_check_of_samples_catches_every_lie() {
    check::samples(&Lie::None.told()).unwrap();
    for (lie, words) in [
        (Lie::Counts, "the same sample is the same"),
        (Lie::DependsOnPlace, "the same sample is the same"),
        (Lie::LeavesTarget, "gather replaces every value"),
        (Lie::LosesSamples, "stay the same"),
        (Lie::GrowsX, "keeps the shapes"),
        (Lie::ShrinksY, "keeps the shapes"),
        (Lie::CountsInWeights, "the same sample is the same"),
        (Lie::SharesBuffer, "with four threads at once"),
        (Lie::IsEmpty, "it has samples"),
    ] {
        let error = check::samples(&lie.told()).unwrap_err();
        assert!(matches!(error, Error::Law { .. }), "{lie:?}: {error:?}");
        assert!(error.to_string().contains(words), "{lie:?}: {error}");
    }
}

#[test]
fn the_crates_own_samples_obey_the_laws() {
    let digits = Dataset::<f32>::synthetic_digits(30, 1).unwrap();
    check::samples(&digits).unwrap();
    check::samples(&digits.slice(7..8).unwrap()).unwrap();
    check::samples(&digits.to_floats().unwrap()).unwrap();
    let distortion = Elastic::new(4.0, 34.0).unwrap().then(Rotation::up_to_degrees(15.0).unwrap());
    check::samples(&Augmented::new(digits, (28, 28), distortion, 1).unwrap()).unwrap();
}

/// A run on samples that change their shapes or their number ends with an error, or goes on as it began.
#[test]
fn a_run_on_lying_samples_does_not_panic() {
    let fit = |lie: Lie| {
        let mut network =
            Network::<f64, _, _>::new(&[2, 3, 1], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
        let trainer = Trainer::new(CrossEntropy).mini_batch(4).stop(MaxEpochs::new(3).unwrap());
        trainer.fit(&mut network, &lie.told(), Some(&lie.told())).map(|_| ())
    };
    fit(Lie::None).unwrap();
    for lie in [Lie::GrowsX, Lie::ShrinksY] {
        assert!(matches!(fit(lie).unwrap_err(), Error::SizeMismatch { .. }), "{lie:?}");
    }
    for lie in [Lie::Counts, Lie::CountsInWeights] {
        let _ = fit(lie);
    }
}

/// The number of samples is asked for once.
#[test]
fn a_run_on_samples_that_get_lost_does_not_panic() {
    let mut network = Network::<f64, _, _>::new(&[2, 3, 1], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(CrossEntropy).mini_batch(4).stop(MaxEpochs::new(3).unwrap());
    let _ = trainer.fit(&mut network, &Lie::LosesSamples.told(), None);
    let _ = trainer.fit(&mut network, &Lie::None.told(), Some(&Lie::LosesSamples.told()));
    let _ = evaluate(&network, &CrossEntropy, &Lie::LosesSamples.told());
}

/// Shifts, in one wrong way.
#[derive(Debug)]
enum Distorter {
    Right,
    ToNan,
    Reshapes,
    Counts(AtomicUsize),
}

impl Distortion for Distorter {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
        let (rows, columns) = grid.shape();
        let shift = rng.next_u32() as f32 / u32::MAX as f32;
        grid.map(|x, y| (x + shift, y));
        match self {
            Self::Right => {}
            Self::ToNan => grid.map(|x, y| (if x < 0.5 { f32::NAN } else { x }, y)),
            Self::Reshapes => *grid = Grid::new(columns + 1, rows),
            Self::Counts(calls) => {
                let call = calls.fetch_add(1, SeqCst) as f32;
                grid.map(|x, y| (x + call, y));
            }
        }
    }
}

#[test]
fn the_check_of_distortions_catches_every_lie() {
    check::distortion(&Distorter::Right).unwrap();
    for (liar, words) in [
        (Distorter::ToNan, "moves no point to NaN"),
        (Distorter::Reshapes, "keeps the shape"),
        (Distorter::Counts(AtomicUsize::new(0)), "the same generator"),
    ] {
        let error = check::distortion(&liar).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    check::distortion(&Rotation::up_to_degrees(180.0).unwrap()).unwrap();
    check::distortion(&Scaling::up_to(100.0).unwrap().then(Translation::up_to(10_000.0).unwrap())).unwrap();
    check::distortion(&Elastic::new(10.0, 10_000.0).unwrap()).unwrap();
    let touched = Contrast::up_to(100.0).unwrap().then(Noise::new(1e6).unwrap());
    check::distortion(&Shear::up_to(10.0).unwrap().then(touched).then(Erasing::up_to(1.0).unwrap())).unwrap();
    for (liar, law) in
        [(Retouch::Nan, "NaN or infinite"), (Retouch::Counts(AtomicUsize::new(0)), "same values")]
    {
        let error = check::distortion(&liar).unwrap_err();
        assert!(error.to_string().contains(law), "{error}");
    }
}

/// NaN points would make a black image, from which a network learns nonsense.
#[test]
fn a_distortion_to_nan_or_of_another_shape_is_an_error_and_leaves_the_image() {
    let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
    for liar in [Distorter::ToNan, Distorter::Reshapes] {
        let mut image = [0.5f32; 15];
        let error = distort(&liar, &mut image, (3, 5), &mut rng).unwrap_err();
        assert!(matches!(error, Error::Law { .. }), "{error:?}");
        assert_eq!(image, [0.5; 15]);

        let digits = Dataset::<f32>::synthetic_digits(9, 1).unwrap();
        let augmented = Augmented::new(digits, (28, 28), liar, 1).unwrap();
        assert!(matches!(augmented.expand::<f32>(1).unwrap_err(), Error::Law { .. }));
    }
    assert!(distort(&Distorter::Right, &mut [0.5f32; 15], (3, 5), &mut rng).is_ok());
}

/// √z, which is NaN for every other weighted input.
#[derive(Debug, Clone)]
struct Root;

impl Activation<f64> for Root {
    fn activate(&self, z: &DMatrix<f64>, a: &mut DMatrix<f64>) {
        gradus::real::map(z, a, f64::sqrt);
    }
    fn pull_back(&self, _: &DMatrix<f64>, a: &DMatrix<f64>, grad: &mut DMatrix<f64>) {
        gradus::real::zip_map(a, grad, |a, g| g / (2.0 * a));
    }
}

/// Σ ln w, which is NaN for negative weights, and −∞ for 0.
#[derive(Debug)]
struct Logarithm;

impl Regularizer<f64> for Logarithm {
    fn penalty(&self, _: &LayerInfo, w: &[f64]) -> f64 {
        w.iter().map(|w| w.ln()).sum()
    }
    fn add_gradient(&self, _: &LayerInfo, w: &[f64], scale: f64, grad: &mut [f64]) {
        grad.iter_mut().zip(w).for_each(|(g, w)| *g += scale / w);
    }
}

/// 1 / (1 − w²), which is infinite for a weight of 1: the derivative may be anything there.
#[derive(Debug)]
struct Pole;

impl Regularizer<f64> for Pole {
    fn penalty(&self, _: &LayerInfo, _: &[f64]) -> f64 {
        f64::INFINITY
    }
    fn add_gradient(&self, _: &LayerInfo, _: &[f64], _: f64, _: &mut [f64]) {}
}

/// Changes values as it should not.
#[derive(Debug)]
enum Retouch {
    Nan,
    Counts(AtomicUsize),
}

impl Distortion for Retouch {
    fn distort(&self, _: &mut Grid, _: &mut dyn Rng) {}
    fn retouch(&self, values: &mut [f64], _: (usize, usize), _: &mut dyn Rng) {
        match self {
            Self::Nan => values[0] = f64::NAN,
            Self::Counts(asked) => values[0] = asked.fetch_add(1, SeqCst) as f64,
        }
    }
}

/// A step of NaN.
#[derive(Debug)]
struct Lost;

impl Optimizer<f64> for Lost {
    fn step(
        &self,
        _: &gradus::optimizer::StepInfo,
        _: &mut [&mut [f64]],
        w: &mut [f64],
        _: &mut [f64],
        _: f64,
    ) {
        w.fill(f64::NAN);
    }
}

#[test]
fn the_checks_report_nan_and_do_not_panic() {
    let is_law = |result: gradus::Result<()>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Law { .. }), "{error:?}");
        error.to_string()
    };
    assert!(is_law(check::activation(&Root)).contains("NaN"));
    assert!(is_law(check::regularizer(&Logarithm)).contains("NaN"));
    assert!(is_law(check::regularizer(&Pole)).contains("NaN or infinite"));
    is_law(check::optimizer(&Lost));

    let (x, y) = (DMatrix::from_element(2, 3, 0.5), DMatrix::from_element(1, 3, 0.5));
    let network = Network::new(&[2, 4, 1], Root, Sigmoid, &ScaledGaussian, 1).unwrap();
    assert!(is_law(check::gradient(&network, &CrossEntropy, &x, &y)).contains("NaN"));

    let network = Network::new(&[2, 4, 1], Tanh, Sigmoid, &ScaledGaussian, 1).unwrap();
    let with =
        |x: &DMatrix<f64>, y: &DMatrix<f64>| check::gradient(&network, &CrossEntropy, x, y).unwrap_err();
    let bad = DMatrix::from_element(2, 3, f64::NAN);
    assert!(matches!(with(&bad, &y), Error::NonFiniteSample { what: "input", .. }));
    assert!(matches!(
        with(&x, &DMatrix::from_element(1, 3, f64::NAN)),
        Error::NonFiniteSample { what: "target", .. }
    ));
}

#[test]
fn the_check_of_a_gradient_refuses_layers_that_do_not_fit() {
    let (x, y) = (DMatrix::from_element(2, 3, 0.5), DMatrix::from_element(1, 3, 0.5));
    for n in [0, 3, 5] {
        let mut network = Network::new(&[2, 4, 1], Tanh, Sigmoid, &ScaledGaussian, 1).unwrap();
        network.hidden_mut()[0].biases = DVector::zeros(n);
        let error = check::gradient(&network, &CrossEntropy, &x, &y).unwrap_err();
        assert!(matches!(error, Error::SizeMismatch { found, expected: 4, .. } if found == n), "{error:?}");
    }
}

/// 0 · ∞ is NaN, and so is ∞ · 0 where λ is infinite in single precision.
#[test]
fn penalties_are_never_nan() {
    fn assert_numbers<T: Real, R: Regularizer<T>>(penalty: R) {
        for big in [1e30, 1e200, 1e308] {
            let big = T::cast(big);
            let w = [big, -big, T::zero(), T::one()];
            let w = if w[0].to_f64().is_finite() { w } else { w.map(|w| w.min(T::one()).max(-T::one())) };
            let (at, mut gradient) = (LayerInfo::first(2), [T::zero(); 4]);
            penalty.add_gradient(&at, &w, T::one(), &mut gradient);
            assert!(!penalty.penalty(&at, &w).is_nan(), "{penalty:?}");
            assert!(gradient.iter().all(|g| !Real::is_nan(*g)), "{penalty:?} {gradient:?}");
        }
    }
    for lambda in [0.0, 1e-300, 5.0, 1e39, 1e300] {
        let (l1, l2) = (L1::new(lambda).unwrap(), L2::new(lambda).unwrap());
        assert_numbers::<f64, _>(l1);
        assert_numbers::<f64, _>(l2);
        assert_numbers::<f64, _>(Plus(l1, l2));
        let groups = [GroupLasso::by_neuron, GroupLasso::by_input].map(|new| new(lambda).unwrap());
        let huber = HuberPenalty::new(lambda, 1e-300).unwrap();
        for group in groups {
            assert_numbers::<f64, _>(group);
            assert_numbers::<f32, _>(group);
        }
        assert_numbers::<f64, _>(huber);
        assert_numbers::<f32, _>(huber);
        assert_numbers::<f32, _>(l1);
        assert_numbers::<f32, _>(l2);
    }
    assert_eq!(Regularizer::<f64>::penalty(&L2::new(0.0).unwrap(), &LayerInfo::first(1), &[1e200]), 0.0);
    assert_eq!(
        Regularizer::<f64>::penalty(&L1::new(0.0).unwrap(), &LayerInfo::first(1), &[1e308, 1e308]),
        0.0
    );
}
