# The tree as the lints see it: which files are sources, on which floor each stands.
# SPDX-License-Identifier: BSD-2-Clause

import os
import re
import sys

FOLDERS = ("include", "base", "port", "kernel", "arch", "board", "drivers", "lib", "services",
           "apps", "tests", "bench", "models", "tools", "systems", "mk", ".ci")
TOP_FILES = ("skerry", "Makefile")
C_FOLDERS = FOLDERS[:13]

# The first match counts. None: tests and tools stand outside and may use everything.
FLOORS = (
    (r"include/", 0), (r"base/", 1), (r"port/", 2),
    (r"arch/linux/names/", 5), (r"arch/([^/]+/user|linux)/", 4), (r"(kernel|arch|board|drivers)/", 3),
    (r"lib/", 4), (r"(services|apps)/", 5),
)
# Headers whose name is the contract and whose place is the variant: seam.h is base's, port_types.h
# is port's, <skerry/machine.h> the ABI's, whichever folder provides them.
VARIANT_HEADERS = {"seam.h": 1, "seam_pair.h": 1, "seam_asym.h": 1, "seam_tune.h": 1,
                   "port_types.h": 2, "skerry/machine.h": 0, "xport_end.h": 4, "xport_late.h": 4,
                   "board_uart.h": 3}


def floor(path):
    return next((n for pattern, n in FLOORS if re.match(pattern, path)), None)


def variant_floor(path):
    """The floor of a header that is a variant of one on a lower floor, or None."""
    return next((n for name, n in VARIANT_HEADERS.items() if path.endswith("/" + name)), None)


def files(root, folders, ends):
    """Paths relative to root, sorted, of files whose name ends so; () is every file."""
    found = []
    for folder in folders:
        for where, below, names in os.walk(os.path.join(root, folder)):
            below[:] = [d for d in below if d not in ("__pycache__", ".pytest_cache")]
            found += [os.path.relpath(os.path.join(where, n), root) for n in names
                      if not ends or n.endswith(ends)]
    return sorted(found)


def c_files(root, folders=C_FOLDERS):
    return files(root, folders, (".c", ".h"))


def sources(root):
    """Everything that we write as text in a programming or description language."""
    kinds = (".c", ".h", ".S", ".ld", ".py", ".sh", ".toml", ".mk")
    found = [f for f in files(root, FOLDERS, ()) if f.endswith(kinds) or "." not in
             os.path.basename(f)]
    return found + [f for f in TOP_FILES if os.path.exists(os.path.join(root, f))]


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def without_comments(text):
    """C text with comments and string contents blanked, lines kept."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def root_argument():
    here = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    return sys.argv[1] if len(sys.argv) > 1 else here


def finish(lint, mistakes, checked):
    """Prints the mistakes and ends the program; having checked nothing is a mistake too."""
    for text in mistakes:
        print(text)
    if not mistakes:
        print(f"{lint}: {checked} checked")
    if not checked:
        print(f"{lint}: found nothing to check")
    sys.exit(1 if mistakes or not checked else 0)
