# System calls on a 32-bit machine: those whose arguments take more than four words are handed over
# in more registers, and the library must know them.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
WIDE = ("deadline", "position")  # 64 bits
REGISTERS = 4


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def arguments():
    """{call: the arguments that include/skerry/syscall.h tells}."""
    table = read("include/skerry/syscall.h")
    found = re.findall(r"X\((\w+), \w+\)[\s\\]*/\* \(([^)]*)\)", table)
    return {name: [a.strip() for a in text.split(",") if a.strip()] for name, text in found}


def test_the_library_knows_the_long_calls():
    calls = arguments()
    assert len(calls) > 40 and calls["WAIT"] == ["mask", "deadline"]
    words = {name: sum(2 if a in WIDE else 1 for a in args) for name, args in calls.items()}
    body = re.search(r"bool sys_call_is_long.*?\{(.*?)\}", read("arch/armv8m/include/sys_arch.h"),
                     re.S).group(1)
    assert {n for n, w in words.items() if w > REGISTERS} == set(re.findall(r"SK_CALL_(\w+)", body))
