"""Seconds an epoch in PyTorch: a plain loop over tensors in memory, without a DataLoader.

usage: torch_sgd.py DIR SIZES BATCH DTYPE EPOCHS THREADS [adam]     for example torch_sgd.py data/mnist 784-30-10 10 f32 3 1
"""

import statistics
import sys
import time

import torch

from jobs import Job

directory, sizes, batch, dtype, epochs, threads, *rest = sys.argv[1:]
layers, batch, epochs = [int(size) for size in sizes.split("-")], int(batch), int(epochs)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
real = torch.float64 if dtype == "f64" else torch.float32
job = Job(directory, layers)
n = len(job.x)
x_all, y_all = torch.tensor(job.x, dtype=real), torch.tensor(job.y, dtype=real)

parts = []
for n_in, n_out in zip(layers, layers[1:]):
    parts += [torch.nn.Linear(n_in, n_out, dtype=real), torch.nn.Tanh() if job.tanh else torch.nn.Sigmoid()]
network = torch.nn.Sequential(*parts[:-1])
cost = torch.nn.MSELoss(reduction="sum") if job.quadratic else torch.nn.BCEWithLogitsLoss(reduction="sum")
factor = 0.5 if job.quadratic else 1.0
kind = torch.optim.Adam if "adam" in rest else torch.optim.SGD
optimizer = kind(network.parameters(), lr=0.001 if "adam" in rest else job.eta)

seconds = []
for _ in range(epochs + 1):
    start = time.perf_counter()
    order = torch.randperm(n)
    x_epoch, y_epoch = x_all[order], y_all[order]
    for first in range(0, n, batch):
        x, y = x_epoch[first : first + batch], y_epoch[first : first + batch]
        optimizer.zero_grad(set_to_none=True)
        (factor * cost(network(x), y) / len(x)).backward()
        optimizer.step()
    seconds.append(time.perf_counter() - start)
# The first epoch warms up.
print(f"torch {sizes} b{batch} {dtype}: median epoch {statistics.median(seconds[1:]):.6f}s")
