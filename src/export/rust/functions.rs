//! The functions that a written network may call, in plain Rust. Each is a file, which is read as text here and
//! compiled by the tests below.

use crate::activation::AnyActivation;
use crate::real::Real;

/// A function: its name, its text, and the functions that it calls.
struct Function(&'static str, &'static str, &'static [&'static str]);

macro_rules! functions {
    ($($name:literal calls $calls:expr;)*) => {
        const FUNCTIONS: &[Function] =
            &[$(Function($name, include_str!(concat!("functions/", $name, ".rs")), &$calls)),*];
    };
}

functions! {
    "sigmoid" calls ["exp"];
    "tanh" calls [];
    "relu" calls [];
    "leaky_relu" calls [];
    "elu" calls ["exp_m1"];
    "gelu" calls ["exp", "mills_ratio"];
    "silu" calls ["sigmoid"];
    "softplus" calls ["exp", "ln_1p"];
    "softmax" calls ["exp"];
    "exp" calls [];
    "exp_m1" calls [];
    "mills_ratio" calls [];
    "ln_1p" calls [];
    "weighted_inputs" calls ["fused_multiply_add"];
    "weighted_inputs_i8" calls ["fused_multiply_add"];
    "fused_multiply_add" calls [];
}

/// Returns the texts of some functions and of those that they call, each once.
pub(super) fn texts(names: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let mut needed: Vec<&str> = names.into_iter().collect();
    let mut next = 0;
    while let Some(&name) = needed.get(next) {
        let calls = FUNCTIONS.iter().filter(|function| function.0 == name).flat_map(|function| function.2);
        needed.extend(calls);
        next += 1;
    }
    FUNCTIONS.iter().filter(|function| needed.contains(&function.0)).map(|function| function.1).collect()
}

/// How an activation is written.
pub(super) struct Call {
    /// The function, if there is one.
    pub(super) name: Option<&'static str>,
    /// Its arguments after the weighted input.
    arguments: Vec<f32>,
}

impl Call {
    /// Returns the call of an activation.
    pub(super) fn of(activation: &AnyActivation) -> Self {
        use AnyActivation::{
            Elu, Exponential, Gelu, LeakyRelu, Linear, Relu, Selu, Sigmoid, Silu, Softmax, Softplus, Tanh,
        };
        let call = |name, arguments| Self { name: Some(name), arguments };
        match activation {
            Sigmoid(_) => call("sigmoid", vec![]),
            Tanh(_) => call("tanh", vec![]),
            Relu(_) => call("relu", vec![]),
            LeakyRelu(f) => call("leaky_relu", vec![f32::cast(f.slope())]),
            Elu(f) => call("elu", vec![1.0, f32::cast(f.alpha())]),
            Selu(_) => call(
                "elu",
                vec![f32::cast(crate::activation::Selu::SCALE), f32::cast(crate::activation::Selu::LIMIT)],
            ),
            Gelu(_) => call("gelu", vec![]),
            Silu(_) => call("silu", vec![]),
            Softplus(_) => call("softplus", vec![]),
            Exponential(_) => call("exp", vec![]),
            Linear(_) => Self { name: None, arguments: vec![] },
            Softmax(f) => call("softmax", vec![f.sharpness_in()]),
        }
    }

    /// Returns the statement that replaces the weighted inputs in the array `z` by their activations, if there is one.
    pub(super) fn statement(&self, z: &str) -> Option<String> {
        let arguments: String =
            self.arguments.iter().map(|&argument| format!(", {}", number(argument))).collect();
        Some(match self.name? {
            "softmax" => format!("softmax(&mut {z}{arguments});"),
            name => format!("{z}.iter_mut().for_each(|z| *z = {name}(*z{arguments}));"),
        })
    }
}

