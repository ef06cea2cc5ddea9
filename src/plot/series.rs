//! The series of a chart, and what of them lies within its axes.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Drawn;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Look {
    Line,
    Dashed,
    Dots,
}

#[derive(Debug, Clone)]
pub(super) struct Series {
    pub label: String,
    pub look: Look,
    pub colour: RGBColor,
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// The parts of the series that lie within the ranges of the axes: points for dots, and lines that are cut where they leave.
    pub fn visible(&self, xs: (f64, f64), ys: (f64, f64)) -> Vec<Vec<(f64, f64)>> {
        let is_inside = |&(x, y): &(f64, f64)| (xs.0..=xs.1).contains(&x) && (ys.0..=ys.1).contains(&y);
        if self.look == Look::Dots {
            return vec![self.points.iter().copied().filter(is_inside).collect()];
        }
        let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
        for pair in self.points.windows(2) {
            let Some((from, to)) = cut(pair[0], pair[1], xs, ys) else { continue };
            match lines.last_mut() {
                Some(line) if line.last() == Some(&from) => line.push(to),
                _ => lines.push(vec![from, to]),
            }
        }
        lines
    }

    /// Draws a piece of the line and its label at (`x`, `y`).
    pub fn draw_key<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, (x, y): (i32, i32)) -> Drawn<B> {
        let dash = |from, to| PathElement::new([(x + from, y), (x + to, y)], self.colour.stroke_width(3));
        match self.look {
            Look::Line => area.draw(&dash(0, 28))?,
            Look::Dashed => {
                [(0, 7), (11, 18), (22, 28)].into_iter().try_for_each(|(a, b)| area.draw(&dash(a, b)))?;
            }
            Look::Dots => area.draw(&Circle::new((x + 14, y), 5, self.colour.filled()))?,
        }
        area.draw(&Text::new(self.label.clone(), (x + 38, y - 8), ("sans-serif", 16)))
    }
}

/// The part of the line from `a` to `b` within the ranges, if there is one (Liang and Barsky, 1984).
fn cut(a: (f64, f64), b: (f64, f64), xs: (f64, f64), ys: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (start, way, (low, high)) in [(a.0, b.0 - a.0, xs), (a.1, b.1 - a.1, ys)] {
        let (one, other) = ((low - start) / way, (high - start) / way);
        if way == 0.0 {
            if !(low..=high).contains(&start) {
                return None;
            }
            continue;
        }
        (from, to) = (from.max(one.min(other)), to.min(one.max(other)));
    }
    let at = |t: f64| match t {
        0.0 => a,
        1.0 => b,
        _ => (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)),
    };
    (from <= to).then(|| (at(from), at(to)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOX: ((f64, f64), (f64, f64)) = ((-1.0, 2.0), (0.0, 1.0));

    fn is_inside((x, y): (f64, f64), slack: f64) -> bool {
        let ((left, right), (low, high)) = BOX;
        x >= left - slack && x <= right + slack && y >= low - slack && y <= high + slack
    }

    proptest! {
        /// A line is cut where it leaves: a point of it is on what is left if and only if it lies inside.
        #[test]
        fn what_is_left_of_a_line_is_what_lies_inside(
            a in (-3.0..3.0f64, -3.0..3.0f64),
            b in (-3.0..3.0f64, -3.0..3.0f64),
            t in 0.0..1.0f64,
        ) {
            let way = (b.0 - a.0, b.1 - a.1);
            let point = (a.0 + t * way.0, a.1 + t * way.1);
            let left = cut(a, b, BOX.0, BOX.1);
            if is_inside(point, -1e-9) {
                let (from, to) = left.expect("a point of the line lies inside");
                let along = |p: (f64, f64)| (p.0 - a.0) * way.0 + (p.1 - a.1) * way.1;
                prop_assert!(along(from) <= along(point) + 1e-9 && along(point) <= along(to) + 1e-9);
            }
            if let Some((from, to)) = left {
                prop_assert!(is_inside(from, 1e-9) && is_inside(to, 1e-9));
                prop_assert!(!is_inside(a, 0.0) || from == a);
                prop_assert!(!is_inside(b, 0.0) || to == b);
            }
        }
    }

    #[test]
    fn lines_along_the_edge_stay_and_lines_beside_it_go() {
        assert_eq!(cut((-2.0, 1.0), (3.0, 1.0), BOX.0, BOX.1), Some(((-1.0, 1.0), (2.0, 1.0))));
        assert_eq!(cut((-2.0, 1.5), (3.0, 1.5), BOX.0, BOX.1), None);
        assert_eq!(cut((0.5, 0.5), (0.5, 0.5), BOX.0, BOX.1), Some(((0.5, 0.5), (0.5, 0.5))));
    }

    #[test]
    fn a_line_that_comes_back_is_two_lines_and_dots_outside_are_left_out() {
        let points = vec![(0.0, 0.5), (1.0, 0.5), (1.0, 3.0), (0.0, 3.0), (0.0, 0.5)];
        let line = Series { label: String::new(), look: Look::Line, colour: BLACK, points };
        let lines = line.visible(BOX.0, BOX.1);
        assert_eq!(lines, [vec![(0.0, 0.5), (1.0, 0.5), (1.0, 1.0)], vec![(0.0, 1.0), (0.0, 0.5)]]);
        let dots = Series { look: Look::Dots, ..line };
        assert_eq!(dots.visible(BOX.0, BOX.1), [vec![(0.0, 0.5), (1.0, 0.5), (0.0, 0.5)]]);
    }
}
