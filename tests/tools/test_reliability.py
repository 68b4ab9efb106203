# docs/reliability.md names tests; they are there, and nothing that it must name is left out: every
# defect, every deliberate breakage, every scenario of the simulation.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import tomllib

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PAGE = "docs/reliability.md"
NAMED = re.compile(r"`(tests/[\w/.]+)::(\w+)`")
BREAKAGES = "tests/breakages/breakages.toml"


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def included(path):
    """A test program and the cases that it includes from its own folder."""
    text = read(path)
    folder = os.path.dirname(path)
    for header in re.findall(r'#include "(\w+_cases\.h|\w+_cores\.h)"', text):
        if os.path.exists(os.path.join(ROOT, folder, header)):
            text += read(os.path.join(folder, header))
    return text


def has(path, name):
    if not os.path.exists(os.path.join(ROOT, path)):
        return False
    if path.endswith(".py"):
        return re.search(rf"^def {name}\(", read(path), re.M) is not None
    if path == BREAKAGES:
        return f'name = "{name}"' in read(path)
    if path.startswith("tests/linux/") and not os.path.basename(path).startswith("test_"):
        return re.search(rf"^\w[\w *]*\b{name}\(", read(path), re.M) is not None  # a program
    return re.search(rf"\b{name}\(void \*\*\w+\)", included(path)) is not None


def section(title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", read(PAGE), re.S | re.M)
    assert found, f"{PAGE} has no section {title}"
    return found.group(1)


@pytest.mark.parametrize("path, name", sorted(set(NAMED.findall(read(PAGE)))))
def test_what_is_named_is_there(path, name):
    assert has(path, name)


def test_every_promise_names_a_test():
    rows = [line for line in section("What is promised").splitlines() if line.startswith("| ")]
    assert len(rows) > 20
    assert [row for row in rows[1:] if not NAMED.search(row)] == []


def test_every_defect_has_a_test_of_its_name():
    text = section("The defects D1 to D21")
    rows = {int(n): row for n, row in re.findall(r"^\| D(\d+) (\|.*)$", text, re.M)}
    assert sorted(rows) == list(range(1, 22))
    for n, row in rows.items():
        names = [name for _, name in NAMED.findall(row)]
        assert any(re.search(rf"_D{n}(_|$)", name) for name in names), f"D{n}: {names}"


def test_every_breakage_is_listed():
    text = section("Broken on purpose")
    names = [b["name"] for b in tomllib.loads(read(BREAKAGES))["breakage"]]
    assert [name for name in names if f"`{name}`" not in text] == []
    listed = re.findall(r"^\| `(\w+)`", text, re.M)
    assert sorted(listed) == sorted(names)


def test_every_scenario_has_its_kill_points():
    text = section("Killed at every step")
    names = re.findall(r'\{\.name = "([\w-]+)"', read("tests/sim/scenes.c"))
    assert len(names) > 10
    assert [name for name in names if f"| {name} |" not in text] == []
