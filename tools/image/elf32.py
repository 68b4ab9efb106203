# Reads what the image tool must know of a 32-bit little-endian ELF file for Arm: an object of the
# compiler, or a kernel or program as the linker has laid it out.
# SPDX-License-Identifier: BSD-2-Clause

import struct
from collections import namedtuple

from .elf import BadElf, need

EM_ARM = 40
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PF_X, PF_W = 1, 2
SHT_SYMTAB, SHT_NOBITS = 2, 8
EXEC = 2
Segment = namedtuple("Segment", "kind offset vaddr paddr filesz memsz flags align")
Section = namedtuple("Section", "name kind flags addr offset size link info align entsize")
Symbol = namedtuple("Symbol", "name value size info other section")


def text_at(table, at):
    end = table.find(b"\0", at)
    return table[at:end if end >= 0 else len(table)].decode("ascii", "replace")


class Elf:
    """segments, symbols {name: Symbol}, entry, kind."""

    def __init__(self, data):
        need(len(data) >= 52 and data[:4] == b"\x7fELF", "expected an ELF file")
        need(data[4] == 1 and data[5] == 1, "expected a 32-bit little-endian ELF file")
        self.data = data
        self.kind, machine, _, self.entry, phoff, shoff = struct.unpack_from("<HHIIII", data, 16)
        phsize, phnum, shsize, shnum, shstr = struct.unpack_from("<HHHHH", data, 42)
        need(machine == EM_ARM, f"expected code for arm ({EM_ARM}), got {machine}")
        need(phnum == 0 or phsize == 32, "expected program headers of 32 bytes")
        need(shnum == 0 or shsize == 40, "expected section headers of 40 bytes")
        need(phoff + phsize * phnum <= len(data) and shoff + shsize * shnum <= len(data),
             "cut short in its headers")
        self.segments = [Segment(*struct.unpack_from("<8I", data, phoff + 32 * i))
                         for i in range(phnum)]
        raw = [struct.unpack_from("<10I", data, shoff + 40 * i) for i in range(shnum)]
        need(all(s.offset + s.filesz <= len(data) for s in self.segments) and
             all(r[1] == SHT_NOBITS or r[4] + r[5] <= len(data) for r in raw), "cut short")
        names = self.piece(raw[shstr]) if shstr < len(raw) else b""
        self.sections = [Section(text_at(names, r[0]), *r[1:]) for r in raw]
        self.symbols = self.read_symbols()

    def piece(self, raw):
        return self.data[raw[4]:raw[4] + raw[5]]

    def read_symbols(self):
        found = {}
        for s in self.sections:
            if s.kind != SHT_SYMTAB or s.link >= len(self.sections):
                continue
            names = self.data[self.sections[s.link].offset:][:self.sections[s.link].size]
            for at in range(s.offset, s.offset + s.size - 15, 16):
                name, *rest = struct.unpack_from("<IIIBBH", self.data, at)
                symbol = Symbol(text_at(names, name), *rest)
                if symbol.name and symbol.section:
                    found.setdefault(symbol.name, symbol)
        return found

    def value(self, name):
        need(name in self.symbols, f"expected a symbol {name}")
        return self.symbols[name].value

    def read_symbol(self, name):
        """The bytes of an object, in a file that is not linked yet."""
        need(name in self.symbols, f"expected a symbol {name}")
        symbol = self.symbols[name]
        need(symbol.section < len(self.sections), f"expected {name} in a section")
        section = self.sections[symbol.section]
        at = section.offset + symbol.value
        return self.data[at:at + symbol.size]

    def loads(self):
        return [s for s in self.segments if s.kind == PT_LOAD and s.memsz > 0]

    def read(self, base, count):
        """Memory [base, base + count) as it is loaded; zero where no segment says anything."""
        out = bytearray(count)
        for s in self.loads():
            first, last = max(s.vaddr, base), min(s.vaddr + s.filesz, base + count)
            if first < last:
                at = s.offset + first - s.vaddr
                out[first - base:last - base] = self.data[at:at + last - first]
        return bytes(out)

    def check_static(self):
        """What holds of everything that is executed in place."""
        need(self.kind == EXEC, f"expected a linked executable (type {EXEC}), got type {self.kind}")
        for s in self.segments:
            need(s.kind not in (PT_DYNAMIC, PT_INTERP), "expected no dynamic linking")
        for s in self.loads():
            need(not (s.flags & PF_W and s.flags & PF_X),
                 f"segment at {s.vaddr:#x}: writable and executable")


__all__ = ["BadElf", "Elf"]
