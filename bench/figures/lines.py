# Lines of code: not blank and not only comment, of C and assembler files.
# SPDX-License-Identifier: BSD-2-Clause

import os
import re

# What is counted, where, and how much the design allows.
PORT_MOST = 1500
ALL = (
    ("kernel, without any port", ("kernel",), 4000),
    ("base and ABI headers, for all floors", ("base", "include", "port"), None),
    ("port host (the simulation)", ("arch/host",), PORT_MOST),
    ("user library", ("lib",), None),
    ("services", ("services",), None),
    ("examples", ("apps",), None),
)
ARM64 = (*ALL, ("port arm64 + board virt-arm64", ("arch/arm64", "board/virt-arm64", "drivers/pl011.h",
                                                   "drivers/uart_pl011.h"),
                PORT_MOST))
ARMV8M = (*ALL, ("port armv8m + board mps2-an521", ("arch/armv8m", "board/mps2-an521",
                                                    "drivers/cmsdk_uart.h",
                                                    "drivers/cmsdk_timer.h"),
                 PORT_MOST))
# A string or character constant is kept: it may look like a comment inside.
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def without_comments(text):
    def blank(m):
        return m[0] if m[0][0] in "\"'" else re.sub(r"[^\n]", " ", m[0])
    return TOKEN.sub(blank, text)


def count_text(text):
    return sum(1 for line in without_comments(text).splitlines() if line.strip())


def count_folders(root, folders):
    lines = 0
    for folder in folders:
        path = os.path.join(root, folder)
        files = [path] if os.path.isfile(path) else [
            os.path.join(where, name) for where, _, names in os.walk(path) for name in names]
        for name in files:
            if name.endswith((".c", ".h", ".S", ".ld")):
                with open(name, encoding="utf-8") as f:
                    lines += count_text(f.read())
    return lines


def count(root, parts):
    """[(what, lines, most)]; most is None where the design sets no limit."""
    return [(what, count_folders(root, folders), most) for what, folders, most in parts]
