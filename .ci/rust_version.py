"""Reads `cargo metadata` and fails if a normal dependency of the crate needs a newer Rust than the one given."""

import json
import sys

stated = tuple(map(int, sys.argv[1].split(".")))
metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

seen, todo, newer = set(), [metadata["resolve"]["root"]], []
while todo:
    identity = todo.pop()
    if identity in seen:
        continue
    seen.add(identity)
    package = packages[identity]
    needed = tuple(map(int, (package["rust_version"] or "1.0").split(".")[:2]))
    if needed > stated[:2]:
        newer.append(f"{package['name']} {package['version']} needs Rust {package['rust_version']}")
    for dependency in nodes[identity]["deps"]:
        if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            todo.append(dependency["pkg"])

print("\n".join(newer) or f"{len(seen)} packages build with Rust {sys.argv[1]}")
sys.exit(bool(newer))
