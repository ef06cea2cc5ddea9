//! Initializers: their laws and moments, what suits each activation, and what `Network::new` makes of faulty
//! ones.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use gradus::{Error, Result, check, init};
use rand::Rng;

fn all() -> Vec<AnyInitializer> {
    let others = ["orthogonal(gain=2)", "constant(value=0.5)"];
    AnyInitializer::NAMES.iter().chain(&others).map(|name| name.parse().unwrap()).collect()
}

/// The parameters of one layer.
fn draw<T: Real>(
    initializer: &dyn Initializer<T>,
    activation: &dyn Activation<T>,
    n_out: usize,
    n_in: usize,
) -> (DMatrix<T>, DVector<T>) {
    let (mut weights, mut biases) = (DMatrix::zeros(n_out, n_in), DVector::zeros(n_out));
    let mut rng = generator(5, Purpose::User, n_out as u64, n_in as u64);
    initializer.initialize(&mut rng, activation, &mut weights, &mut biases);
    (weights, biases)
}

#[test]
fn every_initializer_obeys_the_laws() {
    for initializer in all() {
        check::initializer(&initializer).unwrap_or_else(|error| panic!("{initializer}: {error}"));
        check::initializer(&WithBiases::new(initializer, 0.5, 2.0).unwrap()).unwrap();
    }
}

#[test]
fn names_print_as_they_parse() {
    for initializer in all() {
        let name = initializer.to_string();
        assert_eq!(name.parse::<AnyInitializer>().unwrap(), initializer);
        assert_eq!(Initializer::<f32>::name(&initializer), name);
    }
    let error = "xavier".parse::<AnyInitializer>().unwrap_err();
    assert!(matches!(error, Error::UnknownName { kind: "initializer", .. }), "{error:?}");
    assert!(matches!("orthogonal(gain=0)".parse::<AnyInitializer>(), Err(Error::Setting { .. })));
    assert!(
        WithBiases::new(HeNormal, f64::NAN, 0.0).is_err()
            && WithBiases::new(HeNormal, 0.0, f64::NAN).is_err()
    );
}

