"""Saving and loading 784-1024-1024-10 in single precision with safetensors.numpy: milliseconds, median and least of 100 (kept: of 20).

Run: python3 benches/peers/safetensors_numpy.py
"""

import os
import statistics
import tempfile
import time
import zlib

import numpy as np
from safetensors.numpy import load_file, save_file

SIZES = [784, 1024, 1024, 10]
rng = np.random.default_rng(1)
tensors = {}
for i, (n_in, n_out) in enumerate(zip(SIZES[:-1], SIZES[1:])):
    tensors[f"layers.{i}.weight"] = rng.standard_normal((n_out, n_in), dtype=np.float32)
    tensors[f"layers.{i}.bias"] = np.zeros(n_out, dtype=np.float32)


def measure(name, work, repeats=100):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    print(f"{name:32} median {statistics.median(times):7.2f}  least {min(times):7.2f}")


def save_and_sync(path):
    """What gradus promises: the file and its name are on the disk."""
    save_file(tensors, path)
    for entry in (path, os.path.dirname(path)):
        descriptor = os.open(entry, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def load_and_check(path):
    """What gradus checks: a checksum of the file, and that all numbers are finite."""
    with open(path, "rb") as file:
        zlib.crc32(file.read())
    assert all(np.isfinite(tensor).all() for tensor in load_file(path).values())


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.safetensors")
    measure("save_file", lambda: save_file(tensors, path))
    measure("save_file, then fsync", lambda: save_and_sync(path))
    measure("load_file", lambda: load_file(path))
    measure("load_file, crc32, isfinite", lambda: load_and_check(path))
    kept = []
    measure("load_file, kept", lambda: kept.append(load_file(path)), repeats=20)
