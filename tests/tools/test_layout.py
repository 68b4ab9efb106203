# Where the image tool puts kernels and programs that lie in place: nothing overlaps, everything that
# a task may touch is aligned for the MPU, what does not fit is refused with the numbers.
# SPDX-License-Identifier: BSD-2-Clause
import os
import random
import subprocess
import sys
from types import SimpleNamespace as Record

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from image import kernel, layout, table  # noqa: E402
from image.boards import BOARDS  # noqa: E402

BOARD = BOARDS["mps2-an521"]


def program(name, core, text=1000, rodata=100, data=8, bss=16, stack=512, ram=2048):
    return layout.Program(name, core, text, rodata, data, bss, stack, ram)


def parts(programs, cores=2, **more):
    kernels = [layout.Kernel(core=n, text_bytes=9984 + 32 * n, static_bytes=1408, table_bytes=5000,
                             pool_bytes=8448) for n in range(cores)]
    return Record(**{"kernels": kernels, "programs": programs, "table_bytes": 777,
                     "link_bytes": 1000, "start_bytes": 320, "flash_bytes": 256 * 1024,
                     "ram_bytes": 128 * 1024, "core_ram": [0] * cores, **more})


def spans(plan):
    """(base, end) of every piece, by area."""
    for area in [plan.flash, *plan.ram]:
        yield area, sorted((p.base, p.base + p.bytes) for p in area.pieces)


def check_plan(plan):
    for area, pieces in spans(plan):
        assert pieces[0][0] >= area.base and pieces[-1][1] == area.at
        assert all(a[1] <= b[0] for a, b in zip(pieces, pieces[1:]))
        assert all(base % 32 == 0 for base, _ in pieces)
        for p in area.pieces:
            assert not isinstance(p.what, layout.Program) or p.bytes % 32 == 0
    ends = [(a.base, a.base + a.size) for a in plan.ram]
    assert all(a[1] <= b[0] for a, b in zip(ends, ends[1:]))
    assert all(a.base % 64 == 0 for a in plan.ram)
    assert ends[0][0] == BOARD.ram.base and ends[-1][1] <= BOARD.ram.base + BOARD.ram.bytes


def test_order_and_alignment():
    plan = layout.lay_out(BOARD, parts([program("init", 0), program("init", 1), program("a", 1)]))
    check_plan(plan)
    at = plan.places
    assert at["kernel", 0].text == BOARD.flash.base  # where the processor resets to
    assert at["kernel", 1].text % BOARD.vector_align == 0
    assert at["kernel", 0].ram == BOARD.ram.base
    assert at["links"].base >= at["kernel", 0].ram + 1408 + 5000 + 8448
    assert at["kernel", 1].ram == plan.ram[1].base == BOARD.ram.base + 64 * 1024
    assert at["init", 1].text - at["init", 0].text == 1024 + 128  # each whole granules
    assert plan.ram[0].used + plan.ram[0].left == plan.ram[0].size


def test_one_core_has_all_the_ram_and_no_links():
    plan = layout.lay_out(BOARD, parts([program("init", 0)], cores=1))
    check_plan(plan)
    assert plan.ram[0].size == 128 * 1024
    assert plan.ram[0].used == layout.up(1408 + 5000 + 8448, 32) + 2048


@pytest.mark.parametrize("seed", range(40))
def test_nothing_overlaps(seed):
    r = random.Random(seed)
    programs = [program(f"p{i}", r.randrange(2), text=r.randrange(1, 9000),
                        rodata=r.randrange(0, 3000), ram=r.randrange(512, 4096))
                for i in range(r.randrange(1, 20))]
    plan = layout.lay_out(BOARD, parts(programs))
    check_plan(plan)
    assert {(p.name, p.core) for p in programs} == {k for k in plan.places if k[0] != "kernel"
                                                    and isinstance(k, tuple)}
    for p in programs:
        area = plan.ram[p.core]
        place = plan.places[p.name, p.core]
        assert area.base <= place.ram and place.ram + p.ram_bytes <= area.base + area.size


