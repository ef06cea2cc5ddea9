// Trains in a worker thread, in slices of some milliseconds, and handles messages in between.

import { Gradus } from "./module.js";

// Milliseconds of a slice, the longest time that a message has to wait.
const SLICE = 40;
// Milliseconds between two pictures of the weights.
const PICTURES = 100;

let gradus;
let running = false;
// Epochs after which to pause.
let until = Infinity;
let steps = 1;
// Milliseconds of the training steps of this epoch.
let spent = 0;
let lastPictures = 0;
// The number of this run, with which the page ignores messages of earlier runs.
let run = 0;

// Starts the next slice after pending messages; a timer would wait for milliseconds.
const { port1, port2 } = new MessageChannel();
port1.onmessage = slice;

function start() {
    if (!running) {
        running = true;
        port2.postMessage(null);
    }
}

function slice() {
    if (!running) {
        return;
    }
    try {
        const from = performance.now();
        const progress = gradus.advance(steps);
        const took = performance.now() - from;
        spent += took;
        if (progress.ended) {
            finishEpoch(progress);
        } else {
            steps = Math.max(1, Math.round(steps * Math.min(2, SLICE / Math.max(took, 1))));
            postMessage({ kind: "progress", run, ...progress });
            sendPictures(false);
        }
    } catch (error) {
        running = false;
        postMessage({ kind: "stopped", run, text: error.message });
        return;
    }
    if (running) {
        port2.postMessage(null);
    }
}

function finishEpoch(progress) {
    const seconds = spent / 1000;
    spent = 0;
    running &&= progress.epochs < until;
    postMessage({ kind: "epoch", run, ...progress, ...gradus.measure(), seconds, paused: !running });
    sendPictures(!running);
}

function sendPictures(always) {
    if (always || performance.now() - lastPictures >= PICTURES) {
        lastPictures = performance.now();
        const weights = gradus.weights();
        postMessage({ kind: "weights", run, weights }, [weights.buffer]);
    }
}

// Returns the index of the next misclassified validation digit after `from`, or -1.
function findMistake(from, count) {
    for (let i = 1; i <= count; i += 1) {
        const index = (from + i) % count;
        const { pixels, labels } = gradus.samples(index, 1);
        const outputs = gradus.predict(Float32Array.from(pixels, (pixel) => pixel / 255));
        if (outputs.indexOf(Math.max(...outputs)) !== labels[0]) {
            return index;
        }
    }
    return -1;
}

const actions = {
    module({ module }) {
        gradus = new Gradus(module);
    },
    begin({ settings, run: number }) {
        running = false;
        run = number;
        [steps, spent, until] = [1, 0, Infinity];
        gradus.begin(settings);
        postMessage({ kind: "began", run, digits: gradus.samples(1000, 24), ...gradus.measure() });
        sendPictures(true);
    },
    train({ epochs }) {
        until = epochs;
        start();
    },
    pause() {
        running = false;
        sendPictures(true);
    },
    adjust({ eta, lambda }) {
        gradus.adjust(eta, lambda);
    },
    predict({ pixels, about }) {
        postMessage({ kind: "outputs", outputs: gradus.predict(pixels), about });
    },
    sample({ index, mistake }) {
        const number = mistake ? findMistake(index, 1000) : index;
        postMessage({ kind: "sample", index: number, ...(number < 0 ? {} : gradus.samples(number, 1)) });
    },
    files({ images, labels }) {
        running = false;
        postMessage({ kind: "files", count: gradus.readFiles(images, labels) });
    },
    forget() {
        running = false;
        gradus.forgetFiles();
    },
};

onmessage = ({ data }) => {
    try {
        actions[data.kind](data);
    } catch (error) {
        postMessage({ kind: "error", about: data.kind, text: error.message });
    }
};
