#!/usr/bin/python3
# Manifests as people may misspell them: tools/skerry_image makes a table of each or says what is wrong with it.
#
# Real manifests and those in corpus/manifest are changed at random: lines, words, values, bytes. The
# only results allowed are exit status 0 with a table, and 1 or 2 with a message; never a traceback.
# Every choice follows from --seed. A failure is saved as manifest-SEED-RUN in --crashes; --replay FILE
# tries it again.
# SPDX-License-Identifier: BSD-2-Clause
import argparse
import contextlib
import glob
import importlib.machinery
import importlib.util
import io
import os
import random
import re
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
VERBS = ("table", "check", "reach", "info", "programs")
# Values and pieces that a rule somewhere is about, or that a reader may stumble over.
WORDS = [
    "0", "1", "-1", "8", "9", "255", "256", "4096", "4097", "65535", "65536", "2147483648",
    "18446744073709551616", "1e400", "nan", "-inf", "0x7fffffffffffffffffff", "true", "false",
    '""', '"*"', '"a*b"', '"any"', '"64K"', '"0K"', '"-1K"', '"4096M"', '"99999999999999999G"',
    '"\\u0000"', '"\\n"', '"\u0663"', '"core"', '"never"', "[]", '[""]', "[[]]", "[1, true]", "{}",
    "{ a = 1 }", "1979-05-27T07:32:00Z", "07:32:00", "include", "board", "cores", "program", "core",
    "device", "default", "priority", "memory", "stack", "handles", "ends", "place", "restart",
    "register", "resolve", "calls", "devices", "rights", "fpu", "boot", "call", "channels", "flash",
    "ram", "tasks", "log", "start", "base", "size", "irq", "[program]", "[program.init]",
    "[[program]]", "[core.0]", "[core.9]", "[core.default]", "[core.\"\u0663\"]", "[device.x]",
    "[program.\"\"]", "[program.\"a\\u0000b\"]", "[a.b.c]", "board = \"virt-arm64\"",
    "include = \"demo.toml\"", "include = \".\"", "include = \"a\\u0000b\"", "cores = 1",
]
TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z0-9_.-]+|\[[^\]\n]*\]|[^\sA-Za-z0-9_]')


def load_tool():
    path = os.path.join(ROOT, "tools", "skerry_image")
    loader = importlib.machinery.SourceFileLoader("skerry_image", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("skerry_image", loader))
    loader.exec_module(module)
    return module


def seeds():
    found = sorted(glob.glob(os.path.join(ROOT, "systems", "*", "*.toml")))
    found += sorted(glob.glob(os.path.join(ROOT, "tests", "fuzz", "corpus", "manifest", "*")))
    return [open(f, "rb").read().decode("utf-8", "surrogateescape") for f in found]


class Mutator:
    def __init__(self, rng, texts):
        self.rng, self.texts = rng, texts

    def replace_word(self, text):
        words = list(TOKEN.finditer(text))
        if not words:
            return self.rng.choice(WORDS)
        m = self.rng.choice(words)
        new = self.rng.choice(WORDS if self.rng.random() < 0.7 else [w[0] for w in words])
        return text[:m.start()] + new + text[m.end():]

    def change_line(self, text):
        lines = text.split("\n")
        at = self.rng.randrange(len(lines))
        what = self.rng.randrange(5)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(self.rng.randrange(len(lines) + 1), lines[at])
        elif what == 2:
            other = self.rng.choice(self.texts).split("\n")
            lines.insert(at, self.rng.choice(other))
        elif what == 3:
            lines.insert(at, self.rng.choice(WORDS))
        else:
            key = self.rng.choice([w for w in WORDS if w.isalpha()])
            lines.insert(at, f"{key} = {self.rng.choice(WORDS)}")
        return "\n".join(lines)

    def change_bytes(self, text):
        data = bytearray(text.encode("utf-8", "surrogateescape"))
        for _ in range(self.rng.randrange(1, 4)):
            at = self.rng.randrange(len(data) + 1)
            if self.rng.random() < 0.5 and at < len(data):
                data[at] = self.rng.randrange(256)
            else:
                data[at:at + self.rng.randrange(3)] = bytes([self.rng.randrange(256)])
        return data.decode("utf-8", "surrogateescape")

    def nest(self, text):
        """Deep brackets: what a reader that calls itself may not survive."""
        return text + "\nx = " + self.rng.choice("[{") * self.rng.choice([10, 200, 5000])

    def mutate(self, text):
        ways = [self.replace_word] * 6 + [self.change_line] * 4 + [self.change_bytes] + [self.nest]
        for _ in range(self.rng.choice([1, 1, 1, 2, 3, 8])):
            text = self.rng.choice(ways if self.rng.random() < 0.9 else ways[:10])(text)
        return text


