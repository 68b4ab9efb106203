# mps2-an521: two Cortex-M33 with an MPU, kilobytes of memory, programs in place: the same prompt and
# the same commands as on machines with an MMU, and what is different: one task a program and core,
# placement by the manifest, core 1 that begins again by force.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess

import pexpect
import pytest

from conftest import ROOT

BOARD = "mps2-an521"
pytestmark = pytest.mark.board(BOARD)
CORES = (0, 1)
KEPT = ("pages", "tasks", "handles", "ends", "chans", "ports", "regions")


def in_use(machine):
    return [{k: v for k, v in machine.stats(core).items() if k in KEPT} for core in CORES]


def settled(machine):
    """What is in use once links and channels that are made once exist."""
    for core in CORES:
        machine.run(f"run -c {core} hello")
    machine.run("ping echo")
    machine.run("ps")
    for core in CORES:
        machine.run(f"stats {core}")
    return in_use(machine)


# --- the prompt and its commands -------------------------------------------------------------------

def test_the_same_commands_as_with_an_mmu(an521, four):
    an521.type("help")
    four.type("help")
    assert an521.until("\nskerry> ") == four.until("\nskerry> ")


def test_both_kernels_run(an521):
    lines = an521.run("cores").splitlines()
    assert len(lines) == 2
    for core, line in enumerate(lines):
        assert re.match(rf"core {core}: running, epoch \d+, \d+ tasks;", line), lines
    # What each core has was read on that core when it booted (T3).
    assert "; no FPU, 16 MPU regions" in lines[0]
    assert "; FPU, 16 MPU regions" in lines[1]


@pytest.mark.parametrize("core", CORES)
def test_T5_A1_run_on_each_core(an521, core):
    assert an521.run(f"run -c {core} hello") == f"hello from core {core}"


def test_A1_A6_a_program_on_core_0_starts_one_on_core_1(an521):
    assert an521.run("run spawner 1 hello").splitlines() == [
        "hello from core 1", "spawner: hello, started on core 1 from core 0, ended with status 0"]


def test_an_ordinary_c_program_gets_its_arguments(an521):
    assert an521.run("run -c 1 primes 10000") == "primes below 10000: 1229"


def test_A9_names_lists_services_and_owners(an521):
    out = an521.run("names")
    for name, core in (("names", 0), ("console", 0), ("echo", 1)):
        assert re.search(rf"^{name} +{core}\.\d+\.\d+$", out, re.M), out


@pytest.mark.parametrize("core", CORES)
def test_T6_A3_A8_echo_is_called_from_each_core(an521, core):
    assert f"300 calls on core {core}" in an521.run(f"run -c {core} callbench echo 300")


@pytest.mark.parametrize("core", CORES)
def test_M7_log_of_each_core(an521, core):
    assert f"core {core}" in an521.run(f"log {core}")


def test_A6_spawn_ps_kill_wait(an521):
    for core in CORES:
        tid = an521.spawn(f"-c {core} spin")
        assert tid.startswith(f"{core}.") and an521.tid("spin", core) == tid
        assert an521.run(f"kill {tid}") == ""
        assert an521.tid("spin") is None
        assert an521.run(f"wait {tid}") == "killed"


def test_one_task_of_a_program_on_each_core(an521):
    spins = [an521.spawn(f"-c {core} spin") for core in CORES]
    for core in CORES:
        assert an521.run(f"spawn -c {core} spin") == "spin: busy"
    for tid in spins:
        assert an521.run(f"kill {tid}") == ""
        assert an521.run(f"wait {tid}") == "killed"
    for core in CORES:
        assert an521.run(f"kill {an521.spawn(f'-c {core} spin')}") == ""


def test_a_program_runs_only_where_it_has_an_image(an521):
    assert an521.run("run -c 0 primes 10") == "no such program: primes"
    assert an521.run("run -c 1 spawner 0 hello") == "no such program: spawner"


@pytest.mark.parametrize("line, says", [
    ("nonsense", "no such command: nonsense (try help)"),
    ("run nothing", "no such program: nothing"),
    ("run init", "no such program: init"),
    ("run -c 2 hello", "no such core: 2"),
    ("wait 1.2", "no such task: 1.2"),
    ("kill 1.40.9", "no such task: 1.40.9"),
    ("ping nobody", "no such name: nobody"),
    ("ping names", "names: not permitted"),
    ("core start 1", "core 1 runs already"),
    ("wait 0.0.1", "0.0.1: init ends only with its core"),
])
def test_mistakes_get_one_clear_line(an521, line, says):
    assert an521.run(line) == says


# --- bad neighbours --------------------------------------------------------------------------------

@pytest.mark.parametrize("core", CORES)
def test_T10_crash_tells_the_fault_and_harms_nobody(an521, core):
    out = an521.run(f"run -c {core} crash")
    assert re.fullmatch(r"crash: fault: read of address 0x0 at pc 0x[0-9a-f]+", out)
    assert an521.run(f"run -c {core} hello") == f"hello from core {core}"
    assert "fault" in an521.run(f"log {core}")


def test_hog_is_refused_at_its_budget(an521):
    assert re.search(r"refused after \d+ KiB", an521.run("run -c 1 hog"))


