# ./skerry refuses what it does not understand with one line and status 2, before it builds anything,
# and the test runner counts truthfully.
# SPDX-License-Identifier: BSD-2-Clause
import os
import shutil

import pytest


@pytest.mark.parametrize("arguments, message", [
    (["fly"], "unknown command 'fly'"),
    (["run", "--fast"], "run: unknown option '--fast'"),
    (["run", "now"], "run: unknown option 'now'"),
    (["run", "--cores"], "--cores needs a value"),
    (["run", "--cores", "0"], "--cores takes 1 to 8, not '0'"),
    (["run", "--cores", "9"], "--cores takes 1 to 8, not '9'"),
    (["run", "--cores", "four"], "--cores takes 1 to 8, not 'four'"),
    (["run", "--cores", "44"], "--cores takes 1 to 8, not '44'"),
    (["run", "--cores", ""], "--cores takes 1 to 8, not ''"),
    (["run", "--board", "toaster"], "unknown board 'toaster'"),
    (["run", "--system", "none"], "unknown system 'none'"),
    (["run", "--system", "../systems/demo"], "is no name of a system"),
    (["build", "--cores", "2"], "build: unknown option '--cores'"),
    (["debug", "--cores", "9"], "--cores takes 1 to 8"),
    (["test", "all"], "test: unknown part 'all'"),
    (["test", "unit", "sim"], "test takes one part"),
    (["bench", "none"], "unknown benchmark 'none'"),
    (["bench", "../x"], "is no name of a benchmark"),
    (["fuzz", "none"], "unknown fuzz target 'none'"),
    (["fuzz", "../x"], "is no name of a fuzz target"),
    (["fuzz", "elf", "long"], "fuzz: 'long' is no number of seconds"),
    (["fuzz", "elf", "0"], "fuzz takes a target and 1 to"),
    (["fuzz", "elf", "1", "2"], "fuzz takes a target and seconds, got '2' too"),
    (["clean", "all"], "clean takes no arguments"),
    (["doctor", "me"], "doctor: unknown option 'me'"),
    (["doctor", "--cores", "2"], "doctor: unknown option '--cores'"),
    (["doctor", "--board", "toaster"], "unknown board 'toaster'"),
    (["run", "--board", "mps2-an521", "--cores", "3"], "--cores takes 1 to 2, not '3'"),
    (["run", "--board", "mps2-an521", "--system", "ondemand"], "unknown system 'ondemand'"),
    (["test", "--board"], "--board needs a value"),
    (["test", "port", "--board", "toaster"], "unknown board 'toaster'"),
    (["bench", "guest", "--board", "toaster"], "unknown board 'toaster'"),
])
def test_wrong_command_line(tool, arguments, message):
    result = tool("skerry", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("skerry: ") and message in result.stderr
    assert result.stderr.count("\n") == 1


def test_help(tool):
    for arguments in ([], ["help"], ["--help"]):
        result = tool("skerry", *arguments)
        assert result.returncode == 0
        for command in ("run", "test", "sim", "build", "bench", "fuzz", "debug", "doctor", "clean", "help"):
            assert f"\n  {command} " in result.stdout


def test_doctor_names_what_is_there(tool):
    result = tool("skerry", "doctor")
    assert result.returncode == 0
    assert "present  qemu-system-arm" in result.stdout


def test_doctor_of_one_board(tool):
    arm64 = tool("skerry", "doctor", "--board", "virt-arm64").stdout
    mps2 = tool("skerry", "doctor", "--board", "mps2-an521").stdout
    assert "gcc-aarch64-linux-gnu" in arm64 and "gcc-arm-none-eabi" not in arm64
    assert "gcc-arm-none-eabi" in mps2 and "picolibc-arm-none-eabi" in mps2
    assert "aarch64" not in mps2 and "libfdt" not in mps2


def commands(folder, missing, apt=None):
    """PATH with stand-ins: a package is missing; apt-get does what the shell text `apt` says."""
    texts = {"dpkg-query": f'case "$*" in\n*{missing}) exit 1 ;;\n*) echo install ok installed ;;\nesac\n'}
    if apt is not None:
        texts |= {"apt-get": apt, "sudo": '[ "$1" = -n ] && shift\nexec "$@"\n'}
    for name, text in texts.items():
        (folder / name).write_text("#!/bin/sh\n" + text)
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_doctor_says_what_to_do(tool, tmp_path):
    path = commands(tmp_path, missing="make")
    result = tool("skerry", "doctor", env={"PATH": path})
    assert result.returncode == 1
    assert "MISSING  make" in result.stdout and "apt-get install make" in result.stdout


def test_doctor_is_content_without_peers_of_a_benchmark(tool, tmp_path):
    path = commands(tmp_path, missing="libck-dev")
    result = tool("skerry", "doctor", env={"PATH": path})
    assert result.returncode == 0
    assert "optional libck-dev" in result.stdout and "apt-get install libck-dev" in result.stdout


def test_bench_native_goes_on_without_peers(tool, tmp_path):
    """A peer that cannot be installed; then a wrong option, so that nothing is measured."""
    path = commands(tmp_path, missing="libnng-dev", apt="exit 1\n")
    result = tool("skerry", "bench", "native", "--rounds", "0",
                  env={"PATH": path})
    assert result.returncode == 2
    assert "skerry: libnng-dev is missing (a peer in bench native)" in result.stderr
    assert "goes on without" in result.stderr and "--rounds takes 1 to 1000" in result.stderr


def test_missing_packages_are_named_and_installed(tool, tmp_path):
    """apt-get is a stand-in here that writes down what it was asked for."""
    path = commands(tmp_path, missing="clang-tidy", apt=f'echo "$@" >> {tmp_path}/asked\n[ "$2" = update ]\n')
    result = tool("skerry", "test", "unit", env={"PATH": path})
    assert result.returncode == 1
    assert "skerry: clang-tidy is missing (checks the code)" in result.stderr
    assert "could not install clang-tidy" in result.stderr
    asked = (tmp_path / "asked").read_text()
    assert "update" in asked and "install --no-install-recommends clang-tidy" in asked


@pytest.fixture
def small(tmp_path, root):
    """A copy of the runner in a tree with one part, whose tests the test writes."""
    (tmp_path / "tools").mkdir()
    shutil.copy(os.path.join(root, "tools/run_tests"), tmp_path / "tools")
    (tmp_path / "Makefile").write_text("%:\n\ttrue\n")
    (tmp_path / "tests/system").mkdir(parents=True)

    def write(text):
        if text is not None:
            (tmp_path / "tests/system/test_x.py").write_text(text)
        return tmp_path / "tools/run_tests"
    return write


@pytest.mark.parametrize("text, last, status", [
    ("def test_a(): pass\ndef test_b(): pass\n", "2 passed, 0 failed", 0),
    ("def test_a(): pass\ndef test_b(): assert 0\n", "1 passed, 1 failed", 1),
    ("import nothing_of_this_name\n", "0 passed, 1 failed", 1),
    ("import os\ndef test_a(): os._exit(0)\n", "0 passed, 1 failed", 1),
    ("def no_test(): pass\n", "0 passed, 1 failed", 1),
    (None, "0 passed, 1 failed", 1),
])
def test_runner_counts(tool, small, text, last, status):
    result = tool(small(text), "system")
    assert result.stdout.splitlines()[-1] == last, result.stdout
    assert result.returncode == status
