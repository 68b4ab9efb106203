# The regions of bench/guest/regions.h, and what a counted run left behind (bench/count/count.c).
# SPDX-License-Identifier: BSD-2-Clause

import re
from dataclasses import dataclass, field

LINE = re.compile(r'^\s*X\((\w+), (\d+), "([^"]*)"\)', re.M)


@dataclass(frozen=True)
class Region:
    name: str
    number: int
    text: str


def read_table(path):
    """{name: Region}, in the order of the file."""
    with open(path, encoding="utf-8") as f:
        found = [Region(m[1].lower(), int(m[2]), m[3]) for m in LINE.finditer(f.read())]
    numbers = [r.number for r in found]
    if not found or len(set(numbers)) != len(numbers) or max(numbers) > 30:
        raise ValueError(f"{path}: expected regions 0..30, each number once")
    return {r.name: r for r in found}


@dataclass(frozen=True)
class Path:
    """All paths through one core's kernel of one kind, and the longest of them."""
    core: int
    entry: str    # function of the vector
    call: str     # of a system call, its function; else "-"
    through: str  # places that it passed, joined by +; else "-"
    times: int
    most: int
    number: int   # of the longest, among those of its core
    system: str = ""  # in which it was seen


class Incomplete(Exception):
    """The guest ended before it had measured everything."""


@dataclass
class Counts:
    """samples: {region number: [(core, own, all, upper)]} in the order in which they were made."""
    samples: dict = field(default_factory=dict)
    paths: list = field(default_factory=list)
    places: list = field(default_factory=list)  # (address, page, instruction, times) of a profile
    total: int = -1


def read_counts(text):
    counts = Counts()
    for line in text.splitlines():
        kind, *fields = line.split()
        if kind == "sample":
            region, *values = map(int, fields)
            counts.samples.setdefault(region, []).append(tuple(values))
        elif kind == "at":
            address, page, word = (int(f, 16) for f in fields[:3])
            counts.places.append((address, page, word, int(fields[3])))
        elif kind == "path":
            core, entry, call, through, *numbers = fields
            counts.paths.append(Path(int(core), entry, call, through, *map(int, numbers)))
        elif kind == "total":
            counts.total = int(fields[0])
    if counts.total < 0:
        raise Incomplete("the counter's results are cut short")
    return counts


@dataclass(frozen=True)
class Spread:
    least: int
    median: int
    most: int

    @staticmethod
    def of(values):
        ordered = sorted(values)
        return Spread(ordered[0], ordered[len(ordered) // 2], ordered[-1])


@dataclass(frozen=True)
class Summary:
    number: int
    own: Spread
    every: Spread  # all cores
    kernel: Spread  # of all cores, in the kernels

    @staticmethod
    def of(samples):
        return Summary(len(samples), *(Spread.of([s[i] for s in samples]) for i in (1, 2, 3)))
