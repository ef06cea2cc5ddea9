//! Activation functions: their laws, limits, slopes far out, gains and names.

use std::f64::consts::PI;

use gradus::activation::Fan;
use gradus::prelude::*;
use gradus::{Error, check};

/// Every activation with its defaults, and those with parameters once more with others.
fn all() -> Vec<AnyActivation> {
    let others = [
        "leaky_relu(slope=0)",
        "leaky_relu(slope=0.3)",
        "elu(alpha=0.5)",
        "elu(alpha=2)",
        "softmax(sharpness=2.5)",
    ];
    AnyActivation::NAMES.iter().chain(&others).map(|name| name.parse().unwrap()).collect()
}

fn activate<T: Real>(f: &AnyActivation, z: T) -> T {
    let (z, mut a) = (DMatrix::from_element(1, 1, z), DMatrix::zeros(1, 1));
    f.activate(&z, &mut a);
    a[0]
}

fn slope<T: Real>(f: &AnyActivation, z: T) -> T {
    let (z, mut a, mut grad) =
        (DMatrix::from_element(1, 1, z), DMatrix::zeros(1, 1), DMatrix::from_element(1, 1, T::one()));
    f.activate(&z, &mut a);
    f.pull_back(&z, &a, &mut grad);
    grad[0]
}

