# The small scenarios of `./skerry sim`: each as it is, for some seeds; with a task or a core lost at
# every step of the smallest ones and at a sample of the steps of the others; and with everything
# else that a plan can do, sampled, on machines that can order a core off and on such that cannot. The whole: `./skerry sim --plan sweep`, `--plan all`. A failure
# says how to replay it; what was covered is printed at the end (tests/conftest.py). 70 s of CPU.
# SPDX-License-Identifier: BSD-2-Clause
import importlib.machinery
import importlib.util
import pathlib
import subprocess

from types import SimpleNamespace

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODES = ["shared", "copy"]
SECONDS = 240
SMALLEST = {"rpc-one-core", "region-move", "spawn-exit", "loan"}
LONG = {"core-restart", "core-orders-due", "late-resume", "region-and-back"}
# One step in so many: of the smallest, the others, the long ones.
SWEEP, ALL = (1, 37, 97), (13, 211, 499)
UNFORCED = (13, 97, 199)


def scenarios():
    """From the table in tests/sim/scenes.c, so that collecting needs no build."""
    text = (ROOT / "tests/sim/scenes.c").read_text()
    return [line.split('"')[1] for line in text.splitlines() if ".name = \"" in line]


def sim(scenario, mode, *options):
    """The line of the table."""
    argv = [str(ROOT / "tools/skerry_sim"), "--scenario", scenario, "--mode", mode, *options]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS, cwd=ROOT)
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        pytest.fail(output[-6000:], pytrace=False)
    return output.splitlines()[-1]


def rate(scenario, of):
    return of[0 if scenario in SMALLEST else 2 if scenario in LONG else 1]


each = pytest.mark.parametrize("scenario", scenarios())
both = pytest.mark.parametrize("mode", MODES)


@both
@each
def test_scenario(scenario, mode):
    assert "all passed" in sim(scenario, mode, "--runs", "20")


@both
@each
def test_bells(scenario, mode):
    sim(scenario, mode, "--plan", "bells", "--runs", "10")


@both
@pytest.mark.parametrize("scenario", sorted(SMALLEST))
def test_task_killed_at_each_step(scenario, mode, record_property):
    """Or the core."""
    record_property("coverage", sim(scenario, mode, "--plan", f"sweep:{rate(scenario, SWEEP)}"))


@both
@pytest.mark.parametrize("scenario", [s for s in scenarios() if s not in SMALLEST])
def test_task_or_core_killed_sampled(scenario, mode, record_property):
    record_property("coverage", sim(scenario, mode, "--plan", f"sweep:{rate(scenario, SWEEP)}"))


@both
@each
def test_cores_that_cannot_be_forced_sampled(scenario, mode, record_property):
    """Which are quarantined, with what they hold."""
    n = 9973 if scenario == "core-restart" else rate(scenario, UNFORCED)  # it goes on and on
    acts = ["kill-core", "hang-core", "stop-core", "freeze", "scribble-core"]
    plan = ",".join(f"{act}:{n}" for act in acts) + ",no-force"
    record_property("coverage", sim(scenario, mode, "--plan", plan))


@both
@each
def test_all_that_a_plan_can_do_sampled(scenario, mode, record_property):
    record_property("coverage", sim(scenario, mode, "--plan", f"all:{rate(scenario, ALL)}"))


@both
def test_demo_sampled(mode, record_property):
    record_property("coverage", sim("demo", mode, "--cores", "4", "--plan", "sweep:12000"))


@both
@pytest.mark.parametrize("plan", ["all:6000", "exhaust", "panic-core:391", "freeze:1500,clock:1500"])
def test_demo_whatever_happens(plan, mode, record_property):
    record_property("coverage", sim("demo", mode, "--seed", "3", "--plan", plan))


def test_a_failure_is_replayed():
    """A run that must fail says how to see it again, and that shows the same."""
    table = str(ROOT / "build/host/small.system.bin")
    argv = [str(ROOT / "build/host-shared/sim"), "--system", table, "--scenario", "rpc-two-cores",
            "--max-steps", "3000", "--plan", "kill-task:names#0@2600", "--seed", "5"]
    first = subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=ROOT)
    again = [line for line in first.stderr.splitlines() if line.startswith("sim: again: ")]
    assert first.returncode == 1 and len(again) == 1
    words = again[0].removeprefix("sim: again: ").split()
    assert "--trace" in words
    second = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert second.returncode == 1
    last = [line for line in first.stderr.splitlines() if "FAILED" in line][0]
    for word in ("scenario rpc-two-cores", "seed 5", "plan kill-task:names#0@2600", "step"):
        assert word in last
    assert "the last 40 events" in first.stderr
    assert last in second.stderr
    assert "plan: kill-task:names#0@2600" in second.stderr


@pytest.mark.parametrize("act,rest", [("kill-core", ""), ("hang-core", ",no-force"),
                                      ("hang-core", ",no-force,bells:9")])
