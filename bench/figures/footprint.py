# How much memory a system takes: text and constants of its kernels, their RAM, on boards without an
# MMU what the demo takes of flash and RAM, and lines of code.
# SPDX-License-Identifier: BSD-2-Clause

import contextlib
import io
import os
import sys

from . import lines, machine, peers, size

PAGE = 4096
KIB = 1024
TOOLS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../tools")


def text_rows(system, path):
    """(rows of kernel_bytes and what it is made of) from a linker's map."""
    with open(path, encoding="utf-8") as f:
        own, foreign = size.read_map(f.read())
    beside = peers.KERNEL_BYTES[system.board.name]
    return [
        ("kernel_bytes", ("kernel text + read-only data", own.total + foreign.total, "bytes",
                          beside)),
        ("kernel_text", ("  of it text", own.text + foreign.text, "bytes", [])),
        ("kernel_libraries", ("  of it libraries", foreign.total, "bytes", [])),
    ]


def fork_rows(said):
    private = (said["fork_pages_copied"] + said["fork_pages_fresh"]) * PAGE
    return [
        ("core_private", ("private memory of a further core's kernel", private, "bytes", [])),
        ("core_pages_fresh", ("  of it its own from the start", said["fork_pages_fresh"],
                              "pages", [])),
        ("core_pages_copied", ("  of it copied at a write", said["fork_pages_copied"], "pages",
                               [])),
        ("core_pages_shared", ("inherited pages still shared", said["fork_pages_shared"], "pages",
                               [])),
    ]


# --- boards whose systems lie in place -----------------------------------------------------------

def plan_of(board, name):
    """(the image tool's builder with a layout, of a system that is built)"""
    if TOOLS not in sys.path:
        sys.path.insert(0, TOOLS)
    from image import check, manifest, place  # noqa: E402
    source = manifest.read(f"systems/{board.name}/{name}.toml")
    system = check.check(source) if not source.mistakes else None
    if source.mistakes:
        raise machine.Failed("\n".join(source.mistake_lines()))
    builder = place.Builder(source, system, f"build/{board.name}/parts",
                            f"build/{board.name}/{name}/skerry.elf")
    with contextlib.redirect_stdout(io.StringIO()):  # it says what it links
        builder.run()
    return builder


def kernel_ram(builder, core):
    """(fixed, of a task, of its handles, of a channel pair) bytes of RAM of that core's kernel. Fixed
    is all that does not come with a task or with a channel."""
    k, c, s = builder.parts.kernels[core], builder.system.cores[core], builder.sizes
    handles = c.handles * s.handle
    task = s.task + handles
    pair = s.page + s.ledger + s.chan + 2 * s.end
    of_tables = c.tasks * task + c.ends * s.end + max(c.ends // 2, 1) * s.chan
    pages = k.pool_bytes // s.page
    return k.static_bytes + k.table_bytes - of_tables - pages * s.ledger, task, handles, pair


def in_place_rows(system):
    machine.build("image", BOARD=system.board.name, SYSTEM="demo")
    demo = plan_of(system.board, "demo")
    rows = text_rows(system, f"build/{system.board.name}/demo/kernel.0.map")
    rows.append(("kernel_image", ("kernel in flash, with padding", demo.parts.kernels[0].text_bytes,
                                  "bytes", [])))
    fixed, task, handles, pair = kernel_ram(demo, 0)
    aim = peers.RAM_AIMS
    rows += [
        ("kernel_ram", ("kernel RAM, fixed", fixed, "bytes", aim["fixed"])),
        ("kernel_ram_task", ("  for each task, handles included", task, "bytes", aim["task"])),
        ("kernel_ram_handles", (f"    of it {demo.system.cores[0].handles} handles", handles,
                                "bytes", [])),
        ("kernel_ram_pair", ("  for a channel pair, both ends", pair, "bytes", aim["pair"])),
        ("demo_flash", ("demo: flash, everything", demo.plan.flash.used, "bytes",
                        [(256 * KIB, "aim")])),
    ]
    used = [area.used for area in demo.plan.ram]
    rows.append(("demo_ram", ("demo: RAM of all cores", sum(used), "bytes", [(128 * KIB, "aim")])))
    rows += [(f"demo_ram_{n}", (f"  of it core {n}", count, "bytes", []))
             for n, count in enumerate(used)]
    return rows


def rows(system, said, root):
    """[(name, (text, value, unit, beside))]"""
    if system.board.upper:
        found = text_rows(system, system.bench.path.replace(".elf", ".map")) + fork_rows(said)
    else:
        found = in_place_rows(system)
    for i, (what, n, most) in enumerate(lines.count(root, system.board.lines)):
        aim = [(most, "the design's aim")] if most else []
        found.append((f"lines_{i}", ("lines of code: " + what, n, "lines", aim)))
    return found
