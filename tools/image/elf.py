# A program file for a board with an MMU must be what the loader accepts: better said here than at
# run time.
# SPDX-License-Identifier: BSD-2-Clause

import struct

PAGE = 4096
ET_EXEC, EM_AARCH64 = 2, 183
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PF_X, PF_W = 1, 2


class BadElf(Exception):
    pass


def need(condition, text):
    if not condition:
        raise BadElf(text)


def pages(first, end):
    return range(first // PAGE, -(-end // PAGE))


def check(data, mem_bytes, stack_bytes):
    """Raises BadElf with what is wrong and what was expected."""
    need(len(data) >= 64 and data[:4] == b"\x7fELF", "expected an ELF file")
    need(data[4] == 2 and data[5] == 1, "expected a 64-bit little-endian ELF file")
    kind, machine, _, entry, phoff = struct.unpack_from("<HHIQQ", data, 16)
    phsize, phnum = struct.unpack_from("<HH", data, 54)
    need(machine == EM_AARCH64, f"expected code for aarch64 ({EM_AARCH64}), got {machine}")
    need(kind == ET_EXEC, f"expected a static executable (type {ET_EXEC}), got type {kind}")
    need(phsize == 56 and phnum > 0, "expected program headers of 56 bytes")
    need(phoff + phsize * phnum <= len(data), "cut short in its program headers")

    used, entry_found = set(), False
    for i in range(phnum):
        (p_type, flags, offset, vaddr, _, filesz, memsz, _) = struct.unpack_from(
            "<IIQQQQQQ", data, phoff + i * phsize)
        need(p_type not in (PT_DYNAMIC, PT_INTERP), "expected no dynamic linking")
        if p_type != PT_LOAD or memsz == 0:
            continue
        at = f"segment at {vaddr:#x}"
        need(filesz <= memsz, f"{at}: more bytes in the file than in memory")
        need(offset + filesz <= len(data), f"{at}: the file is cut short")
        need(not (flags & PF_W and flags & PF_X), f"{at}: writable and executable")
        need(offset % PAGE == vaddr % PAGE, f"{at}: not aligned to pages in the file")
        mine = set(pages(vaddr, vaddr + memsz)) if memsz < 1 << 32 else None
        need(mine is not None, f"{at}: expected less than 4 GiB, got {memsz}")
        need(not mine & used, f"{at}: shares a page with another segment")
        used |= mine
        entry_found |= bool(flags & PF_X) and vaddr <= entry < vaddr + memsz
    need(used, "expected a segment to load")
    need(entry_found, f"expected the entry {entry:#x} in an executable segment")
    total = (len(used) * PAGE + stack_bytes) // 1024
    need(total <= mem_bytes // 1024,
         f"image and stack need {total} KiB, memory allows {mem_bytes // 1024} KiB")