/// Returns a number as a Rust expression. It may be infinite: a parameter that single precision cannot hold.
pub(super) fn number(value: f32) -> String {
    if value.is_finite() {
        return format!("{value:?}");
    }
    let name = if value < 0.0 { "NEG_INFINITY" } else { "INFINITY" };
    format!("f32::{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation as crates;
    use crate::activation::Activation;
    use nalgebra::DMatrix;

    macro_rules! compiled {
        ($($name:literal)*) => { $(include!(concat!("functions/", $name, ".rs"));)* };
    }

    compiled! {
        "sigmoid" "tanh" "relu" "leaky_relu" "elu" "gelu" "silu" "softplus" "softmax" "exp" "exp_m1" "mills_ratio" "ln_1p"
        "fused_multiply_add"
    }

    /// Every 4999th of all `f32`, NaN included, both zeros and both infinities.
    fn numbers() -> impl Iterator<Item = f32> {
        (0..=u32::MAX).step_by(4999).map(f32::from_bits).chain([0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY])
    }

    fn assert_same(name: &str, f: impl Fn(f32) -> f32, expected: impl Fn(f32) -> f32) {
        for x in numbers() {
            let (found, expected) = (f(x), expected(x));
            let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
            assert!(same, "{name} of {x:e}: {found:e}, not {expected:e}");
        }
    }

    #[test]
    fn functions_have_the_bits_of_those_of_the_crate() {
        assert_same("exp", exp, Real::fast_exp);
        assert_same("exp_m1", exp_m1, Real::fast_exp_m1);
        assert_same("mills_ratio", mills_ratio, Real::fast_mills_ratio);
        assert_same("ln_1p", ln_1p, Real::fast_ln_1p);
        assert_same("sigmoid", sigmoid, crates::Sigmoid::eval);
        assert_same("tanh", tanh, crates::Tanh::eval);
        assert_same("gelu", gelu, crates::Gelu::eval);
        assert_same("silu", silu, crates::Silu::eval);
        assert_same("softplus", softplus, crates::Softplus::eval);
    }

    /// One number through an activation of the crate.
    fn activated(activation: &dyn Activation<f32>, x: f32) -> f32 {
        let mut a = DMatrix::zeros(1, 1);
        activation.activate(&DMatrix::from_element(1, 1, x), &mut a);
        a[0]
    }

    #[test]
    fn functions_with_parameters_have_the_bits_of_those_of_the_crate() {
        for x in numbers().step_by(7) {
            let leaky = crates::LeakyRelu::new(0.3).expect("a slope");
            let elus = crates::Elu::new(0.7).expect("an alpha");
            let selu = crates::Selu;
            for (found, activation) in [
                (relu(x), &crates::Relu as &dyn Activation<f32>),
                (leaky_relu(x, 0.3), &leaky),
                (elu(x, 1.0, 0.7), &elus),
                (elu(x, crates::Selu::SCALE as f32, crates::Selu::LIMIT as f32), &selu),
            ] {
                let expected = activated(activation, x);
                let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
                assert!(same, "{activation:?} of {x:e}: {found:e}, not {expected:e}");
            }
        }
    }

    #[test]
    fn the_softmax_has_the_bits_of_that_of_the_crate() {
        let numbers: Vec<f32> = numbers().step_by(11).collect();
        for (z, sharpness) in numbers.chunks_exact(5).zip([1.0, 2.5, 1e-30, 1e300].into_iter().cycle()) {
            let activation = crates::Softmax::with_sharpness(sharpness).expect("a sharpness");
            let mut expected = DMatrix::zeros(5, 1);
            activation.activate(&DMatrix::from_column_slice(5, 1, z), &mut expected);
            let mut found: [f32; 5] = z.try_into().expect("five numbers");
            softmax(&mut found, activation.sharpness_in());
            for (found, expected) in found.iter().zip(&expected) {
                let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
                assert!(same, "{z:?}: {found:e}, not {expected:e}");
            }
        }
    }

    #[track_caller]
    fn assert_fused(a: f32, b: f32, c: f32) {
        let (found, expected) = (fused_multiply_add(a, b, c), a.mul_add(b, c));
        let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
        assert!(same, "{a:e} * {b:e} + {c:e}: {found:e}, not {expected:e}");
    }

    /// Zero, subnormal and normal numbers of many magnitudes, numbers next to them, infinity and NaN, with both signs.
    fn special() -> Vec<f32> {
        let bits = [
            0,
            1,
            2,
            0x0040_0000,
            0x007f_ffff,
            0x0080_0000,
            0x0080_0001,
            0x00ff_ffff,
            0x0100_0000,
            0x3300_0000,
        ];
        let more = [
            0x337f_ffff,
            0x33ff_ffff,
            0x3400_0000,
            0x3f00_0000,
            0x3f7f_ffff,
            0x3f80_0000,
            0x3f80_0001,
            0x3fff_ffff,
        ];
        let last = [
            0x4b00_0000,
            0x4b7f_ffff,
            0x7eff_ffff,
            0x7f00_0000,
            0x7f7f_fffe,
            0x7f7f_ffff,
            0x7f80_0000,
            0x7fc0_0000,
        ];
        let all = bits.into_iter().chain(more).chain(last);
        all.flat_map(|bits| [f32::from_bits(bits), f32::from_bits(bits | 1 << 31)]).collect()
    }

    #[test]
    fn a_fused_multiply_add_of_special_numbers_is_that_of_the_platform() {
        let special = special();
        for &a in &special {
            for &b in &special {
                for &c in &special {
                    assert_fused(a, b, c);
                }
            }
        }
    }

    /// Ties that are decided by much smaller terms: 1.5 + 2⁻²³ + 2⁻²⁴ ± c, and (2 + ½ + 2⁻⁴⁷) 2⁻¹⁴⁹, whose last term is
    /// lost first.
    #[test]
    fn a_fused_multiply_add_is_rounded_by_what_is_far_below() {
        for exponent in 1..100 {
            for c in [f32::from_bits(exponent << 23), f32::from_bits(exponent)] {
                for c in [c, -c] {
                    assert_fused(1.0 + f32::EPSILON, 1.5, c);
                    assert_fused(-1.0 - f32::EPSILON, 1.5, c);
                }
            }
        }
        let (a, b) = (8_392_705.0 * 2f32.powi(-98), 16_769_026.0 * 2f32.powi(-99));
        for c in 1..10 {
            assert_fused(a, b, f32::from_bits(c));
            assert_fused(a, -b, f32::from_bits(c));
        }
    }

    #[test]
    fn a_fused_multiply_add_of_random_numbers_is_that_of_the_platform() {
        use rand::RngExt;
        let mut rng = crate::random::generator(1, crate::random::Purpose::User, 0, 0);
        let with_exponent = |bits: u32, exponent: u32| f32::from_bits(bits & 0x807f_ffff | exponent << 23);
        for _ in 0..1_000_000 {
            let [a, b, c, d]: [u32; 4] = [rng.random(), rng.random(), rng.random(), rng.random()];
            assert_fused(f32::from_bits(a), f32::from_bits(b), f32::from_bits(c));
            // An addend near the product: they cancel, or are rounded together.
            let (a, b) = (with_exponent(a, 127), with_exponent(b, 127));
            let product = a * b;
            assert_fused(a, b, -product);
            assert_fused(a, b, f32::from_bits((-product).to_bits().wrapping_add(d % 5).wrapping_sub(2)));
            assert_fused(a, b, with_exponent(c, 95 + d % 64));
            // Results that are subnormal, and those that overflow.
            let (small, large) = (2f32.powi(-70), 2f32.powi(63));
            assert_fused(a * small, b * small, with_exponent(c, d % 4));
            assert_fused(a * small, b * small / 64.0, with_exponent(c, 0));
            assert_fused(a * large, b * large, with_exponent(c, 250 + d % 5));
        }
    }
}
