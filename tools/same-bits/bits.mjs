// Runs the WebAssembly module under Node: node bits.mjs MODULE EXPECTED prints a line for each run, as the program does elsewhere.
// node bits.mjs MODULE epoch N measures an epoch instead. The names of the runs are those of EXPECTED, in the same order.
import { readFileSync } from "node:fs";

const [path, expected, samples] = process.argv.slice(2);
// The module imports nothing: no clock, no files, no random numbers.
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), {});

if (expected === "epoch") {
    const seconds = [0, 1, 2, 3].map(() => {
        const start = performance.now();
        exports.epoch(Number(samples));
        return (performance.now() - start) / 1000;
    });
    console.log(`${Math.min(...seconds).toFixed(4)} s`);
    process.exit();
}

const hex = (hash) => BigInt.asUintN(64, hash).toString(16).padStart(16, "0");
const names = readFileSync(expected, "utf8").split("\n").map((line) => line.slice(17));
let all = 0xcbf29ce484222325n;
for (let index = 0; index < exports.count(); index += 1) {
    const hash = BigInt.asUintN(64, exports.hash(index));
    for (let byte = 0n; byte < 8n; byte += 1n) {
        all = BigInt.asUintN(64, (all ^ ((hash >> (8n * byte)) & 255n)) * 0x100000001b3n);
    }
    console.log(`${hex(hash)} ${names[index] ?? `run ${index}`}`);
}
console.log(`${hex(all)} all`);
