#!/usr/bin/python3
"""instructions of every basic operation in the emulator, beside other systems"""
# SPDX-License-Identifier: BSD-2-Clause

import argparse
import dataclasses
import os
import re
import signal
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

from figures import (boards, elf, footprint, machine, paths, peers, regions, report,  # noqa: E402
                     where)

FIGURE = re.compile(r"^figure (\w+) (\d+)$", re.M)


class Image:
    """One system of a board, built, and what the counter is told of it."""

    def __init__(self, board, name):
        self.board, self.name, self.folder = board, name, f"build/{board.name}/{name}"
        self.path = f"{self.folder}/skerry.elf"
        machine.build("image", "programs", BOARD=board.name, SYSTEM=name)
        self.kernels = [elf.Elf(f"{self.folder}/{path}") for path in board.kernels]
        self.options = self.kernel_ranges()
        if board.entries:
            try:
                self.options += paths.options(board, self.kernels)
            except KeyError as e:
                raise machine.Failed(e.args[0]) from None

    def kernel_ranges(self):
        if self.board.upper:
            return [f"kernel={1 << 63:x}:{(1 << 64) - 1:x}"]
        return [f"kernel={k.symbols['kernel_text']:x}:{k.symbols['kernel_text_end'] - 1:x}"
                for k in self.kernels]

    def run(self, *options):
        """(counts, figures that it said, all that it said)"""
        counts, text = machine.run(self.board, self.path, self.board.cores,
                                   [*self.options, *options])
        said = {name: int(value) for name, value in FIGURE.findall(text)}
        if "done" not in said:
            raise machine.Failed(f"{self.path} did not come to its end\n{text[-2000:]}")
        counts.paths = [dataclasses.replace(p, system=self.name) for p in counts.paths]
        return counts, said, text

    def programs(self):
        return where.Programs([f"{self.folder}/{path}" for path in self.board.kernels],
                              f"{self.folder}/{self.board.programs}")


class System:
    """The bench system of one board, and those in which the longest paths are looked for."""

    def __init__(self, board):
        self.board = board
        machine.build("bench-tools", BOARD=board.name)
        table = regions.read_table("bench/guest/regions.h")
        self.table = {name: r for name, r in table.items() if name not in board.absent}
        self.images = {name: Image(board, name) for name in ("bench", *board.worst)}
        self.bench = self.images["bench"]
        self.bench.options += self.kernel_places()

    def kernel_places(self):
        """Regions that begin and end at functions of the kernels, in which there are no markers."""
        places = []
        for name, symbols in self.board.inside.items():
            number = self.table[name].number
            for marker, symbol in enumerate(symbols, 2 * number):
                for kernel in self.bench.kernels if symbol else ():
                    if symbol not in kernel.symbols:
                        raise machine.Failed(f"the kernel has no function {symbol}")
                    places.append(f"at={kernel.symbols[symbol]:x}:{marker}")
        return places

    def run(self, *options):
        counts, said, text = self.bench.run(*options)
        missing = [r.text for r in self.table.values() if r.number not in counts.samples]
        if missing:
            raise machine.Failed(f"not measured: {', '.join(missing)}\n{text[-2000:]}")
        return counts, said


def counted_rows(system, counts):
    beside = peers.BESIDE[system.board.name]
    return [(r, regions.Summary.of(counts.samples[r.number]), beside.get(r.name, []))
            for r in system.table.values()]


def floor_row(system):
    counts = machine.floor(system.board)
    return (regions.Region("floor", max(r.number for r in system.table.values()) + 1,
                           "floor: doorbell + WFI, there and back"),
            regions.Summary.of(counts.samples[1]), [peers.FLOOR[system.board.name]])


def measure(system, args):
    counts, said = system.run()
    if args.repeat:
        again, said_again = system.run()
        moved = medians_that_differ(system, counts, again)
        if moved or said_again != said:
            raise machine.Failed("two runs differ: " + (moved or "what the guest says"))
    rows = [floor_row(system)] + counted_rows(system, counts)
    sizes = footprint.rows(system, said, ROOT)
    found = longest_paths(system, counts)
    if args.csv:
        print(report.as_csv(rows, sizes, paths.longest(system.board, found)), end="")
        return
    print(f"Instructions in QEMU ({system.board.name}, {system.board.cores} cores, -icount "
          "shift=0,sleep=off), counted between marker\nno-ops around each operation. Lines beside "
          "a figure: aims, and other systems counted the same way.\n")
    print("\n".join(report.counted(rows)))
    print()
    print("\n".join(report.sizes([row for _, row in sizes])))
    if found:
        print_paths(system, found, args.where)
    if args.repeat:
        apart, of = samples_that_differ(counts, again)
        print(f"\nTwo runs gave the same medians; {apart} of {of} samples differed.")


def longest_paths(system, counts):
    found = list(counts.paths)
    for name in system.board.worst:
        found += system.images[name].run()[0].paths
    return found


def print_paths(system, found, with_functions):
    print("\nThe longest way through a kernel that was seen, by how it was entered: instructions "
          "of that core\nfrom the vector to the return.\n")
    print("\n".join(paths.table(system.board, found)))
    if not with_functions:
        return
    print("\nWhere the longest spend them:\n")
    for path in paths.worst(system.board, found):
        image = system.images[path.system]
        counts, _, _ = image.run(f"path={path.core}:{path.number}")
        print(f"{paths.kind_of(system.board, path)}, {path.most:,}: " + paths.where(
            where.by_function(counts.places, image.programs()), path.core, len(image.kernels)))


def medians_that_differ(system, one, two):
    found = []
    for region in system.table.values():
        pair = [run.samples.get(region.number) for run in (one, two)]
        if None in pair:
            if pair != [None, None]:
                found.append(region.text)
            continue
        a, b = (regions.Summary.of(samples) for samples in pair)
        if a.number != b.number or any(getattr(a, part).median != getattr(b, part).median
                                       for part in ("own", "every", "kernel")):
            found.append(region.text)
    return ", ".join(found)


def samples_that_differ(one, two):
    pairs = [pair for number in one.samples
             for pair in zip(one.samples[number], two.samples[number])]
    return sum(a != b for a, b in pairs), len(pairs)


def profile(system, args):
    region = system.table.get(args.profile)
    if not region:
        raise machine.Failed(f"unknown region '{args.profile}'; there are: "
                             f"{' '.join(system.table)}")
    counts, _ = system.run(f"profile={region.number}")
    rounds = len(counts.samples[region.number])
    print(f"{region.text}: instructions of all cores for each of {rounds} rounds")
    for times, program, function in where.by_function(counts.places, system.bench.programs()):
        print(f"{times / rounds:12,.1f}  {program:14} {function}")


class Parser(argparse.ArgumentParser):
    def error(self, message):  # one line, as every other mistake on the command line
        self.exit(2, f"{self.prog}: {message}\n")


def main():
    parser = Parser(prog="skerry bench guest", allow_abbrev=False)
    parser.add_argument("--board", default="virt-arm64", choices=sorted(boards.BOARDS))
    parser.add_argument("--csv", action="store_true", help="comma-separated values")
    parser.add_argument("--repeat", action="store_true", help="run twice, fail if a median differs")
    parser.add_argument("--where", action="store_true",
                        help="where the longest ways through a kernel spend their instructions")
    parser.add_argument("--profile", metavar="REGION", help="where its instructions go")
    args = parser.parse_args()
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the emulator must not outlive us
    try:
        system = System(boards.BOARDS[args.board])
        profile(system, args) if args.profile else measure(system, args)
    except (machine.Failed, regions.Incomplete) as e:
        print(f"bench guest: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
