// Opens the page in Chromium, and does what a visitor does. The settings and hashes of a native run come from `run`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

import { serve } from "./server.mjs";

const [native] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const pictures = here("../target/pictures/");
mkdirSync(pictures, { recursive: true });

const tests = [];
const test = (name, run) => tests.push({ name, run });

// The page's own view of itself.
const text = (page, id) => page.locator(`#${id}`).textContent();
const epoch = async (page) => Number(await text(page, "epoch"));
const accuracy = async (page) => parseFloat(await text(page, "accuracy"));
const wait = (page, condition, argument, seconds = 120) =>
    page.waitForFunction(condition, argument, { timeout: 1000 * seconds, polling: 100 });
const atEpoch = (page, least) => wait(page, (least) => Number(document.getElementById("epoch").textContent) >= least, least);
const setSlider = (page, id, step) =>
    page.locator(`#${id}`).evaluate((slider, step) => {
        slider.value = step;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        slider.dispatchEvent(new Event("change", { bubbles: true }));
    }, step);

// Draws lines through points from 0 to 1 with the mouse.
async function draw(page, ...strokes) {
    const pad = page.locator("#pad");
    await pad.scrollIntoViewIfNeeded();
    const box = await pad.boundingBox();
    const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    for (const [first, ...rest] of strokes) {
        await page.mouse.move(...at(first));
        await page.mouse.down();
        for (const point of rest) {
            await page.mouse.move(...at(point), { steps: 4 });
        }
        await page.mouse.up();
    }
}

const circle = (x, y, across, down) =>
    [...Array(21).keys()].map((i) => [x + across * Math.sin((i / 20) * 2 * Math.PI), y - down * Math.cos((i / 20) * 2 * Math.PI)]);

const DIGITS = {
    0: [circle(0.5, 0.5, 0.2, 0.32)],
    1: [[[0.42, 0.28], [0.52, 0.16], [0.5, 0.84]]],
    2: [[[0.3, 0.32], [0.36, 0.19], [0.5, 0.15], [0.65, 0.21], [0.68, 0.36], [0.58, 0.54], [0.3, 0.82], [0.72, 0.8]]],
    3: [[[0.3, 0.2], [0.48, 0.14], [0.66, 0.24], [0.62, 0.4], [0.46, 0.47], [0.66, 0.56], [0.68, 0.72], [0.5, 0.86], [0.28, 0.78]]],
    4: [[[0.36, 0.16], [0.28, 0.54], [0.72, 0.54]], [[0.64, 0.2], [0.6, 0.86]]],
    7: [[[0.28, 0.2], [0.72, 0.18], [0.56, 0.5], [0.46, 0.84]]],
};

test("the module is small", () => {
    const module = readFileSync(here("../gradus_web.wasm"));
    const [size, zipped] = [module.length, gzipSync(module, { level: 9 }).length];
    console.log(`  ${size} bytes, ${zipped} after gzip`);
    assert(size < 1_000_000 && zipped < 400_000);
});

