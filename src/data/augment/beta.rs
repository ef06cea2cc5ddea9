//! Draws from the symmetric beta distribution, bitwise the same on every machine.

use rand::Rng;

use crate::real::normal;
use crate::real::portable::{exp, ln};

/// Draws from Beta(`alpha`, `alpha`), `alpha` > 0.
///
/// X / (X + Y) has this distribution if X and Y are draws from Gamma(α). Both may underflow if α is small, so the
/// fraction is computed from their logarithms.
pub(super) fn symmetric(alpha: f64, rng: &mut (impl Rng + ?Sized)) -> f64 {
    let (ln_x, ln_y) = (ln_gamma_draw(alpha, rng), ln_gamma_draw(alpha, rng));
    1.0 / (1.0 + exp(ln_y - ln_x))
}

/// Returns the logarithm of a draw from Gamma(`alpha`) of scale 1.
///
/// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
fn ln_gamma_draw(alpha: f64, rng: &mut (impl Rng + ?Sized)) -> f64 {
    if alpha < 1.0 {
        // A draw from Gamma(α) is a draw from Gamma(α + 1) times U^(1/α).
        return ln_gamma_draw(alpha + 1.0, rng) + ln(normal::positive_unit(rng)) / alpha;
    }
    let d = alpha - 1.0 / 3.0;
    loop {
        let x = normal::sample(rng);
        let root = 1.0 + x / (9.0 * d).sqrt();
        let v = root * root * root;
        if v > 0.0 && ln(normal::positive_unit(rng)) < 0.5 * x * x + d - d * v + d * ln(v) {
            return ln(d * v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};

    /// The moments of Beta(α, α): mean 1/2, variance 1 / (4 (2α + 1)), and the fourth central moment
    /// 3 / (16 (2α + 1) (2α + 3)).
    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        for alpha in [0.001, 0.2, 0.9, 1.0, 2.5, 1000.0] {
            let mut rng = generator(1, Purpose::User, 0, 0);
            let n = 200_000;
            let draws: Vec<f64> = (0..n).map(|_| symmetric(alpha, &mut rng)).collect();
            assert!(draws.iter().all(|draw| (0.0..=1.0).contains(draw)), "{alpha}");
            let moment = |k: i32| draws.iter().map(|draw| (draw - 0.5).powi(k)).sum::<f64>() / f64::from(n);
            let variance = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            let fourth = 3.0 / (16.0 * (2.0 * alpha + 1.0) * (2.0 * alpha + 3.0));
            let error = |square: f64| 5.0 * (square / f64::from(n)).sqrt();
            assert!(moment(1).abs() < error(variance), "{alpha}: {}", moment(1));
            // For a tiny α all squares are 1/4, and only rounding errors remain.
            assert!(
                (moment(2) - variance).abs() < error(fourth - variance * variance) + 1e-12,
                "{alpha}: {}",
                moment(2)
            );
        }
    }
}
