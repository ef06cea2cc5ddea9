// The page: sends settings and drawings to the worker, and shows its results.

import { Chart } from "./chart.js";
import { SIDE, toImage } from "./ink.js";
import { neuron, softmax } from "./lessons.js";
import { Gradus, compile } from "./module.js";
import { Pad } from "./pad.js";
import { drawDigits, drawWeights } from "./pictures.js";

const find = (id) => document.getElementById(id);
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const thousands = (count) => count.toLocaleString("en-US");

// Training pauses after this number of epochs.
const MOST_EPOCHS = 100;
// Milliseconds between two messages for a screen reader during training.
const SPEAK = 5000;

// The values of the sliders with uneven steps.
const SCALES = {
    eta: { values: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10], start: 0.5 },
    lambda: { values: [0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], start: 0.1 },
    hidden: { values: [0, 5, 10, 20, 30, 50, 100], start: 30, text: (value) => value || "none" },
    mu: { values: [0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99], start: 0.9 },
    batch: { values: [1, 5, 10, 20, 50, 100], start: 10 },
    count: { values: [100, 300, 1000, 3000, 5000, 10000, 20000, 60000], start: 3000, text: thousands },
};
const LIVE = ["eta", "lambda"];
// Initial learning rates by optimizer.
const USUAL_RATE = { sgd: 0.5, momentum: 0.05, nesterov: 0.05, adam: 0.002 };

const worker = new Worker("worker.js", { type: "module" });
const send = (kind, what = {}, transfer = []) => worker.postMessage({ kind, ...what }, transfer);

const state = {
    run: 0,
    running: false,
    records: [],
    before: [],
    // Epochs after which η or λ changed.
    marks: [],
    weights: null,
    settings: null,
    digits: null,
    // The image that was recognized last, and the true digit if it is known.
    image: null,
    truth: null,
    sample: -1,
    spoken: 0,
    softmax: true,
};

// Settings.

const value = (id) => SCALES[id].values[Number(find(id).value)];

function setSlider(id, wanted) {
    find(id).value = SCALES[id].values.indexOf(wanted);
    tellSlider(id);
}

function tellSlider(id) {
    const text = String((SCALES[id].text ?? String)(value(id)));
    find(`${id}-value`).value = text;
    find(id).setAttribute("aria-valuetext", text);
}

for (const [id, { values, start }] of Object.entries(SCALES)) {
    Object.assign(find(id), { min: 0, max: values.length - 1, step: 1 });
    setSlider(id, start);
    find(id).addEventListener("input", () => tellSlider(id));
}

function settings() {
    const optimizer = find("optimizer").value;
    const seed = Math.min(Math.max(Math.trunc(Number(find("seed").value)) || 0, 0), 999999);
    return {
        training: value("count"),
        seed,
        hidden: value("hidden") ? [value("hidden")] : [],
        activation: find("activation").value,
        cost: find("cost").value,
        initializer: find("initializer").value,
        distortion: find("distortion").value,
        optimizer: ["momentum", "nesterov"].includes(optimizer) ? `${optimizer}(mu=${value("mu")})` : optimizer,
        batch: value("batch"),
        eta: value("eta"),
        lambda: value("lambda"),
    };
}

// The first record is that before training.
const epochs = () => Math.max(0, state.records.length - 1);

// Begins a new network, and continues training if it was running.
function begin(train = state.running) {
    state.run += 1;
    if (state.records.length > 1) {
        state.before = state.records;
    }
    Object.assign(state, { records: [], marks: [], running: train, settings: settings() });
    state.softmax = state.settings.cost === "log_likelihood";
    find("mu-field").hidden = !["momentum", "nesterov"].includes(find("optimizer").value);
    find("changed").hidden = true;
    send("begin", { settings: state.settings, run: state.run });
    if (train) {
        send("train", { epochs: MOST_EPOCHS });
    }
    showButtons();
    showRecords();
    showProgress(0);
}

function adjust() {
    const [eta, lambda] = [value("eta"), value("lambda")];
    send("adjust", { eta, lambda });
    if (epochs() > 0 || state.running) {
        state.marks.push(epochs());
        find("changed").hidden = false;
        showRecords();
    } else {
        Object.assign(state.settings, { eta, lambda });
        showRecipe();
    }
}

find("settings").addEventListener("submit", (event) => event.preventDefault());
find("settings").addEventListener("change", ({ target }) => {
    if (LIVE.includes(target.id)) {
        adjust();
        return;
    }
    if (target.id === "optimizer") {
        setSlider("eta", USUAL_RATE[target.value]);
    }
    begin();
});