#[test]
fn every_activation_obeys_the_laws() {
    let broken: Vec<_> =
        all().iter().filter_map(|f| check::activation(f).err()).map(|e| e.to_string()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn far_out_every_activation_is_at_its_limit() {
    // The value and the slope at −10³⁰⁸ and at 10³⁰⁸.
    let limits = [
        ("sigmoid", [0.0, 0.0, 1.0, 0.0]),
        ("tanh", [-1.0, 0.0, 1.0, 0.0]),
        ("relu", [0.0, 0.0, 1e308, 1.0]),
        ("leaky_relu(slope=0.5)", [-5e307, 0.5, 1e308, 1.0]),
        ("elu(alpha=2)", [-2.0, 0.0, 1e308, 1.0]),
        ("selu", [-1.7580993408473768, 0.0, 1.0507009873554805e308, 1.0507009873554805]),
        ("gelu", [0.0, 0.0, 1e308, 1.0]),
        ("silu", [0.0, 0.0, 1e308, 1.0]),
        ("softplus", [0.0, 0.0, 1e308, 1.0]),
        ("exponential", [0.0, 0.0, f64::INFINITY, f64::INFINITY]),
        ("linear", [-1e308, 1.0, 1e308, 1.0]),
    ];
    assert_eq!(limits.len() + 1, AnyActivation::NAMES.len(), "softmax has no single limit");
    for (name, [low, low_slope, high, high_slope]) in limits {
        let f = name.parse().unwrap();
        assert_eq!([activate(&f, -1e308), slope(&f, -1e308)], [low, low_slope], "{name}");
        assert_eq!([activate(&f, 1e308), slope(&f, 1e308)], [high, high_slope], "{name}");
        assert_eq!(
            [activate(&f, -1e38f32), slope(&f, -1e38f32)].map(|v| v == 0.0),
            [low, low_slope].map(|v| v == 0.0)
        );
    }
}

/// A name, and a derivative that is exact in the tails.
type Slope = (&'static str, fn(f64) -> f64);

/// The derivatives that go to 0, exactly.
const SLOPES: [Slope; 5] = [
    ("sigmoid", |z| (-z.abs()).exp() / (1.0 + (-z.abs()).exp()).powi(2)),
    ("tanh", |z| 4.0 * (-2.0 * z.abs()).exp() / (1.0 + (-2.0 * z.abs()).exp()).powi(2)),
    ("elu(alpha=0.5)", |z| if z > 0.0 { 1.0 } else { 0.5 * z.exp() }),
    ("selu", |z| 1.0507009873554805 * if z > 0.0 { 1.0 } else { 1.6732632423543772 * z.exp() }),
    ("softplus", |z| if z < 0.0 { z.exp() / (1.0 + z.exp()) } else { 1.0 / (1.0 + (-z).exp()) }),
];

/// A derivative keeps its relative error where the activation has rounded to its limit.
#[test]
fn slopes_keep_their_digits_in_the_tails() {
    for (name, exact) in SLOPES {
        let f = name.parse().unwrap();
        for i in -30_000..=30_000 {
            let z = f64::from(i) / 41.0;
            let wanted = exact(z);
            if wanted > 10.0 * f64::MIN_POSITIVE {
                let error = (slope(&f, z) / wanted - 1.0).abs() / f64::EPSILON;
                assert!(error < 40.0, "{name}: off by {error} ε at {z}");
            }
            let (z, epsilon) = (z as f32, f64::from(f32::EPSILON));
            let wanted = exact(f64::from(z));
            if wanted > 10.0 * f64::from(f32::MIN_POSITIVE) {
                let error = (f64::from(slope(&f, z)) / wanted - 1.0).abs() / epsilon;
                assert!(error < 40.0, "{name}: off by {error} ε at {z} in f32");
            }
        }
    }
}

/// Which formula an element gets must not depend on its neighbours, on the place in the matrix or on the
/// number of threads.
#[test]
fn an_element_gives_the_same_bits_among_any_others() {
    for f in all().iter().filter(|f| !matches!(f, AnyActivation::Softmax(_))) {
        let z = DMatrix::from_fn(1, 2000, |_, i| (i as f64 - 1000.0) * if i % 3 == 0 { 0.05 } else { 0.002 });
        let (mut a, mut grad) = (z.clone(), DMatrix::from_element(1, 2000, 0.7));
        f.activate(&z, &mut a);
        f.pull_back(&z, &a, &mut grad);
        for i in 0..2000 {
            assert_eq!(a[i].to_bits(), activate(f, z[i]).to_bits(), "{f} at {}", z[i]);
            let (z, a, mut alone) =
                (z.columns(i, 1).into(), a.columns(i, 1).into(), DMatrix::from_element(1, 1, 0.7));
            f.pull_back(&z, &a, &mut alone);
            assert_eq!(grad[i].to_bits(), alone[0].to_bits(), "{f} at {}", z[0]);
        }
    }
}

/// J of a softmax by its definition, Σ_k a_j a_k (g_j − g_k), in which nothing cancels if one output is
/// nearly 1.
#[test]
fn a_softmax_keeps_its_digits_where_one_output_is_nearly_1() {
    for lead in [0.0, 3.0, 20.0, 30.0, 37.5, 100.0, 600.0] {
        for g in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [-2.0, 0.5, 3.0]] {
            let (z, mut a) = (DMatrix::from_column_slice(3, 1, &[lead, 0.0, -1.0]), DMatrix::zeros(3, 1));
            Softmax::default().activate(&z, &mut a);
            let mut pulled = DMatrix::from_column_slice(3, 1, &g);
            Softmax::default().pull_back(&z, &a, &mut pulled);
            for j in 0..3 {
                let wanted: f64 = (0..3).map(|k| a[j] * a[k] * (g[j] - g[k])).sum();
                let size: f64 = (0..3).map(|k| (a[j] * a[k] * (g[j] - g[k])).abs()).sum();
                let error = (pulled[j] - wanted).abs();
                assert!(error <= 8.0 * f64::EPSILON * size, "{} for {wanted}, z = {z}, g = {g:?}", pulled[j]);
            }
        }
    }
}

#[test]
fn a_softmax_of_any_sharpness_has_the_right_limit() {
    let softmax = |c: f64, z: &[f64]| {
        let (z, mut a) = (DMatrix::from_column_slice(z.len(), 1, z), DMatrix::zeros(z.len(), 1));
        Softmax::with_sharpness(c).unwrap().activate(&z, &mut a);
        let cost = LogLikelihood.value(
            &Softmax::with_sharpness(c).unwrap(),
            &z,
            &a,
            &DMatrix::from_element(z.len(), 1, 0.5),
        );
        (a.as_slice().to_vec(), cost)
    };
    let sigma = |z: f64| 1.0 / (1.0 + (-z).exp());
    for (c, z, first) in [
        (1e-308, [1e308, -1e308], sigma(2.0)),
        (1e-308, [-1e308, 1e308], sigma(-2.0)),
        (5e-309, [1e308, 0.0], sigma(0.5)),
        (1e-308, [1e3, -1e3], 0.5),
        (1e308, [1e308, 1e308], 0.5),
        (1e308, [1.0, 0.0], 1.0),
        (1e-300, [f64::MAX, f64::MIN], 1.0),
    ] {
        let (a, cost) = softmax(c, &z);
        assert!(
            (a[0] - first).abs() < 1e-14 && (a[1] - (1.0 - first)).abs() < 1e-14,
            "c = {c}, z = {z:?}: {a:?}"
        );
        assert!(!cost.is_nan(), "c = {c}, z = {z:?}");
    }
    // 10⁻⁵⁰ rounds to 0 in single precision, where c z does too.
    for z in [[1.0f32, -1.0], [1e38, -1e38], [f32::MAX, f32::MIN]] {
        let (z, mut a) = (DMatrix::from_column_slice(2, 1, &z), DMatrix::zeros(2, 1));
        Softmax::with_sharpness(1e-50).unwrap().activate(&z, &mut a);
        assert_eq!(a.as_slice(), [0.5, 0.5], "{z}");
    }
}

/// Where the fan is n_in, the gain is He's: g² E[f(Z)²] = 1 for Z ~ N(0, 1), by the trapezoidal rule.
#[test]
fn gains_keep_the_second_moment() {
    let (n, width) = (400_001, 24.0);
    let mut tested = 0;
    for f in all().iter().filter(|f| Activation::<f64>::fan(f) == Fan::In) {
        let z = DMatrix::from_fn(1, n, |_, i| (i as f64 / (n - 1) as f64 - 0.5) * width);
        let mut a = z.clone();
        f.activate(&z, &mut a);
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let moment = a.zip_fold(&z, 0.0, |sum, a, z| sum + a * a * density(z)) * width / (n - 1) as f64;
        let gain = Activation::<f64>::gain(f);
        assert!((gain * gain * moment - 1.0).abs() < 1e-8, "{f}: g = {gain}, not {}", moment.sqrt().recip());
        tested += 1;
    }
    assert!(tested >= 7);
}

/// What a name parses to is what it was printed from, to the bit; also as JSON.
#[test]
fn names_print_as_they_parse() {
    for f in all() {
        let name = f.to_string();
        assert_eq!(name.parse::<AnyActivation>().unwrap(), f, "{name}");
        assert_eq!(Activation::<f32>::name(&f), name);
        let json = serde_json::to_string(&f).unwrap();
        assert_eq!((json.as_str(), serde_json::from_str(&json).unwrap()), (format!("{name:?}").as_str(), f));
    }
    for slope in [1e-300, 0.1 + 0.2, 1.0 / 3.0, 0.9999999999999999, 5e-324] {
        let f = LeakyRelu::new(slope).unwrap();
        assert_eq!(f.to_string().parse::<LeakyRelu>().unwrap(), f);
    }
    assert_eq!("elu(alpha=1)".parse::<Elu>().unwrap(), Elu::default());
    assert_eq!(" elu ( alpha = 2 , ) ".parse::<Elu>().unwrap(), Elu::new(2.0).unwrap());
    assert_eq!(Elu::new(2.5).unwrap().to_string(), "elu(alpha=2.5)");
    assert_eq!("elu()".parse::<AnyActivation>().unwrap(), Elu::default().into());
    assert_eq!(Relu.to_string(), "relu");
}

/// A custom activation without a name of its own has its `Debug` text.
#[test]
fn a_custom_activation_is_named_by_its_debug_text() {
    #[derive(Debug)]
    struct Cube {
        #[allow(dead_code)]
        power: u8,
    }
    impl Activation<f64> for Cube {
        fn activate(&self, z: &DMatrix<f64>, a: &mut DMatrix<f64>) {
            a.copy_from(&z.map(|z| z.powi(3)));
        }
        fn pull_back(&self, z: &DMatrix<f64>, _: &DMatrix<f64>, grad: &mut DMatrix<f64>) {
            grad.zip_apply(z, |grad, z| *grad *= 3.0 * z * z);
        }
    }
    let cube: Box<dyn Activation<f64>> = Box::new(Cube { power: 3 });
    assert_eq!((cube.name().as_ref(), cube.gain(), cube.fan()), ("Cube { power: 3 }", 1.0, Fan::Average));
}

#[test]
fn a_wrong_name_is_told_what_there_is() {
    let refused = |text: &str| text.parse::<AnyActivation>().unwrap_err();
    let error = refused("swish");
    assert!(matches!(&error, Error::UnknownName { kind: "activation", found, .. } if found == "swish"));
    for name in AnyActivation::NAMES {
        assert!(error.to_string().contains(name), "{error}");
    }
    for (text, part) in [
        ("elu(beta=1)", "no parameter `beta`; parameters: alpha (default 1)"),
        ("relu(slope=1)", "parameters: none"),
        ("elu(alpha=1", "closing parenthesis"),
        ("elu(alpha=1)x", "closing parenthesis"),
        ("elu(1)", "`1` is not of the form parameter=value"),
        ("elu(alpha=one)", "alpha = `one` is not a number"),
        ("elu(alpha=1, alpha=2)", "alpha is given twice"),
    ] {
        let error = refused(text);
        assert!(matches!(error, Error::MalformedName { kind: "activation", .. }), "{text}: {error:?}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
    for text in ["elu(alpha=0)", "elu(alpha=NaN)", "leaky_relu(slope=1)", "softmax(sharpness=inf)"] {
        assert!(matches!(refused(text), Error::Setting { .. }), "{text}");
        assert!(serde_json::from_str::<AnyActivation>(&format!("{text:?}")).is_err());
    }
    assert!(matches!("tanh".parse::<Relu>(), Err(Error::UnknownName { .. })));
    assert!(matches!(Relu::try_from(AnyActivation::from(Tanh)), Err(Error::UnknownName { .. })));
}

/// Single precision agrees with double precision to its rounding.
#[test]
fn single_precision_agrees_with_double_precision() {
    for f in all().iter().filter(|f| !matches!(f, AnyActivation::Softmax(_))) {
        for i in -2000..2000 {
            let z = i as f32 / 100.0;
            for (found, wanted) in
                [(activate(f, z), activate(f, f64::from(z))), (slope(f, z), slope(f, f64::from(z)))]
            {
                // The rounding of −z²/2 is multiplied by z²/2 in e^(−z²/2); near a root of the derivative
                // only the size counts.
                let bound = f64::from(f32::EPSILON) * (40.0 + f64::from(z * z)) * wanted.abs().max(1e-30);
                let size = if wanted.abs() < 0.2 && z.abs() < 3.0 { 1e-6 } else { 0.0 };
                assert!(
                    (f64::from(found) - wanted).abs() <= bound + size,
                    "{f} at {z}: {found} for {wanted}"
                );
            }
        }
    }
}

/// A function that is not defined everywhere breaks a law; the check itself does not panic on its NaN.
#[test]
fn the_check_of_a_function_with_nan_is_a_broken_law() {
    #[derive(Debug)]
    struct Root;
    impl Activation<f64> for Root {
        fn activate(&self, z: &DMatrix<f64>, a: &mut DMatrix<f64>) {
            a.copy_from(&z.map(f64::sqrt));
        }
        fn pull_back(&self, _: &DMatrix<f64>, a: &DMatrix<f64>, grad: &mut DMatrix<f64>) {
            grad.zip_apply(a, |grad, a| *grad *= 0.5 / a);
        }
    }
    assert!(matches!(check::activation(&Root), Err(Error::Law { .. })));
    assert!(matches!(check::cost(&Quadratic, &Root), Err(Error::Law { .. })));

    #[derive(Debug)]
    struct Logarithm;
    impl Regularizer<f64> for Logarithm {
        fn penalty(&self, _: &LayerInfo, w: &[f64]) -> f64 {
            w.iter().map(|w| w.ln()).sum()
        }
        fn add_gradient(&self, _: &LayerInfo, w: &[f64], scale: f64, gradient: &mut [f64]) {
            gradient.iter_mut().zip(w).for_each(|(g, w)| *g += scale / w);
        }
    }
    assert!(matches!(check::regularizer(&Logarithm), Err(Error::Law { .. })));
}

/// He's equation (14), for slopes that matter.
#[test]
fn gains_of_leaky_units() {
    for (slope, gain) in [(0.0, 2.0), (0.5, 1.6), (1.0, 1.0), (2.0, 0.4)] {
        if let Ok(leaky) = LeakyRelu::new(slope) {
            let found = Activation::<f64>::gain(&leaky);
            assert!((found * found - gain).abs() < 1e-15, "{slope}: {found}");
        }
    }
    assert!(LeakyRelu::new(0.5).is_ok());
}
