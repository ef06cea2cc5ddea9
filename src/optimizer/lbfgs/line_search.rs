//! The strong Wolfe line search.

/// Sufficient decrease: φ(α) ≤ φ(0) + c₁ α φ′(0).
const C1: f64 = 1e-4;

/// Curvature: |φ′(α)| ≤ c₂ |φ′(0)|.
const C2: f64 = 0.9;

/// By how much a step grows that is still too short.
const GROWTH: f64 = 4.0;

/// A point on the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// The length α of the step.
    pub alpha: f64,
    /// φ(α), the cost there.
    pub value: f64,
    /// φ′(α), the slope along the line.
    pub slope: f64,
}

/// Finds a step that satisfies the strong Wolfe conditions:
///
/// ```text
/// φ(α) ≤ φ(0) + c₁ α φ′(0)
/// |φ′(α)| ≤ c₂ |φ′(0)|
/// ```
///
/// `start` is the point at α = 0, where the slope is negative, and `first` the step that is tried first. A value that is NaN or
/// infinite is too high. Returns `None` if no point is found within `most` evaluations or the interval becomes too short.
///
/// Source: Nocedal and Wright, *Numerical optimization*, 2006, algorithms 3.5 and 3.6.
pub(super) fn strong_wolfe(
    start: Point,
    first: f64,
    most: usize,
    mut phi: impl FnMut(f64) -> Point,
) -> Option<Point> {
    let mut bracket: Option<(Point, Point)> = None;
    let (mut before, mut alpha) = (start, first);
    for _ in 0..most {
        let point = phi(alpha);
        let low_enough = point.value <= start.value + C1 * alpha * start.slope;
        let too_high = !low_enough || !point.slope.is_finite();
        // The end of the interval with the lowest value so far that decreases sufficiently, and the other end.
        let (low, high) = match bracket {
            _ if !too_high && point.slope.abs() <= -C2 * start.slope => return Some(point),
            None if too_high || (point.value >= before.value && before.alpha > 0.0) => (before, point),
            None if point.slope >= 0.0 => (point, before),
            None => {
                (before, alpha) = (point, alpha * GROWTH);
                continue;
            }
            Some((low, _)) if too_high || point.value >= low.value => (low, point),
            Some((low, high)) if point.slope * (high.alpha - low.alpha) >= 0.0 => (point, low),
            Some((_, high)) => (point, high),
        };
        bracket = Some((low, high));
        alpha = between(low, high);
        if alpha == low.alpha || alpha == high.alpha {
            return None;
        }
    }
    None
}

/// The minimum of the cubic through values and slopes of both ends, if it is well within the interval; its middle otherwise.
fn between(low: Point, high: Point) -> f64 {
    let width = high.alpha - low.alpha;
    let d1 = low.slope + high.slope - 3.0 * (high.value - low.value) / width;
    let d2 = (d1 * d1 - low.slope * high.slope).sqrt() * width.signum();
    let cubic = high.alpha - width * (high.slope + d2 - d1) / (high.slope - low.slope + 2.0 * d2);
    let fraction = (cubic - low.alpha) / width;
    if (0.1..=0.9).contains(&fraction) { cubic } else { low.alpha + 0.5 * width }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions with minima near, far and behind a wall, and one that falls without end.
    #[test]
    fn points_satisfy_both_conditions() {
        type Function = (&'static str, fn(f64) -> f64, fn(f64) -> f64);
        let functions: [Function; 5] = [
            ("parabola", |x| (x - 3.0) * (x - 3.0), |x| 2.0 * (x - 3.0)),
            ("quartic", |x| (x - 1.0).powi(4), |x| 4.0 * (x - 1.0).powi(3)),
            ("waves", |x| 0.1 * x * x - (2.0 * x).sin(), |x| 0.2 * x - 2.0 * (2.0 * x).cos()),
            ("wall", |x| if x < 2.0 { -x - (2.0 - x).ln() } else { f64::NAN }, |x| 1.0 / (2.0 - x) - 1.0),
            ("logarithm", |x| x - (0.01 + x).ln(), |x| 1.0 - 1.0 / (0.01 + x)),
        ];
        for (name, f, slope) in functions {
            let at = |alpha| Point { alpha, value: f(alpha), slope: slope(alpha) };
            let start = at(0.0);
            for first in [1e-6, 0.01, 0.3, 1.0, 7.0, 1e4] {
                let found =
                    strong_wolfe(start, first, 60, at).unwrap_or_else(|| panic!("{name} from {first}"));
                assert!(found.value <= start.value + C1 * found.alpha * start.slope, "{name} from {first}");
                assert!(found.slope.abs() <= C2 * start.slope.abs(), "{name} from {first}: {found:?}");
            }
        }
        let falling = |alpha: f64| Point { alpha, value: -alpha, slope: -1.0 };
        assert!(strong_wolfe(falling(0.0), 1.0, 20, falling).is_none());
    }
}
