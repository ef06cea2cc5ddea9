"""MNIST for the peers: the first 50,000 training images as rows of bytes, and their labels."""

import gzip
import pathlib

import numpy as np

SAMPLES = 50_000


def read(directory):
    images = tensor(directory, "train-images-idx3-ubyte").reshape(-1, 784)[:SAMPLES]
    return images, tensor(directory, "train-labels-idx1-ubyte")[:SAMPLES].astype(np.int64)


def tensor(directory, name):
    plain = pathlib.Path(directory) / name
    packed = plain.with_name(name + ".gz")
    raw = plain.read_bytes() if plain.is_file() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3])
