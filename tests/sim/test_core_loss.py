# Cores that are lost under load, silently, with a word or for a while, at many steps; core 0 too.
# SPDX-License-Identifier: BSD-2-Clause
import os
import pathlib
import random
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import core_loss  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODES = ["shared", "copy"]
TIMES = max(2, int(os.environ.get("SIM_SEEDS", "20")) // 2)
MOST_STEPS = 20000  # of all cores, from the beginning of the load on; it takes longer
SECONDS = 240


def table_of(folder, system):
    """That system, which beats fast; a core that is lost stays so until somebody starts it."""
    (folder / "loss.toml").write_text(
        f'include = "{ROOT}/systems/virt-arm64/{system}.toml"\nheartbeat_ms = 20\n\n'
        '[core.default]\nrestart = "never"\n')
    table = folder / "loss.system.bin"
    subprocess.run([str(ROOT / "tools/skerry_image"), "table", str(folder / "loss.toml"), "-o",
                    str(table)], check=True)
    return table


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    return table_of(tmp_path_factory.mktemp("loss"), "demo")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    return table_of(tmp_path_factory.mktemp("elsewhere"), "elsewhere")


def run(system, tmp_path, mode, cores, text, seed, *options):
    file = tmp_path / "loss.script"
    file.write_text(text)
    argv = [str(ROOT / f"build/host-{mode}/sim"), "--system", str(system), "--cores", str(cores),
            "--input", str(file), "--quiet", "--seed", str(seed), *options]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS)
    if done.returncode:
        pytest.fail(f"{done.stdout.decode(errors='replace')[-6000:]}\nseed {seed}, script:\n{text}",
                    pytrace=False)


def steps_of(*what):
    """Where it happens: the same in each run of the tests; a prime apart from test to test."""
    chance = random.Random(repr(what))
    return [(chance.randrange(MOST_STEPS), chance.randrange(1, 1 << 30)) for _ in range(TIMES)]


@pytest.mark.parametrize("cores", [2, 4])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["kill", "panic", "freeze"])
def test_lost_under_load(how, mode, cores, system, tmp_path):
    """A freeze without end is a hang: it is forced off."""
    options = ["--allow-panic"] if how == "panic" else []
    for i, (steps, seed) in enumerate(steps_of(how, mode, cores)):
        victim = 1 + i % (cores - 1)
        run(system, tmp_path, mode, cores, core_loss.lost(how, victim, steps)(cores), seed, *options)


@pytest.mark.parametrize("cores", [2, 4])
@pytest.mark.parametrize("mode", MODES)
def test_late_resume(mode, cores, system, tmp_path):
    for i, (steps, seed) in enumerate(steps_of("late", mode, cores)):
        victim = 1 + i % (cores - 1)
        run(system, tmp_path, mode, cores, core_loss.late(victim, steps)(cores), seed)


@pytest.mark.parametrize("mode", MODES)
def test_two_at_once(mode, system, tmp_path):
    for i, (steps, seed) in enumerate(steps_of("two", mode)):
        how = ["kill", "freeze", "panic"][i % 3]
        options = ["--allow-panic"] if how == "panic" else []
        run(system, tmp_path, mode, 4, core_loss.two(how, steps, seed % 3000)(4), seed, *options)


@pytest.mark.parametrize("cores", [2, 4])
@pytest.mark.parametrize("mode", MODES)
def test_loss_of_core_0(mode, cores, system, tmp_path):
    """What DESIGN.md says of it."""
    for i, (steps, seed) in enumerate(steps_of("core 0", mode, cores)):
        how = ["kill", "panic", "freeze"][i % 3]
        run(system, tmp_path, mode, cores, core_loss.of_core_0(how, steps)(cores), seed,
            "--allow-panic")


@pytest.mark.parametrize("cores", [2, 4])
@pytest.mark.parametrize("mode", MODES)
def test_loss_of_core_0_seen_from_another(mode, cores, elsewhere, tmp_path):
    for i, (steps, seed) in enumerate(steps_of("elsewhere", mode, cores)):
        how = ["kill", "panic", "freeze"][i % 3]
        run(elsewhere, tmp_path, mode, cores, core_loss.of_core_0_elsewhere(how, steps)(cores), seed,
            "--allow-panic")


@pytest.mark.parametrize("cores", [2, 4])
@pytest.mark.parametrize("mode", MODES)
def test_core_0_wakes_up_late(mode, cores, system, elsewhere, tmp_path):
    """It halts itself, and the others go on."""
    for i, (steps, seed) in enumerate(steps_of("core 0 late", mode, cores)):
        seen_from = core_loss.of_core_0_elsewhere if i % 2 else core_loss.of_core_0
        run(elsewhere if i % 2 else system, tmp_path, mode, cores, seen_from("late", steps)(cores), seed)
