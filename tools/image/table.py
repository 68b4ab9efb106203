# The system table: include/skerry/system.h as bytes.
# SPDX-License-Identifier: BSD-2-Clause

import struct

from .rules import PLACE_ANY

MAGIC, VERSION = 0x53595353, 3
HEADER = struct.Struct("<14I32s32sI4x")
CORE = struct.Struct("<II6HBBH")
PROG = struct.Struct("<32s4BIII2HI4H")
DEV = struct.Struct("<32sQIIBBH")
PERM = struct.Struct("<32sI")
IMAGE = struct.Struct("<HBBI6I5I")
PERM_REGISTER, PERM_RESOLVE = 1, 2
DEV_CALL = 1
DEVICES_MAX, IMAGES_MAX = 64, 256
UNITS = {True: 1056, False: 4096}  # SK_PAGE_BYTES where programs lie in place, and elsewhere


def device(system, prog, dev):
    """Whose kernel owns it: the one that is named; else, where that is known when the image is
    built, the one on which its program runs; else that of whoever opens it."""
    core = PLACE_ANY
    if dev.call:
        core = min(dev.core, system.count - 1)
    elif system.board.in_place:
        core = min(prog.place, system.count - 1)
    return DEV.pack(dev.name.encode(), dev.base, dev.size_bytes, dev.irq, core,
                    DEV_CALL * dev.call, 0)


def core_ram(system, core):
    """What its kernel may hand out."""
    return core.channels * UNITS[True] if system.board.in_place else core.ram_bytes


def budget(system, prog):
    """What the kernel may hand out to it."""
    return prog.channels * UNITS[True] if system.board.in_place else prog.mem_bytes


def pack(system, images=(), tail=b"", tail_at=0):
    """images: records of programs of the system (place.py). tail: what else counts as part of the
    table, from offset tail_at on."""
    progs, devs, perms = [], [], []
    by_name = {d.name: d for d in system.devices}
    index = {p.name: i for i, p in enumerate(system.programs)}
    for p in system.programs:
        perm_first, dev_first = len(perms), len(devs)
        perms += [PERM.pack(n.encode(), PERM_REGISTER) for n in p.register]
        perms += [PERM.pack(n.encode(), PERM_RESOLVE) for n in p.resolve]
        devs += [device(system, p, by_name[n]) for n in p.devices]
        place = p.place if p.place == PLACE_ANY else min(p.place, system.count - 1)
        progs.append(PROG.pack(
            p.name.encode(), place, p.priority, p.restart, p.restart_limit, p.backoff_ms,
            budget(system, p), p.stack_bytes, p.handles, p.ends, p.flags,
            perm_first, len(perms) - perm_first, dev_first, len(devs) - dev_first))
    cores = [CORE.pack(core_ram(system, c), c.log_bytes, c.tasks, c.ends, c.ports, c.regions,
                       c.handles, int(c.start), c.restart, c.restart_limit, c.backoff_ms)
             for c in system.cores]
    made = [IMAGE.pack(index[i.prog], i.core, 0, i.entry, *i.text, *i.rodata, *i.ram, i.data_load,
                       i.data_addr, i.data_bytes, i.bss_bytes, i.stack_bytes) for i in images]

    # Records with 8-byte fields first, so that every array is aligned for its widest field.
    body, offsets = b"", {}
    for name, array in (("dev", devs), ("core", cores), ("prog", progs), ("perm", perms),
                        ("image", made)):
        offsets[name] = HEADER.size + len(body)
        body += b"".join(array)
    if tail:
        body = body.ljust(tail_at - HEADER.size, b"\0") + tail
    header = HEADER.pack(
        MAGIC, VERSION, HEADER.size + len(body), len(cores),
        offsets["core"], len(cores), offsets["prog"], len(progs),
        offsets["dev"], len(devs), offsets["perm"], len(perms), offsets["image"], len(made),
        system.name.encode(), system.board_name.encode(), system.heartbeat_ms)
    return header + body
