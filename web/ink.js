// From the strokes of a visitor to an image like the training digits: about 18 pixels in its larger direction, the centre of
// its line in the middle, drawn with a pen of their width, whatever the size of the drawing.

export const SIDE = 28;
const EXTENT = 18;
const RADIUS = 1.15;
const MARGIN = 2.75;
const BLUR = 0.06;

// `strokes` are lists of points [x, y]; `extent` is the size of the paper. Returns 784 numbers from 0 to 1, or null.
export function toImage(strokes, extent) {
    const points = strokes.flat();
    if (points.length === 0) {
        return null;
    }
    const low = [0, 1].map((k) => Math.min(...points.map((point) => point[k])));
    const high = [0, 1].map((k) => Math.max(...points.map((point) => point[k])));
    // A dot stays small.
    const scale = EXTENT / Math.max(high[0] - low[0], high[1] - low[1], extent / 8);
    const centre = centreOf(strokes);
    const shift = [0, 1].map((k) =>
        Math.min(Math.max(SIDE / 2 - scale * centre[k], MARGIN - scale * low[k]), SIDE - MARGIN - scale * high[k]),
    );
    const image = new Float32Array(SIDE * SIDE);
    for (const stroke of strokes) {
        const line = stroke.map((point) => point.map((value, k) => scale * value + shift[k]));
        for (let i = 0; i < line.length; i += 1) {
            draw(image, line[Math.max(i - 1, 0)], line[i]);
        }
    }
    return blur(image);
}

// The centre of mass of lines of even weight.
function centreOf(strokes) {
    let mass = 0;
    const sum = [0, 0];
    for (const stroke of strokes) {
        for (let i = 0; i < stroke.length; i += 1) {
            const [a, b] = [stroke[Math.max(i - 1, 0)], stroke[i]];
            const length = Math.hypot(b[0] - a[0], b[1] - a[1]) + 1e-6;
            mass += length;
            sum[0] += (length * (a[0] + b[0])) / 2;
            sum[1] += (length * (a[1] + b[1])) / 2;
        }
    }
    return sum.map((value) => value / mass);
}

// Inks the pixels near the segment from a to b; the edge of the pen is one pixel soft.
function draw(image, a, b) {
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const square = Math.max(dx * dx + dy * dy, 1e-12);
    for (let y = 0; y < SIDE; y += 1) {
        for (let x = 0; x < SIDE; x += 1) {
            const [px, py] = [x + 0.5 - a[0], y + 0.5 - a[1]];
            const t = Math.min(Math.max((px * dx + py * dy) / square, 0), 1);
            const distance = Math.hypot(px - t * dx, py - t * dy);
            const ink = Math.min(Math.max(RADIUS + 0.5 - distance, 0), 1);
            image[y * SIDE + x] = Math.max(image[y * SIDE + x], ink);
        }
    }
}

function blur(image) {
    let result = image;
    for (const step of [1, SIDE]) {
        const sharp = result;
        result = sharp.map((ink, i) => {
            const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
            const inside = x > 0 && y > 0 && x < SIDE - 1 && y < SIDE - 1;
            return inside ? (1 - 2 * BLUR) * ink + BLUR * (sharp[i - step] + sharp[i + step]) : ink;
        });
    }
    return result;
}
