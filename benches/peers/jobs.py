"""The jobs of the peers: what is learned from, and with which functions.

784 inputs are the pixels of MNIST's first 50,000 training images, learned by sigmoid layers with the cross-entropy. Other
networks have tanh layers and random numbers: 28 inputs one class or the other, by the cross-entropy of one sigmoid output;
10 or 4 inputs functions of them, by the quadratic cost of linear outputs. benches/networks.rs has the same jobs.
"""

import gzip
import pathlib

import numpy as np

SAMPLES = {784: 50_000, 28: 100_000, 10: 20_000, 4: 10_000}


class Job:
    """x and y, one sample a row, as 64-bit numbers; whether the hidden layers are tanh, and the cost quadratic; η."""

    def __init__(self, directory, sizes):
        n_in, n_out = sizes[0], sizes[-1]
        self.tanh, self.quadratic = n_in != 784, n_in in (10, 4)
        self.eta = 0.1 if n_in == 784 else 0.01
        rng = np.random.default_rng(0)
        if n_in == 784:
            self.x, labels = images(directory)
            self.y = np.eye(n_out)[labels]
            return
        self.x = rng.uniform(-1, 1, (SAMPLES[n_in], n_in))
        if self.quadratic:
            self.y = np.sin(self.x.sum(1, keepdims=True) + np.arange(n_out))
        else:
            self.y = (rng.random((len(self.x), n_out)) < 0.5).astype(float)


def images(directory):
    pixels = tensor(directory, "train-images-idx3-ubyte").reshape(-1, 784)[: SAMPLES[784]]
    return pixels / 255.0, tensor(directory, "train-labels-idx1-ubyte")[: SAMPLES[784]].astype(np.int64)


def tensor(directory, name):
    plain = pathlib.Path(directory) / name
    packed = plain.with_name(name + ".gz")
    raw = plain.read_bytes() if plain.is_file() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3])
