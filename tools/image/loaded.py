# A system whose programs lie in place, as the simulation runs it: there they are loaded, each with
# regions, handles and pages for its stack and heap, and this machine's stacks are deeper. What the
# manifest says of priorities, places, names, clients and restarts stays.
# SPDX-License-Identifier: BSD-2-Clause

from dataclasses import replace
from types import SimpleNamespace as Record

PAGE, CORE_RAM, STACK, MORE = 4096, 16 << 20, 128 << 10, 256 << 10
REGIONS, HANDLES = 512, 32


def loaded(system):
    if not system.board.in_place:
        return system
    board = replace(system.board, flash=None)
    cores = [Record(**{**vars(c), "ram_bytes": CORE_RAM, "regions": c.regions + REGIONS,
                       "handles": c.handles + HANDLES}) for c in system.cores]
    programs = [Record(**{**vars(p), "stack_bytes": STACK, "handles": p.handles + HANDLES,
                          "mem_bytes": -(-p.mem_bytes // PAGE) * PAGE + p.channels * PAGE + MORE})
                for p in system.programs]
    devices = [Record(**{**vars(d), "base": d.base // PAGE * PAGE,
                         "size_bytes": -(-d.size_bytes // PAGE) * PAGE}) for d in system.devices]
    return Record(**{**vars(system), "board": board, "cores": cores, "programs": programs,
                     "devices": devices})
