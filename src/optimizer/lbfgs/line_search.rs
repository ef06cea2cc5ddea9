//! The strong Wolfe line search.

/// Sufficient decrease: φ(α) ≤ φ(0) + c₁ α φ′(0).
const C1: f64 = 1e-4;

/// Curvature: |φ′(α)| ≤ c₂ |φ′(0)|.
const C2: f64 = 0.9;

/// The factor by which a step grows that is still too short.
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
/// `start` is the point at α = 0, where the slope is negative, and `first` the step that is tried first. A point
/// whose value is NaN or +∞, or whose slope is not finite, counts as too high. Returns `None` if no point is found
/// within `most` evaluations or the interval becomes too short.
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
        // The ends of the interval: `low` has the lowest value so far with a sufficient decrease.
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

/// The minimum of the cubic through the values and slopes of both ends if it is well within the interval, otherwise the
/// middle of the interval.
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

    /// Between two points of a cubic lies its minimizer, whichever of them is lower, unless that is near an end.
    #[test]
    fn a_cubic_is_minimized_in_one_step() {
        // p(α) = α³ − 3 α + 5 has its minimum in 1 and its maximum in −1; stretched by s and moved by m.
        for (scale, shift) in [(1.0, 0.0), (0.25, 3.0), (40.0, -7.0)] {
            let at = |t: f64| {
                let (value, slope) = (t.powi(3) - 3.0 * t + 5.0, (3.0 * t * t - 3.0) / scale);
                Point { alpha: scale * t + shift, value, slope }
            };
            let (minimizer, near) = (scale + shift, 1e-12 * (scale + f64::abs(shift)));
            for (low, high) in [(0.0, 1.5), (1.5, 0.0), (0.6, 2.0), (1.25, 0.5), (0.875, 2.0)] {
                let found = between(at(low), at(high));
                assert!((found - minimizer).abs() <= near, "{low} to {high}: {found} instead of {minimizer}");
            }
            for (low, high) in [(0.99, 2.0), (2.0, 0.99), (1.01, 0.0)] {
                let middle = scale * (low + high) / 2.0 + shift;
                let found = between(at(low), at(high));
                assert!((found - middle).abs() <= near, "{low} to {high}: {found} instead of {middle}");
            }
        }
    }

    /// Where φ is tried, given its values and slopes in the trials before.
    fn trials(values_and_slopes: &[(f64, f64)]) -> Vec<f64> {
        let (mut tried, mut script) = (Vec::new(), values_and_slopes.iter());
        let start = Point { alpha: 0.0, value: 0.0, slope: -1.0 };
        strong_wolfe(start, 1.0, values_and_slopes.len(), |alpha| {
            tried.push(alpha);
            let (value, slope) = script.next().copied().unwrap_or((f64::NAN, f64::NAN));
            Point { alpha, value, slope }
        });
        tried
    }

    /// While φ falls steeply each trial is GROWTH times as far; then a minimizer stays between the trials.
    #[test]
    fn trials_enclose_a_minimizer() {
        let end = (0.0, 0.0);
        assert_eq!(trials(&[(-1.0, -1.0), (-4.0, -1.0), (-16.0, -1.0), end]), [1.0, 4.0, 16.0, 64.0]);

        // It falls at both ends, but the second is not lower: between them it rises.
        let rising = [(-1.0, -1.0), (-0.5, -1.0)];
        let third = trials(&[rising[0], rising[1], end])[2];
        assert!(1.0 < third && third < 4.0, "{third}");
        let fourth = |point| trials(&[rising[0], rising[1], point, end])[3];
        for higher in
            [(-0.75, -1.0), (-0.75, 1.0), (-1.0, -1.0), (5.0, 1.0), (f64::NAN, 0.0), (-2.0, f64::NAN)]
        {
            assert!(1.0 < fourth(higher) && fourth(higher) < third, "{higher:?}: {}", fourth(higher));
        }
        assert!(third < fourth((-2.0, -1.0)) && fourth((-2.0, -1.0)) < 4.0);
        assert!(1.0 < fourth((-2.0, 1.0)) && fourth((-2.0, 1.0)) < third);

        // The second is lower and it rises there: the lower end is above the other.
        let valley = [(-1.0, -1.0), (-2.0, 1.0)];
        let third = trials(&[valley[0], valley[1], end])[2];
        assert!(1.0 < third && third < 4.0, "{third}");
        let fourth = |point| trials(&[valley[0], valley[1], point, end])[3];
        for (point, from, to) in [
            ((-3.0, 1.0), 1.0, third),
            ((-3.0, -1.0), third, 4.0),
            ((-1.5, -1.0), third, 4.0),
            ((-1.5, 1.0), third, 4.0),
        ] {
            assert!(from < fourth(point) && fourth(point) < to, "{point:?}: {}", fourth(point));
        }
    }

    /// Nothing lies between neighbouring numbers, which ends the search.
    #[test]
    fn an_interval_without_a_number_inside_ends_the_search() {
        let start = Point { alpha: 0.0, value: 0.0, slope: -1.0 };
        let mut evaluations = 0;
        let found = strong_wolfe(start, f64::from_bits(1), 60, |alpha| {
            evaluations += 1;
            Point { alpha, value: 1.0, slope: 1.0 }
        });
        assert!(found.is_none() && evaluations == 1, "{evaluations}");
    }

    /// A flat point is taken if φ has fallen there by C1 of what the slope promised.
    #[test]
    fn a_point_has_to_be_low_enough() {
        let start = Point { alpha: 0.0, value: 3.0, slope: -2.0 };
        for (fall, taken) in [(7e-4, false), (9e-4, true)] {
            let phi = |alpha| Point { alpha, value: 3.0 - fall, slope: 0.0 };
            assert_eq!(strong_wolfe(start, 4.0, 1, phi).is_some(), taken, "a fall by {fall}");
        }
    }
}
