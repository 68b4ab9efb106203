#!/usr/bin/python3
"""instructions of every basic operation in the emulator, beside other systems"""
# SPDX-License-Identifier: BSD-2-Clause

import argparse
import os
import re
import signal
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

from figures import elf, lines, machine, peers, regions, report, size, where  # noqa: E402

BOARDS = ("virt-arm64",)
CORES = 8
PAGE = 4096
FIGURE = re.compile(r"^figure (\w+) (\d+)$", re.M)
# Regions that begin and end at functions of the kernel, in which there are no markers.
INSIDE = {"kernel_fork": ("sys_core_start", "give_op_done")}


class System:
    """The bench system of one board, built."""

    def __init__(self, board):
        self.folder = f"build/{board}"
        self.kernel = f"{self.folder}/bench/skerry.elf"
        machine.build("image", "programs", "bench-tools", BOARD=board, SYSTEM="bench")
        self.table = regions.read_table("bench/guest/regions.h")
        self.places = self.kernel_places(elf.Elf(self.kernel))

    def kernel_places(self, kernel):
        places = []
        for name, (begin, end) in INSIDE.items():
            number = self.table[name].number
            for symbol, marker in ((begin, 2 * number), (end, 2 * number + 1)):
                if symbol not in kernel.symbols:
                    raise machine.Failed(f"the kernel has no function {symbol}")
                places.append(f"at={kernel.symbols[symbol]:x}:{marker}")
        return places

    def run(self, *options):
        counts, text = machine.run(self.kernel, CORES, [*self.places, *options])
        said = {name: int(value) for name, value in FIGURE.findall(text)}
        missing = [r.text for r in self.table.values() if r.number not in counts.samples]
        if missing or "done" not in said:
            raise machine.Failed(f"not measured: {', '.join(missing)}\n{text[-2000:]}")
        return counts, said


def counted_rows(system, counts):
    return [(r, regions.Summary.of(counts.samples[r.number]), peers.BESIDE.get(r.name, []))
            for r in system.table.values()]


def floor_row(table):
    counts = machine.floor()
    return (regions.Region("floor", len(table), "floor: doorbell + WFI, there and back"),
            regions.Summary.of(counts.samples[1]), [peers.FLOOR])


def size_rows(system, said):
    """[(name, (text, value, unit, beside))]"""
    with open(system.kernel.replace(".elf", ".map"), encoding="utf-8") as f:
        own, foreign = size.read_map(f.read())
    private = (said["fork_pages_copied"] + said["fork_pages_fresh"]) * PAGE
    rows = [
        ("kernel_bytes", ("kernel text + read-only data", own.total + foreign.total, "bytes",
                          peers.KERNEL_BYTES)),
        ("kernel_text", ("  of it text", own.text + foreign.text, "bytes", [])),
        ("kernel_libraries", ("  of it libfdt and other libraries", foreign.total, "bytes", [])),
        ("core_private", ("private memory of a further core's kernel", private, "bytes", [])),
        ("core_pages_fresh", ("  of it its own from the start", said["fork_pages_fresh"],
                              "pages", [])),
        ("core_pages_copied", ("  of it copied at a write", said["fork_pages_copied"], "pages",
                               [])),
        ("core_pages_shared", ("inherited pages still shared", said["fork_pages_shared"], "pages",
                               [])),
    ]
    for i, (what, n, most) in enumerate(lines.count(ROOT)):
        aim = [(most, "the design's aim")] if most else []
        rows.append((f"lines_{i}", ("lines of code: " + what, n, "lines", aim)))
    return rows


def measure(args):
    system = System(args.board)
    counts, said = system.run()
    if args.repeat:
        again, said_again = system.run()
        if again != counts or said_again != said:
            raise machine.Failed("two runs differ: " + differences(system, counts, again))
    rows = [floor_row(system.table)] + counted_rows(system, counts)
    sizes = size_rows(system, said)
    if args.csv:
        print(report.as_csv(rows, sizes), end="")
        return
    print(f"Instructions in QEMU ({args.board}, {CORES} cores, -icount shift=0,sleep=off), counted "
          "between marker\nno-ops around each operation. Lines beside a figure: other systems, "
          "counted the same way.\n")
    print("\n".join(report.counted(rows)))
    print()
    print("\n".join(report.sizes([row for _, row in sizes])))
    if args.repeat:
        print("\nTwo runs gave the same figures, sample by sample.")


def differences(system, one, two):
    found = [r.text for r in system.table.values()
             if one.samples.get(r.number) != two.samples.get(r.number)]
    return ", ".join(found) or f"{one.total} and {two.total} instructions in all"


def profile(args):
    system = System(args.board)
    region = system.table.get(args.profile)
    if not region:
        raise machine.Failed(f"unknown region '{args.profile}'; there are: "
                             f"{' '.join(system.table)}")
    counts, _ = system.run(f"profile={region.number}")
    rounds = len(counts.samples[region.number])
    programs = where.Programs(system.kernel, f"{system.folder}/bin")
    print(f"{region.text}: instructions of all cores for each of {rounds} rounds")
    for times, program, function in where.by_function(counts.places, programs):
        print(f"{times / rounds:12,.1f}  {program:12} {function}")


class Parser(argparse.ArgumentParser):
    def error(self, message):  # one line, as every other mistake on the command line
        self.exit(2, f"{self.prog}: {message}\n")


def main():
    parser = Parser(prog="skerry bench guest", allow_abbrev=False)
    parser.add_argument("--board", default=BOARDS[0], choices=BOARDS)
    parser.add_argument("--csv", action="store_true", help="comma-separated values")
    parser.add_argument("--repeat", action="store_true", help="run twice, fail if a count differs")
    parser.add_argument("--profile", metavar="REGION", help="where its instructions go")
    args = parser.parse_args()
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the emulator must not outlive us
    try:
        profile(args) if args.profile else measure(args)
    except (machine.Failed, regions.Incomplete) as e:
        print(f"bench guest: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
