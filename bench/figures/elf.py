# What the figures need of an ELF file: its symbols and the words of its code.
# SPDX-License-Identifier: BSD-2-Clause

import bisect
import struct

SHT_SYMTAB, SHF_EXEC, STT_FUNC, STT_NOTYPE = 2, 4, 2, 0


class Elf:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: expected a 64-bit little-endian ELF file")
        shoff, = struct.unpack_from("<Q", self.data, 40)
        shsize, shnum, names = struct.unpack_from("<HHH", self.data, 58)
        raw = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shsize)
               for i in range(shnum)]
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
            for at in range(table["offset"], table["offset"] + table["size"], 24):
                name, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
                text = self.string(strings, name)
                if not text or text[0] == "$":
                    continue
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
                return struct.unpack_from("<I", self.data, s["offset"] + address - s["addr"])[0]
        return None

    def function(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        return self.functions[i][1] if i >= 0 else f"{address:#x}"
