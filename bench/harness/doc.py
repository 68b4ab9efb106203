# The part of docs/performance.md that the harness writes, and the pictures beside it.
# SPDX-License-Identifier: BSD-2-Clause
import os
import platform
import re

from harness import aims, stats, svg, table

PAGE, FOLDER = "docs/performance.md", "docs/performance"
BEGIN, END = "<!-- written by ./skerry bench native --doc -->", "<!-- until here -->"


def machine():
    """What this runs on, as far as the system says."""
    def field(path, pattern):
        try:
            with open(path, encoding="utf-8", errors="replace") as f:
                found = re.search(pattern, f.read(), re.M)
        except OSError:
            found = None
        return found[1].strip() if found else ""
    model = field("/proc/cpuinfo", r"^model name\s*:\s*(.*)$") or platform.machine()
    cores = os.cpu_count()
    guest = " (of a virtual machine)" if re.search(
        r"\bhypervisor\b", field("/proc/cpuinfo", r"^flags\s*:(.*)$")) else ""
    return f"{model}, {cores} cores{guest}, Linux {platform.release().split('-')[0]}"


def section(rows, notes):
    """The lines between the marks."""
    out = [BEGIN, "", f"Machine: {machine()}.", ""] + table.as_markdown(rows)
    out += ["**Ratios in this run, and the aims**", ""] + aims.as_markdown(rows) + [""]
    return out + [" ".join(notes), "", END]


def write(root, rows, about, notes):
    """Replace the section of the page and the files beside it."""
    path = os.path.join(root, PAGE)
    with open(path, encoding="utf-8") as f:
        page = f.read()
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"{PAGE} has lost the marks between which the figures stand")
    before, after = page[:page.index(BEGIN)], page[page.index(END) + len(END):]
    files = {PAGE: before + "\n".join(section(rows, notes)) + after,
             f"{FOLDER}/figures.csv": stats.as_csv(rows),
             f"{FOLDER}/ring.svg": svg.small(rows), f"{FOLDER}/all.svg": svg.full(rows, about)}
    os.makedirs(os.path.join(root, FOLDER), exist_ok=True)
    for name, text in files.items():
        with open(os.path.join(root, name), "w", encoding="utf-8") as f:
            f.write(text)
    return sorted(files)
