# A whole system in place: measures its kernels and programs, has them laid out, links them where
# they go, and makes the one ELF file that is loaded into flash.
# SPDX-License-Identifier: BSD-2-Clause

import os
import struct
from types import SimpleNamespace as Record

from . import elf32, kernel, layout, link, table
from .elf import BadElf, need
from .rules import cores_of

# Where a piece is linked to be measured: anywhere, with room for all.
SOMEWHERE = 0x01000000


class DoesNotFit(Exception):
    """The mistakes were told to the source."""


def images_of(system):
    """(program, core) for each core on which each program may run."""
    return [(p, core) for p in system.programs for core in cores_of(p, system.count)]


class Builder:
    """source, system: as checked. parts: folder of *.link files and sizes.o; output: the ELF file,
    beside which everything else goes."""

    def __init__(self, source, system, parts, output):
        self.source, self.system, self.board = source, system, system.board
        self.linker = link.Linker(parts)
        self.output, self.folder = output, os.path.dirname(output)
        self.measured = os.path.join(os.path.dirname(parts), "measured")
        self.sizes = kernel.read_sizes(load(os.path.join(parts, "sizes.o")))

    def run(self):
        self.measure()
        self.plan = layout.lay_out(self.board, self.parts)
        self.check_room()
        self.link()
        return self.plan

    # --- first link: how large everything is -------------------------------------------------------

    def measure(self):
        system = self.system
        jobs = [("kernel", self.kernel_places(0, None), self.measured + "/kernel.elf")]
        jobs += [(self.link_name(p), self.program_places(p.stack_bytes, None),
                  f"{self.measured}/{p.name}.elf") for p in system.programs]
        self.linker.link_all(jobs)
        images = images_of(system)
        self.images = {p.name: read_program(f"{self.measured}/{p.name}.elf")
                       for p in system.programs}
        kernel_text, kernel_static = read_kernel(f"{self.measured}/kernel.elf")
        devices = sum(len(p.devices) for p in system.programs)
        kernels = []
        for c in system.cores:
            pages = table.core_ram(system, c) // self.sizes.page
            tables = kernel.table_bytes(c, pages, system.count, devices, len(images), self.sizes)
            # Pages begin at a granule.
            kernels.append(layout.Kernel(
                core=c.number, text_bytes=kernel_text, static_bytes=kernel_static,
                table_bytes=layout.up(tables, self.board.granule),
                pool_bytes=layout.up(pages * self.sizes.page, self.board.granule)))
        programs = []
        for p, core in images:
            m = self.images[p.name]
            programs.append(layout.Program(
                name=p.name, core=core, text_bytes=m.text_bytes, rodata_bytes=m.rodata_bytes,
                data_bytes=m.data_bytes, bss_bytes=m.bss_bytes, stack_bytes=p.stack_bytes,
                ram_bytes=p.mem_bytes))
        self.parts = Record(
            kernels=kernels, programs=programs, table_bytes=len(self.make_table(None)),
            link_bytes=self.sizes.links, start_bytes=self.sizes.start,
            flash_bytes=system.flash_bytes, ram_bytes=system.ram_bytes,
            core_ram=[c.ram_bytes for c in system.cores])
        self.check_programs()

    def link_name(self, prog):
        return prog.name + (".fpu" if prog.fpu else "")

    def program_places(self, stack_bytes, place):
        text = (place.text, place.text_bytes) if place else (SOMEWHERE, SOMEWHERE)
        ram = (place.ram, place.ram_bytes) if place else (3 * SOMEWHERE, SOMEWHERE)
        return {"TEXT_ORIGIN": text[0], "TEXT_LENGTH": text[1], "RAM_ORIGIN": ram[0],
                "RAM_LENGTH": ram[1], "STACK_BYTES": stack_bytes}

    def kernel_places(self, core, plan):
        """What board/NAME/kernel.ld asks for. Cores that are not there have zeros."""
        cores = self.system.count
        places = {"CORE": core, "CORES": cores,
                  "LINK_BASE": plan.places["links"].base if plan and cores > 1 else 0,
                  "SYSTEM_TABLE": plan.places["table"].base if plan else 0}
        for n in range(self.board.cores_max):
            text = ram = size = 0
            if n < cores:
                text, ram, size = SOMEWHERE, 3 * SOMEWHERE, SOMEWHERE
            if n < cores and plan:
                p = plan.places["kernel", n]
                text, ram, size = p.text, p.ram, self.parts.kernels[n].ram_bytes
            places |= {f"CORE{n}_TEXT": text, f"CORE{n}_RAM": ram, f"CORE{n}_RAM_LENGTH": size}
        places |= {"KERNEL_TEXT_ORIGIN": places[f"CORE{core}_TEXT"],
                   "KERNEL_TEXT_LENGTH": self.parts.kernels[core].text_bytes if plan else SOMEWHERE,
                   "KERNEL_RAM_ORIGIN": places[f"CORE{core}_RAM"],
                   "KERNEL_RAM_LENGTH": places[f"CORE{core}_RAM_LENGTH"]}
        return places

    # --- does it fit? ------------------------------------------------------------------------------

    def check_programs(self):
        told = set()
        for p in self.parts.programs:
            need_bytes = p.fixed_bytes(self.sizes.start)
            if need_bytes > p.ram_bytes and p.name not in told:
                told.add(p.name)
                self.source.mistake(
                    ("program", p.name), "memory", f"needs {need_bytes} bytes (stack "
                    f"{p.stack_bytes}, data {p.data_bytes}, bss {p.bss_bytes}, start block "
                    f"{self.sizes.start}), has {p.ram_bytes}")
        if told:
            raise DoesNotFit

    def check_room(self):
        plan, system = self.plan, self.system
        if plan.flash.left < 0:
            sizes = sorted(((p.bytes, label(p.what)) for p in plan.flash.pieces), reverse=True)
            most = ", ".join(f"{name} {count}" for count, name in sizes[:4])
            self.source.mistake((), "flash", f"the system needs {plan.flash.used} bytes, has "
                                f"{plan.flash.size}; the largest: {most}")
        if plan.ram is None:
            needs = ", ".join(f"core {n} {count}" for n, count in enumerate(plan.needs))
            fixed = "".join(f"; [core.{c.number}] ram: {c.ram_bytes}" for c in system.cores
                            if c.ram_bytes)
            self.source.mistake((), "ram", f"the system needs {sum(plan.needs)} bytes ({needs}), "
                                f"has {system.ram_bytes}{fixed}")
        for core, area in zip(system.cores, plan.ram or ()):
            if area.left < 0:
                most = ", ".join(f"{label(p.what)} {p.bytes}" for p in area.pieces)
                self.source.mistake(core.where, "ram", f"core {core.number} needs {area.used} "
                                    f"bytes, has {area.size}: {most}")
        if plan.flash.left < 0 or plan.ram is None or any(a.left < 0 for a in plan.ram):
            raise DoesNotFit

    # --- second link, and the image ----------------------------------------------------------------

    def file(self, name, core):
        return os.path.join(self.folder, "bin", f"{name}.{core}.elf")

    def link(self):
        plan, jobs = self.plan, []
        for k in self.parts.kernels:
            jobs.append(("kernel", self.kernel_places(k.core, plan), self.kernel_file(k.core)))
        by_name = {p.name: p for p in self.system.programs}
        for p in self.parts.programs:
            jobs.append((self.link_name(by_name[p.name]),
                         self.program_places(p.stack_bytes, self.place_of(p)),
                         self.file(p.name, p.core)))
        self.linker.link_all(jobs)
        flash = self.plan.flash
        memory = bytearray(flash.used)
        for base, data in self.contents():
            memory[base - flash.base:base - flash.base + len(data)] = data
        write(self.output, image_file(flash.base, bytes(memory),
                                      load(self.kernel_file(0)).entry))

    def kernel_file(self, core):
        return os.path.join(self.folder, f"kernel.{core}.elf")

    def place_of(self, p):
        place = self.plan.places[p.name, p.core]
        return Record(text=place.text, text_bytes=p.text_bytes + p.rodata_bytes, ram=place.ram,
                      ram_bytes=p.ram_bytes)

    def contents(self):
        """(address, bytes) of everything in flash."""
        for k in self.parts.kernels:
            text, _ = read_kernel(self.kernel_file(k.core))
            need(text == k.text_bytes, f"kernel of core {k.core}: {text} bytes where it lies, "
                 f"{k.text_bytes} when measured")
            base = self.plan.places["kernel", k.core].text
            yield base, load(self.kernel_file(k.core)).read(base, text)
        yield self.plan.places["table"].base, self.make_table(self.plan)
        for p in self.parts.programs:
            base = self.plan.places[p.name, p.core].text
            yield base, load(self.file(p.name, p.core)).read(base, p.text_bytes + p.rodata_bytes)

    def make_table(self, plan):
        """The system table with the initial data of all programs behind it, which init may read as
        part of it. Without a plan only its size is right."""
        records, blobs = [], b""
        start = len(table.pack(self.system, [self.record(p, c, None) for p, c in
                                             images_of(self.system)]))
        start = layout.up(start, 8)
        base = plan.places["table"].base if plan else 0
        for p, core in images_of(self.system):
            record = self.record(p, core, plan)
            record.data_load = base + start + len(blobs)
            records.append(record)
            blobs += record.data + bytes(-len(record.data) % 8)
        return table.pack(self.system, records, tail=blobs, tail_at=start)

    def record(self, prog, core, plan):
        m = self.images[prog.name]
        if plan:
            m = read_program(self.file(prog.name, core))
            self.check_same(prog, core, m)
        return Record(prog=prog.name, core=core, entry=m.entry, text=(m.text, m.text_bytes),
                      rodata=(m.rodata, m.rodata_bytes), ram=(m.ram, prog.mem_bytes), data_load=0,
                      data_addr=m.data_addr, data_bytes=m.data_bytes, bss_bytes=m.bss_bytes,
                      stack_bytes=prog.stack_bytes, data=m.data)

    def check_same(self, prog, core, m):
        place, old = self.plan.places[prog.name, core], self.images[prog.name]
        what = f"{prog.name} of core {core}"
        need((m.text, m.ram) == (place.text, place.ram), f"{what}: not where it was to be linked")
        for key in ("text_bytes", "rodata_bytes", "data_bytes", "bss_bytes"):
            need(getattr(m, key) == getattr(old, key), f"{what}: {key} {getattr(m, key)} where it "
                 f"lies, {getattr(old, key)} when measured")


