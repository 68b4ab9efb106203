"""A copy of the tree in which one thing is wrong on purpose. Sources and what is built already are
copied, so that a breakage costs the compilation of one file."""
# SPDX-License-Identifier: BSD-2-Clause
import os
import shutil
import subprocess
import sys
import tomllib

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILT = ["host", "host-shared", "host-copy", "host-shared-san", "host-copy-san", "unit",
         "linux", "linux-steps"]
HANG_SECONDS = 300


def load():
    with open(os.path.join(HERE, "breakages.toml"), "rb") as f:
        return tomllib.load(f)["breakage"]


def broken_text(breakage, root=ROOT):
    """The file with the mistake in it."""
    with open(os.path.join(root, breakage["file"])) as f:
        text = f.read()
    found = text.count(breakage["old"])
    if found != 1:
        raise ValueError(f"{breakage['name']}: what it replaces in {breakage['file']} stands there "
                         f"{found} times, not once")
    return text.replace(breakage["old"], breakage["new"])


class Tree:
    """A copy of the tree under `folder`, with times of files as they are: make sees what changed."""

    def __init__(self, folder):
        self.folder = folder
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.splitlines()
        for name in files:
            if os.path.isfile(os.path.join(ROOT, name)):
                os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                shutil.copy2(os.path.join(ROOT, name), os.path.join(folder, name))
        for name in BUILT:
            if os.path.isdir(os.path.join(ROOT, "build", name)):
                shutil.copytree(os.path.join(ROOT, "build", name),
                                os.path.join(folder, "build", name))

    def run(self, argv):
        """(exit status, output); status None: it did not end."""
        try:
            done = subprocess.run(argv, cwd=self.folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=HANG_SECONDS)
            return done.returncode, done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as e:
            return None, (e.stdout or b"").decode(errors="replace")

    def put(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def check(self, caught):
        """Build and run what is to notice it: as run()."""
        target, argv = self.command(caught)
        code, output = self.run(["make", "-s", *target])
        if code != 0:
            raise RuntimeError(f"it does not build:\n{output[-3000:]}")
        return self.run(argv)

    def command(self, caught):
        if "unit" in caught:
            program = f"build/unit/{caught['unit']}"
            return [program], [program]
        if "linux" in caught:
            program, *arguments = caught["linux"].split()
            return [f"build/{program}"], [f"build/{program}", *arguments]
        want = caught["sim"]
        sim = f"build/host-{want['mode']}/sim"
        table = "build/host/virt-arm64/demo.system.bin"
        script = os.path.join(self.folder, "broken.script")
        self.put(script, scenario(want["scenario"], want["cores"]))
        return [sim, table], [sim, "--system", table, "--cores", str(want["cores"]), "--input",
                              script, "--quiet", "--runs", str(want["runs"])]


def scenario(name, cores):
    sys.path.insert(0, os.path.join(ROOT, "tests/sim"))
    import scenarios
    return next(s for s in scenarios.ALWAYS if s.__name__ == name)(cores)
