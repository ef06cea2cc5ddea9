"""Tables: the `table` example against scikit-learn's MLPClassifier and MLPRegressor, on the same split of six data sets.

    python3 -m venv .venv && .venv/bin/pip install scikit-learn pandas
    .venv/bin/python benches/peers/tables.py DIR [--seeds 5] [--split 0] [--only iris,wine]

Writes the tables as CSV files to DIR, with a column `split` of train and test, runs both on each with several seeds, and
prints the mean test scores (accuracy, or R2) with their standard deviations, and the seconds. scikit-learn's networks have
their default settings but for 2,000 iterations at most, and inputs that are scaled by StandardScaler; the example chooses
its settings itself, by cross-validation on the training rows. The time of the example includes that choice; that of
scikit-learn is `fit`.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pandas

HERE = pathlib.Path(__file__).parent
TARGET = "target"


def classes(bunch):
    """A table whose target is the name of the class."""
    names = [str(name).replace(" ", "_") for name in bunch.feature_names]
    table = pandas.DataFrame(bunch.data, columns=names)
    table[TARGET] = [f"class_{bunch.target_names[i]}" for i in bunch.target]
    return table


def numbers(x, y):
    table = pandas.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])
    table[TARGET] = y
    return table


def tables():
    """Each data set by its name, and whether it is of classes."""
    diabetes = datasets.load_diabetes(scaled=False)
    yield "iris", True, classes(datasets.load_iris())
    yield "wine", True, classes(datasets.load_wine())
    yield "breast_cancer", True, classes(datasets.load_breast_cancer())
    yield "digits", True, classes(datasets.load_digits())
    yield "diabetes", False, numbers(diabetes.data, diabetes.target)
    yield "friedman1", False, numbers(*datasets.make_friedman1(n_samples=1000, noise=1.0, random_state=0))


def split(table, is_classes, seed):
    """Adds the column `split`: a quarter of the rows is for the test, of each class as nearly as possible."""
    strata = table[TARGET] if is_classes else None
    train, _ = train_test_split(table.index, test_size=0.25, random_state=seed, stratify=strata)
    table["split"] = ["train" if i in set(train) else "test" for i in table.index]
    return table


def peer(table, is_classes, seed):
    model = (MLPClassifier if is_classes else MLPRegressor)(max_iter=2000, random_state=seed)
    pipeline = make_pipeline(StandardScaler(), model)
    train, test = table[table.split == "train"], table[table.split == "test"]
    inputs = [name for name in table.columns if name not in (TARGET, "split")]
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of 2,000 iterations that were not enough
        pipeline.fit(train[inputs], train[TARGET])
    seconds = time.perf_counter() - begin
    return pipeline.score(test[inputs], test[TARGET]), seconds


def ours(program, path, seed):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [program, "--data", path, "--target", TARGET, "--seed", seed, "--json", out.name]
        subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
        results = json.loads(pathlib.Path(out.name).read_text())
    return results["test_score"], results["seconds"]


def example():
    """The path of the `table` example, as `cargo run --release` would build it."""
    command = ["cargo", "build", "--release", "--example", "table", "--message-format=json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE).stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    return next(m["executable"] for m in messages if m.get("target", {}).get("name") == "table" and m["executable"])


def column(runs):
    scores, seconds = zip(*runs)
    deviation = statistics.stdev(scores) if len(scores) > 1 else 0.0
    return f"{statistics.mean(scores):.4f} ± {deviation:.4f}", f"{statistics.median(seconds):.2f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--split", type=int, default=0, help="seed of the split")
    parser.add_argument("--only", default="")
    parser.add_argument("--export", action="store_true", help="write the files, and nothing else")
    options = parser.parse_args()
    options.dir.mkdir(parents=True, exist_ok=True)
    program = None if options.export else example()
    print("| data | rows | inputs | scikit-learn | gradus | scikit-learn, s | gradus, s |\n|---|---|---|---|---|---|---|")
    for name, is_classes, table in tables():
        if options.only and name not in options.only.split(","):
            continue
        path = options.dir / f"{name}.csv"
        split(table, is_classes, options.split).to_csv(path, index=False)
        if options.export:
            continue
        seeds = range(1, options.seeds + 1)
        # In turn, so that what else the machine does meets both.
        runs = [(peer(table, is_classes, seed), ours(program, path, seed)) for seed in seeds]
        (theirs, their_time), (score, seconds) = map(column, zip(*runs))
        sizes = f"{len(table)} | {table.shape[1] - 2}"
        print(f"| {name} | {sizes} | {theirs} | {score} | {their_time} | {seconds} |", flush=True)


if __name__ == "__main__":
    main()
