# Each lint finds the mistake that it is there for, and says where.
# SPDX-License-Identifier: BSD-2-Clause
import os
import shutil
import subprocess

import pytest

TAG = "/* SPDX-License-Identifier: BSD-2-Clause */\n"


def fails(tool, lint, root, *expected):
    result = tool(f"tools/lint/{lint}", root)
    assert result.returncode == 1, result.stdout
    for text in expected:
        assert text in result.stdout
    return result.stdout


def passes(tool, lint, root):
    result = tool(f"tools/lint/{lint}", root)
    assert result.returncode == 0, result.stdout + result.stderr


LOWER = {
    "include/skerry/msg.h": "", "base/ring.h": "", "base/seam/seam.h": "", "port/port.h": "",
    "kernel/kern.h": "", "arch/host/include/port_types.h": "", "arch/arm64/include/mmu.h": "",
    "board/virt-arm64/map.h": "", "drivers/pl011.h": "", "lib/rpc.h": "",
    "services/init/proc.h": "", "tests/unit/help.h": "",
}


@pytest.mark.parametrize("file, line", [
    ("include/skerry/x.h", '#include "base/ring.h"'),
    ("base/x.c", '#include "port/port.h"'),
    ("base/x.h", "#include <stdio.h>"),
    ("port/x.h", '#include "kernel/kern.h"'),
    ("kernel/x.c", '#include "lib/rpc.h"'),
    ("kernel/x.c", '#include "../services/init/proc.h"'),
    ("kernel/x.c", "#include <mmu.h>"),
    ("kernel/x.c", '#include "drivers/pl011.h"'),
    ("kernel/x.c", "#include <stdlib.h>"),
    ("kernel/x.c", '  #  include "tests/unit/help.h"'),
    ("arch/arm64/x.c", '#include "lib/rpc.h"'),
    ("drivers/x.c", "#include <libfdt.h>"),
    ("lib/x.c", '#include "services/init/proc.h"'),
    ("lib/x.c", '#include "kernel/kern.h"'),
    ("services/init/x.c", '#include "port/port.h"'),
    ("apps/x.c", '#include "board/virt-arm64/map.h"'),
])
def test_include_that_climbs(tool, tree, file, line):
    fails(tool, "includes", tree({**LOWER, file: "\n" + line + "\n"}), f"{file}:2: include of")


@pytest.mark.parametrize("file, line", [
    ("base/x.h", "#include <seam.h>"),
    ("port/x.h", "#include <port_types.h>"),
    ("kernel/x.c", "#include <stdint.h>"),
    ("kernel/x.c", "#include <port_types.h>"),
    ("kernel/x.c", '#include "ring.h"'),
    ("arch/arm64/x.c", '#include "kernel/kern.h"'),
    ("arch/arm64/user/x.c", '#include "lib/rpc.h"'),
    ("arch/host/x.c", "#include <stdio.h>"),
    ("board/virt-arm64/x.c", "#include <libfdt.h>"),
    ("services/init/x.c", '#include "proc.h"'),
    ("services/init/x.c", '#include "drivers/pl011.h"'),
    ("apps/x.c", "#include <stdio.h>"),
    ("tests/unit/x.c", '#include "kernel/kern.h"'),
])
def test_include_that_stays_below(tool, tree, file, line):
    passes(tool, "includes", tree({**LOWER, file: line + "\n"}))


@pytest.mark.parametrize("text, symbol", [
    ("int counter = 1;", "counter"),
    ("int counter;", "counter"),
    ("static int counter; int *at(void); int *at(void) { return &counter; }", "counter"),
    ("int f(void); int f(void) { static int calls = 5; return calls++; }", "calls"),
    ("__thread int mine;", "mine"),
    ("__attribute__((weak)) int thing = 3;", "thing"),
])
@pytest.mark.parametrize("compiler", ["gcc", "aarch64-linux-gnu-gcc"])
def test_writable_symbol(tool, tmp_path, compiler, text, symbol):
    (tmp_path / "x.c").write_text(text)
    subprocess.run([compiler, "-c", "-fno-pie", "x.c", "-o", "x.o"], cwd=tmp_path, check=True)
    result = tool("tools/lint/symbols", tmp_path / "x.o")
    assert result.returncode == 1
    assert "x.o: writable symbol " + symbol in result.stdout


def test_constants_are_no_writable_symbols(tool, tmp_path):
    text = 'static const char *const words[] = {"a", "b"};\n' \
           "const char *word(int i);\nconst char *word(int i) { return words[i]; }\n"
    (tmp_path / "x.c").write_text(text)
    subprocess.run(["gcc", "-c", "-fno-pie", "x.c", "-o", "x.o"], cwd=tmp_path, check=True)
    result = tool("tools/lint/symbols", tmp_path / "x.o")
    assert result.returncode == 0, result.stdout