test("it learns to read 90 % of the validation digits, and the page does not freeze meanwhile", async (page) => {
    await wait(page, () => !document.getElementById("train").disabled);
    await page.evaluate(() => {
        window.gaps = [];
        let last = performance.now();
        const frame = (now) => {
            window.gaps.push(now - last);
            last = now;
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
    });
    const start = Date.now();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await wait(page, () => parseFloat(document.getElementById("accuracy").textContent) >= 90);
    console.log(`  ${await accuracy(page)} % in epoch ${await epoch(page)}, after ${((Date.now() - start) / 1000).toFixed(1)} s, ${await text(page, "speed")} epochs per second`);
    // A machine that does other things too delays a frame now and then, but not most of them.
    const gaps = (await page.evaluate(() => window.gaps.slice(1))).sort((a, b) => a - b);
    const [median, most] = [gaps[Math.floor(gaps.length / 2)], gaps.at(-1)];
    console.log(`  ${gaps.length} frames, ${median.toFixed(0)} ms apart, ${most.toFixed(0)} ms at most`);
    assert(gaps.length > 10 && median < 100 && most < 1000);
});

test("it reads digits that are drawn with the mouse", async (page) => {
    let right = 0;
    for (const [digit, strokes] of Object.entries(DIGITS)) {
        await page.locator("#clear").click();
        await draw(page, ...strokes);
        await wait(page, () => document.getElementById("verdict").textContent.startsWith("That"));
        await page.waitForTimeout(500);
        const answer = await text(page, "verdict");
        console.log(`  ${digit}: ${answer}`);
        right += answer.startsWith(`That is a ${digit}`);
        assert.equal(await page.locator("#bars li").count(), 10);
    }
    assert(right >= 5, `only ${right} of 6 digits were recognized`);
});

test("η changes what happens at once", async (page) => {
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByRole("button", { name: "Start over", exact: true }).click();
    await setSlider(page, "count", 1);
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await atEpoch(page, 5);
    await setSlider(page, "eta", 12);
    await wait(page, () => document.querySelectorAll("#cost-chart .mark").length === 1);
    assert(await page.locator("#changed").isVisible());
    const before = await epoch(page);
    await atEpoch(page, before + 2);
    assert.equal(await text(page, "eta-value"), "10");
});

test("a bad setting is said, and nothing breaks", async (page) => {
    await setSlider(page, "eta", 12);
    await page.locator("#optimizer").selectOption("momentum");
    await setSlider(page, "mu", 7);
    await setSlider(page, "eta", 12);
    await page.locator("#activation").selectOption("relu");
    await page.locator("#initializer").selectOption("large_gaussian");
    await wait(page, () => !document.getElementById("trouble").hidden);
    console.log(`  ${await text(page, "trouble")}`);
    assert.match(await text(page, "trouble"), /diverged/);
    await page.getByRole("button", { name: "Start over", exact: true }).click();
    await wait(page, () => document.getElementById("trouble").hidden);
});

for (const [name, change] of Object.entries({
    "softmax and log-likelihood": {},
    "momentum, cross-entropy and tanh": { cost: "cross_entropy", optimizer: "momentum", activation: "tanh" },
    "bent digits": { distortion: "bent" },
    "Adam, quadratic and ReLU": { cost: "quadratic", optimizer: "adam", activation: "relu" },
})) {
    test(`the bits are those of a native run: ${name}`, async (page) => {
        await page.reload();
        await wait(page, () => !document.getElementById("train").disabled);
        await setSlider(page, "count", 2);
        for (const [id, option] of Object.entries(change)) {
            await page.locator(`#${id}`).selectOption(option);
        }
        for (let done = 1; done <= 3; done += 1) {
            await page.getByRole("button", { name: "One epoch", exact: true }).click();
            await atEpoch(page, done);
        }
        const settings = await text(page, "recipe");
        const lines = execFileSync(native, ["3", settings], { encoding: "utf8" }).split("\n");
        const expected = lines[2].trim().split(/\s+/)[1];
        const found = await text(page, "hash");
        console.log(`  ${found} in Chromium, ${expected} natively`);
        assert.equal(found, expected);
    });
}

test("the keyboard is enough", async (page) => {
    await page.reload();
    await wait(page, () => !document.getElementById("train").disabled);
    const focused = () => page.evaluate(() => document.activeElement.id);
    const tabTo = async (id) => {
        for (let i = 0; i < 80 && (await focused()) !== id; i += 1) {
            await page.keyboard.press("Tab");
        }
        assert.equal(await focused(), id);
    };
    await tabTo("eta");
    const before = await text(page, "eta-value");
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await text(page, "eta-value"), before);
    await tabTo("train");
    await page.keyboard.press("Enter");
    await atEpoch(page, 1);
    await tabTo("pad");
    for (const key of ["ArrowUp", " ", ...Array(14).fill("ArrowDown"), " "]) {
        await page.keyboard.press(key);
    }
    await wait(page, () => document.getElementById("verdict").textContent.startsWith("That"));
    await tabTo("next");
    await page.keyboard.press("Enter");
    await wait(page, () => /Right|Wrong/.test(document.getElementById("verdict").textContent));
});

test("softmax outputs share, and the lesson on saturation is that of the book", async (page) => {
    const outputs = () => page.locator("#softmax .value").allTextContents();
    const before = (await outputs()).map(Number);
    await page.locator("#z0").fill("5");
    const after = (await outputs()).map(Number);
    assert(after[0] > before[0] && after.slice(1).every((a, i) => a < before[i + 1]));
    assert(Math.abs(after.reduce((sum, a) => sum + a, 0) - 1) < 0.003);
    assert.match(await text(page, "neuron-text"), /after \d+ epochs with the quadratic cost, and after \d+ epochs/);
});

