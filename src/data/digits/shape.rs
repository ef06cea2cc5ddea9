//! From a digit to the curves that the pen follows: skeleton → jitter → curve → bend → affine.

use super::SIDE;
use super::dice::Dice;
use super::skeletons::{SKELETONS, Stroke};

/// `[x, y]`, `y` downwards.
pub(super) type Point = [f32; 2];

/// Number of straight pieces per pair of skeleton points.
const PIECES: usize = 6;

/// How near the pen's tip may come to the edge of the image, in pixels.
const MARGIN: f32 = 2.75;

/// Writes `digit` as polylines in pixel coordinates.
pub(super) fn write(digit: usize, dice: &mut Dice) -> Vec<Vec<Point>> {
    let ways = SKELETONS[digit];
    let skeleton = ways[dice.below(ways.len())];
    let mut strokes: Vec<_> = skeleton.iter().map(|stroke| curve(&jitter(stroke, dice))).collect();
    bend(&mut strokes, dice);
    place(&mut strokes, dice);
    strokes
}

/// Moves the whole stroke a little and each of its points on its own; scales to a height of 2 around the origin.
fn jitter(stroke: Stroke, dice: &mut Dice) -> Vec<Point> {
    let shift = [dice.bell(0.035), dice.bell(0.035)];
    let mut points: Vec<Point> = Vec::with_capacity(stroke.len());
    for (i, &(x, y)) in stroke.iter().enumerate() {
        // The two points of a corner stay together.
        let twin = points.last().copied().filter(|_| stroke[i - 1] == (x, y));
        let point = twin.unwrap_or_else(|| {
            let x = f32::from(x) / 50.0 - 0.8 + shift[0] + dice.bell(0.055);
            let y = f32::from(y) / 50.0 - 1.0 + shift[1] + dice.bell(0.055);
            [x, y]
        });
        points.push(point);
    }
    points
}

/// Returns the Catmull-Rom spline through the points as a polyline; a doubled point ends one spline and begins the
/// next.
fn curve(points: &[Point]) -> Vec<Point> {
    let mut line = Vec::with_capacity(points.len() * PIECES);
    for part in points.chunk_by(|a, b| a != b) {
        for i in 1..part.len() {
            let [b, c] = [part[i - 1], part[i]];
            let a = if i > 1 { part[i - 2] } else { b };
            let d = part.get(i + 1).copied().unwrap_or(c);
            for piece in 0..PIECES {
                let t = piece as f32 / PIECES as f32;
                line.push([0, 1].map(|k| catmull_rom(a[k], b[k], c[k], d[k], t)));
            }
        }
        line.extend(part.last());
    }
    line
}

/// Evaluates the cubic from `b` (t = 0) to `c` (t = 1) with the slopes (c − a)/2 and (d − b)/2.
fn catmull_rom(a: f32, b: f32, c: f32, d: f32, t: f32) -> f32 {
    let (linear, square) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d);
    let cube = 3.0 * (b - c) + d - a;
    b + 0.5 * t * (linear + t * (square + t * cube))
}

/// Adds a random quadratic map, which enlarges, curves or squeezes a digit on one side.
fn bend(strokes: &mut [Vec<Point>], dice: &mut Dice) {
    let coefficients: [f32; 6] = std::array::from_fn(|_| dice.between(-0.2, 0.2));
    let [xx, xy, yy, uu, uv, vv] = coefficients;
    for [x, y] in strokes.iter_mut().flatten() {
        let (u, v) = (*x, *y);
        *x += xx * u * u + xy * u * v + yy * v * v;
        *y += uu * u * u + uv * u * v + vv * v * v;
    }
}

/// Slants, rotates and stretches the digit, fits it into about 20×20 pixels and centres it, as in MNIST.
fn place(strokes: &mut [Vec<Point>], dice: &mut Dice) {
    let slant = dice.between(-0.55, 0.3);
    let stretch = dice.between(0.85, 1.28);
    let [cos, sin] = rotation(dice.between(-0.13, 0.13));
    for point in strokes.iter_mut().flatten() {
        let x = stretch * (point[0] + slant * point[1]);
        *point = [cos * x - sin * point[1], sin * x + cos * point[1]];
    }
    let bounds = [0, 1].map(|axis| bounds(strokes, axis));
    let [width, height] = bounds.map(|[low, high]| high - low);
    let scale = dice.between(14.5, 19.5) / width.max(height);
    let centre = centre(strokes);
    let shift = [0, 1].map(|k| {
        let [low, high] = bounds[k].map(|bound| scale * bound);
        let shift = SIDE as f32 / 2.0 + dice.bell(0.92) - scale * centre[k];
        // The centre of mass of a 7 lies so high that its foot would leave the image.
        shift.max(MARGIN - low).min(SIDE as f32 - MARGIN - high)
    });
    for point in strokes.iter_mut().flatten() {
        *point = [scale * point[0] + shift[0], scale * point[1] + shift[1]];
    }
}

/// Returns [cos θ, sin θ] for t = tan(θ/2), without a trigonometric function.
fn rotation(t: f32) -> Point {
    let norm = 1.0 + t * t;
    [(1.0 - t * t) / norm, 2.0 * t / norm]
}

/// Returns the minimum and maximum coordinate on an axis.
fn bounds(strokes: &[Vec<Point>], axis: usize) -> [f32; 2] {
    let coordinates = strokes.iter().flatten().map(|point| point[axis]);
    coordinates.fold([f32::MAX, f32::MIN], |[low, high], c| [low.min(c), high.max(c)])
}

/// Returns the centre of mass of lines of uniform weight.
fn centre(strokes: &[Vec<Point>]) -> Point {
    let (mut mass, mut sum) = (0.0, [0.0; 2]);
    for pair in strokes.iter().flat_map(|line| line.windows(2)) {
        let [a, b] = [pair[0], pair[1]];
        let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        let length = (dx * dx + dy * dy).sqrt();
        mass += length;
        for k in 0..2 {
            sum[k] += 0.5 * length * (a[k] + b[k]);
        }
    }
    sum.map(|s| s / mass)
}
