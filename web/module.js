// The module gradus_web.wasm: calls with an argument in its input buffer and a result in its output buffer.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

// Fetches and compiles the module. It imports nothing.
export async function compile() {
    const response = await fetch("gradus_web.wasm");
    if (!response.ok) {
        throw new Error("gradus_web.wasm is missing: run web/build to make it.");
    }
    return WebAssembly.compile(await response.arrayBuffer());
}

export class Gradus {
    #exports;
    #broken = "";

    constructor(module) {
        this.#exports = new WebAssembly.Instance(module, {}).exports;
    }

    // Calls a function with some bytes as its input. Returns the bytes of its output, or throws its error.
    #call(name, input, ...numbers) {
        if (this.#broken) {
            throw new Error(this.#broken);
        }
        const exports = this.#exports;
        try {
            const at = exports.input(input.length);
            new Uint8Array(exports.memory.buffer, at, input.length).set(input);
            const ok = exports[name](...numbers);
            const bytes = new Uint8Array(exports.memory.buffer, exports.output(), exports.output_length()).slice();
            if (!ok) {
                throw new Error(decoder.decode(bytes));
            }
            return bytes;
        } catch (error) {
            if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
                this.#broken = `The module has crashed (${error.message}), perhaps because of too little memory. Please reload the page.`;
                throw new Error(this.#broken);
            }
            throw error;
        }
    }

    #json(name, argument, ...numbers) {
        const input = argument === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(argument));
        const output = this.#call(name, input, ...numbers);
        return output.length ? JSON.parse(decoder.decode(output)) : undefined;
    }

    #floats(name, input = new Uint8Array()) {
        return new Float32Array(this.#call(name, input).buffer);
    }

    begin(settings) {
        this.#json("begin", settings);
    }

    // Makes `steps` training steps, or fewer if an epoch ends.
    advance(steps) {
        return this.#json("advance", undefined, steps);
    }

    measure() {
        return this.#json("measure");
    }

    adjust(eta, lambda) {
        this.#json("adjust", { eta, lambda });
    }

    weights() {
        return this.#floats("weights");
    }

    predict(pixels) {
        return this.#floats("predict", new Uint8Array(pixels.buffer));
    }

    // Returns the pixels of some digits, one digit after the other, and their labels.
    samples(first, count) {
        const bytes = this.#call("samples", new Uint8Array(), first, count);
        const found = bytes.length / 785;
        return { pixels: bytes.slice(0, 784 * found), labels: [...bytes.slice(784 * found)] };
    }

    readFiles(images, labels) {
        const both = new Uint8Array(images.byteLength + labels.byteLength);
        both.set(new Uint8Array(images));
        both.set(new Uint8Array(labels), images.byteLength);
        return JSON.parse(decoder.decode(this.#call("read_files", both, images.byteLength)));
    }

    forgetFiles() {
        this.#json("forget_files");
    }

    neuron(weight, bias, eta, epochs) {
        return this.#json("neuron", { weight, bias, eta, epochs });
    }

    softmax(z) {
        return this.#json("softmax", z);
    }
}
