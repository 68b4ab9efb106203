# Programs on any core: starting, ending, waiting, killing, and what they do to each other.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest


@pytest.mark.parametrize("core", range(4))
def test_T5_A1_run_on_each_core(four, core):
    assert four.run(f"run -c {core} hello") == f"hello from core {core}"


def test_A1_A6_a_program_on_core_3_starts_one_on_core_1(four):
    out = four.run("run -c 3 spawner 1 hello").splitlines()
    assert out == ["hello from core 1",
                   "spawner: hello, started on core 1 from core 3, ended with status 0"]


def test_an_ordinary_c_program_gets_its_arguments(four):
    assert four.run("run primes 100000") == "primes below 100000: 9592"
    assert four.run("run -c 1 primes") == \
        "usage: primes N, N from 1 to 100000000\nstatus 2"


def test_A6_spawn_ps_kill_wait(four):
    tid = four.spawn("-c 2 spin")
    assert tid.startswith("2.")
    assert four.tid("spin", 2) == tid
    assert four.run(f"kill {tid}") == ""
    assert four.tid("spin") is None
    assert four.run(f"wait {tid}") == "killed"
    assert four.run(f"kill {tid}") == f"no such task: {tid}"


def test_A6_wait_for_one_that_still_runs(four):
    tid = four.spawn("-c 1 callbench echo 3000")
    assert four.run(f"wait {tid}").splitlines()[-1] == "status 0"


def test_A6_exit_status_is_kept_until_asked_for(four):
    tid = four.spawn("-c 3 primes")
    four.run("run -c 3 hello")
    assert four.run(f"wait {tid}").splitlines()[-1] == "status 2"


def test_D13_a_stale_tid_is_never_another_task(four):
    old = four.spawn("-c 1 hello")
    four.run(f"wait {old}")
    new = four.spawn("-c 1 spin")
    assert new != old
    assert four.run(f"kill {old}") == f"no such task: {old}"
    assert four.tid("spin", 1) == new
    four.run(f"kill {new}")


def test_T10_crash_tells_the_fault_and_harms_nobody(four):
    out = four.run("run -c 2 crash")
    assert re.fullmatch(r"crash: fault: read of address 0x0 at pc 0x[0-9a-f]+", out)
    assert four.run("run -c 2 hello") == "hello from core 2"
    assert "fault" in four.run("log 2")


def test_hog_is_refused_at_its_budget(four):
    got = re.search(r"refused after (\d+) KiB", four.run("run -c 1 hog"))
    assert got and 256 < int(got.group(1)) < 1024


@pytest.mark.parametrize("core", range(4))
def test_D12_D16_flood_is_told_that_it_is_full(four, core):
    out = four.run(f"run -c {core} flood echo")
    full = re.search(r"full after (\d+) requests", out)
    assert full and 8 <= int(full.group(1)) <= 16
    assert f"{full.group(1)} answers" in out


def test_T11_bad_neighbours_disturb_no_other_core(four):
    spin = four.spawn("-c 1 spin")
    bad = [four.spawn(f"-c 1 {p}") for p in ("crash", "hog", "flood echo")]
    assert "20 round trips" in four.run("ping echo 20")  # core 0 to core 2
    assert "500 calls on core 3" in four.run("run -c 3 callbench echo 500")
    for tid in bad:  # of higher priority than spin: they end
        four.run(f"wait {tid}")
    assert four.run(f"kill {spin}") == ""


def test_spin_does_not_stop_its_own_core(four):
    spins = [four.spawn("-c 0 spin"), four.spawn("-c 2 spin")]
    assert four.run("run -c 0 hello") == "hello from core 0"
    assert "10 round trips" in four.run("ping echo")
    for tid in spins:
        assert four.run(f"kill {tid}") == ""


def test_init_cannot_be_killed(four):
    assert "init cannot be killed" in four.run(f"kill {four.tid('init', 0)}")
    assert "init cannot be killed" in four.run(f"kill {four.tid('init', 3)}")


@pytest.mark.parametrize("line, says", [
    ("nonsense", "no such command: nonsense (try help)"),
    ("run nothing", "no such program: nothing"),
    ("run init", "no such program: init"),
    ("run -c 4 hello", "no such core: 4"),
    ("spawn -c x hello", "no such core: x"),
    ("run -c 1", "usage: run [-c CORE] PROG [ARG...]"),
    ("wait 1.2", "no such task: 1.2"),
    ("wait 7.1.1", "no such task: 7.1.1"),
    ("kill 1.40.9", "no such task: 1.40.9"),
    ("log 8", "no such core: 8"),
    ("stats -1", "no such core: -1"),
    ("ping nobody", "no such name: nobody"),
    ("ping echo 0", "ping: not a count from 1 to 1000: 0"),
    ("core start 2", "core 2 runs already"),
    ("core restart 0", "core 0 boots the machine"),
    ("wait 0.0.1", "0.0.1: init ends only with its core"),
    ("run spawner 9 hello", "spawner: no such core: 9\nstatus 2"),
    ("core stop 0", "core 0 boots the machine"),
    ("core crash 9", "no such core: 9"),
    ("core break 2", "usage: core start|stop|restart|crash|hang N"),
    ("halt now", "usage: halt"),
])
def test_mistakes_get_one_clear_line(four, line, says):
    assert four.run(line) == says


def test_backspace_and_help(four):
    four.type("xhelp\b\b\b\b\bhello\b\b\b\b\bhelp")
    out = four.until("\nskerry> ")
    for word in ("ps", "cores", "names", "run", "spawn", "wait", "kill", "log", "ping", "core start",
                 "halt"):
        assert re.search(rf"^{word}", out, re.M), word
