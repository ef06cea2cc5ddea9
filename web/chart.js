// Curves in an SVG, in the colours of the style sheet.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 44;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 26;

function element(name, attributes, text = "") {
    const node = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    node.textContent = text;
    return node;
}

// About four round numbers from low to high.
function ticks(low, high) {
    const rough = (high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= rough) ?? rough;
    const found = [];
    for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) {
        found.push(Number(tick.toPrecision(12)));
    }
    return found;
}

export class Chart {
    #svg;
    #what = { lines: [] };

    // `format` makes the text of a value on the vertical axis.
    constructor(svg, format = String) {
        this.#svg = svg;
        this.format = format;
        new ResizeObserver(() => this.#paint()).observe(svg);
    }

    // Draws `lines` of { points, style }: x from `from` to at least `to`, y from low() or 0 to high() or the largest value.
    draw(what) {
        this.#what = what;
        this.#paint();
    }

    #paint() {
        const svg = this.#svg;
        const { clientWidth: width, clientHeight: height } = svg;
        if (width === 0 || height === 0) {
            return;
        }
        const { lines, marks = [], from = 0, to = 1, unit = "", low: lowest, high: highest } = this.#what;
        const points = lines.flatMap((line) => line.points).filter(([, y]) => Number.isFinite(y));
        const right = Math.max(to, ...points.map(([x]) => x));
        const low = lowest?.() ?? 0;
        const high = highest?.() ?? Math.max(1e-3, ...points.map(([, y]) => y)) * 1.05;
        const x = (value) => LEFT + ((value - from) / (right - from)) * (width - LEFT - RIGHT);
        const y = (value) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);

        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        const parts = [];
        for (const tick of ticks(low, high)) {
            parts.push(element("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
            parts.push(element("text", { class: "tick", x: LEFT - 7, y: y(tick) + 4, "text-anchor": "end" }, this.format(tick)));
        }
        for (const tick of ticks(from, right).filter(Number.isInteger)) {
            parts.push(element("text", { class: "tick", x: x(tick), y: height - 8, "text-anchor": "middle" }, tick));
        }
        parts.push(element("text", { class: "tick", x: 0, y: height - 8 }, unit));
        for (const mark of marks) {
            parts.push(element("line", { class: "mark", x1: x(mark), x2: x(mark), y1: TOP, y2: height - BOTTOM }));
        }
        for (const { points: curve, style } of lines) {
            const path = curve
                .filter(([, value]) => Number.isFinite(value))
                .map(([at, value], i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(Math.min(Math.max(value, low), high)).toFixed(1)}`);
            parts.push(element("path", { class: `curve ${style}`, d: path.join("") }));
            if (curve.length === 1 && path.length === 1) {
                parts.push(element("circle", { class: `dot ${style}`, cx: x(curve[0][0]), cy: y(curve[0][1]), r: 3 }));
            }
        }
        svg.replaceChildren(...parts);
    }
}
