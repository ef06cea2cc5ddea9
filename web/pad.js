// A drawing area for mouse, finger, pen and keyboard.

const STEP = 0.04;

export class Pad {
    // The strokes so far, lists of points [x, y] from 0 to 1.
    strokes = [];
    // A picture that is shown instead of strokes until something is drawn, or null.
    picture = null;
    #canvas;
    #changed;
    // The position of the keyboard's pen, and whether it is down; null before its first use.
    #pen = null;
    #drawing = null;

    // `changed` is called when the drawing changes.
    constructor(canvas, changed) {
        this.#canvas = canvas;
        this.#changed = changed;
        canvas.addEventListener("pointerdown", (event) => this.#down(event));
        canvas.addEventListener("pointermove", (event) => this.#move(event));
        for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
            canvas.addEventListener(end, (event) => this.#drawing === event.pointerId && (this.#drawing = null));
        }
        canvas.addEventListener("keydown", (event) => this.#key(event));
        canvas.addEventListener("blur", () => this.#lift());
        this.paint();
    }

    clear() {
        [this.strokes, this.picture, this.#pen, this.#drawing] = [[], null, null, null];
        this.paint();
        this.#changed();
    }

    #down(event) {
        if (event.button !== 0 || this.#drawing !== null) {
            return;
        }
        event.preventDefault();
        this.#canvas.focus({ preventScroll: true });
        this.#canvas.setPointerCapture(event.pointerId);
        [this.#drawing, this.#pen] = [event.pointerId, null];
        this.strokes.push([this.#place(event)]);
        this.#more();
    }

    #move(event) {
        if (this.#drawing !== event.pointerId) {
            return;
        }
        const all = event.getCoalescedEvents?.() ?? [];
        this.strokes.at(-1)?.push(...(all.length ? all : [event]).map((one) => this.#place(one)));
        this.#more();
    }

    #place(event) {
        const box = this.#canvas.getBoundingClientRect();
        return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    }

    #key(event) {
        const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
        if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        if (ways[event.key]) {
            this.#pen ??= { at: [0.5, 0.2], down: false };
            const [at, way] = [this.#pen.at, ways[event.key]];
            this.#pen.at = at.map((value, k) => Math.min(Math.max(value + STEP * way[k], 0.04), 0.96));
            if (this.#pen.down) {
                this.strokes.at(-1).push(this.#pen.at);
                this.#more();
            }
        } else if (event.key === " ") {
            this.#pen ??= { at: [0.5, 0.2], down: false };
            this.#pen.down = !this.#pen.down;
            if (this.#pen.down) {
                this.strokes.push([this.#pen.at]);
                this.#more();
            }
        } else if (event.key === "Delete" || event.key === "Backspace") {
            this.clear();
        } else {
            return;
        }
        event.preventDefault();
        this.paint();
    }

    #lift() {
        this.#pen = null;
        this.paint();
    }

    #more() {
        this.picture = null;
        this.paint();
        this.#changed();
    }

    paint() {
        const canvas = this.#canvas;
        const context = canvas.getContext("2d");
        const style = getComputedStyle(document.documentElement);
        const { width, height } = canvas;
        context.clearRect(0, 0, width, height);
        if (this.picture) {
            context.imageSmoothingEnabled = false;
            context.drawImage(this.picture, 0, 0, width, height);
        }
        context.strokeStyle = context.fillStyle = style.getPropertyValue("--ink");
        [context.lineWidth, context.lineCap, context.lineJoin] = [width / 18, "round", "round"];
        for (const stroke of this.strokes) {
            context.beginPath();
            stroke.forEach(([x, y]) => context.lineTo(x * width, y * height));
            // A point is a line to itself.
            context.lineTo(stroke[0][0] * width * (stroke.length > 1 ? NaN : 1), stroke[0][1] * height);
            context.stroke();
        }
        if (this.#pen) {
            const [x, y] = this.#pen.at;
            context.strokeStyle = context.fillStyle = style.getPropertyValue("--accent");
            context.lineWidth = 4;
            context.beginPath();
            context.arc(x * width, y * height, 14, 0, 2 * Math.PI);
            this.#pen.down ? context.fill() : context.stroke();
        }
    }
}
