// Digits and weights as pictures, in the colours of the style sheet.

const SIDE = 28;

// The colours of the style sheet, as lists of red, green and blue.
function colours(...names) {
    const style = getComputedStyle(document.documentElement);
    return names.map((name) => {
        const hex = style.getPropertyValue(name).trim().slice(1);
        return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
    });
}

// A picture of 28 × 28 pixels; `shade` gives the colour of pixel i.
function put(context, left, top, shade) {
    const picture = context.createImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i += 1) {
        picture.data.set([...shade(i), 255], 4 * i);
    }
    context.putImageData(picture, left, top);
}

const mix = (from, to, t) => from.map((value, k) => Math.round(value + (to[k] - value) * t));

// Draws digits, `ink` from 0 to 1, `columns` per row.
export function drawDigits(canvas, ink, columns) {
    const count = ink.length / (SIDE * SIDE);
    const [paper, full] = colours("--paper", "--ink");
    const context = resize(canvas, count, columns, 0);
    for (let n = 0; n < count; n += 1) {
        const [column, row] = [n % columns, Math.floor(n / columns)];
        put(context, column * SIDE, row * SIDE, (i) => mix(paper, full, ink[n * SIDE * SIDE + i]));
    }
}

// Draws the weights of each neuron, from one colour for the most negative one to another for the most positive one.
export function drawWeights(canvas, weights, columns) {
    const count = weights.length / (SIDE * SIDE);
    const [paper, minus, plus] = colours("--paper", "--minus", "--plus");
    const context = resize(canvas, count, columns, 2);
    for (let n = 0; n < count; n += 1) {
        const [column, row] = [n % columns, Math.floor(n / columns)];
        const own = weights.subarray(n * SIDE * SIDE, (n + 1) * SIDE * SIDE);
        const most = own.reduce((greatest, weight) => Math.max(greatest, Math.abs(weight)), 1e-9);
        put(context, column * (SIDE + 2), row * (SIDE + 2), (i) => mix(paper, own[i] < 0 ? minus : plus, Math.abs(own[i]) / most));
    }
}

function resize(canvas, count, columns, gap) {
    const [width, height] = [columns, Math.ceil(count / columns)].map((n) => n * (SIDE + gap) - gap);
    if (canvas.width !== width || canvas.height !== height) {
        [canvas.width, canvas.height] = [width, height];
    }
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    return context;
}
