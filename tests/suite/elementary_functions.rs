//! The elementary functions keep the error bounds that their pages state, over their whole range.

use gradus::prelude::*;
use nalgebra::Dyn;

/// |found / exact − 1| in units of ε.
fn error(found: f64, exact: f64, epsilon: f64) -> f64 {
    if found == exact { 0.0 } else { (found / exact - 1.0).abs() / epsilon }
}

const E32: f64 = f32::EPSILON as f64;
const E64: f64 = f64::EPSILON;

/// Every `step`th number between `from` and `to`, both of one sign, by their bits.
fn floats32(from: f32, to: f32, step: usize) -> impl Iterator<Item = f32> {
    (from.to_bits()..=to.to_bits()).step_by(step).map(f32::from_bits)
}

/// As many numbers as `count` between `from` and `to`, evenly spread over their bits, and so over their magnitudes.
fn floats64(from: f64, to: f64, count: u64) -> impl Iterator<Item = f64> {
    let (from, to) = (from.to_bits(), to.to_bits());
    let step = (to - from) / count;
    (0..count).map(move |i| f64::from_bits(from + i * step))
}

/// Numbers from 10⁻³⁰⁸ to `to` by their bits, and evenly in [0, `to`].
fn both_ways(to: f64) -> impl Iterator<Item = f64> {
    floats64(1e-308, to, 300_003).chain((0..300_000).map(move |i| to * f64::from(i) / 300_000.0))
}

/// The law holds with room for half a unit, the error of the standard library's own exponential.
#[test]
fn fast_exp_keeps_its_bound() {
    for magnitude in floats32(1e-38, 89.0, 997) {
        for x in [magnitude, -magnitude] {
            let (found, exact) = (f64::from(x.fast_exp()), f64::from(x).exp());
            if exact > f64::from(f32::MAX) {
                assert_eq!(found, f64::INFINITY, "{x}");
            } else if exact < 2.0 * f64::from(f32::MIN_POSITIVE) {
                assert_eq!(found, 0.0, "{x}");
            } else {
                assert!(error(found, exact, E32) < 3.0, "{x}: {found:e} for {exact:e}");
            }
        }
    }
    for magnitude in both_ways(709.7) {
        for x in [magnitude, -magnitude] {
            let (found, exact) = (x.fast_exp(), x.exp());
            if exact >= 2.0 * f64::MIN_POSITIVE {
                assert!(error(found, exact, E64) < 2.5, "{x}: {found:e} for {exact:e}");
            } else {
                assert_eq!(found, 0.0, "{x}");
            }
        }
    }
}

/// Where the result leaves the normal numbers, number by number.
#[test]
fn fast_exp_ends_where_its_page_says() {
    let near = |x: f64| (-2000..2000).map(move |i| f64::from_bits((x.to_bits() as i64 + i) as u64));
    for x in near(709.782_712_893_384) {
        assert_eq!(x.fast_exp().is_infinite(), x.exp().is_infinite(), "{x:?}");
        assert!(x.fast_exp().is_infinite() || error(x.fast_exp(), x.exp(), E64) < 2.5, "{x:?}");
    }
    // The threshold lies between two numbers: the smallest that is not sent to 0 is the first with e^x ≥ 2 · smallest,
    // up to the rounding of e^x itself there.
    for x in near(-707.703_271_351_704) {
        let (found, exact) = (x.fast_exp(), x.exp());
        let smallest = 2.0 * f64::MIN_POSITIVE;
        if found == 0.0 {
            assert!(exact < smallest * (1.0 + 800.0 * E64), "{x:?}");
        } else {
            assert!(exact >= smallest * (1.0 - 800.0 * E64) && error(found, exact, E64) < 2.5, "{x:?}");
        }
    }
    for x in [-1e3, -1e308, f64::MIN, f64::NEG_INFINITY] {
        assert_eq!((x.fast_exp(), (x as f32).fast_exp()), (0.0, 0.0));
    }
    for x in [1e3, 1e308, f64::MAX, f64::INFINITY] {
        assert_eq!((x.fast_exp(), (x as f32).fast_exp()), (f64::INFINITY, f32::INFINITY));
    }
    assert!(f64::NAN.fast_exp().is_nan() && f32::NAN.fast_exp().is_nan());
    assert_eq!((0.0f64.fast_exp(), (-0.0f32).fast_exp()), (1.0, 1.0));
}

#[test]
fn fast_ln_1p_keeps_its_bound() {
    for x in floats32(1e-37, 1.0, 997) {
        let (found, exact) = (f64::from(x.fast_ln_1p()), f64::from(x).ln_1p());
        assert!(error(found, exact, E32) < 3.0, "{x}: {found:e} for {exact:e}");
    }
    for x in both_ways(1.0) {
        assert!(error(x.fast_ln_1p(), x.ln_1p(), E64) < 2.5, "{x}");
    }
    assert_eq!((0.0f64.fast_ln_1p(), 0.0f32.fast_ln_1p()), (0.0, 0.0));
}

