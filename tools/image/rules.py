# What only the whole of a manifest shows: owners of devices and their cores, cores with an FPU,
# protection regions, sums of budgets.
# SPDX-License-Identifier: BSD-2-Clause

from .kinds import KIB, size_text

PLACE_ANY = 0xFF
KERNEL_RESERVE = 1024 * KIB  # of a core's RAM with an MMU: the kernel's tables and copied pages
START_DEVICES = 4            # SK_START_DEVICES
IMAGE_REGIONS = 3            # of the MPU: text, constants, RAM


def cores_of(prog, running):
    """The cores on which it may run when so many do."""
    return range(running) if prog.place == PLACE_ANY else [min(prog.place, running - 1)]


def check(source, system):
    """system.programs loses those that a system made for fewer cores cannot have."""
    check_fpu(source, system)
    owned = check_owners(source, system)
    check_regions(source, system, owned)
    check_handles(source, system)
    check_ram(source, system)
    check_start(source, system)


def check_device(source, board, dev, others):
    """One device, beside those before it."""
    where = ("device", dev.name)
    end = dev.base + dev.size_bytes
    low, high = board.device_space
    if dev.base % board.granule:
        source.mistake(where, "base", f"expected a multiple of {board.granule:#x}, "
                       f"got {dev.base:#x}")
    if not (low <= dev.base and end <= high):
        source.mistake(where, "base", f"expected a device of the board, {low:#x}..{high:#x}, "
                       f"got {dev.base:#x}..{end:#x}")
    for name, (base, size) in board.kernel_devices.items():
        if overlap(board, dev.base, dev.size_bytes, base, size):
            source.mistake(where, "base", f"overlaps the kernels' {name} at {base:#x}")
    first, last = board.irqs[0], board.irqs[1] - 1
    if dev.irq and not first <= dev.irq <= last:
        source.mistake(where, "irq", f"expected 0 or {first}..{last}, got {dev.irq}")
    if dev.irq in board.kernel_irqs:
        source.mistake(where, "irq", f"{dev.irq} is the kernels' {board.kernel_irqs[dev.irq]}")
    if dev.irq and dev.call:
        source.mistake(where, "irq", "expected none: call = true makes it a kernel's, no program "
                       "waits for its interrupt")
    for other in others:
        if overlap(board, dev.base, dev.size_bytes, other.base, other.size_bytes):
            source.mistake(where, "base", f"overlaps [device.{other.name}]")
        if dev.irq and dev.irq == other.irq:
            source.mistake(where, "irq", f"{dev.irq} is [device.{other.name}]'s already")


def overlap(board, base, size, other, other_size):
    base, other = base & ~board.alias, other & ~board.alias
    return base < other + other_size and other < base + size


def check_fpu(source, system):
    fpu = system.board.fpu
    have = ", ".join(str(n) for n in range(system.declared) if n in fpu) or "none has"
    kept = []
    for p in system.programs:
        if p.fpu and any(n not in fpu for n in cores_of(p, system.declared)):
            got = '"any"' if p.place == PLACE_ANY else p.place
            source.mistake(p.where, "place" if "place" in table_of(source, p) else "fpu",
                           f"expected a core with an FPU ({have}), got {got}")
        if p.fpu and any(n not in fpu for n in cores_of(p, system.count)) \
                and system.count < system.declared:
            system.left_out.append(p)
        else:
            kept.append(p)
    system.programs = kept


def table_of(source, prog):
    return source.data["program"][prog.name]


