// The two lessons with pictures. A second instance of the module computes them in this thread.

import { Chart } from "./chart.js";

const EPOCHS = 300;
const ETA = 0.15;

const find = (id) => document.getElementById(id);

export function neuron(gradus) {
    const [slider, chart] = [find("neuron-start"), new Chart(find("neuron-chart"))];
    const show = () => {
        const start = Number(slider.value);
        const outputs = gradus.neuron(start, start, ETA, EPOCHS);
        const points = (values) => values.map((value, i) => [i, value]);
        chart.draw({
            lines: [
                { points: points(outputs.quadratic), style: "training" },
                { points: points(outputs.cross_entropy), style: "validation" },
            ],
            to: EPOCHS,
            unit: "epoch",
            high: () => 1,
        });
        find("neuron-start-value").value = `w = b = ${start.toFixed(1)}`;
        const half = (values) => {
            const at = values.findIndex((value) => value < 0.5);
            return at < 0 ? `not within ${EPOCHS} epochs` : at === 0 ? "from the start" : `after ${at} epochs`;
        };
        const text = `η = ${ETA}. The output falls below ½ ${half(outputs.quadratic)} with the quadratic cost, and ${half(outputs.cross_entropy)} with the cross-entropy.`;
        find("neuron-text").textContent = text;
        find("neuron-chart").setAttribute("aria-label", `Output of the neuron over ${EPOCHS} epochs. ${text}`);
    };
    slider.addEventListener("input", show);
    show();
}

export function softmax(gradus) {
    const box = find("softmax");
    const rows = [2.5, -1, 3.2, 0.5].map((start, i) => {
        const row = document.createElement("div");
        row.className = "row";
        const name = `z<sub>${i + 1}</sub>`;
        row.innerHTML = `<label for="z${i}">${name} = <output for="z${i}"></output></label>
            <input id="z${i}" type="range" min="-5" max="5" step="0.1" value="${start}"><i aria-hidden="true"><span></span></i><span class="value"></span>`;
        box.append(row);
        return row;
    });
    const inputs = rows.map((row) => row.querySelector("input"));
    const show = () => {
        const z = inputs.map((input) => Number(input.value));
        gradus.softmax(z).forEach((a, i) => {
            rows[i].querySelector("output").value = z[i].toFixed(1).replace("-", "−");
            rows[i].querySelector("i span").style.width = `${100 * a}%`;
            rows[i].querySelector(".value").textContent = a.toFixed(3);
            inputs[i].setAttribute("aria-valuetext", `z ${z[i]}, output ${a.toFixed(3)}`);
        });
        find("softmax-text").textContent = "The bars are the four outputs. Their sum is 1.";
    };
    box.addEventListener("input", show);
    show();
}
