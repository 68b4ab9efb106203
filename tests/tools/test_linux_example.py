# The example of docs/linux.md: the page shows it as it is, the page's own lines build it, and it
# does what it says.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def test_example(tmp_path):
    with open(os.path.join(ROOT, "docs/linux.md"), encoding="utf-8") as page:
        shell, shown = re.findall(r"^```(?:c)?\n(.*?)^```$", page.read(), re.M | re.S)
    with open(os.path.join(ROOT, "tests/linux/example.c"), encoding="utf-8") as source:
        assert shown == source.read(), "docs/linux.md does not show tests/linux/example.c"
    out = tmp_path / "example"
    lines = shell.replace("-o example", f"-o {out}").replace("./example", str(out))
    run = subprocess.run(["sh", "-e", "-c", lines], cwd=ROOT, capture_output=True, text=True,
                         timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("ok: 40 + 2 = 42\nand when it has ended: peer is dead\n"), run.stdout
