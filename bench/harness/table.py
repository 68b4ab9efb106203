# The table: groups of measures side by side, systems below each other.
# SPDX-License-Identifier: BSD-2-Clause
from harness.stats import short

GROUPS = (
    ("Round trip and stream of 64-byte messages, polled",
     ("rtt64_ns", "rtt64_p50_ns", "rtt64_p99_ns", "rtt64_p999_ns", "stream16_mps", "stream64_mps",
      "stream1024_mps")),
    ("Waiting asleep", ("asleep_us", "asleep_p99_us", "soon_us", "late_us")),
    ("Payloads copied", ("copy4k_gbps", "copy64k_gbps", "copy1m_gbps")),
    ("Buffers handed over", ("move4k_us", "move64k_us", "move1m_us", "move4k_touched_us",
                             "move64k_touched_us", "move1m_touched_us")),
    ("Requests answered", ("rpc1_ns", "rpc8_ns", "rpc64_ns")),
    ("Clients of one server, time for one request",
     ("clients1_ns", "clients2_ns", "clients4_ns", "clients8_ns", "clients16_ns")),
    ("Round trip beside silent channels", ("idle0_ns", "idle64_ns", "idle1024_ns")),
)
PUBLISHED = ("lamport", "lamport-cached", "b-queue", "ump")  # our own implementations
UNITS = {"ns": "ns", "us": "µs", "mps": "M/s", "gbps": "GB/s"}


def ours(system):
    return system.split()[0] == "skerry" or system.startswith("skerry-")


def limit(system):
    return system.startswith("limit-")


def published(system):
    return system in PUBLISHED


def rank(system):
    """Limits first, then ours."""
    return 0 if limit(system) else 1 if ours(system) else 2


def title(measure, unit):
    return f"{measure.rsplit('_', 1)[0]}, {UNITS.get(unit, unit)}"


def cell(row):
    if row is None:
        return "–"
    if row.samples == 1 or row.min == row.max:
        return short(row.median)
    return f"{short(row.median)} ({short(row.min)}–{short(row.max)})"


def grids(rows):
    """(title, head, lines) of each group that has something."""
    by = {(r.system, r.measure): r for r in rows}
    systems = sorted(dict.fromkeys(r.system for r in rows), key=rank)
    for name, group in GROUPS:
        head = [m for m in group if any((s, m) in by for s in systems)]
        units = {r.measure: r.unit for r in rows}
        lines = [[s] + [cell(by.get((s, m))) for m in head] for s in systems
                 if any((s, m) in by for m in head)]
        if lines:
            yield name, ["system"] + [title(m, units[m]) for m in head], lines


def as_text(rows):
    out = []
    for name, head, lines in grids(rows):
        width = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
        out.append(f"{name}: medians (least–most)")
        for line in [head] + lines:
            out.append("  " + "  ".join([line[0].ljust(width[0])] +
                                        [c.rjust(w) for c, w in zip(line[1:], width[1:])]))
        out.append("")
    return out


def as_markdown(rows):
    out = []
    for name, head, lines in grids(rows):
        out += [f"**{name}**", "", "| " + " | ".join(head) + " |",
                "|---" + "|---:" * (len(head) - 1) + "|"]
        for line in lines:
            bold = "**" if ours(line[0]) else "*" if limit(line[0]) else ""
            out.append("| " + " | ".join([f"{bold}{line[0]}{bold}"] + line[1:]) + " |")
        out.append("")
    return out
