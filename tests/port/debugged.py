# Machines with a debugger: core 1 is stopped somewhere, its registers are changed, it goes on. The
# image is that of the system `port`, which ./skerry test builds.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess
import time

import pexpect

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SECONDS = 60
PROMPT = "\nskerry> "


class Machine:
    """At its prompt. debug(commands) lets gdb do them to core 1 and leave; KERNEL has its symbols."""

    def __init__(self, folder):
        self.socket = str(folder / "gdb")
        self.epoch = 1  # of core 1
        self.tty = pexpect.spawn(
            self.QEMU, [*self.OPTIONS, "-nic", "none", "-nographic", "-kernel", self.IMAGE,
                        "-gdb", f"unix:{self.socket},server=on,wait=off"],
            timeout=SECONDS, encoding="utf-8", codec_errors="replace", echo=False)
        self.tty.expect_exact(PROMPT)

    def run(self, line):
        self.tty.send(line + "\r")
        self.tty.expect_exact(line)
        self.tty.expect_exact(PROMPT)
        return self.tty.before.replace("\r", "")

    def debug(self, commands, meanwhile=None):
        """What gdb said. meanwhile: typed at the prompt once gdb waits for its breakpoint."""
        lines = [f"file {self.KERNEL}", *self.attach(), *commands, self.DETACH]
        args = [x for c in lines for x in ("-ex", c)]
        gdb = subprocess.Popen(["gdb-multiarch", "-nx", "-batch", *args], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if meanwhile:
            time.sleep(2)  # it is armed
            self.tty.send(meanwhile + "\r")
        said, _ = gdb.communicate(timeout=SECONDS)
        hits = sum(c.startswith("hbreak") for c in commands)
        found = re.findall(r"^Thread .* hit Breakpoint|^Breakpoint \d+,", said, re.M)
        assert len(found) == hits and "etached" in said and "No symbol" not in said, said
        return said

    def restart(self):
        """Core 1 begins again, whatever it does."""
        self.tty.send("core restart 1\r")
        self.tty.expect_exact("core 1 runs again")
        self.tty.expect_exact(PROMPT)
        self.epoch += 1
        assert f"core 1: running, epoch {self.epoch}" in self.run("cores")

    def record(self):
        """The crash record of core 1, which is off: its fields, and its registers by name."""
        at = f"((struct sk_crash *){self.RECORD})->"
        texts, numbers = ("reason", "reg_name", "log"), ("epoch", "check", "cause", "regs",
                                                                  "log_bytes")
        said = self.debug(["set print elements 0", "set print repeats 0",
                           *[f'printf "field <{f}>%s<end>\\n", {at}{f}' for f in texts],
                           *[f'printf "field <{f}>%u<end>\\n", {at}{f}' for f in numbers],
                           "echo field <reg>", f"output/x {at}reg", "echo <end>\\n"])
        found = dict(re.findall(r"field <(\w+)>(.*?)<end>", said, re.S))
        assert {*texts, *numbers, "reg"} == {*found}, said
        values = [int(v, 16) for v in re.findall(r"0x[0-9a-f]+", found["reg"])]
        names = found["reg_name"].split()
        assert len(names) == int(found["regs"]), said
        return {"reason": found["reason"], "log": found["log"][:int(found["log_bytes"])],
                **{f: int(found[f]) for f in numbers}, "reg": dict(zip(names, values))}


class Arm64(Machine):
    QEMU = "qemu-system-aarch64"
    IMAGE = KERNEL = os.path.join(ROOT, "build/virt-arm64/port/skerry.elf")
    OPTIONS = ["-M", "virt,gic-version=3", "-cpu", "cortex-a53", "-smp", "2", "-m", "512"]
    CPU = "0xffffffe000008000"     # struct port_cpu: its first member is the kernel
    RECORD = "0xffffffe000089000"  # as core 1 has it mapped
    DETACH = "detach"
    # A return instruction that returns to itself: a loop that touches nothing.
    LOOP = ["find /w &fp_save, +0x100, 0xd65f03c0", "set $pc = $_", "set $x30 = $_"]
    # In the kernel, in an interrupt of the timer.
    STOP = ["hbreak kern_timer thread 2", "continue", "delete", "thread 2"]

    def attach(self):
        return [f"target remote {self.socket}", "thread 2"]

    def make_busy(self):
        """Tasks that take turns on core 1: there is a timer."""
        for _ in range(2):
            self.run("spawn -c 1 spin")


class Armv8m(Machine):
    """Core 1 is the emulator's second group of processors, a process of its own to gdb."""
    QEMU = "qemu-system-arm"
    FOLDER = os.path.join(ROOT, "build/mps2-an521/port")
    IMAGE, KERNEL = FOLDER + "/skerry.elf", FOLDER + "/kernel.1.elf"
    OPTIONS = ["-M", "mps2-an521", "-semihosting"]
    RECORD = "((char *)&CORE1_RAM + 32)"
    DETACH = "detach inferiors 1 2"
    LOOP = ["find /h &fp_forget, +0x20, 0x4770", "set $pc = (unsigned)$_",
            "set $lr = (unsigned)$_ | 1"]
    STOP = ["hbreak clock_fired", "continue", "delete"]

    def attach(self):
        return [f"target extended-remote {self.socket}", "add-inferior", "inferior 2",
                f"file {self.KERNEL}", "attach 2", "set schedule-multiple on"]

    def make_busy(self):
        pass  # a kernel's clock ticks
