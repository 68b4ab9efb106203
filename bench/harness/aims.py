# The ratios that matter, each with the range that the spread of its two figures allows, and whether
# its aim is met.
# SPDX-License-Identifier: BSD-2-Clause
import dataclasses

from harness.table import limit, ours, published


@dataclasses.dataclass(frozen=True)
class Aim:
    """A ratio is to be at most, or at least, so much."""
    sense: str
    bound: float

    def __str__(self):
        return f"{self.sense} {self.bound:g}"

    def missed_by(self, found):
        """As a share of the bound; 0 or less: met."""
        off = found / self.bound - 1
        return off if self.sense == "at most" else -off


@dataclasses.dataclass(frozen=True)
class Ratio:
    """Of two medians of one run. least, most: of the least of one to the most of the other, and
    the other way round. aim: None where there is none."""
    text: str
    found: float
    least: float
    most: float
    aim: Aim

    @classmethod
    def of(cls, text, mine, theirs, aim):
        return cls(text, mine.median / theirs.median, mine.min / theirs.max,
                   mine.max / theirs.min, aim)

    def cell(self):
        return f"{self.found:.2f} ({self.least:.2f}–{self.most:.2f})"

    def verdict(self):
        """met or missed and by how much; the noise is said where it spans the bound."""
        if self.aim is None:
            return "no aim"
        off = self.aim.missed_by(self.found)
        text = "met" if off <= 0 else f"missed by {max(100 * off, 0.1):.{0 if off >= 0.1 else 1}f} %"
        return text + (", within noise" if self.least <= self.aim.bound <= self.most else "")


class Ratios:
    """All that a run has the figures for. A peer is what comes from packages or the system; our own
    implementations of published designs count only in ratios that say so, which stand below the
    others where one of them is the best."""

    def __init__(self, rows):
        self.by = {(r.system, r.measure): r for r in rows}
        self.lines = []

    def beside(self, text, mine, theirs, aim):
        """mine, theirs: (system, measure)."""
        if mine in self.by and theirs in self.by:
            self.lines.append(Ratio.of(text, self.by[mine], self.by[theirs], aim))

    def best(self, measure, aim, also_published):
        """The system whose median is best of all but limits and ours."""
        found = [r for (_, m), r in self.by.items()
                 if m == measure and not ours(r.system) and not limit(r.system) and
                 (also_published or not published(r.system))]
        best = max if aim and aim.sense == "at least" else min
        return best(found, key=lambda r: r.median).system if found else None

    def beside_best(self, system, measure, text, aim, what="peer"):
        peer, best = (self.best(measure, aim, also) for also in (False, True))
        if peer:
            self.beside(f"{text} / best {what}, {peer}", (system, measure), (peer, measure), aim)
        if best != peer:
            self.beside(f"{text} / best of all, published designs too, {best}", (system, measure),
                        (best, measure), aim)

    def ring(self, name):
        self.beside(f"{name}: round trip / limit-cas", (name, "rtt64_ns"),
                    ("limit-cas", "rtt64_ns"), Aim("at most", 1.2))
        self.beside(f"{name}: round trip / limit-pair", (name, "rtt64_ns"),
                    ("limit-pair", "rtt64_ns"), None)
        self.beside_best(name, "rtt64_ns", f"{name}: round trip", Aim("at most", 1))
        self.beside_best(name, "stream64_mps", f"{name}: stream, ring 64", Aim("at least", 1.3))
        self.beside_best(name, "stream1024_mps", f"{name}: stream, ring 1,024", Aim("at least", 1))

    def all(self):
        for name in ("skerry-ring", "skerry-ring-batch"):
            self.ring(name)
        for text, measure, aim in (
                ("channel: round trip", "rtt64_ns", Aim("at most", 1.25)),
                ("channel: stream, ring 16", "stream16_mps", Aim("at least", 0.8)),
                ("RPC, 1 outstanding", "rpc1_ns", Aim("at most", 1.25)),
                ("RPC, 8 outstanding", "rpc8_ns", Aim("at most", 1.25)),
                ("RPC, 64 outstanding", "rpc64_ns", Aim("at most", 1.25))):
            self.beside(f"{text} / bare ring", ("skerry", measure), ("skerry-ring", measure), aim)
        level = Aim("at most", 1)
        self.beside_best("skerry-adaptive", "soon_us", "adaptive wait, answer within the budget",
                         Aim("at most", 0.6), "sleeping peer")
        self.beside_best("skerry-adaptive", "late_us", "adaptive wait, answer after it", level,
                         "sleeping peer")
        self.beside_best("skerry-sleep", "asleep_us", "both asleep", None, "sleeping peer")
        self.beside("hand over 1 MiB / 4 KiB, untouched", ("skerry", "move1m_us"),
                    ("skerry", "move4k_us"), level)
        self.beside("beside 1,024 idle channels / none", ("skerry", "idle1024_ns"),
                    ("skerry", "idle0_ns"), level)
        return self.lines


def as_text(rows):
    lines = Ratios(rows).all()
    if not lines:
        return []
    cells = [(r.text, r.cell(), str(r.aim or "–"), r.verdict()) for r in lines]
    width = [max(len(c[i]) for c in cells) for i in range(3)]
    return ["Ratios of medians (least–most that the samples allow), aim, and what has come of it:"] + [
        f"  {t.ljust(width[0])}  {f.rjust(width[1])}  {a.ljust(width[2])}  {v}"
        for t, f, a, v in cells]


def as_markdown(rows):
    lines = Ratios(rows).all()
    return ["| ratio of medians | found (least–most) | aim | |", "|---|---:|---|---|"] + [
        f"| {r.text} | {r.cell()} | {r.aim or '–'} | {r.verdict()} |" for r in lines]