@pytest.mark.parametrize("total, needs, fixed, given", [
    (1024, [100, 100], [0, 0], [512, 512]),
    (1024, [700, 100], [0, 0], [700, 320]),
    (1024, [100, 700], [0, 0], [320, 700]),
    (1024, [512, 512], [0, 0], [512, 512]),
    (1024, [700, 400], [0, 0], None),
    (1024, [100, 100], [256, 0], [256, 768]),
    (1024, [100, 900], [256, 0], None),
    (1024, [900, 100], [256, 0], [256, 768]),  # too little, as the manifest wants it: Area.left < 0
    (1024, [1, 1], [512, 544], None),
    (1024, [100], [0], [1024]),
    (1024, [500, 100, 500], [0, 0, 0], None),
    (1024, [500, 100, 384], [0, 0, 0], [500, 128, 384]),
])
def test_shares(total, needs, fixed, given):
    assert layout.shares(total, needs, fixed, 32) == given


def test_too_much_for_a_core_shows():
    plan = layout.lay_out(BOARD, parts([program("big", 1, ram=120 * 1024)]))
    assert plan.ram is None and plan.needs[1] > 120 * 1024
    plan = layout.lay_out(BOARD, parts([program("big", 1, ram=60 * 1024)],
                                       core_ram=[0, 64 * 1024]))
    assert plan.ram[1].left < 0 <= plan.ram[0].left


KERN_SIZE = """
#include "tools/image/sizes.c"
#include "kernel/entry.h"
#include <stdio.h>
static char table[65536];
int main(int argc, char **argv)
{
    FILE *f = fopen(argv[argc - 1], "rb");
    struct template tpl = {.frozen = 1, .sys = (const void *)table};
    fread(table, 1, sizeof(table), f);
    tpl.cores = tpl.sys->cores;
    for (size_t i = 0; i < sizeof(image_sizes) / sizeof(image_sizes[0]); i++)
        printf("%u ", image_sizes[i]);
    for (sk_core c = 0; c < tpl.cores; c++)
        printf("%zu ", kern_size(&tpl, c));
    return 0;
}
"""


def test_tables_of_a_kernel_are_what_the_kernel_says(tmp_path):
    """kernel.table_bytes against kern_size(), compiled for this machine."""
    (tmp_path / "x.c").write_text(KERN_SIZE)
    subprocess.run(["gcc", "-w", "-ffunction-sections", "-Wl,--gc-sections", "-iquote", ".",
                    "-iquote", "base", "-Iarch/host/include", "-Iboard/mps2-an521/include",
                    "-Iinclude", "-Ibase/seam", "-DHOST_COPY_MODE=1", tmp_path / "x.c",
                    "kernel/boot.c", "kernel/system.c", "-o", tmp_path / "x"],
                   cwd=ROOT, check=True)
    r = random.Random(1)
    for _ in range(10):
        system = Record(
            name="x", board_name="mps2-an521", board=BOARD, count=2, programs=[], devices=[],
            heartbeat_ms=250,
            cores=[Record(channels=r.randrange(1, 200), log_bytes=64 * r.randrange(4, 99),
                          tasks=r.randrange(1, 50), ends=r.randrange(2, 64),
                          ports=r.randrange(1, 20), regions=r.randrange(1, 20),
                          handles=r.randrange(1, 99), start=True, restart=0,
                          restart_limit=0, backoff_ms=100) for _ in range(2)])
        image = Record(prog="p", core=0, entry=0, text=(0, 0), rodata=(0, 0), ram=(0, 0),
                       data_load=0, data_addr=0, data_bytes=0, bss_bytes=0, stack_bytes=0)
        system.programs = [Record(name="p", place=0, priority=0, restart=0, restart_limit=0,
                                  backoff_ms=0, channels=1, stack_bytes=0, handles=1, ends=1,
                                  flags=0, register=[], resolve=[], devices=[])]
        images = [image] * r.randrange(1, 30)
        (tmp_path / "t").write_bytes(table.pack(system, images))
        said = subprocess.run([tmp_path / "x", tmp_path / "t"], capture_output=True, text=True,
                              check=True).stdout.split()
        sizes = kernel.Sizes(*map(int, said[:len(kernel.Sizes._fields)]))
        for core, size in zip(system.cores, said[len(sizes):], strict=True):
            pages = core.channels * 1056 // sizes.page
            assert kernel.table_bytes(core, pages, 2, 0, len(images), sizes) == int(size)
