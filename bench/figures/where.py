# Where the instructions of a region go: by function of the kernel and of each program.
#
# Programs are linked at the same addresses, so an address alone does not tell whose it is. The
# counter says which physical page an instruction was in and what the instruction was: a page
# belongs to the program that has all of its instructions where they were seen.
# SPDX-License-Identifier: BSD-2-Clause

import os
from collections import defaultdict

from .elf import Elf

UPPER = 1 << 63
UNKNOWN = "?"


class Programs:
    def __init__(self, kernel, folder):
        self.kernel = Elf(kernel)
        names = sorted(os.listdir(folder))
        self.programs = {n: Elf(os.path.join(folder, n)) for n in names}

    def owner(self, places):
        """(name, Elf) of the program to which a page with these instructions belongs."""
        for name, elf in self.programs.items():
            if all(elf.word(address) == word for address, word in places):
                return name, elf
        return UNKNOWN, None


def by_function(places, programs):
    """[(instructions, program, function)], most first."""
    pages = defaultdict(dict)
    for address, page, word, _ in places:
        pages[(address >> 12, page)][address] = word
    owners = {key: ("kernel", programs.kernel) if key[0] << 12 & UPPER else
              programs.owner(found.items()) for key, found in pages.items()}
    total = defaultdict(int)
    for address, page, _, times in places:
        name, elf = owners[(address >> 12, page)]
        total[(name, elf.function(address) if elf else hex(address & ~0xfff))] += times
    return sorted(((times, *who) for who, times in total.items()), reverse=True)