// Buttons.

function showButtons() {
    find("train").textContent = state.running ? "Pause" : "Train";
    for (const id of ["train", "one", "restart"]) {
        find(id).disabled = false;
    }
    find("one").disabled = state.running;
}

function train() {
    state.running = true;
    send("train", { epochs: MOST_EPOCHS * (Math.floor(epochs() / MOST_EPOCHS) + 1) });
    showButtons();
}

find("train").addEventListener("click", () => {
    if (state.running) {
        state.running = false;
        send("pause");
        showButtons();
        speak("Paused.", true);
    } else {
        train();
    }
});
find("one").addEventListener("click", () => send("train", { epochs: epochs() + 1 }));
find("restart").addEventListener("click", () => begin());

const PLAIN = { optimizer: "sgd", eta: 0.5, lambda: 0, initializer: "scaled_gaussian", distortion: "as_they_are" };
const LESSONS = {
    quadratic: { ...PLAIN, cost: "quadratic", initializer: "large_gaussian" },
    entropy: { ...PLAIN, cost: "cross_entropy", initializer: "large_gaussian" },
    overfit: { ...PLAIN, count: 300 },
    regularized: { ...PLAIN, count: 300, lambda: 1 },
    turned: { ...PLAIN, count: 300, distortion: "moved" },
    plenty: { ...PLAIN, count: 10000 },
    plain: { ...PLAIN, eta: 0.05 },
    momentum: { ...PLAIN, optimizer: "momentum", mu: 0.9, eta: 0.05 },
    large: { ...PLAIN, optimizer: "momentum", mu: 0.9, eta: 0.05, initializer: "large_gaussian" },
};
for (const button of document.querySelectorAll("[data-lesson]")) {
    button.addEventListener("click", () => {
        for (const [id, wanted] of Object.entries(LESSONS[button.dataset.lesson])) {
            SCALES[id] ? setSlider(id, wanted) : (find(id).value = wanted);
        }
        begin(true);
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        find("training").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
    });
}

// Results.

const charts = {
    accuracy: new Chart(find("accuracy-chart"), (share) => `${Math.round(100 * share)} %`),
    cost: new Chart(find("cost-chart")),
};
// The vertical ranges fit the values from the first epoch on; earlier values may lie outside.
const after = (measure) =>
    [...state.before.slice(1), ...state.records.slice(1)].flatMap((record) => [record[`training_${measure}`], record[`validation_${measure}`]]);
const lowestAccuracy = () => Math.min(0.8, Math.floor(10 * Math.min(...after("accuracy"))) / 10);
const highestCost = () => 1.1 * Math.max(...after("cost"));

function showRecords() {
    const { records, before, marks } = state;
    const lines = (measure) => [
        { points: before.map((record, i) => [i, record[`training_${measure}`]]), style: "training before" },
        { points: before.map((record, i) => [i, record[`validation_${measure}`]]), style: "validation before" },
        { points: records.map((record, i) => [i, record[`training_${measure}`]]), style: "training" },
        { points: records.map((record, i) => [i, record[`validation_${measure}`]]), style: "validation" },
    ];
    charts.accuracy.draw({ lines: lines("accuracy"), marks, to: 10, unit: "epoch", low: lowestAccuracy, high: () => 1 });
    charts.cost.draw({ lines: lines("cost"), marks, to: 10, unit: "epoch", high: after("cost").length ? highestCost : undefined });
    const last = records.at(-1);
    find("epoch").textContent = epochs();
    find("accuracy").textContent = last ? percent(last.validation_accuracy) : "–";
    find("training-accuracy").textContent = last ? percent(last.training_accuracy) : "–";
    if (!last) {
        return;
    }
    find("hash").textContent = last.hash;
    const label = (measure, text) =>
        `Curves over ${epochs()} epochs. Now: ${text(last[`training_${measure}`])} on training digits, ${text(last[`validation_${measure}`])} on validation digits.`;
    find("accuracy-chart").setAttribute("aria-label", label("accuracy", percent));
    find("cost-chart").setAttribute("aria-label", label("cost", (cost) => cost.toPrecision(3)));
    showConfusion(last.confusion);
    showNumbers();
}

