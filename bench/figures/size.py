# How big the kernel is: the linker's map says what each object file has given to text and
# constants. Padding and the boot archive are not counted.
# SPDX-License-Identifier: BSD-2-Clause

import re
from dataclasses import dataclass

PIECE = re.compile(r"^ (\.[\w.$-]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)$")


@dataclass
class Size:
    text: int = 0
    rodata: int = 0

    @property
    def total(self):
        return self.text + self.rodata


def read_map(text):
    """(own, foreign): what comes from our objects, and from libraries that are linked in."""
    start = text.index("\nLinker script and memory map")
    # A long section name stands on a line of its own.
    lines = re.sub(r"^( \.\S+)\n\s+(0x)", r"\1 \2", text[start:], flags=re.M).splitlines()
    own, foreign = Size(), Size()
    for line in lines:
        m = PIECE.match(line)
        if not m:
            continue
        size = foreign if re.search(r"\.a\(.*\)$", m[3]) else own
        if m[1].startswith((".text", ".vectors")):
            size.text += int(m[2], 16)
        elif m[1].startswith(".rodata"):
            size.rodata += int(m[2], 16)
    return own, foreign
