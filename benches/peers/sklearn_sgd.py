"""Seconds an epoch in scikit-learn: `MLPClassifier` or `MLPRegressor` with plain gradient descent or Adam.

usage: sklearn_sgd.py DIR SIZES BATCH DTYPE EPOCHS THREADS [adam]     for example sklearn_sgd.py data/mnist 784-30-10 10 f32 3 1

It can only be timed as a whole, so that the seconds are those of EPOCHS + 1 less those of one, each time from the start.
"""

import sys
import time
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from jobs import Job

directory, sizes, batch, dtype, epochs, threads, *rest = sys.argv[1:]
layers, batch, epochs = [int(size) for size in sizes.split("-")], int(batch), int(epochs)
job = Job(directory, layers)
x = job.x.astype(np.float64 if dtype == "f64" else np.float32)
y = job.y if job.quadratic else job.y.astype(int)
y = y.ravel() if layers[-1] == 1 else y
settings = dict(
    hidden_layer_sizes=layers[1:-1], activation="tanh" if job.tanh else "logistic", batch_size=batch, alpha=0.0, tol=0.0,
    n_iter_no_change=10**6, random_state=0, momentum=0.0, nesterovs_momentum=False,
    solver="adam" if "adam" in rest else "sgd", learning_rate_init=0.001 if "adam" in rest else job.eta,
)


def fit(n_epochs):
    model = (MLPRegressor if job.quadratic else MLPClassifier)(max_iter=n_epochs, **settings)
    start = time.perf_counter()
    model.fit(x, y)
    return time.perf_counter() - start


warnings.filterwarnings("ignore")
with threadpool_limits(int(threads)):
    seconds = (-fit(1) + fit(1 + epochs)) / epochs
print(f"sklearn {sizes} b{batch} {dtype}: median epoch {seconds:.6f}s")