def check_owners(source, system):
    """{program: the devices that it owns}; a device that belongs to a kernel is nobody's."""
    known, owner, owned = {d.name: d for d in system.devices}, {}, {}
    names = ", ".join(sorted(known)) or "none"
    for p in system.programs:
        if len(p.devices) > START_DEVICES:
            source.mistake(p.where, "devices", f"expected at most {START_DEVICES} devices of one "
                           f"program, got {len(p.devices)}")
        for name in p.devices:
            dev = known.get(name)
            if dev is None:
                if name not in source.data.get("device", {}):
                    source.mistake(p.where, "devices", "expected devices of this system "
                                   f'({names}), got "{name}"')
                continue
            if dev.call:
                continue
            owned.setdefault(p.name, []).append(dev)
            if name in owner:
                source.mistake(p.where, "devices", f'"{name}" belongs to '
                               f"[program.{owner[name]}] already; a device has one owner")
            else:
                check_owner_place(source, system, p, dev)
            owner.setdefault(name, p.name)
    return owned


def check_owner_place(source, system, prog, dev):
    if prog.place == PLACE_ANY:
        source.mistake(prog.where, "devices", f'expected none, or a core as place: "{dev.name}" '
                       'has one owner, and place is "any"')
    elif dev.core is not None and min(dev.core, system.count - 1) != min(prog.place,
                                                                         system.count - 1):
        source.mistake(prog.where, "place", f"expected {dev.core}, the core of [device.{dev.name}], "
                       f"got {prog.place}")


def check_regions(source, system, owned):
    most = system.board.mpu_regions
    for p in system.programs if most else ():
        table = 1 if p.name == "init" else 0
        devices = len(owned.get(p.name, []))
        need = IMAGE_REGIONS + devices + table
        if need > most:
            source.mistake(p.where, "devices", f"needs {need} protection regions ({IMAGE_REGIONS} "
                           f"for its image, {devices} for devices"
                           + (", 1 for the system table" if table else "")
                           + f"), the board has {most} for a task")


def check_handles(source, system):
    for p in system.programs:
        for key, text in (("handles", "handles of one task"), ("ends", "channel ends"),
                          ("channels", "channels")):
            if getattr(p, key) is None:
                continue
            least = min(getattr(system.cores[n], key) for n in cores_of(p, system.count))
            if getattr(p, key) > least:
                source.mistake(p.where, key, f"expected at most the core's {least} {text}, "
                               f"got {getattr(p, key)}")


def check_ram(source, system):
    total = sum(c.ram_bytes for c in system.cores)
    limit = system.ram_bytes or system.board.ram.bytes
    if total > limit:
        source.mistake(("core", "default"), "ram", f"all cores together have {size_text(total)}, "
                       f"the {'system' if system.ram_bytes else 'board'} has {size_text(limit)}")


def starting(system, core, running):
    """The programs that start on a core by themselves, init first."""
    programs = [p for p in system.programs if p.name == "init"]
    return programs + [p for p in system.programs if p.boot and p.name != "init" and
                       p.place != PLACE_ANY and min(p.place, running - 1) == core]


def check_start(source, system):
    """What starts on a core fits it. A program placed beyond the last running core runs on the
    last: where the number of running cores shows at boot only, every number of cores is tried."""
    sound = all(isinstance(p.mem_bytes, int) for p in system.programs)
    counts = [system.count] if system.board.in_place else range(len(system.cores), 0, -1)
    for running in counts if sound else ():
        for core in system.cores[:running]:
            here = starting(system, core.number, running)
            names = ", ".join(p.name for p in here)
            if len(here) > core.tasks:
                source.mistake(core.where, "tasks", f"core {core.number} has {core.tasks}, but "
                               f"{len(here)} programs start there ({names})")
                return
            need = sum(p.mem_bytes for p in here) + KERNEL_RESERVE
            if not system.board.in_place and need > core.ram_bytes:
                source.mistake(core.where, "ram", f"core {core.number} has "
                               f"{core.ram_bytes // KIB}K, but with {running} cores running its "
                               f"programs ({names}) and the kernel need {need // KIB}K")
                return
            if system.board.in_place and sum(p.channels for p in here) > core.channels:
                source.mistake(core.where, "channels", f"core {core.number} has {core.channels}, "
                               f"but its programs ({names}) may use "
                               f"{sum(p.channels for p in here)}")
                return
