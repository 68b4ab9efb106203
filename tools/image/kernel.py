# How much RAM a kernel takes for its tables: what kern_size() in kernel/boot.c will come to, from the
# sizes of the compiled structures (sizes.c).
# SPDX-License-Identifier: BSD-2-Clause

from collections import namedtuple

SIZES = ("page line start links kern task end chan port region handle ledger link device image")
Sizes = namedtuple("Sizes", SIZES)
PAGE_GRANULE = 32


def read_sizes(obj):
    """obj: an elf32.Elf of sizes.c."""
    data = obj.read_symbol("image_sizes")
    words = [int.from_bytes(data[i:i + 4], "little") for i in range(0, len(data), 4)]
    return Sizes(*words)


def up(count, to):
    return -(-count // to) * to


def table_bytes(core, pages, cores, devices, images, s):
    """core: its record; pages: that it hands out; the others: how many the system has."""
    pieces = (
        s.kern, core.tasks * s.task, core.ends * s.end, max(core.ends // 2, 1) * s.chan,
        core.ports * s.port, core.regions * s.region, core.tasks * core.handles * s.handle,
        up(pages, 64) // 8, pages * s.ledger, cores * s.link, devices * s.device,
        images * s.image, core.log_bytes)
    return sum(up(p, s.line) for p in pieces)
