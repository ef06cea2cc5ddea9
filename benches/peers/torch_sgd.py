"""Seconds an epoch in PyTorch: a plain loop over tensors in memory, without a DataLoader.

usage: torch_sgd.py DIR SIZES BATCH DTYPE EPOCHS THREADS     for example torch_sgd.py data/mnist 784-30-10 10 f32 3 1
"""

import statistics
import sys
import time

import torch

from mnist import SAMPLES, read

directory, sizes, batch, dtype, epochs, threads = sys.argv[1:7]
layers, batch, epochs = [int(size) for size in sizes.split("-")], int(batch), int(epochs)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
real = torch.float64 if dtype == "f64" else torch.float32

images, labels = read(directory)
x_all = torch.tensor(images / 255.0, dtype=real)
y_all = torch.nn.functional.one_hot(torch.tensor(labels), layers[-1]).to(real)

parts = []
for n_in, n_out in zip(layers, layers[1:]):
    parts += [torch.nn.Linear(n_in, n_out, dtype=real), torch.nn.Sigmoid()]
network = torch.nn.Sequential(*parts[:-1])
cost = torch.nn.BCEWithLogitsLoss(reduction="sum")
optimizer = torch.optim.SGD(network.parameters(), lr=0.1)

seconds = []
for _ in range(epochs + 1):
    start = time.perf_counter()
    order = torch.randperm(SAMPLES)
    x_epoch, y_epoch = x_all[order], y_all[order]
    for first in range(0, SAMPLES, batch):
        x, y = x_epoch[first : first + batch], y_epoch[first : first + batch]
        optimizer.zero_grad(set_to_none=True)
        (cost(network(x), y) / len(x)).backward()
        optimizer.step()
    seconds.append(time.perf_counter() - start)
# The first epoch warms up.
print(f"torch {sizes} b{batch} {dtype}: median epoch {statistics.median(seconds[1:]):.4f}s")
