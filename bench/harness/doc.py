# The parts of docs/performance.md that the harness writes, and the pictures beside it.
# SPDX-License-Identifier: BSD-2-Clause
import os
import platform
import re

from harness import aims, stats, svg, table

PAGE, FOLDER = "docs/performance.md", "docs/performance"
BEGIN, END = "<!-- written by ./skerry bench native --doc -->", "<!-- until here -->"
AIMS_BEGIN = "<!-- aims, written by ./skerry bench native --doc -->"
AIMS_END = "<!-- aims until here -->"
MACHINE = "Machine: "


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


def between(page, begin, end):
    """Where the lines between two marks begin and end, the marks among them."""
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"{PAGE} has lost the marks between which the figures stand")
    return page.index(begin), page.index(end) + len(end)


def replaced(page, begin, end, lines):
    first, last = between(page, begin, end)
    return page[:first] + "\n".join([begin, "", *lines, "", end]) + page[last:]


def said_of_the_run(page):
    """What a page that is written again says of machine and run."""
    first, last = between(page, BEGIN, END)
    lines = [line for line in page[first:last].splitlines() if line]
    where = [line for line in lines if line.startswith(MACHINE)]
    return where[:1] or [f"{MACHINE}not known."], \
        [line for line in lines[-2:-1] if not line.startswith(("|", "<!--", MACHINE))]


def figures(rows, where, notes):
    return where + [""] + table.as_markdown(rows) + [" ".join(notes)]


def write(root, rows, about, notes, again=False):
    """Replace what is between the marks of the page, and the files beside it. again: the rows are
    those of the page, what it says of machine and run stays."""
    with open(os.path.join(root, PAGE), encoding="utf-8") as f:
        page = f.read()
    where, notes = said_of_the_run(page) if again else ([f"{MACHINE}{machine()}."], notes)
    page = replaced(page, BEGIN, END, figures(rows, where, notes))
    page = replaced(page, AIMS_BEGIN, AIMS_END, aims.as_markdown(rows))
    files = {PAGE: page, f"{FOLDER}/figures.csv": stats.as_csv(rows),
             f"{FOLDER}/ring.svg": svg.small(rows), f"{FOLDER}/all.svg": svg.full(rows, about)}
    os.makedirs(os.path.join(root, FOLDER), exist_ok=True)
    for name, text in files.items():
        with open(os.path.join(root, name), "w", encoding="utf-8") as f:
            f.write(text)
    return sorted(files)
