# Tests on a machine are for one board: @pytest.mark.board("mps2-an521"), or pytestmark of a file, says
# for which, virt-arm64 if nothing does. Those of boards that are not in SKERRY_BOARDS are left out.
# SPDX-License-Identifier: BSD-2-Clause
import os

DEFAULT = "virt-arm64"


def pytest_configure(config):
    config.addinivalue_line("markers", "board(name): the board that it runs on")


def pytest_collection_modifyitems(config, items):
    wanted = os.environ.get("SKERRY_BOARDS", "").split()
    if not wanted:
        return

    def board(item):
        mark = item.get_closest_marker("board")
        return mark.args[0] if mark else DEFAULT
    out = [i for i in items if board(i) not in wanted and i.path.parent.name in ("port", "system")]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [i for i in items if i not in out]


def pytest_terminal_summary(terminalreporter):
    """What tests have said of their coverage (record_property), at the end."""
    lines = [value for report in terminalreporter.stats.get("passed", [])
             for name, value in report.user_properties if name == "coverage"]
    if lines:
        terminalreporter.section("swept: scenario, mode, cores, steps, points, runs, Msteps, s")
    for line in sorted(set(lines)):
        terminalreporter.line(line)
