"""Seconds an epoch in JAX: the whole epoch is one jitted scan, so that no Python runs between the steps.

usage: jax_sgd.py DIR SIZES BATCH DTYPE EPOCHS     for example jax_sgd.py data/mnist 784-30-10 10 f32 5
"""

import statistics
import sys
import time

import jax
import jax.numpy as jnp

from mnist import SAMPLES, read

directory, sizes, batch, dtype, epochs = sys.argv[1:6]
layers, batch, epochs = [int(size) for size in sizes.split("-")], int(batch), int(epochs)
if dtype == "f64":
    jax.config.update("jax_enable_x64", True)
real = jnp.float64 if dtype == "f64" else jnp.float32
eta = 0.1

images, labels = read(directory)
x_all = jnp.asarray(images / 255.0, dtype=real)
y_all = jax.nn.one_hot(jnp.asarray(labels), layers[-1], dtype=real)


def initialize(key):
    parameters = []
    for n_in, n_out in zip(layers, layers[1:]):
        key, for_weights, for_biases = jax.random.split(key, 3)
        weights = jax.random.normal(for_weights, (n_in, n_out), real) / n_in**0.5
        parameters.append((weights, jax.random.normal(for_biases, (n_out,), real)))
    return parameters


def cross_entropy(parameters, x, y):
    for weights, biases in parameters[:-1]:
        x = jax.nn.sigmoid(x @ weights + biases)
    weights, biases = parameters[-1]
    z = x @ weights + biases
    return jnp.sum(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))) / x.shape[0]


@jax.jit
def epoch(parameters, key):
    order = jax.random.permutation(key, SAMPLES)[: SAMPLES // batch * batch].reshape(-1, batch)

    def step(parameters, indices):
        gradient = jax.grad(cross_entropy)(parameters, x_all[indices], y_all[indices])
        return jax.tree.map(lambda w, g: w - eta * g, parameters, gradient), None

    return jax.lax.scan(step, parameters, order)[0]


key = jax.random.key(0)
parameters = jax.block_until_ready(epoch(initialize(key), key))
seconds = []
for _ in range(epochs):
    key, of_epoch = jax.random.split(key)
    start = time.perf_counter()
    parameters = jax.block_until_ready(epoch(parameters, of_epoch))
    seconds.append(time.perf_counter() - start)
print(f"jax {sizes} b{batch} {dtype}: median epoch {statistics.median(seconds):.4f}s")
