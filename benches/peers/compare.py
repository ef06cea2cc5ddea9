"""Runs the same training job in gradus and in its peers, in turn, several times, and prints medians and ratios.

    python3 -m venv .venv && .venv/bin/pip install numpy jax torch
    .venv/bin/python benches/peers/compare.py DIR [--runs 5] [--torch] [--only 784-30-10]

DIR holds the four files of MNIST. Seconds are those of the training steps of an epoch, alone. Peers and crate take turns
in one sitting, so that what else the machine does meets both; a ratio says more than a time. Without --torch only JAX, the
fastest peer, is run.
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
    parser.add_argument("--torch", action="store_true")
    parser.add_argument("--only", default="", help="rows whose network begins so")
    options = parser.parse_args()
    program = bench_program()

    print("network           batch type cores   gradus s (least … most)      JAX s (least … most)   JAX/gradus  asked", end="")
    print("   torch s  torch/gradus" if options.torch else "")
    for sizes, batch, dtype, threads, epochs, asked in ROWS:
        if not sizes.startswith(options.only):
            continue
        job = [sizes, batch, dtype, epochs]
        ours, jax, torch = [], [], []
        for _ in range(options.runs):
            jax.append(seconds([sys.executable, HERE / "jax_sgd.py", options.dir, *job], threads))
            ours.append(seconds([program, *job, threads], threads, GRADUS_MNIST=options.dir))
            if options.torch:
                one_epoch = [sizes, batch, dtype, 1, threads]
                torch.append(seconds([sys.executable, HERE / "torch_sgd.py", options.dir, *one_epoch], threads))
        show = lambda times: f"{statistics.median(times):7.3f} ({min(times):.3f} … {max(times):.3f})"
        ratio = statistics.median(jax) / statistics.median(ours)
        print(f"{sizes:<17} {batch:>5} {dtype:>4} {threads:>5} {show(ours):>26} {show(jax):>26} {ratio:>10.2f} {asked:>6}", end="")
        print(f" {statistics.median(torch):>9.3f} {statistics.median(torch) / statistics.median(ours):>9.1f}" if torch else "", flush=True)


main()
