# Who can reach whom, by the manifest's permissions; and who waits for whom: that must not go round,
# and on one core never to a lower priority (DESIGN.md, docs/manifest.md).
# SPDX-License-Identifier: BSD-2-Clause

from .rules import PLACE_ANY, cores_of


def meet(a, b):
    """Is there a name that both patterns allow?"""
    begin_a, begin_b = a.removesuffix("*"), b.removesuffix("*")
    if a.endswith("*") and b.endswith("*"):
        return begin_a.startswith(begin_b) or begin_b.startswith(begin_a)
    if a.endswith("*"):
        return b.startswith(begin_a)
    if b.endswith("*"):
        return a.startswith(begin_b)
    return a == b


def serves(prog, pattern):
    """Does it register a name that the pattern allows? `names` itself is found by inits only."""
    return any(own != "names" and meet(own, pattern) for own in prog.register)


def may_reach(system, prog):
    """The programs whose names it may look up, in the manifest's order."""
    return [q for q in system.programs if any(serves(q, r) for r in prog.resolve)]


def waits_for(system, prog):
    """The programs for which it may wait: as `calls` says, else all that it may look up; and always
    the init of its core, through which everything else is found."""
    if prog.calls is None:
        found = may_reach(system, prog)
    else:
        found = [q for q in system.programs if any(serves(q, name) for name in prog.calls)]
    inits = [q for q in system.programs if q.name == "init" and q is not prog]
    return found + [q for q in inits if q not in found]


def check(source, system):
    for p in system.programs:
        for name in p.calls or ():
            if not any(meet(name, r) for r in p.resolve):
                source.mistake(p.where, "calls", "expected names that its resolve allows, "
                               f'got "{name}"')
            elif not any(serves(q, name) for q in system.programs):
                source.mistake(p.where, "calls", "expected names that a program registers, "
                               f'got "{name}"')
    edges = {p.name: waits_for(system, p) for p in system.programs}
    check_priorities(source, system, edges)
    check_cycles(source, system, edges)


def key_of(prog):
    return "calls" if prog.calls is not None else "resolve"


def share_a_core(system, p, q):
    """With any number of running cores; a board with programs in place runs as many as it is built
    for."""
    counts = [system.count] if system.board.in_place else range(1, len(system.cores) + 1)
    return any(set(cores_of(p, c)) & set(cores_of(q, c)) for c in counts)


def check_priorities(source, system, edges):
    for p in system.programs:
        for q in edges[p.name]:
            if q.priority < p.priority and share_a_core(system, p, q):
                source.mistake(p.where, key_of(p), f"may wait for [program.{q.name}] of priority "
                               f"{q.priority} on the same core, expected {p.priority} or more; "
                               "calls = [...] says which names it waits for")


def check_cycles(source, system, edges):
    """Every program that can come back to itself, once for each way round."""
    by_name = {p.name: p for p in system.programs}
    done = set()
    for start in system.programs:
        path = way_round(edges, start.name)
        if path is None or done & set(path):
            continue
        done |= set(path)
        # Whoever waits for init only has no say in it: the mistake is at one that could wait less.
        at = next((by_name[n] for n, after in zip(path, path[1:]) if after != "init"), start)
        source.mistake(at.where, key_of(at), f"calls go round ({' -> '.join(path)}): who waits for "
                       "its own caller waits for ever; calls = [...] says which names it waits for")


def way_round(edges, start):
    """The shortest path of names from start back to it, or None."""
    seen, paths = set(), [[start]]
    while paths:
        path = paths.pop(0)
        for q in edges.get(path[-1], ()):
            if q.name == start:
                return path + [start]
            if q.name not in seen:
                seen.add(q.name)
                paths.append(path + [q.name])
    return None


# --- what ./skerry build and `skerry_image reach` print ---------------------------------------------

def closure(direct, start):
    found, left = [], list(direct[start])
    while left:
        name = left.pop(0)
        if name not in found and name != start:
            found.append(name)
            left += direct[name]
    return found


def report(system):
    """Lines: for each program whom it may look up, whom it reaches through those, what devices."""
    direct = {p.name: [q.name for q in may_reach(system, p) if q is not p] for p in system.programs}
    devices = {p.name: p.devices for p in system.programs}
    wide = max(len(p.name) for p in system.programs)
    lines = ["who can reach whom (everybody reaches the init of its core)"]
    for p in system.programs:
        place = "any core" if p.place == PLACE_ANY else f"core {min(p.place, system.count - 1)}"
        near = direct[p.name]
        far = [n for n in closure(direct, p.name) if n not in near]
        waits = [q.name for q in waits_for(system, p)]
        text = ", ".join(f"{n}" + ("" if n in waits else " (does not wait)") for n in near)
        line = f"  {p.name:{wide}}  {place}, priority {p.priority:2}  -> {text or 'nobody'}"
        if far:
            line += f"; through those {', '.join(far)}"
        own = [f"{d}" for d in devices[p.name]]
        through = [f"{d} (through {n})" for n in near + far for d in devices[n]]
        if own or through:
            line += f"; devices {', '.join(own + through)}"
        lines.append(line)
    return lines