def attempt(tool, folder, text, verb):
    """(None, exit status) if it behaved, else (what went wrong, None)."""
    path = os.path.join(folder, "fuzzed.toml")
    with open(path, "wb") as f:
        f.write(text.encode("utf-8", "surrogateescape"))
    output = os.path.join(folder, "table.bin")
    argv = ["skerry_image", verb, path] + (["-o", output] if verb == "table" else [])
    out, err, saved, status = io.StringIO(), io.StringIO(), sys.argv, 0
    try:
        sys.argv = argv
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            tool.main()
    except SystemExit as e:
        status = e.code if isinstance(e.code, int) else 1
        if isinstance(e.code, str):
            err.write(e.code)
    except BaseException as e:  # noqa: B902 - whatever it is, it is what is looked for
        if isinstance(e, KeyboardInterrupt):
            raise
        return traceback.format_exc(limit=-6), None
    finally:
        sys.argv = saved
    if status not in (0, 1, 2):
        return f"exit status {status}", None
    if (status == 0) == bool(err.getvalue().strip()):
        return f"exit status {status} and said: {err.getvalue()!r}", None
    return None, status


def campaign(args, tool, folder):
    rng, texts = random.Random(args.seed), seeds()
    mutator, pool = Mutator(rng, texts), list(texts)
    start = shown = time.monotonic()
    runs = accepted = 0
    while args.runs is not None and runs < args.runs or \
            args.runs is None and time.monotonic() - start < args.seconds:
        text = texts[runs] if runs < len(texts) else mutator.mutate(rng.choice(pool))
        verb = rng.choice(VERBS)
        runs += 1
        wrong, status = attempt(tool, folder, text, verb)
        if wrong:
            os.makedirs(args.crashes, exist_ok=True)
            saved = os.path.join(args.crashes, f"manifest-{args.seed}-{runs}")
            with open(saved, "wb") as f:
                f.write(text.encode("utf-8", "surrogateescape"))
            print(f"{wrong}\nskerry_image {verb} fails on an input of seed {args.seed}, run {runs}.")
            print(f"saved: {saved}")
            print(f"again: {os.path.relpath(__file__, ROOT)} --replay {saved}")
            return 1
        accepted += status == 0
        if status == 0 and len(pool) < 400:
            pool.append(text)
        if time.monotonic() - shown >= 5:
            shown = time.monotonic()
            print(f"#{runs} accepted: {accepted} exec/s: {runs / (shown - start):.0f}", flush=True)
    print(f"Done {runs} runs, {accepted} accepted, seed {args.seed}, "
          f"{time.monotonic() - start:.0f} s")
    return 0


def replay(args, tool, folder):
    for file in args.replay:
        with open(file, "rb") as f:
            text = f.read().decode("utf-8", "surrogateescape")
        for verb in VERBS:
            wrong, status = attempt(tool, folder, text, verb)
            if wrong:
                print(f"{wrong}\nskerry_image {verb} fails on {file}")
                return 1
            print(f"{file}: {verb}: exit status {status}")
    return 0


def main():
    parser = argparse.ArgumentParser(description="Change manifests at random.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crashes", default=os.path.join(ROOT, "build", "fuzz", "crashes"))
    parser.add_argument("--replay", nargs="+", metavar="FILE")
    args = parser.parse_args()
    tool = load_tool()
    with tempfile.TemporaryDirectory() as folder:
        # What manifests include by name.
        for file in glob.glob(os.path.join(ROOT, "systems", "virt-arm64", "*.toml")):
            with open(file, "rb") as f, open(os.path.join(folder, os.path.basename(file)), "wb") as g:
                g.write(f.read())
        return replay(args, tool, folder) if args.replay else campaign(args, tool, folder)


if __name__ == "__main__":
    sys.exit(main())
