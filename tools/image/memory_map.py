# The map of a system that lies in place: who has what of flash and RAM, and what is left.
# SPDX-License-Identifier: BSD-2-Clause

from . import layout


def lines(system, plan, start_bytes):
    out = [f"{system.name} on {system.board_name}, {system.count} core"
           + ("s" if system.count > 1 else "")]
    for p in system.left_out:
        out.append(f"left out: {p.name} needs an FPU, which core {p.place} has, not core 0")
    out += ["", f"flash                     text  constants      bytes  from"]
    for piece in plan.flash.pieces:
        p = piece.what
        if isinstance(p, layout.Program):
            out.append(f"  {p.name:12} core {p.core} {p.text_bytes:9,}  {p.rodata_bytes:9,}  "
                       f"{piece.bytes:9,}  {piece.base:#010x}")
        else:
            out.append(f"  {p:40} {piece.bytes:8,}  {piece.base:#010x}")
    out.append(used(plan.flash))
    for core, area in enumerate(plan.ram):
        out += ["", f"RAM of core {core}           stack    data   start    heap      bytes  from"]
        for piece in area.pieces:
            p = piece.what
            if isinstance(p, layout.Program):
                data = p.data_bytes + p.bss_bytes
                heap = p.ram_bytes - p.fixed_bytes(start_bytes)
                out.append(f"  {p.name:20} {p.stack_bytes:7,} {data:7,} {start_bytes:7,} "
                           f"{heap:7,}  {piece.bytes:9,}  {piece.base:#010x}")
            elif isinstance(p, layout.Kernel):
                out.append(f"  kernel: static {p.static_bytes:,}, tables {p.table_bytes:,}, "
                           f"channels {p.pool_bytes:,}".ljust(56)
                           + f"{piece.bytes:9,}  {piece.base:#010x}")
            else:
                out.append(f"  {p:52}  {piece.bytes:9,}  {piece.base:#010x}")
        out.append(used(area))
    return out


def used(area):
    return (f"  used {area.used:,} of {area.size:,}, left {area.left:,}")
