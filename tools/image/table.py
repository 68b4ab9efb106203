# The system table: include/skerry/system.h as bytes.
# SPDX-License-Identifier: BSD-2-Clause

import struct

MAGIC, VERSION = 0x53595353, 2
HEADER = struct.Struct("<14I32s32s")
CORE = struct.Struct("<II6H")
PROG = struct.Struct("<32s4BIII2HI4H")
DEV = struct.Struct("<32sQIIBBH")
PERM = struct.Struct("<32sI")
PERM_REGISTER, PERM_RESOLVE = 1, 2
LOG_BYTES = 8192


def pack(system):
    progs, devs, perms = [], [], []
    by_name = {d.name: d for d in system.devices}
    for p in system.programs:
        perm_first, dev_first = len(perms), len(devs)
        perms += [PERM.pack(n.encode(), PERM_REGISTER) for n in p.register]
        perms += [PERM.pack(n.encode(), PERM_RESOLVE) for n in p.resolve]
        for d in (by_name[n] for n in p.devices):
            devs.append(DEV.pack(d.name.encode(), d.base, d.size_bytes, d.irq, 0xFF, 0, 0))
        progs.append(PROG.pack(
            p.name.encode(), p.place, p.priority, p.restart, p.restart_limit, p.backoff_ms,
            p.mem_kib * 1024, p.stack_kib * 1024, p.handles, p.ends, p.flags,
            perm_first, len(perms) - perm_first, dev_first, len(devs) - dev_first))
    cores = [CORE.pack(c.ram_kib * 1024, LOG_BYTES, c.tasks, c.ends, c.ports, c.regions, c.handles, int(c.start))
             for c in system.cores]

    # 8-byte records first, so that every array is aligned for its widest field.
    body, offsets = b"", {}
    for name, array in (("dev", devs), ("core", cores), ("prog", progs), ("perm", perms)):
        offsets[name] = HEADER.size + len(body)
        body += b"".join(array)
    header = HEADER.pack(
        MAGIC, VERSION, HEADER.size + len(body), len(cores),
        offsets["core"], len(cores), offsets["prog"], len(progs),
        offsets["dev"], len(devs), offsets["perm"], len(perms), HEADER.size + len(body), 0,
        system.name.encode(), system.board.encode())
    return header + body
