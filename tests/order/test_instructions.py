# What compilers make of base/ring.h and base/level.h: the ordering instructions that the seam names
# are there, as many as there are calls and where a pair needs them, on arm64 with the seam of
# silicon and with the board's, and on riscv64; and on Linux, whose publishers fence only if told
# to and whose sleepers call a barrier. Each order that is taken away is noticed.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re

import pytest

from conftest import ROOT, places, run

SOURCE = "tests/order/native/ops.c"
FLAGS = ["-std=gnu11", "-O2", "-ffreestanding", "-iquote", ".", "-iquote", "base"]
LAST = ["-Iinclude", "-Ibase/seam"]

# Calls of the seam in each operation: stores that release (or more), loads that acquire (or more),
# and of these the seq ones.
CALLS = {
    "op_publish": (1, 1, 1, 1), "op_send": (2, 2, 1, 1), "op_credit": (0, 1, 0, 0),
    "op_post": (1, 0, 0, 0), "op_batch": (1, 1, 1, 1),
    "op_want": (1, 2, 1, 1), "op_front": (0, 1, 0, 0), "op_peek": (0, 1, 0, 0),
    "op_pop": (1, 1, 1, 1), "op_arm": (1, 1, 1, 1), "op_hint": (1, 1, 1, 1),
    "op_read": (1, 1, 1, 1), "op_flip": (1, 0, 1, 0), "op_count": (1, 1, 1, 1),
}
# A store, then a look: the operations of which the second must not overtake the first.
LIGHT, HEAVY = ("op_publish", "op_send", "op_batch", "op_pop"), ("op_want", "op_arm")


def compiled(machine, out, first=()):
    """{operation: its ordering instructions, in the order of their addresses}"""
    prefix, flags, wanted = MACHINES[machine]
    done = run(prefix + "gcc", *sum((["-iquote", str(f)] for f in first), []), *FLAGS, *flags,
               *LAST, "-c", SOURCE, "-o", str(out))
    assert done.returncode == 0, done.stdout
    listing = run(prefix + "objdump", "-dr", "--no-show-raw-insn", str(out)).stdout
    # An instruction and what it refers to elsewhere are one line.
    listing = re.sub(r"\n\t{3}[0-9a-f]+: (R_)", r" \1", listing)
    found, current = {}, None
    for line in listing.splitlines():
        if m := re.match(r"[0-9a-f]+ <(op_\w+)>:", line):
            current = found.setdefault(m[1], [])
        elif m := re.match(r" +[0-9a-f]+:\t(.*)", line):
            current += [name for name, pattern in wanted if re.match(pattern, m[1])]
    return found


def arm64(dmb):
    """Release: STLR. Acquire: LDAR, which is not taken before an STLR; LDAPR may be. dmb: after the
    store of a pair there is a barrier, which the board needs (docs/adr/0008)."""
    def expect(name, stores, loads, seq_stores, seq_loads):
        return {"stlr": stores, "ldar": loads, "ldapr": 0, "dmb": seq_stores * dmb}
    pair = ["stlr", "dmb", "ldar"] if dmb else ["stlr", "ldar"]
    return expect, pair, pair


def riscv64():
    """Release: a fence before the store, of all before and stores behind. Acquire: one after the
    load. A seq load has one before it as well: that orders the pair."""
    def expect(name, stores, loads, seq_stores, seq_loads):
        return {"fence before": stores, "fence": loads + seq_loads}
    pair = ["fence before", "fence"]
    return expect, pair, pair


def linux_arm64():
    """As on arm64, but a light pair is followed by plain loads, of whether to fence and of what it
    looks for; a heavy one calls the barrier of all."""
    def expect(name, stores, loads, seq_stores, seq_loads):
        return {"stlr": stores, "ldar": loads - (name in LIGHT), "ldapr": 0,
                "dmb": name in LIGHT, "barrier": name in HEAVY}
    return expect, ["stlr", "look", "look"], ["stlr", "barrier", "ldar"]


