# Where the instructions of a region go: by function of the kernel and of each program.
#
# Programs may be linked at the same addresses, so an address alone does not tell whose it is. The
# counter says which physical page an instruction was in and what the instruction was: of a page, the
# owner is the program that has the most of its instructions where they were seen, and no other
# instruction anywhere.
# SPDX-License-Identifier: BSD-2-Clause

import os
from collections import defaultdict

from .elf import Elf

UNKNOWN = "?"


class Programs:
    def __init__(self, kernels, folder):
        """kernels: paths; folder: of the programs."""
        self.files = {}
        for i, path in enumerate(kernels):
            self.files[f"kernel {i}" if len(kernels) > 1 else "kernel"] = Elf(path)
        if folder:
            for name in sorted(os.listdir(folder)):
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    if f.read(4) == b"\x7fELF":
                        self.files[name.removesuffix(".elf")] = Elf(path)

    def owners(self, places):
        """{address: (name, Elf)} of the instructions of one page, {address: word}. Where programs
        lie in place, several share a page."""
        left, found = dict(places), {}
        while left:
            best, mine = (UNKNOWN, None), []
            for name, elf in self.files.items():
                words = {a: elf.word(a) for a in left}
                fits = [a for a, word in words.items() if word == left[a]]
                wrong = any(word not in (None, left[a]) for a, word in words.items())
                if not wrong and len(fits) > len(mine):
                    best, mine = (name, elf), fits
            mine = mine or list(left)
            found |= {a: best for a in mine}
            for a in mine:
                del left[a]
        return found


def by_function(places, programs):
    """[(instructions, program, function)], most first."""
    pages = defaultdict(dict)
    for address, page, word, _ in places:
        pages[(address >> 12, page)][address] = word
    owners = {key: programs.owners(found) for key, found in pages.items()}
    total = defaultdict(int)
    for address, page, _, times in places:
        name, elf = owners[(address >> 12, page)][address]
        total[(name, elf.function(address) if elf else hex(address & ~0xfff))] += times
    return sorted(((times, *who) for who, times in total.items()), reverse=True)
