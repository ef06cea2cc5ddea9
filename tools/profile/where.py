#!/usr/bin/env python3
"""Where the time of a program goes: the samples of `perf record`, by the source files of this crate that were executing.

    perf record -o DATA PROGRAM ...
    tools/profile/where.py DATA PROGRAM

perf names functions, and the crate's vectorized loops are all instances of one function of pulp. This reads the line table
instead: of each address the chain of functions that were inlined there, and of it the last three source files of the crate,
outermost first. Tiles are told apart by type, height, width, and whether the right operand lies by columns, as in a forward
product, or by rows, as in that of ∂C/∂w. Needs addr2line, nm and readelf of the binutils.
"""

import collections
import pathlib
import re
import subprocess
import sys


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def samples(data, program):
    """How often each address of the program was executing, and each function of other libraries."""
    name = pathlib.Path(program).name
    mapped = re.compile(r"\[0x([0-9a-f]+)\(0x[0-9a-f]+\) @ (?:0x)?([0-9a-f]+) .*\]: r-xp (\S+)")
    base = None
    for start, offset, path in mapped.findall(output("perf", "script", "-i", data, "--show-mmap-events")):
        if pathlib.Path(path).name == name:
            base = int(start, 16) - int(offset, 16)
            break
    if base is None:
        sys.exit(f"{data} has no samples of {program}")
    loads = re.findall(r"LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+)", output("readelf", "-lW", program))
    loads = [[int(number, 16) for number in load] for load in loads]
    inside, outside = collections.Counter(), collections.Counter()
    for line in output("perf", "script", "-i", data, "-F", "ip,dso,symoff,sym").splitlines():
        match = re.match(r"\s*([0-9a-f]+) (.*) \((.*)\)", line)
        if match and pathlib.Path(match[3]).name == name:
            offset = int(match[1], 16) - base
            inside[next((offset - o + a for o, a, size in loads if o <= offset < o + size), offset)] += 1
        elif match:
            outside[match[2].split("+")[0]] += 1
    return inside, outside


def place(functions, lines):
    """The tile, if it is one, and the crate's source files, outermost first."""
    tile = next((found[0] for found in (re.search(r"OfSize<[^>]*>", function) for function in functions) if found), "")
    files = []
    for line in reversed(lines):
        match = re.search(r"/(src/[^:]+):", line)
        if match and "/registry/" not in line and "library/" not in line and match[1] not in files:
            files.append(match[1])
    return f"{tile} {' > '.join(files[-3:]) or functions[-1][:60]}".strip()


def main():
    data, program = sys.argv[1:3]
    inside, places = samples(data, program)
    total = sum(inside.values()) + sum(places.values())
    addresses = [hex(address) for address in inside]
    for block in output("addr2line", "-e", program, "-fiCa", *addresses).split("0x")[1:]:
        address, *frames = block.splitlines()
        places[place(frames[0::2], frames[1::2])] += inside[int(address, 16)]
    for name, count in places.most_common(40):
        print(f"{100 * count / total:5.1f} %  {name}")


if __name__ == "__main__":
    main()