test("MNIST files are read, and others are refused with a reason", async (page) => {
    const idx = (dimensions, bytes) => {
        const header = Buffer.alloc(4 + 4 * dimensions.length);
        header.writeUInt8(8, 2);
        header.writeUInt8(dimensions.length, 3);
        dimensions.forEach((dimension, i) => header.writeUInt32BE(dimension, 4 + 4 * i));
        return Buffer.concat([header, bytes]);
    };
    const files = async (images, labels) => {
        await page.locator("#images").setInputFiles({ name: "images", mimeType: "application/octet-stream", buffer: images });
        await page.locator("#labels").setInputFiles({ name: "labels", mimeType: "application/octet-stream", buffer: labels });
        await page.getByRole("button", { name: "Learn these", exact: true }).click();
    };
    // A bar whose place is the digit.
    const [count, pixels] = [2500, Buffer.alloc(2500 * 784)];
    const labels = Buffer.from([...Array(count).keys()].map((i) => (7 * i) % 10));
    labels.forEach((label, i) => pixels.fill(255, i * 784 + label * 56, i * 784 + label * 56 + 50));
    const [images, answers] = [idx([count, 28, 28], pixels), idx([count], labels)];
    await files(answers, images);
    await wait(page, () => /exchanged/.test(document.getElementById("files-text").textContent));
    await files(images.subarray(0, 5000), answers);
    await wait(page, () => /images/.test(document.getElementById("files-text").textContent));
    console.log(`  ${await text(page, "files-text")}`);
    await files(gzipSync(images), answers);
    await wait(page, () => /2,500 digits/.test(document.getElementById("files-text").textContent));
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await wait(page, () => parseFloat(document.getElementById("accuracy").textContent) >= 99);
    await page.getByRole("button", { name: "Back to synthetic digits", exact: true }).click();
    await wait(page, () => document.getElementById("epoch").textContent === "0");
});

test("every control has a name, and the page needs no sideways scrolling on a phone", async (page) => {
    const nameless = await page.evaluate(() =>
        [...document.querySelectorAll("input, select, button, canvas, svg[role=img], table, [role=progressbar]")]
            .filter((node) => !(node.labels?.length || node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.textContent.trim()))
            .map((node) => node.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(nameless, []);
    await page.setViewportSize({ width: 375, height: 812 });
    await page.waitForTimeout(500);
    const [width, widest] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
    const wide = await page.evaluate(() =>
        [...document.querySelectorAll("body *")]
            .filter((node) => node.scrollWidth > innerWidth && !node.closest(".scroll"))
            .map((node) => `${node.tagName} ${node.id} ${node.scrollWidth}`),
    );
    assert(widest <= width, `${widest} pixels wide: ${wide.slice(0, 5).join(", ")}`);
    await page.setViewportSize({ width: 1280, height: 800 });
});

test("pictures", async (page) => {
    await page.reload();
    await wait(page, () => !document.getElementById("train").disabled);
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await atEpoch(page, 12);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.locator("#activation").selectOption("relu");
    await setSlider(page, "eta", 6);
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await atEpoch(page, 8);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await draw(page, ...DIGITS[3]);
    await wait(page, () => document.getElementById("verdict").textContent.startsWith("That"));
    for (const [name, width, height] of [["desktop", 1280, 800], ["phone", 375, 812]]) {
        for (const scheme of ["light", "dark"]) {
            await page.setViewportSize({ width, height });
            await page.emulateMedia({ colorScheme: scheme });
            await page.waitForTimeout(400);
            await page.screenshot({ path: `${pictures}${name}-${scheme}.png`, fullPage: true });
        }
    }
});

const server = await serve();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
page.setDefaultTimeout(30_000);
const troubles = [];
page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
page.on("pageerror", (error) => troubles.push(String(error)));
page.on("requestfailed", (request) => troubles.push(`${request.url()} failed`));
page.on("response", (response) => response.status() >= 400 && troubles.push(`${response.url()}: ${response.status()}`));
page.on("request", (request) => /^(http:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url()) || troubles.push(`asked for ${request.url()}`));
await page.goto(`http://127.0.0.1:${server.address().port}/`);

let failed = 0;
for (const { name, run } of tests) {
    console.log(name);
    try {
        await run(page);
        assert.deepEqual(troubles, []);
    } catch (error) {
        failed += 1;
        console.log(`  FAILED: ${error.message}`);
        troubles.length = 0;
        await page.screenshot({ path: `${pictures}failed-${failed}.png`, fullPage: true });
    }
}
await browser.close();
server.close();
console.log(failed ? `${failed} of ${tests.length} tests failed` : `all ${tests.length} tests passed`);
process.exit(failed ? 1 : 0);
