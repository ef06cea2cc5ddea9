"""Runs the same training job in gradus and in its peers, in turn, several times, and prints medians and ratios.

    python3 -m venv .venv && .venv/bin/pip install numpy jax torch
    .venv/bin/python benches/peers/compare.py DIR [--runs 5] [--slow] [--only 784-30-10]

DIR holds the four files of MNIST. Seconds are those of the training steps of an epoch, alone. Peers and crate take turns
in one sitting, so that what else the machine does meets both; a ratio says more than a time. JAX is the fastest of the
peers; --slow adds PyTorch, and NumPy example by example.
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
# network, mini-batch, type, threads (1: pinned to one core), epochs of a run, ratio to JAX asked for
ROWS = [
    ("784-30-10", 10, "f32", 2, 5, 2.0),
    ("784-30-10", 10, "f64", 2, 5, 2.0),
    ("784-100-10", 10, "f32", 2, 5, 1.7),
    ("784-800-10", 100, "f32", 2, 3, 1.1),
    ("784-1024-1024-10", 128, "f32", 1, 2, 1.1),
    ("784-1024-1024-10", 128, "f32", 2, 2, 1.1),
    ("784-1024-1024-10", 128, "f64", 2, 2, 1.1),
]


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
    parser.add_argument("--slow", action="store_true", help="PyTorch and NumPy too")
    parser.add_argument("--only", default="", help="rows whose network begins so")
    options = parser.parse_args()
    program = bench_program()

    print("network           batch type cores   gradus s (least … most)      JAX s (least … most)   JAX/gradus  asked", flush=True)
    for sizes, batch, dtype, threads, epochs, asked in ROWS:
        if sizes.startswith(options.only):
            job = [options.dir, sizes, batch, dtype]
            peers = {"jax": [*job, epochs]}
            if options.slow:
                peers |= {"torch": [*job, 1, threads], "numpy": [*job, 1]}
            times = {name: [] for name in ["gradus", *peers]}
            for _ in range(options.runs):
                for name, arguments in peers.items():
                    times[name].append(seconds([sys.executable, HERE / f"{name}_sgd.py", *arguments], threads))
                ours = seconds([program, *job[1:], epochs, threads], threads, GRADUS_MNIST=options.dir)
                times["gradus"].append(ours)
            report(f"{sizes:<17} {batch:>5} {dtype:>4} {threads:>5}", times, asked)


def report(row, times, asked):
    median = {name: statistics.median(all_times) for name, all_times in times.items()}
    show = lambda name: f"{median[name]:7.3f} ({min(times[name]):.3f} … {max(times[name]):.3f})"
    print(f"{row} {show('gradus'):>26} {show('jax'):>26} {median['jax'] / median['gradus']:>10.2f} {asked:>6}", flush=True)
    for name in times.keys() - {"gradus", "jax"}:
        print(f"    {name}: {show(name)}, {median[name] / median['gradus']:.1f} times as long", flush=True)


main()