#[test]
fn fast_exp_m1_keeps_its_bound() {
    for magnitude in floats32(1e-37, 100.0, 997) {
        let (found, exact) = (f64::from((-magnitude).fast_exp_m1()), f64::from(-magnitude).exp_m1());
        assert!(error(found, exact, E32) < 3.0, "{magnitude}: {found:e} for {exact:e}");
    }
    for magnitude in both_ways(800.0) {
        assert!(error((-magnitude).fast_exp_m1(), (-magnitude).exp_m1(), E64) < 3.0, "{magnitude}");
    }
    for x in [-1e3, -1e308, f64::MIN, f64::NEG_INFINITY] {
        assert_eq!((x.fast_exp_m1(), (x as f32).fast_exp_m1()), (-1.0, -1.0));
    }
    // Above 0 it is not defined, and harmless in a branch that is not taken.
    for x in [0.0, 1.0, 1e308, f64::INFINITY] {
        assert_eq!((x.fast_exp_m1(), (x as f32).fast_exp_m1()), (0.0, 0.0));
    }
    assert!(f64::NAN.fast_exp_m1().is_nan() && f32::NAN.fast_exp_m1().is_nan());
}

/// Below 4 ε, of which the reference for `f64` takes one.
#[test]
fn tanh_keeps_its_bound() {
    for magnitude in floats32(1e-38, 100.0, 997) {
        for z in [magnitude, -magnitude] {
            let (found, exact) = (f64::from(Tanh::eval(z)), f64::from(z).tanh());
            assert!(error(found, exact, E32) < 4.0, "{z}: {found:e} for {exact:e}");
            assert!(found.abs() <= 1.0, "{z}");
        }
    }
    for magnitude in both_ways(40.0) {
        for z in [magnitude, -magnitude] {
            assert!(error(Tanh::eval(z), z.tanh(), E64) < 4.0, "{z}: {:e} for {:e}", Tanh::eval(z), z.tanh());
            assert_eq!(Tanh::eval(-z), -Tanh::eval(z), "odd");
        }
    }
    for z in [1e2, 1e38, 1e308, f64::INFINITY] {
        assert_eq!((Tanh::eval(z), Tanh::eval(-z), Tanh::eval(z as f32)), (1.0, -1.0, 1.0));
    }
}

/// A few ε relative in both tails, down to twice the smallest normal number and 0 below it.
#[test]
fn sigmoid_is_exact_in_both_tails() {
    // σ by its definition, from the side where nothing overflows.
    let sigma = |z: f64| if z < 0.0 { z.exp() / (1.0 + z.exp()) } else { 1.0 / (1.0 + (-z).exp()) };
    for magnitude in floats32(1e-38, 87.0, 997) {
        for z in [magnitude, -magnitude] {
            let (found, exact) = (f64::from(Sigmoid::eval(z)), sigma(f64::from(z)));
            if exact < 2.0 * f64::from(f32::MIN_POSITIVE) {
                assert_eq!(found, 0.0, "{z}");
            } else {
                assert!(error(found, exact, E32) < 4.0, "{z}: {found:e} for {exact:e}");
            }
        }
    }
    for magnitude in both_ways(709.0) {
        for z in [magnitude, -magnitude] {
            let (found, exact) = (Sigmoid::eval(z), sigma(z));
            if exact < 2.0 * f64::MIN_POSITIVE {
                assert_eq!(found, 0.0, "{z}");
            } else {
                assert!(error(found, exact, E64) < 4.0, "{z}: {found:e} for {exact:e}");
            }
        }
    }
    // σ′ keeps its relative error too, where a (1 − a) would be 0.
    let slope = Sigmoid::derivative(40.0f64);
    assert!(error(slope, (-40.0f64).exp(), E64) < 5.0, "{slope:e}");
}

/// σ(z) = (1 + tanh(z/2)) / 2, the last exercise of chapter 3 on other models of neurons.
#[test]
fn sigmoid_is_a_rescaled_tanh() {
    for i in -4000..4000 {
        let z = f64::from(i) / 100.0;
        let rescaled = (1.0 + Tanh::eval(z / 2.0)) / 2.0;
        assert!((Sigmoid::eval(z) - rescaled).abs() <= 4.0 * E64, "{z}");
    }
}

/// The vectorized loops give the same bits as one number at a time, whatever the length of the loop.
#[test]
fn a_batch_gives_the_bits_of_its_numbers() {
    for length in 1..70 {
        let z = DMatrix::from_fn(length, 1, |i, _| (i as f32 - 30.0) * 0.37);
        let mut a = z.clone();
        Sigmoid.activate(&z, &mut a);
        assert_eq!(a, z.map(Sigmoid::eval));
        Tanh.activate(&z, &mut a);
        assert_eq!(a, z.map(Tanh::eval));
        let (z, a) = (z.reshape_generic(Dyn(1), Dyn(length)), a.reshape_generic(Dyn(1), Dyn(length)));
        let mut sums = vec![f64::NAN; length];
        gradus::real::zip_sums(&z, &a, &mut sums, |z, a| z * a);
        assert!(sums.iter().zip(z.iter().zip(&a)).all(|(&sum, (z, a))| sum == f64::from(z * a)));
        let (z, a) = (z.reshape_generic(Dyn(length), Dyn(1)), a.reshape_generic(Dyn(length), Dyn(1)));
        gradus::real::zip_sums(&z, &a, &mut sums[..1], |z, a| z * a);
        assert_eq!(sums[0], z.iter().zip(&a).fold(0.0, |sum, (z, a)| sum + f64::from(z * a)));
    }
}
