//! Draws from the normal distribution, bitwise identical on every machine.
//!
//! The ziggurat of Marsaglia and Tsang (2000) in Doornik's form (2005). The area under f(x) = e^(−x²/2), x ≥ 0, is
//! covered by 255 horizontal layers and a base with the tail, all of one area V. Layer i reaches to x_i and lies under
//! f up to x_(i+1). A point of a random layer is nearly always under f as a whole: one random word, one multiplication
//! and one comparison. The random words are used as in `rand_distr`, which the crate used before: for the same seed,
//! draws differ at most in the last bit.

use std::array;
use std::sync::LazyLock;

use rand::Rng;

use super::portable::{exp, ln};

const LAYERS: usize = 256;

/// Where the tail begins, x_1. It and `AREA` are the solution for 256 layers.
const TAIL: f64 = 3.654_152_885_361_009;

/// The area V of each layer: that of the tail, ∫ f from x_1 to ∞, and x_1 f(x_1).
const AREA: f64 = 0.004_928_673_233_974_655;

/// The right ends x_i of the layers, the last of them 0, and f there.
struct Ziggurat {
    x: [f64; LAYERS + 1],
    f: [f64; LAYERS + 1],
}

static ZIGGURAT: LazyLock<Ziggurat> = LazyLock::new(|| {
    // The base has no right end; with this value, a point of it lies left of the tail with the right probability.
    let mut next = AREA / density(TAIL);
    let x = array::from_fn(|layer| {
        let x = next;
        next = match layer {
            0 => TAIL,
            // The area of the layer is x (f(next) − f(x)).
            _ if layer + 1 < LAYERS => (-2.0 * ln(AREA / x + density(x))).sqrt(),
            _ => 0.0,
        };
        x
    });
    Ziggurat { x, f: x.map(density) }
});

/// Returns f(x), the density without its constant factor.
fn density(x: f64) -> f64 {
    exp(-0.5 * x * x)
}

/// Draws uniformly from (0, 1], with 53 random bits.
pub(crate) fn positive_unit(rng: &mut (impl Rng + ?Sized)) -> f64 {
    1.0 - (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Draws uniformly from (0, 1), with 52 random bits.
fn open_unit(rng: &mut (impl Rng + ?Sized)) -> f64 {
    ((rng.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

/// Draws from N(0, 1).
pub(crate) fn sample(rng: &mut (impl Rng + ?Sized)) -> f64 {
    let Ziggurat { x, f } = &*ZIGGURAT;
    loop {
        let bits = rng.next_u64();
        // The lowest 8 bits choose the layer, the highest 52 are a number in [−1, 1).
        let layer = (bits & 0xff) as usize;
        let u = (bits >> 12) as f64 / (1u64 << 51) as f64 - 1.0;
        let point = u * x[layer];
        if point.abs() < x[layer + 1] {
            return point;
        }
        if layer == 0 {
            return tail(rng).copysign(u);
        }
        let height = f[layer] + (f[layer + 1] - f[layer]) * positive_unit(rng);
        if height < density(point) {
            return point;
        }
    }
}

/// Draws from the part of the distribution right of `TAIL` (Marsaglia, 1964).
fn tail(rng: &mut (impl Rng + ?Sized)) -> f64 {
    loop {
        let beyond = -ln(open_unit(rng)) / TAIL;
        if -2.0 * ln(open_unit(rng)) >= beyond * beyond {
            return TAIL + beyond;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};

    #[test]
    fn all_layers_have_one_area_and_the_uppermost_ends_at_the_top() {
        let Ziggurat { x, f } = &*ZIGGURAT;
        for layer in 1..LAYERS {
            let area = x[layer] * (f[layer + 1] - f[layer]);
            assert!((area / AREA - 1.0).abs() < 1e-10, "{layer}: {area}");
            assert!(x[layer] > x[layer + 1]);
        }
        // The base as wide as it is drawn from has that area too.
        assert!((x[0] * f[1] / AREA - 1.0).abs() < 1e-14);
        assert_eq!((x[1], x[LAYERS], f[LAYERS]), (TAIL, 0.0, 1.0));
    }

    /// The fractions of draws below some points, of 4 million draws, within 5 standard errors.
    #[test]
    fn draws_have_the_distribution_function_of_the_normal_distribution() {
        let mut rng = generator(1, Purpose::User, 0, 0);
        let draws: Vec<f64> = (0..4_000_000).map(|_| sample(&mut rng)).collect();
        let n = draws.len() as f64;
        // Φ, by scipy.stats.norm.cdf.
        let expected = [
            (-4.2, 1.3345749015906338e-05),
            (-3.8, 7.234804392511999e-05),
            (-3.6, 1.5910859015753364e-04),
            (-2.0, 2.275013194817921e-02),
            (-1.0, 1.586552539314571e-01),
            (-0.25, 4.012936743170763e-01),
            (0.0, 0.5),
            (0.1, 5.39827837277029e-01),
            (0.7, 7.58036347776927e-01),
            (1.5, 9.331927987311419e-01),
            (3.0, 9.986501019683699e-01),
            (3.7, 9.998922002665226e-01),
        ];
        for (x, p) in expected {
            let found = draws.iter().filter(|&&draw| draw < x).count() as f64 / n;
            assert!((found - p).abs() < 5.0 * (p * (1.0 - p) / n).sqrt(), "{x}: {found} instead of {p}");
        }
        // Between −x and x, where the uppermost layer is: it is under f nowhere as a whole.
        for (x, p) in [(0.05, 3.987761167674492e-2), (0.1, 7.965567455405798e-2)] {
            let found = draws.iter().filter(|&&draw| draw.abs() < x).count() as f64 / n;
            assert!((found - p).abs() < 5.0 * (p * (1.0 - p) / n).sqrt(), "±{x}: {found} instead of {p}");
        }
    }
}