def test_D12_D16_flood_is_told_that_it_is_full(an521):
    out = an521.run("run flood echo")
    full = re.search(r"full after (\d+) requests", out)
    assert full and 6 <= int(full.group(1)) <= 8  # a quarter ring may not have been given back yet
    assert f"{full.group(1)} answers" in out


def test_a_program_that_never_yields_beside_others(an521):
    spins = [an521.spawn(f"-c {core} spin") for core in CORES]
    for core in CORES:
        assert an521.run(f"run -c {core} hello") == f"hello from core {core}"
    assert "5 round trips" in an521.run("ping echo 5")
    for tid in spins:
        assert an521.run(f"kill {tid}") == ""


@pytest.mark.parametrize("service", ["names", "console", "shell", "echo"])
def test_A6_killing_a_service_leaves_the_system_running(an521, service):
    old = an521.tid(service)
    an521.type(f"kill {old}")
    if service == "shell":
        an521.until("help lists the commands.")
    an521.until("skerry> ")
    an521.type("")
    an521.until("skerry> ")
    assert an521.tid(service) not in (None, old)
    assert "5 round trips" in an521.run("ping echo 5")
    assert an521.run("run -c 1 hello") == "hello from core 1"
    out = an521.run("names")
    assert all(re.search(rf"^{n} ", out, re.M) for n in ("names", "console", "echo")), out


def test_init_cannot_be_killed(an521):
    for core in CORES:
        assert "init cannot be killed" in an521.run(f"kill {an521.tid('init', core)}")


# --- nothing is lost -------------------------------------------------------------------------------

def test_a_thousand_tasks_begin_and_end(an521):
    before = settled(an521)
    for core in CORES:
        out = an521.run(f"repeat 500 run -c {core} hello", seconds=300)
        assert out.splitlines() == [f"hello from core {core}"] * 500
    assert settled(an521) == before


def test_a_service_that_is_killed_again_and_again(an521):
    before = settled(an521)
    for _ in range(12):
        old = an521.tid("echo")
        an521.run(f"kill {old}")
        assert "1 round trip" in an521.run("ping echo 1")
        assert an521.tid("echo") != old
    assert settled(an521) == before


def ends_of(machine, name):
    """Channel ends of the task of that name."""
    found = re.search(rf"^\S+ +\d+ +\d+ +\w+ +\d+ +\d+ +(\d+) +\d+ +{name}$", machine.run("ps"), re.M)
    return int(found.group(1)) if found else None


def test_T2_core_1_begins_again_fifty_times_under_load(an521):
    """Each time the caller on core 0 is told, core 1's programs come back, and it finds them."""
    before = settled(an521)
    epoch = int(re.search(r"core 1: running, epoch (\d+)", an521.run("cores")).group(1))
    alone = ends_of(an521, "callbench")
    assert alone is None
    client = an521.spawn("-c 0 callbench echo 100000000")
    for _ in range(50):
        while ends_of(an521, "callbench") < 2:  # its init, and echo: it calls now
            pass
        an521.spawn("-c 1 spin")  # ends with its core
        an521.type("core restart 1")
        told = {an521.wait_for(r"runs again|peer is dead").group(0) for _ in range(2)}
        assert told == {"runs again", "peer is dead"}
        an521.type("")
        an521.until("skerry> ")
        assert an521.tid("spin") is None
        assert "2 round trips" in an521.run("ping echo 2")
        assert an521.run("run -c 1 hello") == "hello from core 1"
    assert an521.run(f"kill {client}") == ""
    assert an521.run(f"wait {client}") == "killed"
    assert f"core 1: running, epoch {epoch + 50}," in an521.run("cores")
    assert settled(an521) == before


def test_core_1_begins_again_while_it_never_yields(an521):
    an521.spawn("-c 1 spin")
    assert an521.run("core restart 1") == "core 1 runs again"
    assert an521.tid("spin") is None
    assert "5 round trips" in an521.run("ping echo 5")


def test_core_0_does_not_restart_itself(an521):
    assert an521.run("core restart 0") != "core 0 runs again"
    assert an521.run("run hello") == "hello from core 0"


# --- the machine -----------------------------------------------------------------------------------

def halt(machine):
    machine.type("halt")
    machine.tty.expect(pexpect.EOF, timeout=60)
    machine.tty.close()
    assert machine.tty.exitstatus == 0


def test_one_core_is_the_same_source(built_an521, boot):
    m = boot(1, "demo", BOARD)
    assert len(re.findall(r": running", m.run("cores"))) == 1
    assert m.run("run hello") == "hello from core 0"
    assert "5 round trips" in m.run("ping echo 5")  # placed on core 1, now on the last one
    assert m.tid("echo").startswith("0.")
    assert m.run("run -c 1 hello") == "no such core: 1"
    halt(m)


def test_input_may_be_a_pipe(built_an521):
    lines = "run hello\nrun -c 1 primes 1000\nps\nhalt\n"
    done = subprocess.run([os.path.join(ROOT, "skerry"), "run", "--board", BOARD], cwd=ROOT,
                          input=lines.encode(), capture_output=True, timeout=120)
    out = done.stdout.decode(errors="replace")
    assert done.returncode == 0, out
    assert "hello from core 0" in out and "primes below 1000: 168" in out
