# The benchmark's tools: what they count must be exact, and what they read must be read right.
# SPDX-License-Identifier: BSD-2-Clause
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../bench"))
from figures import boards, elf, lines, machine, paths, peers, regions, report, size, where  # noqa: E402

BOARDS = [boards.BOARDS[name] for name in sorted(boards.BOARDS)]


@pytest.fixture(scope="module", params=BOARDS, ids=lambda b: b.name)
def board(request):
    """A board, with the counter and its floor program built; the current folder is the repository's
    root."""
    here = os.getcwd()
    os.chdir(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
    machine.build("bench-tools", BOARD=request.param.name)
    yield request.param
    os.chdir(here)


def floor_run(board, *options):
    return machine.run(board, machine.floor_image(board), 2, options)[0]


def symbols(board):
    return elf.Elf(machine.floor_image(board)).symbols


def test_a_loop_of_known_length_is_counted_exactly(board):
    # One instruction before the loop, then 1,000 rounds of three.
    assert machine.floor(board).samples[0] == [(0, 3001, 3001, 0)]


def test_the_floor_is_the_same_in_each_round_and_run(board):
    first, second = machine.floor(board), machine.floor(board)
    assert first == second
    assert len(first.samples[1]) == 256
    assert set(first.samples[1]) == {(0, *board.floor_loop, 0)}


def test_an_instruction_can_stand_for_a_marker(board):
    # The loop's first instruction begins region 5, the instruction after the loop ends it.
    at = symbols(board)
    counts = floor_run(board, f"at={at['loop'] & ~1:x}:10", f"at={at['loop_end'] & ~1:x}:11")
    # Each round begins it anew: only the last round is inside.
    assert counts.samples[5] == [(0, 3, 3, 0)]


def test_instructions_of_a_kernel_are_told_apart(board):
    """What is said to be the kernel's: the loop."""
    at = symbols(board)
    counts = floor_run(board, f"kernel={at['loop'] & ~1:x}:{(at['loop_end'] & ~1) - 1:x}")
    assert counts.samples[0] == [(0, 3001, 3001, 3000)]


def test_a_path_is_counted_from_its_entry_to_what_is_outside(board):
    """The loop as a kernel: its last round, and the two before that ended where the next begins."""
    at = {name: value & ~1 for name, value in symbols(board).items()}
    options = [f"kernel={at['loop']:x}:{at['loop_end'] - 1:x}", f"entry={at['loop']:x}:round",
               f"call={at['loop']:x}:nop", f"through={at['loop']:x}:here"]
    counts = floor_run(board, *options)
    assert counts.paths == [regions.Path(0, "round", "nop", "here", 1000, 3, 0)]
    # Left by the address that says so, before its end.
    second = at["loop"] + (4 if board.upper else 2)
    counts = floor_run(board, *options, f"leave={second:x}")
    assert counts.paths == [regions.Path(0, "round", "nop", "here", 1000, 1, 0)]


def test_one_path_can_be_profiled(board):
    at = {name: value & ~1 for name, value in symbols(board).items()}
    counts = floor_run(board, f"kernel={at['loop']:x}:{at['loop_end'] - 1:x}",
                       f"entry={at['loop']:x}:round", "path=0:7")
    assert sum(times for *_, times in counts.places) == 3


def test_profile_adds_up(board):
    counts = floor_run(board, "profile=1")
    inside = sum(times for *_, times in counts.places)
    assert inside == sum(s[2] for s in counts.samples[1])


def test_profile_by_function_of_a_board(board):
    counts = floor_run(board, "profile=0")
    assert where.by_function(counts.places, where.Programs([machine.floor_image(board)], None)) == [
        (3000, "kernel", "loop"), (1, "kernel", "_start")]


@pytest.mark.parametrize("option", ["profile=32", "at=10", "at=10:64", "kernel=20:10", "entry=10",
                                    "path=7", "leave=", "nothing"])
def test_bad_option_of_the_counter(board, option):
    with pytest.raises(machine.Failed, match="bad argument"):
        floor_run(board, option)


def test_results_that_are_cut_short():
    with pytest.raises(regions.Incomplete):
        regions.read_counts("sample 1 0 10 20 5\n")


def test_results():
    counts = regions.read_counts("sample 1 0 10 20 5\nsample 1 2 11 22 6\nat ff 1000 d503201f 7\n"
                                 "path 1 svc_entry sys_nop - 7 90 3\ntotal 99\n")
    assert counts.samples == {1: [(0, 10, 20, 5), (2, 11, 22, 6)]}
    assert counts.places == [(0xff, 0x1000, 0xd503201f, 7)]
    assert counts.paths == [regions.Path(1, "svc_entry", "sys_nop", "-", 7, 90, 3)]
    summary = regions.Summary.of(counts.samples[1])
    assert (summary.number, summary.own.least, summary.every.most) == (2, 10, 22)


def test_median_is_one_of_the_values():
    assert regions.Spread.of([9, 1, 5]) == regions.Spread(1, 5, 9)
    assert regions.Spread.of([4]) == regions.Spread(4, 4, 4)


def test_regions_of_the_guest(root):
    table = regions.read_table(os.path.join(root, "bench/guest/regions.h"))
    assert table["null_call"].number == 1
    for board in BOARDS:
        mine = set(table) - board.absent
        assert board.absent <= set(table) and set(board.inside) <= mine
        assert set(peers.BESIDE[board.name]) <= mine and set(peers.MEASURE[board.name]) <= mine


def test_names_of_system_calls(root):
    names = paths.calls(os.path.join(root, "include/skerry/syscall.h"))
    assert names[0] == "nop" and names[3] == "wait" and len(set(names)) == len(names) > 40


def test_longest_paths():
    board = boards.BOARDS["mps2-an521"]
    found = [regions.Path(0, "svc_entry", "sys_wait", "-", 5, 100, 1),
             regions.Path(1, "svc_entry", "sys_wait", "-", 7, 300, 4),
             regions.Path(1, "timer_entry", "-", "task_teardown_step", 1, 200, 9)]
    assert paths.longest(board, found) == {
        "system call wait": (found[1], 12),
        "timer, and a piece of a teardown": (found[2], 1)}
    assert paths.worst(board, found) == [found[1], found[2]]
    assert paths.kind_of(board, regions.Path(0, "svc_entry", "-", "-", 1, 1, 0)) == \
        "system call, refused before it is begun"
    text = "\n".join(paths.table(board, found))
    assert "system call wait" in text and "300" in text and "100" not in text
    assert paths.where([(9, "kernel 1", "a"), (5, "kernel 0", "b"), (2, "kernel 1", "c")], 1, 2) == \
        "a 9, c 2"


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
    counted = {what: n for what, n, _ in lines.count(root, lines.ARM64)}
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
    programs = where.Programs([], tmp_path)
    nop, mov = 0xd503201f, {name: programs.files[name].word(0x10004) for name in ("one", "two")}
    places = [(0x10000, 0xa000, nop, 3), (0x10004, 0xa000, mov["two"], 2),
              (0x10004, 0xb000, mov["one"], 9), (0x10004, 0xc000, 0, 1)]
    assert where.by_function(places, programs) == [
        (9, "one", "one_f"), (3, "two", "_start"), (2, "two", "two_f"), (1, "?", "0x10000")]


def test_profile_of_programs_in_one_page(tmp_path):
    """Where programs lie in place, instructions of 16 and of 32 bits."""
    for name, at in (("one", 0x10000), ("two", 0x10100)):
        (tmp_path / f"{name}.S").write_text(
            f".syntax unified\n.thumb\n.globl _start\n_start:\nnop\n.type {name}_f, %function\n"
            f"{name}_f: mov.w r0, #1\n")
        subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m33+nofp", "-nostdlib", "-static",
                        f"-Wl,-Ttext={at:#x}", tmp_path / f"{name}.S", "-o", tmp_path / name],
                       check=True)
        (tmp_path / f"{name}.S").unlink()
    programs = where.Programs([], tmp_path)
    mov = programs.files["one"].word(0x10002)
    places = [(0x10000, 0xa000, 0xbf00, 3), (0x10002, 0xa000, mov, 4), (0x10102, 0xa000, mov, 5)]
    assert where.by_function(places, programs) == [
        (5, "two", "two_f"), (4, "one", "one_f"), (3, "one", "_start")]


def test_report():
    region = regions.Region("null_call", 1, "null system call")
    summary = regions.Summary.of([(0, 98, 1234, 50)])
    text = "\n".join(report.counted([(region, summary, [(441, "another system")])]))
    assert "null system call" in text and "1,234" in text and "441  another system" in text
    csv = report.as_csv([(region, summary, [])], [("kernel_bytes", ("kernel", 5, "bytes", []))])
    path = regions.Path(1, "timer_entry", "-", "-", 7, 90, 3, "worst")
    longest = report.as_csv([], [], {"timer": (path, 12)}).splitlines()
    assert longest[1:] == ["path timer,longest way: timer,instructions,12,,,90,,,90,90"]
    assert csv.splitlines()[1:] == [
        "null_call,null system call,instructions,1,98,98,98,1234,1234,1234,50",
        "kernel_bytes,kernel,bytes,1,,5,,,5,,"]
