# Each breakage of breakages.toml must be noticed by the test that it names, and that test must pass
# when nothing is broken. What cannot tell the two apart would be no test.
# SPDX-License-Identifier: BSD-2-Clause
import json
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import broken  # noqa: E402

BREAKAGES = broken.load()


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    return broken.Tree(str(tmp_path_factory.mktemp("broken")))


@pytest.fixture(scope="session")
def whole(tree):
    """Does that test pass when nothing is broken?"""
    seen = {}

    def ask(caught):
        key = json.dumps(caught, sort_keys=True)
        if key not in seen:
            seen[key] = tree.check(caught)
        return seen[key]
    return ask


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda b: b["name"])
def test_breakage(breakage, tree, whole):
    code, output = whole(breakage["caught"])
    assert code == 0, f"fails when nothing is broken:\n{output[-3000:]}"
    with open(os.path.join(broken.ROOT, breakage["file"])) as f:
        text = f.read()
    tree.put(breakage["file"], broken.broken_text(breakage))
    try:
        code, output = tree.check(breakage["caught"])
    finally:
        tree.put(breakage["file"], text)
    assert code != 0, f"nobody noticed:\n{output[-3000:]}"


def test_at_least_ten():
    assert len({b["name"] for b in BREAKAGES}) >= 10
