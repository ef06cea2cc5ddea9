"""Seconds an epoch in NumPy, example by example, which is how the book's network2.py goes about it.

usage: numpy_sgd.py DIR SIZES BATCH DTYPE EPOCHS     for example numpy_sgd.py data/mnist 784-30-10 10 f64 1
"""

import statistics
import sys
import time

import numpy as np

from jobs import images

directory, sizes, batch, dtype, epochs = sys.argv[1:6]
layers, batch, epochs = [int(size) for size in sizes.split("-")], int(batch), int(epochs)
real = np.float64 if dtype == "f64" else np.float32
eta = 0.1

x_all, labels = images(directory)
x_all = x_all.astype(real)
y_all = np.eye(layers[-1], dtype=real)[labels]
rng = np.random.default_rng(0)
weights = [(rng.standard_normal((n, k)) / k**0.5).astype(real) for k, n in zip(layers, layers[1:])]
biases = [rng.standard_normal(n).astype(real) for n in layers[1:]]


def gradient(x, y):
    """∂C_x/∂w and ∂C_x/∂b of each layer, the last layer first."""
    activations = [x]
    for w, b in zip(weights, biases):
        activations.append(1 / (1 + np.exp(-(w @ activations[-1] + b))))
    delta = activations[-1] - y
    for layer in reversed(range(len(weights))):
        a = activations[layer]
        yield np.outer(delta, a), delta
        delta = (weights[layer].T @ delta) * a * (1 - a)


seconds = []
for _ in range(epochs):
    start = time.perf_counter()
    order = rng.permutation(len(x_all))
    for first in range(0, len(x_all), batch):
        indices = order[first : first + batch]
        sums = [(np.zeros_like(w), np.zeros_like(b)) for w, b in zip(weights, biases)][::-1]
        for i in indices:
            sums = [(dw + gw, db + gb) for (dw, db), (gw, gb) in zip(sums, gradient(x_all[i], y_all[i]))]
        for layer, (dw, db) in enumerate(reversed(sums)):
            weights[layer] -= eta / len(indices) * dw
            biases[layer] -= eta / len(indices) * db
    seconds.append(time.perf_counter() - start)
print(f"numpy {sizes} b{batch} {dtype}: median epoch {statistics.median(seconds):.4f}s")