def test_architecture_macro(tool, tree):
    root = tree({"kernel/x.c": "#ifdef __aarch64__\n#endif\n", "arch/arm64/y.c": "#if __aarch64__\n"})
    out = fails(tool, "arch_macros", root, "kernel/x.c:1: __aarch64__")
    assert "arch/arm64" not in out


def test_architecture_macro_in_a_comment_is_none(tool, tree):
    passes(tool, "arch_macros", tree({"kernel/x.c": "/* not __aarch64__ */\n"}))


def test_long_file(tool, tree):
    fails(tool, "lengths", tree({"lib/x.c": "\n" * 501}), "lib/x.c: 501 lines")
    passes(tool, "lengths", tree({"lib/x.c": "\n" * 500}))


def test_long_function(tool, tree):
    def text(n):
        return "void f(void)\n{\n" + "    g();\n" * n + "}\n"
    fails(tool, "lengths", tree({"kernel/x.c": text(61)}), "kernel/x.c:2: a function of 61 lines")
    passes(tool, "lengths", tree({"kernel/x.c": text(60)}))


@pytest.mark.parametrize("file", ["kernel/x.c", "tools/x.py", "tools/x", "systems/x.toml",
                                  "arch/arm64/x.S", "skerry"])
def test_missing_licence(tool, tree, file):
    fails(tool, "licence", tree({file: "x\n"}), f"{file}: no SPDX")
    passes(tool, "licence", tree({file: TAG}))


def test_layout(tool, tree, root):
    good = tree({"kernel/x.c": "int f(void)\n{\n    return 1;\n}\n"})
    shutil.copy(os.path.join(root, ".clang-format"), good)
    passes(tool, "format", good)
    fails(tool, "format", tree({"kernel/x.c": "int f(void) {\n  return 1; }\n"}), "kernel/x.c:1:")


def test_shell_that_dash_does_not_understand(tool, tree):
    fails(tool, "shell", tree({"skerry": "#!/bin/sh\nif true; then\n"}), "skerry: ")
    passes(tool, "shell", tree({"skerry": "#!/bin/sh\ntrue\n"}))


@pytest.mark.parametrize("text, check", [
    ("int f(int *p);\nint f(int *p)\n{\n    p = 0;\n    return *p;\n}\n", "NullDereference"),
    ("#include <string.h>\nint f(char *p);\nint f(char *p)\n{\n"
     "    memset(p, 0, sizeof(p));\n    return 0;\n}\n", "sizeof-pointer"),
    ("int f(unsigned long n);\nint f(unsigned long n)\n{\n    return n;\n}\n", "conversion"),
])
def test_tidy(tool, tree, root, text, check):
    bad = tree({"kernel/x.c": text})
    shutil.copy(os.path.join(root, ".clang-tidy"), bad)
    fails(tool, "tidy", bad, "x.c:", check)


SHARED_WORD = ("#include <stdint.h>\nuint32_t f(uint32_t *p);\nuint32_t f(uint32_t *p)\n{\n"
               "    return %s;\n}\n")


@pytest.mark.parametrize("file", ["base/x.c", "kernel/x.c", "lib/x.c"])
@pytest.mark.parametrize("expression, call", [
    ("__atomic_fetch_add(p, 1, __ATOMIC_RELAXED)", "__atomic_fetch_add_4"),
    ("__sync_fetch_and_or(p, 1)", "__sync_fetch_and_or_4"),
    ("(uint32_t)__atomic_exchange_n(p, 1, __ATOMIC_ACQUIRE)", "__atomic_exchange_4"),
])
def test_atomic_read_modify_write(tool, tree, file, expression, call):
    fails(tool, "atomics", tree({file: SHARED_WORD % expression}), f"{file}: {call}")


def test_exclusive_access_written_by_hand(tool, tree):
    text = ('void f(void);\nvoid f(void)\n{\n'
            '    __asm__ volatile(".arch armv7-m\\n ldrex r0, [r1]" ::: "r0");\n}\n')
    fails(tool, "atomics", tree({"kernel/x.c": text}), "kernel/x.c: ldrex")
    text = text.replace(".arch armv7-m\\n ", "")
    fails(tool, "atomics", tree({"kernel/x.c": text}), "kernel/x.c: is not for a Cortex-M0+")


def test_loads_and_stores_are_no_read_modify_write(tool, tree):
    passes(tool, "atomics", tree({
        "base/x.c": SHARED_WORD % "__atomic_load_n(p, __ATOMIC_SEQ_CST)",
        "kernel/x.c": "void f(int *p);\nvoid f(int *p)\n{\n"
                      "    __atomic_store_n(p, 1, __ATOMIC_SEQ_CST);\n}\n"}))


@pytest.mark.parametrize("lint", ["atomics", "includes", "arch_macros", "lengths", "licence", "format",
                                  "shell", "tidy"])
def test_nothing_to_check_is_a_failure(tool, tmp_path, lint):
    fails(tool, lint, tmp_path, "found nothing to check")
