# Loans on the machines: a client's memory is worked on by a service that maps none of it, on the
# same core and across, where rings are mapped into tasks and where kernels keep them.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest

from conftest import build, lend

AN521 = "mps2-an521"


class Arm64:
    """The demo system: the broker runs while a test needs it."""
    sizes = (1, 4095, 4096, 4097, 16384)
    most = 16384
    broker, elsewhere = 1, 3

    def __init__(self, machine):
        self.run, self.spawn, self.wait_for = machine.run, machine.spawn, machine.wait_for
        self.tid = self.spawn(f"-c {self.broker} broker")

    def end(self):
        assert self.run(f"kill {self.tid}") == ""
        assert "killed" in self.run(f"wait {self.tid}")


class An521(Arm64):
    """Its own small system, with the broker always there."""
    sizes = (1, 31, 992, 993, 1024)
    most = 1024
    broker, elsewhere = 1, 0

    def __init__(self, machine):
        self.run, self.spawn, self.wait_for = machine.run, machine.spawn, machine.wait_for

    def end(self):
        pass


@pytest.fixture
def small(request, machines):
    build("--board", AN521, "--system", "loans")
    yield from lend(request, machines, 2, "loans", AN521)


@pytest.fixture(params=[pytest.param("arm64", marks=pytest.mark.board("virt-arm64")),
                        pytest.param("an521", marks=pytest.mark.board(AN521))])
def broker(request):
    if request.param == "arm64":
        system = Arm64(request.getfixturevalue("four"))
    else:
        system = An521(request.getfixturevalue("small"))
    yield system
    system.end()



def test_what_is_lent_is_read_and_written(broker):
    for core in (broker.broker, broker.elsewhere):
        for size in broker.sizes:
            assert broker.run(f"run -c {core} lend {size}") == \
                f"lend: {size} bytes there and back on core {core}"
        assert "lend: put: too big" in broker.run(f"run -c {core} lend {broker.most + 1}")


def test_D1_a_client_dies_in_the_middle_of_the_services_work(broker):
    for core in (broker.broker, broker.elsewhere):
        tid = broker.spawn(f"-c {core} lend keep 60000")
        assert broker.run(f"kill {tid}") == ""
        assert "killed" in broker.run(f"wait {tid}")
        said = broker.run(f"run -c {core} lend last")
        assert re.fullmatch(r"lend: last: used (well|never), then over: "
                            r"(peer is dead|no such loan, or it is over)", said)
        assert "there and back" in broker.run(f"run -c {core} lend 1000")


def test_D8_access_ends_with_the_deadline(broker):
    for core in (broker.broker, broker.elsewhere):
        said = broker.run(f"run -c {core} lend keep 50")
        # On one core the broker writes into the client's memory, across cores into a copy.
        byte = "changed" if core == broker.broker else "0"
        assert said == f"lend: keep: timed out, the byte is {byte}"
        assert "used well, then over" in broker.run(f"run -c {core} lend last")


def test_D10_what_one_may_write_nobody_else_has(broker):
    for core in (broker.broker, broker.elsewhere):
        assert "lend: twice: bad argument" in broker.run(f"run -c {core} lend twice")


def test_D11_a_broker_copies_between_two_clients(broker):
    for offers, takes in ((broker.elsewhere, broker.broker), (broker.broker, broker.elsewhere)):
        tid = broker.spawn(f"-c {offers} lend offer {broker.most}")
        assert "lend: take: ok" in broker.run(f"run -c {takes} lend take {broker.most}")
        assert "status 0" in broker.run(f"wait {tid}")