/// Mean, variance and fourth moment of 60,000 weights, each within six standard deviations of its estimate: a
/// right initializer fails one of these 21 comparisons with a probability below 21 · 2·10⁻⁹, and the seed is
/// fixed.
#[test]
fn moments_are_those_of_the_pages() {
    let (n_out, n_in) = (200, 300);
    let n = (n_out * n_in) as f64;
    // The variance times n_in, and the fourth and eighth moment of the standardized distribution.
    let (normal, uniform) = ((3.0, 105.0), (9.0 / 5.0, 9.0));
    let mut wrong = Vec::new();
    let average = 2.0 * n_in as f64 / (n_in + n_out) as f64;
    for (name, scaled, (fourth, eighth)) in [
        ("he_normal", 2.0, normal),
        ("he_uniform", 2.0, uniform),
        ("glorot_normal", average, normal),
        ("glorot_uniform", average, uniform),
        ("lecun_normal", 1.0, normal),
        ("lecun_uniform", 1.0, uniform),
        ("scaled_gaussian", 1.0, normal),
    ] {
        let initializer: AnyInitializer = name.parse().unwrap();
        let (weights, biases) = draw::<f64>(&initializer, &Tanh, n_out, n_in);
        let standardized = weights * (n_in as f64 / scaled).sqrt();
        let moment = |power| standardized.iter().map(|w| w.powi(power)).sum::<f64>() / n;
        for (power, wanted, variance) in
            [(1, 0.0, 1.0), (2, 1.0, fourth - 1.0), (4, fourth, eighth - fourth * fourth)]
        {
            let bound = 6.0 * f64::sqrt(variance / n);
            if (moment(power) - wanted).abs() >= bound {
                wrong.push(format!("{name}: E w^{power} = {}, not {wanted}", moment(power)));
            }
        }
        assert_eq!(biases.norm() == 0.0, name != "scaled_gaussian", "{name}");
        let limit = if fourth < 2.0 { 3.0f64.sqrt() } else { f64::INFINITY };
        assert!(standardized.amax() <= limit, "{name}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// QᵀQ = I to rounding, in both precisions, whichever side is longer; and the sign of the diagonal is not
/// fixed, as it would be without the correction by R.
#[test]
fn orthogonal_matrices_are_orthogonal() {
    fn deviation<T: Real>(n_out: usize, n_in: usize) -> f64 {
        let (w, _) = draw::<T>(&Orthogonal::new(2.0).unwrap(), &Tanh, n_out, n_in);
        let product = if n_out >= n_in { w.transpose() * &w } else { &w * w.transpose() };
        let identity = DMatrix::<T>::identity(product.nrows(), product.ncols());
        (product * T::cast(0.25) - identity).iter().fold(0.0, |most, d| d.to_f64().abs().max(most))
    }
    for (n_out, n_in) in [(1, 1), (3, 3), (64, 64), (100, 30), (30, 100), (1, 50)] {
        assert!(deviation::<f64>(n_out, n_in) < 20.0 * f64::EPSILON, "{n_out} × {n_in}");
        assert!(deviation::<f32>(n_out, n_in) < 20.0 * f64::from(f32::EPSILON), "{n_out} × {n_in}");
    }
    let signs: Vec<bool> =
        (1..40).map(|n| draw::<f64>(&Orthogonal::default(), &Tanh, n, n).0[(0, 0)] > 0.0).collect();
    assert!(signs.contains(&true) && signs.contains(&false));
}

/// Each activation gets what its authors found.
#[test]
fn by_activation_looks_at_the_activation() {
    for (name, as_another) in [
        ("relu", "he_normal"),
        ("leaky_relu(slope=0)", "he_normal"),
        ("selu", "lecun_normal"),
        ("tanh", "glorot_normal"),
        ("sigmoid", "glorot_normal"),
        ("linear", "glorot_normal"),
        ("softmax", "glorot_normal"),
    ] {
        let (f, other): (AnyActivation, AnyInitializer) =
            (name.parse().unwrap(), as_another.parse().unwrap());
        let (found, wanted) = (draw::<f64>(&ByActivation, &f, 30, 20).0, draw::<f64>(&other, &f, 30, 20).0);
        assert!((found - wanted).amax() < 1e-15, "{name}");
    }
}

/// z keeps its second moment through 8 layers of 256 neurons; a deviation that is off by √2 would change it
/// by 2⁸.
#[test]
fn deep_networks_keep_their_variance() {
    for name in ["relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus"] {
        let f: AnyActivation = name.parse().unwrap();
        let network = Network::<f64, _, _>::new(&[256; 10], f, Linear, &ByActivation, 1).unwrap();
        // Weighted inputs of variance 1 in the first layer.
        let mut a = draw::<f64>(&LargeGaussian, &Linear, 256, 100).0 / Activation::<f64>::gain(&f);
        let mut moments = Vec::new();
        for layer in network.hidden() {
            let z = &layer.weights * &a;
            f.activate(&z, &mut a);
            moments.push(z.norm_squared() / z.len() as f64);
        }
        let ratio = moments[7] / moments[0];
        assert!((0.25..4.0).contains(&ratio), "{name}: {moments:?}");
    }
}

/// An initializer of a closure, for faults.
struct Faulty<F>(F);

impl<F> std::fmt::Debug for Faulty<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faulty")
    }
}

impl<F: Fn(&mut dyn Rng, &mut DMatrix<f64>, &mut DVector<f64>) + Send + Sync> Initializer<f64> for Faulty<F> {
    fn initialize(
        &self,
        rng: &mut dyn Rng,
        _: &dyn Activation<f64>,
        weights: &mut DMatrix<f64>,
        biases: &mut DVector<f64>,
    ) {
        self.0(rng, weights, biases);
    }

    fn deviation(&self, _: &dyn Activation<f64>, n_in: usize, _: usize) -> Option<f64> {
        Some((n_in as f64).sqrt().recip())
    }
}

fn faulty<F>(f: F) -> Faulty<F>
where
    F: Fn(&mut dyn Rng, &mut DMatrix<f64>, &mut DVector<f64>) + Send + Sync,
{
    Faulty(f)
}

/// N(0, 1/n_in) and biases 0, times `scale` and plus `shift` standard deviations.
fn gaussian(scale: f64, shift: f64) -> impl Initializer<f64> {
    faulty(move |rng, weights, biases| {
        let deviation = (weights.ncols() as f64).sqrt().recip();
        weights.apply(|w| *w = deviation * (scale * f64::sample_normal(rng) + shift));
        biases.fill(0.0);
    })
}

#[test]
fn the_check_sees_faults() {
    let assert_breaks = |result: Result<()>, expected: &str| match result {
        Err(Error::Law { law, .. }) => assert!(law.contains(expected), "another law was broken: {law}"),
        other => panic!("{other:?}, and not a broken law: {expected}"),
    };
    check::initializer(&gaussian(1.0, 0.0)).unwrap();
    for scale in [0.95, 1.05, 2.0, 0.0] {
        assert_breaks(check::initializer(&gaussian(scale, 0.0)), "variance that deviation() claims");
    }
    assert_breaks(check::initializer(&gaussian(1.0, 0.1)), "mean 0");
    assert_breaks(check::initializer(&faulty(|_, weights, _| weights.fill(0.0))), "set to a finite number");
    assert_breaks(check::initializer(&faulty(|_, w, b| *b = DVector::zeros(w.ncols() + 1))), "shapes");
    let transposed = faulty(|_, w, b| {
        *w = DMatrix::zeros(w.ncols(), w.nrows());
        b.fill(0.0);
    });
    assert_breaks(check::initializer(&transposed), "shapes");
    let calls = AtomicU64::new(0);
    let counts = faulty(|_, weights, biases| {
        weights.fill(calls.fetch_add(1, SeqCst) as f64);
        biases.fill(0.0);
    });
    assert_breaks(check::initializer(&counts), "same generator");
}

#[test]
fn a_network_refuses_what_a_faulty_initializer_leaves() {
    let new = |initializer: &dyn Initializer<f64>| Network::new(&[3, 4, 2], Tanh, Sigmoid, initializer, 1);
    let nan = faulty(|_, w, _| w.as_mut_slice()[3] = f64::NAN);
    let error = new(&nan).unwrap_err();
    assert!(
        matches!(error, Error::NonFiniteParameter { what: "weight", layer: 1, index: 3, .. }),
        "{error:?}"
    );
    let infinite = faulty(|_, w, b| b[0] = if w.nrows() == 2 { f64::INFINITY } else { 0.0 });
    let error = new(&infinite).unwrap_err();
    assert!(matches!(error, Error::NonFiniteParameter { what: "bias", layer: 2, index: 0, .. }), "{error:?}");
    let transposed = faulty(|_, w, _| *w = w.transpose());
    assert!(matches!(new(&transposed).unwrap_err(), Error::SizeMismatch { found: 3, expected: 4, .. }));
    let wider = faulty(|_, w, _| *w = DMatrix::zeros(w.nrows(), w.ncols() + 1));
    assert!(matches!(new(&wider).unwrap_err(), Error::SizeMismatch { found: 4, expected: 3, .. }));
    let longer = faulty(|_, _, b| *b = DVector::zeros(b.len() + 1));
    assert!(matches!(new(&longer).unwrap_err(), Error::SizeMismatch { found: 5, expected: 4, .. }));
    // Both at once fit each other, and yet not the sizes that were asked for.
    let larger = faulty(|_, w, b| (*w, *b) = (DMatrix::zeros(9, w.ncols()), DVector::zeros(9)));
    assert!(matches!(new(&larger).unwrap_err(), Error::SizeMismatch { found: 9, expected: 4, .. }));
}

/// A network of rectified linear units, asked for nothing, begins as He and others found; biases may be
/// chosen apart.
#[test]
fn biases_are_chosen_apart() {
    let (weights, _) = draw::<f64>(&HeUniform, &Relu, 200, 50);
    let (same, constant) = draw::<f64>(&WithBiases::new(HeUniform, 0.1, 0.0).unwrap(), &Relu, 200, 50);
    assert_eq!(weights, same);
    assert!(constant.iter().all(|&b| b == 0.1));
    let (_, spread) =
        draw::<f64>(&WithBiases::new(init::Constant::default(), 3.0, 0.5).unwrap(), &Relu, 10_000, 1);
    // Six standard deviations of the mean, and of the variance.
    assert!((spread.mean() - 3.0).abs() < 6.0 * 0.5 / 100.0);
    assert!((spread.variance() / 0.25 - 1.0).abs() < 6.0 * f64::sqrt(2.0) / 100.0);
}
