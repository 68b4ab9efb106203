# Where everything lies in flash and RAM on a board whose programs run in place. Arithmetic only: it
# is given sizes and returns addresses. Everything that a task may touch begins and ends at multiples
# of the board's granule, which is what an MPU can tell apart.
#
#   flash   kernel of core 0 | kernel of core 1 | system table, initial data of all programs |
#           text and constants of each program, once for each core on which it may run
#   RAM     of each core in turn: its kernel (with the channels that it hands out) | of core 0 also
#           the pages between the kernels | its programs: stack, data, bss, start block, heap
# SPDX-License-Identifier: BSD-2-Clause

from dataclasses import dataclass
from types import SimpleNamespace as Record


KERNEL_ALIGN = 64  # of a kernel's RAM: what its own alignment inside is measured from


def up(count, to):
    return -(-count // to) * to


@dataclass(frozen=True)
class Program:
    """What a program of one core needs, measured."""
    name: str
    core: int
    text_bytes: int
    rodata_bytes: int
    data_bytes: int
    bss_bytes: int
    stack_bytes: int
    ram_bytes: int   # of the manifest: stack, data, bss, start block and heap

    def fixed_bytes(self, start_bytes):
        return self.stack_bytes + self.data_bytes + self.bss_bytes + start_bytes


@dataclass(frozen=True)
class Kernel:
    core: int
    text_bytes: int    # with constants
    static_bytes: int  # of its RAM: what the linker knows
    table_bytes: int
    pool_bytes: int    # for channels and regions

    @property
    def ram_bytes(self):
        return self.static_bytes + self.table_bytes + self.pool_bytes


class Area:
    """A run of memory that is handed out from its beginning."""

    def __init__(self, base, size):
        self.base, self.size, self.at = base, size, base
        self.pieces = []

    def take(self, what, count, align):
        base = up(self.at, align)
        self.pieces.append(Record(what=what, base=base, bytes=count))
        self.at = base + count
        return base

    @property
    def used(self):
        return self.at - self.base

    @property
    def left(self):
        return self.size - self.used


def shares(total, needs, fixed, granule):
    """How much of total each core gets: what fixed says, the others the same, but at least what they
    need. None if it is not enough; the numbers are the caller's to tell."""
    rest = total - sum(fixed[n] or 0 for n in range(len(needs)))
    open_cores = [n for n in range(len(needs)) if not fixed[n]]
    given = list(fixed)
    while open_cores:
        equal = rest // len(open_cores) // granule * granule
        large = [n for n in open_cores if needs[n] > equal]
        for n in large or open_cores:
            given[n] = needs[n] if large else equal
            rest -= given[n]
            open_cores.remove(n)
            if large:
                break  # one at a time: the others share what is left
        if rest < 0:
            return None
    return given if rest >= 0 else None


def lay_out(board, parts):
    """parts: kernels, programs, table_bytes (with the initial data), link_bytes, flash_bytes,
    ram_bytes, core_ram (fixed sizes or 0). Returns flash and ram (Areas, ram by core), needs (of RAM,
    by core), and places: {("kernel", core) or (name, core) or "table" or "links": Record}. What does
    not fit shows in Area.left < 0; ram is None if the cores' shares cannot be made."""
    grain = board.granule
    flash = Area(board.flash.base, parts.flash_bytes)
    places = {}
    for k in parts.kernels:
        places["kernel", k.core] = Record(text=flash.take(f"kernel of core {k.core}", k.text_bytes,
                                                          board.vector_align))
    places["table"] = Record(base=flash.take("system table", up(parts.table_bytes, grain), grain))
    for p in parts.programs:
        count = up(p.text_bytes, grain) + up(p.rodata_bytes, grain)
        places[p.name, p.core] = Record(text=flash.take(p, count, grain))

    links = up(parts.link_bytes, grain) if len(parts.kernels) > 1 else 0
    needs = []
    for k in parts.kernels:
        mine = [p.ram_bytes for p in parts.programs if p.core == k.core]
        needs.append(up(up(k.ram_bytes, grain) + sum(up(m, grain) for m in mine) +
                        (links if k.core == 0 else 0), KERNEL_ALIGN))
    sizes = shares(parts.ram_bytes, needs, parts.core_ram, KERNEL_ALIGN)
    ram = lay_out_ram(board, parts, places, links, sizes) if sizes else None
    return Record(flash=flash, ram=ram, needs=needs, places=places)


def lay_out_ram(board, parts, places, links, sizes):
    grain, base, areas = board.granule, board.ram.base, []
    for k, size in zip(parts.kernels, sizes):
        area = Area(base, size)
        places["kernel", k.core].ram = area.take(k, up(k.ram_bytes, grain), grain)
        if k.core == 0:
            places["links"] = Record(base=area.take("pages between the kernels", links, grain))
        for p in parts.programs:
            if p.core == k.core:
                places[p.name, p.core].ram = area.take(p, up(p.ram_bytes, grain), grain)
        areas.append(area)
        base += size
    return areas
