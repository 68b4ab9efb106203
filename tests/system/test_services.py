# Services: reachable from everywhere, back after their death, nothing lost on the way.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest


@pytest.mark.parametrize("core", range(4))
def test_T6_A3_A8_echo_is_called_from_each_core(four, core):
    assert f"200 calls on core {core}" in four.run(f"run -c {core} callbench echo 200")


def test_A9_names_lists_services_and_owners(four):
    out = four.run("names")
    for name, core in (("names", 0), ("console", 0), ("echo", 2)):
        assert re.search(rf"^{name} +{core}\.\d+\.\d+$", out, re.M), out
    assert four.run("names ec").split()[0] == "echo"
    assert four.run("names nobody") == ""


def test_D3_a_client_started_before_its_service(four):
    client = four.spawn("-c 3 callbench test/late 100")
    four.run("run -c 1 hello")
    assert "test/late" not in four.run("names")
    server = four.spawn("-c 1 echo test/late")
    assert four.run(f"wait {client}").splitlines()[-1] == "status 0"
    four.run(f"kill {server}")
    assert "test/late" not in four.run("names")  # D13: the name died with its owner


def test_D14_names_are_permitted_by_the_manifest(four):
    assert four.run("ping names") == "names: not permitted"
    assert four.run("run echo console2") == "echo: console2: not permitted\nstatus 1"


def test_D2_killing_echo_in_the_middle_of_calls(four):
    clients = [four.spawn(f"-c {core} callbench echo 1000000") for core in (0, 1, 3)]
    four.run("ping echo 5")
    for _ in range(2):
        old = four.tid("echo")
        four.type(f"kill {old}")
        told = [four.wait_for(r"callbench: peer is dead after (\d+) calls") for _ in clients]
        assert len(told) == len(clients)
        four.type("")
        four.until("skerry> ")
        assert "10 round trips" in four.run("ping echo")
        assert four.tid("echo") != old
    for tid in clients:  # all go on
        assert four.run(f"kill {tid}") == ""


@pytest.mark.parametrize("service", ["names", "console", "shell"])
def test_A6_killing_a_service_leaves_the_system_running(four, service):
    old = four.tid(service)
    four.type(f"kill {old}")
    if service == "shell":
        four.until("help lists the commands.")
    four.until("skerry> ")
    four.type("")
    four.until("skerry> ")
    assert four.tid(service) not in (None, old)
    assert "10 round trips" in four.run("ping echo")
    assert four.run("run -c 3 hello") == "hello from core 3"
    out = four.run("names")
    assert all(re.search(rf"^{n} ", out, re.M) for n in ("names", "console", "echo")), out


def test_A3_names_survives_while_clients_wait(four):
    client = four.spawn("-c 3 callbench test/later 100")
    four.run(f"kill {four.tid('names')}")
    server = four.spawn("-c 2 echo test/later")
    assert four.run(f"wait {client}").splitlines()[-1] == "status 0"
    four.run(f"kill {server}")


def test_M7_log_of_each_core(four):
    for core in range(4):
        assert f"core {core}" in four.run(f"log {core}")


def test_M6_cores_tells_what_the_fork_shared_and_copied(four):
    lines = four.run("cores").splitlines()
    assert len(lines) == 4
    for core, line in enumerate(lines):
        assert re.fullmatch(rf"core {core}: running, epoch \d+, \d+ tasks; kernel pages: "
                            r"[1-9]\d* shared, \d+ copied, [1-9]\d* its own; FPU", line)


def test_everything_comes_back_after_five_hundred_programs(four):
    kept = ("pages", "tasks", "handles", "ends", "chans", "ports", "regions")
    for core in range(4):  # links and channels that are made once
        four.run(f"run -c {core} hello")
    before = [four.stats(core) for core in range(4)]
    for core in range(4):
        out = four.run(f"repeat 125 run -c {core} hello", seconds=300)
        assert out.splitlines() == [f"hello from core {core}"] * 125
    after = [four.stats(core) for core in range(4)]
    for core in range(4):
        for what in kept:
            assert before[core][what] == after[core][what], (core, what, before, after)
