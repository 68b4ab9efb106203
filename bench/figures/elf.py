# What the figures need of an ELF file of 32 or 64 bits: its symbols and the words of its code.
# SPDX-License-Identifier: BSD-2-Clause

import bisect
import struct

SHT_SYMTAB, SHF_EXEC, STT_FUNC, STT_NOTYPE = 2, 4, 2, 0
EM_ARM = 40
# By the class in the header: where the section headers are told of, their form, and a symbol's with
# the places of name, info, section, value.
FORMS = {1: ("<I", 32, "<HHH", 46, "<10I", "<IIIBBH", (0, 3, 5, 1)),
         2: ("<Q", 40, "<HHH", 58, "<IIQQQQIIQQ", "<IBBHQQ", (0, 1, 3, 4))}


class Elf:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:4] != b"\x7fELF" or self.data[4] not in FORMS or self.data[5] != 1:
            raise ValueError(f"{path}: expected a little-endian ELF file")
        offset, at, counts, counts_at, section, self.symbol, self.order = FORMS[self.data[4]]
        shoff, = struct.unpack_from(offset, self.data, at)
        shsize, shnum, names = struct.unpack_from(counts, self.data, counts_at)
        # Bit 0 of a function's address says Thumb state.
        self.thumb = struct.unpack_from("<H", self.data, 18)[0] == EM_ARM
        raw = [struct.unpack_from(section, self.data, shoff + i * shsize) for i in range(shnum)]
        self.sections = [dict(zip(("name", "type", "flags", "addr", "offset", "size", "link"), r))
                         for r in raw]
        for s in self.sections:
            s["name"] = self.string(self.sections[names], s["name"])
        self.symbols = {}    # name: address
        self.functions = []  # (address, name), sorted
        self.read_symbols()

    def string(self, table, offset):
        start = table["offset"] + offset
        return self.data[start:self.data.index(b"\0", start)].decode()

    def read_symbols(self):
        functions = {}
        for table in (s for s in self.sections if s["type"] == SHT_SYMTAB):
            strings = self.sections[table["link"]]
            step = struct.calcsize(self.symbol)
            for at in range(table["offset"], table["offset"] + table["size"], step):
                entry = struct.unpack_from(self.symbol, self.data, at)
                name, info, section, value = (entry[i] for i in self.order)
                text = self.string(strings, name)
                if not text or text[0] == "$":
                    continue
                if self.thumb and info & 15 == STT_FUNC:
                    value &= ~1
                self.symbols[text] = value
                code = 0 < section < len(self.sections) and \
                    self.sections[section]["flags"] & SHF_EXEC
                # Of several names for one place a function's own counts.
                if code and info & 15 in (STT_FUNC, STT_NOTYPE) and \
                        (info & 15 == STT_FUNC or value not in functions):
                    functions[value] = text
        self.functions = sorted(functions.items())
        self.starts = [f[0] for f in self.functions]

    def word(self, address):
        """The instruction at that address, or None if this file has no code there."""
        for s in self.sections:
            if s["flags"] & SHF_EXEC and s["addr"] <= address < s["addr"] + s["size"]:
                at = s["offset"] + address - s["addr"]
                half, = struct.unpack_from("<H", self.data, at)
                if self.thumb and half >> 11 < 0x1d:  # an instruction of 16 bits
                    return half
                return struct.unpack_from("<I", self.data, at)[0]
        return None

    def function(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        return self.functions[i][1] if i >= 0 else f"{address:#x}"
