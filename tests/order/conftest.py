# What the tests of memory order share: they build what they run.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
HEADERS = ("base/ring.h", "base/level.h")
CALL = re.compile(r"\bseam_((?:load|store)_(?:relaxed|acquire|release|seq|light|heavy))\(")


def run(*argv, seconds=300):
    return subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds)


def places():
    """Every call of the seam in the two headers: (file, line, call)."""
    found = []
    for path in HEADERS:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                found += [(os.path.basename(path), number, m[1]) for m in CALL.finditer(line)]
    return found


@pytest.fixture(scope="session", autouse=True)
def built():
    done = run("make", "-s", "order")
    assert done.returncode == 0, done.stdout