def test_what_a_sweep_finds_is_replayed(act, rest):
    """With a sweep that must find something: its command shows the same failure at the same step."""
    argv = [str(ROOT / "build/host-shared/sim"), "--system",
            str(ROOT / "build/host/small.system.bin"), "--scenario", "rpc-two-cores",
            "--max-ms", "300", "--plan", f"{act}:40{rest}", "--seed", "3"]
    found = subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=ROOT)
    lines = found.stderr.splitlines()
    at = next(i for i, line in enumerate(lines) if f"FAILED with {act}" in line)
    why = lines[at].split(": ", 2)[2]
    words = next(line for line in lines[at:] if line.startswith("sim: again: ")).split()[2:]
    plan = words[words.index("--plan") + 1]
    assert plan.startswith(f"{act}:") and plan.endswith(rest)
    again = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert found.returncode == 1 and again.returncode == 1
    assert next(line for line in again.stderr.splitlines() if "FAILED" in line).endswith(why)
    state = next(line for line in lines[at:] if line.startswith("sim: seed"))
    assert state in again.stderr  # the same step at the same time


def small(*options):
    argv = [str(ROOT / "build/host-shared/sim"), "--system",
            str(ROOT / "build/host/small.system.bin"), *options]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=ROOT)


def test_the_run_that_a_sweep_begins_with_is_replayed():
    """It met no act, but all else that was planned."""
    found = small("--scenario", "rpc-two-cores", "--max-steps", "3000", "--plan",
                  "hang-core:100000,bells:9,no-force")
    assert found.returncode == 1
    assert " --plan none,no-force,bells:9 --trace" in found.stderr


def test_a_run_that_takes_too_long_is_said_to():
    """core-restart takes long if the core cannot be ordered off."""
    done = subprocess.run(
        [str(ROOT / "build/host-shared/sim"), "--system", str(ROOT / "build/host/kept.system.bin"),
         "--scenario", "core-restart", "--cpu-ms", "1", "--plan", "clock:9973,no-force"],
        capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 1
    assert "FAILED with clock" in done.stderr and ": CPU limit" in done.stderr


def case(scenario, plan):
    """What ./skerry sim makes of them."""
    path = str(ROOT / "tools/skerry_sim")
    loader = importlib.machinery.SourceFileLoader("skerry_sim", path)
    tool = importlib.util.module_from_spec(importlib.util.spec_from_loader("skerry_sim", loader))
    loader.exec_module(tool)
    options = SimpleNamespace(plan=plan, runs=None, cores=None, system=None)
    return tool.Case(options, scenario, "shared", {"a-small-one": (1, "small", "")})


@pytest.mark.parametrize("scenario,plan,carried_out,runs", [
    ("demo", "no-force", "no-force", 2),
    ("demo", "bells", "bells", 2),
    ("demo", "exhaust:7", "exhaust:7", 2),
    ("demo", "sweep,no-force", "sweep:1500,no-force", 1),
    ("demo", "bells,sweep", "bells,sweep:1500", 1),
    ("demo", "none,sweep:9,bells:3", "none,sweep:9,bells:3", 1),
    ("demo", "exhaust", "exhaust", 1),
    ("demo", "all:77", "kill-task:77,kill-core:77,panic-core:77,stop-core:77,hang-core:77,"
     "restart-core:77,freeze:77,clock:77,exhaust", 1),
    ("demo", "all,no-force", "kill-task:1500,kill-core:1500,panic-core:1500,stop-core:1500,"
     "restart-core:1500,freeze:1500,clock:1500,exhaust,no-force", 1),
    ("a-small-one", "no-force", "no-force", 20),
    ("a-small-one", "bells:4", "bells:4", 20),
    ("a-small-one", "hang-core,no-force", "hang-core,no-force", 1),
    ("a-small-one", "all", "all", 1),
])
def test_only_what_is_swept_has_a_rate(scenario, plan, carried_out, runs):
    made = case(scenario, plan)
    assert (made.plan, made.runs) == (carried_out, runs)
    assert small("--plan", made.plan, "--scenario", "rpc-one-core", "--max-steps", "9",
                 "--quiet").returncode == 1  # of a run without an end; 2: it is no plan


@pytest.mark.parametrize("options,complaint", [
    (["--scenario", "demo", "--plan", "scribble"], "for small scenarios"),
    (["--scenario", "demo", "--plan", "no-force,scribble-core:1@5000"], "for small scenarios"),
    (["--scenario", "demo", "--plan", "hang-core:9,no-force"], "waits until the core is back"),
    (["--scenario", "nothing"], "there are"),
    (["--plan", "nothing"], "there is no such plan"),
    (["--plan", "kill-task:x"], "@K"),
    (["--plan", "sweep,kill-core:1@5"], "either a sweep or single acts"),
    (["--mode", "both"], "--mode"),
    (["--scenario", "rpc-one-core", "--cores", "3"], "brings its own"),
    (["--system", "nothing"], "there are"),
    (["--cores", "9"], "1 to 8"),
    (["--runs", "0"], "1 or more"),
    (["--seed", "x"], "--seed"),
    (["--trace"], "one scenario"),
])
def test_wrong_arguments(options, complaint):
    done = subprocess.run([str(ROOT / "tools/skerry_sim"), *options], capture_output=True, text=True,
                          timeout=60, cwd=ROOT)
    assert done.returncode == 2
    assert complaint in done.stderr
