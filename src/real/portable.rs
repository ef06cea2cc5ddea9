//! eˣ, ln x, sin x and the like, bitwise identical on every machine, in place of the platform's functions.
//!
//! The methods of `f64` (`x.exp()`) call the mathematical library of the platform, and so do those that
//! [`Real`](super::Real) inherits from nalgebra. Their last bit differs between glibc, musl, macOS, Windows and
//! WebAssembly, and between versions of one of them. The functions here consist of additions, multiplications,
//! divisions and square roots, which IEEE 754 rounds correctly, in an order that no compiler may change. Addition,
//! multiplication, division, `sqrt`, `mul_add`, `abs`, `floor` and comparisons are bitwise identical everywhere as
//! methods too.
//!
//! A plug-in that uses these functions, [`fast_exp`](super::Real::fast_exp) or its relatives trains bitwise identically
//! on every machine. Loops over `fast_exp` vectorize; the functions here are for computations that are made once per
//! sample or per step.
//!
//! # Examples
//!
//! ```
//! use gradus::real::portable;
//!
//! assert_eq!(portable::exp(1.0).to_bits(), 0x4005_bf0a_8b14_576a);
//! assert_eq!(portable::cos(portable::ln(1.0)), 1.0);
//! ```

/// Returns e^x, with an error below 1 unit in the last place.
///
/// # Examples
///
/// ```
/// use gradus::real::portable::exp;
///
/// assert_eq!(exp(0.0), 1.0);
/// assert_eq!(exp(f64::NEG_INFINITY), 0.0);
/// ```
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Returns ln x, with an error below 1 unit in the last place: −∞ at 0, NaN below.
///
/// # Examples
///
/// ```
/// use gradus::real::portable::ln;
///
/// assert_eq!(ln(1.0), 0.0);
/// assert!(ln(0.0) == f64::NEG_INFINITY && ln(-1.0).is_nan());
/// ```
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Returns ln(1 + x), precise near x = 0 too, with an error below 1 unit in the last place.
///
/// # Examples
///
/// ```
/// use gradus::real::portable::ln_1p;
///
/// assert_eq!(ln_1p(1e-300), 1e-300);
/// ```
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Returns x^y, with an error below 1 unit in the last place: NaN for a negative x and a y that is not an integer.
///
/// # Examples
///
/// ```
/// use gradus::real::portable::pow;
///
/// assert_eq!(pow(2.0, 10.0), 1024.0);
/// assert!(pow(-2.0, 0.5).is_nan());
/// ```
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Returns the sine of x radians, with an error below 1 unit in the last place.
///
/// # Examples
///
/// ```
/// use gradus::real::portable::sin;
///
/// assert_eq!(sin(0.0), 0.0);
/// assert!((sin(std::f64::consts::FRAC_PI_2) - 1.0).abs() < 1e-15);
/// ```
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Returns the cosine of x radians, with an error below 1 unit in the last place.
///
/// # Examples
///
/// ```
/// use gradus::real::portable::cos;
///
/// assert_eq!(cos(0.0), 1.0);
/// assert!((cos(std::f64::consts::PI) + 1.0).abs() < 1e-15);
/// ```
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Returns √(x² + y²) without overflow on the way, with an error below 1 unit in the last place.
///
/// # Examples
///
/// ```
/// use gradus::real::portable::hypot;
///
/// assert_eq!(hypot(3.0, 4.0), 5.0);
/// assert_eq!(hypot(3e300, 4e300), 5e300);
/// ```
pub fn hypot(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The platform's functions are correct to about one unit in the last place themselves.
    fn close(found: f64, expected: f64) -> bool {
        found == expected || (found / expected - 1.0).abs() <= 2.0 * f64::EPSILON
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn they_are_the_functions_of_their_names(x in -700.0f64..700.0, y in -20.0f64..20.0) {
            let positive = x.exp();
            prop_assert!(close(exp(x), x.exp()) && close(ln(positive), positive.ln()), "{x}");
            prop_assert!(close(ln_1p(positive), positive.ln_1p()) && close(ln_1p(-0.999), (-0.999f64).ln_1p()), "{x}");
            prop_assert!(close(sin(x), x.sin()) && close(cos(x), x.cos()), "{x}");
            prop_assert!(close(pow(x.abs(), y), x.abs().powf(y)) && close(hypot(x, y), x.hypot(y)), "{x} {y}");
        }
    }

    #[test]
    fn they_have_the_limits_of_their_names() {
        assert_eq!(
            (exp(f64::NEG_INFINITY), exp(f64::INFINITY), ln(0.0)),
            (0.0, f64::INFINITY, f64::NEG_INFINITY)
        );
        assert_eq!((pow(0.0, 0.0), pow(0.0, 2.0), pow(2.0, 0.5)), (1.0, 0.0, 2f64.sqrt()));
        assert!(ln(-1.0).is_nan() && pow(-8.0, 1.0 / 3.0).is_nan() && exp(f64::NAN).is_nan());
        assert_eq!(hypot(3e300, 4e300), 5e300);
    }
}
