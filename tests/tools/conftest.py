# What the tests of the tools share.
# SPDX-License-Identifier: BSD-2-Clause
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


class Tool:
    """Runs programs of the repository; the result has returncode, stdout and stderr."""

    def __call__(self, *argv, cwd=ROOT, stdin="", env=None):
        argv = [os.path.join(ROOT, str(argv[0])), *map(str, argv[1:])]
        return subprocess.run(argv, cwd=cwd, input=stdin, capture_output=True, text=True,
                              timeout=120, env={**os.environ, **(env or {})})


@pytest.fixture
def tool():
    return Tool()


@pytest.fixture
def root():
    return ROOT


@pytest.fixture
def tree(tmp_path):
    """Writes a tree of files for a lint to look at: tree({"kernel/x.c": text}) returns its root."""
    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path
    return write
