# A machine is booted once and goes from test to test as long as they pass.
# SPDX-License-Identifier: BSD-2-Clause
import pytest


class Kept:
    machine = None

    def get(self, make):
        if self.machine is None:
            self.machine = make()
        return self.machine

    def drop(self):
        if self.machine is not None:
            self.machine.tty.close(force=True)
        self.machine = None


@pytest.fixture(scope="module")
def kept():
    k = Kept()
    yield k
    k.drop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call" and outcome.get_result().failed and "kept" in item.funcargs:
        item.funcargs["kept"].drop()
