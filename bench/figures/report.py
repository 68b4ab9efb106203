# Prints the figures as a table for people or as CSV.
# SPDX-License-Identifier: BSD-2-Clause

import csv
import io

HEAD = f"{'':46} {'own core':^24}   {'all cores':^24}   {'of it':>9}"
HEAD_2 = f"{'':46} {'min':>8}{'median':>8}{'max':>8}   {'min':>8}{'median':>8}{'max':>8}   " \
         f"{'kernels':>9} {'n':>5}"


def number(n):
    return f"{n:,}"


def spread(s):
    return "".join(f"{number(n):>8}" if n < 10**7 else f"{n // 1000:>7}k"
                   for n in (s.least, s.median, s.most))


def beside_lines(beside, indent=4):
    return [f"{'':{indent}}{number(figure):>9}  {what}" for figure, what in beside]


def counted(rows):
    """rows: [(Region, Summary, [(figure, system)])]"""
    out = [HEAD, HEAD_2]
    for region, summary, beside in rows:
        out.append(f"{region.text:46} {spread(summary.own)}   {spread(summary.every)}   "
                   f"{number(summary.kernel.median):>9} {summary.number:>5}")
        out += beside_lines(beside)
    return out


def sizes(rows):
    """rows: [(text, value, unit, [(figure, system)])]"""
    out = []
    for text, value, unit, beside in rows:
        out.append(f"{text:46} {number(value):>9} {unit}".rstrip())
        out += beside_lines(beside)
    return out


def as_csv(counted_rows, size_rows, longest=()):
    """longest: {kind: (regions.Path, times)}"""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["figure", "text", "unit", "samples", "own_min", "own_median", "own_max",
                     "all_min", "all_median", "all_max", "kernels_median"])
    for region, s, _ in counted_rows:
        writer.writerow([region.name, region.text, "instructions", s.number,
                         s.own.least, s.own.median, s.own.most,
                         s.every.least, s.every.median, s.every.most, s.kernel.median])
    for name, (text, value, unit, _) in size_rows:
        writer.writerow([name, text, unit, 1, "", value, "", "", value, "", ""])
    for kind, (path, times) in dict(longest).items():
        writer.writerow([f"path {kind}", f"longest way: {kind}", "instructions", times, "", "",
                         path.most, "", "", path.most, path.most])
    return out.getvalue()
