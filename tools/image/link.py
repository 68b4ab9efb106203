# Links the kernels and programs of a system that lies in place: first anywhere, to measure them, then
# where the layout has put them. What was linked the same way from the same files is not linked
# again: beside each output stands the digest of the command and of every file that it names.
# SPDX-License-Identifier: BSD-2-Clause

import concurrent.futures
import hashlib
import os
import shlex
import subprocess
import sys


class LinkFailed(Exception):
    pass


class Linker:
    """parts: a folder of NAME.link files, each a command line without places and output."""

    def __init__(self, parts):
        self.parts, self.digests = parts, {}

    def command(self, name):
        path = os.path.join(self.parts, name + ".link")
        try:
            with open(path, encoding="utf-8") as f:
                return shlex.split(f.read())
        except FileNotFoundError:
            raise LinkFailed(f"expected {path}, which says how {name} is linked") from None

    def digest(self, path):
        if path not in self.digests:
            with open(path, "rb") as f:
                self.digests[path] = hashlib.sha256(f.read()).hexdigest()
        return self.digests[path]

    def link(self, name, places, output):
        """output: made unless it is up to date. places: {symbol: value}."""
        command = self.command(name)
        command += [f"-Wl,--defsym={k}={v:#x}" for k, v in sorted(places.items())]
        files = [self.digest(word) for word in command if os.path.isfile(word)]
        stamp = hashlib.sha256("\n".join(command + files).encode()).hexdigest()
        if os.path.exists(output) and read(output + ".stamp") == stamp:
            return
        sys.stdout.write(f"  {output.removeprefix('build/')}\n")
        os.makedirs(os.path.dirname(output), exist_ok=True)
        remove(output + ".stamp")
        made = subprocess.run([*command, f"-Wl,-Map,{output.removesuffix('.elf')}.map", "-o",
                               output], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if made.returncode:
            raise LinkFailed(f"{name} does not link:\n{made.stderr.rstrip()}")
        with open(output + ".stamp", "w", encoding="utf-8") as f:
            f.write(stamp)

    def link_all(self, jobs):
        """jobs: [(name, places, output)], as many at a time as there are processors."""
        for name, _, _ in jobs:
            for word in self.command(name):
                if os.path.isfile(word):
                    self.digest(word)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for done in [pool.submit(self.link, *job) for job in jobs]:
                done.result()


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


def remove(path):
    if os.path.exists(path):
        os.remove(path)
