# The table: groups of measures side by side, systems below each other.
# SPDX-License-Identifier: BSD-2-Clause
import textwrap

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


ADAPTIVE_US = 150  # the budget of skerry-adaptive (SKY_BUDGET_NS)


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


def sleeping_note(rows):
    """The adaptive budget beside the wake-up that this run has found."""
    text = f"skerry-adaptive looks for {ADAPTIVE_US} µs before it sleeps"
    for r in rows:
        if (r.system, r.measure) == ("skerry-sleep", "asleep_us"):
            text += (f"; two wake-ups, which are skerry-sleep's round trip asleep, took {cell(r)} µs "
                     f"here: the budget is {ADAPTIVE_US / r.median:.1f} times as long")
    return text + "."


def clients_note(_):
    return ("Where clients and server are more than the cores, all clients share one core: who polls "
            "yields it while it waits, so clients2 and above then measure yields (sched_yield). "
            "skerry-adaptive does not yield, it looks and then sleeps, and skerry-sleep sleeps at "
            "once: beside them the figures of the others are no measure of a channel.")


NOTES = {"Waiting asleep": sleeping_note,
         "Clients of one server, time for one request": clients_note}


def note(name, rows):
    """What has to be known beside the table of that name; "": nothing."""
    return NOTES[name](rows) if name in NOTES else ""


def as_text(rows):
    out = []
    for name, head, lines in grids(rows):
        width = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
        out.append(f"{name}: medians (least–most)")
        for line in [head] + lines:
            out.append("  " + "  ".join([line[0].ljust(width[0])] +
                                        [c.rjust(w) for c, w in zip(line[1:], width[1:])]))
        out += textwrap.wrap(note(name, rows), 110, initial_indent="  ", subsequent_indent="  ")
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
        if note(name, rows):
            out += ["", note(name, rows)]
        out.append("")
    return out
