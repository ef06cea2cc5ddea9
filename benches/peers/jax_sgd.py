"""Seconds an epoch in JAX: the whole epoch is one jitted scan, so that no Python runs between the steps.

usage: jax_sgd.py DIR SIZES BATCH DTYPE EPOCHS [adam]     for example jax_sgd.py data/mnist 784-30-10 10 f32 5
"""

import statistics
import sys
import time

import jax
import jax.numpy as jnp

from jobs import Job

directory, sizes, batch, dtype, epochs, *rest = sys.argv[1:]
layers, batch, epochs = [int(size) for size in sizes.split("-")], int(batch), int(epochs)
if dtype == "f64":
    jax.config.update("jax_enable_x64", True)
real = jnp.float64 if dtype == "f64" else jnp.float32
job = Job(directory, layers)
n = len(job.x)
x_all, y_all = jnp.asarray(job.x, dtype=real), jnp.asarray(job.y, dtype=real)
activation = jnp.tanh if job.tanh else jax.nn.sigmoid
if "adam" in rest:
    import optax

    optimizer = optax.adam(0.001)
else:
    optimizer = None


def initialize(key):
    parameters = []
    for n_in, n_out in zip(layers, layers[1:]):
        key, for_weights, for_biases = jax.random.split(key, 3)
        weights = jax.random.normal(for_weights, (n_in, n_out), real) / n_in**0.5
        parameters.append((weights, jax.random.normal(for_biases, (n_out,), real)))
    return parameters


def cost(parameters, x, y):
    for weights, biases in parameters[:-1]:
        x = activation(x @ weights + biases)
    weights, biases = parameters[-1]
    z = x @ weights + biases
    if job.quadratic:
        return 0.5 * jnp.sum((z - y) ** 2) / x.shape[0]
    return jnp.sum(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))) / x.shape[0]


@jax.jit
def epoch(run, key):
    order = jax.random.permutation(key, n)[: n // batch * batch].reshape(-1, batch)

    def step(run, indices):
        parameters, state = run
        gradient = jax.grad(cost)(parameters, x_all[indices], y_all[indices])
        if optimizer is None:
            return (jax.tree.map(lambda w, g: w - job.eta * g, parameters, gradient), state), None
        updates, state = optimizer.update(gradient, state)
        return (optax.apply_updates(parameters, updates), state), None

    return jax.lax.scan(step, run, order)[0]


key = jax.random.key(0)
parameters = initialize(key)
run = jax.block_until_ready(epoch((parameters, optimizer and optimizer.init(parameters)), key))
seconds = []
for _ in range(epochs):
    key, of_epoch = jax.random.split(key)
    start = time.perf_counter()
    run = jax.block_until_ready(epoch(run, of_epoch))
    seconds.append(time.perf_counter() - start)
print(f"jax {sizes} b{batch} {dtype}: median epoch {statistics.median(seconds):.6f}s")
