# The table: groups of measures side by side, systems below each other, and the ratios that matter.
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
UNITS = {"ns": "ns", "us": "µs", "mps": "M/s", "gbps": "GB/s"}


def ours(system):
    return system == "skerry" or system.startswith("skerry-")


def limit(system):
    return system.startswith("limit-")


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


class Ratios:
    """The aims, as ratios of medians of one run. A ratio of what was not measured is left out."""

    def __init__(self, rows):
        self.by = {(r.system, r.measure): r.median for r in rows}
        self.lines = []

    def peers(self, measure, most):
        """(system, median) of the best peer."""
        found = [(s, v) for (s, m), v in self.by.items()
                 if m == measure and not ours(s) and not limit(s)]
        return (max if most else min)(found, key=lambda f: f[1], default=None)

    def beside(self, system, measure, other, other_measure, text, aim):
        mine, theirs = self.by.get((system, measure)), self.by.get((other, other_measure))
        if mine and theirs:
            self.lines.append((text, mine / theirs, aim))

    def beside_best(self, system, measure, most, text, aim):
        mine, best = self.by.get((system, measure)), self.peers(measure, most)
        if mine and best:
            self.lines.append((f"{text} {best[0]}", mine / best[1], aim))

    def all(self):
        for ring in ("skerry-ring", "skerry-ring-batch"):
            self.beside(ring, "rtt64_ns", "limit-cas", "rtt64_ns",
                        f"{ring}: round trip / limit-cas", "at most 1.2")
            self.beside(ring, "rtt64_ns", "limit-pair", "rtt64_ns",
                        f"{ring}: round trip / limit-pair", "about 1")
            self.beside_best(ring, "rtt64_ns", False, f"{ring}: round trip / best peer,",
                             "at most 1")
            self.beside_best(ring, "stream64_mps", True, f"{ring}: stream, ring 64 / best peer,",
                             "at least 1.3")
            self.beside_best(ring, "stream1024_mps", True,
                             f"{ring}: stream, ring 1,024 / best peer,", "at least 1")
        self.beside("skerry", "rtt64_ns", "skerry-ring", "rtt64_ns",
                    "channel: round trip / bare ring", "at most 1.25")
        self.beside("skerry", "stream16_mps", "skerry-ring", "stream16_mps",
                    "channel: stream, ring 16 / bare ring", "at least 0.8")
        self.beside("skerry", "rpc1_ns", "skerry-ring", "rpc1_ns",
                    "RPC, 1 outstanding / bare ring", "at most 1.25")
        self.beside("skerry", "rpc8_ns", "skerry-ring", "rpc8_ns",
                    "RPC, 8 outstanding / bare ring", "at most 1.25")
        self.beside("skerry", "rpc64_ns", "skerry-ring", "rpc64_ns",
                    "RPC, 64 outstanding / bare ring", "at most 1.25")
        self.beside_best("skerry-adaptive", "soon_us", False,
                         "adaptive wait, answer within the budget / best sleeping peer,",
                         "at most 0.6")
        self.beside_best("skerry-adaptive", "late_us", False,
                         "adaptive wait, answer after it / best sleeping peer,", "about 1")
        self.beside_best("skerry-sleep", "asleep_us", False, "both asleep / best sleeping peer,",
                         "about 1")
        self.beside("skerry", "move1m_us", "skerry", "move4k_us",
                    "hand over 1 MiB / 4 KiB, untouched", "about 1")
        self.beside("skerry", "idle1024_ns", "skerry", "idle0_ns",
                    "beside 1,024 idle channels / none", "about 1")
        return self.lines


def ratios_as_text(rows):
    lines = Ratios(rows).all()
    if not lines:
        return []
    width = max(len(text) for text, _, _ in lines)
    return ["Ratios of medians, and the aims:"] + [
        f"  {text.ljust(width)}  {ratio:6.2f}   ({aim})" for text, ratio, aim in lines]
