# Pictures without a library: a panel of horizontal bars for each measure, systems sorted from best
# to worst, ours in colour, limits pale, and a whisker from the least to the most sample.
# SPDX-License-Identifier: BSD-2-Clause
import dataclasses
import math
from xml.sax.saxutils import escape

from harness.stats import short
from harness.table import UNITS, limit, ours

BAR, GAP, HEAD, FOOT = 15, 5, 46, 26
NAMES, WIDE, VALUES, MARGIN = 130, 250, 58, 14
PANEL = NAMES + WIDE + VALUES
COLOURS = {"ours": "#d1495b", "peer": "#5b7ea4", "limit": "#b9b9b9"}
LOG_FROM = 20.0  # most over least: from here on the scale is logarithmic
BETTER = {"mps": "more is better", "gbps": "more is better"}


def kind(system):
    return "ours" if ours(system) else "limit" if limit(system) else "peer"


class Scale:
    """From values to pixels. Logarithmic scales begin at a power of ten well below the least."""

    def __init__(self, rows):
        least = min(r.min if r.min > 0 else r.median for r in rows)
        most = max(r.max for r in rows)
        self.log = most / least > LOG_FROM
        self.least = 10 ** math.floor(math.log10(least / 2)) if self.log else 0.0
        self.most = 10 ** math.log10(most * 1.05) if self.log else most * 1.05

    def at(self, value):
        if self.log:
            value = max(value, self.least)
            share = math.log(value / self.least) / math.log(self.most / self.least)
        else:
            share = value / self.most
        return WIDE * min(share, 1.0)

    def ticks(self):
        if self.log:
            exponent, found = math.floor(math.log10(self.least)), []
            while 10.0 ** exponent <= self.most:
                found.append(10.0 ** exponent)
                exponent += 1
            return found
        step = 10 ** math.floor(math.log10(self.most))
        while self.most / step < 3:
            step /= 2
        return [i * step for i in range(int(self.most / step) + 1)]


def text(x, y, words, size=11, anchor="start", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{extra}>'
            f"{escape(words)}</text>")


def label(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def panel(x, y, title, rows):
    """Lines of one panel whose upper left corner is there, and its height."""
    unit = rows[0].unit
    rows = sorted(rows, key=lambda r: r.median, reverse=unit in BETTER)
    scale, left = Scale(rows), x + NAMES
    bottom = y + HEAD + len(rows) * (BAR + GAP)
    note = BETTER.get(unit, "less is better") + (", logarithmic" if scale.log else "")
    out = [text(x, y + 16, title, 13, extra=' font-weight="bold"'),
           text(x, y + 32, f"{UNITS.get(unit, unit)}; {note}", 10, extra=' fill="#666"')]
    for tick in scale.ticks():
        at = left + scale.at(tick)
        out += [f'<line x1="{at:.1f}" y1="{y + HEAD - 4}" x2="{at:.1f}" y2="{bottom}" '
                'stroke="#e2e2e2"/>', text(at, bottom + 13, label(tick), 9, "middle",
                                           ' fill="#666"')]
    for i, row in enumerate(rows):
        top, middle = y + HEAD + i * (BAR + GAP), y + HEAD + i * (BAR + GAP) + BAR / 2
        bold = ' font-weight="bold"' if ours(row.system) else ""
        low, high = left + scale.at(row.min), left + scale.at(row.max)
        out += [text(left - 6, middle + 4, row.system, 11, "end", bold),
                f'<rect x="{left}" y="{top}" width="{max(scale.at(row.median), 1):.1f}" '
                f'height="{BAR}" fill="{COLOURS[kind(row.system)]}"/>',
                f'<line x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}" '
                'stroke="#222" stroke-opacity="0.55"/>',
                text(max(high, left + scale.at(row.median)) + 5, middle + 4, short(row.median),
                     10, "start", bold)]
    return out, HEAD + len(rows) * (BAR + GAP) + FOOT


def picture(title, panels, columns=2):
    """An SVG of panels (title, rows), each into the column that is shortest so far."""
    heights, body = [MARGIN + 30] * columns, []
    for name, rows in panels:
        column = heights.index(min(heights))
        lines, high = panel(MARGIN + column * (PANEL + 2 * MARGIN), heights[column], name, rows)
        body += lines
        heights[column] += high
    width = MARGIN + columns * (PANEL + 2 * MARGIN)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{max(heights) + 4}" '
        f'viewBox="0 0 {width} {max(heights) + 4}" font-family="Helvetica, Arial, sans-serif">',
        '<rect width="100%" height="100%" fill="#fdfdfb"/>',
        text(MARGIN, MARGIN + 12, title, 15, extra=' font-weight="bold"'),
        *body, "</svg>", ""])


def of_measure(rows, measure):
    return [r for r in rows if r.measure == measure]


def small(rows):
    """The picture that matters: round trip and stream of all."""
    stream = of_measure(rows, "stream64_mps") + [
        dataclasses.replace(r, system="skerry (ring of 16)")
        for r in of_measure(rows, "stream16_mps") if r.system == "skerry"]
    panels = [("Round trip of 64 bytes, polled", of_measure(rows, "rtt64_ns")),
              ("Stream of 64-byte messages, ring of 64", stream)]
    return picture("Two cores of one machine, one run, medians",
                   [(name, found) for name, found in panels if found])


def full(rows, about):
    """A panel for each measure; about: what it is."""
    panels = [(about[m], of_measure(rows, m)) for m in dict.fromkeys(r.measure for r in rows)
              if m in about]
    return picture("Two cores of one machine, one run: medians, least and most", panels)
