# The benchmark's tools: what they count must be exact, and what they read must be read right.
# SPDX-License-Identifier: BSD-2-Clause
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../bench"))
from figures import elf, lines, machine, peers, regions, report, size, where  # noqa: E402


@pytest.fixture(scope="module")
def tools():
    """The counter and the floor program, built; the current folder is the repository's root."""
    here = os.getcwd()
    os.chdir(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
    machine.build("bench-tools")
    yield machine.TOOLS
    os.chdir(here)


def test_a_loop_of_known_length_is_counted_exactly(tools):
    # One instruction before the loop, then 1,000 rounds of three.
    assert machine.floor().samples[0] == [(0, 3001, 3001, 0)]


def test_the_floor_is_the_same_in_each_round_and_run(tools):
    first, second = machine.floor(), machine.floor()
    assert first == second
    assert len(first.samples[1]) == 256
    assert set(first.samples[1]) == {(0, 12, 26, 0)}


def test_an_instruction_can_stand_for_a_marker(tools):
    # The loop's first instruction begins region 5, the instruction after the loop ends it.
    symbols = elf.Elf(f"{tools}/floor.elf").symbols
    counts, _ = machine.run(f"{tools}/floor.elf", 2,
                            [f"at={symbols['loop']:x}:10", f"at={symbols['loop_end']:x}:11"])
    # Each round begins it anew: only the last round is inside.
    assert counts.samples[5] == [(0, 3, 3, 0)]


def test_profile_adds_up(tools, tmp_path):
    counts, _ = machine.run(f"{tools}/floor.elf", 2, ["profile=1"])
    inside = sum(times for *_, times in counts.places)
    assert inside == sum(s[2] for s in counts.samples[1])


@pytest.mark.parametrize("option", ["profile=32", "at=10", "at=10:64", "nothing"])
def test_bad_option_of_the_counter(tools, option):
    with pytest.raises(machine.Failed, match="bad argument"):
        machine.run(f"{tools}/floor.elf", 2, [option])


def test_results_that_are_cut_short():
    with pytest.raises(regions.Incomplete):
        regions.read_counts("sample 1 0 10 20 5\n")


def test_results():
    counts = regions.read_counts("sample 1 0 10 20 5\nsample 1 2 11 22 6\nat ff 1000 d503201f 7\n"
                                 "total 99\n")
    assert counts.samples == {1: [(0, 10, 20, 5), (2, 11, 22, 6)]}
    assert counts.places == [(0xff, 0x1000, 0xd503201f, 7)]
    summary = regions.Summary.of(counts.samples[1])
    assert (summary.number, summary.own.least, summary.every.most) == (2, 10, 22)


def test_median_is_one_of_the_values():
    assert regions.Spread.of([9, 1, 5]) == regions.Spread(1, 5, 9)
    assert regions.Spread.of([4]) == regions.Spread(4, 4, 4)


def test_regions_of_the_guest(root):
    table = regions.read_table(os.path.join(root, "bench/guest/regions.h"))
    assert table["null_call"].number == 1
    assert set(peers.BESIDE) <= set(table) and set(peers.MEASURE) <= set(table)


@pytest.mark.parametrize("text", ["", 'X(A, 1, "a")\nX(B, 1, "b")\n', 'X(A, 31, "a")\n'])
def test_bad_table_of_regions(tmp_path, text):
    path = tmp_path / "regions.h"
    path.write_text(text)
    with pytest.raises(ValueError):
        regions.read_table(path)


@pytest.mark.parametrize("text, count", [
    ("", 0),
    ("\n  \n", 0),
    ("int a;\n\nint b;\n", 2),
    ("/* one\n * two */\nint a; /* three */\n", 1),
    ("int a; /* begins\n ends */ int b;\n", 2),
    ("// all\nint a; // some\n", 1),
    ('char *s = "/* no comment";\nint a;\n/* a "comment" */\n', 2),
    ('char *s = "\\"/*";\nint a;\n', 2),
    ("char c = '\"'; /* x\n y */\n", 1),
])
def test_lines_of_code(text, count):
    assert lines.count_text(text) == count


def test_lines_of_folders(tree):
    root = tree({"kernel/a.c": "int a;\n", "kernel/deep/b.h": "/* no */\nint b;\n",
                 "kernel/README.md": "text\n", "arch/arm64/c.S": "nop // yes\n",
                 "board/virt-arm64/d.c": "int d;\n"})
    counted = {what: n for what, n, _ in lines.count(root)}
    assert counted["kernel, without any port"] == 2
    assert counted["port arm64 + board virt-arm64"] == 2


MAP = """Discarded input sections

 .text.unused   0x0000000000000000       0x40 build/kernel/a.o

Linker script and memory map

.text           0x0000000000001000     0x2000
 *(.text .text.*)
 .text.one      0x0000000000001000      0x100 build/kernel/a.o
                0x0000000000001000                one
 .text.a_rather_long_name
                0x0000000000001100       0x20 build/kernel/b.o
 *fill*         0x0000000000001120      0xee0
 .text.fdt      0x0000000000002000        0x8 build/libfdt/libfdt.a(fdt.o)
.rodata         0x0000000000003000     0x9000
 .rodata.str1.8
                0x0000000000003000       0x10 build/kernel/a.o
 .boot_archive  0x0000000000004000     0x8000 build/archive.o
 .debug_info    0x0000000000000000      0x999 build/kernel/a.o
"""


def test_size_from_the_map():
    own, foreign = size.read_map(MAP)
    assert (own.text, own.rodata, own.total) == (0x120, 0x10, 0x130)
    assert (foreign.text, foreign.rodata) == (8, 0)


def test_profile_by_function(tmp_path):
    """Two programs at the same addresses are told apart by their instructions."""
    for name, body in (("one", "mov x0, #1"), ("two", "mov x0, #2")):
        (tmp_path / f"{name}.S").write_text(f".type {name}_f, %function\n.globl _start\n_start:\n"
                                            f"nop\n{name}_f: {body}\n")
        subprocess.run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x10000",
                        tmp_path / f"{name}.S", "-o", tmp_path / name], check=True)
        (tmp_path / f"{name}.S").unlink()
    programs = where.Programs(tmp_path / "one", tmp_path)
    nop, mov = 0xd503201f, {name: programs.programs[name].word(0x10004) for name in ("one", "two")}
    places = [(0x10000, 0xa000, nop, 3), (0x10004, 0xa000, mov["two"], 2),
              (0x10004, 0xb000, mov["one"], 9), (0x10004, 0xc000, 0, 1)]
    assert where.by_function(places, programs) == [
        (9, "one", "one_f"), (3, "two", "_start"), (2, "two", "two_f"), (1, "?", "0x10000")]


def test_report():
    region = regions.Region("null_call", 1, "null system call")
    summary = regions.Summary.of([(0, 98, 1234, 50)])
    text = "\n".join(report.counted([(region, summary, [(441, "another system")])]))
    assert "null system call" in text and "1,234" in text and "441  another system" in text
    csv = report.as_csv([(region, summary, [])], [("kernel_bytes", ("kernel", 5, "bytes", []))])
    assert csv.splitlines()[1:] == [
        "null_call,null system call,instructions,1,98,98,98,1234,1234,1234,50",
        "kernel_bytes,kernel,bytes,1,,5,,,5,,"]
