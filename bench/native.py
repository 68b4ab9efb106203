#!/usr/bin/python3
"""the ring, channels and calls on this machine's cores, beside their peers"""
# SPDX-License-Identifier: BSD-2-Clause

import argparse
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

from harness import aims, doc, run, stats, svg, table  # noqa: E402

PROGRAM = "build/bench/native"
# rounds, milliseconds of a sample
FULL, QUICK = (9, 60), (3, 12)
ROUNDS, MS = (1, 1000), (1, 5000)  # least, most


class Parser(argparse.ArgumentParser):
    def error(self, message):  # one line, as every other mistake on the command line
        self.exit(2, f"{self.prog}: {message}\n")


def arguments():
    parser = Parser(prog="./skerry bench native", allow_abbrev=False,
                    epilog=f"One sample by hand: make bench-native && {PROGRAM} SYSTEM MEASURE [MS "
                           f"[TIMES]]; {PROGRAM} --list has the names.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter samples")
    parser.add_argument("--csv", metavar="FILE", help="write the figures as comma-separated values")
    parser.add_argument("--svg", metavar="FILE", help="draw a chart of bars for each measure")
    parser.add_argument("--doc", action="store_true",
                        help="write table and pictures of docs/performance.md")
    parser.add_argument("--from", dest="figures", metavar="CSV",
                        help="measure nothing, take the figures of an earlier run")
    parser.add_argument("--systems", metavar="A,B", help="only these (limit-cas,skerry-ring,...)")
    parser.add_argument("--measures", metavar="A,B", help="only these (rtt64_ns,...)")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help=f"samples of everything: {ROUNDS[0]} to {ROUNDS[1]}; "
                             f"{FULL[0]}, with --quick {QUICK[0]}")
    parser.add_argument("--ms", type=float, metavar="MS",
                        help=f"milliseconds of a sample: {MS[0]} to {MS[1]}; "
                             f"{FULL[1]}, with --quick {QUICK[1]}")
    parser.add_argument("--list", action="store_true", help="systems and measures")
    args = parser.parse_args()
    if args.rounds is not None and not ROUNDS[0] <= args.rounds <= ROUNDS[1]:
        parser.error(f"--rounds takes {ROUNDS[0]} to {ROUNDS[1]}")
    if args.ms is not None and not MS[0] <= args.ms <= MS[1]:
        parser.error(f"--ms takes {MS[0]} to {MS[1]}")
    return parser, args


def build():
    done = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "bench-native"], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise run.Failed("the build failed\n" + done.stdout[-4000:])


def chosen(parser, text, known, what):
    """Names of a list on the command line."""
    if text is None:
        return None
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        parser.error(f"unknown {what} '{unknown[0] if unknown else ''}'; --list has them")
    return names


def plan_of(parser, program, args):
    """The pairs to be measured, absent peers told of."""
    systems = chosen(parser, args.systems, {**program.systems, **program.absent}, "system") or \
        [name for name, (shown, _, _) in program.systems.items() if shown]
    measures = chosen(parser, args.measures, program.measures, "measure") or program.measures
    plan = [(s, m) for m in measures for s in systems if (s, m) in program.has]
    if not plan:
        parser.error("none of these systems has any of these measures")
    for name, package in program.absent.items():
        if not args.systems or name in systems:
            print(f"bench native: {name} is left out: {package} is missing", file=sys.stderr)
    return plan


def print_list(program):
    print("measures:")
    for name, (unit, about) in program.measures.items():
        print(f"  {name:22} {about} ({table.UNITS.get(unit, unit)})")
    print("systems:")
    for name, (shown, how, about) in program.systems.items():
        if shown:
            print(f"  {name:22} {about}; two {how}")


def seconds(spent):
    return f"{spent:.1f} s" if spent < 9.95 else f"{spent:.0f} s"


def summary(found, begin):
    total = sum(len(s) for s in found.samples.values())
    lines = [f"{total} samples kept of {found.taken}; {found.repeated} were repetitions of noise; "
             f"{found.left_out} stayed noise and are left out, {found.kept_noisy} stayed and count, as "
             f"most of their figure's did; {found.dropped} steps of more than 1 ms are left out.",
             f"Probe, one line by stores and back: median {found.probe():.0f} ns."
             if found.probes else "",
             f"{seconds(time.monotonic() - begin)} in all, {seconds(found.seconds)} of them measuring."]
    return [line for line in lines if line]


def measure(parser, args, program):
    """The rows, what to say of the run, and whether nothing was wrong."""
    begin = time.monotonic()
    rounds, ms = QUICK if args.quick else FULL
    plan = plan_of(parser, program, args)
    one = run.Run(program, plan, args.rounds or rounds, args.ms or ms)
    found = one.all()
    for text in program.notes:
        print(f"bench native: {text}", file=sys.stderr)
    for (system, name), why in found.skipped.items():
        print(f"bench native: {system} {name} is left out: {why}", file=sys.stderr)
    for (system, name), why in found.failed.items():
        print(f"bench native: {system} {name} FAILED: {why}", file=sys.stderr)
    rows = one.rows()
    return rows, summary(found, begin) + program.notes, not found.failed and bool(rows)


def read_figures(path, program):
    """Rows of an earlier run, without what its systems are not measured by any more."""
    try:
        with open(path, encoding="utf-8") as f:
            return [r for r in stats.from_csv(f.read()) if (r.system, r.measure) in program.has or
                    r.system not in program.systems or r.measure not in program.measures]
    except (OSError, ValueError, IndexError) as e:
        raise run.Failed(f"{path}: {e}") from None


def work(parser, args):
    build()
    program = run.Program(PROGRAM)
    if args.list:
        print_list(program)
        return 0
    if args.figures:
        rows, notes, good = read_figures(args.figures, program), [], True
    else:
        rows, notes, good = measure(parser, args, program)
    print("\n".join(table.as_text(rows) + aims.as_text(rows) + [""] + notes))
    if args.figures:
        notes = ["Figures of an earlier run, which may have been on another machine."]
    about = {name: text for name, (_, text) in program.measures.items()}
    if args.csv:
        write(args.csv, stats.as_csv(rows))
    if args.svg and rows:
        write(args.svg, svg.full(rows, about))
    if args.doc and rows:
        again = args.figures == os.path.join(ROOT, doc.FOLDER, "figures.csv")
        print("written: " + ", ".join(doc.write(ROOT, rows, about, notes, again)))
    return 0 if good else 1


def write(path, text):
    try:
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
    except OSError as e:
        raise run.Failed(f"{path}: {e.strerror}") from None


def main():
    parser, args = arguments()
    for name in (args.csv, args.svg):
        folder = os.path.dirname(os.path.abspath(name)) if name else "/"
        if not os.path.isdir(folder):
            parser.error(f"there is no folder {folder}")
    args.csv, args.svg, args.figures = (name and os.path.abspath(name)
                                        for name in (args.csv, args.svg, args.figures))
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return work(parser, args)
    except run.Failed as e:
        print(f"bench native: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
