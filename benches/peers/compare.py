"""Runs the same training job in gradus and in its peers, in turn, several times, and prints medians and ratios.

    python3 -m venv .venv && .venv/bin/pip install numpy jax optax torch scikit-learn
    .venv/bin/python benches/peers/compare.py DIR [--runs 5] [--slow] [--only 784-30-10]

DIR holds the four files of MNIST. Seconds are those of the training steps of an epoch, alone. Peers and crate take turns
in one sitting, so that what else the machine does meets both; a ratio says more than a time. JAX is the fastest of the
peers; --slow adds PyTorch, scikit-learn, and NumPy example by example (784 inputs only). --burn PROGRAM adds burn.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
# network, mini-batch (0: all samples), type, threads (1: pinned to one core), epochs of a run, ratio to JAX asked for, optimizer
ROWS = [
    ("784-30-10", 10, "f32", 2, 5, 3.8, "sgd"),
    ("784-30-10", 10, "f64", 2, 5, 2.9, "sgd"),
    ("784-30-10", 10, "f32", 2, 5, 3.8, "adam"),
    ("784-100-10", 10, "f32", 2, 5, 2.4, "sgd"),
    ("784-800-10", 100, "f32", 2, 3, 1.25, "sgd"),
    ("784-1024-1024-10", 128, "f32", 1, 2, 1.1, "sgd"),
    ("784-1024-1024-10", 128, "f32", 2, 2, 1.2, "sgd"),
    ("784-1024-1024-10", 128, "f64", 2, 2, 1.33, "sgd"),
    ("28-300-300-300-300-300-1", 100, "f32", 2, 3, 1.35, "sgd"),
    ("10-64-64-1", 32, "f32", 1, 20, 2.7, "sgd"),
    ("10-64-64-1", 32, "f32", 1, 20, 2.7, "adam"),
    ("10-64-64-1", 256, "f32", 2, 20, 3.0, "sgd"),
    ("4-32-16-4", 0, "f32", 1, 500, 3.7, "sgd"),
    ("4-32-16-4", 0, "f32", 2, 500, 8.0, "sgd"),
]
SAMPLES = {"784": 50_000, "28": 100_000, "10": 20_000, "4": 10_000}


def bench_program():
    """The program of benches/networks.rs, as a plain `cargo build --release` would build it."""
    command = ["cargo", "bench", "--bench", "networks", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE).stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    return next(m["executable"] for m in messages if m.get("target", {}).get("name") == "networks" and m["executable"])


def seconds(command, threads, **environment):
    pin = ["taskset", "-c", "0"] if threads == 1 else []
    run = subprocess.run(
        pin + [str(word) for word in command], check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return float(re.search(r"median epoch ([0-9.]+)s", run.stdout)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slow", action="store_true", help="PyTorch, scikit-learn and NumPy too")
    parser.add_argument("--burn", help="the program of benches/peers/burn, too")
    parser.add_argument("--only", default="", help="rows whose network begins so")
    options = parser.parse_args()
    program = bench_program()

    header = "network                  batch type cores  optimizer"
    print(f"{header}  gradus s (least … most)         JAX s (least … most)   JAX/gradus  asked", flush=True)
    for sizes, batch, dtype, threads, epochs, asked, optimizer in ROWS:
        if not sizes.startswith(options.only):
            continue
        batch = batch or SAMPLES[sizes.split("-")[0]]
        job, slow_epochs = [options.dir, sizes, batch, dtype], max(1, epochs // 5)
        peers = {"jax": [*job, epochs, optimizer]}
        if options.slow:
            peers |= {name: [*job, slow_epochs, threads, optimizer] for name in ("torch", "sklearn")}
            if sizes.startswith("784") and optimizer == "sgd":
                peers["numpy"] = [*job, 1]
        if options.burn:
            peers["burn"] = [*job, slow_epochs, optimizer]
        times = {name: [] for name in ["gradus", *peers]}
        for _ in range(options.runs):
            for name, arguments in peers.items():
                command = [options.burn] if name == "burn" else [sys.executable, HERE / f"{name}_sgd.py"]
                times[name].append(seconds([*command, *arguments], threads))
            ours = seconds([program, *job[1:], epochs, threads, optimizer], threads, GRADUS_MNIST=options.dir)
            times["gradus"].append(ours)
        report(f"{sizes:<24} {batch:>5} {dtype:>4} {threads:>5} {optimizer:>10}", times, asked)


def report(row, times, asked):
    median = {name: statistics.median(all_times) for name, all_times in times.items()}
    show = lambda name: f"{median[name]:.3g} ({min(times[name]):.3g} … {max(times[name]):.3g})"
    print(f"{row} {show('gradus'):>28} {show('jax'):>28} {median['jax'] / median['gradus']:>10.2f} {asked:>6}", flush=True)
    for name in times.keys() - {"gradus", "jax"}:
        print(f"    {name}: {show(name)}, {median[name] / median['gradus']:.1f} times as long", flush=True)


main()
