# What samples say: medians with their spread, which samples are noise, and the rows of the CSV.
# SPDX-License-Identifier: BSD-2-Clause
import csv
import dataclasses
import io
import statistics

PROBE_FACTOR = 1.3  # a probe that is so far from the run's median tells of another placement
LOST_MOST = 0.5     # of a sample's time in steps of more than a millisecond
COLUMNS = ["system", "measure", "median", "min", "max", "p99", "samples", "unit"]


@dataclasses.dataclass(frozen=True)
class Sample:
    """What the program said of one: value and percentiles in the measure's unit (0: not looked at),
    probes in ns."""
    value: float
    p50: float
    p99: float
    p999: float
    probes: tuple
    ops: int
    dropped: int
    lost: float

    @classmethod
    def read(cls, line):
        word = line.split()
        number = {key: float(word[word.index(key) + 1])
                  for key in ("value", "p50", "p99", "p999", "ops", "dropped", "lost")}
        at = word.index("probe")
        return cls(number["value"], number["p50"], number["p99"], number["p999"],
                   (float(word[at + 1]), float(word[at + 2])), int(number["ops"]),
                   int(number["dropped"]), number["lost"])

    def worst_probe(self, median):
        """How far its probes are from the run's median, as a factor."""
        return max(max(p / median, median / p) if p > 0 else float("inf") for p in self.probes)

    def noisy(self, median):
        return self.ops == 0 or self.lost > LOST_MOST or self.worst_probe(median) > PROBE_FACTOR


def percentile(values, share):
    """Of sorted values, with a straight line between neighbours."""
    at = (len(values) - 1) * share
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the CSV. p99: of single operations where they were timed, else of the samples."""
    system: str
    measure: str
    median: float
    min: float
    max: float
    p99: float
    samples: int
    unit: str

    @classmethod
    def of(cls, system, measure, unit, values, p99=None):
        values = sorted(values)
        return cls(system, measure, statistics.median(values), values[0], values[-1],
                   percentile(values, 0.99) if p99 is None else p99, len(values), unit)


def rows_of(system, measure, unit, samples):
    """The measure's row, and rows of percentiles of single operations if they were timed."""
    singles = [s for s in samples if s.p50 > 0]
    p99 = statistics.median(s.p99 for s in singles) if singles else None
    rows = [Row.of(system, measure, unit, [s.value for s in samples], p99)]
    stem, _, ending = measure.rpartition("_")
    for key in ("p50", "p99", "p999") if singles else ():
        rows.append(Row.of(system, f"{stem}_{key}_{ending}", unit,
                           [getattr(s, key) for s in singles]))
    return rows


def short(value):
    """Four significant digits, and no exponent."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    return f"{value:.{digits}f}"


def as_csv(rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in rows:
        writer.writerow([r.system, r.measure, f"{r.median:.6g}", f"{r.min:.6g}", f"{r.max:.6g}",
                         f"{r.p99:.6g}", r.samples, r.unit])
    return out.getvalue()


def from_csv(text):
    lines = list(csv.reader(io.StringIO(text)))
    if not lines or lines[0] != COLUMNS:
        raise ValueError("no figures of this benchmark")
    return [Row(r[0], r[1], float(r[2]), float(r[3]), float(r[4]), float(r[5]), int(r[6]), r[7])
            for r in lines[1:]]
