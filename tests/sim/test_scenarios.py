# Sessions at the console of the simulated machine, in both message modes, on 1 to 8 cores, each
# with many seeds: one process runs them one after another and names the first that fails.
# SPDX-License-Identifier: BSD-2-Clause

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import core_ends  # noqa: E402
import scenarios  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "build/host/virt-arm64/demo.system.bin"
ON_DEMAND = ROOT / "build/host/virt-arm64/ondemand.system.bin"
MODES = ["shared", "copy"]
CORES = [1, 2, 4, 8]
SEEDS = int(os.environ.get("SIM_SEEDS", "20"))
SEEDS_SAN = max(1, SEEDS // 10)
SEEDS_END = max(1, SEEDS // 2)
SECONDS = 240


def run(config, name, text, cores, options, seeds, tmp_path, table=DEMO):
    file = tmp_path / f"{name}.script"
    file.write_text(text)
    argv = [str(ROOT / f"build/{config}/sim"), "--system", str(table), "--cores", str(cores),
            "--input", str(file), "--quiet", *options, "--runs", str(seeds)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS)
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        pytest.fail(f"{output[-6000:]}\nscript:\n{text}", pytrace=False)


@pytest.mark.parametrize("cores", CORES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios.ALWAYS, ids=lambda s: s.__name__)
def test_session(scenario, mode, cores, tmp_path):
    text = scenario(cores)
    run(f"host-{mode}", scenario.__name__, text, cores, [], SEEDS, tmp_path)
    run(f"host-{mode}-san", scenario.__name__, text, cores, [], SEEDS_SAN, tmp_path)


@pytest.mark.parametrize("cores", CORES[1:])
@pytest.mark.parametrize("mode", MODES)
def test_on_demand(mode, cores, tmp_path):
    run(f"host-{mode}", "on_demand", scenarios.cores_on_demand(cores), cores, [], SEEDS, tmp_path,
        ON_DEMAND)


def demo_with(folder, *changes):
    """The demo system with (this, that) instead."""
    moved = (ROOT / "systems/virt-arm64/demo.toml").read_text()
    for this, that in changes:
        assert this in moved
        moved = moved.replace(this, that)
    (folder / "demo.toml").write_text(moved)
    subprocess.run([str(ROOT / "tools/skerry_image"), "table", str(folder / "demo.toml"), "-o",
                    str(folder / "demo.system.bin")], check=True)
    return folder / "demo.system.bin"


def on_core_1(program):
    return f"[program.{program}]\nplace = 0", f"[program.{program}]\nplace = 1"


@pytest.fixture(scope="module")
def names_elsewhere(tmp_path_factory):
    return demo_with(tmp_path_factory.mktemp("names"), on_core_1("names"))


STRESS = f"""
include = "{ROOT}/systems/virt-arm64/demo.toml"

[device.regs]
base = 0x0a000000
size = "4K"
core = 1
call = true

[program.portclients]
priority = 5
memory = "512K"
resolve = ["*"]

[program.portdevice]
priority = 5
memory = "512K"
resolve = ["*"]
devices = ["regs"]
"""


@pytest.fixture(scope="module")
def stress(tmp_path_factory):
    """The demo system with programs that have many connections, and use a device of core 1."""
    folder = tmp_path_factory.mktemp("stress")
    (folder / "stress.toml").write_text(STRESS)
    subprocess.run([str(ROOT / "tools/skerry_image"), "table", str(folder / "stress.toml"), "-o",
                    str(folder / "stress.system.bin")], check=True)
    return folder / "stress.system.bin"


WITH_STRESS = [pytest.param(scenario, cores, id=f"{scenario.__name__}-{cores}")
               for scenario, least in scenarios.STRESS for cores in CORES if cores >= least]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario,cores", WITH_STRESS)
def test_stress(scenario, mode, cores, tmp_path, stress):
    text = scenario(cores)
    run(f"host-{mode}", scenario.__name__, text, cores, [], SEEDS, tmp_path, stress)
    run(f"host-{mode}-san", scenario.__name__, text, cores, [], SEEDS_SAN, tmp_path, stress)


@pytest.mark.parametrize("cores", CORES[1:])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios.RESTARTS, ids=lambda s: s.__name__)
def test_restart(scenario, mode, cores, tmp_path):
    text = scenario(cores)
    run(f"host-{mode}", scenario.__name__, text, cores, [], SEEDS, tmp_path)
    run(f"host-{mode}-san", scenario.__name__, text, cores, [], SEEDS_SAN, tmp_path)


@pytest.mark.parametrize("cores", CORES[1:])
@pytest.mark.parametrize("mode", MODES)
def test_restart_where_names_runs(mode, cores, tmp_path, names_elsewhere):
    text = scenarios.restart_where_names_runs(cores)
    run(f"host-{mode}", "names_runs", text, cores, [], SEEDS, tmp_path, names_elsewhere)
    run(f"host-{mode}", "unasked", scenarios.restarts_unasked(cores), cores,
        ["--restart-core", "30000"], SEEDS, tmp_path, names_elsewhere)


@pytest.mark.parametrize("cores", [2, 4])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", core_ends.ENDS, ids=lambda s: s.__name__)
def test_end_of_a_core(scenario, mode, cores, tmp_path):
    text = scenario(cores)
    run(f"host-{mode}", scenario.__name__, text, cores, ["--allow-panic"], SEEDS_END, tmp_path)
    run(f"host-{mode}-san", scenario.__name__, text, cores, ["--allow-panic"], SEEDS_SAN, tmp_path)


@pytest.mark.parametrize("mode", MODES)
def test_orders_from_another_core(mode, tmp_path):
    table = demo_with(tmp_path, on_core_1("shell"))
    for cores in (3, 4):
        run(f"host-{mode}", "orders", core_ends.orders_from_another_core(cores), cores,
            ["--allow-panic"], SEEDS_END, tmp_path, table)


@pytest.mark.parametrize("mode", MODES)
def test_hung_core_is_quarantined(mode, tmp_path):
    for cores in (2, 4):
        run(f"host-{mode}", "quarantine", core_ends.hung_core_is_quarantined(cores), cores,
            ["--plan", "no-force"], SEEDS_END, tmp_path)


@pytest.mark.parametrize("mode", MODES)
def test_core_that_is_not_restarted(mode, tmp_path):
    table = demo_with(tmp_path, ('restart = "on-fault"', 'restart = "never"'))
    for cores in (2, 4):
        run(f"host-{mode}", "never", core_ends.core_that_is_not_restarted(cores), cores,
            ["--allow-panic"], SEEDS_END, tmp_path, table)


@pytest.mark.parametrize("mode", MODES)
def test_fifty_restarts(mode, tmp_path):
    for cores in (2, 4):
        run(f"host-{mode}", "fifty", scenarios.many_restarts(50)(cores), cores, [],
            max(1, SEEDS // 5), tmp_path)


@pytest.mark.parametrize("cores", CORES[1:])
@pytest.mark.parametrize("mode", MODES)
def test_restart_at_each_of_many_steps(mode, cores, tmp_path):
    """From the first steps of the boot to the end of the work."""
    text = scenarios.one_restart_unasked(cores)
    for i in range(SEEDS * 2):
        run(f"host-{mode}", "one", text, cores,
            ["--restart-at", str(300 + 997 * i), "--seed", str(1 + i)], 1, tmp_path)


FAULTY = [pytest.param(scenario, options, cores, id=f"{scenario.__name__}-{cores}")
          for scenario, least, options in scenarios.FAULTY for cores in CORES if cores >= least]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario,options,cores", FAULTY)
def test_faults(scenario, options, mode, cores, tmp_path):
    text = scenario(cores)
    run(f"host-{mode}", scenario.__name__, text, cores, options, SEEDS, tmp_path)
    run(f"host-{mode}-san", scenario.__name__, text, cores, options, SEEDS_SAN, tmp_path)
