//! Renders the curves as an image: pen → defects → blur → noise → bytes.

use super::dice::Dice;
use super::shape::Point;
use super::{Image, PIXELS, SIDE};

/// Ink from 0 to 1, row after row.
type Canvas = [f32; PIXELS];

/// Draws the strokes with a random pen.
pub(super) fn render(strokes: &[Vec<Point>], dice: &mut Dice) -> Image {
    let mut canvas = [0.0; PIXELS];
    draw(&mut canvas, strokes, dice);
    spoil(&mut canvas, strokes, dice);
    blur(&mut canvas, dice.between(0.02, 0.16));
    to_bytes(&canvas, dice)
}

/// Draws every stroke with the same pen; the width follows a parabola along the stroke, as pressure does.
fn draw(canvas: &mut Canvas, strokes: &[Vec<Point>], dice: &mut Dice) {
    let radius = dice.between(0.75, 1.5);
    for line in strokes {
        let [slope, arch] = [dice.bell(0.12), dice.bell(0.12)];
        for (i, pair) in line.windows(2).enumerate() {
            let s = 2.0 * i as f32 / line.len() as f32 - 1.0;
            let pressure = 1.0 + slope * s + arch * (0.5 - s * s);
            segment(canvas, pair[0], pair[1], (radius * pressure).max(0.5));
        }
    }
}

/// Inks the pixels near the segment from `a` to `b`; the soft edge of the pen is one pixel wide.
fn segment(canvas: &mut Canvas, a: Point, b: Point, radius: f32) {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let square = (dx * dx + dy * dy).max(1e-12);
    near(canvas, [a, b], radius + 0.5, |ink, [x, y]| {
        let [px, py] = [x - a[0], y - a[1]];
        let t = ((px * dx + py * dy) / square).clamp(0.0, 1.0);
        let [ex, ey] = [px - t * dx, py - t * dy];
        let distance = (ex * ex + ey * ey).sqrt();
        *ink = ink.max((radius + 0.5 - distance).clamp(0.0, 1.0));
    });
}

/// Calls `paint` with the ink and the centre of each pixel in the corners' bounding box, widened by `margin`.
fn near(canvas: &mut Canvas, corners: [Point; 2], margin: f32, mut paint: impl FnMut(&mut f32, Point)) {
    let [a, b] = corners;
    // A cast saturates at 0, and `min` holds the range inside the image wherever the corners lie.
    let range = |k: usize| {
        let low = (a[k].min(b[k]) - margin) as usize;
        let high = (a[k].max(b[k]) + margin + 1.0) as usize;
        low.min(SIDE)..high.min(SIDE)
    };
    for y in range(1) {
        for x in range(0) {
            paint(&mut canvas[y * SIDE + x], [x as f32 + 0.5, y as f32 + 0.5]);
        }
    }
}

/// Adds defects at random: a spot where the pen skips, or a fleck.
fn spoil(canvas: &mut Canvas, strokes: &[Vec<Point>], dice: &mut Dice) {
    let line = &strokes[dice.below(strokes.len())];
    let spot = line[dice.below(line.len())];
    if dice.chance(0.15) {
        let fade = dice.between(0.2, 0.8);
        near(canvas, [spot, spot], 1.5, |ink, _| *ink *= fade);
    }
    if dice.chance(0.1) {
        let fleck = spot.map(|c| c + dice.bell(3.0));
        segment(canvas, fleck, fleck, dice.between(0.2, 0.7));
    }
}

/// Convolves rows and columns with (side, 1 − 2 side, side); the outermost pixels, hardly ever inked, stay as they are.
fn blur(canvas: &mut Canvas, side: f32) {
    for step in [1, SIDE] {
        let sharp = *canvas;
        for y in 1..SIDE - 1 {
            for i in y * SIDE + 1..(y + 1) * SIDE - 1 {
                canvas[i] = (1.0 - 2.0 * side) * sharp[i] + side * (sharp[i - step] + sharp[i + step]);
            }
        }
    }
}

/// Adds noise to the inked pixels only, and rounds to bytes.
fn to_bytes(canvas: &Canvas, dice: &mut Dice) -> Image {
    let (darkness, grain) = (255.0 * dice.between(0.85, 1.1), dice.between(0.0, 0.12));
    let mut image = [0; PIXELS];
    for (byte, &ink) in image.iter_mut().zip(canvas) {
        if ink > 0.0 {
            let ink = darkness * ink * (1.0 + dice.bell(grain));
            *byte = (ink + 0.5) as u8; // saturates at 255
        }
    }
    image
}
