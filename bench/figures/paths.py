# The longest paths through a kernel, by how they were entered: what the counter is told, and the
# table. A path is what one entry costs, from the first instruction of its vector's function to the
# last before a task or the idle loop goes on.
# SPDX-License-Identifier: BSD-2-Clause

import re

CALL = re.compile(r"^\s*X\((\w+), (\w+)\)", re.M)
WHERE_LINES = 6


def calls(path="include/skerry/syscall.h"):
    """Names of the system calls, by number."""
    with open(path, encoding="utf-8") as f:
        return [m[2] for m in CALL.finditer(f.read())]


def options(board, kernels):
    """kernels: their Elf files. A function to be told apart may be part of another one."""
    names = calls()
    found = []
    for elf in kernels:
        wanted = [("entry", e) for e in board.entries]
        wanted += [("call", f"sys_{name}") for name in names]
        wanted += [("through", t) for t in board.through]
        wanted += [("leave", at) for at in board.leave]
        for kind, symbol in wanted:
            if symbol not in elf.symbols and kind == "through":
                continue
            if symbol not in elf.symbols:
                raise KeyError(f"the kernel has no function {symbol}")
            tail = "" if kind == "leave" else f":{symbol}"
            found.append(f"{kind}={elf.symbols[symbol]:x}{tail}")
    return found


def kind_of(board, path):
    """What a path is called in the table."""
    kind = board.entries[path.entry]
    if path.call != "-":
        kind += " " + path.call.removeprefix("sys_")
    elif path.entry == "svc_entry":
        kind += ", refused before it is begun"
    if path.through != "-":
        kind += ", and " + ", ".join(board.through[t] for t in path.through.split("+"))
    return kind


def longest(board, paths):
    """{kind: the longest Path of any core, with the times of all}"""
    found = {}
    for p in paths:
        kind = kind_of(board, p)
        most, times = found.get(kind, (None, 0))
        found[kind] = (p if most is None or p.most > most.most else most, times + p.times)
    return found


def worst(board, paths):
    """[Path]: of each way in, and what it went through, the longest; of system calls one."""
    found = {}
    for p in paths:
        key = (p.entry, p.through)
        if key not in found or p.most > found[key].most:
            found[key] = p
    return sorted(found.values(), key=lambda p: -p.most)


def table(board, paths):
    out = [f"{'':58} {'longest':>8} {'times':>9}  core of system"]
    for kind, (p, times) in sorted(longest(board, paths).items(), key=lambda i: -i[1][0].most):
        out.append(f"{kind:58} {p.most:8,} {times:9,}  {p.core:4} of {p.system}")
    return out


def where(by_function, core, kernels):
    """Of a profiled path: the functions that took the most. Other cores ran meanwhile."""
    mine = f"kernel {core}" if kernels > 1 else "kernel"
    found = [(times, function) for times, program, function in by_function if program == mine]
    shown = [f"{function} {times:,}" for times, function in found[:WHERE_LINES]]
    rest = sum(times for times, _ in found[WHERE_LINES:])
    return ", ".join(shown) + (f", others {rest:,}" if rest else "")
