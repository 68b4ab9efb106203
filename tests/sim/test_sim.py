# The small scenarios of `./skerry sim`: each as it is, for some seeds; with a task or a core lost at
# every step of the smallest ones, at a sample of the steps of the others; and with what else a plan
# can do. The whole sweep is `./skerry sim --plan sweep`. A failure says how to replay it.
# SPDX-License-Identifier: BSD-2-Clause
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODES = ["shared", "copy"]
SECONDS = 240
SMALLEST = {"rpc-one-core", "region-move", "spawn-exit", "loan"}
LONG = {"core-restart"}


def scenarios():
    """From the table in tests/sim/scenes.c, so that collecting needs no build."""
    text = (ROOT / "tests/sim/scenes.c").read_text()
    return [line.split('"')[1] for line in text.splitlines() if ".name = \"" in line]


def sim(scenario, mode, *options):
    argv = [str(ROOT / "tools/skerry_sim"), "--scenario", scenario, "--mode", mode, *options]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS, cwd=ROOT)
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        pytest.fail(output[-6000:], pytrace=False)
    return output


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios())
def test_scenario(scenario, mode):
    assert "all passed" in sim(scenario, mode, "--runs", "30")


def rate(scenario, usual):
    return "" if scenario in SMALLEST else f":{usual * 20 if scenario in LONG else usual}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios())
def test_task_killed_at_each_step(scenario, mode):
    sim(scenario, mode, "--plan", "kill-task" + rate(scenario, 23))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios())
def test_kernel_broken_at_each_step(scenario, mode):
    sim(scenario, mode, "--plan", "panic-core" + rate(scenario, 17))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios())
@pytest.mark.parametrize("plan", ["clock", "scribble", "restart-core"])
def test_other_plans(scenario, mode, plan):
    sim(scenario, mode, "--plan", plan + f":{2000 if scenario in LONG else 67}")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios())
def test_each_request_refused(scenario, mode):
    sim(scenario, mode, "--plan", "exhaust")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", scenarios())
def test_bells(scenario, mode):
    sim(scenario, mode, "--plan", "bells", "--runs", "20")


def test_a_failure_is_replayed(tmp_path):
    """A plan that must fail says how to see it again, and that shows the same."""
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
    last = first.stderr.splitlines()[-2]
    assert "FAILED" in last and last in second.stderr
    assert "plan: kill-task:names#0@2600" in second.stderr


@pytest.mark.parametrize("options,complaint", [
    (["--scenario", "nothing"], "there are"),
    (["--plan", "nothing"], "there is no such plan"),
    (["--plan", "kill-task:x"], "@K"),
    (["--mode", "both"], "--mode"),
    (["--scenario", "rpc-one-core", "--cores", "3"], "brings its own"),
    (["--system", "nothing"], "there are"),
    (["--cores", "9"], "1 to 8"),
    (["--runs", "0"], "1 or more"),
    (["--trace"], "one scenario"),
])
def test_wrong_arguments(options, complaint):
    done = subprocess.run([str(ROOT / "tools/skerry_sim"), *options], capture_output=True, text=True,
                          timeout=60, cwd=ROOT)
    assert done.returncode == 2
    assert complaint in done.stderr
