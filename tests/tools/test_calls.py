# System calls as the header tells them. On a 32-bit machine those whose arguments take more than four
# words are handed over in more registers, and the library must know them. Those that block, and the
# library's functions with a deadline, stand in the tables of what is tested about deadlines.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
WIDE = ("deadline", "position")  # 64 bits
REGISTERS = 4

# Functions with a deadline that the table of the library's has not, and who tests them.
ELSEWHERE = {
    "sk_call_lend": ("tests/system/test_loans.py", "test_D8_access_ends_with_the_deadline"),
    "sk_cast_send": ("tests/unit/cast_cases.h", "the_deadline_bounds_the_wait"),
    "sk_cast_flush_until": ("tests/unit/cast_cases.h", "the_deadline_bounds_the_wait"),
    "sk_loop_step": ("tests/unit/test_lib_loop.c", "timers_fire_in_order"),
    "sk_call_async": ("tests/unit/test_lib_loop.c", "asynchronous_calls_end_once"),
    "names_connect_quota": ("tests/system/test_services.py", "test_D3_a_client_started_before"),
    "console_read": ("tests/system/test_programs.py", "test_backspace_and_help"),
}
INSIDE = ("sys.h", "xport.h", "build.h", "loop_inside.h")


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


def test_D17_each_call_that_blocks_is_tested():
    table = read("include/skerry/syscall.h")
    called = dict(re.findall(r"X\((\w+), \w+\)[\s\\]*/\*(.*?)\*/", table, re.S))
    blocking = {name for name, text in called.items() if re.search(r"\bblocks\b", text)}
    assert blocking == {n for n, a in arguments().items() if "deadline" in a} - {"TIMER"}
    rows = re.findall(r"ROW\((\w+), call_", read("tests/unit/deadline_cases.h"))
    assert set(rows) == blocking and len(rows) == len(blocking)


def test_D17_each_function_that_blocks_is_tested():
    found = set()
    for name in os.listdir(os.path.join(ROOT, "lib")):
        if name.endswith(".h") and name not in INSIDE:
            found |= set(re.findall(r"^[a-z]\w* \**(\w+)\([^;{]*\bsk_ns deadline\b[^;{]*\);",
                                    read(f"lib/{name}"), re.M))
    rows = re.findall(r"ROW\((\w+), \w+, SK_ERR", read("tests/unit/lib_deadline_cases.h"))
    assert not set(rows) & set(ELSEWHERE)
    assert set(rows) | set(ELSEWHERE) == found and len(found) > 20
    for path, test in ELSEWHERE.values():
        assert test in read(path)