def label(what):
    """Of a piece of a layout.Area."""
    if isinstance(what, layout.Program):
        return f"{what.name} (core {what.core})"
    return f"kernel of core {what.core}" if isinstance(what, layout.Kernel) else what


def load(path):
    try:
        with open(path, "rb") as f:
            return elf32.Elf(f.read())
    except BadElf as e:
        raise BadElf(f"{path}: {e}") from None


def read_kernel(path):
    """(bytes of text and constants, bytes of RAM before the kernel's tables)"""
    e = load(path)
    e.check_static()
    return (e.value("kernel_text_end") - e.value("kernel_text"),
            e.value("kernel_memory") - e.value("boot_description"))


def read_program(path):
    """A linked program by the symbols of its linker script."""
    e = load(path)
    try:
        e.check_static()
        at = {name: e.value(name) for name in (
            "text_start", "text_end", "rodata_start", "rodata_end", "stack_start", "stack_end",
            "data_start", "data_end", "bss_end")}
        need(at["text_start"] <= e.entry & ~1 < at["text_end"] and e.entry & 1,
             f"expected the entry {e.entry:#x} in its text, in Thumb state")
        need(at["text_end"] == at["rodata_start"] and at["stack_end"] == at["data_start"],
             "expected constants after text, data after the stack")
    except BadElf as err:
        raise BadElf(f"{path}: {err}") from None
    return Record(
        entry=e.entry, text=at["text_start"], text_bytes=at["text_end"] - at["text_start"],
        rodata=at["rodata_start"], rodata_bytes=at["rodata_end"] - at["rodata_start"],
        ram=at["stack_start"], data_addr=at["data_start"],
        data_bytes=at["data_end"] - at["data_start"], bss_bytes=at["bss_end"] - at["data_end"],
        data=e.read(at["data_start"], at["data_end"] - at["data_start"]))


def image_file(base, data, entry):
    """An ELF file with one segment."""
    head = b"\x7fELF\x01\x01\x01" + bytes(9)
    head += struct.pack("<HHIIIIIHHHHHH", elf32.EXEC, elf32.EM_ARM, 1, entry, 52, 0, 0x05000200, 52,
                        32, 1, 40, 0, 0)
    offset = 0x100
    head += struct.pack("<8I", elf32.PT_LOAD, offset, base, base, len(data), len(data), 5, 0x100)
    return head.ljust(offset, b"\0") + data


def write(path, data):
    with open(path + ".new", "wb") as f:
        f.write(data)
    os.replace(path + ".new", path)