def linux_x86_64():
    """Light: a plain store and load, in their order. Heavy, and the level words: an XCHG."""
    def expect(name, stores, loads, seq_stores, seq_loads):
        level = name not in LIGHT + HEAVY
        return {"xchg": seq_stores if level else name in HEAVY, "fence": name in LIGHT, "told": name in LIGHT,
                "barrier": name in HEAVY}
    return expect, ["store", "told", "look"], ["xchg", "barrier", "look"]


ARM = (("stlr", r"stlr\b"), ("ldar", r"ldar\b"), ("ldapr", r"ldapr\b"), ("dmb", r"dmb\tish$"))
RISCV = (("fence before", r"fence\t(?:io)?rw,(?:o)?w$"), ("fence", r"fence(?:\t(?:io)?rw,(?:io)?rw)?$"))
LINUX_ARM = ARM + (
    ("barrier", r"bl\t.*linux_barrier"), ("look", r"ldr\tw\d+, \[x\d+\]$"))
LINUX_X86 = (
    ("store", r"mov +%e?\w+,\(%\w+\)$"), ("look", r"mov +\(%\w+\),%e?\w+$"),
    ("told", r"(?:mov|cmp|test).*R_X86_64_\w+\s+linux_fenced"), ("xchg", r"xchg .*\(%"),
    ("barrier", r"call .*linux_barrier"), ("fence", r"(?:lock|mfence)"))
LINUX = "-Iarch/linux/include"
MACHINES = {
    "arm64": ("aarch64-linux-gnu-", ["-Iarch/arm64/include"], ARM),
    "arm64-rcpc": ("aarch64-linux-gnu-", ["-Iarch/arm64/include", "-march=armv8.4-a"], ARM),
    "virt-arm64": ("aarch64-linux-gnu-", ["-Iboard/virt-arm64/include", "-Iarch/arm64/include"],
                   ARM),
    "riscv64": ("riscv64-unknown-elf-", ["-march=rv64imac", "-mabi=lp64"], RISCV),
    "linux-arm64": ("aarch64-linux-gnu-", ["-fno-pie", LINUX], LINUX_ARM),
    "linux-x86_64": ("x86_64-linux-gnu-", [LINUX], LINUX_X86),
}
RULES = {"arm64": arm64(0), "arm64-rcpc": arm64(0), "virt-arm64": arm64(1), "riscv64": riscv64(),
         "linux-arm64": linux_arm64(), "linux-x86_64": linux_x86_64()}


def mistakes(machine, found):
    expect, light, heavy = RULES[machine]
    wrong = [] if set(found) == set(CALLS) else [f"operations {sorted(found)}"]
    for name, there in found.items():
        for instruction, count in expect(name, *CALLS[name]).items():
            if there.count(instruction) != count:
                wrong.append(f"{name}: {there.count(instruction)} {instruction}, not {count}")
        pair = light if name in LIGHT else heavy if name in HEAVY else []
        if pair not in [there[i:i + len(pair)] for i in range(len(there))]:
            wrong.append(f"{name}: no {', '.join(pair)} in {there}")
    return wrong


@pytest.mark.parametrize("machine", MACHINES)
def test_instructions(machine, tmp_path):
    found = compiled(machine, tmp_path / "ops.o")
    for name, there in found.items():
        print(f"{machine} {name}: {', '.join(there)}")
    assert mistakes(machine, found) == []


@pytest.mark.parametrize("place", [p for p in places() if not p[2].endswith("relaxed")],
                         ids=lambda p: f"{p[0]}:{p[1]}")
def test_an_order_that_is_taken_away_is_noticed(place, tmp_path):
    file, line, call = place
    with open(os.path.join(ROOT, "base", file), encoding="utf-8") as f:
        lines = f.read().split("\n")
    lines[line - 1] = lines[line - 1].replace(f"seam_{call}(", f"seam_{call.split('_')[0]}_relaxed(")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / file).write_text("\n".join(lines))
    # On Linux a light load is a plain one: its place is in the listing, not its kind.
    linux = () if call == "load_light" else ("linux-arm64",)
    for machine in ("virt-arm64", "riscv64", *linux):
        found = compiled(machine, tmp_path / "ops.o", [tmp_path])
        assert mistakes(machine, found) != [], machine
