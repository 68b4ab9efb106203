#!/usr/bin/python3
# The fuzz targets of tests/fuzz: what there is, a long run of one (./skerry fuzz), and the short run
# of all that belongs to ./skerry test. docs/fuzzing.md says how a target is made.
# SPDX-License-Identifier: BSD-2-Clause
"""usage: fuzzing.py [TARGET [SECONDS]]"""

import ctypes
import glob
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
FOLDER = "tests/fuzz"
BUILT, CRASHES = "build/fuzz", "build/fuzz/crashes"
SECONDS, SECONDS_MAX = 60, 7 * 24 * 3600
SHOW_EVERY = 5
# Of a short run: inputs made besides the corpus, so that each takes about two seconds of processor.
SHORT_RUNS = 20000
SHORT_RUNS_OF = {"syscall": 1000, "link": 1000, "manifest": 150}
LENGTH_MAX = {"devicetree": 8192, "elf": 2048}
ADDR_NO_RANDOMIZE = 0x0040000
STATUS = re.compile(r"^#(\d+)\s.*\bcov: (\d+).*\bcorp: (\d+).*\bexec/s: (\d+)")


def base_of(target):
    return target.removesuffix("-copy")


def is_python(target):
    return os.path.exists(f"{FOLDER}/fuzz_{target}.py")


def targets():
    """{name: what it is about}, in order."""
    made = subprocess.run(["make", "-s", "fuzz-list"], capture_output=True, text=True, check=True)
    found = {}
    for name in made.stdout.split():
        with open(f"{FOLDER}/fuzz_{base_of(name)}.c") as f:
            head = re.sub(r"\s*\n \* ", " ", f.read(2000)).removeprefix("/* ")
        found[name] = re.split(r"[:.] ", head)[0]
        if name != base_of(name):
            found[name] += " (kernels that copy messages)"
    for file in glob.glob(f"{FOLDER}/fuzz_*.py"):
        with open(file) as f:
            head = f.readlines()[1].removeprefix("# ").strip()
        found[os.path.basename(file)[5:-3]] = head.split(":")[0]
    return dict(sorted(found.items()))


def corpus(target):
    return f"{FOLDER}/corpus/{base_of(target)}"


def fixed_addresses():
    """Comparisons of addresses guide the fuzzer: with the same ones a seed means the same run."""
    ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)


def short_run(target):
    """The command that replays the corpus of a target and then tries a fixed number of inputs."""
    runs = SHORT_RUNS_OF.get(base_of(target), SHORT_RUNS)
    if is_python(target):
        return [sys.executable, f"{FOLDER}/fuzz_{target}.py", "--runs", str(runs), "--seed", "1"]
    seeds = sorted(glob.glob(f"{corpus(target)}/*"))
    new = f"{BUILT}/short/{target}"  # the first folder is where the fuzzer writes what it finds
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new)
    os.makedirs(CRASHES, exist_ok=True)
    return [f"{BUILT}/{target}", f"-runs={runs + len(seeds)}", "-seed=1", "-len_control=0",
            f"-max_len={LENGTH_MAX.get(base_of(target), 600)}", "-print_final_stats=1",
            f"-artifact_prefix={CRASHES}/{target}-", new] + ([corpus(target)] if seeds else [])


def long_run(target, seconds):
    if is_python(target):
        seed = int(time.time())
        return [sys.executable, f"{FOLDER}/fuzz_{target}.py", "--seconds", str(seconds),
                "--seed", str(seed), "--crashes", CRASHES]
    grown = f"{BUILT}/corpus/{target}"  # what earlier runs have found is kept
    os.makedirs(grown, exist_ok=True)
    os.makedirs(CRASHES, exist_ok=True)
    found = [corpus(target)] if os.path.isdir(corpus(target)) else []
    return [f"{BUILT}/{target}", f"-max_total_time={seconds}", "-len_control=0",
            f"-max_len={LENGTH_MAX.get(base_of(target), 600)}",
            f"-artifact_prefix={CRASHES}/{target}-", grown] + found


def watch(target, argv, seconds):
    """Run it, showing a line of progress now and then. (exit status, all that it said)"""
    start = shown = time.monotonic()
    lines = []
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        for line in process.stdout:
            lines = lines[-5000:] + [line]
            now = time.monotonic()
            if now - shown < SHOW_EVERY:
                continue
            if m := STATUS.match(line):
                print(f"{target}: {now - start:.0f} of {seconds} s, {m[1]} inputs, {m[4]}/s, "
                      f"coverage {m[2]}, corpus {m[3]}", flush=True)
                shown = now
            elif line.startswith("#"):
                print(f"{target}: {now - start:.0f} of {seconds} s, {line.strip()[1:]}", flush=True)
                shown = now
    return process.returncode, "".join(lines)


def fuzz(target, seconds):
    status, output = watch(target, long_run(target, seconds), seconds)
    if status == 0:
        done = [line for line in output.splitlines() if line.startswith(("Done", "#"))]
        print(f"{target}: nothing found. {done[-1] if done else ''}")
        return 0
    print("".join(line for line in output.splitlines(True) if not line.startswith("#"))[-8000:])
    if m := re.search(r"Test unit written to (\S+)", output):
        print(f"{target}: found something. The input is {m[1]}; again:\n    {BUILT}/{target} {m[1]}")
    return 1


def wrong(text):
    print(f"skerry: {text}", file=sys.stderr)
    return 2


def main():
    os.chdir(ROOT)
    known = targets()
    if len(sys.argv) == 1:
        print("./skerry fuzz TARGET [SECONDS], where TARGET is one of:")
        for name, about in known.items():
            print(f"  {name:14} {about}")
        return 0
    target, *rest = sys.argv[1:]
    if target not in known:
        return wrong(f"unknown fuzz target '{target}'; ./skerry fuzz lists them")
    seconds = rest[0] if rest else str(SECONDS)
    if len(rest) > 1 or not seconds.isascii() or not seconds.isdigit() or \
            not 1 <= int(seconds) <= SECONDS_MAX:
        return wrong(f"fuzz takes a target and 1 to {SECONDS_MAX} seconds, not '{' '.join(rest)}'")
    if not is_python(target):
        print(f"{target}: building", flush=True)
        made = subprocess.run(["make", "-s", f"-j{os.cpu_count() or 1}", f"{BUILT}/{target}"])
        if made.returncode:
            return 1
    return fuzz(target, int(seconds))


if __name__ == "__main__":
    sys.exit(main())
