# The system table: include/skerry/system.h as bytes.
# SPDX-License-Identifier: BSD-2-Clause

import struct

MAGIC, VERSION = 0x53595353, 1
HEADER = struct.Struct("<12I32s32s")
CORE = struct.Struct("<I6H")
PROG = struct.Struct("<32s4BIII2HI4H")
DEV = struct.Struct("<32sQII")
PERM = struct.Struct("<32sI")
PERM_REGISTER, PERM_RESOLVE = 1, 2


def pack(system):
    progs, devs, perms = [], [], []
    by_name = {d.name: d for d in system.devices}
    for p in system.programs:
        perm_first, dev_first = len(perms), len(devs)
        perms += [PERM.pack(n.encode(), PERM_REGISTER) for n in p.register]
        perms += [PERM.pack(n.encode(), PERM_RESOLVE) for n in p.resolve]
        for d in (by_name[n] for n in p.devices):
            devs.append(DEV.pack(d.name.encode(), d.base, d.size_bytes, d.irq))
        progs.append(PROG.pack(
            p.name.encode(), p.place, p.priority, p.restart, p.restart_limit, p.backoff_ms,
            p.mem_kib, p.stack_kib, p.handles, p.ends, p.flags,
            perm_first, len(perms) - perm_first, dev_first, len(devs) - dev_first))
    cores = [CORE.pack(c.ram_kib, c.tasks, c.ends, c.ports, c.regions, c.handles, int(c.start))
             for c in system.cores]

    # 8-byte records first, so that every array is aligned for its widest field.
    body, offsets = b"", {}
    for name, array in (("dev", devs), ("core", cores), ("prog", progs), ("perm", perms)):
        offsets[name] = HEADER.size + len(body)
        body += b"".join(array)
    header = HEADER.pack(
        MAGIC, VERSION, HEADER.size + len(body), len(cores),
        offsets["core"], len(cores), offsets["prog"], len(progs),
        offsets["dev"], len(devs), offsets["perm"], len(perms),
        system.name.encode(), system.board.encode())
    return header + body