// The table is filled only while it is open.
function showNumbers() {
    const box = document.querySelector("details");
    if (!box.open) {
        return;
    }
    const rows = state.records.map((record, i) => {
        const row = document.createElement("tr");
        const cells = [
            i,
            record.training_cost.toPrecision(4),
            percent(record.training_accuracy),
            record.validation_cost.toPrecision(4),
            percent(record.validation_accuracy),
        ];
        row.append(
            ...cells.map((text) => {
                const cell = document.createElement("td");
                cell.textContent = text;
                return cell;
            }),
        );
        return row;
    });
    document.querySelector("#numbers tbody").replaceChildren(...rows.reverse());
}
document.querySelector("details").addEventListener("toggle", showNumbers);

const confusion = (() => {
    const table = find("confusion");
    const cell = (row, name, text = "", scope = "") => {
        const node = row.appendChild(document.createElement(name));
        node.textContent = text;
        scope && node.setAttribute("scope", scope);
        return node;
    };
    const head = table.createTHead().insertRow();
    cell(head, "td");
    [...Array(10).keys()].forEach((digit) => cell(head, "th", digit, "col"));
    const body = table.createTBody();
    return [...Array(10).keys()].map((truth) => {
        const row = body.insertRow();
        cell(row, "th", truth, "row");
        return [...Array(10).keys()].map(() => cell(row, "td"));
    });
})();

function showConfusion(table) {
    table.forEach((row, truth) => {
        const all = Math.max(1, row.reduce((sum, count) => sum + count, 0));
        row.forEach((count, found) => {
            const [node, right] = [confusion[truth][found], truth === found];
            // The square root makes few mistakes visible too.
            const much = right ? count / all : Math.min(1, Math.sqrt(count / all) * 1.4);
            node.textContent = count;
            node.className = `${right ? "right" : ""} ${much > 0.7 ? "strong" : ""} ${count ? "" : "none"}`;
            node.style.setProperty("--much", `${Math.round(100 * much)}%`);
        });
    });
}

function showWeights() {
    if (!state.weights) {
        return;
    }
    const neurons = state.weights.length / 784;
    drawWeights(find("weights"), state.weights, neurons <= 10 ? 5 : neurons <= 30 ? 6 : 10);
    const what = value("hidden") ? `${neurons} hidden neurons` : "ten output neurons";
    find("weights").setAttribute("aria-label", `The weights of the ${what}, a picture of 28 by 28 pixels for each`);
    find("weights-title").textContent = value("hidden") ? "What the hidden neurons look for" : "What the outputs look for";
}

function showDigits() {
    if (!state.digits) {
        return;
    }
    const { pixels, labels } = state.digits;
    drawDigits(find("digits"), Float32Array.from(pixels, (pixel) => pixel / 255), 8);
    find("digits").setAttribute("aria-label", `Training digits: ${labels.join(", ")}`);
    find("digits-caption").textContent = `The first ${labels.length} training digits. 1,000 others are kept for validation.`;
}

function showProgress(share) {
    find("bar").setAttribute("aria-valuenow", Math.round(100 * share));
    find("bar").firstElementChild.style.width = `${100 * share}%`;
}

function showRecipe() {
    find("recipe").textContent = JSON.stringify(state.settings);
}

function speak(text, now = false) {
    if (now || performance.now() - state.spoken > SPEAK) {
        state.spoken = performance.now();
        find("status").textContent = text;
    }
}

function showTrouble(text) {
    find("trouble").textContent = text;
    find("trouble").hidden = !text;
}

// Draws once per frame, however many messages have arrived.
const due = new Set();
function soon(show) {
    if (due.size === 0) {
        requestAnimationFrame(() => {
            const all = [...due];
            due.clear();
            all.forEach((one) => one());
        });
    }
    due.add(show);
}

// Recognition.

const pad = new Pad(find("pad"), () => {
    state.truth = null;
    state.image = toImage(pad.strokes, 1);
    soon(recognize);
});

function recognize() {
    const image = state.image ?? new Float32Array(SIDE * SIDE);
    drawDigits(find("seen"), image, 1);
    pad.paint();
    if (state.image) {
        send("predict", { pixels: image, about: "drawing" });
    } else {
        find("verdict").textContent = "Draw a digit.";
        showOutputs(null);
    }
}

const bars = [...Array(10).keys()].map((digit) => {
    const row = document.createElement("li");
    row.innerHTML = `<b>${digit}</b><i aria-hidden="true"><span></span></i><span class="value"></span>`;
    find("bars").append(row);
    return row;
});

function showOutputs(outputs) {
    const most = outputs && Math.max(...outputs);
    bars.forEach((row, digit) => {
        const output = outputs?.[digit] ?? 0;
        row.querySelector("i span").style.width = `${100 * output}%`;
        row.querySelector(".value").textContent = outputs ? percent(output) : "";
        row.classList.toggle("most", outputs !== null && output === most);
    });
    find("bars-hint").textContent = state.softmax
        ? "Outputs of the softmax layer: probabilities, which add up to 100 %."
        : "Activations of separate sigmoid outputs, which need not add up to 100 %.";
    if (!outputs) {
        return;
    }
    const found = outputs.indexOf(most);
    const sure = most > 0.9 ? "" : most > 0.5 ? ", it thinks" : ", it guesses";
    const text = `That is a ${found}${sure}.`;
    const truth = state.truth === null ? "" : state.truth === found ? " Right." : ` Wrong: it is a ${state.truth}.`;
    const trained = state.records.length > 1 ? "" : " (It has learned nothing yet.)";
    if (find("verdict").textContent !== text + truth + trained) {
        find("verdict").textContent = text + truth + trained;
    }
}

function showSample({ index, pixels, labels }) {
    if (index < 0 || !labels?.length) {
        find("verdict").textContent = "It gets all validation digits right.";
        return;
    }
    pad.clear();
    pad.picture = find("seen");
    [state.sample, state.truth] = [index, labels[0]];
    state.image = Float32Array.from(pixels, (pixel) => pixel / 255);
    soon(recognize);
}

find("clear").addEventListener("click", () => pad.clear());
find("next").addEventListener("click", () => send("sample", { index: (state.sample + 1) % 1000 }));
find("mistake").addEventListener("click", () => send("sample", { index: state.sample, mistake: true }));

// Files.

find("files").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [images, labels] = ["images", "labels"].map((id) => find(id).files[0]);
    if (!images || !labels) {
        find("files-text").textContent = "Choose a file of images and the file of their labels.";
        return;
    }
    const [first, second] = await Promise.all([images.arrayBuffer(), labels.arrayBuffer()]);
    find("files-text").textContent = "Reading…";
    send("files", { images: first, labels: second }, [first, second]);
});
find("forget").addEventListener("click", () => {
    find("forget").hidden = true;
    find("files-text").textContent = "";
    send("forget");
    begin(false);
});

// Messages of the worker.

const heard = {
    began(message) {
        state.digits = message.digits;
        state.records = [message];
        showTrouble("");
        soon(showDigits);
        soon(showRecords);
        soon(showRecipe);
        find("speed").textContent = "–";
    },
    progress({ part }) {
        soon(() => showProgress(part));
    },
    epoch(message) {
        state.records.push(message);
        find("speed").textContent = message.seconds > 0 ? (1 / message.seconds).toPrecision(2) : "–";
        if (message.paused) {
            state.running = false;
            showButtons();
        }
        soon(showRecords);
        soon(() => showProgress(message.paused ? 1 : 0));
        speak(`Epoch ${message.epochs}: ${percent(message.validation_accuracy)} of the validation digits are correct.`, message.paused);
        if (state.image) {
            soon(recognize);
        }
    },
    weights({ weights }) {
        state.weights = weights;
        soon(showWeights);
    },
    stopped({ text }) {
        state.running = false;
        showButtons();
        showTrouble(`The training has stopped: ${text}`);
    },
    outputs({ outputs }) {
        showOutputs(state.image ? [...outputs] : null);
    },
    sample: showSample,
    files({ count }) {
        find("files-text").textContent = `${thousands(count)} digits. The first 1,000 are for validation.`;
        find("forget").hidden = false;
        begin(false);
    },
    error({ about, text }) {
        if (about === "files") {
            find("files-text").textContent = text;
        } else {
            showTrouble(text);
        }
    },
};

worker.onmessage = ({ data }) => {
    if (data.run === undefined || data.run === state.run) {
        heard[data.kind](data);
    }
};
worker.onerror = (event) => showTrouble(`The worker cannot run: ${event.message ?? "it was not loaded"}`);

// The pictures contain the colours of the theme.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    showWeights();
    showDigits();
    drawDigits(find("seen"), state.image ?? new Float32Array(SIDE * SIDE), 1);
    pad.paint();
});

try {
    const module = await compile();
    send("module", { module });
    drawDigits(find("seen"), new Float32Array(SIDE * SIDE), 1);
    showOutputs(null);
    begin(false);
    const gradus = new Gradus(module);
    neuron(gradus);
    softmax(gradus);
} catch (error) {
    showTrouble(error.message);
}
